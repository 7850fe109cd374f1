#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/match_output.hpp"

#include <cmath>

namespace hw::app::output {
namespace {
namespace match_parts {

/// The lags with the clocks set right.
double lag_request_ms(const trace::BlindMatch& match) { return milliseconds(match.total.lag_request); }
double lag_reply_ms(const trace::BlindMatch& match) { return milliseconds(match.total.lag_reply); }

void write_members(JsonWriter& json, const trace::BlindMatch& match, const Context& a, const Context& b) {
    json.key("a");
    write_flow(json, *match.a, a);
    json.key("b");
    write_flow(json, *match.b, b);
    json.member("z", rounded(double{match.total.z})).member("p", rounded(match.p)).member("q", rounded(match.q));
    json.member("claimed", match.claimed).member("rank", match.rank);
    json.member("lag_ms", lag_request_ms(match)).member("lag_reply_ms", lag_reply_ms(match));
    json.member("passage", to_string(match.total.passage)).member("control_z", rounded(double{match.total.control}));
    json.member("scale_s", rounded(double{match.total.scale_s})).member("epochs", match.total.windows);
    json.member("shared_s", match.total.shared_s).member("class", trace::to_string(trace::pair_class(match.total)));
}

void write_side(JsonWriter& json, std::string_view name, std::size_t flows, std::size_t passed_over, const Context& context) {
    json.key(name).begin_object();
    json.member("flows", flows).member("passed_over", passed_over);
    write_input_members(json, context);
    json.end_object();
}

}  // namespace match_parts
}  // namespace

std::string_view to_string(trace::Passage passage) {
    switch (passage) {
        case trace::Passage::a_to_b: return "a-to-b";
        case trace::Passage::b_to_a: return "b-to-a";
        case trace::Passage::a_to_b_crossed: return "a-to-b-crossed";
        case trace::Passage::b_to_a_crossed: return "b-to-a-crossed";
    }
    return "";
}

std::string match_json(const trace::BlindMatches& result, const Context& a, const Context& b) {
    std::string text;
    JsonWriter json(text, 2);
    json.begin_object().member("schema", "headwater.match/1");
    write_run_members(json, a);
    json.key("matches").begin_array();
    for (const auto& match : result.matches) {
        json.begin_object();
        match_parts::write_members(json, match, a, b);
        json.end_object();
    }
    json.end_array();
    json.member("pairs_tested", result.pairs_tested).member("pairs_scored", result.pairs_scored);
    json.member("expected_false_accusations", rounded(result.expected_false_accusations));
    json.key("clock").begin_object();
    json.member("basis", trace::to_string(result.clock.basis)).member("ahead_ms", milliseconds(result.clock.ahead));
    json.member("support", result.clock.support).member("spread_ms", milliseconds(result.clock.spread)).end_object();
    json.member("epochs", result.windows).member("null_samples", result.null_samples);
    match_parts::write_side(json, "side_a", result.flows_a, result.passed_over_a, a);
    match_parts::write_side(json, "side_b", result.flows_b, result.passed_over_b, b);
    json.end_object();
    return text + "\n";
}

std::string match_ndjson(const trace::BlindMatches& result, const Context& a, const Context& b) {
    std::string text;
    for (const auto& match : result.matches) {
        JsonWriter json(text);
        json.begin_object().member("schema", "headwater.match.match/1");
        match_parts::write_members(json, match, a, b);
        json.end_object();
        text += '\n';
    }
    return text;
}

std::string match_csv(const trace::BlindMatches& result, const Context& a, const Context& b) {
    std::string text;
    append_csv(text, {"a_client", "a_server", "a_protocol", "a_first", "a_last", "a_id", "a_observer", "b_client", "b_server", "b_protocol",
                      "b_first", "b_last", "b_id", "b_observer", "rank", "claimed", "z", "p", "q", "lag_ms", "lag_reply_ms", "passage",
                      "control_z", "scale_s", "epochs", "shared_s", "class"});
    for (const auto& match : result.matches) {
        const flow::Flow& x = *match.a;
        const flow::Flow& y = *match.b;
        append_csv(text, {net::to_string(x.client), net::to_string(x.server), flow::to_string(x.protocol), to_rfc3339(x.first), to_rfc3339(x.last),
                          flow::to_string(x.id), a.observer_name(x.observer), net::to_string(y.client), net::to_string(y.server),
                          flow::to_string(y.protocol), to_rfc3339(y.first), to_rfc3339(y.last), flow::to_string(y.id),
                          b.observer_name(y.observer), std::to_string(match.rank), match.claimed ? "true" : "false",
                          json_number(rounded(double{match.total.z})), json_number(rounded(match.p)), json_number(rounded(match.q)),
                          json_number(match_parts::lag_request_ms(match)), json_number(match_parts::lag_reply_ms(match)),
                          std::string(to_string(match.total.passage)), json_number(rounded(double{match.total.control})),
                          json_number(rounded(double{match.total.scale_s})), std::to_string(match.total.windows),
                          std::to_string(match.total.shared_s), std::string(trace::to_string(trace::pair_class(match.total)))});
    }
    return text;
}

}  // namespace hw::app::output
