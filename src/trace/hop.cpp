#include "trace/hop.hpp"

#include "trace/activity_match.hpp"
#include "trace/calibration.hpp"
#include "trace/record_match.hpp"
#include "trace/sequence_match.hpp"
#include "trace/tail.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <ranges>

namespace hw::trace {

namespace {

constexpr Duration kTrimmedAtStart = std::chrono::seconds(2);  // log-in and key exchange look alike everywhere
constexpr Duration kTrimmedAtEnd = std::chrono::seconds(1);
constexpr Duration kShortestTrimmed = std::chrono::seconds(15);
constexpr std::int64_t kLongestWindow = 1800 * 4;  // bins: half an hour
constexpr std::size_t kFewestCommonBins = 3;

bool is_host(const HopInput& input, const net::Address& address) { return std::ranges::find(input.host, address) != input.host.end(); }

/// The window to compare two flows over: the time that both lived, less its edges. That two flows begin or end together
/// is for the record channel to weigh; here it would make every pair of sessions that happen to start in the same
/// seconds look alike. Of more than half an hour, the half hour in which the action is busiest.
Window choose_window(const flow::Flow& control, const flow::Flow& action) {
    const std::int64_t width = flow::kActivityBinWidth.count();
    Time from = std::max(control.first, action.first);
    Time to = std::min(control.last, action.last);
    if (to - from >= kShortestTrimmed) {
        from = from + kTrimmedAtStart;
        to = to - kTrimmedAtEnd;
    }
    std::int64_t first = from.micros() / width;
    const std::int64_t size = to.micros() / width - first + 1;
    if (size <= kLongestWindow) { return {first, std::max<std::int64_t>(size, 0)}; }
    std::vector<std::int64_t> busy;
    for (const auto d : {flow::Direction::request, flow::Direction::reply}) {
        for (const auto& b : action.activity.bins(d)) {
            if (b.index >= first && b.index < first + size) { busy.push_back(b.index); }
        }
    }
    std::ranges::sort(busy);
    std::size_t most = 0;
    for (std::size_t i = 0, j = 0; i < busy.size(); ++i) {
        while (j < busy.size() && busy[j] < busy[i] + kLongestWindow) { ++j; }
        if (j - i > most) {
            most = j - i;
            first = busy[i];
        }
    }
    return {first, kLongestWindow};
}

struct Candidate {
    const flow::Flow* flow = nullptr;
    bool opened = false;  // the host is its client
    CourseMatch match;
    double top = -std::numeric_limits<double>::infinity();
    std::size_t feature = 0;
    double log_p = 0;
    bool has_activity = false;
};

Course course_of(const flow::Flow& flow, bool opened, Role role, const Window& window) {
    return {make_series(flow.activity.bins(half_of(opened, role, Sense::commands)), window),
            make_series(flow.activity.bins(half_of(opened, role, Sense::answers)), window)};
}

struct Moments {
    FeatureScores mean{};
    FeatureScores sd{};
};

/// Mean and spread of a null sample, drawn towards `prior` as if it were `weight` samples more.
Moments moments(const std::vector<const FeatureScores*>& sample, const Moments* prior, double weight) {
    Moments m;
    const auto n = static_cast<double>(sample.size());
    for (std::size_t f = 0; f < kFeatures; ++f) {
        double sum = prior != nullptr ? weight * prior->mean[f] : 0;
        for (const auto* s : sample) { sum += (*s)[f]; }
        const double total = n + (prior != nullptr ? weight : 0);
        m.mean[f] = total > 0 ? sum / total : 0;
        double squares = prior != nullptr ? weight * prior->sd[f] * prior->sd[f] : 0;
        for (const auto* s : sample) { squares += ((*s)[f] - m.mean[f]) * ((*s)[f] - m.mean[f]); }
        m.sd[f] = std::sqrt(total > 0 ? squares / total : 1);
        m.sd[f] = std::max(m.sd[f], 0.05);
    }
    return m;
}

/// Cohort normalisation, half against all unrelated alignments of this action, half against the pair's own shifts; the
/// best feature's z.
double normalise(const FeatureScores& score, const Moments& cohort, const Moments& own, std::size_t& feature) {
    double top = -std::numeric_limits<double>::infinity();
    for (std::size_t f = 0; f < kFeatures; ++f) {
        const double z = 0.5 * ((score[f] - cohort.mean[f]) / cohort.sd[f] + (score[f] - own.mean[f]) / own.sd[f]);
        if (z > top) {
            top = z;
            feature = f;
        }
    }
    return top;
}

/// Runs `work(i)` for every i, on as many threads as asked; each writes its own slot only, so the result is the same.
template <typename Work>
void for_each_index(std::size_t count, const LinkOptions& options, const Work& work) {
    if (options.threads <= 1 || count < 4) {
        for (std::size_t i = 0; i < count && !options.stop.stop_requested(); ++i) { work(i); }
        return;
    }
    oneapi::tbb::task_arena arena(static_cast<int>(options.threads));
    arena.execute([&] {
        oneapi::tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
            if (!options.stop.stop_requested()) { work(i); }
        });
    });
}

