#include "app/output/json_parts.hpp"
#include "app/output/trace_output.hpp"
#include "app/output/words.hpp"

#include <fmt/format.h>

namespace hw::app::output {

std::string trace_update_line(const trace::TraceResult& result) {
    if (result.trails.empty()) { return "no flow of the victim so far"; }
    const trace::Trail& best = result.trails.front();
    std::string path = "the victim";
    for (const trace::Hop& hop : best.hops) { path += " ← " + net::to_string(hop.relay); }
    return fmt::format("{} ← {}, ending there: {}, {}", path, net::to_string(best.ending.address), trace::to_string(best.ending.kind), likelihood(best.probability));
}

std::string trace_update_ndjson(const trace::TraceResult& result, const Context& context, std::uint64_t records) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().member("schema", "headwater.trace.update/1").member("newest", to_rfc3339(context.interval.to));
    json.member("records", records).member("flows", context.flows);
    json.key("relays").begin_array();
    if (!result.trails.empty()) {
        for (const trace::Hop& hop : result.trails.front().hops) { json.value(net::to_string(hop.relay)); }
    }
    json.end_array();
    json.key("ending");
    if (result.trails.empty()) { json.null(); }
    else {
        const trace::Trail& best = result.trails.front();
        json.begin_object().member("kind", trace::to_string(best.ending.kind)).member("address", net::to_string(best.ending.address));
        json.end_object().member("probability", rounded(best.probability));
    }
    json.end_object();
    return text;
}

}  // namespace hw::app::output
