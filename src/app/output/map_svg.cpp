#include "app/output/map_output.hpp"
#include "app/output/markup.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace way_picture {

constexpr double kRow = 34;
constexpr double kColumn = 228;
constexpr double kBox = 168;       ///< Width of a network's box.
constexpr double kBoxHeight = 26;
constexpr double kHead = 84;
constexpr double kMargin = 24;
constexpr double kThickest = 22;   ///< A band that has all of the ways.

constexpr std::string_view kStyle =
    "svg{background:#fff;font:12px system-ui,\"DejaVu Sans\",sans-serif}text{fill:#1a232d}.soft{fill:#5a6673}.name{font-size:10px;fill:#5a6673}.title{font-size:15px;font-weight:600}"
    ".band{fill:none;stroke:#8fc1de;opacity:.75}.box{fill:#f2f6f9;stroke:#2a7fae}.root{fill:#0a5c80;stroke:#0a5c80}.root-text{fill:#fff;font-weight:600}.all{stroke:#b4420c;stroke-width:2}"
    "@media (prefers-color-scheme:dark){svg{background:#12171d}text{fill:#e4eaf0}.soft,.name{fill:#9ba8b5}.band{stroke:#2d6484}.box{fill:#1b242d;stroke:#66b5e0}.root{fill:#66b5e0;stroke:#66b5e0}"
    ".root-text{fill:#12171d}.all{stroke:#ffab6b}}";

struct Spot {
    double x = 0;
    double y = 0;
};

/// Leaves take a row each, in order; a network stands in the middle of what comes in to it.
std::vector<Spot> laid_out(const route::WayTree& tree) {
    const auto& places = tree.places;
    std::vector<Spot> spots(places.size());
    std::vector<std::pair<double, double>> span(places.size(), {-1, -1});
    std::vector<bool> inner(places.size(), false);
    for (std::size_t i = 1; i < places.size(); ++i) { inner[places[i].parent] = true; }
    double row = kHead + kRow;
    for (std::size_t i = 0; i < places.size(); ++i) {
        spots[i].x = kMargin + static_cast<double>(places[i].depth) * kColumn;
        if (inner[i]) { continue; }
        spots[i].y = row;
        row += kRow;
    }
    for (std::size_t i = places.size(); i-- > 0;) {
        if (inner[i]) { spots[i].y = (span[i].first + span[i].second) / 2; }
        if (i == 0) { break; }
        auto& above = span[places[i].parent];
        if (above.first < 0) { above.second = spots[i].y; }
        above.first = spots[i].y;
    }
    return spots;
}

}  // namespace way_picture
}  // namespace

std::string map_svg(const MapView& view, const Context& context) {
    using namespace way_picture;
    const auto& places = view.tree.places;
    const auto spots = laid_out(view.tree);
    double width = 640, height = kHead + kRow;
    for (const Spot& spot : spots) {
        width = std::max(width, spot.x + kBox + kMargin + 40);
        height = std::max(height, spot.y);
    }
    height += kRow + 28;
    const std::string when = to_rfc3339(context.interval.to);
    std::string svg;
    auto to = std::back_inserter(svg);
    fmt::format_to(to, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\"><style>{2}</style>", width, height, kStyle);
    fmt::format_to(to, "<title>{}</title>", escaped("Ways to " + view.target));
    fmt::format_to(to, "<text class=\"title\" x=\"{:.0f}\" y=\"28\">Ways to {}</text>", kMargin, escaped(view.target));
    fmt::format_to(to, "<text class=\"soft\" x=\"{:.0f}\" y=\"48\">{}, told by {} of {}, as of {} {} UTC</text>", kMargin, counted(view.prefixes.size(), "prefix", "prefixes"), counted(view.tree.peer_ases, "peer AS", "peer ASes"),
                   counted(view.peers, "router"), when.substr(0, 10), when.substr(11, 5));
    if (!context.note.empty()) { fmt::format_to(to, "<text class=\"soft\" x=\"{:.0f}\" y=\"66\">{}</text>", kMargin, escaped(context.note)); }
    if (places.size() < 2) {
        fmt::format_to(to, "<text x=\"{:.0f}\" y=\"{:.0f}\">No router told of a way.</text></svg>\n", kMargin, kHead + kRow);
        return svg;
    }
    for (std::size_t i = 1; i < places.size(); ++i) {
        const Spot& from = spots[places[i].parent];
        const double x0 = from.x + kBox, x1 = spots[i].x, middle = (x0 + x1) / 2;
        fmt::format_to(to, "<path class=\"band\" stroke-width=\"{:.1f}\" d=\"M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}\"/>", std::max(1.0, kThickest * places[i].share), x0, from.y, middle, from.y, middle, spots[i].y, x1, spots[i].y);
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto& place = places[i];
        const double top = spots[i].y - kBoxHeight / 2;
        if (i == 0) {
            fmt::format_to(to, "<rect class=\"root\" rx=\"4\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.0f}\"/>", spots[i].x, top, kBox, kBoxHeight);
            fmt::format_to(to, "<text class=\"root-text\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", spots[i].x + 8, spots[i].y + 4, escaped(shortened(view.target, 20)));
            continue;
        }
        std::string who = printable(view.registry.name(place.asn));
        if (const auto country = view.registry.country(place.asn)) { who += (who.empty() ? "" : ", ") + net::to_string(*country); }
        constexpr double kAll = 0.9995;
        fmt::format_to(to, "<g><title>{}: {:.3f} of the ways{}</title><rect class=\"box{}\" rx=\"4\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.0f}\"/>", escaped(net::to_string(place.asn) + (who.empty() ? "" : " " + who)), place.share,
                       place.ends > 0 ? fmt::format(", {:.3f} told from here", place.ends) : "", place.share >= kAll ? " all" : "", spots[i].x, top, kBox, kBoxHeight);
        const double base = who.empty() ? spots[i].y + 4 : spots[i].y - 1;
        fmt::format_to(to, "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text><text text-anchor=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">{:.3f}</text>", spots[i].x + 7, base, net::to_string(place.asn), spots[i].x + kBox - 7, base, place.share);
        if (!who.empty()) { fmt::format_to(to, "<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", spots[i].x + 7, spots[i].y + 9.5, escaped(shortened(who, 25))); }
        svg += "</g>";
    }
    fmt::format_to(to, "<text class=\"soft\" x=\"{:.0f}\" y=\"{:.0f}\">From the target to the routers that told; width and number: share of the ways. Boxes with a thick edge carry all. Branches below 1 % are left out.</text></svg>\n", kMargin, height - 12);
    return svg;
}

}  // namespace hw::app::output
