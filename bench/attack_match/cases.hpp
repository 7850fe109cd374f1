#pragma once

#include "weigh/attack/likeness.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

/// Tests for the match of techniques: each report on a group, with the report itself left out of everything.
namespace hw::bench {

/// One report with at least five techniques of one group.
struct Case {
    std::uint32_t group = 0;
    std::uint32_t source = 0;
    bool remains = false;  ///< Whether ATT&CK links anything to the group without this report.
    weigh::attack::Observed observed;
};

[[nodiscard]] std::vector<Case> cases_of(const weigh::attack::Library& library);

/// A case as the match sees it, with the likenesses of every group.
struct Seen {
    std::uint32_t group = 0;
    weigh::attack::Observed observed;
    std::vector<weigh::attack::Likeness> likenesses;
};

/// One case, as it is and with rare techniques of other groups planted in it.
struct Trial {
    bool remains = false;
    Seen plain;
    std::vector<double> naive;  ///< By group: the log sum that others go by, NB-mix (reference figures), λ = .3.
    struct Planted {
        std::uint32_t decoy = 0;
        Seen seen;
    };
    std::vector<Planted> planted;
};

/// Plants the `count` rarest techniques (by the groups known for them) of a random other group, those seen anyway passed over, `times` times.
[[nodiscard]] Trial trial_of(const weigh::attack::Library& library, const Case& one, std::size_t count, std::size_t times, std::mt19937_64& random);

}  // namespace hw::bench
