#include "trace/sums.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace hw::trace {

namespace {
namespace tunnel_sums {

using Matrix = std::vector<std::vector<double>>;
constexpr std::int64_t kWidthUs = 1'000'000;
constexpr std::int64_t kMostBins = 1 << 14;  // four hours and a half of seconds; longer tunnels are looked at in wider bins

double product(std::span<const double> a, std::span<const double> b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// Solves the normal equations restricted to `set` by Cholesky; nothing where they are singular.
std::optional<std::vector<double>> solve(const Matrix& gram, std::span<const double> right, std::span<const std::size_t> set) {
    const std::size_t n = set.size();
    Matrix factor(n, std::vector<double>(n));
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = gram[set[i]][set[j]];
            for (std::size_t k = 0; k < j; ++k) { sum -= factor[i][k] * factor[j][k]; }
            if (i != j) { factor[i][j] = sum / factor[j][j]; }
            else if (sum > 1e-10 * gram[set[i]][set[i]]) { factor[i][i] = std::sqrt(sum); }
            else { return std::nullopt; }
        }
    }
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = right[set[i]];
        for (std::size_t k = 0; k < i; ++k) { x[i] -= factor[i][k] * x[k]; }
        x[i] /= factor[i][i];
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t k = i + 1; k < n; ++k) { x[i] -= factor[k][i] * x[k]; }
        x[i] /= factor[i][i];
    }
    return x;
}

/// Bytes of both senses over the tunnel's life, one after the other, less their means: a level has no rhythm to tell.
class Bins {
public:
    explicit Bins(const flow::Flow& tunnel) : from_(tunnel.first.micros()) {
        const std::int64_t life = std::max<std::int64_t>(0, tunnel.last.micros() - from_);
        width_ = std::max({kWidthUs, static_cast<std::int64_t>(tunnel.activity.width().count()), life / kMostBins + 1});
        size_ = life / width_ + 1;
    }
    [[nodiscard]] std::vector<double> of(const flow::Flow& flow, bool opened, Role role) const {
        std::vector<double> series(static_cast<std::size_t>(2 * size_));
        for (const auto sense : {Sense::commands, Sense::answers}) {
            const std::int64_t shift = sense == Sense::answers ? size_ : 0;
            for (const auto& bin : flow.activity.bins(half_of(opened, role, sense))) {
                const std::int64_t begin = bin.index * flow.activity.width().count() - from_;
                spread(series, shift, begin, begin + flow.activity.width().count(), static_cast<double>(bin.bytes));
            }
        }
        return series;
    }

private:
    void spread(std::vector<double>& series, std::int64_t shift, std::int64_t begin, std::int64_t end, double bytes) const {
        const double each = bytes / static_cast<double>(end - begin);
        for (std::int64_t at = std::max<std::int64_t>(0, begin / width_); at < size_ && at * width_ < end; ++at) {
            const std::int64_t low = std::max(begin, at * width_);
            const std::int64_t high = std::min(end, (at + 1) * width_);
            if (high > low) { series[static_cast<std::size_t>(shift + at)] += each * static_cast<double>(high - low); }
        }
    }
    std::int64_t from_;
    std::int64_t width_ = kWidthUs;
    std::int64_t size_ = 1;
};

}  // namespace tunnel_sums
}  // namespace

