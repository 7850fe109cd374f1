#include "weigh/attack/technique_items.hpp"

#include "base/sorted.hpp"
#include "weigh/attack/match.hpp"
#include "weigh/evidence_json.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

namespace hw::weigh::attack {
namespace {
namespace technique_items {

/// As `Source::year`: 2014.0 is the beginning of 2014.
double year_of(Time time) {
    using namespace std::chrono;
    const sys_time<Duration> moment{time.since_epoch()};
    const year_month_day date{floor<days>(moment)};
    const auto begins = sys_days{date.year() / January / 1}, ends = sys_days{(date.year() + years{1}) / January / 1};
    return static_cast<int>(date.year()) + duration<double>(moment - begins) / duration<double>(ends - begins);
}

struct Looked {
    Observed observed;
    std::vector<std::string> unknown;
};

Looked look_up(const std::vector<Item*>& items, const Library& library) {
    Looked looked;
    for (const Item* item : items) {
        for (const std::string& id : item->finding->techniques) {
            if (const auto feature = find_entry(library.features, id)) { looked.observed.features.push_back(*feature); }
            else { looked.unknown.push_back(id); }
        }
        const auto when = item->fact ? item->fact : item->seen;
        if (when) { looked.observed.year = std::min(looked.observed.year.value_or(year_of(*when)), year_of(*when)); }
    }
    sort_once(looked.observed.features);
    sort_once(looked.unknown);
    return looked;
}

std::vector<NearGroup> nearest_of(const Match& told, const Library& library) {
    constexpr std::size_t kShown = 5;
    constexpr double kWorthNaming = 0.01;
    std::vector<std::size_t> order(told.groups.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater(), [&](std::size_t g) { return told.groups[g]; });
    order.resize(std::min(order.size(), kShown));
    std::vector<NearGroup> nearest;
    nearest.reserve(order.size());
    for (const std::size_t g : order) {
        if (told.groups[g] * (1 - told.none) < kWorthNaming) { break; }
        nearest.push_back({library.groups[g].id, library.groups[g].name, told.groups[g] * (1 - told.none)});
    }
    return nearest;
}

/// How much likelier what was seen is for the hypothesis than for somebody whom the library does not describe.
double ratio_of(const Hypothesis& hypothesis, const Match& told, const Library& library) {
    const auto group = find_entry(library.groups, hypothesis.attack_group);
    if (!group) { return 1; }
    return told.groups[*group] * static_cast<double>(library.groups.size()) * (1 - told.none) / told.none;
}

void set_likelihoods(Item& item, const Evidence& evidence, const Match& told, const Library& library) {
    std::vector<double> ratios;
    ratios.reserve(evidence.hypotheses.size());
    for (const Hypothesis& hypothesis : evidence.hypotheses) { ratios.push_back(ratio_of(hypothesis, told, library)); }
    const auto most = std::ranges::max_element(ratios);
    for (std::size_t h = 0; h < ratios.size(); ++h) { item.likelihood[evidence.hypotheses[h].id] = std::max(kLeastChance, kGreatestChance * ratios[h] / *most); }
    if (item.frames.empty() && *most > 1) { item.frames = evidence.hypotheses[static_cast<std::size_t>(most - ratios.begin())].id; }
    item.forgeability = item.forgeability == 0 ? kUsualForgeability : std::max(item.forgeability, kLeastForgeability);
}

std::string sentence_of(const TechniqueMatch& match, const Library& library) {
    std::string text = fmt::format("{} of {} techniques and software are known to ATT&CK{}; like none of its {} groups {:.2f}", match.known, match.known + match.unknown.size(),
                                   library.version.empty() ? "" : " v" + library.version, library.groups.size(), match.none);
    for (const NearGroup& near : match.nearest) { fmt::format_to(std::back_inserter(text), ", {} {} {:.2f}", near.id, near.name, near.chance); }
    return text;
}

bool may_say(const Evidence& evidence, const Library& library) {
    return std::ranges::any_of(evidence.hypotheses, [&](const Hypothesis& hypothesis) { return find_entry(library.groups, hypothesis.attack_group).has_value(); });
}

}  // namespace technique_items
}  // namespace

std::vector<TechniqueMatch> match_techniques(Evidence& evidence, const Library& library) {
    using namespace technique_items;
    std::map<std::string_view, std::vector<Item*>> by_origin;
    for (Item& item : evidence.items) {
        if (item.finding && item.finding->kind == Finding::Kind::techniques && item.likelihood.empty()) { by_origin[item.who].push_back(&item); }
    }
    std::vector<TechniqueMatch> matches;
    if (by_origin.empty()) { return matches; }
    const Profiles profiles(library);
    for (auto& [who, items] : by_origin) {
        std::ranges::sort(items, {}, [](const Item* item) { return std::tuple(item->fact.value_or(item->seen.value_or(Time())), std::string_view(item->id)); });
        auto looked = look_up(items, library);
        Item& carrier = *items.front();
        TechniqueMatch& made = matches.emplace_back(TechniqueMatch{.item = carrier.id, .others = {}, .known = looked.observed.features.size(), .unknown = std::move(looked.unknown), .none = 1, .nearest = {}});
        for (std::size_t i = 1; i < items.size(); ++i) {
            made.others.push_back(items[i]->id);
            items[i]->derived = "its techniques are matched with those of " + carrier.id;
        }
        if (made.known == 0) { carrier.derived = "ATT&CK knows none of its techniques"; continue; }
        const Match told = match(profiles, looked.observed);
        made.none = told.none;
        made.nearest = nearest_of(told, library);
        carrier.derived = sentence_of(made, library);
        // Two parties that saw the same techniques lean on the same reports.
        if (carrier.collection.empty()) { carrier.collection = "ATT&CK"; }
        if (may_say(evidence, library)) { set_likelihoods(carrier, evidence, told, library); }
        else { carrier.derived += "; no hypothesis names one of its groups"; }
    }
    std::ranges::sort(matches, {}, &TechniqueMatch::item);
    return matches;
}

}  // namespace hw::weigh::attack
