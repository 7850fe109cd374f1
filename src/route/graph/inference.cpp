#include "route/graph/inference.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

namespace hw::route {
namespace {
namespace inference_detail {

/// ASes are numbered by rank: 0 has the largest transit degree.
using Rank = std::uint32_t;
using Way = std::vector<Rank>;

/// What the second is to the first.
enum class Tie : std::uint8_t { unknown, customer, provider, peer };

std::uint64_t key(Rank a, Rank b) { return (std::uint64_t{a} << 32U) | b; }

/// Numbers that stand for no one network, wherever they are met. (Private ones, and those set aside for documents, are networks in laboratories and inside
/// organisations; met elsewhere they are one more stub.)
bool stands_for_nobody(net::Asn asn) {
    constexpr std::uint32_t kTrans = 23'456;  // RFC 6793
    return asn.number() == 0 || asn.number() == kTrans || asn.number() == 65'535 || asn.number() == 0xffff'ffffU;  // RFC 7607, RFC 7300
}

class Inference {
public:
    Inference(std::span<const std::vector<net::Asn>> paths, InferredRelationships& out) : out_(out) {
        number(paths, sound(paths));
    }

    void take_known(std::span<const AsLink> known) {
        for (const AsLink& link : known) {
            const auto a = find(link.first), b = find(link.second);
            if (!a || !b) { continue; }
            if (link.relation == Relation::peer) { set(*a, *b, Tie::peer); }
            else { set(*a, *b, Tie::customer); }
        }
    }

    void take_clique(std::span<const net::Asn> given) {
        for (const net::Asn asn : given) {
            if (const auto r = find(asn)) { clique_.push_back(*r); }
        }
        in_clique_.assign(asns_.size(), false);
        if (given.empty()) {
            if (few_views_) { find_top(); }
            else { find_clique(); }
        }
        for (const Rank r : clique_) { in_clique_[r] = true; }
        for (const Rank a : clique_) {
            for (const Rank b : clique_) {
                if (a < b && linked(a, b) && tie(a, b) == Tie::unknown) { set(a, b, Tie::peer); }
            }
        }
        std::ranges::sort(clique_);
        for (const Rank r : clique_) { out_.clique.push_back(asns_[r]); }
        out_.report.poisoned = static_cast<std::size_t>(std::erase_if(ways_, [&](const Way& way) { return is_poisoned(way); }));
        out_.report.paths = ways_.size();
    }

    void infer() {
        gather_triplets();
        top_down(true);
        from_partial_views();
        top_down(true);
        top_down(false);
        // Stubs buy from those at the top; where few look on, the small from the far larger, as no way shows what else they could be.
        for (const std::uint64_t link : links_) {
            const auto a = static_cast<Rank>(link >> 32U), b = static_cast<Rank>(link);
            const bool stub = in_clique_[a] && transit_degree_[b] == 0;
            const bool far_larger = few_views_ && !in_clique_[b] && transit_degree_[a] >= kFarLarger * (transit_degree_[b] + 1);
            if (tie(a, b) == Tie::unknown && (stub || far_larger)) { set(a, b, Tie::customer); }
        }
        providers_for_all();
        for (const std::uint64_t link : links_) {
            const auto a = static_cast<Rank>(link >> 32U), b = static_cast<Rank>(link);
            if (a < b && tie(a, b) == Tie::unknown) { set(a, b, Tie::peer); }
        }
    }

    [[nodiscard]] std::vector<AsLink> links() const {
        std::vector<AsLink> all;
        all.reserve(ties_.size() / 2);
        for (const auto& [link, of] : ties_) {
            const net::Asn a = asns_[static_cast<Rank>(link >> 32U)], b = asns_[static_cast<Rank>(link)];
            if (of == Tie::customer) { all.push_back({a, b, Relation::provider_customer}); }
            else if (of == Tie::peer && a < b) { all.push_back({a, b, Relation::peer}); }
        }
        return all;
    }

private:
    static constexpr std::size_t kEnoughViews = 10;
    static constexpr std::uint32_t kFarLarger = 5;  ///< So many times the transit degree.

