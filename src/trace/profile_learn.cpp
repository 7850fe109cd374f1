#include "trace/profile_learn.hpp"

#include "trace/activity_channel.hpp"
#include "trace/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <utility>

namespace hw::trace {

namespace {
namespace learning {

constexpr Duration kShortestFlow = std::chrono::seconds(15);   // the activity channel compares no shorter one
constexpr Duration kLeastMove = std::chrono::seconds(20);
constexpr std::size_t kFewestActions = 2;
constexpr std::size_t kMostHosts = 4000;
constexpr std::size_t kMostFlows = 512;       // of a host: every n-th beyond
constexpr std::size_t kMostActions = 24;      // of a host in one visit
constexpr std::size_t kMostControls = 64;
constexpr std::size_t kVisitsARound = 64;
constexpr std::size_t kMostVisits = 200'000;
constexpr std::uint64_t kFewestKept = 100;    // pairs of a class that a profile tells of
constexpr double kExpectedBeyond = 1e-3;
constexpr double kMostExcluded = 0.01;
constexpr double kHeavier = 3;

struct Host {
    flow::ObserverId observer{};
    net::Address address;
    std::vector<const flow::Flow*> flows;    // with a course, in order of time
    std::vector<const flow::Flow*> actions;  // those long enough to be compared
    Interval life;
};

struct Scored {
    TrafficClass of;
    double z = 0;
    flow::FlowId action{};
    flow::FlowId control{};
};

template <typename T>
void thin(std::vector<T>& list, std::size_t most) {
    if (list.size() <= most) { return; }
    std::vector<T> kept;
    kept.reserve(most);
    for (std::size_t i = 0; i < most; ++i) { kept.push_back(list[i * list.size() / most]); }
    list = std::move(kept);
}

bool left_out(const flow::Flow& f, std::span<const LeftOut> without) {
    return std::ranges::any_of(without, [&](const LeftOut& w) {
        return std::ranges::any_of(std::array{f.client, f.server}, [&](const net::Endpoint& end) {
            return end.address == w.address && (!w.port || end.port == *w.port);
        });
    });
}

Result<std::vector<Host>> hosts_of(const flow::FlowSource& source, const LearnOptions& options) {
    std::map<std::pair<flow::ObserverId, net::Address>, Host> found;
    HW_CHECK(source.scan(source.interval(), [&](const flow::Flow& f) {
        if (f.activity.empty() || f.activity.width() != flow::kActivityBinWidth || left_out(f, options.without)) { return true; }
        const flow::Flow* kept = source.keep(f);
        for (const auto* end : {&f.client, &f.server}) {
            if (end->address.is_group()) { continue; }
            Host& host = found[{f.observer, end->address}];
            host.observer = f.observer;
            host.address = end->address;
            host.flows.push_back(kept);
        }
        return !options.link.stop.stop_requested();
    }));
    std::vector<Host> hosts;
    for (auto& [key, host] : found) {
        thin(host.flows, kMostFlows);
        for (const auto* f : host.flows) {
            if (f->last - f->first >= kShortestFlow) { host.actions.push_back(f); }
        }
        if (host.actions.size() < kFewestActions) { continue; }
        host.life = host.flows.front()->interval();
        for (const auto* f : host.flows) { host.life = {std::min(host.life.from, f->first), std::max(host.life.to, f->last)}; }
        hosts.push_back(std::move(host));
    }
    thin(hosts, kMostHosts);
    return hosts;
}

/// How many bins to move the donor's flows by, so that they meet the recipient's but not as they truly did.
std::int64_t draw_move(const Host& to, const Host& from, Duration least, std::mt19937_64& random) {
    const Duration aligned = to.life.from - from.life.from;
    const Duration length = std::min(to.life.to - to.life.from, from.life.to - from.life.from);
    const auto width = flow::kActivityBinWidth.count();
    const std::int64_t reach = std::max<std::int64_t>((length / 3).count(), least.count()) + width;
    for (int tries = 0; tries < 16; ++tries) {
        const auto by = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * reach)) - reach;
        const std::int64_t bins = (aligned.count() + by) / width;
        if (std::abs(bins) * width >= least.count()) { return bins; }
    }
    return least.count() / width + 1;
}

flow::Flow moved(const flow::Flow& f, std::int64_t bins) {
    flow::Flow out = f;
    out.first = out.first + bins * flow::kActivityBinWidth;
    out.last = out.last + bins * flow::kActivityBinWidth;
    auto request = f.activity.bins(flow::Direction::request);
    auto reply = f.activity.bins(flow::Direction::reply);
    for (auto* half : {&request, &reply}) {
        for (auto& bin : *half) { bin.index += bins; }
    }
    out.activity = flow::Activity::from_bins(request, reply);
    return out;
}

/// Whether two flows may be pieces of one session. Those of a chain all live at the same time, and keep its rhythm wherever they
/// are moved: a beacon's in- and outflow fit each other in any minute.
bool may_belong_together(const flow::Flow& a, const flow::Flow& b) { return a.interval().overlaps(b.interval()); }

/// One host's actions against one host's flows of other minutes. With `apart` only flows that truly lived apart are compared.
std::vector<Scored> visit(const Host& to, const Host& from, std::uint64_t seed, bool apart, const LinkOptions& link) {
    std::mt19937_64 random(seed);
    const std::int64_t bins = draw_move(to, from, apart ? Duration(0) : kLeastMove + link.max_lag, random);
    std::vector<flow::Flow> made;
    made.reserve(from.flows.size());
    for (const auto* f : from.flows) { made.push_back(moved(*f, bins)); }
    auto actions = to.actions;
    thin(actions, kMostActions);
    LinkOptions quiet = link;
    quiet.threads = 1;
    quiet.progress = nullptr;
    quiet.profile = nullptr;
    std::vector<Scored> scored;
    for (const auto* action : actions) {
        const Interval alive{action->first - link.max_lag, action->last + link.max_lag};
        std::vector<RelayFlow> controls;
        for (std::size_t i = 0; i < made.size(); ++i) {
            // A conversation is no stranger to itself, however far it is moved: a beacon would fit its own later beats.
            const bool itself = std::minmax(made[i].client, made[i].server) == std::minmax(action->client, action->server);
            if (itself || (apart && may_belong_together(*from.flows[i], *action))) { continue; }
            if (made[i].interval().overlaps(alive)) { controls.push_back({&made[i], from.flows[i]->client.address == from.address}); }
        }
        thin(controls, kMostControls);
        if (controls.empty()) { continue; }
        const auto scores = score_activity({action, action->client.address == to.address}, controls, quiet);
        for (std::size_t i = 0; i < controls.size(); ++i) {
            const auto& s = scores.controls[i];
            if (s.shared_s <= 0) { continue; }
            const bool tcp = action->protocol == flow::Protocol::tcp && controls[i].flow->protocol == flow::Protocol::tcp;
            scored.push_back({class_of({tcp, s.shared_s, s.busy, s.burst, s.unlike}), s.z_fair, action->id, controls[i].flow->id});
        }
    }
    return scored;
}

struct Gathered {
    std::vector<double> scores;
    std::set<flow::FlowId> flows;
};

struct Gathering {
    std::uint64_t pairs = 0;
    std::map<TrafficClass, Gathered> classes;
};

/// Compares about as many pairs as are wanted, host after host; fewer where there are no more, or when stopped.
Gathering gather_scores(std::span<const Host> hosts, const LearnOptions& options, bool apart) {
    struct Visit {
        std::size_t to;
        std::size_t from;
        std::uint64_t seed;
    };
    std::mt19937_64 random(options.link.seed);
    Gathering gathering;
    LinkOptions rounds = options.link;
    rounds.progress = nullptr;
    for (std::size_t done = 0; gathering.pairs < options.pairs && done < kMostVisits; done += kVisitsARound) {
        // Nothing here can be compared, or next to nothing lived apart.
        if (done > 4 * hosts.size() + 256 && gathering.pairs < (apart ? kFewestOfClass : 1)) { break; }
        std::vector<Visit> visits;
        visits.reserve(kVisitsARound);
        for (std::size_t i = 0; i < kVisitsARound; ++i) {
            const std::size_t to = (done + i) % hosts.size();
            const auto from = static_cast<std::size_t>(random() % hosts.size());
            visits.push_back({to, from, random()});
        }
        std::vector<std::vector<Scored>> found(visits.size());
        for_each_index(visits.size(), rounds, [&](std::size_t i) {
            found[i] = visit(hosts[visits[i].to], hosts[visits[i].from], visits[i].seed, apart, options.link);
        });
        if (options.link.stop.stop_requested()) { break; }
        for (const auto& scored : found) {
            gathering.pairs += scored.size();
            for (const auto& s : scored) {
                for (const auto& wide : widened(s.of)) {
                    auto& gathered = gathering.classes[wide];
                    gathered.scores.push_back(s.z);
                    gathered.flows.insert({s.action, s.control});
                }
            }
        }
        if (options.link.progress) { options.link.progress(static_cast<std::size_t>(gathering.pairs), static_cast<std::size_t>(options.pairs)); }
    }
    return gathering;
}

}  // namespace learning
}  // namespace

