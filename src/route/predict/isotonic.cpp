#include "route/predict/isotonic.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace hw::route {

IsotonicCurve::IsotonicCurve(std::vector<std::pair<double, bool>> said) {
    struct Pool {
        double said = 0;
        double came_true = 0;
        double n = 0;
        [[nodiscard]] double share() const { return came_true / n; }
    };
    std::ranges::sort(said);
    // Blocks of some first: a single one says nothing of a chance.
    const std::size_t block = std::max<std::size_t>(1, said.size() / 100);
    std::vector<Pool> pools;
    pools.reserve(said.size() / block + 1);
    for (std::size_t i = 0; i < said.size();) {
        Pool pool;
        // What was said alike stays together, or those that came true would stand above the others.
        const auto more = [&](std::size_t j) { return j < said.size() && (j < i + block || said[j].first == said[j - 1].first); };
        std::size_t j = i;
        for (; more(j); ++j) {
            pool.said += said[j].first;
            pool.came_true += said[j].second ? 1 : 0;
            pool.n += 1;
        }
        i = j;
        pools.push_back(pool);
        while (pools.size() > 1 && pools[pools.size() - 2].share() >= pools.back().share()) {
            const Pool last = pools.back();
            pools.pop_back();
            pools.back().said += last.said;
            pools.back().came_true += last.came_true;
            pools.back().n += last.n;
        }
    }
    points_.reserve(pools.size());
    for (const Pool& pool : pools) { points_.emplace_back(pool.said / pool.n, pool.share()); }
}

double IsotonicCurve::operator()(double said) const {
    if (points_.empty()) { return said; }
    const auto above = std::ranges::lower_bound(points_, said, {}, &std::pair<double, double>::first);
    if (above == points_.begin()) { return points_.front().second; }
    if (above == points_.end()) { return points_.back().second; }
    const auto& [x0, y0] = *std::prev(above);
    const auto& [x1, y1] = *above;
    return x1 > x0 ? y0 + (y1 - y0) * (said - x0) / (x1 - x0) : y1;
}

}  // namespace hw::route
