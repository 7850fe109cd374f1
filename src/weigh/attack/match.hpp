#pragma once

#include "weigh/attack/likeness.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace hw::weigh::attack {

/// What speaks for it that none of the groups did it.
struct NoneTraits {
    static constexpr std::size_t kCount = 6;
    /// 1; the greatest best_report, coverage and robust_coverage of any group; the greatest share among the groups; ln(features observed).
    std::array<double, kCount> terms{};
};

/// How much each likeness counts: a logistic regression, fitted on ATT&CK's own reports, each left out in turn (docs/results/attack-match.md).
struct Model {
    std::array<double, kTraits> weights{};                ///< Of groups: P(g | one of them) ∝ e^(Σ weight·trait).
    std::array<double, NoneTraits::kCount> none{};        ///< P(none of them) = 1/(1 + e^−(Σ weight·term)), for as many cases of either.
};

/// The model that ships: fitted on ATT&CK v18.1.
[[nodiscard]] const Model& shipped_model();

/// Chances of the groups, and of none of them, where either is as likely beforehand and all groups alike.
struct Match {
    std::vector<double> groups;  ///< P(group | one of them), in the library's order; they sum to 1.
    double none = 0;             ///< P(none of them).
};

/// The chances among the groups alone.
[[nodiscard]] std::vector<double> among_groups(std::span<const Likeness> likenesses, const std::array<double, kTraits>& weights);
[[nodiscard]] NoneTraits none_traits(std::span<const Likeness> likenesses, std::span<const double> among, const Observed& observed);
[[nodiscard]] Match match(std::span<const Likeness> likenesses, const Observed& observed, const Model& model);
[[nodiscard]] Match match(const Profiles& profiles, const Observed& observed, const Model& model = shipped_model());

}  // namespace hw::weigh::attack
