#pragma once

#include "cases.hpp"
#include "weigh/attack/match.hpp"

#include <array>
#include <span>
#include <vector>

namespace hw::bench {

/// A case and how much it counts.
struct Weighted {
    const Seen* seen = nullptr;
    double weight = 1;
};

/// What tells whether a group of the library was it at all, and whether none was.
struct NoneCase {
    weigh::attack::NoneTraits traits;
    bool none = false;
};

/// The weights under which the right groups are likeliest, by Newton's method: the problem is convex, so that the start does not matter. Half
/// the sum of their squares costs `kPenalty`.
[[nodiscard]] std::array<double, weigh::attack::kTraits> fit_groups(std::span<const Weighted> cases);
[[nodiscard]] std::array<double, weigh::attack::NoneTraits::kCount> fit_none(std::span<const NoneCase> cases);

/// Both, from cases with and without their own group in the library.
[[nodiscard]] weigh::attack::Model fit(std::span<const Trial* const> trials);

/// The likenesses of all groups but the case's own.
[[nodiscard]] std::vector<weigh::attack::Likeness> without_group(const Seen& seen);

}  // namespace hw::bench
