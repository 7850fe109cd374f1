#include "flow/clickhouse/row_binary.hpp"

#include <array>

namespace hw::flow::clickhouse {
namespace {
namespace row_detail {

constexpr std::size_t kAddressBytes = 16;

std::array<std::uint8_t, kAddressBytes> network_order(const net::Address& address) {
    std::array<std::uint8_t, kAddressBytes> out{};
    for (std::size_t i = 0; i < 8; ++i) {
        out[i] = static_cast<std::uint8_t>(address.high() >> (56 - 8 * i));
        out[8 + i] = static_cast<std::uint8_t>(address.low() >> (56 - 8 * i));
    }
    return out;
}

}  // namespace row_detail
}  // namespace

RowWriter& RowWriter::text(std::string_view value) {
    std::size_t length = value.size();
    while (length >= 0x80U) {
        bytes_.push_back(static_cast<std::byte>((length & 0x7fU) | 0x80U));
        length >>= 7U;
    }
    bytes_.push_back(static_cast<std::byte>(length));
    for (const char c : value) { bytes_.push_back(static_cast<std::byte>(c)); }
    return *this;
}

RowWriter& RowWriter::address(const net::Address& value) {
    for (const std::uint8_t byte : row_detail::network_order(value)) { bytes_.push_back(static_cast<std::byte>(byte)); }
    return *this;
}

std::string_view RowReader::take(std::size_t count) {
    if (!good_ || count > rest_.size()) {
        good_ = false;
        rest_ = {};
        return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
}

std::string_view RowReader::text() {
    std::uint64_t length = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        const auto byte = integer<std::uint8_t>();
        length |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
        if ((byte & 0x80U) == 0) { return take(static_cast<std::size_t>(length)); }
    }
    good_ = false;
    rest_ = {};
    return {};
}

net::Address RowReader::address() {
    const std::string_view raw = take(row_detail::kAddressBytes);
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        std::uint64_t& half = i < 8 ? high : low;
        half = (half << 8U) | static_cast<std::uint8_t>(raw[i]);
    }
    return net::Address::v6(high, low);
}

std::string address_literal(const net::Address& address) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "unhex('";
    for (const std::uint8_t byte : row_detail::network_order(address)) {
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
    return out + "')";
}

}  // namespace hw::flow::clickhouse
