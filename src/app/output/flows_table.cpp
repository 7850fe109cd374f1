#include "app/help.hpp"
#include "app/output/csv.hpp"
#include "app/output/flows_output.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hw::app::output {
namespace {
namespace flow_tables {

std::string conversation(const flow::Flow& flow) {
    return fmt::format("{} → {} {}", net::to_string(flow.client), net::to_string(flow.server), flow::to_string(flow.protocol));
}

std::string note_line(const Context& context) {
    std::string text = context.note.empty() ? "" : wrapped("NOTE: " + printable(context.note), 0, 98) + "\n";
    if (context.interrupted) { text += "INTERRUPTED: what follows is what was known until then.\n\n"; }
    return text;
}

std::string counted_flows(std::uint64_t n) { return n == 1 ? "1 flow" : grouped(n) + " flows"; }

/// `22 flows in 1 input. Times are UTC, 2014-11-24.`
std::string heading(const std::string& what, const Context& context, const Clock& clock) {
    const auto read = static_cast<std::size_t>(std::ranges::count_if(context.inputs, [](const auto& r) { return r.of_flows && not_read_because(r).empty(); }));
    return note_line(context) + fmt::format("{} in {}. Times are UTC, {}.\n", what, counted(read, "input"), clock.day());
}

std::string key_text(const flow::GroupBy& by, const flow::GroupValue& value, const Context& context) {
    if (by.field != flow::GroupField::observer) { return flow::group_text(by, value); }
    return context.observer_name(static_cast<flow::ObserverId>(value.low));
}

std::uint64_t measured(const flow::SeriesStep& step, flow::FlowMeasure measure) {
    switch (measure) {
    case flow::FlowMeasure::bytes: return step.request_bytes + step.reply_bytes;
    case flow::FlowMeasure::packets: return step.request_packets + step.reply_packets;
    case flow::FlowMeasure::flows: break;
    }
    return step.alive;
}

/// A bar of up to `width` characters, in eighths of one; what is not nothing shows.
std::string bar(std::uint64_t value, std::uint64_t greatest, std::size_t width) {
    constexpr std::array<std::string_view, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (value == 0 || greatest == 0) { return {}; }
    const double share = static_cast<double>(value) / static_cast<double>(greatest);
    const auto eighths = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(share * static_cast<double>(8 * width))));
    std::string text;
    for (std::size_t i = 0; i < eighths / 8; ++i) { text += "█"; }
    return text + std::string(kEighths[eighths % 8]);
}

/// nfdump's `2014-11-24 10:00:01.010`.
std::string nfdump_time(Time time) {
    std::string text = to_rfc3339(time).substr(0, 23);
    text[10] = ' ';
    return text;
}

std::string nfdump_duration(Duration duration) {
    const std::int64_t ms = std::max<std::int64_t>(0, duration.count() / 1000);
    return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

std::string capitals(std::string text) {
    for (char& c : text) { c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
    return text;
}

}  // namespace flow_tables
}  // namespace

std::string flows_csv(const FlowsShown& shown, const Context& context) {
    std::string text;
    append_csv(text, {"client", "client_port", "server", "server_port", "protocol", "first", "last", "request_packets", "request_bytes",
                      "reply_packets", "reply_bytes", "observer", "id", "uid", "sampling"});
    for (const flow::Flow* flow : shown.flows) {
        append_csv(text, {net::to_string(flow->client.address), std::to_string(net::number(flow->client.port)),
                          net::to_string(flow->server.address), std::to_string(net::number(flow->server.port)),
                          flow::to_string(flow->protocol), to_rfc3339(flow->first), to_rfc3339(flow->last),
                          std::to_string(flow->request.packets), std::to_string(flow->request.bytes),
                          std::to_string(flow->reply.packets), std::to_string(flow->reply.bytes), context.observer_name(flow->observer),
                          flow::to_string(flow->id), flow->uid, std::to_string(flow->sampling)});
    }
    return text;
}

std::string flows_table(const FlowsShown& shown, const Context& context) {
    using namespace flow_tables;
    const Clock clock(context.interval.from);
    const bool cut = shown.flows.size() < shown.total.flows;
    const std::string all = counted_flows(shown.total.flows);
    std::string text = heading(cut ? fmt::format("{} of {}", grouped(shown.flows.size()), all) : all, context, clock);
    std::size_t width = 0;
    for (const flow::Flow* flow : shown.flows) { width = std::max(width, conversation(*flow).size()); }
    width = std::min<std::size_t>(width, 60);
    for (const flow::Flow* flow : shown.flows) {
        text += fmt::format("  {}  {:<{}}  {:>12}  {:>9} →, ← {:>9}\n", clock.moment(flow->first), conversation(*flow), width,
                            human_duration(flow->last - flow->first), human_bytes(flow->request.bytes), human_bytes(flow->reply.bytes));
        if (const auto several = shown.observers.find(flow); several != shown.observers.end()) { text.insert(text.size() - 1, fmt::format("  seen by {}", several->second.size())); }
        if (flow->sampling > 1) { text.insert(text.size() - 1, fmt::format("  1 in {}", flow->sampling)); }
    }
    return text;
}

