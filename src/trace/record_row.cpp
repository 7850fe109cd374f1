#include "trace/record_row.hpp"

#include <algorithm>
#include <cmath>

namespace hw::trace {

namespace {

constexpr std::uint64_t kMostBytes = 1ULL << 40U;
constexpr std::int64_t kMostMicros = 1LL << 55;
constexpr std::uint64_t kTellingPackets = 50;  // with so many, one side's smallest packets show the header's size

std::uint64_t shortest_header(const flow::Flow& flow) {
    const std::uint64_t network = flow.client.address.is_v4() ? 20 : 40;
    return network + (flow.protocol == flow::Protocol::tcp ? 20 : 8);
}

bool counts_payload(const flow::Flow& flow) { return flow.request.payload_bytes + flow.reply.payload_bytes > 0; }

/// Whether the flow's counts rule out that every TCP packet carried timestamps.
bool rules_out_timestamps(const flow::Flow& flow, std::uint64_t shortest) {
    return flow.request.bytes < (shortest + 12) * flow.request.packets || flow.reply.bytes < (shortest + 12) * flow.reply.packets;
}

std::int64_t payload_of(const flow::HalfFlow& half, bool counted, std::uint64_t header) {
    const std::uint64_t headers = std::min(half.packets, kMostBytes) * header;
    const std::uint64_t bytes = counted ? half.payload_bytes : half.bytes - std::min(half.bytes, headers);
    return static_cast<std::int64_t>(std::min(bytes, kMostBytes));
}

double low_edge(std::size_t bin, std::int64_t origin) {
    const auto first = std::bit_cast<std::uint32_t>(static_cast<float>(origin)) >> 20U;
    return static_cast<double>(std::bit_cast<float>((first + static_cast<std::uint32_t>(bin)) << 20U)) - static_cast<double>(origin);
}

}  // namespace

std::vector<RecordRow> record_rows(std::span<const flow::Flow* const> flows) {
    // Short flows do not show whether they carry timestamps; those of one relay's side mostly agree.
    std::size_t with = 0;
    std::size_t without = 0;
    for (const auto* f : flows) {
        if (counts_payload(*f) || f->protocol != flow::Protocol::tcp || std::max(f->request.packets, f->reply.packets) < kTellingPackets) { continue; }
        ++(rules_out_timestamps(*f, shortest_header(*f)) ? without : with);
    }
    std::vector<RecordRow> rows;
    rows.reserve(flows.size());
    for (const auto* f : flows) {
        const bool counted = counts_payload(*f);
        const std::uint64_t shortest = shortest_header(*f);
        const bool timestamps = f->protocol == flow::Protocol::tcp && with >= without && !rules_out_timestamps(*f, shortest);
        const std::uint64_t header = shortest + (timestamps ? 12 : 0);
        const auto packets = [](const flow::HalfFlow& half) { return static_cast<std::uint32_t>(std::min<std::uint64_t>(half.packets, 0xFFFFFFFFU)); };
        RecordRow row;
        row.first_us = std::clamp(f->first.micros(), -kMostMicros, kMostMicros);
        row.last_us = std::clamp(f->last.micros(), row.first_us, kMostMicros);
        row.up = payload_of(f->request, counted, header);
        row.down = payload_of(f->reply, counted, header);
        row.up_packets = packets(f->request);
        row.down_packets = packets(f->reply);
        rows.push_back(row);
    }
    return rows;
}

BinPlace delay_place(std::size_t bin) {
    const bool negative = bin < kDelayHalf;
    const std::size_t off = negative ? kDelayHalf - 1 - bin : bin - kDelayHalf;
    const double low = low_edge(off, 256);
    const double high = low_edge(off + 1, 256);
    return {(negative ? -1 : 1) * (low + high) / 2e6, (high - low) / 1e6};
}

BinPlace byte_place(std::size_t bin) {
    const auto off = static_cast<std::int64_t>(bin) - static_cast<std::int64_t>(kByteZero);
    if (std::abs(off) <= kExactBytes) { return {static_cast<double>(off), 1}; }
    const auto tail = static_cast<std::size_t>(std::abs(off) - kExactBytes - 1);
    const double low = low_edge(tail, kExactBytes) + static_cast<double>(kExactBytes);
    const double high = low_edge(tail + 1, kExactBytes) + static_cast<double>(kExactBytes);
    return {(off < 0 ? -1 : 1) * (low + high) / 2, high - low};
}

}  // namespace hw::trace
