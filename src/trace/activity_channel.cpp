#include "trace/activity_channel.hpp"

#include "trace/activity_match.hpp"
#include "trace/calibration.hpp"
#include "trace/parallel.hpp"
#include "trace/profile.hpp"
#include "trace/tail.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

namespace hw::trace {

namespace {

constexpr std::int64_t kLongestWindow = 1800 * 4;              // bins: half an hour
constexpr Duration kTrimmedAtStart = std::chrono::seconds(2);  // log-in and key exchange look alike everywhere
constexpr Duration kTrimmedAtEnd = std::chrono::seconds(1);
constexpr Duration kShortestTrimmed = std::chrono::seconds(15);
constexpr std::int64_t kShortestWindow = kFewestBinsAScale;   // bins: less than the finest scale needs
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
    const std::int64_t latest = first + size - kLongestWindow;
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
    return {std::min(first, latest), kLongestWindow};  // what lies past their end is silence that they do not share
}

Course course_of(const RelayFlow& of, Role role, const Window& window) {
    return {make_series(of.flow->activity.bins(half_of(of.opened, role, Sense::commands)), window),
            make_series(of.flow->activity.bins(half_of(of.opened, role, Sense::answers)), window)};
}

struct Said {
    double bins = 0;
    double packets = 0;
};
Said said(const MultiScale& series) {
    Said total{static_cast<double>(series[0].index.size()), 0};
    for (const double root : series[0].value) { total.packets += root * root; }
    return total;
}

/// What class of traffic a pair is of, whatever it scores.
void describe(const Course& control, const Course& action, ActivityScore& score) {
    const auto width = std::chrono::duration<double>(flow::kActivityBinWidth).count();
    const auto bins = static_cast<double>(std::max<std::size_t>(action.commands[0].size, 1));
    const std::array<Said, 4> of{said(control.commands), said(control.answers), said(action.commands), said(action.answers)};
    score.shared_s = bins * width;
    score.busy = std::min(std::max(of[0].bins, of[1].bins), std::max(of[2].bins, of[3].bins)) / bins;
    const auto burst = [](const Said& a, const Said& b) { return (a.packets + b.packets + 1) / (a.bins + b.bins + 1); };
    score.burst = std::sqrt(burst(of[0], of[1]) * burst(of[2], of[3]));
    const auto differ = [](const Said& a, const Said& b) { return std::abs(std::log((a.bins + 1) / (b.bins + 1))); };
    score.unlike = std::max(differ(of[0], of[2]), differ(of[1], of[3]));
}

bool is_used(std::size_t feature, std::size_t scales) { return feature % kScales.size() < scales; }

/// Sums over a sample of scores, a feature; enough for its mean and spread.
struct Sums {
    FeatureScores count{};
    FeatureScores sum{};
    FeatureScores squares{};

    void add(const FeatureScores& score, std::size_t scales) {
        for (std::size_t f = 0; f < kFeatures; ++f) {
            if (is_used(f, scales)) { add(f, 1, score[f], score[f] * score[f]); }
        }
    }
    void add(const Sums& other) {
        for (std::size_t f = 0; f < kFeatures; ++f) { add(f, other.count[f], other.sum[f], other.squares[f]); }
    }
    void add(std::size_t feature, double n, double s, double q) {
        count[feature] += n;
        sum[feature] += s;
        squares[feature] += q;
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
        const double n = sums.count[f];
        m.mean[f] = n > 0 ? sums.sum[f] / n : 0;
        const double variance = n > 0 ? sums.squares[f] / n - m.mean[f] * m.mean[f] : 1;
        m.sd[f] = std::max(std::sqrt(std::max(variance, 0.0)), kLeastSpread);
    }
    return m;
}

/// A pair's own mean and spread, drawn towards the cohort's, since its shifts are few and not independent.
Moments own_moments(const Sums& own, const Moments& cohort) {
    Sums drawn = own;
    for (std::size_t f = 0; f < kFeatures; ++f) {
        drawn.add(f, kCohortWeight, kCohortWeight * cohort.mean[f],
                  kCohortWeight * (cohort.sd[f] * cohort.sd[f] + cohort.mean[f] * cohort.mean[f]));
    }
    return moments(drawn);
}

/// Cohort normalisation, half against all unrelated alignments of this action, half against the pair's own shifts.
struct Normaliser {
    const Moments& cohort;
    Moments own;
    std::size_t scales;

    struct Best {
        double z = -std::numeric_limits<double>::infinity();
        std::size_t feature = 0;
    };
    /// The feature that stands out most.
    [[nodiscard]] Best operator()(const FeatureScores& score) const {
        Best best;
        for (std::size_t f = 0; f < kFeatures; ++f) {
            if (!is_used(f, scales)) { continue; }
            const double z = 0.5 * ((score[f] - cohort.mean[f]) / cohort.sd[f] + (score[f] - own.mean[f]) / own.sd[f]);
            if (z > best.z) { best = {z, f}; }
        }
        return best;
    }
};

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
        // A handful of flows gives a poor spread: it is drawn towards that of the shifts.
        const auto n = static_cast<double>(unshifted.size());
        const double center = (n * middle_u + kDrawn * middle_s) / (n + kDrawn);
        const double width = (n * spread_u + kDrawn * spread_s) / (n + kDrawn);
        from_ = std::max(center, middle_s);
        to_ = middle_s;
        shrink_ = width > spread_s ? std::max(spread_s / width, kLeastShrink) : 1;
    }
    [[nodiscard]] double operator()(double z) const { return z <= from_ ? std::min(z, to_) : to_ + (z - from_) * shrink_; }

