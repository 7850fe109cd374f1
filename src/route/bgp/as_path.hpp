#pragma once

#include "net/asn.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hw::route::bgp {

/// Kinds of segments (RFC 4271, 4.3; RFC 5065, 3), by their numbers.
enum class SegmentKind : std::uint8_t { set = 1, sequence = 2, confederation_sequence = 3, confederation_set = 4 };

/// The networks that an announcement has come through, the nearest first.
struct AsPath {
    struct Segment {
        SegmentKind kind = SegmentKind::sequence;
        std::size_t begin = 0;  ///< In `asns`; it ends where the next begins.
        friend bool operator==(const Segment&, const Segment&) = default;
    };
    std::vector<net::Asn> asns;
    std::vector<Segment> segments;

    [[nodiscard]] bool empty() const { return asns.empty(); }
    [[nodiscard]] std::span<const net::Asn> of(std::size_t segment) const {
        const std::size_t end = segment + 1 < segments.size() ? segments[segment + 1].begin : asns.size();
        return std::span(asns).subspan(segments[segment].begin, end - segments[segment].begin);
    }
    /// Who announced it first; nothing where that is one of a set.
    [[nodiscard]] std::optional<net::Asn> origin() const {
        if (asns.empty() || segments.back().kind != SegmentKind::sequence) { return std::nullopt; }
        return asns.back();
    }
    /// As routers count it: a set is one, what lies inside a confederation is none (RFC 4271, 9.1.2.2; RFC 5065, 5.3).
    [[nodiscard]] std::size_t length() const;
    friend bool operator==(const AsPath&, const AsPath&) = default;
};

/// Reads an AS_PATH (`width` 2 or 4 bytes a number) or AS4_PATH. Nothing where it is malformed (RFC 7606, 7.2): an unknown kind of segment, one
/// that ends too early, an empty one. `path` keeps its memory.
[[nodiscard]] bool read_as_path(std::span<const std::byte> bytes, std::size_t width, AsPath& path);
/// The same without keeping anything.
[[nodiscard]] bool is_as_path(std::span<const std::byte> bytes, std::size_t width);

/// The path of a speaker of two-byte numbers with the true numbers put in (RFC 6793, 4.2.3).
[[nodiscard]] AsPath merged(const AsPath& two_byte, const AsPath& four_byte);

/// `64500 64501 {64502,64503}`; of confederations `(64512 64513)` and `[64512,64513]`.
[[nodiscard]] std::string to_string(const AsPath& path);

}  // namespace hw::route::bgp
