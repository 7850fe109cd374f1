#include "app/command/case_findings.hpp"

#include "app/command/trail_damage.hpp"
#include "weigh/evidence_json.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace findings {

using casefile::Act;
using casefile::Change;

/// An address is easily chosen to be found; a capture of one's own is not.
constexpr double kAddressForged = 0.5;
constexpr double kCaptureForged = 0.02;
/// Findings of a run that are filed one by one; a case is read by people.
constexpr std::size_t kMostFiled = 1'000;

/// What a run found, as it is put together.
class Findings {
public:
    Findings(const output::Context& context, std::string run) : context_(context), run_(std::move(run)) {}

    std::vector<Change> take() {
        if (any_item_) { changes_.insert(changes_.begin(), {.act = Act::put, .kind = std::string(weigh::kOriginKind), .id = std::string(kOwnObservation), .tlp = {}, .body = JsonValue().set("name", "own observation")}); }
        return std::move(changes_);
    }

    void object(std::string_view kind, JsonValue body) {
        body.set("run", run_);
        changes_.push_back({.act = Act::put, .kind = std::string(kind), .id = next_id(kind), .tlp = {}, .body = std::move(body)});
    }

    void item(std::string words, double forgeability, std::optional<weigh::Finding> finding, std::optional<Time> fact) {
        weigh::Item made;
        made.words = context_.note.empty() ? std::move(words) : "[" + context_.note + "] " + words;
        made.kind = weigh::ItemKind::observation;
        made.who = kOwnObservation;
        made.published = run_;
        made.grade = weigh::Grade::a;
        made.credibility = 2;
        made.level = "tactical";
        made.vertex = "infrastructure";
        made.forgeability = forgeability;
        made.finding = std::move(finding);
        made.collection = run_;
        made.reason = "found by Headwater in the operator's own data; the run says how";
        made.fact = fact;
        changes_.push_back({.act = Act::put, .kind = std::string(weigh::kItemKind), .id = next_id("item"), .tlp = {}, .body = weigh::to_json(made)});
        any_item_ = true;
    }

    [[nodiscard]] const output::Context& context() const { return context_; }

private:
    std::string next_id(std::string_view kind) {
        std::size_t& last = kind == "item" ? items_ : objects_;
        return fmt::format("{}-{}-{}", kind, run_.substr(run_.find('-') + 1), ++last);
    }

    const output::Context& context_;
    std::string run_;
    std::vector<Change> changes_;
    std::size_t items_ = 0, objects_ = 0;
    bool any_item_ = false;
};

std::span<const JsonValue> array_of(const JsonValue& value, std::string_view name) {
    const JsonValue* member = value.find(name);
    const auto* items = member == nullptr ? nullptr : member->as_array();
    if (items == nullptr) { return {}; }
    return std::span(*items).first(std::min(items->size(), kMostFiled));
}

std::optional<Time> time_of(const JsonValue* value, std::string_view name) {
    const auto text = value == nullptr ? std::nullopt : value->text(name);
    if (!text) { return std::nullopt; }
    const auto time = parse_rfc3339(*text);
    return time ? std::optional(*time) : std::nullopt;
}

/// The network of an address, where the run knew.
void add_holder(weigh::Finding& finding, const std::string& address, const output::Context& context) {
    const auto parsed = net::parse_address(address);
    if (!parsed) { return; }
    const auto found = context.holders.find(*parsed);
    if (found == context.holders.end()) { return; }
    finding.asn = found->second.asn;
    finding.country = found->second.country;
}

void of_trace(const JsonValue& result, Findings& into) {
    bool first = true;
    for (const JsonValue& trail : array_of(result, "trails")) {
        into.object("trail", trail);
        const JsonValue* ending = trail.find("ending");
        if (!std::exchange(first, false) || ending == nullptr) { continue; }  // the likeliest trail speaks for the others
        const double probability = trail.number("probability").value_or(0) * ending->number("probability").value_or(0);
        const std::string address = ending->text("address").value_or("?");
        const std::string kind = ending->text("kind").value_or("lost");
        const auto when = time_of(trail.find("attack"), "first");
        const auto hops = array_of(trail, "hops").size();
        if (kind == "source") {
            weigh::Finding finding{.kind = weigh::Finding::Kind::trail_ending, .probability = probability};
            add_holder(finding, address, into.context());
            into.item(fmt::format("the attack was traced through {} relays to {}, where it starts with probability {:.2f}", hops, address, probability), kAddressForged, std::move(finding), when);
        } else {
            into.item(fmt::format("the attack was traced through {} relays to {}; {}, so that this address is not called its source", hops, address,
                                  kind == "lost" ? "nothing decides where it goes on" : "it relays, and nobody who could see its other side was asked"),
                      kAddressForged, std::nullopt, when);
        }
    }
    for (const auto& damage : damage_of(result)) { into.object(weigh::kDamageKind, weigh::to_json(damage)); }
}

