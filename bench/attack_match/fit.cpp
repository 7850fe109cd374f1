#include "fit.hpp"

#include <cmath>
#include <numeric>
#include <utility>

namespace hw::bench {
namespace {

using namespace hw::weigh::attack;

constexpr double kPenalty = 1e-3;      ///< For a case of mean weight.
constexpr double kPlantedWeight = 0.5; ///< All planted copies of a case, beside the case as it is.
constexpr std::size_t kPlantedUsed = 2;
constexpr int kMostRounds = 50;
constexpr double kSettled = 1e-9;

template <std::size_t N>
using Vector = std::array<double, N>;
template <std::size_t N>
using Matrix = std::array<Vector<N>, N>;

/// Solves `a`·x = `b` where `a` is symmetric and positive definite (Cholesky).
template <std::size_t N>
Vector<N> solved(Matrix<N> a, Vector<N> b) {
    for (std::size_t i = 0; i < N; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = a[i][j];
            for (std::size_t k = 0; k < j; ++k) { sum -= a[i][k] * a[j][k]; }
            a[i][j] = i == j ? std::sqrt(sum) : sum / a[j][j];
        }
    }
    for (std::size_t i = 0; i < N; ++i) {
        for (std::size_t k = 0; k < i; ++k) { b[i] -= a[i][k] * b[k]; }
        b[i] /= a[i][i];
    }
    for (std::size_t i = N; i-- > 0;) {
        for (std::size_t k = i + 1; k < N; ++k) { b[i] -= a[k][i] * b[k]; }
        b[i] /= a[i][i];
    }
    return b;
}

/// Where a log-likelihood rises and how it bends.
template <std::size_t N>
struct Slope {
    Vector<N> gradient{};
    Matrix<N> bend{};  ///< Minus the Hessian.
};

/// Climbs from zero until nothing moves; `slope_at` is given the weights.
template <std::size_t N, typename SlopeAt>
Vector<N> climb(SlopeAt slope_at) {
    Vector<N> weights{};
    for (int round = 0; round < kMostRounds; ++round) {
        Slope<N> slope = slope_at(weights);
        for (std::size_t t = 0; t < N; ++t) {
            slope.gradient[t] -= kPenalty * weights[t];
            slope.bend[t][t] += kPenalty;
        }
        const auto step = solved(slope.bend, slope.gradient);
        double farthest = 0;
        for (const double along : step) { farthest = std::max(farthest, std::fabs(along)); }
        // A long step may overshoot where the likelihood is flat far off.
        constexpr double kLongest = 2;
        const double part = farthest > kLongest ? kLongest / farthest : 1;
        for (std::size_t t = 0; t < N; ++t) { weights[t] += part * step[t]; }
        if (farthest < kSettled) { break; }
    }
    return weights;
}

}  // namespace

Vector<kTraits> fit_groups(std::span<const Weighted> cases) {
    double total = 0;
    for (const Weighted& one : cases) { total += one.weight; }
    return climb<kTraits>([&](const Vector<kTraits>& weights) {
        Slope<kTraits> slope;
        for (const auto& [seen, weight] : cases) {
            const auto chances = among_groups(seen->likenesses, weights);
            Vector<kTraits> mean{};
            Matrix<kTraits> square{};
            for (std::size_t g = 0; g < chances.size(); ++g) {
                const auto& traits = seen->likenesses[g].traits;
                for (std::size_t t = 0; t < kTraits; ++t) {
                    const double part = chances[g] * traits[t];
                    mean[t] += part;
                    for (std::size_t u = 0; u <= t; ++u) { square[t][u] += part * traits[u]; }
                }
            }
            for (std::size_t t = 0; t < kTraits; ++t) {
                slope.gradient[t] += weight / total * (seen->likenesses[seen->group].traits[t] - mean[t]);
                for (std::size_t u = 0; u <= t; ++u) { slope.bend[t][u] += weight / total * (square[t][u] - mean[t] * mean[u]); }
            }
        }
        return slope;
    });
}

Vector<NoneTraits::kCount> fit_none(std::span<const NoneCase> cases) {
    constexpr std::size_t kCount = NoneTraits::kCount;
    return climb<kCount>([&](const Vector<kCount>& weights) {
        Slope<kCount> slope;
        const auto all = static_cast<double>(cases.size());
        for (const auto& [traits, none] : cases) {
            const double said = 1 / (1 + std::exp(-std::inner_product(weights.begin(), weights.end(), traits.terms.begin(), 0.0)));
            for (std::size_t t = 0; t < kCount; ++t) {
                slope.gradient[t] += ((none ? 1 : 0) - said) * traits.terms[t] / all;
                for (std::size_t u = 0; u <= t; ++u) { slope.bend[t][u] += said * (1 - said) * traits.terms[t] * traits.terms[u] / all; }
            }
        }
        return slope;
    });
}

Model fit(std::span<const Trial* const> trials) {
    std::vector<Weighted> cases;
    cases.reserve(trials.size() * (1 + kPlantedUsed));
    for (const Trial* trial : trials) {
        cases.push_back({&trial->plain, 1});
        for (std::size_t p = 0; p < kPlantedUsed && p < trial->planted.size(); ++p) { cases.push_back({&trial->planted[p].seen, kPlantedWeight / kPlantedUsed}); }
    }
    Model model{.weights = fit_groups(cases), .none = {}};
    std::vector<NoneCase> none;
    none.reserve(trials.size() * 2);
    for (const Trial* trial : trials) {
        const Seen& seen = trial->plain;
        none.push_back({none_traits(seen.likenesses, among_groups(seen.likenesses, model.weights), seen.observed), false});
        const auto rest = without_group(seen);
        none.push_back({none_traits(rest, among_groups(rest, model.weights), seen.observed), true});
    }
    model.none = fit_none(none);
    return model;
}

std::vector<Likeness> without_group(const Seen& seen) {
    auto rest = seen.likenesses;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(seen.group));
    return rest;
}

}  // namespace hw::bench
