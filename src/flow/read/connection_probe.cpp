#include "flow/read/connection_probe.hpp"

#define XXH_INLINE_ALL  // NOLINT(readability-identifier-naming): the library's own name
#include <xxhash.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace hw::flow::read {
namespace {
namespace probe_detail {

constexpr Duration kIdle = std::chrono::seconds(300);
constexpr std::int32_t kFar = 1 << 24;  // a segment this far from the window is a stray
constexpr std::uint32_t kSweepEvery = 65'536;

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
    if (bytes.size() < text.size()) { return false; }
    return std::ranges::equal(text, bytes.first(text.size()), [](char c, std::byte b) { return static_cast<unsigned char>(c) == std::to_integer<unsigned char>(b); });
}

/// An answer that came clearly sooner than a packet can get to the other end and back was none: the words crossed on the way.
bool crossed(std::uint32_t answer, std::uint32_t transport) {
    return answer + 2'000.0 < 0.8 * transport;
}

void drop_crossed(EndTimings& end, std::uint16_t& unmeasured) {
    if (end.transport.empty()) { return; }
    const auto gone = std::erase_if(end.far, [&](const FarSample& s) { return crossed(s.micros, end.transport_min); });
    if (gone > 0) { unmeasured |= static_cast<std::uint16_t>(1U << static_cast<unsigned>(Unmeasured::unprompted)); }
}

}  // namespace probe_detail
}  // namespace

std::size_t ConnectionProbe::KeyHash::operator()(const FlowKey& key) const {
    return static_cast<std::size_t>(XXH3_64bits_withSeed(&key, sizeof key, seed));
}

EndTimings& ConnectionProbe::end_of(Connection& connection, unsigned side) {
    return side == connection.client ? connection.timings.client_end : connection.timings.server_end;
}

void ConnectionProbe::see(const Packet& packet, std::span<const std::byte> payload) {
    if (!packet.tcp) { return; }
    if (--until_sweep_ == 0) { sweep(packet.time); }
    const KeyedSide keyed = key_of(packet);
    auto found = live_.find(keyed.key);
    const unsigned opening = packet.tcp_flags & (tcp_flag::syn | tcp_flag::ack | tcp_flag::rst);
    if (opening == tcp_flag::syn && found != live_.end()) {
        Connection& before = found->second;
        const bool same = before.client == keyed.side && before.isn_known && before.client_isn == packet.sequence;
        if (!same && (before.closed || !before.side[1U - keyed.side].known || packet.time - before.last > std::chrono::seconds(60))) {
            close(before);  // the port was used again
            live_.erase(found);
            found = live_.end();
        }
    }
    if (found == live_.end()) {
        if (opening != tcp_flag::syn && opening != (tcp_flag::syn | tcp_flag::ack)) { return; }
        found = open(packet, keyed);
        if (found == live_.end()) { return; }
    }
    Connection& connection = found->second;
    connection.last = packet.time;
    const unsigned side = keyed.side;
    if ((packet.tcp_flags & tcp_flag::ack) != 0) { acknowledge(connection, packet, side); }
    if ((packet.tcp_flags & tcp_flag::syn) != 0) { return note_opening(connection, packet, side); }
    if (packet.payload > 0) { data(connection, packet, payload, side); }
    if ((packet.tcp_flags & tcp_flag::fin) != 0) { connection.side[side].fin = true; }
    if ((packet.tcp_flags & tcp_flag::rst) != 0 || (connection.side[0].fin && connection.side[1].fin)) { connection.closed = true; }
}

ConnectionProbe::Live::iterator ConnectionProbe::open(const Packet& packet, const KeyedSide& keyed) {
    if (live_.size() >= most_alive_) {
        ++passed_over_;
        return live_.end();
    }
    const auto made = live_.try_emplace(keyed.key).first;
    Connection& connection = made->second;
    const bool by_client = (packet.tcp_flags & tcp_flag::ack) == 0;
    connection.client = static_cast<std::uint8_t>(by_client ? keyed.side : 1U - keyed.side);
    const net::Endpoint source{packet.source, net::Port{packet.source_port}};
    const net::Endpoint destination{packet.destination, net::Port{packet.destination_port}};
    ConnectionTimings& timings = connection.timings;
    timings.observer = observer_;
    timings.client = by_client ? source : destination;
    timings.server = by_client ? destination : source;
    timings.first = packet.time;
    return made;
}

