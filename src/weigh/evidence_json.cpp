#include "weigh/evidence_json.hpp"

#include "base/json_fields.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace hw::weigh {
namespace {
namespace bodies {

constexpr double kMost = 1e12;
constexpr std::array<std::string_view, 5> kLevels{"", "tactical", "operational", "strategic", "communication"};
constexpr std::array<std::string_view, 5> kVertices{"", "adversary", "capability", "infrastructure", "victim"};
constexpr std::array<std::string_view, 3> kFindings{"trail-ending", "distance-bound", "techniques"};
constexpr double kEarthRoundKm = 20'038;  ///< Half way round: nothing is farther.

JsonValue chances(const std::map<std::string, double>& by_name) {
    JsonValue::Object members;
    members.reserve(by_name.size());
    for (const auto& [name, chance] : by_name) { members.push_back({name, chance}); }
    return members;
}

/// Sets what says something; what is empty is left out.
class Writer {
public:
    Writer& text(std::string_view name, const std::string& value) {
        if (!value.empty()) { body_.set(name, value); }
        return *this;
    }
    Writer& texts(std::string_view name, const std::vector<std::string>& values) {
        if (!values.empty()) { body_.set(name, json_texts(values)); }
        return *this;
    }
    Writer& time(std::string_view name, const std::optional<Time>& value) {
        if (value) { body_.set(name, to_rfc3339(*value)); }
        return *this;
    }
    Writer& set(std::string_view name, JsonValue value) {
        body_.set(name, std::move(value));
        return *this;
    }
    [[nodiscard]] JsonValue done() { return std::move(body_); }

private:
    JsonValue body_ = JsonValue::Object{};
};

JsonValue place_json(const Place& place) {
    JsonValue value;
    return value.set("latitude", place.latitude).set("longitude", place.longitude).set("radius_km", place.radius_km);
}

Place place_from(const JsonValue& value, JsonFields& parent) {
    JsonFields fields(value, parent.where());
    Place place;
    constexpr double kRightAngle = 90, kHalfTurn = 180;
    place.latitude = fields.number_or("latitude", -kRightAngle, kRightAngle, std::numeric_limits<double>::quiet_NaN());
    place.longitude = fields.number_or("longitude", -kHalfTurn, kHalfTurn, std::numeric_limits<double>::quiet_NaN());
    place.radius_km = fields.number_or("radius_km", 0, kEarthRoundKm, 0);
    if (const auto done = fields.done(); !done) { parent.wrong(done.error().message, done.error().hint); }
    else if (std::isnan(place.latitude) || std::isnan(place.longitude)) { parent.wrong("a place lacks its latitude or longitude"); }
    return place;
}

/// Numbers of ASes, written `AS64500`.
std::optional<net::Asn> asn_from(const std::string& text, JsonFields& fields) {
    const auto read = net::parse_asn(text);
    if (!read) { fields.wrong("\"" + text.substr(0, 40) + "\" is no AS", "write it as AS64500"); return std::nullopt; }
    return *read;
}

std::optional<net::Country> country_from(const std::string& text, JsonFields& fields) {
    const auto read = net::Country::parse(text);
    if (!read) { fields.wrong("\"" + text.substr(0, 40) + "\" is no country", "two letters, as ISO 3166-1 has them"); return std::nullopt; }
    return *read;
}

JsonValue finding_json(const Finding& finding) {
    Writer out;
    out.set("type", kFindings[static_cast<std::size_t>(finding.kind)]);
    switch (finding.kind) {
        case Finding::Kind::trail_ending:
            out.set("probability", finding.probability).text("asn", finding.asn ? net::to_string(*finding.asn) : "").text("country", finding.country ? net::to_string(*finding.country) : "");
            break;
        case Finding::Kind::distance_bound: out.set("observer", place_json(finding.observer)).set("max_km", finding.max_km); break;
        case Finding::Kind::techniques: out.texts("techniques", finding.techniques); break;
    }
    return out.done();
}

Finding finding_from(const JsonValue& value, JsonFields& parent) {
    JsonFields fields(value, parent.where());
    Finding finding;
    finding.kind = static_cast<Finding::Kind>(fields.choice("type", {kFindings.begin(), kFindings.end()}));
    switch (finding.kind) {
        case Finding::Kind::trail_ending: {
            finding.probability = fields.number_or("probability", 0, 1, 0);
            if (const auto asn = fields.text("asn"); !asn.empty()) { finding.asn = asn_from(asn, fields); }
            if (const auto country = fields.text("country"); !country.empty()) { finding.country = country_from(country, fields); }
            break;
        }
        case Finding::Kind::distance_bound: {
            const JsonValue* observer = fields.raw("observer");
            if (observer == nullptr) { fields.wrong("observer is missing: where the distance is measured from"); }
            else { finding.observer = place_from(*observer, fields); }
            finding.max_km = fields.number_or("max_km", 0, kMost, kEarthRoundKm);
            break;
        }
        case Finding::Kind::techniques: finding.techniques = fields.texts("techniques"); break;
    }
    if (const auto done = fields.done(); !done) { parent.wrong(done.error().message, done.error().hint); }
    return finding;
}

/// `B2`, `B`, as the Admiralty's scale writes them.
void read_grade(const std::string& text, Item& item, JsonFields& fields) {
    if (text.empty()) { return; }
    const bool letter = text.size() <= 2 && ((text[0] >= 'A' && text[0] <= 'F') || (text[0] >= 'a' && text[0] <= 'f'));
    const bool digit = text.size() < 2 || (text[1] >= '1' && text[1] <= '6');
    if (!letter || !digit) { return fields.wrong("\"" + text.substr(0, 40) + "\" is no grade", "a letter A to F for the source, and a digit 1 to 6 for the information, such as B2"); }
    item.grade = static_cast<Grade>((text[0] | 0x20) - 'a');
    item.credibility = text.size() == 2 ? text[1] - '0' : 6;
}

}  // namespace bodies
}  // namespace

