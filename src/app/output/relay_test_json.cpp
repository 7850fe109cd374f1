#include "app/output/json_parts.hpp"
#include "app/output/relay_test_output.hpp"

namespace hw::app::output {
namespace {
namespace relay_test_json_parts {

std::optional<double> rounded_if(const std::optional<double>& value) { return value ? std::optional(rounded(*value)) : std::nullopt; }

template <typename Values>
void write_values(JsonWriter& json, std::string_view name, const Values& values) {
    json.key(name).begin_array();
    for (const auto& value : values) { json.value(value); }
    json.end_array();
}

void write_extras(JsonWriter& json, const trace::WeakExtras& extras) {
    json.key("extras").begin_object();
    json.member("note", "weak: chosen by whoever sent the packets; not in the probability");
    write_values(json, "ttl", extras.ttl);
    write_values(json, "mss", extras.mss);
    write_values(json, "window", extras.window);
    write_values(json, "software", extras.software);
    if (extras.initial_ttl != 0) { json.member("initial_ttl", extras.initial_ttl).member("hops", extras.hops); }
    json.member("system_guess", extras.system_guess).member("disagree", extras.disagree).end_object();
}

void write_peer(JsonWriter& json, const trace::TestedPeer& peer, const Context& context) {
    json.member("address", net::to_string(peer.address)).member("role", peer.as_server ? "server" : "client");
    json.member("observer", context.observer_name(peer.observer)).member("connections", peer.connections);
    json.member("handshakes", peer.handshakes).member("transport_rtt_ms", rounded_if(peer.transport_rtt_ms));
    json.member("far_rtt_ms", rounded_if(peer.far_rtt_ms)).member("gap_ms", rounded_if(peer.gap_ms));
    json.member("jitter_ms", rounded(peer.jitter_ms)).member("verdict", trace::to_string(peer.verdict));
    json.member("undecided_because", trace::to_string(peer.because)).member("probability", rounded(peer.probability));
    json.member("llr_db", rounded(peer.llr)).member("max_distance_km", rounded_if(peer.max_distance_km));
    json.key("method");
    if (peer.method) { json.value(flow::to_string(*peer.method)); } else { json.null(); }
    json.key("methods").begin_array();
    for (const trace::MethodTimings& method : peer.methods) {
        json.begin_object().member("method", flow::to_string(method.evidence.method)).member("samples", method.evidence.samples);
        json.member("min_ms", rounded(method.evidence.min_ms)).member("median_ms", rounded(method.median_ms)).end_object();
    }
    json.end_array().key("not_measured").begin_array();
    for (const trace::NotMeasured& missing : peer.not_measured) {
        json.begin_object().member("reason", flow::to_string(missing.reason)).member("connections", missing.connections).end_object();
    }
    json.end_array();
    write_extras(json, peer.extras);
}

}  // namespace relay_test_json_parts
}  // namespace

std::string relay_test_json(std::span<const trace::TestedPeer> peers, const Context& context) {
    std::string text;
    JsonWriter json(text, 2);
    json.begin_object().member("schema", "headwater.relay-test/1");
    write_run_members(json, context);
    json.member("prior", trace::kRelayPrior).key("peers").begin_array();
    for (const trace::TestedPeer& peer : peers) {
        json.begin_object();
        relay_test_json_parts::write_peer(json, peer, context);
        json.end_object();
    }
    json.end_array();
    write_input_members(json, context);
    json.end_object();
    return text + "\n";
}

std::string relay_test_ndjson(std::span<const trace::TestedPeer> peers, const Context& context) {
    std::string text;
    for (const trace::TestedPeer& peer : peers) {
        JsonWriter json(text);
        json.begin_object().member("schema", "headwater.relay-test.peer/1");
        relay_test_json_parts::write_peer(json, peer, context);
        json.end_object();
        text += '\n';
    }
    return text;
}

}  // namespace hw::app::output
