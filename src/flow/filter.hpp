#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "net/prefix.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow {

/// What one test of a filter looks at.
enum class FilterField : std::uint8_t {
    any,       ///< Nothing: every flow passes.
    host,      ///< Addresses and prefixes.
    port,
    protocol,  ///< IANA number.
    family,    ///< 4 or 6: the client's address family.
    bytes,     ///< IP bytes, as in `HalfFlow::bytes`.
    packets,
    payload,   ///< Transport payload bytes.
    duration,  ///< Microseconds from the first to the last packet.
    pps,       ///< Packets a second over the duration; 0 for a flow without one.
    bps,       ///< Bits a second over the duration; 0 for a flow without one.
    bpp,       ///< Bytes a packet; 0 for a flow without any.
    flags,     ///< TCP flags.
    asn,       ///< By a look-up.
    country,   ///< By a look-up.
    observer,  ///< By name.
};

/// Which end of a flow, or for amounts: what which end sent. `either`: one of the two; for amounts their sum, for flags their
/// union.
enum class FilterEnd : std::uint8_t { either, client, server };

/// A closed range of numbers.
struct NumberRange {
    std::uint64_t low = 0;
    std::uint64_t high = std::numeric_limits<std::uint64_t>::max();

    [[nodiscard]] bool contains(std::uint64_t n) const { return low <= n && n <= high; }
    friend auto operator<=>(const NumberRange&, const NumberRange&) = default;
};

/// One test of a flow: passes where the field has one of the values. Only the list that the field wants is filled.
struct FilterTest {
    FilterField field = FilterField::any;
    FilterEnd end = FilterEnd::either;
    std::vector<net::Prefix> prefixes;  ///< `host`: sorted, none twice.
    /// `port` to `bpp`, `asn`: sorted, apart from each other. `flags`: one range, whose `low` is the mask of flags looked at
    /// and whose `high` is what they must be.
    std::vector<NumberRange> numbers;
    std::vector<std::string> names;     ///< `observer`, `country`: sorted, none twice.
    friend bool operator==(const FilterTest&, const FilterTest&) = default;
};

/// An expression over one flow: a test, or others joined by and, or, not. `parts` has two or more for `all_of` and `one_of`,
/// none of them of the same kind (`a and (b and c)` is one list of three), and one for `negation`.
struct Filter {
    enum class Kind : std::uint8_t { test, all_of, one_of, negation };
    Kind kind = Kind::test;
    FilterTest test;
    std::vector<Filter> parts;
    friend bool operator==(const Filter&, const Filter&) = default;
};

/// Most bytes of an expression, and how deep its parentheses and nots may go.
inline constexpr std::size_t kLongestFilter = std::size_t{1} << 18U;
inline constexpr std::size_t kDeepestFilter = 100;

/// Reads an expression in the manner of pcap and nfdump (docs/flows.md has the grammar). Empty text passes every flow. Fails with
/// `usage`: the message has the word that was not understood and what was expected, the place is the column, the hint what was
/// perhaps meant.
[[nodiscard]] Result<Filter> parse_filter(std::string_view text);

/// The expression in its shortest words; `parse_filter(to_string(f)) == f` for every `f` that was parsed.
[[nodiscard]] std::string to_string(const Filter& filter);

/// Both, one or none of two: joins without nesting lists of the same kind.
[[nodiscard]] Filter both(Filter a, Filter b);

/// The filter that passes the flows of which one end is one of `prefixes`.
[[nodiscard]] Filter filter_of_hosts(std::vector<net::Prefix> prefixes);

/// What is true of every flow that a filter passes, in the form that an index can use: it may pass too much, never too little.
struct FilterBounds {
    /// One end of the flow lies in one of these; absent: anywhere. Empty: no flow can pass.
    std::optional<std::vector<net::Prefix>> hosts;
    /// One of these saw it; absent: any.
    std::optional<std::vector<std::string>> observers;
    NumberRange ports{0, 65'535};  ///< One end's port lies in it.
    NumberRange bytes;             ///< Both directions together.
    NumberRange packets;           ///< Both directions together.
    NumberRange duration;          ///< Microseconds.
    std::optional<Interval> window = std::nullopt;  ///< Its lifetime touches this; not from the expression, which knows no time.
    friend bool operator==(const FilterBounds&, const FilterBounds&) = default;
};
[[nodiscard]] FilterBounds bounds_of(const Filter& filter);

}  // namespace hw::flow
