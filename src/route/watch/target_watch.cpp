#include "route/watch/target_watch.hpp"

#include <algorithm>
#include <cmath>

namespace hw::route {
namespace {
namespace outage_detail {

constexpr double kNotableShare = 0.2;
constexpr double kNotableChance = 1e-6;
constexpr double kLeastUsual = 1e-3;   ///< Taken for usually missed where less was seen.
constexpr double kMemorySeconds = 86'400;
constexpr Duration kEndHold = std::chrono::minutes(1);
/// Prefixes that turn the same way within this are one happening: a router that restarts takes all with it.
constexpr Duration kOneHappening = std::chrono::minutes(1);
constexpr std::size_t kMostPoints = 20'000;

}  // namespace outage_detail
}  // namespace

double binomial_at_least(std::size_t k, std::size_t n, double p) {
    if (k == 0) { return 1; }
    if (k > n || p <= 0) { return 0; }
    if (p >= 1) { return 1; }
    const auto real = [](std::size_t v) { return static_cast<double>(v); };
    // The first term by logarithms, the others each from the one before; past the mean they only fall.
    double term = std::exp(std::lgamma(real(n) + 1) - std::lgamma(real(k) + 1) - std::lgamma(real(n - k) + 1) + real(k) * std::log(p) + real(n - k) * std::log1p(-p));
    double sum = 0;
    for (std::size_t i = k; i <= n; ++i) {
        sum += term;
        if (real(i) > real(n) * p && term < sum * 1e-17) { break; }
        term *= real(n - i) / real(i + 1) * p / (1 - p);
    }
    return std::min(1.0, sum);
}

void TargetWatch::turned(const PrefixWatch::Turn& turn, std::vector<News>& news) {
    auto& last = turn.to == PrefixWatch::State::down ? last_down_ : last_up_;
    const bool another = !last || turn.at - *last > outage_detail::kOneHappening;
    if (another) { last = turn.at; }
    if (another && rate_.happened(turn.at)) { news.push_back({News::Kind::unstable_began}); }
}

void TargetWatch::judge(const Look& look, Time now, std::vector<News>& news) {
    using namespace outage_detail;
    record(look, now);
    if (rate_.advance(now)) { news.push_back({News::Kind::unstable_ended}); }
    const auto real = [](std::size_t v) { return static_cast<double>(v); };
    if (!outage_ || outage_->end) {
        const double usual = std::max(kLeastUsual, usual_missed_);
        const bool notable = look.missed > 0 && look.observed && (real(look.missed) >= kNotableShare * real(look.known) || binomial_at_least(look.missed, look.known, usual) < kNotableChance);
        if (!notable) {
            if (judged_ != Time{} && now > judged_ && look.known > 0) {
                const double kept = std::exp(-std::chrono::duration<double>(now - judged_).count() / kMemorySeconds);
                usual_missed_ = kept * usual_missed_ + (1 - kept) * real(look.missed) / real(look.known);
            }
            judged_ = now;
            return;
        }
        outage_ = Outage{.first_loss = look.turns.front(), .start = look.turns[(look.down - 1) / 2], .full = look.turns.back(), .end = {}, .depth = look.down, .known = look.known,
                         .addresses = look.addresses > 0 ? look.addresses_down / look.addresses : real(look.down) / real(look.known), .confirmed = now};
        below_half_since_.reset();
        judged_ = now;
        news.push_back({News::Kind::outage_began});
        return;
    }
    judged_ = now;
    if (!look.observed) { return; }
    Outage& outage = *outage_;
    outage.known = std::max(outage.known, look.known);
    if (look.down > outage.depth) {
        // Of those that are down, half of the new depth was reached with this one.
        outage.depth = look.down;
        outage.full = look.turns.back();
        outage.start = look.turns[(look.down - 1) / 2];
        outage.addresses = look.addresses > 0 ? look.addresses_down / look.addresses : real(look.down) / real(look.known);
        news.push_back({News::Kind::outage_deepened});
    }
    if (look.down * 2 >= outage.depth && look.down > 0) {
        below_half_since_.reset();
        return;
    }
    if (!below_half_since_) { below_half_since_ = look.last_return && *look.last_return > outage.start ? *look.last_return : now; }
    if (now - *below_half_since_ < kEndHold) { return; }
    outage.end = below_half_since_;
    below_half_since_.reset();
    news.push_back({News::Kind::outage_ended});
}

void TargetWatch::record(const Look& look, Time now) {
    using namespace outage_detail;
    const VisibilityPoint point{.at = now, .down = static_cast<std::uint32_t>(look.down), .known = static_cast<std::uint32_t>(look.known), .share = look.share, .observed = look.observed};
    if (!series_.empty()) {
        const VisibilityPoint& last = series_.back();
        const bool same = last.down == point.down && last.known == point.known && last.observed == point.observed && last.share == point.share;
        if (same) { return; }
        if (now - last.at < step_ && last.down == point.down) {
            series_.back() = {.at = last.at, .down = point.down, .known = point.known, .share = std::min(last.share, point.share), .observed = point.observed};
            return;
        }
    }
    series_.push_back(point);
    if (series_.size() <= kMostPoints) { return; }
    // Every other is let go but where the number of prefixes changes.
    std::vector<VisibilityPoint> fewer;
    fewer.reserve(series_.size());
    for (std::size_t i = 0; i < series_.size(); ++i) {
        const bool turning = i > 0 && series_[i].down != series_[i - 1].down;
        if (i % 2 == 0 || turning) { fewer.push_back(series_[i]); }
    }
    if (fewer.size() > kMostPoints * 9 / 10) { fewer.erase(fewer.begin(), fewer.begin() + static_cast<std::ptrdiff_t>(kMostPoints / 2)); }
    series_ = std::move(fewer);
    step_ *= 2;
}

}  // namespace hw::route