JsonValue to_json(const Hypothesis& hypothesis) {
    using namespace bodies;
    Writer out;
    out.text("statement", hypothesis.statement);
    if (hypothesis.prior) { out.set("prior", *hypothesis.prior); }
    if (hypothesis.place) { out.set("place", place_json(*hypothesis.place)); }
    std::vector<std::string> asns, countries;
    for (const auto asn : hypothesis.asns) { asns.push_back(net::to_string(asn)); }
    for (const auto country : hypothesis.countries) { countries.push_back(net::to_string(country)); }
    return out.texts("asns", asns).texts("countries", countries).text("attack_group", hypothesis.attack_group).done();
}

JsonValue to_json(const Origin& origin) {
    using namespace bodies;
    Writer out;
    out.text("name", origin.name);
    if (origin.right > 0 || origin.wrong > 0) { out.set("right", origin.right).set("wrong", origin.wrong); }
    return out.done();
}

JsonValue to_json(const Item& item) {
    using namespace bodies;
    Writer out;
    out.text("words", item.words).set("kind", to_string(item.kind)).text("who", item.who).text("published", item.published);
    out.set("grade", std::string(1, to_letter(item.grade)) + std::to_string(item.credibility)).text("level", item.level).text("vertex", item.vertex);
    out.set("q", item.otherwise).set("forgeability", item.forgeability).text("frames", item.frames);
    if (!item.likelihood.empty() && item.derived.empty()) { out.set("likelihood", chances(item.likelihood)); }
    if (item.finding) { out.set("finding", finding_json(*item.finding)); }
    out.texts("cites", item.cites).texts("basis", item.basis).text("says", item.says).text("collection", item.collection).text("reason", item.reason);
    return out.time("seen", item.seen).time("fact", item.fact).time("due", item.due).done();
}

JsonValue to_json(const Dispute& dispute) {
    using namespace bodies;
    return Writer().text("item", dispute.item).text("who", dispute.who).text("ground", dispute.ground).text("words", dispute.words).text("answered", dispute.answered).done();
}

JsonValue to_json(const Question& question) {
    using namespace bodies;
    JsonValue::Array answers;
    for (const Answer& answer : question.answers) { answers.push_back(JsonValue().set("says", answer.says).set("likelihood", chances(answer.likelihood))); }
    return Writer().text("words", question.words).set("cost", question.cost).set("answers", std::move(answers)).done();
}

JsonValue to_json(const Action& action) {
    using namespace bodies;
    return Writer().text("words", action.words).text("hypothesis", action.hypothesis).set("threshold", action.threshold).done();
}

Result<Hypothesis> hypothesis_from(const JsonValue& body, std::string id, const std::string& where) {
    using namespace bodies;
    JsonFields fields(body, where);
    Hypothesis made{.id = std::move(id), .statement = fields.required_text("statement"), .prior = fields.number("prior", kLeastPrior, 1 - kLeastPrior)};
    if (const JsonValue* place = fields.raw("place")) { made.place = place_from(*place, fields); }
    for (const auto& text : fields.texts("asns")) {
        if (const auto asn = asn_from(text, fields)) { made.asns.push_back(*asn); }
    }
    for (const auto& text : fields.texts("countries")) {
        if (const auto country = country_from(text, fields)) { made.countries.push_back(*country); }
    }
    made.attack_group = fields.text("attack_group");
    HW_CHECK(fields.done());
    return made;
}