/// Brings scores of unrelated flows that lived at the same time down to the spread of shifted ones (an empirical null,
/// Efron 2004): where sessions at this host are alike for reasons that a shift destroys, likeness means less.
class SameMinute {
public:
    SameMinute(std::vector<double> unshifted, std::vector<double> shifted) {
        if (unshifted.size() < kFewest || shifted.size() < kFewest) { return; }
        std::ranges::sort(unshifted);
        unshifted.pop_back();  // the best may be the true partner
        const auto [middle_u, spread_u] = spread(unshifted);
        const auto [middle_s, spread_s] = spread(shifted);
        from_ = std::max(middle_u, middle_s);
        to_ = middle_s;
        shrink_ = spread_u > spread_s && spread_u > 0 ? spread_s / spread_u : 1;
    }
    [[nodiscard]] double operator()(double z) const { return z <= from_ ? std::min(z, to_) : to_ + (z - from_) * shrink_; }

private:
    static constexpr std::size_t kFewest = 8;
    /// Median, and median absolute deviation from it.
    static std::pair<double, double> spread(std::vector<double>& x) {
        const auto middle = [](std::vector<double>& v) {
            const auto m = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
            std::ranges::nth_element(v, m);
            return *m;
        };
        const double center = middle(x);
        std::vector<double> off;
        off.reserve(x.size());
        for (const double v : x) { off.push_back(std::abs(v - center)); }
        return {center, middle(off)};
    }
    double from_ = 0;
    double to_ = 0;
    double shrink_ = 1;
};

