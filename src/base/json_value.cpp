#include "base/json_value.hpp"

#include <algorithm>
#include <cassert>

namespace hw {

const JsonValue* JsonValue::find(std::string_view name) const {
    const Object* members = as_object();
    if (members == nullptr) { return nullptr; }
    const auto found = std::ranges::find(*members, name, &JsonMember::name);
    return found == members->end() ? nullptr : &found->value;
}

std::optional<std::string> JsonValue::text(std::string_view name) const {
    const JsonValue* member = find(name);
    const std::string* text = member == nullptr ? nullptr : member->as_text();
    return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<double> JsonValue::number(std::string_view name) const {
    const JsonValue* member = find(name);
    const double* number = member == nullptr ? nullptr : member->as_number();
    return number == nullptr ? std::nullopt : std::optional(*number);
}

std::vector<std::string> JsonValue::texts(std::string_view name) const {
    std::vector<std::string> texts;
    const JsonValue* member = find(name);
    const Array* items = member == nullptr ? nullptr : member->as_array();
    if (items == nullptr) { return texts; }
    texts.reserve(items->size());
    for (const JsonValue& item : *items) {
        if (const std::string* text = item.as_text()) { texts.push_back(*text); }
    }
    return texts;
}

JsonValue& JsonValue::set(std::string_view name, JsonValue value) {
    if (is_null()) { value_ = Object{}; }
    Object* members = as_object();
    assert(members != nullptr);
    const auto found = std::ranges::find(*members, name, &JsonMember::name);
    if (found != members->end()) { found->value = std::move(value); }
    else { members->push_back({std::string(name), std::move(value)}); }
    return *this;
}

void JsonValue::erase(std::string_view name) {
    if (Object* members = as_object()) {
        std::erase_if(*members, [&](const JsonMember& member) { return member.name == name; });
    }
}

JsonValue json_texts(const std::vector<std::string>& texts) {
    JsonValue::Array items;
    items.reserve(texts.size());
    for (const auto& text : texts) { items.emplace_back(text); }
    return items;
}

bool operator==(const JsonValue& a, const JsonValue& b) { return a.value_ == b.value_; }

}  // namespace hw
