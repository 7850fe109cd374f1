#pragma once

#include "trace/pair_windows.hpp"
#include "trace/tail.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace hw::trace {

/// Pairs are calibrated among their like: by how long they could be compared, and over how many windows.
enum class PairClass : std::uint8_t { under_a_minute, under_three_minutes, one_window, few_windows, many_windows };
inline constexpr std::size_t kPairClasses = 5;
[[nodiscard]] PairClass pair_class(const PairTotal& total);
/// `under 60 s`, `60-150 s`, `150-300 s`, `2-3 epochs`, `4 epochs or more`.
[[nodiscard]] std::string_view to_string(PairClass pair_class);

/// Draws wrong pairs: `wanted` of flows that live at the same time (none twice; fewer where there are not so many), and
/// as many in which a's course is turned round, which no beacon escapes. The same seed draws the same pairs.
[[nodiscard]] std::vector<PairRef> draw_wrong_pairs(const PairSide& a, const PairSide& b, const PairClock& clock, const PairGrid& grid, std::size_t wanted,
                                                    std::uint64_t seed);

/// The chance that an unrelated pair scores as high, a class at a time. Its tail is that of turned pairs, drawn out to the
/// spread that the bulk of the wrong pairs shows (an empirical null, Efron 2004), and never below the share of wrong pairs that do
/// score as high. The wrong pairs' own tail is not fitted: the few true pairs that nobody could tell would be in it.
/// A class with fewer than 200 samples of a kind uses those of all classes.
class PairNull {
public:
    /// `pairs` as drawn, with their totals; those marked in `claimed` are left out: they may be no strangers.
    PairNull(std::span<const PairRef> pairs, std::span<const PairTotal> totals, const std::vector<bool>& claimed);

    /// Natural logarithm, at most 0. A wrong pair's own place among those drawn is not held against it.
    [[nodiscard]] double log_p(const PairTotal& total) const;
    [[nodiscard]] std::size_t samples() const { return samples_; }

private:
    struct Body {
        double middle = 0;  // median
        double upper = 0;   // distance from there to the ninth decile
    };
    struct Samples {
        std::vector<double> wrong;         // sorted
        std::unique_ptr<NullTail> turned;
        Body wrong_body;
        Body turned_body;
    };
    [[nodiscard]] static Body body_of(const std::vector<double>& sorted);
    std::array<Samples, kPairClasses + 1> classes_;  // the last: all together
    std::size_t samples_ = 0;
};

}  // namespace hw::trace
