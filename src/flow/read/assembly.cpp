#include "flow/read/assembly.hpp"

#define XXH_INLINE_ALL  // NOLINT(readability-identifier-naming): the library's own name
#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace hw::flow::read {
namespace {
namespace assembly_detail {

constexpr std::size_t kSlots = 512;
constexpr Duration kLinger = std::chrono::seconds(30);
constexpr Duration kReuseAfter = std::chrono::seconds(60);
constexpr std::uint64_t kOpeningPackets = 4;     // a SYN after more than these does not tell who opened what they belong to
constexpr std::uint64_t kHandshakePackets = 64;  // nor is an ACK after these the handshake's

/// Who serves, by port alone: well-known (RFC 6335) below 1024, then those that systems do not hand out to clients.
/// -1: the ports do not tell.
int server_by_port(std::uint16_t a, std::uint16_t b) {
    for (const unsigned limit : {1024U, 32768U}) {
        if ((a < limit) != (b < limit)) { return a < limit ? 0 : 1; }
    }
    return -1;
}

}  // namespace assembly_detail
}  // namespace

Assembler::Assembler(AssemblyOptions options, FlowSink sink, ReadReport& report)
    : options_(std::move(options)), sink_(std::move(sink)), report_(&report), slots_(assembly_detail::kSlots) {
    // The idle timeout spans at most half of the wheel.
    shortest_patience_ = std::min(assembly_detail::kLinger, options_.timeouts.idle);
    slot_width_ = std::max<Duration>(std::chrono::seconds(1), options_.timeouts.idle / (assembly_detail::kSlots / 2));
}

std::uint32_t Assembler::hash_of(const FlowKey& key) const {
    return static_cast<std::uint32_t>(XXH3_64bits_withSeed(&key, sizeof key, options_.hash_seed));
}



void Assembler::prefetch_cold(std::uint32_t number) const {
    const std::uint32_t cold = flows_[number].cold;
    if (cold == 0) { return; }
    const ColdPart& part = colds_[cold - 1];
    __builtin_prefetch(&part, 1);
    __builtin_prefetch(&part.course, 1);
}

void Assembler::add(std::span<const Packet> packets) {
    // Passes, so that the cache misses of a group overlap: the index's places, then the flows, then their cold parts a few
    // packets ahead of the work.
    constexpr std::size_t kAhead = 8;
    hashed_.resize(packets.size());
    for (std::size_t i = 0; i < packets.size(); ++i) {
        hashed_[i].keyed = key_of(packets[i]);
        hashed_[i].hash = hash_of(hashed_[i].keyed.key);
        index_.prefetch(hashed_[i].hash);
    }
    for (Hashed& h : hashed_) {
        h.likely = index_.find(h.hash, [](std::uint32_t) { return true; });
        if (h.likely == FlowIndex::kNone) { continue; }
        const LiveFlow& flow = flows_[h.likely];
        __builtin_prefetch(&flow.key, 1);
        __builtin_prefetch(&flow.half[h.keyed.side], 1);
    }
    for (std::size_t i = 0; i < packets.size(); ++i) {
        if (i + kAhead < packets.size() && hashed_[i + kAhead].likely != FlowIndex::kNone) { prefetch_cold(hashed_[i + kAhead].likely); }
        apply(packets[i], hashed_[i]);
    }
}

Duration Assembler::patience(const LiveFlow& flow) const {
    return flow.closed != 0 ? shortest_patience_ : options_.timeouts.idle;
}

void Assembler::apply(const Packet& packet, const Hashed& hashed) {
    advance(packet.time);
    const KeyedSide& keyed = hashed.keyed;
    std::uint32_t number = index_.find(hashed.hash, [&](std::uint32_t n) { return flows_[n].key == keyed.key; });
    if (number == FlowIndex::kNone) {
        if (index_.size() >= options_.max_live_flows) { evict(packet); }
        number = flows_.take();
        index_.insert(hashed.hash, number);
        flows_[number].hash = hashed.hash;
        begin(flows_[number], packet, keyed);
        hang(number, packet.time + shortest_patience_);
        return count(flows_[number], packet, keyed.side);
    }
    // A flow that ends here leaves its place in the index, the pool and the wheel to its successor.
    LiveFlow& flow = flows_[number];
    const Duration silence = packet.time - flow.last;
    if ((silence > shortest_patience_ && silence > patience(flow)) || flow.first - packet.time > options_.timeouts.idle) {
        emit(flow, flow.closed != 0 ? FlowEnd::end_of_flow : FlowEnd::idle_timeout);
        begin(flow, packet, keyed);
    } else if (packet.tcp && starts_anew(flow, packet, keyed.side)) {
        emit(flow, FlowEnd::end_of_flow);
        begin(flow, packet, keyed);
    } else if (flow.half[0].is(LiveHalf::kCut) || packet.time - flow.first > options_.timeouts.active) {
        const LiveFlow before = flow;
        emit(flow, FlowEnd::active_timeout);
        begin(flow, packet, keyed);
        flow.set_client(before.client_side(), before.basis());
        flow.closed = before.closed;
        for (unsigned side = 0; side < 2; ++side) {
            flow.half[side].sequence = before.half[side].sequence;
            constexpr unsigned kept = LiveHalf::kSequenceKnown | LiveHalf::kFin;
            flow.half[side].state |= static_cast<std::uint8_t>(before.half[side].state & kept);
        }
    }
    count(flow, packet, keyed.side);
}

