#include "weigh/attack/library.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace hw::weigh::attack {
namespace {
namespace bundles {

/// Some bundles hold all domains of ATT&CK, some have other objects beside: no more than this is taken.
constexpr std::size_t kMostObjects = 1'000'000;

bool is_live(const JsonValue& object) {
    const auto set = [&](std::string_view name) {
        const JsonValue* member = object.find(name);
        const bool* truth = member == nullptr ? nullptr : member->as_bool();
        return truth != nullptr && *truth;
    };
    return !set("revoked") && !set("x_mitre_deprecated");
}

std::string_view text_of(const JsonValue& object, std::string_view name) {
    const JsonValue* member = object.find(name);
    const std::string* text = member == nullptr ? nullptr : member->as_text();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

const JsonValue::Array& references_of(const JsonValue& object) {
    static const JsonValue::Array none;
    const JsonValue* member = object.find("external_references");
    const auto* references = member == nullptr ? nullptr : member->as_array();
    return references == nullptr ? none : *references;
}

/// ATT&CK's own id of an object: the reference whose source is `mitre-attack` (or `mitre-mobile-attack`, `mitre-ics-attack`).
std::string_view id_of(const JsonValue& object) {
    for (const JsonValue& reference : references_of(object)) {
        const auto source = text_of(reference, "source_name");
        if (source.starts_with("mitre-") && source.ends_with("attack")) { return text_of(reference, "external_id"); }
    }
    return {};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Citations read "Author. (2016, March 31). Title. Retrieved …": the first bracket that begins with a year says when.
std::optional<double> year_of(std::string_view citation) {
    constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
    constexpr std::size_t kYearDigits = 4, kMonthLetters = 3;
    constexpr double kMonthsOfYear = 12, kMiddle = 0.5;
    for (auto at = citation.find('('); at != std::string_view::npos; at = citation.find('(', at + 1)) {
        const auto inside = citation.substr(at + 1);
        if (inside.size() < kYearDigits || !std::ranges::all_of(inside.substr(0, kYearDigits), is_digit)) { continue; }
        double year = 0;
        for (const char digit : inside.substr(0, kYearDigits)) { year = year * 10 + (digit - '0'); }
        std::string month;
        if (inside.substr(kYearDigits).starts_with(", ")) {
            for (const char c : inside.substr(kYearDigits + 2, kMonthLetters)) { month += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }
        }
        const auto found = std::ranges::find(kMonths, month);
        return year + (found == kMonths.end() ? kMiddle : (static_cast<double>(found - kMonths.begin()) + kMiddle) / kMonthsOfYear);
    }
    return std::nullopt;
}

enum class Sort : std::uint8_t { group, campaign, technique, software };

struct Known {
    Sort sort;
    std::string_view id;
    std::string_view name;
};

class Reader {
public:
    explicit Reader(const JsonValue::Array& objects) : objects_(objects) {}

    Library read() {
        for (const JsonValue& object : objects_) { learn(object); }
        Library library;
        library.version = version_;
        number(library.groups, groups_);
        number(library.features, features_);
        for (auto& [name, cited] : sources_) {
            cited.number = static_cast<std::uint32_t>(library.sources.size());
            library.sources.push_back({std::string(name), cited.year});
        }
        for (const JsonValue& object : objects_) {
            if (text_of(object, "type") == "relationship" && is_live(object) && text_of(object, "relationship_type") == "attributed-to") { attribute(object); }
        }
        Table group_uses, campaign_uses;
        for (const JsonValue& object : objects_) {
            if (!is_use(object)) { continue; }
            const Known* user = known(object, "source_ref");
            const Known* used = known(object, "target_ref");
            if (user == nullptr || used == nullptr || (used->sort != Sort::technique && used->sort != Sort::software)) { continue; }
            const auto feature = features_.at(used->id).number;
            switch (user->sort) {
                case Sort::group: add(group_uses, groups_.at(user->id).number, feature, object); break;
                case Sort::campaign: {
                    const auto [from, to] = whose_.equal_range(text_of(object, "source_ref"));
                    for (auto at = from; at != to; ++at) { add(campaign_uses, groups_.at(at->second->id).number, feature, object); }
                    break;
                }
                case Sort::technique:
                case Sort::software: break;
            }
        }
        library.group_uses = listed(group_uses);
        library.campaign_uses = listed(campaign_uses);
        return library;
    }

private:
    struct Numbered {
        std::string_view name;
        std::uint32_t number = 0;
    };
    struct Cited {
        std::optional<double> year;
        std::uint32_t number = 0;
    };
    using Names = std::map<std::string_view, Numbered>;
    using Table = std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<std::uint32_t>>;

    static bool is_use(const JsonValue& object) { return text_of(object, "type") == "relationship" && is_live(object) && text_of(object, "relationship_type") == "uses"; }

    void learn(const JsonValue& object) {
        const auto type = text_of(object, "type");
        if (type == "x-mitre-collection") { version_ = text_of(object, "x_mitre_version"); }
        if (!is_live(object)) { return; }
        if (type == "relationship") { learn_sources(object); return; }
        const auto id = id_of(object);
        if (id.empty()) { return; }
        const auto name = text_of(object, "name");
        std::optional<Sort> sort;
        if (type == "intrusion-set") { sort = Sort::group; groups_.emplace(id, Numbered{name}); }
        else if (type == "campaign") { sort = Sort::campaign; }
        else if (type == "attack-pattern" && id.starts_with('T')) { sort = Sort::technique; features_.emplace(id, Numbered{name}); }
        else if ((type == "malware" || type == "tool") && id.starts_with('S')) { sort = Sort::software; features_.emplace(id, Numbered{name}); }
        if (sort) { known_.emplace(text_of(object, "id"), Known{*sort, id, name}); }
    }

    void learn_sources(const JsonValue& object) {
        if (!is_use(object)) { return; }
        for (const JsonValue& reference : references_of(object)) {
            const auto name = text_of(reference, "source_name");
            if (name.empty()) { continue; }
            auto& cited = sources_[name];
            if (!cited.year) { cited.year = year_of(text_of(reference, "description")); }
        }
    }

    /// Numbers in the order of the ids.
    static void number(std::vector<Entry>& entries, Names& names) {
        entries.reserve(names.size());
        for (auto& [id, numbered] : names) {
            numbered.number = static_cast<std::uint32_t>(entries.size());
            entries.push_back({std::string(id), std::string(numbered.name)});
        }
    }

    void attribute(const JsonValue& object) {
        const Known* campaign = known(object, "source_ref");
        const Known* group = known(object, "target_ref");
        if (campaign == nullptr || group == nullptr || campaign->sort != Sort::campaign || group->sort != Sort::group) { return; }
        whose_.emplace(text_of(object, "source_ref"), group);
    }

    const Known* known(const JsonValue& object, std::string_view reference) const {
        const auto found = known_.find(text_of(object, reference));
        return found == known_.end() ? nullptr : &found->second;
    }

    void add(Table& table, std::uint32_t group, std::uint32_t feature, const JsonValue& object) const {
        auto& sources = table[{group, feature}];
        for (const JsonValue& reference : references_of(object)) {
            const auto found = sources_.find(text_of(reference, "source_name"));
            if (found != sources_.end()) { sources.insert(found->second.number); }
        }
    }

    static std::vector<Use> listed(const Table& table) {
        std::vector<Use> uses;
        uses.reserve(table.size());
        for (const auto& [who, sources] : table) { uses.push_back({who.first, who.second, {sources.begin(), sources.end()}}); }
        return uses;
    }

    const JsonValue::Array& objects_;
    std::string version_;
    std::unordered_map<std::string_view, Known> known_;
    std::multimap<std::string_view, const Known*> whose_;
    Names groups_, features_;
    std::map<std::string_view, Cited> sources_;
};

}  // namespace bundles
}  // namespace

Result<Library> read_library(const JsonValue& bundle, std::string_view where) {
    using namespace bundles;
    constexpr std::string_view kHint = "the STIX 2.1 bundle that MITRE publishes as enterprise-attack.json";
    const JsonValue* member = bundle.find("objects");
    const auto* objects = member == nullptr ? nullptr : member->as_array();
    if (text_of(bundle, "type") != "bundle" || objects == nullptr) { return fail(Errc::malformed, "no STIX bundle", std::string(where), std::string(kHint)); }
    if (objects->size() > kMostObjects) { return fail(Errc::limit, "a bundle of more objects than are read", std::string(where)); }
    Library library = Reader(*objects).read();
    if (library.groups.empty() || library.group_uses.empty()) { return fail(Errc::malformed, "a STIX bundle without groups that use anything", std::string(where), std::string(kHint)); }
    return library;
}

std::optional<std::uint32_t> find_entry(const std::vector<Entry>& entries, std::string_view id) {
    const auto found = std::ranges::lower_bound(entries, id, {}, [](const Entry& entry) { return std::string_view(entry.id); });
    if (found == entries.end() || found->id != id) { return std::nullopt; }
    return static_cast<std::uint32_t>(found - entries.begin());
}

}  // namespace hw::weigh::attack
