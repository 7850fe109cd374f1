#include "recording.hpp"

#include <fmt/format.h>

#include <map>
#include <random>

namespace hw::bench {

namespace {

Traffic as_traffic(FlowPackets&& packets, const Side& side, Clocks clocks) {
    Traffic traffic;
    const bool client_commands = side.flow.client.address == side.near_master;
    traffic.commands = std::move(client_commands ? packets.from_client : packets.from_server);
    traffic.answers = std::move(client_commands ? packets.from_server : packets.from_client);
    if (clocks == Clocks::corrected) {
        for (auto* half : {&traffic.commands, &traffic.answers}) {
            for (auto& packet : *half) { packet.micros -= side.clock_offset_us; }
        }
    }
    return traffic;
}

std::vector<PacketPoint> thinned(const std::vector<PacketPoint>& packets, std::uint32_t rate, std::mt19937_64& random) {
    std::vector<PacketPoint> kept;
    for (const auto& packet : packets) {
        if (random() % rate == 0) { kept.push_back(packet); }
    }
    return kept;
}

}  // namespace

Traffic sampled(const Traffic& traffic, std::uint32_t rate, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Traffic out;
    out.commands = thinned(traffic.commands, rate, random);
    out.answers = thinned(traffic.answers, rate, random);
    return out;
}

Result<Recordings> read_recordings(const std::vector<std::string>& folders, Clocks clocks) {
    Recordings out;
    for (std::size_t k = 0; k < folders.size(); ++k) {
        HW_TRY(const auto pairs, read_truth(folders[k]));
        std::map<std::string, std::vector<FlowName>> wanted;
        for (const auto& pair : pairs) {
            wanted[pair.up.capture].push_back(pair.up.flow);
            wanted[pair.down.capture].push_back(pair.down.flow);
        }
        std::map<std::string, std::vector<FlowPackets>> read;
        for (const auto& [capture, names] : wanted) {
            HW_TRY(auto packets, read_packets(capture, names));
            read.emplace(capture, std::move(packets));
        }
        std::map<std::string, std::size_t> next;
        const std::size_t before = out.played.size();
        for (const auto& pair : pairs) {
            Played played;
            played.pair = pair;
            played.recording = k;
            played.up = as_traffic(std::move(read[pair.up.capture][next[pair.up.capture]++]), pair.up, clocks);
            played.down = as_traffic(std::move(read[pair.down.capture][next[pair.down.capture]++]), pair.down, clocks);
            if (played.up.empty() || played.down.empty()) {
                ++out.missing;
            } else {
                out.played.push_back(std::move(played));
            }
        }
        if (!pairs.empty()) {
            out.scenarios.push_back(fmt::format("{} (seed {}, {} pairs)", pairs[0].scenario, pairs[0].seed, out.played.size() - before));
        }
    }
    return out;
}

}  // namespace hw::bench
