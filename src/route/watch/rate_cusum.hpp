#pragma once

#include "base/time.hpp"

#include <optional>

namespace hw::route {

/// Tells when something begins to happen far more often than it used to: a one-sided CUSUM of a Poisson process in continuous time (Lucas, "Counted data
/// CUSUM's", Technometrics 1985). Each happening adds log(r), r = `kRatio`; time takes (r − 1)·λ0 off, never below 0; the alarm comes above `kAlarm`. λ0
/// is what was counted so far, begun with `kPrior` in a day. At that rate there is an alarm in some 27 months (measured by
/// `bench/watch_quiet`); four happenings within half an hour raise one at the prior's rate.
class RateCusum {
public:
    static constexpr double kRatio = 8;
    static constexpr double kAlarm = 8;
    static constexpr double kPrior = 2;         ///< Happenings in a day before anything was counted.
    static constexpr double kMemoryDays = 7;   ///< How long what was counted weighs.

    /// It happened at `now`. Returns whether the alarm was raised by this one.
    bool happened(Time now);
    /// Time goes by. Where nothing has happened for long the alarm is over: for an hour at least, and five times the mean pause during it (chance
    /// e^-5 while it goes on). Returns whether it ended now.
    bool advance(Time now);

    [[nodiscard]] bool alarmed() const { return alarmed_; }
    /// When the last rise of the sum began: the estimate of the change.
    [[nodiscard]] Time onset() const { return onset_; }
    [[nodiscard]] Time last() const { return last_; }
    /// Happenings since the onset.
    [[nodiscard]] std::size_t count() const { return since_onset_; }
    /// λ0, in a day.
    [[nodiscard]] double usual_a_day() const;
    /// The same as it was at the onset.
    [[nodiscard]] double usual_before() const { return usual_before_; }

    /// For what is kept over a restart.
    template <typename Visit>
    void each_member(Visit&& visit) {
        visit(sum_);
        visit(counted_);
        visit(days_);
        visit(onset_);
        visit(last_);
        visit(updated_);
        visit(usual_before_);
        visit(since_onset_);
        visit(alarmed_);
    }

private:
    void pass(Time now);
    double sum_ = 0;
    double counted_ = 0;  ///< With what is old weighing less.
    double days_ = 0;
    Time onset_;
    Time last_;
    Time updated_;
    double usual_before_ = kPrior;
    std::size_t since_onset_ = 0;
    bool alarmed_ = false;
};

}  // namespace hw::route