std::string flows_nfdump(const FlowsShown& shown, const Context& /*context*/) {
    using namespace flow_tables;
    std::string text = "Date first seen             Duration     Proto      Src IP Addr:Port           Dst IP Addr:Port   Out Pkt   In Pkt Out Byte  In Byte Flows\n";
    for (const flow::Flow* f : shown.flows) {
        text += fmt::format("{} {:>16} {:<5} {:>16}:{:<5} <-> {:>16}:{:<5} {:>8} {:>8} {:>8} {:>8} {:>5}\n", nfdump_time(f->first), nfdump_duration(f->last - f->first),
                            capitals(flow::to_string(f->protocol)), net::to_string(f->client.address), net::number(f->client.port), net::to_string(f->server.address),
                            net::number(f->server.port), f->reply.packets, f->request.packets, f->reply.bytes, f->request.bytes, 1);
    }
    return text + fmt::format("Summary: total flows: {}, total bytes: {}, total packets: {}\n", shown.total.flows, shown.total.bytes(), shown.total.packets());
}

std::string groups_csv(const GroupsShown& shown, const Context& context) {
    constexpr std::array<std::string_view, 10> kTotals{"flows", "packets", "bytes", "request_packets", "request_bytes", "reply_packets", "reply_bytes", "first", "last", "sampled_flows"};
    std::string text;
    std::vector<std::string> names;
    names.reserve(shown.by.size() + kTotals.size());
    for (const auto& by : shown.by) { names.emplace_back(flow::to_string(by.field)); }
    for (const std::string_view name : kTotals) { names.emplace_back(name); }
    append_csv(text, names);
    for (const auto& group : shown.groups) {
        std::vector<std::string> fields;
        fields.reserve(names.size());
        for (std::size_t i = 0; i < shown.by.size(); ++i) { fields.push_back(flow_tables::key_text(shown.by[i], group.key[i], context)); }
        const auto& t = group.totals;
        for (const std::uint64_t n : {t.flows, t.packets(), t.bytes(), t.request_packets, t.request_bytes, t.reply_packets, t.reply_bytes}) { fields.push_back(std::to_string(n)); }
        fields.push_back(to_rfc3339(t.first));
        fields.push_back(to_rfc3339(t.last));
        fields.push_back(std::to_string(t.sampled_flows));
        append_csv(text, fields);
    }
    return text;
}

std::string groups_table(const GroupsShown& shown, const Context& context) {
    using namespace flow_tables;
    const Clock clock(context.interval.from);
    const bool cut = shown.groups.size() < shown.groups_total;
    std::string text = heading(fmt::format("{} in {}{}", counted_flows(shown.total.flows), counted(shown.groups_total, "group"),
                                           cut ? fmt::format(" (the first {}, by {})", shown.groups.size(), to_string(shown.order)) : ""),
                               context, clock);
    std::vector<std::size_t> widths;
    std::string head = " ";
    for (std::size_t i = 0; i < shown.by.size(); ++i) {
        std::size_t width = flow::to_string(shown.by[i].field).size();
        for (const auto& group : shown.groups) { width = std::max(width, printable(key_text(shown.by[i], group.key[i], context)).size()); }
        widths.push_back(std::min<std::size_t>(width, 45));
        head += fmt::format(" {:<{}} ", flow::to_string(shown.by[i].field), widths.back());
    }
    text += head + fmt::format(" {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  first to last\n", "flows", "packets", "bytes", "requests", "replies");
    for (const auto& group : shown.groups) {
        std::string line = " ";
        for (std::size_t i = 0; i < shown.by.size(); ++i) { line += fmt::format(" {:<{}} ", printable(key_text(shown.by[i], group.key[i], context)), widths[i]); }
        const auto& t = group.totals;
        text += line + fmt::format(" {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {}\n", human_count(t.flows), human_count(t.packets()), human_bytes(t.bytes()),
                                   human_bytes(t.request_bytes), human_bytes(t.reply_bytes), clock.stretch({t.first, t.last}));
    }
    return text;
}

std::string series_csv(const SeriesShown& shown, const Context& /*context*/) {
    std::string text;
    append_csv(text, {"time", "started", "alive", "request_packets", "request_bytes", "reply_packets", "reply_bytes"});
    for (const auto& step : shown.steps) {
        append_csv(text, {to_rfc3339(step.begin), std::to_string(step.started), std::to_string(step.alive), std::to_string(step.request_packets),
                          std::to_string(step.request_bytes), std::to_string(step.reply_packets), std::to_string(step.reply_bytes)});
    }
    return text;
}

std::string series_table(const SeriesShown& shown, const Context& context) {
    using namespace flow_tables;
    const Clock clock(shown.steps.empty() ? context.interval.from : shown.steps.front().begin);
    std::string text = heading(fmt::format("{} in steps of {}", counted_flows(shown.total.flows), human_duration(shown.width)), context, clock);
    std::uint64_t greatest = 0;
    for (const auto& step : shown.steps) { greatest = std::max(greatest, measured(step, shown.measure)); }
    std::size_t width = 0;
    for (const auto& step : shown.steps) { width = std::max(width, clock.moment(step.begin).size()); }
    text += fmt::format("  {:<{}}  {:>9}  {:>9}  {:>9}  {:>9}  {}\n", "from", width, "begun", "alive", "packets", "bytes", to_string(shown.measure));
    for (const auto& step : shown.steps) {
        text += fmt::format("  {:<{}}  {:>9}  {:>9}  {:>9}  {:>9}  {}\n", clock.moment(step.begin), width, human_count(step.started), human_count(step.alive),
                            human_count(step.request_packets + step.reply_packets), human_bytes(step.request_bytes + step.reply_bytes),
                            bar(measured(step, shown.measure), greatest, 40));
        while (text[text.size() - 2] == ' ') { text.erase(text.size() - 2, 1); }
    }
    return text;
}

}  // namespace hw::app::output
