#include "weigh/ledger.hpp"

#include "base/sorted.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <ranges>
#include <set>
#include <tuple>
#include <utility>

namespace hw::weigh {
namespace {
namespace ledgers {

/// r of A to F (DESIGN, section 7).
constexpr std::array<double, 6> kReliability{0.98, 0.90, 0.75, 0.50, 0.30, 0.50};
/// How many earlier claims a grade is worth beside the record.
constexpr double kGradeCounts = 10;

/// E and F have none below them; that F says nothing either way is a run of its own.
Grade one_lower(Grade grade) { return grade < Grade::e ? static_cast<Grade>(static_cast<int>(grade) + 1) : grade; }

/// Words that differ in case, blanks and marks alone are the same.
std::string plain(std::string_view words) {
    std::string out;
    for (const char c : words) {
        const auto byte = static_cast<unsigned char>(c);
        if (c >= 'A' && c <= 'Z') { out += static_cast<char>(c - 'A' + 'a'); }
        else if (byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) { out += c; }
    }
    return out;
}

bool says_something(const Item& item) { return !item.likelihood.empty(); }

/// What an item says: its proposition; else, where it only repeats, what those whom it cites say; else its own words.
class Propositions {
public:
    explicit Propositions(const std::vector<Item>& items) : items_(items), known_(items.size()) {
        for (std::size_t i = 0; i < items.size(); ++i) { numbers_.emplace(items[i].id, i); }
    }

    std::string of(std::size_t item) {
        std::vector<std::size_t> way;
        std::set<std::size_t> met;
        std::string said;
        // A repeater without words of its own on the hypotheses says what the first it cites says; a ring ends where it began.
        for (std::size_t at = item;;) {
            if (!known_[at].empty()) { said = known_[at]; break; }
            const Item& here = items_[at];
            const auto next = says_something(here) || !here.says.empty() || here.cites.empty() ? numbers_.end() : numbers_.find(*std::ranges::min_element(here.cites));
            way.push_back(at);
            if (next == numbers_.end() || !met.insert(at).second) {
                said = here.says.empty() ? "words:" + (here.words.empty() ? here.id : plain(here.words)) : "says:" + here.says;
                break;
            }
            at = next->second;
        }
        for (const std::size_t at : way) { known_[at] = said; }
        return said;
    }

private:
    const std::vector<Item>& items_;
    std::map<std::string, std::size_t, std::less<>> numbers_;
    std::vector<std::string> known_;
};

/// Whose numbers count: who said it first, else the most reliable, else the first by name.
std::size_t speaker(const std::vector<Item>& items, const std::vector<std::size_t>& voices, const std::vector<std::string>& roots) {
    return *std::ranges::min_element(voices, {}, [&](std::size_t i) {
        return std::tuple(!says_something(items[i]), !std::ranges::binary_search(roots, items[i].id), items[i].grade, std::string_view(items[i].id));
    });
}

double likelihood_of(const Item& item, const std::string& hypothesis) {
    const auto found = item.likelihood.find(hypothesis);
    // A hypothesis that was not listed when the item was judged was one of "none of those listed".
    return found != item.likelihood.end() ? found->second : item.likelihood.at(std::string(kNone));
}

void weigh_line(Line& line, const Evidence& evidence, const Turned& turned) {
    const Item& item = evidence.items[line.item];
    const double forgeability = std::min(1.0, item.forgeability * turned.forgeability_times);
    double least = 0, most = -1e300;
    for (std::size_t h = 0; h < evidence.hypotheses.size(); ++h) {
        const double told = line.reliability * line.likelihood[h] + (1 - line.reliability) * item.otherwise;
        const double deceived = evidence.hypotheses[h].id == item.frames ? told : (1 - forgeability) * told + forgeability;
        const Decibans weight = Decibans::from_ratio(deceived);
        line.told.push_back(told);
        line.deceived.push_back(deceived);
        line.weight.push_back(weight);
        least = std::min(least, weight.value());
        most = std::max(most, weight.value());
    }
    line.spread_db = most - least;
}

/// An inference whose whole basis is here adds nothing of its own.
bool rests_on_the_ledger(const Item& item, const std::set<std::string_view>& here) {
    return item.kind == ItemKind::inference && !item.basis.empty() && std::ranges::all_of(item.basis, [&](const std::string& id) { return here.contains(id); });
}

/// Goes through lines in their order and says what of each counts beside the greater ones before it.
class Discount {
public:
    explicit Discount(const Ledger& ledger) : root_sets_(ledger.lines.size(), kNobody), kin_(ledger.kin, kNobody) {}

