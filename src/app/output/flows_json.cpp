#include "app/output/flows_output.hpp"
#include "app/output/json_parts.hpp"

namespace hw::app::output {
namespace {
namespace flows_members {

void write_both(JsonWriter& json, std::uint64_t request_packets, std::uint64_t request_bytes, std::uint64_t reply_packets, std::uint64_t reply_bytes) {
    json.key("request").begin_object().member("packets", request_packets).member("bytes", request_bytes).end_object();
    json.key("reply").begin_object().member("packets", reply_packets).member("bytes", reply_bytes).end_object();
}

void write_totals(JsonWriter& json, const flow::FlowTotals& totals) {
    json.member("flows", totals.flows).member("packets", totals.packets()).member("bytes", totals.bytes());
    write_both(json, totals.request_packets, totals.request_bytes, totals.reply_packets, totals.reply_bytes);
    if (totals.sampled_flows > 0) { json.member("sampled_flows", totals.sampled_flows); }
    for (const auto& [name, time] : {std::pair("first", totals.first), std::pair("last", totals.last)}) {
        json.key(name);
        if (totals.flows == 0) { json.null(); }
        else { json.value(to_rfc3339(time)); }
    }
}

void write_total(JsonWriter& json, const flow::FlowTotals& totals) {
    json.key("total").begin_object();
    write_totals(json, totals);
    json.end_object();
}

void write_shown(JsonWriter& json, const FlowsShown& shown, const flow::Flow& flow, const Context& context) {
    const auto several = shown.observers.find(&flow);
    write_flow(json, flow, context, several == shown.observers.end() ? std::span<const flow::ObserverId>() : several->second);
}

void write_group(JsonWriter& json, const GroupsShown& shown, const flow::FlowGroup& group, const Context& context) {
    for (std::size_t i = 0; i < shown.by.size(); ++i) {
        json.key(flow::to_string(shown.by[i].field));
        switch (shown.by[i].field) {
        case flow::GroupField::port:
        case flow::GroupField::client_port: json.value(group.key[i].low); break;
        case flow::GroupField::observer: json.value(context.observer_name(static_cast<flow::ObserverId>(group.key[i].low))); break;
        default: json.value(flow::group_text(shown.by[i], group.key[i]));
        }
    }
    write_totals(json, group.totals);
}

void write_step(JsonWriter& json, const flow::SeriesStep& step) {
    json.member("time", to_rfc3339(step.begin)).member("started", step.started).member("alive", step.alive);
    write_both(json, step.request_packets, step.request_bytes, step.reply_packets, step.reply_bytes);
}

}  // namespace flows_members
}  // namespace

std::string_view to_string(flow::FlowMeasure measure) {
    switch (measure) {
    case flow::FlowMeasure::bytes: return "bytes";
    case flow::FlowMeasure::packets: return "packets";
    case flow::FlowMeasure::flows: break;
    }
    return "flows";
}

std::string flows_json(const FlowsShown& shown, const Context& context) {
    std::string text;
    JsonWriter json(text, 2);
    json.begin_object().member("schema", "headwater.flows/1");
    write_run_members(json, context);
    json.key("flows").begin_array();
    for (const flow::Flow* flow : shown.flows) { flows_members::write_shown(json, shown, *flow, context); }
    json.end_array();
    flows_members::write_total(json, shown.total);
    if (shown.copies > 0) { json.member("copies", shown.copies); }
    write_input_members(json, context);
    json.end_object();
    return text + "\n";
}

std::string flows_ndjson(const FlowsShown& shown, const Context& context) {
    std::string text;
    for (const flow::Flow* flow : shown.flows) {
        JsonWriter json(text);
        flows_members::write_shown(json, shown, *flow, context);
        text += '\n';
    }
    return text;
}

std::string groups_json(const GroupsShown& shown, const Context& context) {
    std::string text;
    JsonWriter json(text, 2);
    json.begin_object().member("schema", "headwater.flows.groups/1");
    write_run_members(json, context);
    json.key("by").begin_array();
    for (const auto& by : shown.by) { json.value(flow::to_string(by.field)); }
    json.end_array().member("order", to_string(shown.order)).key("groups").begin_array();
    for (const auto& group : shown.groups) {
        json.begin_object();
        flows_members::write_group(json, shown, group, context);
        json.end_object();
    }
    json.end_array().member("groups_total", shown.groups_total);
    flows_members::write_total(json, shown.total);
    if (shown.copies > 0) { json.member("copies", shown.copies); }
    write_input_members(json, context);
    json.end_object();
    return text + "\n";
}

std::string groups_ndjson(const GroupsShown& shown, const Context& context) {
    std::string text;
    for (const auto& group : shown.groups) {
        JsonWriter json(text);
        json.begin_object();
        flows_members::write_group(json, shown, group, context);
        json.end_object();
        text += '\n';
    }
    return text;
}

std::string series_json(const SeriesShown& shown, const Context& context) {
    std::string text;
    JsonWriter json(text, 2);
    json.begin_object().member("schema", "headwater.flows.series/1");
    write_run_members(json, context);
    json.member("step_s", rounded(static_cast<double>(shown.width.count()) / 1e6)).key("series").begin_array();
    for (const auto& step : shown.steps) {
        json.begin_object();
        flows_members::write_step(json, step);
        json.end_object();
    }
    json.end_array();
    flows_members::write_total(json, shown.total);
    if (shown.copies > 0) { json.member("copies", shown.copies); }
    write_input_members(json, context);
    json.end_object();
    return text + "\n";
}

std::string series_ndjson(const SeriesShown& shown, const Context& /*context*/) {
    std::string text;
    for (const auto& step : shown.steps) {
        JsonWriter json(text);
        json.begin_object();
        flows_members::write_step(json, step);
        json.end_object();
        text += '\n';
    }
    return text;
}

}  // namespace hw::app::output