std::vector<double> non_negative_least_squares(std::span<const std::vector<double>> columns, std::span<const double> b) {
    using namespace tunnel_sums;
    const std::size_t n = columns.size();
    Matrix gram(n, std::vector<double>(n));
    std::vector<double> right(n);
    for (std::size_t i = 0; i < n; ++i) {
        right[i] = product(columns[i], b);
        for (std::size_t j = 0; j <= i; ++j) { gram[i][j] = gram[j][i] = product(columns[i], columns[j]); }
    }
    std::vector<double> x(n);
    std::vector<char> free(n);
    std::vector<char> barred(n);  // would make the equations singular beside those that are free
    const double tolerance = 1e-9 * std::sqrt(std::max(1e-300, product(b, b)));
    for (std::size_t exchange = 0; exchange < 3 * n; ++exchange) {
        // The column that would lower the residual most.
        std::size_t best = n;
        double steepest = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (free[i] != 0 || barred[i] != 0 || gram[i][i] <= 0) { continue; }
            const double slope = (right[i] - product(gram[i], x)) / std::sqrt(gram[i][i]);
            if (slope > std::max(steepest, tolerance)) {
                steepest = slope;
                best = i;
            }
        }
        if (best == n) { break; }
        free[best] = 1;
        for (;;) {
            std::vector<std::size_t> set;
            for (std::size_t i = 0; i < n; ++i) {
                if (free[i] != 0) { set.push_back(i); }
            }
            const auto solved = solve(gram, right, set);
            if (!solved) {
                free[best] = 0;
                barred[best] = 1;
                x[best] = 0;
                break;
            }
            double step = 1;
            for (std::size_t k = 0; k < set.size(); ++k) {
                if ((*solved)[k] <= 0) { step = std::min(step, x[set[k]] / std::max(1e-300, x[set[k]] - (*solved)[k])); }
            }
            for (std::size_t k = 0; k < set.size(); ++k) { x[set[k]] += step * ((*solved)[k] - x[set[k]]); }
            if (step >= 1) { break; }
            for (const std::size_t i : set) {
                if (x[i] <= 1e-12) {
                    x[i] = 0;
                    free[i] = 0;
                }
            }
            if (std::ranges::count(free, 1) == 0) { break; }
        }
    }
    return x;
}

TunnelShares explain_tunnel(const flow::Flow& tunnel, bool tunnel_opened, std::span<const SharedStream> streams) {
    using namespace tunnel_sums;
    TunnelShares answer;
    if (tunnel.activity.empty()) { return answer; }
    const Bins bins(tunnel);
    const std::vector<double> whole = bins.of(tunnel, tunnel_opened, Role::control);
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < streams.size(); ++i) {
        if (!streams[i].flow->activity.empty() && streams[i].flow->interval().overlaps(tunnel.interval())) { chosen.push_back(i); }
    }
    const auto bytes = [&](std::size_t i) { return streams[i].flow->request.bytes + streams[i].flow->reply.bytes; };
    std::ranges::stable_sort(chosen, [&](std::size_t a, std::size_t b) { return bytes(a) > bytes(b); });
    chosen.resize(std::min(chosen.size(), kMostSharedStreams));
    Matrix columns;
    for (const std::size_t i : chosen) { columns.push_back(bins.of(*streams[i].flow, streams[i].opened, Role::action)); }
    // What the tunnel itself says at an even rate (keep-alives) is nobody's: a constant for each sense.
    const std::size_t half = whole.size() / 2;
    for (const std::size_t from : {std::size_t{0}, half}) {
        std::vector<double> level(whole.size());
        std::fill_n(level.begin() + static_cast<std::ptrdiff_t>(from), half, 1.0);
        columns.push_back(std::move(level));
    }
    const auto weights = non_negative_least_squares(columns, whole);
    std::vector<double> rest = whole;
    for (std::size_t k = 0; k < columns.size(); ++k) {
        for (std::size_t i = 0; i < rest.size() && weights[k] > 0; ++i) { rest[i] -= weights[k] * columns[k][i]; }
    }
    double total = 0;
    double left = 0;
    for (const std::size_t from : {std::size_t{0}, half}) {
        const double mean = std::accumulate(whole.begin() + static_cast<std::ptrdiff_t>(from), whole.begin() + static_cast<std::ptrdiff_t>(from + half), 0.0) /
                            static_cast<double>(std::max<std::size_t>(1, half));
        for (std::size_t i = from; i < from + half; ++i) {
            total += (whole[i] - mean) * (whole[i] - mean);
            left += rest[i] * rest[i];
        }
    }
    answer.explained = total > 0 ? std::clamp(1 - left / total, 0.0, 1.0) : 0;
    for (std::size_t k = 0; k < chosen.size(); ++k) {
        if (weights[k] >= kLeastStreamWeight) { answer.streams.push_back({chosen[k], weights[k]}); }
    }
    std::ranges::stable_sort(answer.streams, [](const StreamShare& a, const StreamShare& b) { return a.weight > b.weight; });
    return answer;
}

}  // namespace hw::trace
