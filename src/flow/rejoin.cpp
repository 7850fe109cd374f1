#include "flow/rejoin.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <tuple>
#include <utility>

namespace hw::flow {
namespace rejoining {

bool was_cut(const Flow& flow) {
    switch (flow.end) {
        case FlowEnd::active_timeout: return true;
        case FlowEnd::idle_timeout: return flow.protocol == Protocol::tcp;
        // A log that only says how far a TCP connection had come when it was written (Zeek: OTH, S1).
        case FlowEnd::unknown: return flow.protocol == Protocol::tcp && flow.activity.empty();
        case FlowEnd::end_of_flow:
        case FlowEnd::forced_end:
        case FlowEnd::lack_of_resources: return false;
    }
    return false;
}

bool opens_anew(const Flow& flow) {
    const unsigned flags = static_cast<unsigned>(flow.request.tcp_flags) | flow.reply.tcp_flags;
    return (flags & tcp_flag::syn) != 0 || (flags == 0 && flow.protocol == Protocol::tcp && flow.basis == InitiatorBasis::syn);
}

std::uint64_t conversation_hash(const Flow& flow) {
    const std::hash<net::Endpoint> hash;
    return (hash(flow.client) ^ hash(flow.server)) + number(flow.protocol);
}

}  // namespace rejoining

namespace {
namespace rejoin_detail {

using rejoining::conversation_hash;
using rejoining::kLongestSilence;
using rejoining::opens_anew;
using rejoining::was_cut;

constexpr Duration kCoarsest = std::chrono::minutes(30);      // a course of wider bins tells nothing
constexpr std::size_t kFewestSlices = 3;
constexpr std::int64_t kMostSliceBins = 100'000;

auto conversation(const Flow& flow) {
    const auto& [low, high] = std::minmax(flow.client, flow.server);
    return std::tuple(flow.observer, flow.protocol, flow.tunnel_depth, low, high);
}

bool continues(const Flow& piece, const Flow& before) {
    return was_cut(before) && !opens_anew(piece) && piece.first >= before.last && piece.first - before.last <= kLongestSilence &&
           conversation(piece) == conversation(before);
}

HalfFlow summed(const HalfFlow& a, const HalfFlow& b) {
    HalfFlow out = a;
    out.packets += b.packets;
    out.bytes += b.bytes;
    out.payload_bytes += b.payload_bytes;
    out.tcp_flags = static_cast<std::uint8_t>(a.tcp_flags | b.tcp_flags);
    if (b.packets > 0 && b.ttl_max > 0) {
        out.ttl_min = a.ttl_min == 0 ? b.ttl_min : std::min(a.ttl_min, b.ttl_min);
        out.ttl_max = std::max(a.ttl_max, b.ttl_max);
        if (a.packets == 0) { out.link_sender = b.link_sender; }
        else if (a.link_sender != b.link_sender) { out.link_sender = 0; }
    }
    return out;
}

void append(std::vector<ActivityBin>& bins, const std::vector<ActivityBin>& more) {
    for (const ActivityBin& bin : more) {
        if (!bins.empty() && bin.index <= bins.back().index) {  // the bin in which it was cut
            bins.back().packets += bin.packets;
            bins.back().bytes += bin.bytes;
        } else {
            bins.push_back(bin);
        }
    }
}

/// Whether the later piece's client is the first piece's.
bool same_roles(const Flow& first, const Flow& piece) { return first.client == piece.client; }

Activity joined_course(std::span<Flow* const> pieces) {
    std::vector<ActivityBin> request;
    std::vector<ActivityBin> reply;
    for (const Flow* piece : pieces) {
        const bool same = same_roles(*pieces.front(), *piece);
        append(request, piece->activity.bins(same ? Direction::request : Direction::reply));
        append(reply, piece->activity.bins(same ? Direction::reply : Direction::request));
    }
    return Activity::from_bins(request, reply, pieces.front()->activity.width());
}

/// The exporter's active timeout as the pieces show it: the longest piece, in whole seconds; but for the last, all that
/// were cut by it are about as long.
Duration slice_width(std::span<Flow* const> pieces) {
    Duration longest{0};
    for (const Flow* piece : pieces) { longest = std::max(longest, piece->last - piece->first); }
    const auto whole = std::chrono::ceil<std::chrono::seconds>(longest);
    return std::max<Duration>(whole, std::chrono::seconds(1));
}

/// One half of the pieces' totals in bins of `width`.
std::vector<ActivityBin> sliced(std::span<Flow* const> pieces, Duration width, Direction half) {
    std::map<std::int64_t, std::pair<double, double>> bins;  // packets and bytes
    for (const Flow* piece : pieces) {
        const HalfFlow& sent = piece->half(same_roles(*pieces.front(), *piece) ? half : opposite(half));
        if (sent.packets == 0) { continue; }
        const double bytes = static_cast<double>(sent.payload_bytes > 0 ? sent.payload_bytes : sent.bytes);
        const auto packets = static_cast<double>(sent.packets);
        const std::int64_t from = bin_index(piece->first, width);
        const std::int64_t to = bin_index(piece->last, width);
        const double life = static_cast<double>(std::max<std::int64_t>((piece->last - piece->first).count(), 1));
        for (std::int64_t b = from; b <= to; ++b) {
            const std::int64_t begin = std::max(b * width.count(), piece->first.micros());
            const std::int64_t end = std::min((b + 1) * width.count(), piece->last.micros() + 1);
            const double share = from == to ? 1 : std::min(1.0, static_cast<double>(end - begin) / life);
            bins[b].first += packets * share;
            bins[b].second += bytes * share;
        }
    }
    std::vector<ActivityBin> out;
    for (const auto& [index, counts] : bins) {
        const auto packets = static_cast<std::uint32_t>(std::clamp(std::lround(counts.first), 0L, 0xffff'ffffL));
        if (packets > 0) { out.push_back({index, packets, static_cast<std::uint64_t>(std::llround(counts.second))}); }
    }
    return out;
}

Activity coarse_course(std::span<Flow* const> pieces) {
    const auto timed = std::ranges::count(pieces, FlowEnd::active_timeout, [](const Flow* p) { return p->end; });
    if (static_cast<std::size_t>(timed) + 1 < pieces.size() || pieces.size() < kFewestSlices) { return {}; }
    const Duration width = slice_width(pieces);
    if (width > kCoarsest || (pieces.back()->last - pieces.front()->first) / width > kMostSliceBins) { return {}; }
    return Activity::from_bins(sliced(pieces, width, Direction::request), sliced(pieces, width, Direction::reply), width);
}

/// Puts the pieces into the first of them.
void join(std::span<Flow* const> pieces) {
    Flow& whole = *pieces.front();
    const bool courses = std::ranges::any_of(pieces, [](const Flow* p) { return !p->activity.empty(); });
    Activity course = courses ? joined_course(pieces) : coarse_course(pieces);
    for (const Flow* piece : pieces.subspan(1)) {
        const bool same = same_roles(whole, *piece);
        whole.request = summed(whole.request, same ? piece->request : piece->reply);
        whole.reply = summed(whole.reply, same ? piece->reply : piece->request);
        whole.last = std::max(whole.last, piece->last);
    }
    whole.end = pieces.back()->end;
    whole.activity = std::move(course);
}

/// The records that may be pieces of one, those of one conversation together in order of time.
std::vector<const Flow*> pieces_among(std::span<const Flow> flows) {
    // Only conversations of which a record was cut are sorted together; most captures have few.
    std::vector<std::uint64_t> cut;
    for (const Flow& flow : flows) {
        if (was_cut(flow)) { cut.push_back(conversation_hash(flow)); }
    }
    std::ranges::sort(cut);
    std::vector<const Flow*> pieces;
    if (cut.empty()) { return pieces; }
    for (const Flow& flow : flows) {
        if (was_cut(flow) || (!opens_anew(flow) && std::ranges::binary_search(cut, conversation_hash(flow)))) { pieces.push_back(&flow); }
    }
    std::ranges::sort(pieces, [](const Flow* a, const Flow* b) {
        return std::tuple(conversation(*a), a->first, a->last, a->id) < std::tuple(conversation(*b), b->first, b->last, b->id);
    });
    return pieces;
}

}  // namespace rejoin_detail
}  // namespace

std::vector<std::vector<std::size_t>> rejoining::records_of_one(std::span<const Flow> flows) {
    using namespace rejoin_detail;
    const auto pieces = pieces_among(flows);
    std::vector<std::vector<std::size_t>> out;
    for (std::size_t begin = 0, end = 0; begin < pieces.size(); begin = end) {
        end = begin + 1;
        while (end < pieces.size() && continues(*pieces[end], *pieces[end - 1])) { ++end; }
        if (end - begin < 2) { continue; }
        auto& one = out.emplace_back();
        one.reserve(end - begin);
        for (std::size_t i = begin; i < end; ++i) { one.push_back(static_cast<std::size_t>(pieces[i] - flows.data())); }
    }
    return out;
}

Flow rejoining::joined(std::vector<Flow> records) {
    std::vector<Flow*> pieces;
    pieces.reserve(records.size());
    for (Flow& record : records) { pieces.push_back(&record); }
    rejoin_detail::join(pieces);
    return std::move(records.front());
}

std::vector<Flow> rejoin(std::vector<Flow> flows) {
    const auto joins = rejoining::records_of_one(flows);
    if (joins.empty()) { return flows; }
    std::vector<bool> gone(flows.size(), false);
    std::vector<Flow*> pieces;
    for (const auto& records : joins) {
        pieces.clear();
        for (const std::size_t i : records) { pieces.push_back(&flows[i]); }
        rejoin_detail::join(pieces);
        for (std::size_t i = 1; i < records.size(); ++i) { gone[records[i]] = true; }
    }
    std::size_t at = 0;
    std::erase_if(flows, [&](const Flow&) { return gone[at++]; });
    return flows;
}

}  // namespace hw::flow