    /// Which ways are of use.
    std::vector<bool> sound(std::span<const std::vector<net::Asn>> paths) {
        std::vector<bool> use(paths.size(), false);
        for (std::size_t i = 0; i < paths.size(); ++i) {
            const auto& path = paths[i];
            if (std::ranges::any_of(path, stands_for_nobody)) {
                ++out_.report.reserved;
                continue;
            }
            auto sorted = path;
            std::ranges::sort(sorted);
            if (std::ranges::adjacent_find(sorted) != sorted.end()) {
                ++out_.report.looping;
                continue;
            }
            use[i] = path.size() > 1;
        }
        return use;
    }

    /// Who tells the way to few ASes: to its customers only (ibid., step 6).
    std::vector<bool> partial_views(const std::vector<Way>& ways, std::size_t ases) {
        constexpr double kFew = 0.025;
        std::unordered_map<Rank, std::vector<Rank>> told;  // vantage point, ends
        std::vector<Rank> all;
        for (const Way& way : ways) {
            told[way.front()].push_back(way.back());
            all.push_back(way.back());
        }
        const auto different = [](std::vector<Rank>& of) {
            std::ranges::sort(of);
            const auto twice = std::ranges::unique(of);
            of.erase(twice.begin(), twice.end());
            return static_cast<double>(of.size());
        };
        const double most = kFew * different(all);
        std::vector<bool> partial(ases, false);
        std::size_t full = 0;
        for (auto& [vantage, ends] : told) {
            partial[vantage] = different(ends) < most;
            full += partial[vantage] ? 0 : 1;
        }
        few_views_ = full < kEnoughViews;
        return partial;
    }

    /// Numbers the ASes by transit degree: different neighbours on either side where an AS stands between two (ibid., 4.2); then all neighbours; then the number.
    void number(std::span<const std::vector<net::Asn>> paths, const std::vector<bool>& use) {
        std::unordered_map<net::Asn, Rank> place;
        std::vector<net::Asn> met;
        std::vector<Way> raw;
        for (std::size_t i = 0; i < paths.size(); ++i) {
            if (!use[i]) { continue; }
            Way& way = raw.emplace_back();
            way.reserve(paths[i].size());
            for (const net::Asn asn : paths[i]) {
                const auto [at, fresh] = place.try_emplace(asn, static_cast<Rank>(met.size()));
                if (fresh) { met.push_back(asn); }
                way.push_back(at->second);
            }
        }
        const auto partial = partial_views(raw, met.size());
        std::vector<std::uint64_t> transit, all;  // (AS, neighbour)
        for (const Way& way : raw) {
            for (std::size_t k = 0; k < way.size(); ++k) {
                // Where few look on, the first of a way is one that hands on to the collector, and often the greatest of all.
                const bool between = (k > 0 || few_views_) && k + 1 < way.size();
                for (const std::size_t side : {k - 1, k + 1}) {
                    if (side >= way.size()) { continue; }
                    all.push_back(key(way[k], way[side]));
                    if (between) { transit.push_back(key(way[k], way[side])); }
                }
            }
        }
        const auto degrees = [&](std::vector<std::uint64_t>& pairs) {
            std::ranges::sort(pairs);
            const auto twice = std::ranges::unique(pairs);
            pairs.erase(twice.begin(), twice.end());
            std::vector<std::uint32_t> degree(met.size());
            for (const std::uint64_t pair : pairs) { ++degree[static_cast<Rank>(pair >> 32U)]; }
            return degree;
        };
        const auto transit_degree = degrees(transit), degree = degrees(all);
        std::vector<Rank> order(met.size());
        for (Rank r = 0; r < order.size(); ++r) { order[r] = r; }
        std::ranges::sort(order, [&](Rank a, Rank b) {
            if (transit_degree[a] != transit_degree[b]) { return transit_degree[a] > transit_degree[b]; }
            return degree[a] != degree[b] ? degree[a] > degree[b] : met[a] < met[b];
        });
        std::vector<Rank> rank_of(met.size());
        for (Rank r = 0; r < order.size(); ++r) {
            rank_of[order[r]] = r;
            asns_.push_back(met[order[r]]);
            transit_degree_.push_back(transit_degree[order[r]]);
            partial_.push_back(partial[order[r]]);
            by_asn_.emplace(met[order[r]], r);
        }
        for (Way& way : raw) {
            for (Rank& r : way) { r = rank_of[r]; }
        }
        ways_ = std::move(raw);
        for (const std::uint64_t pair : all) { links_.push_back(key(rank_of[static_cast<Rank>(pair >> 32U)], rank_of[static_cast<Rank>(pair)])); }
        std::ranges::sort(links_);
    }

