#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/map_output.hpp"
#include "app/output/map_parts.hpp"
#include "base/json.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace map_json_parts {

using map_parts::shown;

void write_country(JsonWriter& json, std::string_view key, const std::optional<net::Country>& country) {
    json.key(key);
    if (country) { json.value(country->code()); }
    else { json.null(); }
}

void write_text(JsonWriter& json, std::string_view key, std::string_view text) {
    json.key(key);
    if (text.empty()) { json.null(); }
    else { json.value(text); }
}

/// `asn`, and who runs it where that is known.
void write_as(JsonWriter& json, const net::Registry& registry, net::Asn asn) {
    json.member("asn", std::uint64_t{asn.number()});
    write_text(json, "name", registry.name(asn));
    write_country(json, "country", registry.country(asn));
}

void write_list(JsonWriter& json, std::string_view key, const MapView& view, const std::vector<route::Dependency>& list) {
    json.key(key).begin_array();
    for (const auto& d : shown(list, view.top)) {
        json.begin_object();
        write_as(json, view.registry, d.asn);
        json.member("hegemony", rounded(d.hegemony)).member("peer_ases", d.told_by).end_object();
    }
    json.end_array();
}

void write_dependencies(JsonWriter& json, const MapView& view, const route::Dependencies& of, const std::optional<route::Dependencies>& with_domestic) {
    json.member("peer_ases", of.peer_ases).member("routes_ending_in_sets", of.sets);
    write_list(json, "dependencies", view, of.transit);
    json.member("dependencies_in_all", of.transit.size());
    if (with_domestic) { write_list(json, "dependencies_with_domestic", view, with_domestic->transit); }
    write_list(json, "upstreams", view, of.upstreams);
}

void write_evidence(JsonWriter& json, const net::Evidence& e) {
    json.begin_object().member("kind", net::to_string(e.kind)).member("source", e.source).key("line");
    if (e.line == 0) { json.null(); }
    else { json.value(std::uint64_t{e.line}); }
    json.member("about", e.about);
    write_country(json, "country", e.country);
    json.key("asn");
    if (e.asn) { json.value(std::uint64_t{e.asn->number()}); }
    else { json.null(); }
    write_text(json, "name", e.name);
    write_text(json, "registry", e.registry);
    write_text(json, "status", e.status);
    write_text(json, "date", map_parts::date_text(e.date));
    json.end_object();
}

void write_whose(JsonWriter& json, const MapView& view) {
    json.key("whose");
    if (!view.whose) {
        json.null();
        return;
    }
    json.begin_object();
    write_country(json, "country", view.whose->country);
    write_text(json, "basis", view.whose->basis ? net::to_string(*view.whose->basis) : std::string_view());
    json.member("disagreement", view.whose->disagreement()).key("evidence").begin_array();
    for (const auto& e : view.whose->evidence) { write_evidence(json, e); }
    json.end_array().end_object();
}

void write_holdings(JsonWriter& json, const MapView& view) {
    json.key("holdings");
    if (!view.holdings) {
        json.null();
        return;
    }
    json.begin_object().key("ases").begin_array();
    for (const auto& as : view.holdings->ases) {
        json.begin_object();
        write_as(json, view.registry, as.asn);
        json.key("evidence");
        write_evidence(json, as.evidence);
        json.end_object();
    }
    json.end_array().key("ranges").begin_array();
    for (const auto& range : view.holdings->ranges) {
        json.begin_object().member("first", net::to_string(range.first)).member("last", net::to_string(range.last)).key("evidence");
        write_evidence(json, range.evidence);
        json.end_object();
    }
    json.end_array().end_object();
}

void write_numbers(JsonWriter& json, std::string_view key, const std::vector<net::Asn>& asns) {
    json.key(key).begin_array();
    for (const net::Asn asn : asns) { json.value(std::uint64_t{asn.number()}); }
    json.end_array();
}

void write_cut(JsonWriter& json, const MapView& view) {
    json.key("smallest_cut");
    if (!view.cut) {
        json.null();
        return;
    }
    json.begin_object();
    write_numbers(json, "ases", view.cut->ases);
    json.member("found", view.cut->found).member("at_least", view.cut->at_least).end_object();
}

