#include "trace/tunnels.hpp"

#include "trace/parallel.hpp"
#include "trace/sums.hpp"

#include <algorithm>
#include <optional>

namespace hw::trace {

namespace {
namespace find_tunnels_detail {

std::uint64_t bytes_of(const flow::Flow& flow) { return flow.request.bytes + flow.reply.bytes; }

/// A flow that may be a tunnel, and the streams inside its life.
struct Candidate {
    const flow::Flow* flow = nullptr;
    bool opened = false;  ///< By the relay.
    std::vector<SharedStream> streams;
};

/// `streams` in order of first packet.
void add_candidates(std::span<const flow::Flow* const> tunnels, bool opened, std::span<const flow::Flow* const> streams, Duration slack,
                    std::vector<Candidate>& out) {
    for (const auto* tunnel : tunnels) {
        if (tunnel->activity.empty()) { continue; }
        Candidate candidate{tunnel, opened, {}};
        auto at = std::ranges::lower_bound(streams, tunnel->first - slack, {}, [](const flow::Flow* f) { return f->first; });
        for (; at != streams.end() && (*at)->first <= tunnel->last; ++at) {
            // What carries more than the tunnel all told is not inside it.
            if ((*at)->last > tunnel->last + slack || bytes_of(**at) > bytes_of(*tunnel)) { continue; }
            candidate.streams.push_back({*at, !opened});
        }
        if (candidate.streams.size() >= 2) { out.push_back(std::move(candidate)); }
    }
}

}  // namespace find_tunnels_detail
}  // namespace

std::vector<Tunnel> find_tunnels(std::span<const flow::Flow* const> inflows, std::span<const flow::Flow* const> outflows, const LinkOptions& options) {
    using namespace find_tunnels_detail;
    std::vector<Candidate> candidates;
    add_candidates(inflows, false, outflows, options.max_lag, candidates);
    add_candidates(outflows, true, inflows, options.max_lag, candidates);
    std::ranges::stable_sort(candidates, [](const Candidate& a, const Candidate& b) { return bytes_of(*a.flow) > bytes_of(*b.flow); });
    candidates.resize(std::min(candidates.size(), kMostTunnelsTried));
    std::vector<std::optional<Tunnel>> found(candidates.size());
    LinkOptions quiet = options;
    quiet.progress = nullptr;
    for_each_index(candidates.size(), quiet, [&](std::size_t c) {
        if (options.stop.stop_requested()) { return; }
        const Candidate& candidate = candidates[c];
        const TunnelShares shares = explain_tunnel(*candidate.flow, candidate.opened, candidate.streams);
        if (shares.streams.size() < 2 || shares.explained < kLeastExplained || shares.explained < shares.by_chance + kLeastBeyondChance) { return; }
        Tunnel tunnel{.flow = candidate.flow, .opened = candidate.opened, .explained = shares.explained, .by_chance = shares.by_chance, .streams = {}};
        tunnel.streams.reserve(shares.streams.size());
        for (const StreamShare& share : shares.streams) { tunnel.streams.push_back({candidate.streams[share.stream].flow, share.weight}); }
        found[c] = std::move(tunnel);
    });
    std::vector<Tunnel> tunnels;
    for (auto& tunnel : found) {
        if (tunnel) { tunnels.push_back(*std::move(tunnel)); }
    }
    std::ranges::stable_sort(tunnels, [](const Tunnel& a, const Tunnel& b) { return a.flow->first != b.flow->first ? a.flow->first < b.flow->first : a.flow->id < b.flow->id; });
    return tunnels;
}

}  // namespace hw::trace
