#include "trace/activity_channel.hpp"

#include "trace/activity_match.hpp"
#include "trace/parallel.hpp"
#include "trace/tail.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hw::trace {

namespace {

constexpr std::int64_t kLongestWindow = 1800 * 4;              // bins: half an hour
constexpr Duration kTrimmedAtStart = std::chrono::seconds(2);  // log-in and key exchange look alike everywhere
constexpr Duration kTrimmedAtEnd = std::chrono::seconds(1);
constexpr Duration kShortestTrimmed = std::chrono::seconds(15);
constexpr std::size_t kFewestBins = 3;
constexpr std::size_t kCohort = 256;   // control flows whose shifts make up the null; more would only cost memory
constexpr double kCohortWeight = 30;   // the cohort counts as so many samples in a pair's own mean and spread

/// The window to compare two flows over: the time that both lived, less its edges. That two flows begin or end together
/// is for the record channel to weigh; here it would make every pair of sessions that happen to start in the same
/// seconds look alike. Of more than half an hour, the half hour in which the action is busiest.
Window choose_window(const flow::Flow& control, const flow::Flow& action) {
    const std::int64_t width = flow::kActivityBinWidth.count();
    Time from = std::max(control.first, action.first);
    Time to = std::min(control.last, action.last);
    if (to - from >= kShortestTrimmed) {
        from = from + kTrimmedAtStart;
        to = to - kTrimmedAtEnd;
    }
    std::int64_t first = from.micros() / width;
    const std::int64_t size = to.micros() / width - first + 1;
    if (size <= kLongestWindow) { return {first, std::max<std::int64_t>(size, 0)}; }
    std::vector<std::int64_t> busy;
    for (const auto d : {flow::Direction::request, flow::Direction::reply}) {
        for (const auto& b : action.activity.bins(d)) {
            if (b.index >= first && b.index < first + size) { busy.push_back(b.index); }
        }
    }
    std::ranges::sort(busy);
    std::size_t most = 0;
    for (std::size_t i = 0, j = 0; i < busy.size(); ++i) {
        while (j < busy.size() && busy[j] < busy[i] + kLongestWindow) { ++j; }
        if (j - i > most) {
            most = j - i;
            first = busy[i];
        }
    }
    return {first, kLongestWindow};
}

Course course_of(const RelayFlow& of, Role role, const Window& window) {
    return {make_series(of.flow->activity.bins(half_of(of.opened, role, Sense::commands)), window),
            make_series(of.flow->activity.bins(half_of(of.opened, role, Sense::answers)), window)};
}

/// Sums over a sample of scores, a feature; enough for its mean and spread.
struct Sums {
    double count = 0;
    FeatureScores sum{};
    FeatureScores squares{};

    void add(const FeatureScores& score) {
        ++count;
        for (std::size_t f = 0; f < kFeatures; ++f) {
            sum[f] += score[f];
            squares[f] += score[f] * score[f];
        }
    }
    void add(const Sums& other) {
        count += other.count;
        for (std::size_t f = 0; f < kFeatures; ++f) {
            sum[f] += other.sum[f];
            squares[f] += other.squares[f];
        }
    }
};

struct Moments {
    FeatureScores mean{};
    FeatureScores sd{};
};

constexpr double kLeastSpread = 0.05;

Moments moments(const Sums& sums) {
    Moments m;
    for (std::size_t f = 0; f < kFeatures; ++f) {
        m.mean[f] = sums.count > 0 ? sums.sum[f] / sums.count : 0;
        const double variance = sums.count > 0 ? sums.squares[f] / sums.count - m.mean[f] * m.mean[f] : 1;
        m.sd[f] = std::max(std::sqrt(std::max(variance, 0.0)), kLeastSpread);
    }
    return m;
}

/// A pair's own mean and spread, drawn towards the cohort's, since its shifts are few and not independent.
Moments own_moments(const Sums& own, const Moments& cohort) {
    Sums drawn = own;
    drawn.count += kCohortWeight;
    for (std::size_t f = 0; f < kFeatures; ++f) {
        drawn.sum[f] += kCohortWeight * cohort.mean[f];
        drawn.squares[f] += kCohortWeight * (cohort.sd[f] * cohort.sd[f] + cohort.mean[f] * cohort.mean[f]);
    }
    return moments(drawn);
}

/// Cohort normalisation, half against all unrelated alignments of this action, half against the pair's own shifts; the
/// best feature's z.
double normalise(const FeatureScores& score, const Moments& cohort, const Moments& own, std::size_t& feature) {
    double top = -std::numeric_limits<double>::infinity();
    for (std::size_t f = 0; f < kFeatures; ++f) {
        const double z = 0.5 * ((score[f] - cohort.mean[f]) / cohort.sd[f] + (score[f] - own.mean[f]) / own.sd[f]);
        if (z > top) {
            top = z;
            feature = f;
        }
    }
    return top;
}

/// Brings scores of unrelated flows that lived at the same time down to the spread of shifted ones (an empirical null,
/// Efron 2004): where sessions at this host are alike for reasons that a shift destroys, likeness means less.
class SameMinute {
public:
    SameMinute(std::vector<double> unshifted, std::vector<double> shifted) {
        if (unshifted.size() < kFewest || shifted.size() < kFewest) { return; }
        std::ranges::sort(unshifted);
        unshifted.pop_back();  // the best may be the true partner
        const auto [middle_u, spread_u] = spread(unshifted);
        const auto [middle_s, spread_s] = spread(shifted);
        from_ = std::max(middle_u, middle_s);
        to_ = middle_s;
        shrink_ = spread_u > spread_s && spread_u > 0 ? spread_s / spread_u : 1;
    }
    [[nodiscard]] double operator()(double z) const { return z <= from_ ? std::min(z, to_) : to_ + (z - from_) * shrink_; }

private:
    static constexpr std::size_t kFewest = 8;
    /// Median, and median absolute deviation from it.
    static std::pair<double, double> spread(std::vector<double>& x) {
        const auto middle = [](std::vector<double>& v) {
            const auto m = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
            std::ranges::nth_element(v, m);
            return *m;
        };
        const double center = middle(x);
        std::vector<double> off;
        off.reserve(x.size());
        for (const double v : x) { off.push_back(std::abs(v - center)); }
        return {center, middle(off)};
    }
    double from_ = 0;  // with no adjustment, 0, 0 and 1 leave every z as it is
    double to_ = 0;
    double shrink_ = 1;
};

struct Compared {
    FeatureScores score{};
    std::array<Duration, kFeatures> lag_commands{};
    std::array<Duration, kFeatures> lag_answers{};
    Sums shifted_sums;
    std::vector<FeatureScores> shifted;  // kept for the cohort only
    bool comparable = false;

