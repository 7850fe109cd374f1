#include "flow/store/host_index.hpp"

#include <algorithm>

namespace hw::flow::store {
namespace {
namespace host_index_detail {

constexpr std::uint32_t kOnly = 0x8000'0000U;

}  // namespace host_index_detail
}  // namespace

HostDictionary::HostDictionary(std::span<const std::byte> bytes) {
    if (bytes.size() < 4) { return; }
    const std::size_t v4 = load_little<std::uint32_t>(bytes.data());
    if (v4 * 4 > bytes.size() - 4) { return; }
    v4_ = bytes.subspan(4, v4 * 4);
    v6_ = bytes.subspan(4 + v4 * 4);
    v6_ = v6_.first(v6_.size() / 16 * 16);
}

net::Address HostDictionary::at(std::size_t host) const {
    const std::size_t v4 = v4_.size() / 4;
    if (host < v4) { return net::Address::v4(load_little<std::uint32_t>(v4_.data() + host * 4)); }
    const std::byte* place = v6_.data() + (host - v4) * 16;
    return net::Address::v6(load_little<std::uint64_t>(place), load_little<std::uint64_t>(place + 8));
}

std::optional<std::uint32_t> HostDictionary::find(const net::Address& address) const {
    const std::size_t v4 = v4_.size() / 4;
    std::size_t low = address.is_v4() ? 0 : v4;
    const std::size_t end = address.is_v4() ? v4 : size();
    for (std::size_t high = end; low < high;) {
        const std::size_t middle = low + (high - low) / 2;
        if (at(middle) < address) { low = middle + 1; }
        else { high = middle; }
    }
    if (low < end && at(low) == address) { return static_cast<std::uint32_t>(low); }
    return std::nullopt;
}

bool rows_of_host(std::span<const std::byte> entries, std::span<const std::byte> lists, std::uint32_t host, std::uint32_t from, std::uint32_t to,
                  std::vector<std::uint32_t>& out) {
    using namespace host_index_detail;
    if (host >= entries.size() / 4 || lists.size() < kPackedSlack) { return false; }
    const auto entry = load_little<std::uint32_t>(entries.data() + std::size_t{host} * 4);
    if ((entry & kOnly) != 0) {
        const std::uint32_t row = entry & ~kOnly;
        if (row >= from && row < to) { out.push_back(row); }
        return true;
    }
    const std::size_t end = lists.size() - kPackedSlack;
    if (entry > end) { return false; }
    std::span<const std::byte> list = lists.subspan(entry);
    std::uint64_t count = 0;
    if (!take_varint(list, count) || count > lists.size() * 64) { return false; }
    const std::size_t blocks = (count + kListBlock - 1) / kListBlock;
    if (list.size() < blocks * 8 + kPackedSlack) { return false; }
    const auto first_row = [&](std::size_t b) { return load_little<std::uint32_t>(list.data() + b * 8); };
    std::size_t low = 0;  // the last block that begins at or before `from`
    for (std::size_t high = blocks; low + 1 < high;) {
        const std::size_t middle = low + (high - low) / 2;
        (first_row(middle) <= from ? low : high) = middle;
    }
    for (std::size_t b = low; b < blocks; ++b) {
        std::uint64_t row = first_row(b);
        if (row >= to) { break; }
        const std::size_t place = load_little<std::uint32_t>(list.data() + b * 8 + 4);
        const std::size_t rows = std::min<std::size_t>(kListBlock, count - b * kListBlock);
        if (place + 1 + kPackedSlack > list.size()) { return false; }
        const auto width = std::to_integer<unsigned>(list[place]);
        if (width > 32 || place + 1 + packed_bytes(rows - 1, width) + kPackedSlack > list.size()) { return false; }
        const std::byte* gaps = list.data() + place + 1;
        if (row >= from) { out.push_back(static_cast<std::uint32_t>(row)); }
        for (std::size_t i = 1; i < rows; ++i) {
            row += 1 + unpack_at(gaps, i - 1, width);
            if (row >= to) { return true; }
            if (row >= from) { out.push_back(static_cast<std::uint32_t>(row)); }
        }
    }
    return true;
}

}  // namespace hw::flow::store
