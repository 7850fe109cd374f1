#pragma once

#include "trace/link.hpp"
#include "trace/record_model.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// A pair of the record channel: indices into the inflows and outflows given.
struct RecordPair {
    std::uint32_t in = 0;
    std::uint32_t out = 0;
    double log_ratio = 0;  ///< ln of the likelihood ratio: these two against two unrelated ones of like size and hour.
    double chance = 0;     ///< Posterior, with every outflow having at most one partner (and every inflow, where `none` is empty).
};

/// What the record channel makes of all flows of one relay.
struct RecordLinks {
    std::vector<RecordPair> pairs;   ///< By inflow, the likeliest first; the `keep` best of each.
    std::vector<std::uint32_t> compared;  ///< For every inflow, with how many outflows.
    std::vector<double> none;             ///< Where inflows were found to carry several outflows each: of every inflow, the chance of no partner.
    std::uint64_t pairs_tested = 0;
    RecordModel model = RecordModel::prior();  ///< As learnt from half of the inflows, for the other half.
    double partnered_in = 0;         ///< Share of the inflows with a partner, as learnt.
    double partnered_out = 0;
    bool interrupted = false;
};

/// Pairs a relay's inflows with its outflows by their records alone (DESIGN, section 5, B): candidates by a sweep over sorted
/// starts and ends, never all pairs where there are many; the model learnt by EM from the host's own flows; every flow
/// matched at most once; or, where that leaves much unexplained and sums explain more, an inflow with several outflows
/// (trace/tunnel_assign.hpp). Both sides in order of first packet. About 2·10⁹ pairs are looked at at most.
[[nodiscard]] RecordLinks link_records(std::span<const flow::Flow* const> inflows, std::span<const flow::Flow* const> outflows,
                                       const LinkOptions& options);

}  // namespace hw::trace
