#include "app/command/trace_run.hpp"
#include "base/input/unpack.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "flow/read/eve_alert.hpp"

#include <algorithm>
#include <tuple>

namespace hw::app::command {
namespace {
namespace alert_choice {

using flow::read::EveAlert;

/// The victim's own end of the alert's conversation, as far as the query leaves it open; null where it is another's.
const net::Endpoint* victim_end(const EveAlert& alert, const trace::TraceQuery& query) {
    const auto fits = [&](const net::Endpoint& own, const net::Endpoint& other) {
        return own.address == query.victim.address && (net::number(query.victim.port) == 0 || own.port == query.victim.port) && (!query.peer || other.address == *query.peer);
    };
    if (query.at && (alert.at < query.at->from || query.at->to < alert.flow_began)) { return nullptr; }
    if (fits(alert.destination, alert.source)) { return &alert.destination; }
    if (fits(alert.source, alert.destination)) { return &alert.source; }
    return nullptr;
}

}  // namespace alert_choice
}  // namespace

Result<std::string> seed_by_alert(const Invocation& invocation, const std::string& path, trace::TraceQuery& query) {
    using namespace alert_choice;
    flow::read::ReadReport report;
    report.path = path;
    HW_TRY(auto bytes, hw::InputBytes::open(path, invocation.stop));
    HW_TRY(const auto alerts, flow::read::read_eve_alerts(*bytes, invocation.stop, report));
    for (const auto& [reason, what] : report.skipped) { log::warning("alerts: skipped " + std::to_string(what.count) + " (" + reason + ") in " + printable(path)); }
    const EveAlert* best = nullptr;
    std::size_t others = 0;
    for (const EveAlert& alert : alerts) {
        if (victim_end(alert, query) == nullptr) { continue; }
        if (best != nullptr) { ++others; }
        if (best == nullptr || std::tie(alert.severity, alert.at) < std::tie(best->severity, best->at)) { best = &alert; }
    }
    if (best == nullptr) {
        return fail(Errc::not_found, "no alert is about the victim (of " + std::to_string(alerts.size()) + " in the log)", printable(path),
                    "--victim, --peer and --at must agree with the alert; without --alert the trace starts at the victim's flows");
    }
    const bool to_victim = victim_end(*best, query) == &best->destination;
    const net::Endpoint& own = to_victim ? best->destination : best->source;
    const net::Endpoint& other = to_victim ? best->source : best->destination;
    query.victim = own;
    query.peer = other.address;
    query.at = Interval{best->flow_began, best->at};
    std::string said = "rule " + std::to_string(best->rule) + " at " + to_rfc3339(best->at) + ": " + to_string(best->source) + " to " + to_string(best->destination);
    if (!best->signature.empty()) { said += ", \"" + printable(best->signature) + "\""; }
    if (others > 0) { said += "; the gravest, then earliest, of " + std::to_string(others + 1); }
    return said;
}

}  // namespace hw::app::command
