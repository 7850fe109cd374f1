#include "app/output/html_sections.hpp"

#include "app/output/markup.hpp"
#include "app/output/pictures.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hw::app::output {
namespace {
namespace report_sections {

std::string parameter(const Context& context, std::string_view name) {
    const auto found = std::ranges::find_if(context.parameters, [&](const auto& p) { return p.first == name; });
    return found == context.parameters.end() ? "" : found->second;
}

std::string flow_row(std::string_view what, const flow::Flow& flow, const Context& context, const Clock& clock) {
    return fmt::format("<tr><td>{}</td><td class=\"mono\">{} → {} {}</td><td>{}</td><td class=\"n\">{} in {}</td><td class=\"n\">{} in {}</td>"
                       "<td>{}</td></tr>",
                       what, net::to_string(flow.client), net::to_string(flow.server), flow::to_string(flow.protocol),
                       clock.stretch(flow.interval()), human_bytes(flow.request.bytes), human_count(flow.request.packets),
                       human_bytes(flow.reply.bytes), human_count(flow.reply.packets), escaped(context.observer_name(flow.observer)));
}

std::string charts(const trace::Hop& hop) {
    if (!has_course(hop)) {
        return "<p>The inputs hold only totals of these flows, so their course over time cannot be shown; the score rests on start, end and "
               "volume.</p>";
    }
    const Interval whole = hop_span(hop);
    const Interval part = busiest(hop, whole, std::chrono::seconds(60));
    std::string html = "<figure>" + hop_chart(hop, whole);
    html += fmt::format("<figcaption><span class=\"key i\"></span>filled: the control flow, moved by the lag found. <span class=\"key o\"></span>"
                        "line: the action flow. Square roots of packet counts, each flow and direction to its own highest step. Where the "
                        "line follows the areas, one flow carries the other.</figcaption></figure>");
    if (part != whole) {
        html += "<details open><summary>The busiest minute</summary><figure>" + hop_chart(hop, part) + "</figure></details>";
    }
    return html;
}

/// Every host of the trails, in order of first mention.
std::vector<net::Address> hosts_of(const trace::TraceResult& result) {
    std::vector<net::Address> hosts;
    const auto add = [&](const net::Address& host) {
        if (std::ranges::find(hosts, host) == hosts.end()) { hosts.push_back(host); }
    };
    for (const trace::Trail& trail : result.trails) {
        if (trail.attack != nullptr) {
            const net::Address upstream = trail.hops.empty() ? trail.ending.address : trail.hops.front().relay;
            add(trail.attack->client.address == upstream ? trail.attack->server.address : trail.attack->client.address);
        }
        for (const trace::Hop& hop : trail.hops) { add(hop.relay); }
        add(trail.ending.address);
    }
    return hosts;
}

}  // namespace report_sections
}  // namespace

std::string victim_name(const Context& context) {
    const std::string victim = report_sections::parameter(context, "victim");
    return victim.empty() ? "an attack" : victim;
}

std::string hop_section(std::size_t number, const trace::Hop& hop, const Context& context, const Clock& clock) {
    using namespace report_sections;
    const trace::Link& link = hop.link;
    std::string html = fmt::format("<section class=\"hop\"><h3>Relay {}: <span class=\"mono\">{}</span></h3>", number, net::to_string(hop.relay));
    html += "<div class=\"wide\"><table class=\"t\"><thead><tr><th></th><th>flow, opener first</th><th>time, UTC</th><th class=\"n\">from the opener</th>"
            "<th class=\"n\">back</th><th>seen by</th></tr></thead><tbody>";
    html += flow_row("in (control)", *link.inbound, context, clock) + flow_row("out (action)", *link.outbound, context, clock);
    html += "</tbody></table></div><div class=\"two\"><div>" + weight_scale(link) + "</div><div>";
    std::string control = control_words(link.control);
    if (control.starts_with("the ")) { control.front() = 'T'; }
    html += fmt::format("<p>{}, <strong>{}</strong>: {}. An unrelated pair scores as high {} ({}).</p>", decibans_text(link.llr), strength(link.llr),
                        odds_words(link.llr), how_often(link.p), p_text(link.p));
    html += fmt::format("<p>{}; {}. {} weighed here; {} that none of them is the right one.</p>", escaped(control), escaped(lag_words(link)),
                        counted(hop.candidates, "control flow") + (hop.candidates == 1 ? " was" : " were"), percent(link.p_none));
    if (const std::string common = common_relay_words(hop); !common.empty()) { html += fmt::format("<p>{}.</p>", escaped(common)); }
    html += fmt::format("<p>By channel: {}.</p></div></div>", escaped(channel_words(link.channels)));
    return html + charts(hop) + "</section>\n";
}

std::string alternatives_section(const trace::TraceResult& result) {
    std::string html = "<h2>Other trails that are possible</h2>\n";
    if (result.trails.size() < 2) { return html + "<p>None was found that is worth naming.</p>\n"; }
    html += "<div class=\"wide\"><table class=\"t\"><thead><tr><th class=\"n\">chance</th><th>path, from the victim backward</th><th>ends</th><th>why</th></tr></thead><tbody>";
    for (std::size_t i = 1; i < result.trails.size(); ++i) {
        const trace::Trail& trail = result.trails[i];
        std::string path;
        for (const trace::Hop& hop : trail.hops) { path += net::to_string(hop.relay) + " ← "; }
        html += fmt::format("<tr><td class=\"n\">{}</td><td class=\"mono\">{}{}</td><td>{}</td><td>{}</td></tr>", percent(trail.probability), path,
                            net::to_string(trail.ending.address), trace::to_string(trail.ending.kind), escaped(trail.ending.reason));
    }
    return html + "</tbody></table></div>\n";
}