void Assembler::begin(LiveFlow& flow, const Packet& packet, const KeyedSide& keyed) {
    const std::uint32_t hash = flow.hash;
    flow = LiveFlow{};
    flow.hash = hash;
    flow.key = keyed.key;
    flow.first = packet.time;
    flow.last = packet.time;
    const unsigned sender = keyed.side;
    const unsigned other = 1U - sender;
    if (packet.tcp && (packet.tcp_flags & tcp_flag::syn) != 0) {
        return flow.set_client((packet.tcp_flags & tcp_flag::ack) == 0 ? sender : other, InitiatorBasis::syn);
    }
    if (packet.protocol == number(Protocol::tcp)) {
        const int server = assembly_detail::server_by_port(keyed.key.low_port, keyed.key.high_port);
        if (server >= 0) { return flow.set_client(server == 0 ? 1 : 0, InitiatorBasis::port); }
    }
    flow.set_client(packet.reply ? other : sender, InitiatorBasis::first_packet);
}

bool Assembler::starts_anew(const LiveFlow& flow, const Packet& packet, unsigned side) {
    if ((packet.tcp_flags & (tcp_flag::syn | tcp_flag::ack | tcp_flag::rst)) != tcp_flag::syn) { return false; }
    const LiveHalf& half = flow.half[side];
    const LiveHalf& other = flow.half[1U - side];
    if (half.is(LiveHalf::kSequenceKnown)) {
        // The SYN again, or one overtaken by the first data: its number lies just before what was seen.
        const std::uint32_t distance = half.sequence.next() - (packet.sequence + 1);
        const bool same = (half.tcp_flags & tcp_flag::syn) != 0 && flow.cold != 0 && flow.client_side() == side
                              ? colds_[flow.cold - 1].client_isn == packet.sequence
                              : distance <= 65536;
        if (same) { return false; }
    } else if (half.packets == 0 && other.packets > 0 && flow.closed == 0) {
        return false;  // the other end's half of the beginning came first
    }
    return flow.closed != 0 || other.packets == 0 || packet.time - flow.last >= assembly_detail::kReuseAfter;
}

void Assembler::count(LiveFlow& flow, const Packet& packet, unsigned side) {
    LiveHalf& half = flow.half[side];
    if (half.packets == 0) {
        half.link_sender = packet.link_sender;
        half.ttl_min = packet.ttl;
    } else if (half.link_sender != packet.link_sender) {
        half.state |= LiveHalf::kLinkMixed;
    }
    ++half.packets;
    half.bytes += packet.bytes;
    half.ttl_min = std::min(half.ttl_min, packet.ttl);
    half.ttl_max = std::max(half.ttl_max, packet.ttl);
    flow.first = std::min(flow.first, packet.time);
    flow.last = std::max(flow.last, packet.time);
    if (packet.tcp) { return count_tcp(flow, packet, side); }
    if (packet.protocol == number(Protocol::tcp)) { return; }  // snapped before its flags
    half.payload_bytes += packet.payload;
    add_activity(flow, side, packet.time, packet.payload);
}

