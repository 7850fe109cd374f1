#include "simple_rivals.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hw::bench {

namespace {

constexpr std::size_t kFewestGaps = 10;

std::vector<double> unit(std::vector<double> x) {
    if (x.empty()) { return x; }
    const double mean = std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
    double squares = 0;
    for (double& v : x) {
        v -= mean;
        squares += v * v;
    }
    const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
    for (double& v : x) { v *= scale; }
    return x;
}

double dot(const std::vector<double>& a, const std::vector<double>& b, std::size_t n) {
    return std::inner_product(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(n), b.begin(), 0.0);
}

std::vector<double> gaps(const std::vector<double>& times) {
    std::vector<double> out;
    for (std::size_t k = 1; k < times.size() && out.size() < kGaps; ++k) { out.push_back(times[k] - times[k - 1]); }
    return out;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
    const std::size_t n = std::min(a.size(), b.size());
    if (n < kFewestGaps) { return 0; }
    const double norms = std::sqrt(dot(a, a, n) * dot(b, b, n));
    return norms > 0 ? dot(a, b, n) / norms : 0;
}

}  // namespace

SecondBins second_bins(const Cut& cut) { return {unit(counts(cut.commands, cut.length_s, 1)), unit(counts(cut.answers, cut.length_s, 1))}; }

double second_bin_score(const SecondBins& up, const SecondBins& down) {
    return (dot(up.commands, down.commands, std::min(up.commands.size(), down.commands.size())) +
            dot(up.answers, down.answers, std::min(up.answers.size(), down.answers.size()))) /
           2;
}

Gaps first_gaps(const Cut& cut) { return {gaps(cut.commands), gaps(cut.answers)}; }

double gap_cosine(const Gaps& up, const Gaps& down) { return (cosine(up.commands, down.commands) + cosine(up.answers, down.answers)) / 2; }

}  // namespace hw::bench
