#pragma once

#include "weigh/attack/profile.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hw::weigh::attack {

/// In what an intrusion may resemble a group. Rarity (idf) counts throughout: what everybody does tells nobody apart.
enum class Trait : std::uint8_t {
    best_report,     ///< Greatest cosine (idf²) with one report on the group.
    best_recent,     ///< Greatest of cosine × e^(−|Δyears|/2); three years where a date is unknown.
    all_reports,     ///< ln(1 + sum of the cosines).
    coverage,        ///< Share of the observed rarity that the group's profile holds.
    robust_coverage, ///< As coverage, without the `kPlantable` features that say most.
    software,        ///< Σ ln(1 + .5(1 − .6^reports)/share of groups that use it) over software in the profile.
    parents_only,    ///< Σ ln(1 + .15/share) over techniques whose parent alone is in the profile.
    size,            ///< −√(features in the profile): large profiles hold something of everything.
    activity,        ///< ln of how densely reports on the group lie around the year of the intrusion.
};
inline constexpr std::size_t kTraits = static_cast<std::size_t>(Trait::activity) + 1;
[[nodiscard]] std::string_view to_string(Trait trait);

/// So many of the features that speak most for a group may have been planted: the robust traits do without them.
inline constexpr std::size_t kPlantable = 3;

/// How one group resembles what was seen.
struct Likeness {
    std::array<double, kTraits> traits{};
    [[nodiscard]] double& operator[](Trait trait) { return traits[static_cast<std::size_t>(trait)]; }
    [[nodiscard]] double operator[](Trait trait) const { return traits[static_cast<std::size_t>(trait)]; }
};

/// Of every group, in the library's order.
[[nodiscard]] std::vector<Likeness> likenesses(const Profiles& profiles, const Observed& observed);

}  // namespace hw::weigh::attack