void Assembler::count_tcp(LiveFlow& flow, const Packet& packet, unsigned side) {
    LiveHalf& half = flow.half[side];
    const bool syn = (packet.tcp_flags & tcp_flag::syn) != 0;
    const bool rst = (packet.tcp_flags & tcp_flag::rst) != 0;
    half.tcp_flags |= packet.tcp_flags;
    note_handshake(flow, packet, side);
    if (rst) {
        flow.closed = 1;
        return;  // what a reset carries is a diagnostic at most (RFC 9293, 3.5.3)
    }
    if (syn && !half.is(LiveHalf::kSequenceKnown)) {
        half.sequence.start(packet.sequence);
        half.state |= LiveHalf::kSequenceKnown;
    }
    if (packet.payload > 0) {
        const std::uint32_t data_from = packet.sequence + (syn ? 1U : 0U);
        if (!half.is(LiveHalf::kSequenceKnown)) {
            half.sequence.set_next(data_from);
            half.state |= LiveHalf::kSequenceKnown;
        }
        const std::uint32_t fresh = half.sequence.fresh(data_from, packet.payload);
        if (fresh > 0) {
            const bool first = half.payload_bytes == 0;
            half.payload_bytes += fresh;
            add_activity(flow, side, packet.time, fresh);
            if (flow.closed != 0) {  // a forged or stray end: the conversation goes on
                flow.closed = 0;
                for (LiveHalf& h : flow.half) { h.state &= static_cast<std::uint8_t>(~LiveHalf::kFin); }
            }
            if (first) { cold_of(flow).first_payload[side].set(packet.time, flow.first); }
        }
    } else if (!half.is(LiveHalf::kSequenceKnown)) {
        half.sequence.set_next(packet.sequence);
        half.state |= LiveHalf::kSequenceKnown;
    }
    if ((packet.tcp_flags & tcp_flag::fin) != 0) {
        half.state |= LiveHalf::kFin;
        if (flow.half[1U - side].is(LiveHalf::kFin)) { flow.closed = 1; }
    }
}

void Assembler::note_handshake(LiveFlow& flow, const Packet& packet, unsigned side) {
    const unsigned kind = packet.tcp_flags & (tcp_flag::syn | tcp_flag::ack | tcp_flag::rst);
    if (kind == tcp_flag::syn) {
        ColdPart& cold = cold_of(flow);
        if (cold.syn.known() || (cold.syn_ack.known() && packet.sequence != cold.client_isn)) { return; }
        const std::uint64_t so_far = flow.half[0].packets + flow.half[1].packets;
        if (flow.basis() != InitiatorBasis::syn && so_far > assembly_detail::kOpeningPackets) { return; }  // too late to be this connection's
        if (flow.basis() != InitiatorBasis::syn) { flow.set_client(side, InitiatorBasis::syn); }
        if (flow.client_side() != side) { return; }
        cold.syn.set(packet.time, flow.first);
        cold.client_isn = packet.sequence;
        cold.mss[side] = packet.mss;
        cold.window[side] = packet.window;
    } else if (kind == (tcp_flag::syn | tcp_flag::ack)) {
        ColdPart& cold = cold_of(flow);
        // Only the answer to the SYN that was seen; a forged one would forge a round trip.
        if (cold.syn_ack.known() || (cold.syn.known() && (flow.client_side() == side || packet.acknowledgement != cold.client_isn + 1))) { return; }
        const std::uint64_t so_far = flow.half[0].packets + flow.half[1].packets;
        if (flow.basis() != InitiatorBasis::syn) {
            if (so_far > assembly_detail::kOpeningPackets) { return; }
            flow.set_client(1U - side, InitiatorBasis::syn);
        }
        if (flow.client_side() == side) { return; }
        cold.syn_ack.set(packet.time, flow.first);
        cold.client_isn = packet.acknowledgement - 1;
        cold.server_isn = packet.sequence;
        cold.mss[side] = packet.mss;
        cold.window[side] = packet.window;
        flow.half[1U - side].state |= LiveHalf::kAckAwaited;
    } else if (kind == tcp_flag::ack && flow.half[side].is(LiveHalf::kAckAwaited)) {
        ColdPart& cold = cold_of(flow);
        if (packet.acknowledgement == cold.server_isn + 1) {
            cold.ack.set(packet.time, flow.first);
            flow.half[side].state &= static_cast<std::uint8_t>(~LiveHalf::kAckAwaited);
        } else if (flow.half[side].packets + flow.half[1U - side].packets > assembly_detail::kHandshakePackets) {
            flow.half[side].state &= static_cast<std::uint8_t>(~LiveHalf::kAckAwaited);  // it was not captured
        }
    }
}

void Assembler::add_activity(LiveFlow& flow, unsigned side, Time time, std::uint32_t bytes) {
    LiveHalf& half = flow.half[side];
    const std::int64_t index = bin_index(time, kActivityBinWidth);
    if (half.bin_packets != 0 && index > half.bin_index) {
        course_of(flow)[side].add({half.bin_index, half.bin_packets, half.bin_bytes});
        half.bin_packets = 0;
        half.bin_bytes = 0;
    }
    if (half.bin_packets == 0) { half.bin_index = index; }
    ++half.bin_packets;
    half.bin_bytes += bytes;
}

