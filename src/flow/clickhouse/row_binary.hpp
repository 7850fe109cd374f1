#pragma once

#include "net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hw::flow::clickhouse {

/// Writes rows in ClickHouse's RowBinary: integers little-endian, strings after their length as LEB128, addresses as
/// FixedString(16) in network order (also what the type IPv6 takes).
class RowWriter {
public:
    template <typename T>
        requires std::is_integral_v<T>
    RowWriter& integer(T value) {
        auto bits = static_cast<std::make_unsigned_t<T>>(value);
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            bytes_.push_back(static_cast<std::byte>(bits & 0xffU));
            if constexpr (sizeof(T) > 1) { bits = static_cast<std::make_unsigned_t<T>>(bits >> 8U); }
        }
        return *this;
    }
    RowWriter& text(std::string_view value);
    RowWriter& address(const net::Address& value);

    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
    void clear() { bytes_.clear(); }

private:
    std::vector<std::byte> bytes_;
};

/// Reads rows back. Nothing is read past the end: a value that does not fit is absent, and so are all after it.
class RowReader {
public:
    explicit RowReader(std::string_view bytes) : rest_(bytes), size_(bytes.size()) {}

    /// A value of a type without which the row is of no use: 0 or empty once something did not fit.
    template <typename T>
        requires std::is_integral_v<T>
    [[nodiscard]] T integer() {
        std::uint64_t value = 0;
        const std::string_view raw = take(sizeof(T));
        for (std::size_t i = 0; i < raw.size(); ++i) { value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(raw[i])) << (8 * i); }
        return static_cast<T>(value);
    }
    [[nodiscard]] std::string_view text();
    [[nodiscard]] net::Address address();

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    /// Everything asked for so far was there.
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] std::size_t offset() const { return size_ - rest_.size(); }

private:
    std::string_view take(std::size_t count);

    std::string_view rest_;
    std::size_t size_;
    bool good_ = true;
};

/// `unhex('…')` of the 16 bytes: the address as a FixedString(16) inside a query.
[[nodiscard]] std::string address_literal(const net::Address& address);

}  // namespace hw::flow::clickhouse
