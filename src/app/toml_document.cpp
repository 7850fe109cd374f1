// toml++'s heavy header: here and in config_file_toml.cpp only.
#include "app/toml_document.hpp"

#include <toml++/toml.h>

#include <sstream>

namespace hw::app {
namespace {
namespace toml_reading {

constexpr std::size_t kDeepest = 32;

Result<JsonValue> value_of(const toml::node& node, const std::string& where, std::size_t depth);

Result<JsonValue> object_of(const toml::table& table, const std::string& where, std::size_t depth) {
    JsonValue::Object members;
    members.reserve(table.size());
    for (const auto& [name, node] : table) {
        HW_TRY(auto value, value_of(node, where, depth));
        members.push_back({std::string(name.str()), std::move(value)});
    }
    return JsonValue(std::move(members));
}

std::string text_of(const auto& moment) {
    std::ostringstream text;
    text << moment;
    return text.str();
}

Result<JsonValue> value_of(const toml::node& node, const std::string& where, std::size_t depth) {
    if (depth >= kDeepest) { return fail(Errc::limit, "tables nested deeper than are read", where); }
    if (const auto* table = node.as_table()) { return object_of(*table, where, depth + 1); }
    if (const auto* list = node.as_array()) {
        JsonValue::Array items;
        items.reserve(list->size());
        for (const toml::node& item : *list) {
            HW_TRY(auto value, value_of(item, where, depth + 1));
            items.push_back(std::move(value));
        }
        return JsonValue(std::move(items));
    }
    if (const auto* text = node.as_string()) { return JsonValue(text->get()); }
    if (const auto* whole = node.as_integer()) { return JsonValue(static_cast<double>(whole->get())); }
    if (const auto* number = node.as_floating_point()) { return JsonValue(number->get()); }
    if (const auto* truth = node.as_boolean()) { return JsonValue(truth->get()); }
    if (const auto* moment = node.as_date_time()) { return JsonValue(text_of(moment->get())); }
    if (const auto* date = node.as_date()) { return JsonValue(text_of(date->get())); }
    if (const auto* time = node.as_time()) { return JsonValue(text_of(time->get())); }
    return JsonValue();
}

}  // namespace toml_reading
}  // namespace

Result<JsonValue> parse_toml_document(std::string_view text, const std::string& where) {
    toml::table root;
    try {
        root = toml::parse(text, where);
    } catch (const toml::parse_error& problem) {
        return fail(Errc::malformed, "not TOML: " + std::string(problem.description()), where + ":" + std::to_string(problem.source().begin.line));
    }
    return toml_reading::object_of(root, where, 0);
}

}  // namespace hw::app
