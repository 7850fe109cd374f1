#include "trace/tunnels.hpp"

#include "trace/parallel.hpp"
#include "trace/sums.hpp"

#include <algorithm>
#include <optional>

namespace hw::trace {

namespace {
namespace find_tunnels_detail {

std::uint64_t bytes_of(const flow::Flow& flow) { return flow.request.bytes + flow.reply.bytes; }

/// A flow that may be a tunnel.
struct Candidate {
    const flow::Flow* flow = nullptr;
    bool opened = false;  ///< By the relay.
};

/// Calls `visit` with each of `streams` (in order of first packet) that may be inside the tunnel, until it returns false.
template <typename Visit>
void visit_inside(const flow::Flow& tunnel, std::span<const flow::Flow* const> streams, Duration slack, Visit visit) {
    auto at = std::ranges::lower_bound(streams, tunnel.first - slack, {}, [](const flow::Flow* f) { return f->first; });
    for (; at != streams.end() && (*at)->first <= tunnel.last; ++at) {
        // What carries more than the tunnel all told is not inside it.
        if ((*at)->last > tunnel.last + slack || bytes_of(**at) > bytes_of(tunnel)) { continue; }
        if (!visit(*at)) { return; }
    }
}

/// Those of `tunnels` with two streams or more inside their lives.
void add_candidates(std::span<const flow::Flow* const> tunnels, bool opened, std::span<const flow::Flow* const> streams, Duration slack,
                    std::vector<Candidate>& out) {
    for (const auto* tunnel : tunnels) {
        if (tunnel->activity.empty()) { continue; }
        std::size_t inside = 0;
        visit_inside(*tunnel, streams, slack, [&](const flow::Flow*) { return ++inside < 2; });
        if (inside >= 2) { out.push_back({tunnel, opened}); }
    }
}

/// The streams inside a tunnel's life, in order of first packet; of very many those of most bytes.
std::vector<SharedStream> streams_inside(const Candidate& candidate, std::span<const flow::Flow* const> streams, Duration slack) {
    std::vector<SharedStream> inside;
    visit_inside(*candidate.flow, streams, slack, [&](const flow::Flow* stream) {
        inside.push_back({stream, !candidate.opened});
        return true;
    });
    if (inside.size() <= kMostStreamsTried) { return inside; }
    std::ranges::stable_sort(inside, [](const SharedStream& x, const SharedStream& y) { return bytes_of(*x.flow) > bytes_of(*y.flow); });
    inside.resize(kMostStreamsTried);
    std::ranges::stable_sort(inside, [](const SharedStream& x, const SharedStream& y) {
        return x.flow->first != y.flow->first ? x.flow->first < y.flow->first : x.flow->id < y.flow->id;
    });
    return inside;
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
        const auto streams = streams_inside(candidate, candidate.opened ? inflows : outflows, options.max_lag);
        const TunnelShares shares = explain_tunnel(*candidate.flow, candidate.opened, streams);
        if (shares.streams.size() < 2 || shares.explained < kLeastExplained || shares.explained < shares.by_chance + kLeastBeyondChance) { return; }
        Tunnel tunnel{.flow = candidate.flow, .opened = candidate.opened, .explained = shares.explained, .by_chance = shares.by_chance, .streams = {}};
        tunnel.streams.reserve(shares.streams.size());
        for (const StreamShare& share : shares.streams) { tunnel.streams.push_back({streams[share.stream].flow, share.weight}); }
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
