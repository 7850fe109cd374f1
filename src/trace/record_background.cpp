#include "trace/record_background.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace hw::trace {

namespace {
namespace record_null {

constexpr std::size_t kNeighbours = 32;   // flows around a start by which its rate is taken
constexpr double kLeastSpan = 0.01;       // seconds
constexpr std::size_t kOctaves = 44;

std::size_t octave(std::int64_t bytes) { return std::min<std::size_t>(kOctaves - 1, static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(bytes)))); }

/// Density of a count of bytes: by half-octaves, a byte.
class SizeLaw {
public:
    void add(std::int64_t bytes) {
        ++mass_[cell(bytes)];
        ++total_;
    }
    [[nodiscard]] double operator()(std::int64_t bytes) const {
        const std::size_t c = cell(bytes);
        const double smoothed = 0.5 * mass_[c] + 0.25 * (mass_[c == 0 ? 0 : c - 1] + mass_[std::min(c + 1, mass_.size() - 1)]);
        return (smoothed + 0.2) / (total_ + 0.2 * static_cast<double>(mass_.size())) / std::max(1.0, 0.41 * static_cast<double>(bytes));
    }

private:
    static std::size_t cell(std::int64_t bytes) {
        return static_cast<std::size_t>(2 * std::log2(static_cast<double>(bytes) + 1));
    }
    std::array<double, 90> mass_{};
    double total_ = 0;
};

/// For every row, how many rows have the same key; `key` must order them.
template <class Key>
std::vector<double> equals(std::span<const RecordRow> rows, Key key) {
    std::vector<std::uint32_t> order(rows.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return key(rows[i]); });
    std::vector<double> count(rows.size());
    for (std::size_t i = 0; i < order.size();) {
        std::size_t j = i;
        while (j < order.size() && key(rows[order[j]]) == key(rows[order[i]])) { ++j; }
        for (std::size_t k = i; k < j; ++k) { count[order[k]] = static_cast<double>(j - i); }
        i = j;
    }
    return count;
}

double rate_around(std::span<const RecordRow> rows, std::size_t i) {
    const std::size_t low = i < kNeighbours / 2 ? 0 : i - kNeighbours / 2;
    const std::size_t high = std::min(rows.size() - 1, i + kNeighbours / 2);
    const double span = static_cast<double>(rows[high].first_us - rows[low].first_us) / 1e6;
    return (static_cast<double>(high - low) + 0.5) / std::max(span, kLeastSpan);
}

}  // namespace record_null
}  // namespace

std::vector<Usualness> background_intensity(std::span<const RecordRow> rows) {
    using namespace record_null;
    SizeLaw up_law;
    SizeLaw down_law;
    // Durations by the size of the answer, an octave a class, on the scale of delays.
    std::vector<std::array<float, kDelayHalf>> durations(kOctaves);
    std::array<double, kDelayHalf> all{};
    std::array<double, kOctaves> sizes{};
    const auto duration_bin = [](const RecordRow& row) { return delay_bin(row.last_us - row.first_us) - kDelayHalf; };
    for (const auto& row : rows) {
        up_law.add(row.up);
        down_law.add(row.down);
        durations[octave(row.down)][duration_bin(row)] += 1;
        all[duration_bin(row)] += 1;
        sizes[octave(row.down)] += 1;
    }
    const auto n = static_cast<double>(rows.size());
    // A bin's own and its neighbours' mass, less the row itself.
    const auto smoothed = [](const auto& mass, std::size_t bin, double less) {
        double sum = 0;
        double norm = 0;
        for (int off = -4; off <= 4; ++off) {
            const std::int64_t at = static_cast<std::int64_t>(bin) + off;
            const double weight = 1 - std::abs(off) / 5.0;
            norm += weight;
            if (at >= 0 && at < static_cast<std::int64_t>(mass.size())) { sum += weight * static_cast<double>(mass[static_cast<std::size_t>(at)]); }
        }
        return std::max(0.0, sum - less) / norm;
    };
    const auto same_down = equals(rows, [](const RecordRow& r) { return r.down; });
    const auto same_both = equals(rows, [](const RecordRow& r) { return std::pair(r.down, r.up); });

    // Rows whose bytes both ways nobody shares: all, and those with the answer of each row.
    double alone = 0;
    std::unordered_map<std::int64_t, double> alone_with;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (same_both[i] > 1) { continue; }
        ++alone;
        ++alone_with[rows[i].down];
    }
    std::vector<double> alone_of(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto found = alone_with.find(rows[i].down);
        alone_of[i] = found == alone_with.end() ? 0 : found->second;
    }

    std::vector<Usualness> usual(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const RecordRow& row = rows[i];
        const std::size_t bin = duration_bin(row);
        const double width = delay_place(kDelayHalf + bin).width;
        const double any = (smoothed(all, bin, 1) + 5.0 / kDelayHalf) / (n + 4);
        const double like = (smoothed(durations[octave(row.down)], bin, 1) + 10 * any) / (sizes[octave(row.down)] - 1 + 10);
        // What of the mass lies on sizes that nobody shares, by how many such there are (Good 1953): among all, and
        // among those of this answer.
        const double same = (same_both[i] - 1) / n;
        const double same_answer = (same_down[i] - 1) / n * (alone_of[i] + 1) / (same_down[i] + 1);
        const double smooth = (alone + 1) / (n + 1) * down_law(row.down);
        const double duration = row.first_us == row.last_us ? 1 : like / width;
        usual[i] = {std::max(1e-150, rate_around(rows, i) * duration), same, same_answer * up_law(row.up),
                    std::max(1e-140, smooth * up_law(row.up))};
    }
    return usual;
}

}  // namespace hw::trace
