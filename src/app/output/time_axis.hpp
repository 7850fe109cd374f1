#pragma once

#include "base/time.hpp"

#include <string>
#include <vector>

namespace hw::app::output {

/// Time laid along a picture from `left` to `right`.
struct TimeAxis {
    Interval span;
    double left = 0;
    double right = 1;

    /// Where a moment lies; one outside the span lies at its edge.
    [[nodiscard]] double x(Time time) const;
};

/// A mark on the axis.
struct Tick {
    Time time;
    std::string label;  ///< `10:05:00`, `10:05`, or a day where the steps are days; UTC.
};

/// Round moments within the span, at most `most` of them.
[[nodiscard]] std::vector<Tick> ticks(const Interval& span, std::size_t most);

}  // namespace hw::app::output
