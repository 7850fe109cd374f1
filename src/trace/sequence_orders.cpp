#include "trace/sequence_orders.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace hw::trace {

namespace {
namespace orders_detail {

constexpr std::size_t kMostMoments = 4096;   // of one relation; of more, the latest
constexpr double kUnrelatedFloor = 0.05;     // ε: orders that wait longer than any window
constexpr double kShortFlowS = 1.0;
/// What a host is told in the first moments of a session that it opened and that lasts is a greeting or the answer to why it
/// called; and who opens one thing opens another. It weighs so much less than words that come later.
constexpr Duration kLasting = std::chrono::seconds(30);
constexpr Duration kGreeting = std::chrono::seconds(2);
constexpr double kGreetingWeight = 0.1;
/// The same of what the host asked for only once or twice, shortly: a page, a file.
constexpr std::size_t kFewestPolls = 3;
constexpr Duration kFetch = std::chrono::seconds(10);

/// The delay between an order and the act: a mixture of exponentials, share and mean in seconds.
struct Delay {
    double share;
    double mean_s;
};
constexpr std::array<Delay, 4> kDelays{{{0.45, 0.8}, {0.30, 5}, {0.20, 30}, {0.05, 200}}};

double delay_density(double d) {
    double sum = 0;
    for (const auto& [share, mean] : kDelays) { sum += d < 0 ? 0 : share / mean * std::exp(-d / mean); }
    return sum;
}

double delay_within(double d) {
    double sum = 0;
    for (const auto& [share, mean] : kDelays) { sum += d < 0 ? 0 : share * -std::expm1(-d / mean); }
    return sum;
}

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

double told_bytes(const flow::Flow& f, flow::Direction half) {
    const bool counts_payload = f.request.payload_bytes + f.reply.payload_bytes > 0;
    return static_cast<double>(counts_payload ? f.half(half).payload_bytes : f.half(half).bytes);
}

}  // namespace orders_detail
}  // namespace

Orders::Orders(const Relation& relation, Interval window)
    : begin_(window.from), length_s_(std::max(1.0, orders_detail::seconds(window.to - window.from))), relation_(relation) {
    const auto half = relation.inward();
    for (std::size_t i = 0; i < relation.flows.size(); ++i) {
        const auto& f = *relation.flows[i];
        if (!f.interval().overlaps(window)) { continue; }
        if (f.activity.fine()) {
            add_bursts(i, window);
        } else {
            const bool fetch = relation.opened && relation.flows.size() < orders_detail::kFewestPolls && f.last - f.first < orders_detail::kFetch;
            moments_.push_back({orders_detail::seconds(f.first - begin_), orders_detail::seconds(f.last - begin_), 1,
                                orders_detail::told_bytes(f, half), i, fetch});
        }
    }
    if (moments_.size() > orders_detail::kMostMoments) {
        moments_.erase(moments_.begin(), moments_.end() - static_cast<std::ptrdiff_t>(orders_detail::kMostMoments));
    }
    weigh_by_volume();
    shares_.assign(relation.flows.size(), 0);
    for (auto& m : moments_) {
        shares_[m.flow] += m.weight / total_;
        if (m.greeting) { m.weight *= orders_detail::kGreetingWeight; }  // total_ stays: a session that only greeted is not made of orders
    }
}

void Orders::add_bursts(std::size_t place, Interval window) {
    const auto& f = *relation_.flows[place];
    const std::int64_t width = f.activity.width().count();
    const std::int64_t pause = std::max<std::int64_t>(1, std::chrono::microseconds(std::chrono::seconds(1)).count() / width);
    const bool greets = relation_.opened && f.last - f.first >= orders_detail::kLasting;
    std::int64_t last = 0;
    bool any = false;
    for (const auto& bin : f.activity.bins(relation_.inward())) {
        if (bin.packets == 0) { continue; }
        const Time at = std::max(f.first, Time::from_micros(bin.index * width));
        const bool goes_on = any && bin.index - last <= pause;
        last = bin.index;
        if (!window.contains(at)) {
            any = false;
            continue;
        }
        if (goes_on) {
            moments_.back().bytes += static_cast<double>(bin.bytes);
        } else {
            const double s = orders_detail::seconds(at - begin_);
            moments_.push_back({s, s, 1, static_cast<double>(bin.bytes), place, greets && at - f.first < orders_detail::kGreeting});
        }
        any = true;
    }
}

/// Weight of a moment: 0.3 for "an order like any other word", and 0.7·o/u for one that shows, u being the density of
/// ln(bytes) among the relation's other moments and o that of an order, exponential above the median.
void Orders::weigh_by_volume() {
    constexpr std::size_t kFewest = 5;
    constexpr double kBandwidth = 0.03;
    constexpr double kBroadShare = 0.05;
    constexpr double kBroad = 2;
    constexpr double kOrderMean = 1.2;
    constexpr double kMostWeight = 20;
    if (moments_.size() >= kFewest) {
        std::vector<double> sorted;
        sorted.reserve(moments_.size());
        const auto size_of = [](const Moment& m) { return std::log(m.bytes + 20); };
        for (const auto& m : moments_) { sorted.push_back(size_of(m)); }
        std::ranges::sort(sorted);
        const double median = sorted[sorted.size() / 2];
        const auto others = static_cast<double>(sorted.size() - 1);
        for (auto& m : moments_) {
            const double x = size_of(m);
            const auto low = std::ranges::lower_bound(sorted, x - 2 * kBandwidth);
            const auto high = std::ranges::upper_bound(sorted, x + 2 * kBandwidth);
            const double near = static_cast<double>(high - low - 1) / others / (4 * kBandwidth);
            const double usual = (1 - kBroadShare) * near + kBroadShare * std::exp(-std::abs(x - median) / kBroad) / (2 * kBroad);
            const double order = x <= median ? 0 : std::exp(-(x - median) / kOrderMean) / kOrderMean;
            m.weight = 0.3 + 0.7 * std::min(kMostWeight, order / usual);
        }
    }
    total_ = 0;
    for (const auto& m : moments_) { total_ += m.weight; }
}

double Orders::fit(const Moment& m, double time_s) {
    const double length = m.to_s - m.from_s;
    if (length < orders_detail::kShortFlowS) { return orders_detail::delay_density(time_s - m.from_s); }
    const double within = (orders_detail::delay_within(time_s - m.from_s) - orders_detail::delay_within(time_s - m.to_s)) / length;
    return 0.25 * orders_detail::delay_density(time_s - m.from_s) + 0.65 * within + 0.1 * orders_detail::delay_density(time_s - m.to_s);
}

double Orders::ratio_at(Time time) const {
    if (moments_.empty() || total_ <= 0) { return orders_detail::kUnrelatedFloor; }
    const double t = orders_detail::seconds(time - begin_);
    double sum = 0;
    for (const auto& m : moments_) { sum += m.weight * fit(m, t); }
    return orders_detail::kUnrelatedFloor + (1 - orders_detail::kUnrelatedFloor) * length_s_ / total_ * sum;
}

const flow::Flow* Orders::most_telling(Time time) const {
    const double t = orders_detail::seconds(time - begin_);
    std::size_t best = 0;
    double most = 0;
    for (const auto& m : moments_) {
        const double share = m.weight * fit(m, t);
        if (share > most) {
            most = share;
            best = m.flow;
        }
    }
    return relation_.flows[best];
}

}  // namespace hw::trace
