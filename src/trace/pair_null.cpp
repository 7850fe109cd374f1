#include "trace/pair_null.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace hw::trace {

namespace {
constexpr std::size_t kFewestOfAClass = 200;
constexpr std::size_t kFewestForABody = 50;
constexpr std::size_t kAttempts = 20;  // draws a pair wanted, before it is given up that so many live at the same time
}  // namespace

PairClass pair_class(const PairTotal& total) {
    if (total.windows >= 4) { return PairClass::many_windows; }
    if (total.windows >= 2) { return PairClass::few_windows; }
    if (total.shared_s >= 150) { return PairClass::one_window; }
    return total.shared_s >= 60 ? PairClass::under_three_minutes : PairClass::under_a_minute;
}

std::string_view to_string(PairClass pair_class) {
    switch (pair_class) {
        case PairClass::under_a_minute: return "under 60 s";
        case PairClass::under_three_minutes: return "60-150 s";
        case PairClass::one_window: return "150-300 s";
        case PairClass::few_windows: return "2-3 epochs";
        case PairClass::many_windows: return "4 epochs or more";
    }
    return "";
}

std::vector<PairRef> draw_wrong_pairs(const PairSide& a, const PairSide& b, const PairClock& clock, const PairGrid& grid, std::size_t wanted,
                                      std::uint64_t seed) {
    std::vector<PairRef> pairs;
    if (a.courses.empty() || b.courses.empty() || grid.windows == 0) { return pairs; }
    const std::size_t all = a.courses.size() * b.courses.size();
    const auto live_together = [&](std::size_t i, std::size_t j) {
        const Interval of_b = b.courses[j].interval();
        const Interval shifted{of_b.from - clock.ahead, of_b.to - clock.ahead};
        const Interval of_a = a.courses[i].interval();
        return of_a.overlaps(shifted) && std::min(of_a.to, shifted.to) - std::max(of_a.from, shifted.from) >= kShortestPaired &&
               !same_conversation(*a.courses[i].flow, *b.courses[j].flow);
    };
    const auto add = [&](std::size_t i, std::size_t j) {
        if (live_together(i, j)) { pairs.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j), 0}); }
    };
    std::mt19937_64 random(seed);
    if (all <= 2 * wanted) {
        for (std::size_t k = 0; k < all; ++k) { add(k / b.courses.size(), k % b.courses.size()); }
    } else {
        for (std::size_t k = 0; k < kAttempts * wanted && pairs.size() < wanted; ++k) { add(random() % a.courses.size(), random() % b.courses.size()); }
        std::ranges::sort(pairs);
        pairs.erase(std::ranges::unique(pairs).begin(), pairs.end());
    }
    const std::size_t straight = pairs.size();
    const std::size_t each = straight == 0 ? 0 : (wanted + straight - 1) / straight;
    for (std::size_t k = 0; k < straight && pairs.size() - straight < wanted; ++k) {
        for (std::size_t i = 0; i < each; ++i) {
            pairs.push_back({pairs[k].a, pairs[k].b, static_cast<std::uint32_t>(250 + random() % 501)});
        }
    }
    return pairs;
}

PairNull::PairNull(std::span<const PairRef> pairs, std::span<const PairTotal> totals, const std::vector<bool>& claimed) {
    std::array<std::array<std::vector<double>, 2>, kPairClasses + 1> scores;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (totals[i].windows == 0 || claimed[i]) { continue; }
        const std::size_t kind = pairs[i].rotated != 0 ? 1 : 0;
        scores[static_cast<std::size_t>(pair_class(totals[i]))][kind].push_back(totals[i].z);
        scores[kPairClasses][kind].push_back(totals[i].z);
        ++samples_;
    }
    for (std::size_t c = 0; c <= kPairClasses; ++c) {
        const auto enough = [&](std::size_t kind) { return c == kPairClasses || scores[c][kind].size() >= kFewestOfAClass; };
        for (auto& of_kind : scores[c]) { std::ranges::sort(of_kind); }
        Samples& samples = classes_[c];
        if (enough(0)) {
            samples.wrong_body = body_of(scores[c][0]);
            samples.wrong = std::move(scores[c][0]);
        }
        if (enough(1)) {
            samples.turned_body = body_of(scores[c][1]);
            samples.turned = std::make_unique<NullTail>(std::move(scores[c][1]));
        }
    }
}

PairNull::Body PairNull::body_of(const std::vector<double>& sorted) {
    if (sorted.size() < kFewestForABody) { return {}; }
    const double middle = sorted[sorted.size() / 2];
    return {middle, sorted[sorted.size() * 9 / 10] - middle};
}

double PairNull::log_p(const PairTotal& total) const {
    if (total.windows == 0) { return 0; }
    const Samples& own = classes_[static_cast<std::size_t>(pair_class(total))];
    const Samples& all = classes_[kPairClasses];
    const Samples& turned = own.turned ? own : all;
    const Samples& wrong = own.wrong.empty() ? all : own;
    const double z = total.z;
    double adjusted = z;
    if (const Body& t = turned.turned_body, &w = wrong.wrong_body; t.upper > 0 && w.upper > 0) {
        const double from = std::max(w.middle, t.middle);
        const double shrink = std::min(1.0, t.upper / w.upper);
        adjusted = z <= from ? std::min(z, t.middle) : t.middle + (z - from) * shrink;
    }
    const auto as_high = wrong.wrong.end() - std::ranges::lower_bound(wrong.wrong, z);
    const double share = as_high > 1 ? static_cast<double>(as_high - 1) / static_cast<double>(wrong.wrong.size()) : 0;
    return std::max(turned.turned->log_p(adjusted), share > 0 ? std::log(share) : -std::numeric_limits<double>::infinity());
}

}  // namespace hw::trace
