#pragma once

#include "net/prefix.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Makes small tables in the MaxMind DB form (format 2.0) for tests.
namespace hw::net::test {

/// A value of the form: text, a number, a map of them, or a list of none.
struct MmdbValue {
    using Map = std::vector<std::pair<std::string, MmdbValue>>;
    struct EmptyList {};
    std::variant<std::string, std::uint16_t, std::uint32_t, std::uint64_t, Map, EmptyList> of;
};

class MmdbMaker {
public:
    /// A table of both families, as those in use are; IPv4 lies below ::/96.
    explicit MmdbMaker(std::string type = "Test-Country", std::uint32_t made_at = 1'419'206'400) : type_(std::move(type)), made_at_(made_at) {}

    /// Shorter prefixes first.
    void add(const Prefix& prefix, const MmdbValue& value) {
        const auto offset = static_cast<std::uint32_t>(data_.size());
        put(data_, value);
        std::array<std::uint8_t, 128> bits{};
        const unsigned length = prefix.is_v4() ? prefix.length() + 96 : prefix.length();
        const std::uint64_t high = prefix.is_v4() ? 0 : prefix.address().high();
        const std::uint64_t low = prefix.is_v4() ? prefix.address().v4_bits() : prefix.address().low();
        for (unsigned i = 0; i < 128; ++i) { bits[i] = static_cast<std::uint8_t>(((i < 64 ? high : low) >> (63U - i % 64U)) & 1U); }
        std::size_t node = 0;
        for (unsigned i = 0; i + 1 < length; ++i) {
            if (nodes_[node][bits[i]].kind != Record::node) {
                const Record above = nodes_[node][bits[i]];
                nodes_.push_back({above, above});  // what holds around goes on holding beside
                nodes_[node][bits[i]] = {Record::node, static_cast<std::uint32_t>(nodes_.size() - 1)};
            }
            node = nodes_[node][bits[i]].value;
        }
        nodes_[node][bits[length - 1]] = {Record::data, offset};
    }

    [[nodiscard]] std::string bytes() const {
        std::string out;
        const auto count = static_cast<std::uint32_t>(nodes_.size());
        for (const auto& node : nodes_) {
            for (const Record& r : node) { big(out, r.kind == Record::none ? count : r.kind == Record::node ? r.value : count + 16 + r.value, 4); }
        }
        out.append(16, '\0');
        out += data_;
        out += "\xab\xcd\xefMaxMind.com";
        out += static_cast<char>(0xe0 | 9);
        const auto pair = [&out](std::string_view key, const MmdbValue& value) {
            put(out, {std::string(key)});
            put(out, value);
        };
        pair("node_count", {count});
        pair("record_size", {std::uint16_t{32}});
        pair("ip_version", {std::uint16_t{6}});
        pair("database_type", {type_});
        pair("build_epoch", {std::uint64_t{made_at_}});
        pair("binary_format_major_version", {std::uint16_t{2}});
        pair("binary_format_minor_version", {std::uint16_t{0}});
        pair("languages", {MmdbValue::EmptyList{}});
        pair("description", {MmdbValue::Map{}});
        return out;
    }

private:
    struct Record {
        enum Kind : std::uint8_t { none, node, data } kind = none;
        std::uint32_t value = 0;
    };

    static void big(std::string& out, std::uint64_t value, unsigned bytes) {
        for (unsigned i = bytes; i-- > 0;) { out += static_cast<char>(value >> (8 * i)); }
    }
    static void control(std::string& out, unsigned type, std::size_t size) {
        if (size < 29) {
            out += static_cast<char>((type << 5U) | size);
        } else {
            out += static_cast<char>((type << 5U) | 29U);
            out += static_cast<char>(size - 29);
        }
    }
    static void put(std::string& out, const MmdbValue& value) {
        if (const auto* text = std::get_if<std::string>(&value.of)) {
            control(out, 2, text->size());
            out += *text;
        } else if (const auto* small = std::get_if<std::uint16_t>(&value.of)) {
            control(out, 5, 2);
            big(out, *small, 2);
        } else if (const auto* number = std::get_if<std::uint32_t>(&value.of)) {
            control(out, 6, 4);
            big(out, *number, 4);
        } else if (const auto* large = std::get_if<std::uint64_t>(&value.of)) {
            out += "\x08\x02";  // an extended type: 7 + 2
            big(out, *large, 8);
        } else if (std::holds_alternative<MmdbValue::EmptyList>(value.of)) {
            out.append("\x00\x04", 2);  // 7 + 4
        } else {
            const auto& map = std::get<MmdbValue::Map>(value.of);
            control(out, 7, map.size());
            for (const auto& [key, of] : map) {
                put(out, {key});
                put(out, of);
            }
        }
    }

    std::string type_;
    std::uint32_t made_at_;
    std::vector<std::array<Record, 2>> nodes_{1};
    std::string data_;
};

}  // namespace hw::net::test