void ConnectionProbe::note_opening(Connection& connection, const Packet& packet, unsigned side) {
    Side& sender = connection.side[side];
    const bool by_client = (packet.tcp_flags & tcp_flag::ack) == 0;
    if (by_client != (side == connection.client)) { return; }  // not of this connection's
    if (sender.known) {  // sent again: which of the two will be answered is not known
        sender.waiting_count = 0;
        return;
    }
    Side& other = connection.side[1U - side];
    if (by_client) {
        connection.client_isn = packet.sequence;
        connection.isn_known = true;
    } else if (connection.isn_known && packet.acknowledgement != connection.client_isn + 1) {
        return;  // not the answer to the SYN that was seen
    } else if (!other.known) {
        connection.client_isn = packet.acknowledgement - 1;
        connection.isn_known = true;
        other.known = true;
        other.next = packet.acknowledgement;
    }
    sender.known = true;
    sender.next = packet.sequence + 1 + packet.payload;
    await(sender, packet.sequence + 1, packet.time);
    EndTimings& end = end_of(connection, side);
    end.ttl = packet.ttl;
    end.mss = packet.mss;
    end.window = packet.window;
}

void ConnectionProbe::await(Side& side, std::uint32_t end, Time at) {
    if (side.waiting_count == side.waiting.size()) {
        std::ranges::copy(std::span(side.waiting).subspan(1), side.waiting.begin());
        --side.waiting_count;
    }
    side.waiting[side.waiting_count++] = {.end = end, .at = at};
}

void ConnectionProbe::acknowledge(Connection& connection, const Packet& packet, unsigned side) {
    Side& asker = connection.side[1U - side];
    std::uint8_t covered = 0;
    while (covered < asker.waiting_count && static_cast<std::int32_t>(packet.acknowledgement - asker.waiting[covered].end) >= 0) { ++covered; }
    if (covered == 0) { return; }
    // The latest that it covers: whatever made the receiver speak, it had that segment by then.
    const Duration gone = packet.time - asker.waiting[covered - 1U].at;
    std::copy(asker.waiting.begin() + covered, asker.waiting.begin() + asker.waiting_count, asker.waiting.begin());
    asker.waiting_count = static_cast<std::uint8_t>(asker.waiting_count - covered);
    if (gone < Duration(0) || gone > std::chrono::seconds(30)) { return; }
    EndTimings& end = end_of(connection, side);
    const auto micros = static_cast<std::uint32_t>(gone.count());
    end.transport_min = end.transport.empty() ? micros : std::min(end.transport_min, micros);
    if (end.transport.size() < kTransportKept) { end.transport.push_back(micros); }
}

