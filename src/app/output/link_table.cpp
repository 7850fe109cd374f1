#include "app/help.hpp"
#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/link_output.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hw::app::output {
namespace {
namespace link_tables {

constexpr std::size_t kMostStreamsShown = 10;

std::string conversation(const flow::Flow& flow) {
    return fmt::format("{} → {} {}", net::to_string(flow.client), net::to_string(flow.server), flow::to_string(flow.protocol));
}

std::string volume(const flow::Flow& flow) {
    return fmt::format("{} →, ← {}", human_bytes(flow.request.bytes), human_bytes(flow.reply.bytes));
}

std::string note_line(const Context& context) {
    std::string text = context.note.empty() ? "" : wrapped("NOTE: " + printable(context.note), 0, 98) + "\n";
    if (context.interrupted) { text += "INTERRUPTED: what follows is what was known until then.\n\n"; }
    return text;
}

std::size_t shown(const trace::LinkedFlow& inflow, std::size_t top) {
    return top == 0 ? inflow.candidates.size() : std::min(top, inflow.candidates.size());
}

}  // namespace link_tables
}  // namespace

std::string link_csv(const trace::RelayLinks& result, const LinkView& view, const Context& context) {
    std::string text;
    append_csv(text, {"inbound_client", "inbound_server", "protocol", "inbound_first", "inbound_last", "inbound_id", "observer", "rank",
                      "outbound_client", "outbound_server", "outbound_first", "outbound_last", "outbound_id", "control", "llr_db", "p",
                      "posterior", "lag_ms"});
    for (const trace::LinkedFlow& inflow : result.inflows) {
        const flow::Flow& in = *inflow.flow;
        const auto line = [&](std::size_t rank, const trace::Link* link) {
            const flow::Flow* out = link == nullptr ? nullptr : link->outbound;
            append_csv(text, {net::to_string(in.client), net::to_string(in.server), flow::to_string(in.protocol), to_rfc3339(in.first),
                              to_rfc3339(in.last), flow::to_string(in.id), context.observer_name(in.observer),
                              out == nullptr ? "" : std::to_string(rank), out == nullptr ? "" : net::to_string(out->client),
                              out == nullptr ? "" : net::to_string(out->server), out == nullptr ? "" : to_rfc3339(out->first),
                              out == nullptr ? "" : to_rfc3339(out->last), out == nullptr ? "" : flow::to_string(out->id),
                              link == nullptr ? "" : std::string(trace::to_string(link->control)),
                              link == nullptr ? "" : json_number(rounded(link->llr)), link == nullptr ? "" : json_number(rounded(link->p)),
                              link == nullptr ? "" : json_number(rounded(link->posterior)),
                              link == nullptr || !link->channels.activity ? "" : json_number(milliseconds(link->lag_request))});
        };
        if (inflow.candidates.empty()) { line(0, nullptr); }
        for (std::size_t i = 0; i < link_tables::shown(inflow, view.top); ++i) { line(i + 1, &inflow.candidates[i]); }
    }
    return text;
}

std::string link_table(const trace::RelayLinks& result, const LinkView& view, const Context& context, Colour colour) {
    using namespace link_tables;
    const auto bold = [&](const std::string& words) { return colour == Colour::on ? "\x1b[1m" + words + "\x1b[0m" : words; };
    const Clock clock(context.interval.from);
    std::string text = note_line(context);
    std::string hosts;
    for (const net::Address& host : view.hosts) { hosts += (hosts.empty() ? "" : ", ") + net::to_string(host); }
    const auto linked = static_cast<std::size_t>(
        std::ranges::count_if(result.inflows, [](const auto& inflow) { return !inflow.candidates.empty(); }));
    text += bold(fmt::format("{}: {}, {} with a candidate. Times are UTC, {}.", hosts, counted(result.inflows.size(), "inflow"),
                             linked, clock.day())) + "\n";
    for (const trace::LinkedFlow& inflow : result.inflows) {
        if (inflow.candidates.empty()) { continue; }
        text += fmt::format("\n{}  {}  {}\n", bold(conversation(*inflow.flow)), clock.moment(inflow.flow->first), volume(*inflow.flow));
        for (std::size_t i = 0; i < shown(inflow, view.top); ++i) {
            const trace::Link& link = inflow.candidates[i];
            text += fmt::format("  {:>11}  {}  {}  {}\n", percent(link.posterior), conversation(*link.outbound),
                                clock.moment(link.outbound->first), volume(*link.outbound));
            text += fmt::format("               {} ({}), {}, {}, control: {}\n", decibans_text(link.llr), strength(link.llr),
                                p_text(link.p), lag_text(link), trace::to_string(link.control));
        }
        if (shown(inflow, view.top) < inflow.candidates.size()) {
            text += fmt::format("               and {} more (--top 0)\n", inflow.candidates.size() - shown(inflow, view.top));
        }
        text += fmt::format("  {:>11}  none of them\n", percent(inflow.none));
    }
    if (linked < result.inflows.size()) {
        text += "\nWithout a candidate:\n";
        for (const trace::LinkedFlow& inflow : result.inflows) {
            if (!inflow.candidates.empty()) { continue; }
            text += fmt::format("  {}  {}  {}\n", conversation(*inflow.flow), clock.moment(inflow.flow->first), volume(*inflow.flow));
        }
    }
    for (const trace::Tunnel& tunnel : result.tunnels) {
        text += fmt::format("\n{}  {}  {}\n", bold("Tunnel: " + conversation(*tunnel.flow)), clock.moment(tunnel.flow->first), volume(*tunnel.flow));
        text += fmt::format("  {} of its ups and downs are the sum of {} that {} the relay ({} when moved in time):\n", percent(tunnel.explained),
                            counted(tunnel.streams.size(), "stream"), tunnel.opened ? "entered" : "left", percent(tunnel.by_chance));
        for (std::size_t i = 0; i < tunnel.streams.size() && (view.top == 0 || i < kMostStreamsShown); ++i) {
            const auto& stream = tunnel.streams[i];
            text += fmt::format("  {:>11}  {}  {}  {}\n", fmt::format("x {:.2f}", stream.weight), conversation(*stream.flow), clock.moment(stream.flow->first), volume(*stream.flow));
        }
        if (view.top != 0 && tunnel.streams.size() > kMostStreamsShown) { text += fmt::format("               and {} more (--top 0)\n", tunnel.streams.size() - kMostStreamsShown); }
    }
    if (result.pairs_tested > 0) {
        text += fmt::format("\n{} of flows compared; {} wrong links expected by chance among the first candidates.\n",
                            result.pairs_tested == 1 ? "1 pair" : grouped(result.pairs_tested) + " pairs",
                            small_number(result.expected_false_accusations));
    }
    return text;
}

}  // namespace hw::app::output
