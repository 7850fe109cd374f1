#pragma once

#include "route/watch/event.hpp"
#include "route/watch/prefix_watch.hpp"
#include "route/watch/rate_cusum.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hw::route {

/// Somebody's networks: a prefix, an AS, an operator or a country, each of which comes to prefixes and ASes.
struct WatchTarget {
    std::string name;
    std::vector<net::Asn> ases;         ///< Whatever they announce belongs to the target.
    std::vector<net::Prefix> prefixes;  ///< So does what lies in these, as far as its first announcers announce it.
    friend bool operator==(const WatchTarget&, const WatchTarget&) = default;
};

/// A moment of the target's visibility.
struct VisibilityPoint {
    Time at;
    std::uint32_t down = 0;     ///< Prefixes that cannot be reached.
    std::uint32_t known = 0;    ///< Of so many.
    double share = 0;           ///< Of routers' voices that have a route: the mean over the prefixes.
    bool observed = true;       ///< False: no router counted.
    template <typename Visit>
    void each_member(Visit&& visit) {
        visit(at);
        visit(down);
        visit(known);
        visit(share);
        visit(observed);
    }
};

/// What one outage of a target comes to.
struct TargetOutage {
    Time first_loss;            ///< The first of the prefixes went.
    Time start;                 ///< Half of the depth.
    Time full;                  ///< Depth reached.
    std::optional<Time> end;
    std::size_t depth = 0;      ///< Prefixes down at most.
    std::size_t known = 0;      ///< Of so many.
    double addresses = 0;       ///< Share of the target's IPv4 addresses that were down at the deepest; of its prefixes where it has no IPv4.
    Time confirmed;             ///< When it was told.
    template <typename Visit>
    void each_member(Visit&& visit) {
        visit(first_loss);
        visit(start);
        visit(full);
        visit(end);
        visit(depth);
        visit(known);
        visit(addresses);
        visit(confirmed);
    }
};

/// The visibility of one target over time: how many of its prefixes are down, whether that is an outage, whether they come and go too often.
///
/// An outage is there when prefixes that are missed (`PrefixWatch::missed`) are at least a fifth of the target's, or so many that the chance of it is below 10^-6
/// where each is missed independently as often as usual (binomial; exact). It begins when half of its greatest depth was reached and ends when less than half of
/// that is left, for a minute. A prefix inside another of the target's that can be reached is not missed: its addresses can be reached too.
class TargetWatch {
public:
    using Outage = TargetOutage;
    struct News {
        enum class Kind : std::uint8_t { outage_began, outage_deepened, outage_ended, unstable_began, unstable_ended } kind;
    };

    TargetWatch() = default;
    explicit TargetWatch(WatchTarget target) : target_(std::move(target)) {}

    [[nodiscard]] const WatchTarget& target() const { return target_; }
    void add(std::uint32_t prefix_watch) { members_.push_back(prefix_watch); }
    [[nodiscard]] std::span<const std::uint32_t> members() const { return members_; }

    /// A member's state turned.
    void turned(const PrefixWatch::Turn& turn, std::vector<News>& news);
    /// Looks at all members. `covered[i]`: whether member i lies in another of the target's prefixes that can be reached.
    struct Look {
        std::size_t known = 0;
        std::size_t down = 0;      ///< Now, missed or not.
        std::size_t missed = 0;
        double share = 0;
        bool observed = false;
        double addresses_down = 0;
        double addresses = 0;
        std::vector<Time> turns;   ///< When each that is down went down, sorted.
        std::optional<Time> last_return;  ///< When the last one came up that has been down.
    };
    void judge(const Look& look, Time now, std::vector<News>& news);

    [[nodiscard]] const std::optional<Outage>& outage() const { return outage_; }
    [[nodiscard]] const RateCusum& rate() const { return rate_; }
    [[nodiscard]] std::span<const VisibilityPoint> series() const { return series_; }

    template <typename Visit>
    void each_member(Visit&& visit) {
        visit(target_);
        visit(members_);
        visit(outage_);
        visit(rate_);
        visit(series_);
        visit(usual_missed_);
        visit(judged_);
        visit(below_half_since_);
        visit(last_down_);
        visit(last_up_);
        visit(step_);
    }

private:
    void record(const Look& look, Time now);

    WatchTarget target_;
    std::vector<std::uint32_t> members_;
    std::optional<Outage> outage_;
    RateCusum rate_;
    std::vector<VisibilityPoint> series_;
    double usual_missed_ = 0;  ///< Share missed outside outages, of the last day.
    Time judged_;
    std::optional<Time> below_half_since_;
    std::optional<Time> last_down_, last_up_;
    Duration step_ = std::chrono::seconds(10);
};

/// P(at least `k` of `n`) where each happens with `p`: the upper tail of the binomial distribution.
[[nodiscard]] double binomial_at_least(std::size_t k, std::size_t n, double p);

}  // namespace hw::route