    [[nodiscard]] std::optional<Rank> find(net::Asn asn) const {
        const auto found = by_asn_.find(asn);
        return found == by_asn_.end() ? std::nullopt : std::optional(found->second);
    }
    [[nodiscard]] bool linked(Rank a, Rank b) const { return std::ranges::binary_search(links_, key(a, b)); }
    [[nodiscard]] Tie tie(Rank a, Rank b) const {
        const auto found = ties_.find(key(a, b));
        return found == ties_.end() ? Tie::unknown : found->second;
    }
    /// `of`: what b is to a.
    void set(Rank a, Rank b, Tie of) {
        ties_[key(a, b)] = of;
        ties_[key(b, a)] = of == Tie::customer ? Tie::provider : of == Tie::provider ? Tie::customer : of;
    }

    /// The largest clique among the ten of the largest transit degree that has the first of them; then, in order, whoever is linked to all of it.
    void find_clique() {
        const std::size_t top = std::min<std::size_t>(10, asns_.size());
        std::vector<Rank> best;
        for (std::uint32_t set = 1; set < (1U << top); set += 2) {  // those with the first
            std::vector<Rank> some;
            for (Rank r = 0; r < top; ++r) {
                if ((set >> r & 1U) != 0) { some.push_back(r); }
            }
            if (some.size() <= best.size()) { continue; }
            bool whole = true;
            for (std::size_t i = 0; i < some.size() && whole; ++i) {
                for (std::size_t j = i + 1; j < some.size() && whole; ++j) { whole = linked(some[i], some[j]); }
            }
            if (whole) { best = some; }
        }
        constexpr std::size_t kLooked = 200;  // nobody of a lower rank is at the top
        for (Rank r = static_cast<Rank>(top); r < std::min(asns_.size(), kLooked) && transit_degree_[r] > 0; ++r) {
            if (std::ranges::all_of(best, [&](Rank b) { return linked(r, b); })) { best.push_back(r); }
        }
        clique_ = std::move(best);
    }

    [[nodiscard]] bool is_poisoned(const Way& way) const {
        std::size_t last = way.size();
        for (std::size_t i = 0; i < way.size(); ++i) {
            if (!in_clique_[way[i]]) { continue; }
            if (last != way.size() && i > last + 1) { return true; }
            last = i;
        }
        return false;
    }

    /// For each AS in the middle: who was before it and who behind.
    void gather_triplets() {
        for (const Way& way : ways_) {
            for (std::size_t i = 1; i + 1 < way.size(); ++i) { triplets_.push_back({way[i], way[i - 1], way[i + 1]}); }
        }
        std::ranges::sort(triplets_);
        const auto twice = std::ranges::unique(triplets_);
        triplets_.erase(twice.begin(), twice.end());
    }

    /// Whom an AS announces to a provider or to a peer of the clique is its customer. From the top down, so that providers are known when they are needed; the first
    /// time no AS becomes the customer of one with a lower rank.
    void top_down(bool by_rank) {
        bool more = true;
        for (int round = 0; more && round < 10; ++round) {
            more = false;
            for (const auto& [middle, before, behind] : triplets_) {
                const Tie above = tie(middle, before);
                if (above != Tie::provider && above != Tie::peer) { continue; }
                if (tie(middle, behind) != Tie::unknown || in_clique_[behind] || (by_rank && behind < middle)) { continue; }
                set(middle, behind, Tie::customer);
                more = true;
            }
        }
    }

