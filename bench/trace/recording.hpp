#pragma once

#include "base/error.hpp"
#include "truth.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hw::bench {

/// A flow told from the master's point of view: what went towards the victim, what came back; times on the observer's clock
/// less its clock offset where that is to be removed.
struct Traffic {
    std::vector<PacketPoint> commands;
    std::vector<PacketPoint> answers;
    [[nodiscard]] bool empty() const { return commands.empty() && answers.empty(); }
};

/// A true pair with its packets.
struct Played {
    TruePair pair;
    Traffic up;
    Traffic down;
    std::size_t recording = 0;  ///< Pairs of one recording happened at the same time.
};

/// What is left of the clocks' errors when flows are compared.
enum class Clocks : std::uint8_t {
    corrected,  ///< Each observer's offset, as the truth tells it, is taken off.
    as_seen,    ///< Left as recorded.
};

/// Reads recordings (folders with truth.json and captures), in the order given. Pairs whose flows no capture shows are left out
/// and counted in `missing`.
struct Recordings {
    std::vector<Played> played;
    std::size_t missing = 0;
    std::vector<std::string> scenarios;  ///< `name (seed N, M pairs)`.
};
[[nodiscard]] Result<Recordings> read_recordings(const std::vector<std::string>& folders, Clocks clocks);

/// Keeps about one packet in `rate`, by a generator seeded with `seed`: what a sampling exporter leaves.
[[nodiscard]] Traffic sampled(const Traffic& traffic, std::uint32_t rate, std::uint64_t seed);

}  // namespace hw::bench
