#pragma once

#include "flow/read/pcap_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

/// Reads bytes as a capture, in one block and in small ones, and aborts where the two differ or an account does not balance.
inline void read_as_capture(std::span<const std::byte> bytes) {
    using namespace hw::flow;
    using namespace hw::flow::read;
    struct Read {
        bool good = false;
        std::vector<Flow> flows;
        ReadReport report;
    };
    const auto read = [&](std::size_t block) {
        Read r;
        hw::MemoryBytes source(bytes, block);
        ReadOptions options;
        options.max_live_flows = 64;
        const auto done = read_capture(source, "fuzz", ObserverId{}, options, [&](Flow&& f) { r.flows.push_back(std::move(f)); }, r.report);
        r.good = done.has_value();
        if (!done && (done.error().message.empty() || done.error().where.empty())) { std::abort(); }
        return r;
    };
    const Read whole = read(bytes.size() + 1);
    const Read pieces = read(1 + bytes.size() / 7);
    if (whole.good != pieces.good || whole.flows != pieces.flows || whole.report.records != pieces.report.records) { std::abort(); }
    std::uint64_t packets = 0;
    for (const Flow& flow : whole.flows) {
        packets += flow.request.packets + flow.reply.packets;
        if (flow.last < flow.first || flow.request.packets + flow.reply.packets == 0) { std::abort(); }
        for (const Direction d : {Direction::request, Direction::reply}) {
            std::uint64_t payload = 0;
            for (const ActivityBin& bin : flow.activity.bins(d)) { payload += bin.bytes; }
            if (payload != flow.half(d).payload_bytes) { std::abort(); }
        }
    }
    if (packets < whole.report.records || whole.flows.size() != whole.report.flows) { std::abort(); }
}