    Compared() = default;
    Compared(CourseMatch&& match, bool in_cohort)
        : score(match.score), lag_commands(match.lag_commands), lag_answers(match.lag_answers), comparable(!match.shifted.empty()) {
        for (const auto& s : match.shifted) { shifted_sums.add(s); }
        if (in_cohort) { shifted = std::move(match.shifted); }
    }
};

}  // namespace

ActivityScores score_activity(const RelayFlow& action, std::span<const RelayFlow> controls, const LinkOptions& options) {
    ActivityScores result;
    result.controls.resize(controls.size());
    if (action.flow->activity.empty()) { return result; }

    const std::size_t stride = (controls.size() + kCohort - 1) / kCohort;
    std::vector<Compared> compared(controls.size());
    for_each_index(controls.size(), options, [&](std::size_t i) {
        if (controls[i].flow->activity.empty()) { return; }
        const Window window = choose_window(*controls[i].flow, *action.flow);
        const Course course = course_of(controls[i], Role::control, window);
        if (course.commands[0].index.size() + course.answers[0].index.size() < kFewestBins) { return; }
        compared[i] = Compared(match_courses(course, course_of(action, Role::action, window), options.max_lag), i % stride == 0);
    });
    const Course own_course = course_of(action, Role::action, choose_window(*action.flow, *action.flow));
    const Compared self(match_courses(own_course, own_course, options.max_lag), true);

    Sums pool = self.shifted_sums;
    for (const auto& c : compared) { pool.add(c.shifted_sums); }
    if (pool.count == 0) { return result; }
    const Moments cohort = moments(pool);

    std::vector<double> null;
    std::vector<double> unshifted;
    std::vector<std::size_t> feature(controls.size());
    std::size_t ignored = 0;
    const auto add_to_null = [&](const Compared& c, const Moments& own) {
        for (const auto& s : c.shifted) { null.push_back(normalise(s, cohort, own, ignored)); }
    };
    for (std::size_t i = 0; i < compared.size(); ++i) {
        if (!compared[i].comparable) { continue; }
        const Moments own = own_moments(compared[i].shifted_sums, cohort);
        result.controls[i].z = normalise(compared[i].score, cohort, own, feature[i]);
        unshifted.push_back(result.controls[i].z);
        add_to_null(compared[i], own);
    }
    const Moments self_own = own_moments(self.shifted_sums, cohort);
    add_to_null(self, self_own);
    const double self_z = normalise(self.score, cohort, self_own, ignored);

    const SameMinute adjust(std::move(unshifted), null);
    const NullTail tail(std::move(null));
    for (std::size_t i = 0; i < compared.size(); ++i) {
        if (!compared[i].comparable) { continue; }
        auto& score = result.controls[i];
        score.comparable = true;
        score.log_p = tail.log_p(adjust(score.z));
        score.lag_request = compared[i].lag_commands[feature[i]];
        score.lag_reply = compared[i].lag_answers[feature[i]];
        score.scale_s = 0.25 * static_cast<double>(kScales[feature[i] % kScales.size()]);
    }
    result.log_p_self = tail.log_p(adjust(self_z));
    return result;
}

}  // namespace hw::trace