    /// Few full views show few of the links at the top, and no clique can be found among them: then it is whoever is hardly ever met below another in a
    /// partial view, has a transit degree of a tenth of the largest at least, and is met beside another such.
    void find_top() {
        constexpr double kHardlyEver = 0.05;
        std::vector<double> below(asns_.size()), met(asns_.size());
        for (const Way& way : ways_) {
            for (std::size_t i = 0; i < way.size(); ++i) {
                met[way[i]] += 1;
                below[way[i]] += partial_[way.front()] && i > 0 ? 1 : 0;
            }
        }
        for (Rank r = 0; r < asns_.size() && transit_degree_[r] * 10 >= transit_degree_[0] && transit_degree_[r] > 0; ++r) {
            if (below[r] <= kHardlyEver * met[r]) { clique_.push_back(r); }
        }
        const auto all = clique_;
        if (all.size() > 1) {
            std::erase_if(clique_, [&](Rank r) { return std::ranges::none_of(all, [&](Rank other) { return other != r && linked(r, other); }); });
        }
    }

    /// The ways of a partial view lead downwards from the first step.
    void from_partial_views() {
        for (const Way& way : ways_) {
            if (!partial_[way.front()]) { continue; }
            for (std::size_t i = 0; i + 1 < way.size(); ++i) {
                const Rank above = way[i], below = way[i + 1];
                const Tie known = tie(above, below);
                if (known == Tie::unknown && !in_clique_[below]) { set(above, below, Tie::customer); }
                else if (known != Tie::customer && known != Tie::unknown) { break; }  // not as it ought to be
            }
        }
    }

    /// Who is not at the top buys from somebody, or few would reach him (cf. ibid., step 8): where nothing else has shown a provider, all of a higher rank that
    /// he is told through are.
    void providers_for_all() {
        std::vector<bool> buys(asns_.size(), false);
        for (const auto& [link, of] : ties_) {
            if (of == Tie::provider) { buys[static_cast<Rank>(link >> 32U)] = true; }
        }
        std::vector<std::uint64_t> told_through;  // (AS, who stands before it on a way)
        for (const Way& way : ways_) {
            for (std::size_t i = 1; i < way.size(); ++i) { told_through.push_back(key(way[i], way[i - 1])); }
        }
        for (const std::uint64_t pair : told_through) {
            const auto below = static_cast<Rank>(pair >> 32U), above = static_cast<Rank>(pair);
            if (above < below && !buys[below] && !in_clique_[below] && tie(above, below) == Tie::unknown) { set(above, below, Tie::customer); }
        }
    }

    InferredRelationships& out_;
    std::vector<net::Asn> asns_;  ///< By rank.
    std::vector<std::uint32_t> transit_degree_;
    std::unordered_map<net::Asn, Rank> by_asn_;
    std::vector<Way> ways_;
    std::vector<std::uint64_t> links_;  ///< Neighbours on some way, both ways round.
    std::unordered_map<std::uint64_t, Tie> ties_;
    std::vector<Rank> clique_;
    std::vector<bool> in_clique_;
    std::vector<bool> partial_;
    bool few_views_ = false;      ///< Of all ASes' ways, that is: those to customers only do not count.
    std::vector<std::array<Rank, 3>> triplets_;
};

}  // namespace inference_detail
}  // namespace

InferredRelationships infer_relationships(std::span<const std::vector<net::Asn>> paths, std::span<const AsLink> known, std::span<const net::Asn> clique) {
    InferredRelationships out;
    inference_detail::Inference inference(paths, out);
    inference.take_known(known);
    inference.take_clique(clique);
    inference.infer();
    out.links = inference.links();
    const auto pair_of = [](const AsLink& link) { return std::minmax(link.first, link.second); };
    std::ranges::sort(out.links, {}, [&](const AsLink& link) { return std::pair<net::Asn, net::Asn>(pair_of(link)); });
    // Known links that nobody's way took stay known.
    std::vector<std::pair<net::Asn, net::Asn>> have;
    have.reserve(out.links.size());
    for (const AsLink& link : out.links) { have.emplace_back(pair_of(link)); }
    std::size_t told = 0;
    for (const AsLink& link : known) {
        if (std::ranges::binary_search(have, std::pair<net::Asn, net::Asn>(pair_of(link)))) { ++told; }
        else { out.links.push_back(link); }
    }
    out.inferred = have.size() - told;
    std::ranges::sort(out.links, {}, [&](const AsLink& link) { return std::pair<net::Asn, net::Asn>(pair_of(link)); });
    return out;
}

}  // namespace hw::route