private:
    static constexpr std::size_t kFewest = 8;
    static constexpr double kDrawn = 16;
    static constexpr double kLeastShrink = 0.25;  // where most shifts score alike (sparse flows) their spread means nothing
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

/// A pair's match, without the shifts where they are not needed for the null.
struct Compared {
    CourseMatch match;
    Sums shifted;

    Compared(CourseMatch&& m, bool in_cohort) : match(std::move(m)) {
        for (const auto& s : match.shifted) { shifted.add(s, match.scales); }
        if (!in_cohort) { match.shifted = {}; }
    }
};

}  // namespace

ActivityScores score_activity(const RelayFlow& action, std::span<const RelayFlow> controls, const LinkOptions& options) {
    ActivityScores result;
    result.controls.resize(controls.size());
    if (!action.flow->activity.fine()) { return result; }

    const Window own_window = choose_window(*action.flow, *action.flow);
    if (own_window.size < kShortestWindow) { return result; }

    const std::size_t stride = (controls.size() + kCohort - 1) / kCohort;
    std::vector<std::unique_ptr<Compared>> compared(controls.size());  // none for the many that cannot be compared
    for_each_index(controls.size(), options, [&](std::size_t i) {
        if (!controls[i].flow->activity.fine()) { return; }
        // A flow that was there for a moment only, or silent, while the action went on: p stays 1, which weighs against it.
        result.controls[i].comparable = true;
        const Window window = choose_window(*controls[i].flow, *action.flow);
        if (window.size < kShortestWindow) { return; }
        const Course course = course_of(controls[i], Role::control, window);
        if (course.commands[0].index.size() + course.answers[0].index.size() < kFewestBins) { return; }
        const Course acted = course_of(action, Role::action, window);
        describe(course, acted, result.controls[i]);
        compared[i] = std::make_unique<Compared>(match_courses(course, acted, options.max_lag), i % stride == 0);
    });
    const Course own_course = course_of(action, Role::action, own_window);
    const Compared self(match_courses(own_course, own_course, options.max_lag), true);

    Sums pool = self.shifted;
    for (const auto& c : compared) {
        if (c) { pool.add(c->shifted); }
    }
    const Moments cohort = moments(pool);

    std::vector<double> null;
    std::vector<double> unshifted;
    std::vector<std::size_t> feature(controls.size());
    const auto normaliser = [&](const Compared& c) { return Normaliser{cohort, own_moments(c.shifted, cohort), c.match.scales}; };
    const auto add_to_null = [&](const Compared& c, const Normaliser& normalise) {
        for (const auto& s : c.match.shifted) { null.push_back(normalise(s).z); }
    };
    for (std::size_t i = 0; i < compared.size(); ++i) {
        if (!compared[i]) { continue; }
        const auto normalise = normaliser(*compared[i]);
        const auto best = normalise(compared[i]->match.score);
        result.controls[i].z = best.z;
        feature[i] = best.feature;
        unshifted.push_back(best.z);
        add_to_null(*compared[i], normalise);
    }
    const auto normalise_self = normaliser(self);
    add_to_null(self, normalise_self);
    const double self_z = normalise_self(self.match.score).z;

    const SameMinute adjust(std::move(unshifted), null);
    const NullTail tail(std::move(null));
    const double self_adjusted = adjust(self_z);
    for (std::size_t i = 0; i < compared.size(); ++i) {
        if (!compared[i]) {
            auto& none = result.controls[i];
            none.z_self = self_adjusted;
            none.log_null = tail.log_density(0);
            if (none.comparable) { none.weight = weight_of(0, self_adjusted, none.log_null); }
            continue;
        }
        auto& score = result.controls[i];
        score.z_fair = adjust(score.z);
        score.z_self = self_adjusted;
        score.log_null = tail.log_density(score.z_fair);
        score.log_p_local = tail.log_p(score.z_fair);
        const bool tcp = action.flow->protocol == flow::Protocol::tcp && controls[i].flow->protocol == flow::Protocol::tcp;
        const TrafficClass of = class_of({tcp, score.shared_s, score.busy, score.burst, score.unlike});
        score.log_p = background_log_p(options.profile.get(), of, score.z_fair).value_or(score.log_p_local);
        score.weight = weight_of(score.z_fair, self_adjusted, score.log_null);
        score.lag_request = compared[i]->match.lag_commands[feature[i]];
        score.lag_reply = compared[i]->match.lag_answers[feature[i]];
        score.scale_s = 0.25 * static_cast<double>(kScales[feature[i] % kScales.size()]);
    }
    ActivityScore perfect;
    describe(own_course, own_course, perfect);
    const TrafficClass of_itself = class_of({action.flow->protocol == flow::Protocol::tcp, perfect.shared_s, perfect.busy, perfect.burst, perfect.unlike});
    const double log_p_local = tail.log_p(self_adjusted);
    result.log_p_self = std::max(log_p_local, background_log_p(options.profile.get(), of_itself, self_adjusted).value_or(log_p_local));
    return result;
}

}  // namespace hw::trace
