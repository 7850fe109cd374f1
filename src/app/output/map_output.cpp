#include "app/output/map_output.hpp"

#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/words.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <span>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace map_rendering {

template <typename T>
std::span<const T> shown(const std::vector<T>& all, std::size_t top) {
    return std::span(all).first(top == 0 ? all.size() : std::min(top, all.size()));
}

void write_list(JsonWriter& json, std::string_view key, const std::vector<route::Dependency>& list, std::size_t top) {
    json.key(key).begin_array();
    for (const auto& d : shown(list, top)) {
        json.begin_object().member("asn", std::uint64_t{d.asn.number()}).key("name").null().key("country").null();
        json.member("hegemony", rounded(d.hegemony)).member("peer_ases", d.told_by).end_object();
    }
    json.end_array();
}

void write_dependencies(JsonWriter& json, const route::Dependencies& dependencies, std::size_t top) {
    json.member("peer_ases", dependencies.peer_ases).member("routes_ending_in_sets", dependencies.sets);
    write_list(json, "dependencies", dependencies.transit, top);
    json.member("dependencies_in_all", dependencies.transit.size());
    write_list(json, "upstreams", dependencies.upstreams, top);
}

std::string share(double v) { return fmt::format("{:.3f}", v); }

void put_list(std::string& out, std::string_view title, const std::vector<route::Dependency>& list, std::size_t top) {
    auto to = std::back_inserter(out);
    fmt::format_to(to, "\n{}\n", title);
    if (list.empty()) { out += "  none\n"; }
    for (const auto& d : shown(list, top)) { fmt::format_to(to, "  {:<14} {}   told by {}\n", net::to_string(d.asn), share(d.hegemony), counted(d.told_by, "peer AS", "peer ASes")); }
    if (const std::size_t rest = list.size() - shown(list, top).size(); rest > 0) { fmt::format_to(to, "  and {} more (--top 0 shows all)\n", rest); }
}

}  // namespace map_rendering
}  // namespace

std::string map_json(const MapView& view, const Context& context, bool indented) {
    using namespace map_rendering;
    std::string out;
    JsonWriter json(out, indented ? 2 : 0);
    json.begin_object().member("schema", "headwater.map/1");
    write_run_members(json, context);
    json.member("target", view.target).key("ases").begin_array();
    for (const net::Asn asn : view.ases) { json.value(std::uint64_t{asn.number()}); }
    json.end_array();
    json.key("table").begin_object().member("peers", view.peers).member("prefixes", view.table_prefixes).member("first", to_rfc3339(context.interval.from));
    json.member("last", to_rfc3339(context.interval.to)).end_object();
    write_dependencies(json, view.dependencies, view.top);
    json.key("ipv6");
    if (view.dependencies_v6) {
        json.begin_object();
        write_dependencies(json, *view.dependencies_v6, view.top);
        json.end_object();
    } else {
        json.null();
    }
    json.key("choke_points");
    if (!view.graph) {
        json.null();
    } else {
        json.begin_array();
        for (const auto& c : shown(view.chokes, view.top)) {
            json.begin_object().member("asn", std::uint64_t{c.asn.number()}).member("cut_off", rounded(c.cut_off)).member("on_path", rounded(c.on_path)).end_object();
        }
        json.end_array();
    }
    json.key("relationships");
    if (!view.graph) {
        json.null();
    } else {
        json.begin_object().member("path", view.graph->path).member("ases", view.graph->ases).member("links", view.graph->links);
        json.member("knows_target", view.graph->knows_target).member("pairs_without_path", view.graph->without_path).end_object();
    }
    json.key("prefixes").begin_array();
    for (const auto& p : view.prefixes) {
        json.begin_object().member("prefix", net::to_string(p.prefix)).member("peers", p.peers).key("origins").begin_array();
        for (const auto& [asn, peers] : p.origins) { json.begin_object().member("asn", std::uint64_t{asn.number()}).member("peers", peers).end_object(); }
        json.end_array().end_object();
    }
    json.end_array();
    write_read_members(json, context);
    json.end_object();
    return out + "\n";
}

std::string map_csv(const MapView& view) {
    std::string out;
    append_csv(out, {"asn", "hegemony", "peer_ases", "family"});
    const auto put = [&](const route::Dependencies& of, std::string_view family) {
        for (const auto& d : map_rendering::shown(of.transit, view.top)) { append_csv(out, {std::to_string(d.asn.number()), fmt::format("{:.6g}", d.hegemony), std::to_string(d.told_by), std::string(family)}); }
    };
    const bool v4 = std::ranges::any_of(view.prefixes, [](const auto& p) { return p.prefix.is_v4(); });
    put(view.dependencies, v4 ? "ipv4" : "ipv6");
    if (view.dependencies_v6) { put(*view.dependencies_v6, "ipv6"); }
    return out;
}

std::string map_table(const MapView& view, const Context& context) {
    using namespace map_rendering;
    std::string out;
    auto to = std::back_inserter(out);
    if (!context.note.empty()) { fmt::format_to(to, "{}\n\n", printable(context.note)); }
    fmt::format_to(to, "{}: {} told by {} of {} that know {}\n", view.target, counted(view.prefixes.size(), "prefix", "prefixes"), counted(std::max(view.dependencies.peer_ases, view.dependencies_v6 ? view.dependencies_v6->peer_ases : 0), "peer AS", "peer ASes"),
                   counted(view.peers, "router"), counted(view.table_prefixes, "prefix", "prefixes"));
    fmt::format_to(to, "as of {}\n", to_rfc3339(context.interval.to));
    out += "\nPrefixes\n";
    if (view.prefixes.empty()) { out += "  none is announced in these files\n"; }
    for (const auto& p : shown(view.prefixes, view.top)) {
        fmt::format_to(to, "  {:<22} ", net::to_string(p.prefix));
        for (std::size_t i = 0; i < p.origins.size(); ++i) { fmt::format_to(to, "{}{} by {} of {}", i == 0 ? "announced by " : ", ", net::to_string(p.origins[i].first), p.origins[i].second, counted(p.peers, "router")); }
        out += p.origins.size() > 1 ? "   several origins\n" : "\n";
    }
    if (const std::size_t rest = view.prefixes.size() - shown(view.prefixes, view.top).size(); rest > 0) { fmt::format_to(to, "  and {} more (--top 0 shows all)\n", rest); }
    const std::string_view of = view.dependencies_v6 ? " of IPv4" : "";
    put_list(out, fmt::format("Upstreams{} (share of the ways that come in by each)", of), view.dependencies.upstreams, view.top);
    put_list(out, fmt::format("Dependencies{} (AS hegemony: share of the ways that lead through each)", of), view.dependencies.transit, view.top);
    if (view.dependencies_v6) {
        put_list(out, "Upstreams of IPv6", view.dependencies_v6->upstreams, view.top);
        put_list(out, "Dependencies of IPv6", view.dependencies_v6->transit, view.top);
    }
    if (view.graph) {
        out += "\nChoke points (by the relationships: share of all ASes that lose every way without it)\n";
        if (!view.graph->knows_target) { out += "  the relationships do not know the target's ASes\n"; }
        else if (view.chokes.empty()) { out += "  none\n"; }
        for (const auto& c : shown(view.chokes, view.top)) { fmt::format_to(to, "  {:<14} {}   on {} of the ways\n", net::to_string(c.asn), share(c.cut_off), share(c.on_path)); }
    }
    return out;
}

}  // namespace hw::app::output
