#include "flow/store/host_pages.hpp"

#include <algorithm>

namespace hw::flow::store {
namespace {
namespace host_pages_detail {

net::Address v6_at(const std::byte* at) { return net::Address::v6(load_little<std::uint64_t>(at), load_little<std::uint64_t>(at + 8)); }

std::size_t pages_for(std::size_t hosts, std::size_t a_page) { return (hosts + a_page - 1) / a_page; }

}  // namespace host_pages_detail
}  // namespace

HostPagesBytes write_host_pages(std::span<const net::Address> hosts, std::span<const HostRows> rows) {
    using namespace host_pages_detail;
    HostPagesBytes out;
    out.pages.reserve(hosts.size() * 13 + kHostPage);
    const auto v4 = static_cast<std::size_t>(std::ranges::count_if(hosts, [](const net::Address& a) { return a.is_v4(); }));
    append_little(out.fences, static_cast<std::uint32_t>(v4));
    append_little(out.fences, static_cast<std::uint32_t>(hosts.size() - v4));
    const auto whole_page = [&] { out.pages.resize(pages_for(out.pages.size(), kHostPage) * kHostPage); };
    for (std::size_t h = 0; h < hosts.size(); ++h) {
        if (h < v4) {
            if (h % kHostsV4 == 0) {
                whole_page();
                append_little(out.fences, hosts[h].v4_bits());
            }
            append_little(out.pages, hosts[h].v4_bits());
        } else {
            if ((h - v4) % kHostsV6 == 0) {
                whole_page();
                append_little(out.fences, hosts[h].high());
                append_little(out.fences, hosts[h].low());
            }
            append_little(out.pages, hosts[h].high());
            append_little(out.pages, hosts[h].low());
        }
        append_little(out.pages, rows[h].begin);
        append_little(out.pages, rows[h].list);
    }
    return out;
}

std::optional<HostPages> HostPages::open(std::span<const std::byte> pages, std::span<const std::byte> fences) {
    using namespace host_pages_detail;
    if (fences.size() < 8) { return std::nullopt; }
    HostPages hosts;
    hosts.v4_ = load_little<std::uint32_t>(fences.data());
    hosts.v6_ = load_little<std::uint32_t>(fences.data() + 4);
    hosts.v4_pages_ = pages_for(hosts.v4_, kHostsV4);
    hosts.pages_ = pages;
    hosts.fences_ = fences.subspan(8);
    if (hosts.size() == 0 || hosts.fences_.size() != hosts.v4_pages_ * 4 + pages_for(hosts.v6_, kHostsV6) * 16) { return std::nullopt; }
    if (pages.size() != hosts.place_of(hosts.size() - 1) + hosts.entry_size(hosts.size() - 1)) { return std::nullopt; }
    return hosts;
}

net::Address HostPages::at(std::size_t host) const {
    const std::byte* entry = pages_.data() + place_of(host);
    return host < v4_ ? net::Address::v4(load_little<std::uint32_t>(entry)) : host_pages_detail::v6_at(entry);
}

HostRows HostPages::rows(std::size_t host) const {
    const std::byte* entry = pages_.data() + place_of(host) + (host < v4_ ? 4 : 16);
    return {.begin = load_little<std::uint32_t>(entry), .list = load_little<std::uint32_t>(entry + 4)};
}

std::pair<std::size_t, std::size_t> HostPages::page_of(const net::Address& address) const {
    const bool v4 = address.is_v4();
    const std::size_t first = v4 ? 0 : v4_;
    const std::size_t count = v4 ? v4_ : v6_;
    const std::size_t a_page = v4 ? kHostsV4 : kHostsV6;
    const std::byte* fences = fences_.data() + (v4 ? 0 : v4_pages_ * 4);
    std::size_t low = 0;  // pages that begin at or before the address
    for (std::size_t high = host_pages_detail::pages_for(count, a_page); low < high;) {
        const std::size_t middle = low + (high - low) / 2;
        const bool before = v4 ? load_little<std::uint32_t>(fences + middle * 4) <= address.v4_bits() : host_pages_detail::v6_at(fences + middle * 16) <= address;
        if (before) { low = middle + 1; }
        else { high = middle; }
    }
    if (low == 0) { return {first, first}; }
    return {first + (low - 1) * a_page, first + std::min(count, low * a_page)};
}

std::optional<std::uint32_t> HostPages::find(const net::Address& address, std::size_t low, std::size_t high) const {
    const std::size_t end = high;
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (at(middle) < address) { low = middle + 1; }
        else { high = middle; }
    }
    if (low < end && at(low) == address) { return static_cast<std::uint32_t>(low); }
    return std::nullopt;
}

