#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/trace_output.hpp"

namespace hw::app::output {
namespace {

std::string csv_db(const std::optional<Decibans>& weight) { return weight ? json_number(rounded(*weight)) : ""; }

}  // namespace

std::string trace_csv(const trace::TraceResult& result, const Context& context) {
    std::string text;
    append_csv(text, {"trail", "trail_probability", "hop", "relay", "observer", "control", "inbound_client", "inbound_server",
                      "inbound_first", "inbound_last", "inbound_id", "outbound_client", "outbound_server", "outbound_first",
                      "outbound_last", "outbound_id", "llr_db", "p", "activity_db", "record_db", "sequence_db", "shape_db", "lag_ms",
                      "ending_kind", "ending_address", "ending_probability"});
    std::size_t rank = 0;
    for (const trace::Trail& trail : result.trails) {
        ++rank;
        const std::string kind(trace::to_string(trail.ending.kind));
        const std::string address = net::to_string(trail.ending.address);
        const std::string chance = json_number(rounded(trail.ending.probability));
        if (trail.hops.empty()) {
            append_csv(text, {std::to_string(rank), json_number(rounded(trail.probability)), "", "", "", "", "", "", "", "", "", "", "", "", "",
                              "", "", "", "", "", "", "", "", kind, address, chance});
        }
        for (std::size_t i = 0; i < trail.hops.size(); ++i) {
            const trace::Hop& hop = trail.hops[i];
            const flow::Flow& in = *hop.link.inbound;
            const flow::Flow& out = *hop.link.outbound;
            append_csv(text, {std::to_string(rank), json_number(rounded(trail.probability)), std::to_string(i + 1), net::to_string(hop.relay),
                              context.observer_name(hop.observer), std::string(trace::to_string(hop.link.control)),
                              net::to_string(in.client), net::to_string(in.server), to_rfc3339(in.first), to_rfc3339(in.last),
                              flow::to_string(in.id), net::to_string(out.client), net::to_string(out.server), to_rfc3339(out.first),
                              to_rfc3339(out.last), flow::to_string(out.id), json_number(rounded(hop.link.llr)),
                              json_number(rounded(hop.link.p)), csv_db(hop.link.channels.activity), csv_db(hop.link.channels.record),
                              csv_db(hop.link.channels.sequence), csv_db(hop.link.channels.shape),
                              hop.link.channels.activity ? json_number(milliseconds(hop.link.lag_request)) : "", kind, address, chance});
        }
    }
    return text;
}

}  // namespace hw::app::output