/// Only of a peer that was asked about: whoever else spoke to the observer has no part in the case.
void of_relay_test(const JsonValue& result, const std::optional<weigh::Place>& here, Findings& into) {
    const JsonValue* parameters = result.find("parameters");
    if (parameters == nullptr || parameters->find("peer") == nullptr) { return; }
    for (const JsonValue& peer : array_of(result, "peers")) {
        const auto bound = peer.number("max_distance_km");
        const std::string verdict = peer.text("verdict").value_or("undecided");
        if (!bound) { continue; }
        const std::string address = peer.text("address").value_or("?");
        // The bound is a round trip's; what the path's noise leaves uncertain of it is added.
        constexpr double kKmPerRttMs = 100;
        const double max_km = *bound + kKmPerRttMs * peer.number("jitter_ms").value_or(0);
        std::optional<weigh::Finding> finding;
        if (here) { finding = weigh::Finding{.kind = weigh::Finding::Kind::distance_bound, .probability = 0, .observer = *here, .max_km = max_km}; }
        into.item(fmt::format("whoever {} through {} ({}) stands within {:.0f} km of the observer", peer.text("role") == "server" ? "answers" : "speaks", address, verdict, max_km), kCaptureForged, std::move(finding), std::nullopt);
    }
}

void of_watch(const JsonValue& result, Findings& into) {
    for (const JsonValue& event : array_of(result, "events")) {
        into.object("event", event);
        const std::string kind = event.text("kind").value_or("event");
        if (kind == "session-down" || kind == "collector-silent") { continue; }  // of the watching, not of the target
        const auto end = event.text("end");
        into.item(fmt::format("{} of {}{} from {}{}, as BGP collectors saw it", kind, event.text("target").value_or("?"), event.text("subject") ? " (" + *event.text("subject") + ")" : "", event.text("start").value_or("?"), end ? " to " + *end : ""),
                  kCaptureForged, std::nullopt, time_of(&event, "start"));
    }
}

void of_map(const JsonValue& result, Findings& into) {
    JsonValue route;
    for (const char* name : {"target", "ases", "table", "dependencies", "upstreams", "choke_points", "prefixes"}) {
        if (const JsonValue* member = result.find(name)) { route.set(name, *member); }
    }
    const std::string target = result.text("target").value_or("?");
    into.object("route", std::move(route));
    std::string upstreams;
    for (const JsonValue& upstream : array_of(result, "upstreams").first(std::min<std::size_t>(3, array_of(result, "upstreams").size()))) {
        upstreams += fmt::format("{}AS{} ({:.2f})", upstreams.empty() ? "" : ", ", upstream.number("asn").value_or(0), upstream.number("hegemony").value_or(0));
    }
    if (!upstreams.empty()) { into.item(fmt::format("the routes to {} come in by {}", target, upstreams), kCaptureForged, std::nullopt, time_of(result.find("table"), "first")); }
}

}  // namespace findings
}  // namespace

std::vector<casefile::Change> findings_of(const JsonValue& result, const output::Context& context, const std::optional<weigh::Place>& here, const std::string& run) {
    findings::Findings into(context, run);
    const std::string schema = result.text("schema").value_or("");
    if (schema.starts_with("headwater.trace/")) { findings::of_trace(result, into); }
    else if (schema.starts_with("headwater.relay-test/")) { findings::of_relay_test(result, here, into); }
    else if (schema.starts_with("headwater.watch/")) { findings::of_watch(result, into); }
    else if (schema.starts_with("headwater.map/")) { findings::of_map(result, into); }
    return into.take();
}

}  // namespace hw::app::command
