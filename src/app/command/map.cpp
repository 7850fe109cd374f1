#include "app/command/invocation.hpp"
#include "app/command/route_files.hpp"
#include "app/command/run_context.hpp"
#include "app/output/map_output.hpp"
#include "app/output/route_dump.hpp"
#include "base/text.hpp"
#include "route/dependency.hpp"
#include "route/graph/choke_points.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace mapping {

/// What is asked about.
struct Target {
    std::optional<net::Asn> asn;
    std::optional<net::Prefix> prefix;
};

Result<Target> target_of(const std::string& text) {
    if (is_typed_as_asn(text)) {
        HW_TRY(const auto asn, net::parse_asn(text));
        return Target{.asn = asn, .prefix = {}};
    }
    const auto prefix = net::parse_prefix(text);
    if (!prefix) { return fail(Errc::usage, "\"" + text + "\" is no address, prefix or AS", "TARGET", "as in 192.0.2.1, 192.0.2.0/24 or AS64500"); }
    return Target{.asn = {}, .prefix = *prefix};
}

void add_choke_points(output::MapView& view, const route::Relationships& relationships, const std::string& path) {
    const auto graph = route::AsGraph::build(relationships.links);
    view.graph = output::MapView::Graph{.path = path, .ases = graph.size(), .links = graph.links(), .without_path = 0, .knows_target = false};
    std::vector<route::Node> nodes;
    for (const net::Asn asn : view.ases) {
        if (const auto node = graph.find(asn)) { nodes.push_back(*node); }
    }
    if (nodes.empty()) { return; }
    view.graph->knows_target = true;
    const auto found = route::choke_points(graph, nodes);
    view.graph->without_path = found.without_path;
    view.chokes.reserve(found.points.size());
    for (const auto& p : found.points) { view.chokes.push_back({.asn = graph.asn(p.node), .on_path = p.on_path, .cut_off = p.cut_off}); }
}

Result<Outcome> dump(const Invocation& invocation, const std::vector<std::string>& tables) {
    if (!invocation.operands.empty()) { return fail(Errc::usage, "map --dump takes its files behind --rib", invocation.operands.front(), "headwater map --dump --rib FILE"); }
    Progress progress(invocation.progress());
    output::RouteDump lines([&invocation](const std::string& some) { return invocation.tell(some); });
    HW_TRY(const auto read, read_route_files(invocation, tables, lines, progress));
    if (!lines.finish() || !read.wanted_all) { return fail(Errc::unreadable, "cannot write the result", "standard output", "check that the disk has room and that nothing closed the pipe"); }
    return Outcome{.out = {}, .code = read.code(lines.lines() > 0 ? ExitCode::done : ExitCode::nothing_found)};
}

}  // namespace mapping
}  // namespace

Result<Outcome> map(const Invocation& invocation) {
    const auto tables = invocation.settings.texts("rib");
    if (tables.empty()) { return fail(Errc::usage, "map needs BGP tables", "--rib", "headwater map AS64500 --rib rib.20141222.1600.bz2"); }
    if (invocation.settings.flag("dump")) { return mapping::dump(invocation, tables); }
    if (invocation.operands.size() != 1) { return fail(Errc::usage, "map takes one target: an address, a prefix or an AS", {}, "headwater map AS64500 --rib rib.20141222.1600.bz2"); }
    HW_TRY(const auto target, mapping::target_of(invocation.operands.front()));
    const auto relationships_path = invocation.settings.optional_text("relationships");
    std::optional<route::Relationships> relationships;
    if (relationships_path) {  // one that cannot be used is told before the long reading
        HW_TRY(relationships, read_relationships(*relationships_path, invocation.stop));
    }
    Progress progress(invocation.progress());
    route::Rib rib;
    HW_TRY(auto read, read_route_files(invocation, tables, rib, progress));
    rib.settle();

    output::MapView view;
    view.top = static_cast<std::size_t>(invocation.settings.count("top"));
    view.peers = rib.peers().size();
    view.table_prefixes = rib.prefixes();
    std::vector<route::Rib::PrefixId> scope;
    if (target.asn) {
        view.target = net::to_string(*target.asn);
        view.ases = {*target.asn};
        scope = route::prefixes_of(rib, view.ases);
    } else {
        view.target = net::to_string(*target.prefix);
        scope = route::prefixes_in(rib, *target.prefix);
        for (const auto id : scope) {
            for (const auto& [asn, peers] : rib.origins(id)) { view.ases.push_back(asn); }
        }
        std::ranges::sort(view.ases);
        const auto twice = std::ranges::unique(view.ases);
        view.ases.erase(twice.begin(), twice.end());
    }
    view.prefixes.reserve(scope.size());
    for (const auto id : scope) { view.prefixes.push_back({.prefix = rib.prefix(id), .origins = rib.origins(id), .peers = rib.routes(id).size()}); }
    std::vector<route::Rib::PrefixId> v4, v6;
    for (const auto id : scope) { (rib.prefix(id).is_v4() ? v4 : v6).push_back(id); }
    view.dependencies = route::dependencies_of(rib, v4.empty() ? v6 : v4, view.ases);
    if (!v4.empty() && !v6.empty()) { view.dependencies_v6 = route::dependencies_of(rib, v6, view.ases); }
    if (relationships) { mapping::add_choke_points(view, *relationships, *relationships_path); }

    output::Context context = begin_context(invocation);
    context.interval = rib.interval();
    context.interrupted = read.interrupted;
    context.failures = read.failures;
    context.note = note_on(invocation, tables);
    add_route_inputs(context, read.reports);
    const std::string format = invocation.settings.format();
    Outcome outcome;
    outcome.code = read.code(view.prefixes.empty() ? ExitCode::nothing_found : ExitCode::done);
    if (format == "csv") { outcome.out = output::map_csv(view); }
    else if (format == "table") { outcome.out = output::map_table(view, context); }
    else { outcome.out = output::map_json(view, context, format == "json"); }
    return outcome;
}

}  // namespace hw::app::command
