#include "app/output/json_parts.hpp"
#include "app/output/trace_output.hpp"

#include <algorithm>

namespace hw::app::output {
namespace {

void write_hop(JsonWriter& json, const trace::Hop& hop, const Context& context) {
    json.begin_object();
    json.member("relay", net::to_string(hop.relay)).member("observer", context.observer_name(hop.observer));
    json.key("inbound");
    write_flow(json, *hop.link.inbound, context);
    json.key("outbound");
    write_flow(json, *hop.link.outbound, context);
    write_link_members(json, hop.link);
    json.member("candidates", hop.candidates).member("other_clients", hop.other_clients);
    json.end_object();
}

/// Whom to ask, as far as --registry and --rib tell who that is.
void write_ask_members(JsonWriter& json, const trace::Ask* ask, const Context& context) {
    const auto found = ask == nullptr ? context.holders.end() : context.holders.find(ask->address);
    const Holder holder = found == context.holders.end() ? Holder{} : found->second;
    json.key("asn");
    if (holder.asn) { json.value(std::uint64_t{holder.asn->number()}); }
    else { json.null(); }
    json.key("operator");
    if (!holder.name.empty()) { json.value(holder.name); }
    else { json.null(); }
    json.key("country");
    if (holder.country) { json.value(holder.country->code()); }
    else { json.null(); }
    if (ask == nullptr) { return; }
    json.member("address", net::to_string(ask->address)).member("from", to_rfc3339(ask->when.from)).member("to", to_rfc3339(ask->when.to));
    json.member("gain_bits", rounded(ask->bits));
}

void write_ending(JsonWriter& json, const trace::Ending& ending, std::span<const trace::Ask> asks, const Context& context) {
    json.key("ending").begin_object();
    json.member("kind", trace::to_string(ending.kind)).member("address", net::to_string(ending.address));
    json.member("probability", rounded(ending.probability)).member("reason", ending.reason);
    const auto ask = std::ranges::find(asks, ending.address, &trace::Ask::address);
    json.key("ask").begin_object();
    write_ask_members(json, ask == asks.end() || ending.kind != trace::EndingKind::relay_upstream_unseen ? nullptr : &*ask, context);
    json.end_object().end_object();
}

void write_trail_members(JsonWriter& json, const trace::Trail& trail, std::span<const trace::Ask> asks, const Context& context) {
    json.member("probability", rounded(trail.probability));
    json.key("attack");
    if (trail.attack == nullptr) { json.null(); }
    else { write_flow(json, *trail.attack, context); }
    json.key("hops").begin_array();
    for (const trace::Hop& hop : trail.hops) { write_hop(json, hop, context); }
    json.end_array();
    write_ending(json, trail.ending, asks, context);
}

}  // namespace

std::string trace_json(const trace::TraceResult& result, const Context& context) {
    std::string text;
    JsonWriter json(text, 2);
    json.begin_object().member("schema", "headwater.trace/1");
    write_run_members(json, context);
    json.member("truncated", result.truncated);
    json.key("trails").begin_array();
    for (const trace::Trail& trail : result.trails) {
        json.begin_object();
        write_trail_members(json, trail, result.asks, context);
        json.end_object();
    }
    json.end_array();
    json.member("pairs_tested", result.pairs_tested).member("expected_false_accusations", rounded(result.expected_false_accusations));
    json.key("asks").begin_array();
    for (const trace::Ask& ask : result.asks) {
        json.begin_object();
        write_ask_members(json, &ask, context);
        json.end_object();
    }
    json.end_array();
    json.key("clocks").begin_array();
    for (const trace::ClockOffset& clock : result.clocks) {
        json.begin_object().member("observer", context.observer_name(clock.observer));
        json.member("ahead_ms", milliseconds(clock.ahead)).member("shared_flows", clock.shared_flows).end_object();
    }
    json.end_array();
    write_input_members(json, context);
    json.end_object();
    return text + "\n";
}

std::string trace_ndjson(const trace::TraceResult& result, const Context& context) {
    std::string text;
    std::size_t rank = 0;
    for (const trace::Trail& trail : result.trails) {
        JsonWriter json(text);
        json.begin_object().member("schema", "headwater.trace.trail/1").member("rank", ++rank);
        write_trail_members(json, trail, result.asks, context);
        json.end_object();
        text += '\n';
    }
    return text;
}

}  // namespace hw::app::output
