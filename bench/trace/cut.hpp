#pragma once

#include "recording.hpp"

#include <cstdint>
#include <vector>

namespace hw::bench {

/// What a flow carried in a window, in seconds from the window's start: what every method is given.
struct Cut {
    std::vector<double> commands;  ///< Times of packets, rising.
    std::vector<double> answers;
    std::vector<std::uint32_t> command_bytes;  ///< Of the same packets.
    std::vector<std::uint32_t> answer_bytes;
    double length_s = 0;
    std::int64_t lived_from_us = 0;  ///< The flow's first and last packet with payload, from the window's start; may lie outside it.
    std::int64_t lived_to_us = 0;
};

/// The window [start, start + length).
[[nodiscard]] Cut cut(const Traffic& traffic, std::int64_t start_us, double length_s);

/// Packets a second's bin of `width_s`; the last bin may be short.
[[nodiscard]] std::vector<double> counts(const std::vector<double>& times, double length_s, double width_s);

}  // namespace hw::bench