Result<Origin> origin_from(const JsonValue& body, std::string id, const std::string& where) {
    using namespace bodies;
    JsonFields fields(body, where);
    Origin made{.id = std::move(id), .name = fields.text("name"), .right = fields.number_or("right", 0, kMost, 0), .wrong = fields.number_or("wrong", 0, kMost, 0)};
    HW_CHECK(fields.done());
    return made;
}

Result<Item> item_from(const JsonValue& body, std::string id, const std::string& where) {
    using namespace bodies;
    JsonFields fields(body, where);
    Item made;
    made.id = std::move(id);
    made.words = fields.required_text("words");
    std::vector<std::string_view> kinds;
    kinds.reserve(kItemKinds.size());
    for (const ItemKind kind : kItemKinds) { kinds.push_back(to_string(kind)); }
    if (fields.required_text("kind").empty()) { fields.wrong("kind is missing"); }
    made.kind = kItemKinds[fields.choice("kind", kinds)];
    made.who = fields.required_text("who");
    made.published = fields.text("published");
    read_grade(fields.text("grade"), made, fields);
    made.level = kLevels[fields.choice("level", {kLevels.begin(), kLevels.end()})];
    made.vertex = kVertices[fields.choice("vertex", {kVertices.begin(), kVertices.end()})];
    made.otherwise = fields.number_or("q", kLeastChance, kGreatestChance, made.otherwise);
    made.forgeability = fields.number_or("forgeability", 0, 1, 0);
    made.frames = fields.text("frames");
    made.likelihood = fields.numbers("likelihood", kLeastChance, kGreatestChance);
    if (!made.likelihood.empty() && !made.likelihood.contains(std::string(kNone))) {
        fields.wrong("likelihood lacks H0: how likely it is if none of the hypotheses holds", "add H0; a hypothesis that is left out is taken to be as H0");
    }
    if (const JsonValue* finding = fields.raw("finding")) { made.finding = finding_from(*finding, fields); }
    made.cites = fields.texts("cites");
    made.basis = fields.texts("basis");
    made.says = fields.text("says");
    made.collection = fields.text("collection");
    made.reason = fields.text("reason");
    made.seen = fields.time("seen");
    made.fact = fields.time("fact");
    made.due = fields.time("due");
    if (made.forgeability == 0 && !made.frames.empty()) { fields.wrong("frames says whom a forger would have believed, but forgeability is 0", "state forgeability, between 0 and 1"); }
    HW_CHECK(fields.done());
    return made;
}

Result<Dispute> dispute_from(const JsonValue& body, std::string id, const std::string& where) {
    using namespace bodies;
    JsonFields fields(body, where);
    Dispute made{.id = std::move(id), .item = fields.required_text("item"), .who = fields.required_text("who"), .ground = fields.text("ground"), .words = fields.text("words"), .answered = fields.text("answered")};
    HW_CHECK(fields.done());
    return made;
}

Result<Question> question_from(const JsonValue& body, std::string id, const std::string& where) {
    using namespace bodies;
    JsonFields fields(body, where);
    constexpr double kLeastCost = 1e-6;
    Question made{.id = std::move(id), .words = fields.required_text("words"), .cost = fields.number_or("cost", kLeastCost, kMost, 1), .answers = {}};
    for (const JsonValue* answer : fields.objects("answers")) {
        JsonFields inner(*answer, where);
        made.answers.push_back({.says = inner.required_text("says"), .likelihood = inner.numbers("likelihood", kLeastChance, kGreatestChance)});
        if (!made.answers.back().likelihood.contains(std::string(kNone))) { inner.wrong("the likelihood of an answer lacks H0"); }
        HW_CHECK(inner.done());
    }
    if (made.answers.size() < 2) { fields.wrong("a question takes at least two answers"); }
    HW_CHECK(fields.done());
    return made;
}

Result<Action> action_from(const JsonValue& body, std::string id, const std::string& where) {
    using namespace bodies;
    JsonFields fields(body, where);
    constexpr double kCloseToSure = 0.999;
    Action made{.id = std::move(id), .words = fields.text("words"), .hypothesis = fields.text("hypothesis"), .threshold = 0};
    const auto threshold = fields.number("threshold", kLeastPrior, kCloseToSure);
    const auto wrong = fields.number("cost_wrong", 0, kMost);
    const auto missed = fields.number("cost_missed", 0, kMost);
    if (threshold) { made.threshold = *threshold; }
    else if (wrong && missed && *wrong + *missed > 0) { made.threshold = std::clamp(*wrong / (*wrong + *missed), kLeastPrior, kCloseToSure); }
    else { fields.wrong("an action takes a threshold, or cost_wrong and cost_missed"); }
    if (made.words.empty()) { made.words = made.id; }
    HW_CHECK(fields.done());
    return made;
}

}  // namespace hw::weigh
