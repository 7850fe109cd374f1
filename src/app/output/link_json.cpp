#include "app/output/json_parts.hpp"
#include "app/output/link_output.hpp"

#include <algorithm>

namespace hw::app::output {
namespace {

std::span<const trace::Link> shown_candidates(const trace::LinkedFlow& inflow, std::size_t top) {
    const std::span<const trace::Link> all(inflow.candidates);
    return top == 0 ? all : all.first(std::min(top, all.size()));
}

void write_linked_members(JsonWriter& json, const trace::LinkedFlow& inflow, std::size_t top, const Context& context) {
    json.key("inbound");
    write_flow(json, *inflow.flow, context);
    json.key("candidates").begin_array();
    for (const trace::Link& link : shown_candidates(inflow, top)) {
        json.begin_object().key("outbound");
        write_flow(json, *link.outbound, context);
        write_link_members(json, link);
        json.end_object();
    }
    json.end_array();
    json.member("candidates_scored", inflow.scored).member("none", rounded(inflow.none));
}

}  // namespace

std::string link_json(const trace::RelayLinks& result, const LinkView& view, const Context& context) {
    std::string text;
    JsonWriter json(text, 2);
    json.begin_object().member("schema", "headwater.link/1");
    write_run_members(json, context);
    json.key("host").begin_array();
    for (const net::Address& host : view.hosts) { json.value(net::to_string(host)); }
    json.end_array().key("links").begin_array();
    for (const trace::LinkedFlow& inflow : result.inflows) {
        if (inflow.candidates.empty()) { continue; }
        json.begin_object();
        write_linked_members(json, inflow, view.top, context);
        json.end_object();
    }
    json.end_array().key("unlinked").begin_array();
    for (const trace::LinkedFlow& inflow : result.inflows) {
        if (inflow.candidates.empty()) { write_flow(json, *inflow.flow, context); }
    }
    json.end_array().key("tunnels").begin_array();
    for (const trace::Tunnel& tunnel : result.tunnels) {
        json.begin_object().key("flow");
        write_flow(json, *tunnel.flow, context);
        json.member("streams_leave", !tunnel.opened).member("explained", rounded(tunnel.explained)).member("explained_by_chance", rounded(tunnel.by_chance));
        json.key("streams").begin_array();
        for (const trace::Tunnel::Stream& stream : tunnel.streams) {
            json.begin_object().key("flow");
            write_flow(json, *stream.flow, context);
            json.member("weight", rounded(stream.weight)).end_object();
        }
        json.end_array().end_object();
    }
    json.end_array();
    json.member("pairs_tested", result.pairs_tested).member("expected_false_accusations", rounded(result.expected_false_accusations));
    write_input_members(json, context);
    json.end_object();
    return text + "\n";
}

std::string link_ndjson(const trace::RelayLinks& result, const LinkView& view, const Context& context) {
    std::string text;
    for (const trace::LinkedFlow& inflow : result.inflows) {
        JsonWriter json(text);
        json.begin_object().member("schema", "headwater.link.inflow/1");
        write_linked_members(json, inflow, view.top, context);
        json.end_object();
        text += '\n';
    }
    return text;
}

}  // namespace hw::app::output
