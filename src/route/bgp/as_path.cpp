#include "route/bgp/as_path.hpp"

#include "base/byte_cursor.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace hw::route::bgp {
namespace {
namespace path_detail {

/// Calls `take(kind, bytes of the numbers)` for each segment; false where they are malformed.
template <typename Take>
bool each_segment(std::span<const std::byte> bytes, std::size_t width, const Take& take) {
    while (!bytes.empty()) {
        if (bytes.size() < 2) { return false; }
        const auto kind = std::to_integer<unsigned>(bytes[0]);
        const std::size_t size = std::to_integer<std::size_t>(bytes[1]) * width;
        if (kind < 1 || kind > 4 || size == 0 || size > bytes.size() - 2) { return false; }
        take(SegmentKind{static_cast<std::uint8_t>(kind)}, bytes.subspan(2, size));
        bytes = bytes.subspan(2 + size);
    }
    return true;
}

bool inside(SegmentKind kind) { return kind == SegmentKind::confederation_sequence || kind == SegmentKind::confederation_set; }

}  // namespace path_detail
}  // namespace

std::size_t AsPath::length() const {
    std::size_t all = 0;
    for (std::size_t s = 0; s < segments.size(); ++s) {
        if (segments[s].kind == SegmentKind::set) { ++all; }
        if (segments[s].kind == SegmentKind::sequence) { all += of(s).size(); }
    }
    return all;
}

bool read_as_path(std::span<const std::byte> bytes, std::size_t width, AsPath& path) {
    path.asns.clear();
    path.segments.clear();
    return path_detail::each_segment(bytes, width, [&](SegmentKind kind, std::span<const std::byte> numbers) {
        // A sequence longer than 255 comes in several segments that are one (RFC 4271, 5.1.2).
        if (path.segments.empty() || kind != SegmentKind::sequence || path.segments.back().kind != kind) { path.segments.push_back({.kind = kind, .begin = path.asns.size()}); }
        if (width == 4) {
            for (std::size_t at = 0; at + 4 <= numbers.size(); at += 4) { path.asns.emplace_back(load_big<std::uint32_t>(&numbers[at])); }
        } else {
            for (std::size_t at = 0; at + 2 <= numbers.size(); at += 2) { path.asns.emplace_back(load_big<std::uint16_t>(&numbers[at])); }
        }
    });
}

bool is_as_path(std::span<const std::byte> bytes, std::size_t width) {
    return path_detail::each_segment(bytes, width, [](SegmentKind, std::span<const std::byte>) {});
}

AsPath merged(const AsPath& two_byte, const AsPath& four_byte) {
    AsPath tail;  // what of the true path counts: confederations do not cross to other networks
    for (std::size_t s = 0; s < four_byte.segments.size(); ++s) {
        if (path_detail::inside(four_byte.segments[s].kind)) { continue; }
        tail.segments.push_back({.kind = four_byte.segments[s].kind, .begin = tail.asns.size()});
        const auto numbers = four_byte.of(s);
        tail.asns.insert(tail.asns.end(), numbers.begin(), numbers.end());
    }
    const std::size_t all = two_byte.length();
    const std::size_t known = tail.length();
    if (known == 0 || known > all) { return two_byte; }
    AsPath path;
    std::size_t missing = all - known;  // of the front, which speakers of two-byte numbers have put before it
    for (std::size_t s = 0; s < two_byte.segments.size(); ++s) {
        const SegmentKind kind = two_byte.segments[s].kind;
        if (missing == 0 && !path_detail::inside(kind)) { break; }
        auto numbers = two_byte.of(s);
        if (kind == SegmentKind::sequence) {
            numbers = numbers.first(std::min(missing, numbers.size()));
            missing -= numbers.size();
        } else if (kind == SegmentKind::set) {
            --missing;
        }
        path.segments.push_back({.kind = kind, .begin = path.asns.size()});
        path.asns.insert(path.asns.end(), numbers.begin(), numbers.end());
    }
    for (std::size_t s = 0; s < tail.segments.size(); ++s) {
        const bool goes_on = s == 0 && !path.segments.empty() && tail.segments[0].kind == SegmentKind::sequence && path.segments.back().kind == SegmentKind::sequence;
        if (!goes_on) { path.segments.push_back({.kind = tail.segments[s].kind, .begin = path.asns.size()}); }
        const auto numbers = tail.of(s);
        path.asns.insert(path.asns.end(), numbers.begin(), numbers.end());
    }
    return path;
}

std::string to_string(const AsPath& path) {
    std::string out;
    for (std::size_t s = 0; s < path.segments.size(); ++s) {
        if (s > 0) { out += ' '; }
        const SegmentKind kind = path.segments[s].kind;
        const bool listed = kind == SegmentKind::set || kind == SegmentKind::confederation_set;
        constexpr std::string_view kOpen = " { ([";  // by the number of the kind
        constexpr std::string_view kClose = " } )]";
        const auto which = static_cast<std::size_t>(kind);
        if (kind != SegmentKind::sequence) { out += kOpen[which]; }
        const auto numbers = path.of(s);
        for (std::size_t i = 0; i < numbers.size(); ++i) { fmt::format_to(std::back_inserter(out), "{}{}", i == 0 ? "" : listed ? "," : " ", numbers[i].number()); }
        if (kind != SegmentKind::sequence) { out += kClose[which]; }
    }
    return out;
}

}  // namespace hw::route::bgp
