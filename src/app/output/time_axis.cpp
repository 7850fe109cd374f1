#include "app/output/time_axis.hpp"

#include <algorithm>
#include <array>

namespace hw::app::output {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<seconds, 20> kTickSteps{seconds(1), seconds(2),  seconds(5),  seconds(10), seconds(15), seconds(30), minutes(1),
                                             minutes(2), minutes(5),  minutes(10), minutes(15), minutes(30), hours(1),    hours(2),
                                             hours(3),   hours(6),    hours(12),   hours(24),   hours(48),   hours(168)};

}  // namespace

double TimeAxis::x(Time time) const {
    const auto length = static_cast<double>((span.to - span.from).count());
    if (length <= 0) { return left; }
    const double share = static_cast<double>((time - span.from).count()) / length;
    return left + std::clamp(share, 0.0, 1.0) * (right - left);
}

std::vector<Tick> ticks(const Interval& span, std::size_t most) {
    Duration step = kTickSteps.back();
    for (const seconds candidate : kTickSteps) {
        if (static_cast<std::size_t>((span.to - span.from) / candidate) <= most) {
            step = candidate;
            break;
        }
    }
    while (static_cast<std::size_t>((span.to - span.from) / step) > most) { step *= 2; }
    const std::int64_t from = span.from.micros();
    std::int64_t first = from / step.count() * step.count();
    if (first < from) { first += step.count(); }
    std::vector<Tick> made;
    for (std::int64_t at = first; at <= span.to.micros(); at += step.count()) {
        const std::string text = to_rfc3339(Time::from_micros(at));
        const bool days = step >= hours(24);
        made.push_back({Time::from_micros(at), days ? text.substr(0, 10) : text.substr(11, step >= minutes(1) ? 5 : 8)});
    }
    return made;
}

}  // namespace hw::app::output
