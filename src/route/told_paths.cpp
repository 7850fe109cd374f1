#include "route/told_paths.hpp"

#include <algorithm>
#include <utility>

namespace hw::route {

ToldPaths told_paths(const Rib& rib) {
    const PathTable& table = rib.paths();
    std::vector<bool> told(table.size(), false);
    bool any = false;
    for (const bool v4 : {true, false}) {
        for (Rib::PrefixId id = 0; id < rib.prefixes() && (v4 || !any); ++id) {
            if (rib.prefix(id).is_v4() != v4) { continue; }
            for (const Rib::Route& route : rib.routes(id)) { told[route.path] = true; }
        }
        any = std::ranges::find(told, true) != told.end();
    }
    ToldPaths out;
    for (PathTable::Id id = 0; id < table.size(); ++id) {
        const auto asns = table.asns(id);
        if (told[id] && !table.has_set(id) && !asns.empty()) { out.emplace_back(asns.begin(), asns.end()); }
    }
    std::ranges::sort(out);
    const auto twice = std::ranges::unique(out);
    out.erase(twice.begin(), twice.end());
    return out;
}

std::vector<std::vector<Node>> in_graph(std::span<const std::vector<net::Asn>> paths, const AsGraph& graph) {
    std::vector<std::vector<Node>> out;
    out.reserve(paths.size());
    for (const auto& path : paths) {
        std::vector<Node> nodes;
        nodes.reserve(path.size());
        for (const net::Asn asn : path) {
            const auto node = graph.find(asn);
            if (!node) { break; }
            nodes.push_back(*node);
        }
        if (nodes.size() == path.size()) { out.push_back(std::move(nodes)); }
    }
    return out;
}

}  // namespace hw::route
