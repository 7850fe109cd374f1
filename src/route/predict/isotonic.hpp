#pragma once

#include <span>
#include <utility>
#include <vector>

namespace hw::route {

/// What was said and how often it came true, never falling (pool adjacent violators: Ayer et al., Ann. Math. Statist. 26, 1955).
class IsotonicCurve {
public:
    IsotonicCurve() = default;
    /// From what was said and whether it came true.
    explicit IsotonicCurve(std::vector<std::pair<double, bool>> said);

    /// How often what was said so came true; between two points on the line that joins them. What was said where there is no curve.
    [[nodiscard]] double operator()(double said) const;
    [[nodiscard]] bool empty() const { return points_.empty(); }

private:
    std::vector<std::pair<double, double>> points_;  ///< Mean of what was said, share that came true; both rising.
};

}  // namespace hw::route
