#include "route/watch/rate_cusum.hpp"

#include <algorithm>
#include <cmath>

namespace hw::route {
namespace {
namespace cusum_detail {

double days_between(Time from, Time to) { return std::chrono::duration<double, std::ratio<86'400>>(to - from).count(); }

}  // namespace cusum_detail
}  // namespace

double RateCusum::usual_a_day() const { return (kPrior + counted_) / (1 + days_); }

void RateCusum::pass(Time now) {
    if (updated_ == Time{}) { updated_ = now; }
    if (now <= updated_) { return; }
    const double days = cusum_detail::days_between(updated_, now);
    updated_ = now;
    sum_ = std::max(0.0, sum_ - (kRatio - 1) * usual_a_day() * days);
    if (alarmed_) { return; }  // the usual is not learnt from the unusual
    const double kept = std::exp(-days / kMemoryDays);
    counted_ *= kept;
    days_ = days_ * kept + days;
}

bool RateCusum::happened(Time now) {
    pass(now);
    if (sum_ <= 0 && !alarmed_) {
        onset_ = now;
        since_onset_ = 0;
        usual_before_ = usual_a_day();
    }
    ++since_onset_;
    last_ = std::max(last_, now);
    sum_ = std::min(sum_ + std::log(kRatio), 2 * kAlarm);
    if (!alarmed_ && sum_ > kAlarm) {
        alarmed_ = true;
        return true;
    }
    if (!alarmed_) { counted_ += 1; }
    return false;
}

bool RateCusum::advance(Time now) {
    pass(now);
    if (!alarmed_) { return false; }
    const Duration pause = (last_ - onset_) / static_cast<std::int64_t>(std::max<std::size_t>(since_onset_ - 1, 1));
    if (now - last_ < std::max<Duration>(std::chrono::hours(1), 5 * pause)) { return false; }
    alarmed_ = false;
    sum_ = 0;
    return true;
}

}  // namespace hw::route
