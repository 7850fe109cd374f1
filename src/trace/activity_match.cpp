#include "trace/activity_match.hpp"

#include "trace/correlate.hpp"

#include <algorithm>
#include <cmath>

namespace hw::trace {

namespace {

constexpr double kBaseWidthS = 0.25;
constexpr double kSmallestShiftS = 15;
constexpr double kDriftS = 10;          // rhythm slower than this is removed in the second half of the features
constexpr std::size_t kMostShifts = 160;
constexpr double kHighestRho = 0.99995;

/// The correlation function less its own moving average over ±kDriftS: what is left of two flows' likeness when both
/// merely being busy at the same time is taken out.
std::vector<double> without_drift(const std::vector<double>& rho, std::size_t half_width) {
    const std::size_t n = rho.size();
    if (n < 4 * half_width || half_width == 0) { return {}; }
    std::vector<double> out(n);
    double sum = 0;
    const std::size_t span = 2 * half_width + 1;
    for (std::size_t k = 0; k < span; ++k) { sum += rho[(k + n - half_width) % n]; }
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = rho[i] - sum / static_cast<double>(span);
        sum += rho[(i + half_width + 1) % n] - rho[(i + n - half_width) % n];
    }
    return out;
}

struct Peak {
    double score = 0;
    std::size_t lag = 0;
};

double lag_cost(double lag_s) { return 0.5 * std::log1p(lag_s / 0.5); }

/// The best of one sense at a shift: `sign` +1 looks at later lags, −1 at earlier ones.
Peak best_lag(const std::vector<double>& rho, std::size_t shift, int sign, std::size_t lags, double weight, const std::vector<double>& cost) {
    Peak peak;
    const std::size_t n = rho.size();
    bool first = true;
    for (std::size_t l = 0; l <= lags; ++l) {
        const std::size_t at = sign > 0 ? (shift + l) % n : (shift + n - l % n) % n;
        const double score = weight * std::atanh(std::clamp(rho[at], -kHighestRho, kHighestRho)) - cost[l];
        if (first || score > peak.score) {
            peak = {score, l};
            first = false;
        }
    }
    return peak;
}

struct Curves {
    std::vector<double> commands;
    std::vector<double> answers;
};

}  // namespace

CourseMatch match_courses(const Course& control, const Course& action, Duration max_lag) {
    CourseMatch match;
    const double max_lag_s = std::chrono::duration<double>(max_lag).count();
    const double length_s = static_cast<double>(control.commands[0].size) * kBaseWidthS;
    const double smallest = std::min(kSmallestShiftS, length_s / 4);
    const double step = std::max(1.0, (length_s - 2 * smallest) / static_cast<double>(kMostShifts));
    std::vector<double> shifts_s;
    for (double s = smallest; s <= length_s - smallest && shifts_s.size() < kMostShifts; s += step) { shifts_s.push_back(s); }
    if (control.commands[0].size < kFewestBinsAScale) { return match; }
    match.shifted.resize(shifts_s.size());

    for (std::size_t scale = 0; scale < kScales.size(); ++scale) {
        const double width_s = kBaseWidthS * static_cast<double>(kScales[scale]);
        const std::size_t n = control.commands[scale].size;
        if (n < kFewestBinsAScale) { break; }
        ++match.scales;
        const std::size_t lags = std::min(n / 2, static_cast<std::size_t>(max_lag_s / width_s));
        std::vector<double> cost(lags + 1);
        for (std::size_t l = 0; l <= lags; ++l) { cost[l] = lag_cost(static_cast<double>(l) * width_s); }
        const double weight = std::sqrt(static_cast<double>(n) / 2);

        const Curves plain{circular_correlation(control.commands[scale], action.commands[scale]),
                           circular_correlation(control.answers[scale], action.answers[scale])};
        const auto half = static_cast<std::size_t>(kDriftS / width_s);
        const Curves quick{without_drift(plain.commands, half), without_drift(plain.answers, half)};

        for (std::size_t variant = 0; variant < 2; ++variant) {
            const Curves& curves = variant == 0 ? plain : quick;
            const std::size_t feature = variant * kScales.size() + scale;
            const auto score_at = [&](std::size_t shift, Peak& commands, Peak& answers) {
                if (!curves.commands.empty()) { commands = best_lag(curves.commands, shift, +1, lags, weight, cost); }
                if (!curves.answers.empty()) { answers = best_lag(curves.answers, shift, -1, lags, weight, cost); }
                return commands.score + answers.score;
            };
            Peak commands;
            Peak answers;
            match.score[feature] = score_at(0, commands, answers);
            match.lag_commands[feature] = Duration(static_cast<std::int64_t>(static_cast<double>(commands.lag) * width_s * 1e6));
            match.lag_answers[feature] = Duration(static_cast<std::int64_t>(static_cast<double>(answers.lag) * width_s * 1e6));
            for (std::size_t k = 0; k < shifts_s.size(); ++k) {
                Peak c;
                Peak a;
                match.shifted[k][feature] = score_at(static_cast<std::size_t>(shifts_s[k] / width_s) % n, c, a);
            }
        }
    }
    return match;
}

}  // namespace hw::trace