std::uint64_t exclude_strong(std::vector<double>& scores) {
    using namespace learning;
    std::ranges::sort(scores);
    const auto all = static_cast<double>(scores.size());
    const auto quantile = [&](double below) { return scores[static_cast<std::size_t>(below * (all - 1))]; };
    if (scores.size() < kFewestKept) { return 0; }
    // Below the 97 % point a hundredth of true links changes little; an exponential law through it and the 90 % point, three
    // times as wide for tails that are heavier than that.
    const double scale = kHeavier * std::max(quantile(0.97) - quantile(0.9), 0.1) / std::log(0.1 / 0.03);
    const double highest = quantile(0.97) + scale * std::log(0.03 * all / kExpectedBeyond);
    const auto fewest = scores.size() - static_cast<std::size_t>(kMostExcluded * all);
    std::uint64_t dropped = 0;
    for (; scores.size() > fewest && scores.back() > highest; ++dropped) { scores.pop_back(); }
    return dropped;
}

Result<Profile> learn_profile(const flow::FlowSource& source, const LearnOptions& options) {
    using namespace learning;
    HW_TRY(const auto hosts, hosts_of(source, options));
    const std::string too_few = "a profile wants captures of hosts with sessions of 15 s and longer; totals alone (connection logs) have no course to learn from";
    if (hosts.empty()) { return fail(Errc::limit, "no host in the inputs has two flows long enough to compare", {}, too_few); }

    Gathering gathering = gather_scores(hosts, options, true);
    if (gathering.pairs < kFewestOfClass) { gathering = gather_scores(hosts, options, false); }
    if (options.link.stop.stop_requested()) { return fail(Errc::interrupted, "stopped while learning; no profile was written"); }
    Profile profile;
    profile.seed = options.link.seed;
    profile.hosts = hosts.size();
    profile.pairs = gathering.pairs;
    for (auto& [of, gathered] : gathering.classes) {
        const auto excluded = exclude_strong(gathered.scores);
        if (of == TrafficClass{}) { profile.excluded = excluded; }
        if (gathered.scores.size() < kFewestKept) { continue; }
        profile.classes.push_back(learn_class(of, std::move(gathered.scores), gathered.flows.size()));
    }
    if (profile.classes.empty()) {
        return fail(Errc::limit, "only " + std::to_string(profile.pairs) + " pairs of flows could be compared, too few to learn from", {}, too_few);
    }
    return profile;
}

}  // namespace hw::trace
