#pragma once

#include "base/time.hpp"
#include "trace/epoch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hw::trace {

/// How one flow goes on in another when what lies between them is unseen. A relay in between may have been connected to or
/// have called back itself, so what a's client says may go on as what b's client says, or (crossed) as what b's server
/// says; and either flow may be the nearer to the master.
enum class Passage : std::uint8_t { a_to_b, b_to_a, a_to_b_crossed, b_to_a_crossed };
inline constexpr std::size_t kPassages = 4;
[[nodiscard]] constexpr bool crossed(Passage p) { return p == Passage::a_to_b_crossed || p == Passage::b_to_a_crossed; }
/// The same pairing of directions with the flows' places exchanged: what the lags' signs speak against is the control.
[[nodiscard]] constexpr Passage mirrored(Passage p) { return static_cast<Passage>(static_cast<unsigned>(p) ^ 1U); }

/// Which passages are thought possible, and what is worth comparing.
struct PairOptions {
    std::array<bool, kPassages> passages{true, true, true, true};
    std::int64_t fewest_bins = 15;  ///< A view is used where the two lives share so many widths of its boxes.
    bool any_lags = false;          ///< The clocks' difference is unknown: lags of either sign for either direction; the order is not told.
};

/// What one pairing of directions offers: each view of what goes there, then each view of what comes back.
inline constexpr std::size_t kPairParts = 2 * kViews.size();
/// One pairing of directions and part: the grain at which scores are normalised.
inline constexpr std::size_t kPairFeatures = 2 * kPairParts;
[[nodiscard]] constexpr std::size_t pair_feature(Passage p, std::size_t part) { return (crossed(p) ? kPairParts : 0) + part; }

/// How alike two epochs are, passage by passage and view by view (DESIGN, section 5, A):
///
///   S_there = max over lags l in [0, L] of √(n/v)·atanh ρ_there(+l),  S_back = max over l of √(n/v)·atanh ρ_back(−l)
///
/// n: strides that both lived through; v = 1 + 2·Σ (1 − k/K)·r_a(k)·r_b(k), n times the variance that the correlation of two
/// unrelated series has where each resembles itself k strides later (Bartlett 1935): two flows of few long bursts look alike by
/// accident more easily than two of many short ones. What goes there comes later, what comes back was earlier: the lags have opposite
/// signs, each searched for itself; in narrow boxes a longer lag costs something (unless the clocks are unknown).
struct PairScores {
    std::size_t scales = 0;  ///< The first so many of kViews are filled; 0: not comparable.
    std::array<std::array<float, kPairParts>, kPassages> score{};
    /// Lag of b behind a, in strides of the view: of the requests of a, and of its replies.
    std::array<std::array<std::int16_t, kViews.size()>, kPassages> lag_request{};
    std::array<std::array<std::int16_t, kViews.size()>, kPassages> lag_reply{};
};

/// Epochs of different shapes cannot be compared. Where the observers' clocks disagree, b's epoch is made from its own clock's
/// first bin, so that both windows are the same stretch of time; lags are what is left.
[[nodiscard]] PairScores score_pair(const Epoch& a, const Epoch& b, const PairOptions& options = {});

/// What scores with unrelated flows like its partner look like for one epoch.
struct CohortMoments {
    std::array<float, kPairFeatures> mean{};
    std::array<float, kPairFeatures> inverse_sd{};
    /// Of the sum of all parts so normalised, straight and crossed, where the first so many views (less one) are there: the parts
    /// resemble one another, and how much depends on the flow.
    std::array<std::array<float, kViews.size()>, 2> sum_mean{};
    std::array<std::array<float, kViews.size()>, 2> sum_inverse_sd{};
    std::size_t size = 0;  ///< Strangers that it was compared with.
};

/// Compares an epoch with strangers; the highest score in fifty is left out, because it may be no stranger's.
[[nodiscard]] CohortMoments cohort_moments(const Epoch& epoch, std::span<const Epoch* const> strangers, const PairOptions& options = {});
/// The same from comparisons with strangers that were made already.
[[nodiscard]] CohortMoments cohort_moments(std::span<const PairScores> with_strangers, const PairOptions& options = {});

/// A pair's score after (S-)normalisation by both cohorts (Auckenthaler et al. 2000), of the passage that stands out most. For
/// each flow the parts are normalised by its cohort and added, and the sum is normalised again; z is the mean of the two. Adding
/// up all views and both directions sees through more jitter and chaff than taking the best of them; each part adds in full up to
/// four deviations and as the logarithm beyond, since correlations of few bursts have heavy tails.
struct PairMatch {
    double z = 0;                 ///< In standard deviations; a pair that cannot be compared has kNoMatch.
    double control = 0;           ///< The same for the mirrored passage.
    Passage passage = Passage::a_to_b;
    double scale_s = 0;           ///< Width of the boxes that it stands out in most, seconds; the lags are those seen there.
    Duration lag_request{0};      ///< How much later a's requests are seen in b; negative: earlier.
    Duration lag_reply{0};        ///< The same of a's replies.
    std::array<float, kPassages> best_of{};  ///< The z of each passage, kNoMatch where it was not scored.
};
inline constexpr float kNoMatch = -100;

[[nodiscard]] PairMatch normalised(const PairScores& scores, const CohortMoments& a, const CohortMoments& b, const PairOptions& options = {});

/// Where two epochs fit best in one view when nothing is known of the clocks: any lags, of either sign.
struct Alignment {
    double score = 0;
    Duration lag_request{0};
    Duration lag_reply{0};
    /// What of both lags is common: the clocks' difference, where the delay is the same either way.
    [[nodiscard]] Duration offset() const { return (lag_request + lag_reply) / 2; }
};
[[nodiscard]] Alignment align_pair(const Epoch& a, const Epoch& b, std::size_t view);

}  // namespace hw::trace