/// Activity channel over all candidates: fills z and log_p; returns ln p of the action against a perfect copy of itself.
double score_activity(const HopInput& input, std::vector<Candidate>& candidates, const LinkOptions& options) {
    const auto& action = *input.action;
    if (action.activity.empty()) { return 0; }
    const bool action_opened = is_host(input, action.client.address);

    for_each_index(candidates.size(), options, [&](std::size_t i) {
        Candidate& c = candidates[i];
        if (c.flow->activity.empty()) { return; }
        const Window window = choose_window(*c.flow, action);
        const Course course = course_of(*c.flow, c.opened, Role::control, window);
        if (course.commands[0].index.size() + course.answers[0].index.size() < kFewestCommonBins) { return; }
        c.match = match_courses(course, course_of(action, action_opened, Role::action, window), options.max_lag);
        c.has_activity = !c.match.shifted.empty();
    });
    // The action against a perfect copy of itself: could a true partner have stood out at all, and how far?
    const Course own_course = course_of(action, action_opened, Role::action, choose_window(action, action));
    const CourseMatch self = match_courses(own_course, own_course, options.max_lag);

    std::vector<const FeatureScores*> pool;
    for (const auto& c : candidates) {
        if (!c.has_activity) { continue; }
        for (const auto& s : c.match.shifted) { pool.push_back(&s); }
    }
    for (const auto& s : self.shifted) { pool.push_back(&s); }
    if (pool.empty()) { return 0; }
    const Moments cohort = moments(pool, nullptr, 0);

    constexpr double kPriorWeight = 30;
    const auto own_moments = [&](const std::vector<FeatureScores>& shifted) {
        std::vector<const FeatureScores*> sample;
        sample.reserve(shifted.size());
        for (const auto& s : shifted) { sample.push_back(&s); }
        return moments(sample, &cohort, kPriorWeight);
    };
    std::vector<double> null;
    std::vector<double> unshifted;
    std::size_t ignored = 0;
    for (auto& c : candidates) {
        if (!c.has_activity) { continue; }
        const Moments own = own_moments(c.match.shifted);
        c.top = normalise(c.match.score, cohort, own, c.feature);
        unshifted.push_back(c.top);
        for (const auto& s : c.match.shifted) { null.push_back(normalise(s, cohort, own, ignored)); }
    }
    const Moments self_own = own_moments(self.shifted);
    for (const auto& s : self.shifted) { null.push_back(normalise(s, cohort, self_own, ignored)); }
    const double self_top = normalise(self.score, cohort, self_own, ignored);

    const SameMinute adjust(std::move(unshifted), null);
    const NullTail tail(std::move(null));
    for (auto& c : candidates) {
        if (c.has_activity) { c.log_p = tail.log_p(adjust(c.top)); }
    }
    return tail.log_p(adjust(self_top));
}

/// Best order from any partner, by the sequence channel: one entry a partner.
std::map<net::Address, OrderMatch> score_orders(const HopInput& input, const LinkOptions& options) {
    std::map<net::Address, std::vector<const flow::Flow*>> by_partner;
    for (const auto* f : input.flows) {
        if (f == input.action || f->activity.empty() || f->first > input.action->first) { continue; }
        const bool opened = is_host(input, f->client.address);
        const auto& partner = opened ? f->server.address : f->client.address;
        if (is_host(input, partner) || partner.is_group() || input.downstream.contains(partner)) { continue; }
        by_partner[partner].push_back(f);
    }
    std::map<net::Address, OrderMatch> orders;
    const auto& host = is_host(input, input.action->client.address) ? input.action->client.address : input.action->server.address;
    for (const auto& [partner, flows] : by_partner) {
        if (auto order = match_orders(flows, *input.action, host, input.seen, options.lookback)) { orders.emplace(partner, *order); }
    }
    return orders;
}

/// ln(Σ e^x) without overflow.
double log_sum_exp(std::span<const double> x) {
    const double top = *std::ranges::max_element(x);
    double sum = 0;
    for (const double v : x) { sum += std::exp(v - top); }
    return top + std::log(sum);
}

}  // namespace