    struct Said {
        Counting counting = Counting::full;
        double lambda = kIndependent;
        std::optional<std::size_t> beside;
    };

    Said take(const Line& line, std::size_t at) {
        if (root_sets_[line.root_set] != kNobody) { return {Counting::same_root, kSameRoot, root_sets_[line.root_set]}; }
        root_sets_[line.root_set] = at;
        std::size_t nearest = kNobody;
        for (const std::size_t kin : line.kin) {
            if (kin_[kin] == kNobody) { kin_[kin] = at; }
            else { nearest = std::min(nearest, kin_[kin]); }
        }
        if (nearest == kNobody) { return {}; }
        return {Counting::shared, kShared, nearest};
    }

private:
    static constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();
    std::vector<std::size_t> root_sets_, kin_;
};

/// Numbers for names, in the order in which they are met.
class Numbers {
public:
    std::size_t of(std::string name) { return numbers_.emplace(std::move(name), numbers_.size()).first->second; }
    [[nodiscard]] std::size_t size() const { return numbers_.size(); }

private:
    std::map<std::string, std::size_t, std::less<>> numbers_;
};

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) { (out += name) += '\n'; }
    return out;
}

bool may_count(const Line& line) { return line.counting != Counting::rests && line.counting != Counting::says_nothing; }

}  // namespace ledgers
}  // namespace

std::string_view to_string(Counting counting) {
    switch (counting) {
        case Counting::full: return "full";
        case Counting::shared: return "shared";
        case Counting::same_root: return "same-root";
        case Counting::rests: return "rests-on-ledger";
        case Counting::says_nothing: return "says-nothing";
    }
    return "?";
}

double reliability(Grade grade, const Origin* origin, const Turned& turned) {
    using namespace ledgers;
    if (grade == Grade::f && turned.unjudged) { return *turned.unjudged; }
    const double rated = kReliability[static_cast<std::size_t>(turned.grades_one_lower ? one_lower(grade) : grade)];
    if (origin == nullptr) { return rated; }
    return (kGradeCounts * rated + origin->right) / (kGradeCounts + origin->right + origin->wrong);
}

std::vector<double> priors_of(const Evidence& evidence, const Turned& turned) {
    using namespace ledgers;
    double stated = 0;
    std::size_t open = 0;
    for (const Hypothesis& hypothesis : evidence.hypotheses) {
        if (hypothesis.prior) { stated += *hypothesis.prior; }
        else { ++open; }
    }
    const double rest = open == 0 ? 0 : std::max(0.0, 1 - stated) / static_cast<double>(open);
    std::vector<double> priors;
    double sum = 0;
    for (std::size_t h = 0; h < evidence.hypotheses.size(); ++h) {
        const double times = turned.prior_of == h ? turned.prior_times : 1;
        priors.push_back(evidence.hypotheses[h].prior.value_or(rest) * times);
        sum += priors.back();
    }
    for (double& prior : priors) { prior /= sum; }
    return priors;
}

