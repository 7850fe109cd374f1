// simdjson's heavy header stays in this file.
#include "base/json_value.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>

namespace hw {
namespace {

namespace dom = simdjson::dom;

/// A tree of simdjson's as one of ours; the first thing wrong with it is kept.
class Copy {
public:
    explicit Copy(std::string_view called, std::size_t max_depth) : where_(called), depth_left_(max_depth) {}

    Result<JsonValue> value(const dom::element& from) {
        switch (from.type()) {
            case dom::element_type::ARRAY: return array(dom::array(from));
            case dom::element_type::OBJECT: return object(dom::object(from));
            case dom::element_type::STRING: return JsonValue(std::string_view(from));
            case dom::element_type::BOOL: return JsonValue(bool(from));
            case dom::element_type::INT64: return JsonValue(static_cast<double>(std::int64_t(from)));
            case dom::element_type::UINT64: return JsonValue(static_cast<double>(std::uint64_t(from)));
            case dom::element_type::DOUBLE: return JsonValue(double(from));
            case dom::element_type::NULL_VALUE: break;
        }
        return JsonValue();
    }

private:
    Result<JsonValue> array(const dom::array& from) {
        HW_CHECK(enter());
        JsonValue::Array items;
        items.reserve(from.size());
        for (const dom::element item : from) {
            HW_TRY(auto copied, value(item));
            items.push_back(std::move(copied));
        }
        ++depth_left_;
        return JsonValue(std::move(items));
    }

    Result<JsonValue> object(const dom::object& from) {
        HW_CHECK(enter());
        JsonValue::Object members;
        members.reserve(from.size());
        for (const auto member : from) {
            HW_TRY(auto copied, value(member.value));
            members.push_back({std::string(member.key), std::move(copied)});
        }
        std::vector<std::string_view> names;
        names.reserve(members.size());
        for (const JsonMember& member : members) { names.emplace_back(member.name); }
        std::ranges::sort(names);
        if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
            return fail(Errc::malformed, "a JSON object has the member \"" + std::string(*twice) + "\" twice", where_, "leave one of them");
        }
        ++depth_left_;
        return JsonValue(std::move(members));
    }

    Result<void> enter() {
        if (depth_left_ == 0) { return fail(Errc::limit, "JSON nested deeper than is read", where_); }
        --depth_left_;
        return {};
    }

    std::string where_;
    std::size_t depth_left_;
};

}  // namespace

Result<JsonValue> parse_json(std::string_view text, std::string_view where, const JsonLimits& limits) {
    if (text.size() > limits.bytes) { return fail(Errc::limit, "a JSON text of more bytes than are read", std::string(where)); }
    dom::parser parser(limits.bytes + 1);
    dom::element root;
    const char* const bytes = text.empty() ? "" : text.data();  // Of no bytes a view may be null, which simdjson copies from.
    if (const auto problem = parser.parse(bytes, text.size(), true).get(root); problem != simdjson::SUCCESS) {
        const std::string told = simdjson::error_message(problem);
        return fail(Errc::malformed, "not JSON: " + told.substr(0, told.find_last_not_of('.') + 1), std::string(where));
    }
    return Copy(where, limits.depth).value(root);
}

}  // namespace hw
