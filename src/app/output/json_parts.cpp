#include "app/output/json_parts.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace hw::app::output {
namespace {

void write_endpoint(JsonWriter& json, std::string_view name, const net::Endpoint& endpoint) {
    json.key(name).begin_object();
    json.member("address", net::to_string(endpoint.address)).member("port", net::number(endpoint.port));
    json.end_object();
}

void write_half(JsonWriter& json, std::string_view name, const flow::HalfFlow& half) {
    json.key(name).begin_object();
    json.member("packets", half.packets).member("bytes", half.bytes).member("payload_bytes", half.payload_bytes);
    json.end_object();
}

}  // namespace

double rounded(double chance) {
    if (!std::isfinite(chance)) { return chance; }
    if (std::abs(chance) < 1e-100) { return 0; }
    const double unit = std::pow(10.0, 5 - std::floor(std::log10(std::abs(chance))));
    return std::round(chance * unit) / unit;
}

double rounded(Decibans weight) { return std::round(weight.value() * 100) / 100; }

namespace {

void write_decibans(JsonWriter& json, std::string_view name, const std::optional<Decibans>& weight) {
    json.key(name);
    if (weight) { json.value(rounded(*weight)); }
    else { json.null(); }
}

void write_skipped(JsonWriter& json, const flow::read::ReadReport& report) {
    json.member("skipped", report.skipped_total());
    json.key("skipped_reasons").begin_object();
    for (const auto& [reason, skipped] : report.skipped) {
        json.key(reason).begin_object().member("count", skipped.count).key("first_offsets").begin_array();
        for (const std::uint64_t offset : skipped.first_offsets) { json.value(offset); }
        json.end_array().end_object();
    }
    json.end_object();
}

}  // namespace

double milliseconds(Duration duration) { return static_cast<double>(duration.count()) / 1000.0; }

std::string_view to_string(flow::CoverageBasis basis) {
    switch (basis) {
        case flow::CoverageBasis::declared: return "declared";
        case flow::CoverageBasis::capture_point: return "capture-point";
        case flow::CoverageBasis::segment: return "segment";
        case flow::CoverageBasis::log_local: return "log-local";
    }
    return "declared";
}

void write_flow(JsonWriter& json, const flow::Flow& flow, const Context& context, std::span<const flow::ObserverId> observers) {
    json.begin_object();
    write_endpoint(json, "client", flow.client);
    write_endpoint(json, "server", flow.server);
    json.member("protocol", flow::to_string(flow.protocol));
    json.member("first", to_rfc3339(flow.first)).member("last", to_rfc3339(flow.last));
    write_half(json, "request", flow.request);
    write_half(json, "reply", flow.reply);
    json.member("observer", context.observer_name(flow.observer)).member("id", flow::to_string(flow.id));
    if (!observers.empty()) {
        json.key("observers").begin_array();
        for (const flow::ObserverId observer : observers) { json.value(context.observer_name(observer)); }
        json.end_array();
    }
    if (flow.sampling > 1) { json.member("sampling", std::uint64_t{flow.sampling}); }
    if (!flow.uid.empty()) { json.member("uid", flow.uid); }
    json.end_object();
}

void write_link_members(JsonWriter& json, const trace::Link& link) {
    json.member("control", trace::to_string(link.control));
    json.member("llr_db", rounded(link.llr)).member("p", rounded(link.p)).member("q", rounded(link.q));
    json.key("channels").begin_object();
    write_decibans(json, "activity_db", link.channels.activity);
    write_decibans(json, "record_db", link.channels.record);
    write_decibans(json, "sequence_db", link.channels.sequence);
    write_decibans(json, "shape_db", link.channels.shape);
    json.end_object();
    const bool measured = link.channels.activity.has_value();
    json.member("lag_ms", measured ? std::optional(milliseconds(link.lag_request)) : std::nullopt);
    json.member("lag_reply_ms", measured ? std::optional(milliseconds(link.lag_reply)) : std::nullopt);
    json.member("posterior", rounded(link.posterior)).member("p_none", rounded(link.p_none));
    json.member("z", rounded(link.z)).member("scale_s", link.scale_s);
}

void write_run_members(JsonWriter& json, const Context& context) {
    json.member("version", context.version);
    json.key("note");
    if (context.note.empty()) { json.null(); }
    else { json.value(context.note); }
    json.key("parameters").begin_object();
    const auto& all = context.parameters;
    for (auto at = all.begin(); at != all.end();) {  // what was given several times stands together, as a list
        const auto end = std::find_if(at, all.end(), [&](const auto& p) { return p.first != at->first; });
        json.key(at->first);
        if (end - at == 1) {
            json.value(at->second);
        } else {
            json.begin_array();
            for (auto one = at; one != end; ++one) { json.value(one->second); }
            json.end_array();
        }
        at = end;
    }
    json.end_object();
    json.member("interrupted", context.interrupted);
}

void write_read_members(JsonWriter& json, const Context& context) {
    json.key("inputs").begin_array();
    for (const auto& report : context.inputs) {
        json.begin_object();
        json.member("path", report.path).key("sha256");
        if (report.sha256.empty()) { json.null(); }  // Passed over without being read.
        else { json.value(report.sha256); }
        json.member("records", report.records);
        write_skipped(json, report);
        json.member("format", report.format).member("bytes", report.bytes).key("flows");
        if (report.flows_known) { json.value(report.flows); }
        else { json.null(); }
        json.member("snapped", report.snapped).member("damaged_tail", report.damaged_tail);
        json.end_object();
    }
    json.end_array();
    json.key("failures").begin_array();
    for (const Error& error : context.failures) {
        json.begin_object();
        json.member("code", hw::to_string(error.code)).member("message", error.message).member("where", error.where);
        json.end_object();
    }
    json.end_array();
}

void write_input_members(JsonWriter& json, const Context& context) {
    write_read_members(json, context);
    json.key("observers").begin_array();
    for (const flow::Observer& observer : context.observers) {
        json.begin_object().member("name", observer.name);
        json.member("first", to_rfc3339(observer.interval.from)).member("last", to_rfc3339(observer.interval.to)).end_object();
    }
    json.end_array();
    json.key("coverage").begin_array();
    for (const flow::CoveredHost& host : context.coverage) {
        json.begin_object();
        json.member("address", net::to_string(host.address)).member("observer", context.observer_name(host.observer));
        json.member("basis", to_string(host.basis));
        json.end_object();
    }
    json.end_array();
}

}  // namespace hw::app::output