void ConnectionProbe::data(Connection& connection, const Packet& packet, std::span<const std::byte> payload, unsigned side) {
    Side& sender = connection.side[side];
    Side& other = connection.side[1U - side];
    if (!sender.known) {  // the SYN-ACK was not captured
        sender.known = true;
        sender.next = packet.sequence;
    }
    const auto ahead = static_cast<std::int32_t>(packet.sequence - sender.next);
    if (ahead > probe_detail::kFar || ahead < -probe_detail::kFar) { return; }
    SegmentBytes bytes{.seen = payload, .length = packet.payload, .gap = 0};
    const bool starts = connection.last_speaker != side;
    bool clean = true;
    if (ahead < 0) {
        const auto again = static_cast<std::uint32_t>(-ahead);
        if (again == 1 && packet.payload <= 1) { return; }  // a keep-alive
        sender.disturbed = true;
        sender.waiting_count = 0;
        if (again >= packet.payload) { return; }
        bytes.seen = bytes.seen.subspan(std::min<std::size_t>(again, bytes.seen.size()));
        bytes.length -= again;
        clean = false;
    } else if (ahead > 0) {
        sender.waiting_count = 0;
        bytes.gap = static_cast<std::uint32_t>(ahead);
        clean = false;
    }
    sender.next = packet.sequence + packet.payload;
    if (starts) { sender.disturbed = false; }
    if (!clean) { sender.disturbed = true; }
    if (clean) { await(sender, sender.next, packet.time); }
    const Turn turn{.now = packet.time, .prompt = other.spoke ? std::optional(other.last_data) : std::nullopt, .starts = starts,
                    .clean = clean && !other.disturbed};
    const bool from_client = side == connection.client;
    if (!connection.protocol_known) { choose_protocol(connection, bytes, from_client); }
    Findings findings(connection.timings);
    const bool more = std::visit(
        [&](auto& turns) {
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(turns)>, std::monostate>) { return true; }
            else { return turns.segment(from_client, bytes, turn, findings); }
        },
        connection.turns);
    if (!more) { connection.turns = std::monostate{}; }
    sender.spoke = true;
    sender.last_data = packet.time;
    connection.last_speaker = static_cast<std::uint8_t>(side);
}

void ConnectionProbe::choose_protocol(Connection& connection, const SegmentBytes& bytes, bool from_client) {
    using probe_detail::begins_with;
    Findings findings(connection.timings);
    connection.protocol_known = true;
    if (bytes.gap > 0) { return findings.note(Unmeasured::disturbed); }
    if (begins_with(bytes.seen, "SSH-")) { connection.turns = SshTurns{}; }
    else if (from_client && begins_with(bytes.seen, "\x16\x03")) { connection.turns = TlsTurns{}; }
    else if (from_client && begins_with(bytes.seen, "PRI * HTTP/2.0")) { connection.turns = Http2Turns{}; }
    else if (from_client && begins_with(bytes.seen, "GET ")) { connection.turns = WebSocketTurns{}; }
    else { findings.note(bytes.seen.size() < std::min<std::size_t>(4, bytes.length) ? Unmeasured::cut_off : Unmeasured::not_understood); }
}

void ConnectionProbe::close(Connection& connection) {
    Findings findings(connection.timings);
    if (auto* tls = std::get_if<TlsTurns>(&connection.turns)) { tls->finish(findings); }
    if (auto* ssh = std::get_if<SshTurns>(&connection.turns)) { ssh->finish(findings); }
    ConnectionTimings& timings = connection.timings;
    if (!connection.protocol_known) { findings.note(Unmeasured::not_understood); }
    probe_detail::drop_crossed(timings.client_end, timings.unmeasured);
    probe_detail::drop_crossed(timings.server_end, timings.unmeasured);
    // What nobody answered (a scan) was no connection.
    if (timings.client_end.transport.empty() && timings.server_end.transport.empty()) { return; }
    timings.client_end.transport.shrink_to_fit();
    timings.server_end.transport.shrink_to_fit();
    done_.push_back(std::move(timings));
}

void ConnectionProbe::sweep(Time now) {
    until_sweep_ = probe_detail::kSweepEvery;
    for (auto entry = live_.begin(); entry != live_.end();) {
        const Duration silence = now - entry->second.last;
        if (silence <= (entry->second.closed ? Duration(std::chrono::seconds(30)) : probe_detail::kIdle)) {
            ++entry;
            continue;
        }
        close(entry->second);
        entry = live_.erase(entry);
    }
}

std::vector<ConnectionTimings> ConnectionProbe::finish() {
    for (auto& [key, connection] : live_) { close(connection); }
    live_.clear();
    std::ranges::sort(done_, [](const ConnectionTimings& a, const ConnectionTimings& b) {
        return std::tie(a.first, a.client, a.server) < std::tie(b.first, b.client, b.server);
    });
    return std::exchange(done_, {});
}

}  // namespace hw::flow::read
