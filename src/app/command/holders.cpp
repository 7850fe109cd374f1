#include "app/command/holders.hpp"

#include "app/command/registry_files.hpp"
#include "app/command/route_files.hpp"

#include <algorithm>
#include <utility>

namespace hw::app::command {

Result<std::optional<Holders>> Holders::load(const Invocation& invocation, output::Context& context) {
    const auto registries = invocation.settings.texts("registry");
    const auto tables = invocation.settings.texts("rib");
    if (registries.empty() && tables.empty()) { return std::optional<Holders>(); }
    Holders out;
    if (!registries.empty()) {
        HW_TRY(out.registry_, read_registry_files(invocation, registries, context));
    }
    if (!tables.empty()) {
        Progress progress(invocation.progress());
        route::Rib rib;
        HW_TRY(const auto read, read_route_files(invocation, tables, rib, progress));
        rib.settle();
        HW_TRY(out.origins_, route::OriginTable::build(rib));
        add_route_inputs(context, read.reports);
        context.failures.insert(context.failures.end(), read.failures.begin(), read.failures.end());
        context.interrupted = context.interrupted || read.interrupted;
    }
    return std::optional<Holders>(std::move(out));
}

std::optional<net::Asn> Holders::asn(const net::Address& address) const { return origins_ ? origins_->find(address) : registry_.located_asn(address); }

output::Holder Holders::of(const net::Address& address) const {
    const net::Whose whose = registry_.of(address);
    output::Holder holder{.asn = asn(address), .name = {}, .country = whose.country};
    if (!holder.asn) { return holder; }
    holder.name = registry_.name(*holder.asn);
    const bool registered = std::ranges::any_of(whose.evidence, [](const net::Evidence& e) { return e.kind == net::EvidenceKind::delegation && e.country; });
    if (!registered) { holder.country = registry_.country(*holder.asn); }
    return holder;
}

flow::Whereabouts Holders::whereabouts() const {
    flow::Whereabouts out;
    if (origins_ || registry_.knows_tables()) {
        out.asn = [this](const net::Address& address) { return asn(address); };
    }
    if (registry_.knows_countries()) {
        out.country = [this](const net::Address& address) { return registry_.country(address); };
    }
    return out;
}

}  // namespace hw::app::command