ColdPart& Assembler::cold_of(LiveFlow& flow) {
    if (flow.cold == 0) { flow.cold = (colds_.take() + 1) & 0x7fff'ffffU; }
    return colds_[flow.cold - 1];
}

Course& Assembler::course_of(LiveFlow& flow) {
    ColdPart& cold = cold_of(flow);
    if (cold.course == 0) { cold.course = courses_.take() + 1; }
    return courses_[cold.course - 1];
}

Flow Assembler::as_flow(const LiveFlow& flow, FlowEnd end, Course course) const {
    const unsigned client = flow.client_side();
    const unsigned server = 1U - client;
    const std::array<net::Endpoint, 2> ends = {net::Endpoint{flow.key.low, net::Port{flow.key.low_port}},
                                               net::Endpoint{flow.key.high, net::Port{flow.key.high_port}}};
    Flow out;
    out.observer = options_.observer;
    out.client = ends[client];
    out.server = ends[server];
    out.protocol = Protocol{flow.key.protocol};
    out.end = end;
    out.basis = flow.basis();
    out.first = flow.first;
    out.last = flow.last;
    out.tunnel_depth = flow.key.tunnel_depth;
    out.id = make_flow_id(options_.observer_name, out.client, out.server, out.protocol, out.first, out.tunnel_depth);
    for (const unsigned side : {client, server}) {
        const LiveHalf& half = flow.half[side];
        (side == client ? out.request : out.reply) = {
            .packets = half.packets, .bytes = half.bytes, .payload_bytes = half.payload_bytes, .tcp_flags = half.tcp_flags,
            .ttl_min = half.ttl_min, .ttl_max = half.ttl_max, .link_sender = half.is(LiveHalf::kLinkMixed) ? 0 : half.link_sender};
    }
    if (flow.cold != 0) {
        const ColdPart& cold = colds_[flow.cold - 1];
        out.handshake = {.syn = cold.syn.at(flow.first), .syn_ack = cold.syn_ack.at(flow.first), .ack = cold.ack.at(flow.first),
                         .first_request = cold.first_payload[client].at(flow.first), .first_reply = cold.first_payload[server].at(flow.first),
                         .client_mss = cold.mss[client], .server_mss = cold.mss[server],
                         .client_window = cold.window[client], .server_window = cold.window[server]};
    }
    for (const unsigned side : {client, server}) {
        const LiveHalf& half = flow.half[side];
        if (half.bin_packets != 0) { course[side].add({half.bin_index, half.bin_packets, half.bin_bytes}); }
    }
    out.activity = Activity::from_packed(course[client].finish(), course[server].finish());
    return out;
}

void Assembler::emit(LiveFlow& flow, FlowEnd end) {
    if (flow.half[0].is(LiveHalf::kCut)) { return; }  // handed over already
    const std::uint32_t course = flow.cold != 0 ? colds_[flow.cold - 1].course : 0;
    Flow out = as_flow(flow, end, course != 0 ? std::move(courses_[course - 1]) : Course{});
    if (course != 0) { courses_.give_back(course - 1); }
    if (flow.cold != 0) {
        colds_.give_back(flow.cold - 1);
        flow.cold = 0;
    }
    ++report_->flows;
    sink_(std::move(out));
}

void Assembler::cut(Time before) {
    for (const auto& slot : slots_) {
        for (const std::uint32_t number : slot) {
            LiveFlow& flow = flows_[number];
            if (flow.first > before || (flow.closed != 0 && flow.last > before)) { continue; }
            emit(flow, flow.closed != 0 ? FlowEnd::end_of_flow : FlowEnd::active_timeout);
            flow.half[0].state |= LiveHalf::kCut;
        }
    }
}

void Assembler::snapshot(const std::function<void(Flow&&)>& sink) const {
    for (const auto& slot : slots_) {
        for (const std::uint32_t number : slot) {
            const LiveFlow& flow = flows_[number];
            if (flow.half[0].is(LiveHalf::kCut)) { continue; }
            const std::uint32_t course = flow.cold != 0 ? colds_[flow.cold - 1].course : 0;
            sink(as_flow(flow, flow.closed != 0 ? FlowEnd::end_of_flow : FlowEnd::forced_end, course != 0 ? courses_[course - 1] : Course{}));
        }
    }
}

void Assembler::remove(std::uint32_t number) {
    index_.erase(flows_[number].hash, number);
    flows_.give_back(number);
}

}  // namespace hw::flow::read