std::string asks_section(const trace::TraceResult& result, const Clock& clock, const Context& context) {
    if (result.asks.empty()) { return {}; }
    std::string html = "<h2>Whom to ask</h2>\n<p>Their data would tell most about where the trail goes on.</p>\n<ol>";
    for (const trace::Ask& ask : result.asks) { html += "<li>" + escaped(ask_words(ask, clock, context)) + "</li>"; }
    return html + "</ol>\n";
}

std::string blind_spots_section(const trace::TraceResult& result, const Context& context) {
    using namespace report_sections;
    std::string html = "<h2>What was watched, and what was not</h2>\n<p>Only a host of which an observer sees both sides can be followed "
                       "upstream, or be said to have nothing upstream.</p>\n<div class=\"wide\"><table class=\"t\"><thead><tr><th>host</th><th>watched by</th>"
                       "<th>why we think so</th></tr></thead><tbody>";
    for (const net::Address& host : hosts_of(result)) {
        bool any = false;
        for (const flow::CoveredHost& covered : context.coverage) {
            if (covered.address != host) { continue; }
            any = true;
            html += fmt::format("<tr><td class=\"mono\">{}</td><td>{}</td><td>{}</td></tr>", net::to_string(host),
                                escaped(context.observer_name(covered.observer)), coverage_words(covered.basis));
        }
        if (!any) { html += fmt::format("<tr><td class=\"mono\">{}</td><td><strong>nobody</strong></td><td>no input shows both of its sides</td></tr>", net::to_string(host)); }
    }
    html += "</tbody></table></div>\n";
    const auto others = static_cast<std::size_t>(std::ranges::count_if(context.coverage, [&](const flow::CoveredHost& covered) {
        const auto hosts = hosts_of(result);
        return std::ranges::find(hosts, covered.address) == hosts.end();
    }));
    if (others > 0) { html += fmt::format("<p>{} not on any trail {} watched too.</p>\n", counted(others, "host"), others == 1 ? "is" : "are"); }
    return html;
}

std::string inputs_section(const Context& context) {
    std::string html = "<h2>Inputs</h2>\n<div class=\"wide\"><table class=\"t\"><thead><tr><th>file and SHA-256</th><th>form</th><th class=\"n\">records</th>"
                       "<th class=\"n\">flows</th><th class=\"n\">skipped</th></tr></thead><tbody>";
    for (const auto& report : context.inputs) {
        if (const std::string why = not_read_because(report); !why.empty()) {
            html += fmt::format("<tr><td>{}</td><td colspan=\"4\">not read: {}</td></tr>", escaped(report.path), escaped(why));
            continue;
        }
        html += fmt::format("<tr><td>{}<br><code>{}</code>", escaped(report.path), escaped(report.sha256));
        for (const auto& [reason, skipped] : report.skipped) {
            html += fmt::format("<br>skipped, {}: {}", escaped(reason), grouped(skipped.count));
            if (!skipped.first_offsets.empty()) { html += fmt::format(" (first at byte {})", grouped(skipped.first_offsets.front())); }
        }
        if (report.damaged_tail) { html += "<br>the file ends inside a record; all before it was used"; }
        if (report.snapped > 0) { html += fmt::format("<br>{} captured shorter than they were", counted(report.snapped, "packet")); }
        html += fmt::format("</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>", escaped(report.format),
                            grouped(report.records), report.flows_known ? grouped(report.flows) : "–", grouped(report.skipped_total()));
    }
    for (const Error& error : context.failures) {
        html += fmt::format("<tr class=\"unused\"><td>{}</td><td colspan=\"4\">not used: {}</td></tr>", escaped(error.where), escaped(error.message));
    }
    return html + "</tbody></table></div>\n";
}

std::string method_section(const trace::TraceResult& result) {
    std::string html =
        "<h2>How this was found, and its limits</h2>\n"
        "<p>From the victim backward: at each host the flow that acted is compared with every other flow of that host at that time. What a "
        "relay passes on keeps the rhythm of what it received: requests leave a little later than they came in, replies come back a little "
        "before they are passed on. How well a pair fits, against flows known to be unrelated, gives a weight of evidence in decibans (dB): "
        "10 dB multiply the odds by 10, 20 dB by 100. Up to 3 dB say nothing, up to 10 are weak, up to 20 moderate, up to 30 strong, more "
        "is very strong. Each step keeps open that the right partner was not seen.</p>\n"
        "<p>It cannot tell: traffic padded to a constant rate, orders stored and forwarded minutes later, exchanges of a few packets, "
        "tunnels that ask in long regular intervals, and people at a keyboard. Dashed lines in the picture are inferences, not observations. "
        "A likeness of traffic names machines, never persons.</p>\n";
    return html + "<p>" + escaped(false_accusations_sentence(result.pairs_tested, result.expected_false_accusations)) + "</p>\n";
}

std::string repeat_section(const trace::TraceResult& result, const Context& context) {
    std::string command = "headwater trace";
    for (const auto& report : context.inputs) {
        if (not_read_because(report).empty()) { command += " " + shell_word(report.path); }
    }
    for (const auto& [name, value] : context.parameters) { command += " --" + name + " " + shell_word(value); }
    std::string html = fmt::format("<h2>To repeat it</h2>\n<p>With the inputs above, version {} gives the same bytes again on any number of threads:</p>\n"
                                   "<p><code>{}</code></p>\n", escaped(context.version), escaped(command));
    const std::string clocks = clocks_sentence(result.clocks, context);
    return clocks.empty() ? html : html + "<p>" + escaped(clocks) + "</p>\n";
}

}  // namespace hw::app::output