Ledger make_ledger(const Evidence& evidence, const Turned& turned) {
    using namespace ledgers;
    const auto& items = evidence.items;
    Ledger ledger{.priors = priors_of(evidence, turned), .lines = {}, .citations = follow_citations(items), .temperature = evidence.temperature * turned.temperature_times};
    std::set<std::string_view> here;
    for (const Item& item : items) { here.insert(item.id); }
    std::map<std::string_view, const Origin*> origins;
    for (const Origin& origin : evidence.origins) { origins.emplace(origin.id, &origin); }

    // One origin that says one thing is one line, wherever and however often it is printed.
    Propositions propositions(items);
    std::map<std::tuple<std::vector<std::string>, bool, std::string>, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < items.size(); ++i) {
        groups[{ledger.citations.origins[i], rests_on_the_ledger(items[i], here), propositions.of(i)}].push_back(i);
    }
    // Where one origin said one thing twice, both are the same root.
    std::map<std::string, std::string, std::less<>> same_root;
    for (const auto& [key, voices] : groups) {
        const std::string* first = nullptr;
        for (const std::size_t voice : voices) {
            if (!std::ranges::binary_search(ledger.citations.roots[voice], items[voice].id)) { continue; }
            if (first == nullptr || items[voice].id < *first) { first = &items[voice].id; }
        }
        for (const std::size_t voice : voices) {
            if (first != nullptr) { same_root.emplace(items[voice].id, *first); }
        }
    }
    Numbers root_sets, kin;
    for (auto& [key, voices] : groups) {
        std::ranges::sort(voices, {}, [&](std::size_t i) -> const std::string& { return items[i].id; });
        Line line;
        for (const std::size_t voice : voices) {
            for (const std::string& root : ledger.citations.roots[voice]) {
                const auto same = same_root.find(root);
                line.roots.push_back(same == same_root.end() ? root : same->second);
            }
        }
        sort_once(line.roots);
        line.origins = std::get<0>(key);
        line.item = speaker(items, voices, line.roots);
        const Item& item = items[line.item];
        line.grade = items[*std::ranges::max_element(voices, {}, [&](std::size_t i) { return reliability(items[i].grade, nullptr); })].grade;
        const auto origin = origins.find(line.origins.size() == 1 ? std::string_view(line.origins.front()) : std::string_view(item.who));
        line.reliability = reliability(line.grade, origin == origins.end() ? nullptr : origin->second, turned);
        if (item.likelihood.empty()) { line.counting = Counting::says_nothing; }
        else {
            if (std::get<1>(key)) { line.counting = Counting::rests; }
            for (const Hypothesis& hypothesis : evidence.hypotheses) { line.likelihood.push_back(likelihood_of(item, hypothesis.id)); }
            weigh_line(line, evidence, turned);
        }
        line.root_set = root_sets.of(joined(line.roots));
        for (const std::string& root : line.roots) { line.kin.push_back(kin.of("root " + root)); }
        for (const std::size_t voice : voices) {
            if (!items[voice].collection.empty()) { line.kin.push_back(kin.of("collection " + items[voice].collection)); }
        }
        sort_once(line.kin);
        line.voices = std::move(voices);
        ledger.lines.push_back(std::move(line));
    }
    ledger.kin = kin.size();
    std::ranges::sort(ledger.lines, [&](const Line& a, const Line& b) {
        return std::tuple(!may_count(a), -a.spread_db, std::string_view(items[a.item].id)) < std::tuple(!may_count(b), -b.spread_db, std::string_view(items[b.item].id));
    });
    Discount discount(ledger);
    for (std::size_t at = 0; at < ledger.lines.size(); ++at) {
        Line& line = ledger.lines[at];
        if (!may_count(line)) { line.lambda = 0; continue; }
        const auto said = discount.take(line, at);
        line.counting = said.counting;
        line.lambda = said.lambda;
        line.beside = said.beside;
    }
    return ledger;
}

std::vector<double> scores(const Ledger& ledger, const std::vector<bool>& leave_out) {
    using namespace ledgers;
    std::vector<double> sums;
    sums.reserve(ledger.priors.size());
    for (const double prior : ledger.priors) { sums.push_back(Decibans::from_ratio(prior).value()); }
    Discount discount(ledger);
    for (std::size_t at = 0; at < ledger.lines.size(); ++at) {
        const Line& line = ledger.lines[at];
        if (!may_count(line) || (!leave_out.empty() && leave_out[at])) { continue; }
        const double lambda = discount.take(line, at).lambda;
        if (lambda == 0) { continue; }
        for (std::size_t h = 0; h < sums.size(); ++h) { sums[h] += lambda * line.weight[h].value(); }
    }
    return sums;
}

std::vector<double> posterior(const Ledger& ledger, const std::vector<bool>& leave_out) {
    auto chances = scores(ledger, leave_out);
    const double greatest = std::ranges::max(chances);
    double sum = 0;
    for (double& chance : chances) {
        chance = Decibans((chance - greatest) / ledger.temperature).ratio();
        sum += chance;
    }
    for (double& chance : chances) { chance /= sum; }
    if (chances.back() >= kLeastNone) { return chances; }
    const double rest = 1 - chances.back();
    for (double& chance : chances) { chance *= (1 - kLeastNone) / rest; }
    chances.back() = kLeastNone;
    return chances;
}

}  // namespace hw::weigh
