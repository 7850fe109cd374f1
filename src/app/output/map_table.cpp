#include "app/output/map_output.hpp"
#include "app/output/map_parts.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace map_table_parts {

using map_parts::shown;

constexpr double kWorthTelling = 0.01;  // of a choke point: cuts off so large a share

std::string share(double v) { return fmt::format("{:.3f}", v); }

class Table {
public:
    Table(const MapView& view, const Context& context) : view_(view), context_(context) {}

    std::string make() {
        heading();
        whose();
        holdings();
        prefixes();
        const std::string_view of = view_.dependencies_v6 ? " of IPv4" : "";
        list(fmt::format("Upstreams{} (share of the ways that come in by each)", of), view_.dependencies.upstreams);
        list(fmt::format("Dependencies{} (AS hegemony: share of the ways that lead through each)", of), view_.dependencies.transit);
        if (view_.with_domestic) { list(fmt::format("Dependencies{} with domestic ASes", of), view_.with_domestic->transit); }
        if (view_.dependencies_v6) {
            list("Upstreams of IPv6", view_.dependencies_v6->upstreams);
            list("Dependencies of IPv6", view_.dependencies_v6->transit);
            if (view_.with_domestic_v6) { list("Dependencies of IPv6 with domestic ASes", view_.with_domestic_v6->transit); }
        }
        chokes();
        without();
        ways();
        return std::move(out_);
    }

private:
    template <typename... Args>
    void put(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    }

    void rest(std::size_t all, std::size_t of) {
        if (all > of) { put("  and {} more (--top 0 shows all)\n", all - of); }
    }

    /// `Example Net, KE`, as far as known.
    [[nodiscard]] std::string who(net::Asn asn) const {
        std::string text = printable(view_.registry.name(asn));
        if (const auto country = view_.registry.country(asn)) { text += (text.empty() ? "" : ", ") + net::to_string(*country); }
        return text;
    }

    void heading() {
        if (!context_.note.empty()) { put("{}\n\n", printable(context_.note)); }
        const std::size_t told = std::max(view_.dependencies.peer_ases, view_.dependencies_v6 ? view_.dependencies_v6->peer_ases : 0);
        put("{}: {} told by {} of {} that know {}\n", view_.target, counted(view_.prefixes.size(), "prefix", "prefixes"), counted(told, "peer AS", "peer ASes"), counted(view_.peers, "router"),
            counted(view_.table_prefixes, "prefix", "prefixes"));
        put("as of {}\n", to_rfc3339(context_.interval.to));
    }

    void evidence(const net::Evidence& e) {
        std::string text = fmt::format("  {:<12} {:<22} {}", net::to_string(e.kind), e.about, e.country ? net::to_string(*e.country) : "--");
        const auto add = [&text](const std::string& more) {
            if (!more.empty()) { text += "  " + more; }
        };
        add(e.registry.empty() ? "" : e.registry + " " + e.status);
        if (e.kind != net::EvidenceKind::name && e.asn) { add(net::to_string(*e.asn)); }
        add(printable(e.name));
        add(map_parts::date_text(e.date));
        put("{}  ({}{})\n", text, printable(e.source), e.line == 0 ? "" : fmt::format(":{}", e.line));
    }

    void whose() {
        if (!view_.whose) { return; }
        const net::Whose& whose = *view_.whose;
        out_ += "\nWhose it is\n";
        if (whose.country) { put("  {}, by {}\n", net::to_string(*whose.country), *whose.basis == net::EvidenceKind::delegation ? "the registries' record" : "a table of names: no registry's file has it"); }
        else { out_ += "  no country can be said: no registry's record counts, or they do not agree\n"; }
        if (whose.disagreement()) { out_ += "  The sources do not agree; each is shown. Where somebody announces or is thought to use it is not where it is registered.\n"; }
        for (const auto& e : shown(whose.evidence, view_.top)) { evidence(e); }
        rest(whose.evidence.size(), shown(whose.evidence, view_.top).size());
    }

    void holdings() {
        if (!view_.holdings) { return; }
        put("\n{} by the registries: {}, {} of addresses\n", view_.target, counted(view_.holdings->ases.size(), "AS", "ASes"), counted(view_.holdings->ranges.size(), "range"));
        for (const auto& as : shown(view_.holdings->ases, view_.top)) {
            const auto& e = as.evidence;
            put("  {:<14} {}{}{}  ({}:{})\n", net::to_string(as.asn), printable(view_.registry.name(as.asn)), view_.registry.name(as.asn).empty() ? "" : "  ",
                e.kind == net::EvidenceKind::name ? "by name only" : fmt::format("{} {}  {}", e.registry, e.status, map_parts::date_text(e.date)), printable(e.source), e.line);
        }
        rest(view_.holdings->ases.size(), shown(view_.holdings->ases, view_.top).size());
        for (const auto& range : shown(view_.holdings->ranges, view_.top)) { evidence(range.evidence); }
        rest(view_.holdings->ranges.size(), shown(view_.holdings->ranges, view_.top).size());
    }

    void prefixes() {
        out_ += "\nPrefixes\n";
        if (view_.prefixes.empty()) { out_ += "  none is announced in these files\n"; }
        for (const auto& p : shown(view_.prefixes, view_.top)) {
            put("  {:<22} ", net::to_string(p.prefix));
            for (std::size_t i = 0; i < p.origins.size(); ++i) {
                put("{}{} by {} of {}", i == 0 ? "announced by " : ", ", net::to_string(p.origins[i].first), p.origins[i].second, counted(p.peers, "router"));
                if (!p.validity.empty()) { put(" (RPKI {})", p.validity[i] == route::OriginValidity::not_found ? "knows nothing of it" : route::to_string(p.validity[i])); }
            }
            if (p.origins.size() > 1) { out_ += "   several origins"; }
            abroad(p);
            out_ += '\n';
        }
        rest(view_.prefixes.size(), shown(view_.prefixes, view_.top).size());
    }

