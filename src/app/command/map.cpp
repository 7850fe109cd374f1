#include "app/command/case_filing.hpp"
#include "app/command/invocation.hpp"
#include "app/command/map_graph.hpp"
#include "app/command/registry_files.hpp"
#include "app/command/route_files.hpp"
#include "app/command/route_target.hpp"
#include "app/command/run_context.hpp"
#include "app/output/map_output.hpp"
#include "app/output/route_dump.hpp"
#include "app/write_file.hpp"
#include "base/text.hpp"
#include "route/dependency.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace mapping {

/// What a country has on paper; without a registry's word there is none to ask about.
Result<void> add_country(output::MapView& view, const RouteTarget& target) {
    const auto* country = std::get_if<net::Country>(&target);
    if (country == nullptr) { return {}; }
    view.target = net::to_string(*country);
    HW_TRY(auto held, holdings_of(view.registry, *country));
    for (const auto& as : held.ases) { view.ases.push_back(as.asn); }
    view.holdings = output::MapView::Holdings{.ases = std::move(held.ases), .ranges = std::move(held.ranges)};
    return {};
}

using Scope = std::vector<route::Rib::PrefixId>;

/// The prefixes that are asked about, and the ASes that are the target's own.
Scope scope_of(const route::Rib& rib, const RouteTarget& target, output::MapView& view) {
    Scope scope;
    if (const auto* as = std::get_if<net::Asn>(&target)) {
        view.target = net::to_string(*as);
        view.ases = {*as};
        scope = route::prefixes_of(rib, view.ases);
    } else if (const auto* prefix = std::get_if<net::Prefix>(&target)) {
        view.target = net::to_string(*prefix);
        scope = route::prefixes_in(rib, *prefix);
        for (const auto id : scope) {
            for (const auto& [asn, peers] : rib.origins(id)) { view.ases.push_back(asn); }
        }
        std::ranges::sort(view.ases);
        const auto twice = std::ranges::unique(view.ases);
        view.ases.erase(twice.begin(), twice.end());
    } else {
        scope = route::prefixes_of(rib, view.ases, [&](const net::Prefix& p) { return view.registry.country(p.address()) == std::get<net::Country>(target); });
    }
    view.prefixes.reserve(scope.size());
    for (const auto id : scope) { view.prefixes.push_back({.prefix = rib.prefix(id), .origins = rib.origins(id), .peers = rib.routes(id).size(), .validity = {}}); }
    return scope;
}

void add_dependencies(output::MapView& view, const route::Rib& rib, const Scope& scope) {
    Scope v4, v6;
    for (const auto id : scope) { (rib.prefix(id).is_v4() ? v4 : v6).push_back(id); }
    const bool both = !v4.empty() && !v6.empty();
    const route::DependencyOptions abroad{.any_origin = view.holdings.has_value(), .own_on_the_way = false};
    const Scope& first = v4.empty() ? v6 : v4;
    view.dependencies = route::dependencies_of(rib, first, view.ases, abroad);
    if (both) { view.dependencies_v6 = route::dependencies_of(rib, v6, view.ases, abroad); }
    if (!view.holdings) { return; }
    const route::DependencyOptions all{.any_origin = true, .own_on_the_way = true};
    view.with_domestic = route::dependencies_of(rib, first, view.ases, all);
    if (both) { view.with_domestic_v6 = route::dependencies_of(rib, v6, view.ases, all); }
}

/// What the sources say of an address, a prefix or an AS, who announces it among them.
void add_whose(output::MapView& view, const route::Rib& rib, const RouteTarget& target, const Scope& scope, const std::vector<std::string>& tables) {
    if (view.holdings || view.registry.empty()) { return; }
    const auto* prefix = std::get_if<net::Prefix>(&target);
    view.whose = prefix != nullptr ? view.registry.of(*prefix) : view.registry.of(std::get<net::Asn>(target));
    if (prefix != nullptr) {
        constexpr std::size_t kMost = 100;  // the prefixes are listed elsewhere, all of them
        for (const auto id : std::span(scope).first(std::min(kMost, scope.size()))) {
            for (const auto& [asn, peers] : rib.origins(id)) {
                view.whose->evidence.push_back({.kind = net::EvidenceKind::announcement, .source = tables.size() == 1 ? tables.front() : "--rib", .line = 0, .about = net::to_string(rib.prefix(id)), .country = view.registry.country(asn),
                                                .asn = asn, .name = std::string(view.registry.name(asn)), .registry = {}, .status = {}, .date = 0});
            }
        }
        view.whose->settle();
    }
    if (view.whose->evidence.empty()) { view.whose.reset(); }
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
    using namespace mapping;
    const auto tables = invocation.settings.texts("rib");
    if (tables.empty()) { return fail(Errc::usage, "map needs BGP tables", "--rib", "headwater map AS64500 --rib rib.20141222.1600.bz2"); }
    if (invocation.settings.flag("dump")) { return dump(invocation, tables); }
    if (invocation.operands.size() != 1) { return fail(Errc::usage, "map takes one target: an address, a prefix, an AS or a country", {}, "headwater map AS64500 --rib rib.20141222.1600.bz2"); }
    HW_TRY(const auto target, parse_route_target(invocation.operands.front()));
    const auto svg = invocation.settings.optional_text("svg");
    if (svg) { HW_CHECK(check_writable(*svg)); }
    HW_CHECK(check_filing(invocation));
    output::Context context = begin_context(invocation);
    output::MapView view;
    view.top = static_cast<std::size_t>(invocation.settings.count("top"));
    if (const auto registries = invocation.settings.texts("registry"); !registries.empty()) {  // what cannot be used is told before the long reading
        HW_TRY(view.registry, read_registry_files(invocation, registries, context));
    }
    HW_CHECK(add_country(view, target));
    const auto relationships_path = invocation.settings.optional_text("relationships");
    std::optional<route::Relationships> relationships;
    if (relationships_path) {
        HW_TRY(relationships, read_relationships(*relationships_path, invocation.stop, context));
    }
    Progress progress(invocation.progress());
    route::Rib rib;
    HW_TRY(auto read, read_route_files(invocation, tables, rib, progress));
    rib.settle();

    HW_TRY(const auto rpki, connect_rpki(invocation));
    view.peers = rib.peers().size();
    view.table_prefixes = rib.prefixes();
    const auto scope = scope_of(rib, target, view);
    if (rpki) {
        for (auto& announced : view.prefixes) {
            for (const auto& [asn, peers] : announced.origins) { announced.validity.push_back(rpki->validate(announced.prefix, asn)); }
        }
    }
    add_dependencies(view, rib, scope);
    add_whose(view, rib, target, scope, tables);
    add_graph(view, invocation, {.rib = rib, .scope = scope, .relationships = relationships, .path = relationships_path.value_or(std::string())}, progress);

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
    if (auto filed = file_run(invocation, context, output::map_json(view, context, true)); !filed) { outcome.late = std::move(filed).error(); }
    if (svg) {
        view.tree = route::way_tree(rib, scope, view.ases);
        if (auto written = write_file(*svg, output::map_svg(view, context)); !written) { outcome.late = std::move(written).error(); }
    }
    return outcome;
}

}  // namespace hw::app::command