HopResult explain_action(const HopInput& input, const LinkOptions& options) {
    HopResult result;
    result.linked.flow = input.action;
    const auto& action = *input.action;
    const bool action_opened = is_host(input, action.client.address);

    std::vector<Candidate> candidates;
    for (const auto* f : input.flows) {
        if (f == &action || f->id == action.id) { continue; }
        const bool opened = is_host(input, f->client.address);
        const auto& partner = opened ? f->server.address : f->client.address;
        if (is_host(input, partner) || partner.is_group() || input.downstream.contains(partner)) { continue; }
        if (f->request.payload_bytes + f->reply.payload_bytes == 0 && !f->activity.empty()) { continue; }
        if (!f->interval().overlaps({action.first - options.max_lag, action.last + options.max_lag})) { continue; }
        candidates.push_back({.flow = f, .opened = opened, .match = {}});
    }
    result.pairs = candidates.size();
    const double log_p_self = score_activity(input, candidates, options);
    result.p_self = std::exp(log_p_self);

    // Record channel: unrelated pairs for (a, b) are (a', b) and (a, b') with other flows of the host.
    const double span_s = std::chrono::duration<double>(input.seen.to - input.seen.from).count();
    std::vector<RecordFeatures> with_action;
    with_action.reserve(candidates.size());
    for (const auto& c : candidates) { with_action.push_back(record_features(*c.flow, c.opened, action, action_opened)); }

    const auto orders = score_orders(input, options);
    std::vector<Link> links(candidates.size());
    for_each_index(candidates.size(), options, [&](std::size_t i) {
        const Candidate& c = candidates[i];
        std::vector<RecordFeatures> unrelated;
        unrelated.reserve(2 * candidates.size());
        for (std::size_t j = 0; j < candidates.size(); ++j) {
            if (j == i) { continue; }
            unrelated.push_back(with_action[j]);
            unrelated.push_back(record_features(*c.flow, c.opened, *candidates[j].flow, candidates[j].opened));
        }
        Link& link = links[i];
        link.inbound = c.flow;
        link.outbound = &action;
        link.control = c.opened ? Control::call_back : Control::forward;
        const Decibans record = match_records(with_action[i], unrelated, span_s);
        link.channels.record = record;
        Decibans bytes = record;
        double log_p = 0;
        if (c.has_activity) {
            log_p = c.log_p;
            const Decibans activity = weight_of(c.log_p, log_p_self);
            link.channels.activity = activity;
            bytes = activity + kCalibration.record_discount * record;
            link.z = c.top;
            link.lag_request = c.match.lag_commands[c.feature];
            link.lag_reply = c.match.lag_answers[c.feature];
            link.scale_s = 0.25 * static_cast<double>(kScales[c.feature % kScales.size()]);
        } else {
            log_p = std::min(0.0, -record.value() * std::log(10.0) / 10.0);  // P(LR ≥ r | unrelated) ≤ 1/r, Markov
        }
        link.p = std::exp(log_p);
        link.llr = bytes;
        const auto order = orders.find(c.opened ? c.flow->server.address : c.flow->client.address);
        if (order != orders.end() && order->second.flow == c.flow) {
            link.channels.sequence = order->second.llr;
            const std::array<double, 2> ways{
                std::log(1 - kCalibration.order_share) + bytes.value() * std::log(10.0) / 10.0,
                std::log(kCalibration.order_share) + order->second.llr.value() * std::log(10.0) / 10.0};
            link.llr = Decibans::from_nats(log_sum_exp(ways));
        }
    });
    if (options.stop.stop_requested()) {
        result.interrupted = true;
        return result;
    }

    // Posterior over the candidates and "none of them".
    std::vector<double> weights(links.size() + 1);
    const auto n = static_cast<double>(std::max<std::size_t>(1, links.size()));
    for (std::size_t i = 0; i < links.size(); ++i) {
        weights[i] = std::log(kCalibration.relay_prior / n) + links[i].llr.value() * std::log(10.0) / 10.0;
    }
    weights.back() = std::log(1 - kCalibration.relay_prior);
    const double total = log_sum_exp(weights);
    result.linked.none = std::exp(weights.back() - total);
    for (std::size_t i = 0; i < links.size(); ++i) {
        links[i].posterior = std::exp(weights[i] - total);
        links[i].p_none = result.linked.none;
    }
    std::ranges::stable_sort(links, [](const Link& a, const Link& b) {
        return a.llr != b.llr ? a.llr > b.llr : a.inbound->id < b.inbound->id;
    });
    for (const auto& [partner, order] : orders) {
        if (order.llr > Decibans(0) && (!result.best_order || order.llr > *result.best_order)) {
            result.best_order = order.llr;
            result.order_flow = order.flow;
        }
    }
    result.linked.candidates = std::move(links);
    return result;
}

}  // namespace hw::trace