    /// Where the prefix and who announces it are registered in different countries: worth a look, and common.
    void abroad(const MapView::Announced& p) {
        const auto registered = view_.registry.country(p.prefix.address());
        if (!registered) { return; }
        for (const auto& [asn, peers] : p.origins) {
            const auto of = view_.registry.country(asn);
            if (of && *of != *registered) { put("   registered in {}, {} in {}", net::to_string(*registered), net::to_string(asn), net::to_string(*of)); }
        }
    }

    void list(std::string_view title, const std::vector<route::Dependency>& list) {
        put("\n{}\n", title);
        if (list.empty()) { out_ += "  none\n"; }
        for (const auto& d : shown(list, view_.top)) {
            const std::string name = who(d.asn);
            put("  {:<14} {}   told by {}{}\n", net::to_string(d.asn), share(d.hegemony), counted(d.told_by, "peer AS", "peer ASes"), name.empty() ? "" : "   " + name);
        }
        rest(list.size(), shown(list, view_.top).size());
    }

    void chokes() {
        if (!view_.graph) { return; }
        const auto& graph = *view_.graph;
        put("\nChoke points (share of all ASes that lose every way without it, by {} between {}{})\n", counted(graph.links, "link"), counted(graph.ases, "AS", "ASes"),
            graph.path.empty() ? ", all inferred from these ways" : graph.inferred > 0 ? fmt::format(", {} inferred from these ways", graph.inferred) : "");
        if (!view_.graph->knows_target) { out_ += "  the relationships do not know the target's ASes\n"; }
        else if (view_.chokes.empty() || view_.chokes.front().cut_off < kWorthTelling) { out_ += "  none that cuts off one in a hundred\n"; }
        const auto below = std::ranges::find_if(view_.chokes, [](const auto& c) { return c.cut_off < kWorthTelling; });  // they stand by what they cut off
        const std::vector<MapView::Choke> worth(view_.chokes.begin(), below);
        for (const auto& c : shown(worth, view_.top)) {
            const std::string name = who(c.asn);
            put("  {:<14} {}   on {} of the ways{}\n", net::to_string(c.asn), share(c.cut_off), share(c.on_path), name.empty() ? "" : "   " + name);
        }
        rest(worth.size(), shown(worth, view_.top).size());
        cut();
        if (graph.path.empty() && graph.knows_target) { out_ += "  Links that these routers do not see are missing here: what seems a choke point may have a way around it. --relationships names more links.\n"; }
    }

    [[nodiscard]] static std::string listed(std::span<const net::Asn> asns, std::string_view between) {
        std::string text;
        for (const net::Asn asn : asns) {
            if (!text.empty()) { text += between; }
            text += net::to_string(asn);
        }
        return text;
    }

    void cut() {
        if (!view_.cut) { return; }
        if (view_.cut->found && view_.cut->ases.size() == 1) { put("  {} alone cuts the target off from everybody else\n", net::to_string(view_.cut->ases.front())); }
        else if (view_.cut->found && !view_.cut->ases.empty()) { put("  no single AS cuts it off; {} together do\n", listed(view_.cut->ases, ", ")); }
        else if (view_.cut->at_least > 1) { put("  no fewer than {} ASes would cut it off\n", view_.cut->at_least); }
    }

    void without() {
        if (!view_.without) { return; }
        const auto& w = *view_.without;
        out_ += "\nWithout " + (w.ases.empty() ? std::string("them") : listed(w.ases, ", ")) + "\n";
        if (!w.passed_over.empty()) { put("  {}: the target's own, or not in the graph; passed over\n", listed(w.passed_over, ", ")); }
        if (w.ases.empty()) { return; }
        put("  of {} with a way to the target {} lose it ({:.1f} %), {} take another\n", counted(w.pairs, "AS", "ASes"), w.cut_off, w.pairs == 0 ? 0.0 : 100 * static_cast<double>(w.cut_off) / static_cast<double>(w.pairs), w.rerouted);
        if (w.pairs > w.cut_off) { put("  links of a way that is kept: {:.2f} before, {:.2f} after\n", w.length_before, w.length_after); }
        constexpr std::size_t kShown = 5;
        for (const auto& gain : shown(w.gains, kShown)) {
            const std::string name = who(gain.asn);
            put("  {:<14} carries {} instead of {}{}\n", net::to_string(gain.asn), share(gain.after), share(gain.before), name.empty() ? "" : "   " + name);
        }
    }

    void ways() {
        if (view_.ways.empty()) { return; }
        out_ += "\nWays to the target\n";
        for (const auto& from : view_.ways) {
            if (from.told) { put("  from {}, as routers told it (share of the routes)\n", net::to_string(from.from)); }
            else {
                put("  from {} to {}: nobody told of a way; {}\n", net::to_string(from.from), from.to ? net::to_string(*from.to) : view_.target,
                    from.ways.empty() ? "the relationships know none either"
                    : from.calibrated ? "inferred, with chances that held on ways kept from learning"
                                      : "inferred by the rules of routing, with chances that nothing here could be held against");
            }
            for (const auto& way : from.ways) { put("    {}  {}\n", share(way.probability), listed(way.path, from.told ? " → " : " ⇢ ")); }
            if (!from.told && !from.ways.empty()) { put("    {}  none of these\n", share(from.other)); }
        }
    }

    const MapView& view_;
    const Context& context_;
    std::string out_;
};

}  // namespace map_table_parts
}  // namespace

std::string map_table(const MapView& view, const Context& context) { return map_table_parts::Table(view, context).make(); }

}  // namespace hw::app::output