void append_row_list(std::vector<std::byte>& out, std::span<const std::uint32_t> rows, std::uint32_t all) {
    append_varint(out, rows.size());
    std::vector<std::uint64_t> numbers;
    numbers.reserve(kListBlock);
    if (rows.size() <= kListBlock) {
        numbers.assign(rows.begin(), rows.end());
        append_packed(out, numbers, bits_of(all - 1));
        return;
    }
    const std::size_t blocks = (rows.size() + kListBlock - 1) / kListBlock;
    const std::size_t skips = out.size();
    out.resize(skips + blocks * 8);
    for (std::size_t b = 0; b < blocks; ++b) {
        const auto block = rows.subspan(b * kListBlock, std::min(kListBlock, rows.size() - b * kListBlock));
        std::vector<std::byte> skip;
        append_little(skip, block.front());
        append_little(skip, static_cast<std::uint32_t>(out.size() - skips));
        std::ranges::copy(skip, out.begin() + static_cast<std::ptrdiff_t>(skips + b * 8));
        numbers.clear();
        std::uint64_t widest = 0;
        for (std::size_t i = 1; i < block.size(); ++i) {
            numbers.push_back(block[i] - block[i - 1] - 1);
            widest = std::max(widest, numbers.back());
        }
        out.push_back(static_cast<std::byte>(bits_of(widest)));
        append_packed(out, numbers, bits_of(widest));
    }
}

bool take_row_list(std::span<const std::byte> lists, std::size_t at, std::uint32_t all, const std::function<bool(std::size_t, std::size_t)>& verified,
                   std::vector<std::uint32_t>& out) {
    if (lists.size() < kPackedSlack || at >= lists.size() - kPackedSlack || all == 0) { return false; }
    const std::size_t end = lists.size() - kPackedSlack;
    if (!verified(at, std::min<std::size_t>(5, end - at))) { return false; }
    std::span<const std::byte> rest = lists.subspan(at, end - at);
    std::uint64_t count = 0;
    if (!take_varint(rest, count) || count > all) { return false; }
    at = end - rest.size();
    if (count <= kListBlock) {
        const unsigned width = bits_of(all - 1);
        const std::size_t size = packed_bytes(count, width);
        if (size > end - at || !verified(at, size)) { return false; }
        for (std::size_t i = 0; i < count; ++i) {
            const auto row = static_cast<std::uint32_t>(unpack_at(lists.data() + at, i, width));
            if (row >= all) { return false; }
            out.push_back(row);
        }
        return true;
    }
    const std::size_t blocks = (count + kListBlock - 1) / kListBlock;
    if (blocks * 8 > end - at || !verified(at, blocks * 8)) { return false; }
    for (std::size_t b = 0; b < blocks; ++b) {
        std::uint64_t row = load_little<std::uint32_t>(lists.data() + at + b * 8);
        const std::size_t place = load_little<std::uint32_t>(lists.data() + at + b * 8 + 4);
        const std::size_t rows = std::min<std::size_t>(kListBlock, count - b * kListBlock);
        if (place >= end - at || !verified(at + place, 1)) { return false; }
        const auto width = std::to_integer<unsigned>(lists[at + place]);
        const std::size_t size = packed_bytes(rows - 1, width);
        if (width > 32 || size > end - at - place - 1 || row >= all || !verified(at + place, 1 + size)) { return false; }
        const std::byte* gaps = lists.data() + at + place + 1;
        out.push_back(static_cast<std::uint32_t>(row));
        for (std::size_t i = 1; i < rows; ++i) {
            row += 1 + unpack_at(gaps, i - 1, width);
            if (row >= all) { return false; }
            out.push_back(static_cast<std::uint32_t>(row));
        }
    }
    return true;
}

}  // namespace hw::flow::store
