#include "app/output/map_output.hpp"
#include "app/output/map_parts.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace map_table_parts {

using map_parts::shown;

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
            for (std::size_t i = 0; i < p.origins.size(); ++i) { put("{}{} by {} of {}", i == 0 ? "announced by " : ", ", net::to_string(p.origins[i].first), p.origins[i].second, counted(p.peers, "router")); }
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
        out_ += "\nChoke points (by the relationships: share of all ASes that lose every way without it)\n";
        if (!view_.graph->knows_target) { out_ += "  the relationships do not know the target's ASes\n"; }
        else if (view_.chokes.empty()) { out_ += "  none\n"; }
        for (const auto& c : shown(view_.chokes, view_.top)) {
            const std::string name = who(c.asn);
            put("  {:<14} {}   on {} of the ways{}\n", net::to_string(c.asn), share(c.cut_off), share(c.on_path), name.empty() ? "" : "   " + name);
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
