#include "base/json_fields.hpp"

#include "base/nearest.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw {
namespace {
constexpr std::size_t kLongestText = std::size_t{64} << 10U;
const JsonValue kNothing{JsonValue::Object{}};
}  // namespace

JsonFields::JsonFields(const JsonValue& object, std::string where) : object_(&object), where_(std::move(where)) {
    if (object.as_object() == nullptr) {
        wrong("not a JSON object, where one must be");
        object_ = &kNothing;
    }
}

void JsonFields::wrong(std::string what, std::string hint) {
    if (!error_) { error_ = Error{Errc::malformed, std::move(what), where_, std::move(hint)}; }
}

const JsonValue* JsonFields::take(std::string_view name) {
    known_.emplace(name);
    const JsonValue* member = object_->find(name);
    return member == nullptr || member->is_null() ? nullptr : member;
}

std::string JsonFields::text(std::string_view name) {
    const JsonValue* member = take(name);
    if (member == nullptr) { return {}; }
    const std::string* text = member->as_text();
    if (text == nullptr) { wrong(fmt::format("{} is not text", name)); return {}; }
    if (text->size() > kLongestText) { wrong(fmt::format("{} is longer than 64 KiB", name)); return {}; }
    return *text;
}

std::string JsonFields::required_text(std::string_view name) {
    std::string found = text(name);
    if (found.empty()) { wrong(fmt::format("{} is missing", name)); }
    return found;
}

std::optional<double> JsonFields::number(std::string_view name, double least, double most) {
    const JsonValue* member = take(name);
    if (member == nullptr) { return std::nullopt; }
    const double* number = member->as_number();
    if (number == nullptr) { wrong(fmt::format("{} is not a number", name)); return std::nullopt; }
    if (!(*number >= least && *number <= most)) { wrong(fmt::format("{} is {}; it lies between {} and {}", name, *number, least, most)); return std::nullopt; }
    return *number;
}

std::vector<std::string> JsonFields::texts(std::string_view name) {
    std::vector<std::string> texts;
    const JsonValue* member = take(name);
    if (member == nullptr) { return texts; }
    const auto* items = member->as_array();
    if (items == nullptr) { wrong(fmt::format("{} is not a list", name)); return texts; }
    for (const JsonValue& item : *items) {
        const std::string* text = item.as_text();
        if (text == nullptr || text->empty() || text->size() > kLongestText) { wrong(fmt::format("{} holds something else than text", name)); return {}; }
        texts.push_back(*text);
    }
    return texts;
}

std::optional<Time> JsonFields::time(std::string_view name) {
    const std::string told = text(name);
    if (told.empty()) { return std::nullopt; }
    auto read = parse_time(told, Time());
    // An age has no meaning in a document that is read at any time.
    if (!read || told.front() == '-') { wrong(fmt::format("{} is not a time: \"{}\"", name, told.substr(0, 40)), "write it as 2014-11-24 or 2014-11-24T10:00:00Z"); return std::nullopt; }
    return *read;
}

std::map<std::string, double> JsonFields::numbers(std::string_view name, double least, double most) {
    std::map<std::string, double> numbers;
    const JsonValue* member = take(name);
    if (member == nullptr) { return numbers; }
    const auto* members = member->as_object();
    if (members == nullptr) { wrong(fmt::format("{} is not numbers by name", name)); return numbers; }
    for (const JsonMember& one : *members) {
        const double* number = one.value.as_number();
        if (number == nullptr || !(*number >= least && *number <= most)) { wrong(fmt::format("{} of {} is not a number between {} and {}", name, one.name, least, most)); return {}; }
        numbers.emplace(one.name, *number);
    }
    return numbers;
}

const JsonValue* JsonFields::raw(std::string_view name) { return take(name); }

std::vector<const JsonValue*> JsonFields::objects(std::string_view name) {
    std::vector<const JsonValue*> objects;
    const JsonValue* member = take(name);
    if (member == nullptr) { return objects; }
    const auto* items = member->as_array();
    if (items == nullptr) { wrong(fmt::format("{} is not a list", name)); return objects; }
    objects.reserve(items->size());
    for (const JsonValue& item : *items) {
        if (item.as_object() == nullptr) { wrong(fmt::format("{} holds something else than objects", name)); return {}; }
        objects.push_back(&item);
    }
    return objects;
}

std::size_t JsonFields::choice(std::string_view name, std::vector<std::string_view> words) {
    const std::string told = text(name);
    if (told.empty()) { return 0; }
    const auto found = std::ranges::find(words, told);
    if (found != words.end()) { return static_cast<std::size_t>(found - words.begin()); }
    std::string list;
    for (const auto word : words) { (list += list.empty() ? "" : ", ") += word; }
    wrong(fmt::format("{} is \"{}\"", name, told.substr(0, 40)), "one of " + list);
    return 0;
}

Result<void> JsonFields::done() {
    if (!error_) {
        for (const JsonMember& member : *object_->as_object()) {
            if (known_.contains(member.name)) { continue; }
            const std::vector<std::string> known(known_.begin(), known_.end());
            wrong(fmt::format("there is no member \"{}\"", member.name.substr(0, 60)), did_you_mean(member.name, known, ""));
            break;
        }
    }
    if (error_) { return std::unexpected(*error_); }
    return {};
}

}  // namespace hw
