#include "net/match_runs.hpp"

#include <algorithm>
#include <compare>

namespace hw::net {
namespace {
namespace match_runs_detail {

/// An address as its outer and inner number.
struct Place {
    std::uint64_t outer = 0;
    std::uint64_t inner = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
};

/// The numbers of one family, and what of them a prefix takes.
struct Space {
    std::uint64_t last_outer;
    std::uint64_t last_inner;
    unsigned outer_bits;
    bool v4;

    [[nodiscard]] Place first_of(const Prefix& prefix) const {
        const Address& a = prefix.address();
        return v4 ? Place{a.v4_bits() >> kInnerBitsV4, a.v4_bits() & last_inner} : Place{a.high(), a.low()};
    }
    [[nodiscard]] Place last_of(Place first, unsigned length) const {
        if (length < outer_bits) { return {first.outer | last_outer >> length, last_inner}; }
        const unsigned rest = length - outer_bits;
        return {first.outer, rest >= 64 ? first.inner : first.inner | last_inner >> rest};
    }
    [[nodiscard]] Place after(Place place) const { return place.inner == last_inner ? Place{place.outer + 1, 0} : Place{place.outer, place.inner + 1}; }
    [[nodiscard]] bool is_last(Place place) const { return place == Place{last_outer, last_inner}; }
};

struct Wanted {
    Place first;
    std::uint32_t length = 0;
    std::uint32_t index = 0;
    friend auto operator<=>(const Wanted&, const Wanted&) = default;
};

struct PlaceRun {
    Place first;
    std::uint32_t value = kNoMatch;
};

/// Appends a run, or changes the last one where it would be empty or go on with the same value.
void begin_run(std::vector<PlaceRun>& runs, Place first, std::uint32_t value) {
    if (!runs.empty() && runs.back().first == first) { runs.pop_back(); }
    if (runs.empty() || runs.back().value != value) { runs.push_back({first, value}); }
}

std::vector<Wanted> sorted(std::span<const Prefix> prefixes, const Space& space) {
    std::vector<Wanted> wanted;
    wanted.reserve(static_cast<std::size_t>(std::ranges::count(prefixes, space.v4, &Prefix::is_v4)));
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
        const Prefix& p = prefixes[i];
        if (p.is_v4() == space.v4) { wanted.push_back({space.first_of(p), p.length(), static_cast<std::uint32_t>(i)}); }
    }
    if (!std::ranges::is_sorted(wanted)) { std::ranges::sort(wanted); }  // tables often come in order
    return wanted;
}

/// Goes through the prefixes by address, those around the present one on a stack: each begins a run, and where it ends the one
/// around it goes on.
std::vector<PlaceRun> runs_of(std::span<const Wanted> wanted, const Space& space) {
    struct Open {
        Place last;
        std::uint32_t value;
    };
    std::vector<Open> open;  // one in the other: no more than there are lengths
    std::vector<PlaceRun> runs;
    runs.reserve(2 * wanted.size() + 1);
    runs.push_back({Place{}, kNoMatch});
    const auto close = [&] {
        const Place last = open.back().last;
        open.pop_back();
        if (!space.is_last(last)) { begin_run(runs, space.after(last), open.empty() ? kNoMatch : open.back().value); }
    };
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const Wanted& w = wanted[i];
        if (i + 1 < wanted.size() && wanted[i + 1].first == w.first && wanted[i + 1].length == w.length) { continue; }
        while (!open.empty() && open.back().last < w.first) { close(); }
        begin_run(runs, w.first, w.index);
        open.push_back({space.last_of(w.first, w.length), w.index});
    }
    while (!open.empty()) { close(); }
    return runs;
}

/// Makes a group of every outer number within which a run begins.
MatchRuns in_groups(std::span<const PlaceRun> runs, const Space& space) {
    MatchRuns made;
    made.outer.reserve(runs.size());
    const auto begins_within = [&](std::size_t i, std::uint64_t outer) { return i < runs.size() && runs[i].first.outer == outer; };
    for (std::size_t i = 0; i < runs.size();) {
        const std::uint64_t outer = runs[i].first.outer;
        if (runs[i].first.inner == 0 && !begins_within(i + 1, outer)) {
            made.outer.push_back({outer, runs[i].value});
            ++i;
            continue;
        }
        if (runs[i].first.inner != 0) { made.inner.push_back({0, runs[i - 1].value}); }  // there is one: the first begins at 0
        for (; begins_within(i, outer); ++i) { made.inner.push_back({runs[i].first.inner, runs[i].value}); }
        made.outer.push_back({outer, MatchRuns::kGroup | static_cast<std::uint32_t>(made.groups.size() - 1)});
        made.groups.push_back(static_cast<std::uint32_t>(made.inner.size()));
        if (outer != space.last_outer && !begins_within(i, outer + 1)) { made.outer.push_back({outer + 1, runs[i - 1].value}); }
    }
    return made;
}

}  // namespace match_runs_detail
}  // namespace

MatchRuns match_runs(std::span<const Prefix> prefixes, bool v4) {
    using match_runs_detail::Space;
    const Space space = v4 ? Space{0xff'ffffU, 0xffU, 32 - kInnerBitsV4, true} : Space{~std::uint64_t{0}, ~std::uint64_t{0}, 128 - kInnerBitsV6, false};
    const auto wanted = match_runs_detail::sorted(prefixes, space);
    return match_runs_detail::in_groups(match_runs_detail::runs_of(wanted, space), space);
}

}  // namespace hw::net
