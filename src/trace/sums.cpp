#include "trace/sums.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace hw::trace {

namespace {
namespace tunnel_sums {

using Matrix = std::vector<std::vector<double>>;
constexpr std::int64_t kWidthUs = 500'000;
constexpr std::int64_t kMostBins = 1 << 12;  // half an hour and more; longer tunnels are looked at in wider bins

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
            const auto direction = half_of(opened, role, sense);
            if (flow.activity.empty()) {
                const auto& half = direction == flow::Direction::request ? flow.request : flow.reply;
                spread(series, shift, flow.first.micros() - from_, flow.last.micros() - from_ + 1, static_cast<double>(half.bytes));
                continue;
            }
            for (const auto& bin : flow.activity.bins(direction)) {
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

namespace {
namespace tunnel_sums {

struct Fit {
    std::vector<double> weights;
    double explained = 0;
};
/// Explains `whole` (two senses of equal length) by `columns`, and by a constant for each sense: what a tunnel says at an even rate
/// (keep-alives) is nobody's.
Fit fit(const std::vector<double>& whole, Matrix columns) {
    const std::size_t half = whole.size() / 2;
    for (const std::size_t from : {std::size_t{0}, half}) {
        std::vector<double> level(whole.size());
        std::fill_n(level.begin() + static_cast<std::ptrdiff_t>(from), half, 1.0);
        columns.push_back(std::move(level));
    }
    Fit result;
    result.weights = non_negative_least_squares(columns, whole);
    std::vector<double> rest = whole;
    for (std::size_t k = 0; k < columns.size(); ++k) {
        for (std::size_t i = 0; i < rest.size() && result.weights[k] > 0; ++i) { rest[i] -= result.weights[k] * columns[k][i]; }
    }
    double total = 0;
    double left = 0;
    for (const std::size_t from : {std::size_t{0}, half}) {
        const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(from);
        const double mean = std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(half), 0.0) / static_cast<double>(std::max<std::size_t>(1, half));
        for (std::size_t i = from; i < from + half; ++i) {
            total += (whole[i] - mean) * (whole[i] - mean);
            left += rest[i] * rest[i];
        }
    }
    result.explained = total > 0 ? std::clamp(1 - left / total, 0.0, 1.0) : 0;
    return result;
}

/// How much of the tunnel's ups and downs one stream alone would account for, each sense for itself.
double alike(const std::vector<double>& whole, const std::vector<double>& stream) {
    const std::size_t half = whole.size() / 2;
    double sum = 0;
    for (const std::size_t from : {std::size_t{0}, half}) {
        const std::span a = std::span(whole).subspan(from, half);
        const std::span b = std::span(stream).subspan(from, half);
        const double n = static_cast<double>(half);
        const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
        const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
        const double together = product(a, b) - n * mean_a * mean_b;
        const double own = product(b, b) - n * mean_b * mean_b;
        if (own > 0 && together > 0) { sum += together * together / own; }
    }
    return sum;
}

/// Bins in which a stream is most of what the tunnel carries and all streams together carry the right amount.
std::size_t own_bins(const std::vector<double>& whole, const Matrix& columns, const std::vector<double>& weights, std::size_t stream) {
    constexpr double kMost = 0.5;
    constexpr double kRight = 0.3;
    std::size_t count = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        if (whole[i] <= 0 || weights[stream] * columns[stream][i] < kMost * whole[i]) { continue; }
        double sum = 0;
        for (std::size_t k = 0; k < columns.size(); ++k) { sum += weights[k] * columns[k][i]; }
        count += std::abs(sum - whole[i]) <= kRight * whole[i] ? 1 : 0;
    }
    return count;
}

/// The columns moved by `by` bins, what leaves at the end coming in at the front, each sense for itself.
Matrix moved(Matrix columns, std::size_t by) {
    for (auto& column : columns) {
        const auto half = static_cast<std::ptrdiff_t>(column.size() / 2);
        for (const auto begin : {column.begin(), column.begin() + half}) { std::rotate(begin, begin + half - static_cast<std::ptrdiff_t>(by), begin + half); }
    }
    return columns;
}

}  // namespace tunnel_sums
}  // namespace

TunnelShares explain_tunnel(const flow::Flow& tunnel, bool tunnel_opened, std::span<const SharedStream> streams) {
    using namespace tunnel_sums;
    TunnelShares answer;
    if (tunnel.activity.empty()) { return answer; }
    const Bins bins(tunnel);
    const std::vector<double> whole = bins.of(tunnel, tunnel_opened, Role::control);
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < streams.size(); ++i) {
        if (streams[i].flow->interval().overlaps(tunnel.interval())) { chosen.push_back(i); }
    }
    const std::size_t half = whole.size() / 2;
    if (half < kFewestTunnelBins) { return answer; }
    // One course at a time: of very many streams few are kept, and each course may be 64 KiB.
    const auto course_of = [&](std::size_t i) { return bins.of(*streams[i].flow, streams[i].opened, Role::action); };
    std::vector<double> likeness;
    likeness.reserve(chosen.size());
    for (const std::size_t i : chosen) { likeness.push_back(alike(whole, course_of(i))); }
    std::vector<std::size_t> order(chosen.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return likeness[a] > likeness[b]; });
    order.resize(std::min({order.size(), kMostSharedStreams, half / kBinsAStream}));
    Matrix columns;
    columns.reserve(order.size() + 2);
    for (std::size_t& k : order) {
        k = chosen[k];
        columns.push_back(course_of(k));
    }
    chosen = std::move(order);
    // Streams that could only be inside at a weight that no tunnel gives are not inside: out with the worst, and once more.
    Fit found;
    while (!chosen.empty()) {
        found = fit(whole, columns);
        // Those without any weight go together.
        bool idle = false;
        for (std::size_t k = chosen.size(); k-- > 0;) {
            if (found.weights[k] > kLeastStreamWeight / 10) { continue; }
            chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(k));
            columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(k));
            idle = true;
        }
        if (idle) { continue; }
        const auto misfit = [&](std::size_t k) {
            const double weight = std::max(found.weights[k], 1e-3);
            const auto own = static_cast<double>(std::max<std::size_t>(1, own_bins(whole, columns, found.weights, k)));
            return std::max({weight / kMostStreamWeight, kLeastStreamWeight / weight, static_cast<double>(kFewestOwnBins) / own});
        };
        std::size_t worst = 0;
        for (std::size_t k = 1; k < chosen.size(); ++k) { worst = misfit(k) > misfit(worst) ? k : worst; }
        if (misfit(worst) <= 1) { break; }
        chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(worst));
        columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(worst));
    }
    if (chosen.empty()) { return answer; }
    answer.explained = found.explained;
    answer.streams.reserve(chosen.size());
    for (std::size_t k = 0; k < chosen.size(); ++k) { answer.streams.push_back({chosen[k], found.weights[k]}); }
    std::ranges::stable_sort(answer.streams, [](const StreamShare& a, const StreamShare& b) { return a.weight > b.weight; });
    for (std::size_t eighth = 1; eighth < 8; ++eighth) { answer.by_chance = std::max(answer.by_chance, fit(whole, moved(columns, eighth * half / 8)).explained); }
    return answer;
}

}  // namespace hw::trace
