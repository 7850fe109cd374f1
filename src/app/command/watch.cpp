#include "app/command/invocation.hpp"
#include "app/command/route_files.hpp"
#include "app/command/run_context.hpp"
#include "app/output/watch_output.hpp"
#include "app/write_file.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "route/watch/watcher.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace watching {

bool is_asn(std::string_view text) {
    return text.starts_with("AS") || text.starts_with("as") || (!text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }));
}

/// `AS64500`, `192.0.2.0/24`, or several of them under a name: `operator=AS64500,AS64501,192.0.2.0/24`.
Result<route::WatchTarget> target_of(const std::string& text) {
    const std::size_t equals = text.find('=');
    route::WatchTarget target{.name = equals == std::string::npos ? std::string() : text.substr(0, equals), .ases = {}, .prefixes = {}};
    std::string_view rest = equals == std::string::npos ? std::string_view(text) : std::string_view(text).substr(equals + 1);
    std::string said;
    while (true) {
        const std::size_t comma = rest.find(',');
        const std::string_view part = rest.substr(0, comma);
        if (is_asn(part)) {
            HW_TRY(const auto asn, net::parse_asn(part));
            target.ases.push_back(asn);
            said += (said.empty() ? "" : ",") + net::to_string(asn);
        } else {
            const auto prefix = net::parse_prefix(part);
            if (!prefix) { return fail(Errc::usage, "\"" + std::string(part) + "\" is no prefix or AS", "TARGET", "as in AS64500, 192.0.2.0/24 or \"an operator=AS64500,AS64501\""); }
            target.prefixes.push_back(*prefix);
            said += (said.empty() ? "" : ",") + net::to_string(*prefix);
        }
        if (comma == std::string_view::npos) { break; }
        rest.remove_prefix(comma + 1);
    }
    if (target.name.empty()) { target.name = said; }
    return target;
}

void keep_reports(output::Context& context, const RouteFiles& read) {
    for (const InputReport& report : read.reports) {
        flow::read::ReadReport& shown = context.inputs.emplace_back();
        static_cast<InputReport&>(shown) = report;
        shown.flows_known = false;  // it has none
    }
    context.failures.insert(context.failures.end(), read.failures.begin(), read.failures.end());
    context.interrupted = context.interrupted || read.interrupted;
}

}  // namespace watching
}  // namespace

Result<Outcome> watch(const Invocation& invocation) {
    using namespace watching;
    const auto tables = invocation.settings.texts("rib");
    const auto updates = invocation.settings.texts("updates");
    const auto svg = invocation.settings.optional_text("svg");
    if (invocation.operands.empty()) { return fail(Errc::usage, "watch needs a target: a prefix, an AS, or several under a name", "TARGET", "headwater watch AS64500 --rib rib.bz2 --updates updates/"); }
    if (updates.empty()) { return fail(Errc::usage, "watch needs updates", "--updates", "headwater watch AS64500 --rib rib.bz2 --updates updates/"); }
    if (svg) { HW_CHECK(check_writable(*svg)); }
    std::vector<route::WatchTarget> targets;
    targets.reserve(invocation.operands.size());
    for (const auto& operand : invocation.operands) {
        HW_TRY(auto target, target_of(operand));
        targets.push_back(std::move(target));
    }
    route::WatchOptions options;
    options.least_routers = static_cast<std::size_t>(invocation.settings.count("routers"));
    options.learn = invocation.settings.is_set("learn") ? invocation.settings.duration("learn") : tables.empty() ? Duration(std::chrono::hours(1)) : Duration(0);
    route::AsGraph graph;
    if (const auto path = invocation.settings.optional_text("relationships")) {
        HW_TRY(const auto relationships, read_relationships(*path, invocation.stop));
        graph = route::AsGraph::build(relationships.links);
        options.graph = &graph;
    }
    const std::string format = invocation.settings.format();
    const bool tells = format == "ndjson" && invocation.tell;
    bool heard = true;
    route::Watcher::OnEvent on_event;
    if (tells) { on_event = [&](route::Watcher::EventId id, const route::Event& event) { heard = heard && invocation.tell(output::watch_event_ndjson(id, event)); }; }
    route::Watcher watcher(std::move(targets), std::move(options), std::move(on_event));

    output::Context context = begin_context(invocation);
    Progress progress(invocation.progress());
    ExitCode code = ExitCode::done;
    if (!tables.empty()) {
        HW_TRY(const auto read, read_route_files(invocation, tables, watcher, progress));
        keep_reports(context, read);
        code = read.code(code);
    }
    HW_TRY(const auto read, read_route_files(invocation, updates, watcher, progress));
    keep_reports(context, read);
    code = read.code(code);
    watcher.advance(watcher.interval().to + route::Sessions::kTick);
    context.interval = watcher.interval();
    std::vector<std::string> all = tables;
    all.insert(all.end(), updates.begin(), updates.end());
    context.note = note_on(invocation, all);
    if (code == ExitCode::done && watcher.events().empty()) { code = ExitCode::nothing_found; }

    const output::WatchView view{.watcher = &watcher, .series = invocation.settings.flag("series")};
    Outcome outcome{.out = {}, .code = code};
    if (format == "csv") { outcome.out = output::watch_csv(view); }
    else if (format == "table") { outcome.out = output::watch_table(view, context); }
    else { outcome.out = output::watch_json(view, context, format == "json"); }
    if (svg) {
        if (auto written = write_file(*svg, output::watch_svg(view, context)); !written) { outcome.late = std::move(written).error(); }
    }
    return outcome;
}

}  // namespace hw::app::command
