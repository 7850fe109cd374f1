#pragma once

#include "flow/flow.hpp"
#include "flow/read/flow_index.hpp"
#include "flow/read/input.hpp"
#include "flow/read/live_flow.hpp"
#include "flow/read/packet.hpp"
#include "flow/read/pcap_reader.hpp"
#include "flow/read/pool.hpp"
#include "flow/read/report.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace hw::flow::read {

/// What makes an assembler.
struct AssemblyOptions {
    std::string observer_name;
    ObserverId observer{};
    Timeouts timeouts;
    std::size_t max_live_flows = 4'000'000;
    std::uint64_t hash_seed = 0;  ///< Unknown to whoever made the packets; changes nothing in the result.
};

/// Joins packets to bidirectional flows (RFC 5103).
///
/// Client and server: by SYN or SYN-ACK; else, where the protocol has no such thing, the first packet's sender is the client;
/// a TCP conversation picked up in its middle goes by port (the well-known or non-ephemeral one serves), else by first packet.
///
/// A flow ends when it was silent for the idle timeout, when it is as old as the active timeout (a new record then
/// continues it, with the same roles), at the end of the input, and 30 s after its last packet once both ends have sent FIN
/// or one RST. A SYN with another initial sequence number begins a new flow where the old one is closed, was never
/// answered or has been silent for 60 s: the port was used again.
///
/// Activity and `payload_bytes` count TCP bytes the first time they are seen; `packets` and `bytes` count everything.
class Assembler {
public:
    Assembler(AssemblyOptions options, FlowSink sink, ReadReport& report);

    /// Packets in the order of the capture. Best in groups of 32 to 128: memory is fetched ahead a group at a time.
    void add(std::span<const Packet> packets);
    /// Counts into another report from now on: the next piece of a rotated capture.
    void report_to(ReadReport& report) { report_ = &report; }
    /// Ends all flows that are still alive. Once, last.
    void finish();

    /// Hands over all that the flows have gathered which began at `before` or earlier, as an active timeout does; they live on, and
    /// what comes later is a record of its own. Flows that both ends have closed are left to end by themselves.
    void cut(Time before);

    /// The flows that are alive, each as it would be if the input ended here; they live on.
    void snapshot(const std::function<void(Flow&&)>& sink) const;

    [[nodiscard]] std::size_t live() const { return index_.size(); }

private:
    struct Hashed {
        KeyedSide keyed;
        std::uint32_t hash = 0;
        std::uint32_t likely = FlowIndex::kNone;  ///< The first flow under this hash: nearly always the packet's.
    };

    [[nodiscard]] std::uint32_t hash_of(const FlowKey& key) const;
    void prefetch_cold(std::uint32_t number) const;
    void apply(const Packet& packet, const Hashed& hashed);
    void begin(LiveFlow& flow, const Packet& packet, const KeyedSide& keyed);
    void count(LiveFlow& flow, const Packet& packet, unsigned side);
    void count_tcp(LiveFlow& flow, const Packet& packet, unsigned side);
    void note_handshake(LiveFlow& flow, const Packet& packet, unsigned side);
    void add_activity(LiveFlow& flow, unsigned side, Time time, std::uint32_t bytes);
    [[nodiscard]] bool starts_anew(const LiveFlow& flow, const Packet& packet, unsigned side);
    [[nodiscard]] Duration patience(const LiveFlow& flow) const;
    [[nodiscard]] ColdPart& cold_of(LiveFlow& flow);
    [[nodiscard]] Course& course_of(LiveFlow& flow);
    /// What the flow is so far, given its finished bins.
    [[nodiscard]] Flow as_flow(const LiveFlow& flow, FlowEnd end, Course course) const;
    /// Hands the flow over; its place stays.
    void emit(LiveFlow& flow, FlowEnd end);
    /// Takes a flow that has been emitted out of the index and the pools.
    void remove(std::uint32_t number);

    // The expiry wheel: each live flow hangs in one slot, to be looked at again when the capture's clock gets there.
    [[nodiscard]] std::int64_t slot_time(Time time) const;
    void hang(std::uint32_t number, Time when);
    void advance(Time now);
    void visit(std::size_t slot, Time now);
    /// Ends the flows of `numbers` for which `ends` gives a reason; the others are hung up again.
    template <typename Ends>
    void settle(const std::vector<std::uint32_t>& numbers, const Ends& ends);
    void evict(const Packet& packet);

    AssemblyOptions options_;
    FlowSink sink_;
    ReadReport* report_;
    FlowIndex index_;
    Pool<LiveFlow> flows_;
    Pool<ColdPart> colds_;
    Pool<Course> courses_;
    std::vector<Hashed> hashed_;
    std::vector<std::vector<std::uint32_t>> slots_;
    Duration shortest_patience_;  ///< Of any flow: no silence within it ends one.
    Duration slot_width_;
    std::int64_t clock_ = 0;  ///< Number of the slot that was visited last.
    bool clock_set_ = false;
    std::int64_t doubted_ = 0;  ///< A jump of the clock that one packet alone has claimed.
    bool doubting_ = false;
};

}  // namespace hw::flow::read
