#pragma once

#include "trace/tunnel_assign.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

/// The state "which stream runs in which tunnel", what it weighs, and a chain of such states drawn one from the other: the inside of
/// `assign_streams`.
namespace hw::trace::streams_in_tunnels {

inline constexpr std::size_t kMostStreams = 64;  // in one tunnel
inline constexpr std::uint32_t kNobody = ~std::uint32_t{0};
inline constexpr double kNever = -1e300;

/// How many streams a tunnel in use carries.
using CountLaw = std::array<double, kMostStreams + 1>;
/// Before anything is learnt: each further stream with a chance of 0.6.
[[nodiscard]] CountLaw first_count_law();

/// Streams that one tunnel carries, as one flow: what began with the first, ended with the last and carried the bytes of all.
struct Together {
    RecordRow row{};
    std::uint32_t last = kNobody;  // the stream that ended last; of several the first
    std::uint32_t count = 0;

    void add(std::uint32_t j, std::span<const RecordRow> outs);
};
[[nodiscard]] Together together(std::span<const std::uint32_t> members, std::span<const RecordRow> outs);

/// What does not change while chains run.
struct Problem {
    const TunnelFlows& flows;
    std::array<RecordModel, 2> models;
    double partnered = 0.5;
    bool ssh = false;  // most links of this relay look like SSH's
    CountLaw counts = first_count_law();
    std::vector<std::vector<std::uint32_t>> inside;   // of every outflow, the tunnels that it may run in
    std::vector<std::uint32_t> compared;              // of every tunnel, the streams inside it
    CountLaw log_count{};                             // ln of the chance that a tunnel carries so many, in any order
    std::vector<double> log_compared;
    std::array<double, 2> log_highest{};              // of each model, ln of the greatest density of bytes
    std::vector<double> by_chance;                    // of every tunnel, ln density of its bytes given some streams of this host

    [[nodiscard]] const RecordModel& model(std::uint32_t in) const { return models[in % 2]; }
    /// Streams as the one flow that a tunnel of one stream would carry.
    [[nodiscard]] RecordRow as_one(const Together& sum) const;

    /// ln weight of a tunnel with these streams, against streams that are in none; kNever where it is sure to be below `least`.
    [[nodiscard]] double log_weight(std::uint32_t in, const Together& sum, double least = kNever) const;
};

/// Finds which stream lies inside which tunnel's life, and returns how many such pairs there are; stops past `kMostTunnelPairs`.
[[nodiscard]] double find_inside(Problem& problem, std::int64_t slack_us);

/// What the weights are made of: among it how well streams drawn at random explain each tunnel's bytes.
void prepare(Problem& problem, std::uint64_t seed);

/// One state that wanders.
class Chain {
public:
    Chain(const Problem& problem, std::uint64_t seed);
    /// To be called when the problem has changed.
    void weigh_anew();
    /// Places every stream anew, once each; the higher the temperature, the less its weight counts (1: as it is).
    void sweep(double temperature);
    /// From now on the chances that each stream's places had when it was placed are added up there, in the order of `Problem::inside`.
    void add_chances_to(std::vector<std::vector<double>>& chances) { chances_ = &chances; }
    [[nodiscard]] std::span<const std::vector<std::uint32_t>> members() const { return members_; }

private:
    double unit() { return static_cast<double>(random_() >> 11U) * 0x1p-53; }
    [[nodiscard]] Together changed(std::uint32_t in, std::uint32_t gone, std::uint32_t fresh) const;
    void set(std::uint32_t in, std::uint32_t gone, std::uint32_t fresh, const Together& sum, double weight);
    void place(std::uint32_t j, double temperature);
    void exchange(std::uint32_t j, double temperature);

    const Problem& problem_;
    std::mt19937_64 random_;
    std::vector<std::uint32_t> owner_;                  // of every stream
    std::vector<std::vector<std::uint32_t>> members_;   // of every tunnel
    std::vector<Together> sums_;                        // of every tunnel, as it is
    std::vector<double> weight_;                        // the same
    std::vector<std::vector<double>>* chances_ = nullptr;
    std::vector<double> gains_;
    std::vector<double> fresh_;
};

}  // namespace hw::trace::streams_in_tunnels