void write_without(JsonWriter& json, const MapView& view) {
    json.key("without");
    if (!view.without) {
        json.null();
        return;
    }
    const auto& w = *view.without;
    json.begin_object();
    write_numbers(json, "ases", w.ases);
    write_numbers(json, "passed_over", w.passed_over);
    json.member("pairs", w.pairs).member("cut_off", w.cut_off).member("rerouted", w.rerouted).member("length_before", rounded(w.length_before)).member("length_after", rounded(w.length_after));
    json.key("gains").begin_array();
    for (const auto& gain : shown(w.gains, view.top)) {
        json.begin_object();
        write_as(json, view.registry, gain.asn);
        json.member("before", rounded(gain.before)).member("after", rounded(gain.after)).end_object();
    }
    json.end_array().end_object();
}

void write_ways(JsonWriter& json, const MapView& view) {
    json.key("paths").begin_array();
    for (const auto& from : view.ways) {
        json.begin_object().member("from", std::uint64_t{from.from.number()}).key("to");
        if (from.to) { json.value(std::uint64_t{from.to->number()}); }
        else { json.null(); }
        json.member("observed", from.told).member("calibrated", from.calibrated).member("other", rounded(from.other)).key("ways").begin_array();
        for (const auto& way : from.ways) {
            json.begin_object();
            write_numbers(json, "path", way.path);
            json.member("probability", rounded(way.probability)).end_object();
        }
        json.end_array().end_object();
    }
    json.end_array();
}

}  // namespace map_json_parts
}  // namespace

std::string map_json(const MapView& view, const Context& context, bool indented) {
    using namespace map_json_parts;
    std::string out;
    JsonWriter json(out, indented ? 2 : 0);
    json.begin_object().member("schema", "headwater.map/1");
    write_run_members(json, context);
    json.member("target", view.target).key("ases").begin_array();
    for (const net::Asn asn : view.ases) { json.value(std::uint64_t{asn.number()}); }
    json.end_array();
    write_whose(json, view);
    write_holdings(json, view);
    json.key("table").begin_object().member("peers", view.peers).member("prefixes", view.table_prefixes).member("first", to_rfc3339(context.interval.from));
    json.member("last", to_rfc3339(context.interval.to)).end_object();
    write_dependencies(json, view, view.dependencies, view.with_domestic);
    json.key("ipv6");
    if (view.dependencies_v6) {
        json.begin_object();
        write_dependencies(json, view, *view.dependencies_v6, view.with_domestic_v6);
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
            json.begin_object();
            write_as(json, view.registry, c.asn);
            json.member("cut_off", rounded(c.cut_off)).member("on_path", rounded(c.on_path)).end_object();
        }
        json.end_array();
    }
    json.key("relationships");
    if (!view.graph) {
        json.null();
    } else {
        json.begin_object();
        write_text(json, "path", view.graph->path);
        json.member("ases", view.graph->ases).member("links", view.graph->links).member("inferred_links", view.graph->inferred);
        json.member("knows_target", view.graph->knows_target).member("pairs_without_path", view.graph->without_path).end_object();
    }
    write_cut(json, view);
    write_without(json, view);
    write_ways(json, view);
    json.key("prefixes").begin_array();
    for (const auto& p : view.prefixes) {
        json.begin_object().member("prefix", net::to_string(p.prefix)).member("peers", p.peers);
        write_country(json, "country", view.registry.country(p.prefix.address()));
        json.key("origins").begin_array();
        for (std::size_t i = 0; i < p.origins.size(); ++i) {
            json.begin_object();
            write_as(json, view.registry, p.origins[i].first);
            json.member("peers", p.origins[i].second);
            write_text(json, "rpki", p.validity.empty() ? std::string_view() : route::to_string(p.validity[i]));
            json.end_object();
        }
        json.end_array().end_object();
    }
    json.end_array();
    write_read_members(json, context);
    json.end_object();
    return out + "\n";
}

std::string map_csv(const MapView& view) {
    std::string out;
    append_csv(out, {"asn", "hegemony", "peer_ases", "family", "name", "country"});
    const auto put = [&](const route::Dependencies& of, std::string_view family) {
        for (const auto& d : map_parts::shown(of.transit, view.top)) {
            const auto country = view.registry.country(d.asn);
            append_csv(out, {std::to_string(d.asn.number()), fmt::format("{:.6g}", d.hegemony), std::to_string(d.told_by), std::string(family), std::string(view.registry.name(d.asn)), country ? net::to_string(*country) : ""});
        }
    };
    const bool v4 = std::ranges::any_of(view.prefixes, [](const auto& p) { return p.prefix.is_v4(); });
    put(view.dependencies, v4 ? "ipv4" : "ipv6");
    if (view.dependencies_v6) { put(*view.dependencies_v6, "ipv6"); }
    return out;
}

}  // namespace hw::app::output
