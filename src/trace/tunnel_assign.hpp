#pragma once

#include "trace/link.hpp"
#include "trace/record_background.hpp"
#include "trace/record_model.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// The flows of one relay some of whose inflows may carry several outflows each (`ssh -L`, `ssh -D`, a VPN).
struct TunnelFlows {
    std::span<const RecordRow> ins;      ///< In order of first packet, as `outs`.
    std::span<const RecordRow> outs;
    std::span<const Usualness> usual;    ///< Of every outflow (background_intensity).
    std::array<RecordModel, 2> models;   ///< For even and odd inflows, each learnt from the other half; refined here.
    bool quick = false;                  ///< Only to see about how much could be assigned.
    double partnered = 0.5;              ///< Share of the inflows that carry anything, to begin with.
};

/// The chance that a stream runs inside a tunnel.
struct StreamChance {
    std::uint32_t in = 0;
    std::uint32_t out = 0;
    double chance = 0;
    double log_ratio = 0;  ///< ln of how much likelier than before anything of the two was compared.
};

/// Which stream runs in which tunnel.
struct TunnelAssignment {
    std::vector<StreamChance> streams;    ///< By inflow, the likeliest first; chances of `kLeastStreamChance` and more.
    std::vector<double> none;             ///< Of every inflow, the chance that it carries nothing.
    std::vector<std::uint32_t> compared;  ///< Of every inflow, the streams that lived inside its life.
    double shared = 0;                    ///< Share of the tunnels in use that carry two streams or more.
    double assigned = 0;                  ///< Share of the outflows that are in some tunnel rather than in none, surely (0.8).
};
inline constexpr double kLeastStreamChance = 0.002;
inline constexpr double kMostTunnelPairs = 1e6;  ///< Tunnels times streams inside their lives; more are not tried.

/// Match by sums where there are totals only: streams that one tunnel carries look, together, like one flow that began with
/// the first, ended with the last and carried the bytes of all (`RecordModel` then judges that flow), the others having begun
/// at any time of the tunnel's life. The state "which stream is in which tunnel, each in at most one" is sampled by Gibbs
/// steps and exchanges (Geman & Geman, IEEE PAMI 6(6), 1984; Metropolis et al. 1953), several chains, annealed at the start; the relay's
/// own habits, how many streams a tunnel has among them, are learnt between runs of the chains by expectation and maximisation.
/// Deterministic for a seed. More pairs than `kMostTunnelPairs`, or a stop: empty.
[[nodiscard]] TunnelAssignment assign_streams(const TunnelFlows& flows, const LinkOptions& options);

}  // namespace hw::trace
