#pragma once

#include "app/command/invocation.hpp"
#include "app/output/context.hpp"
#include "flow/filter_match.hpp"
#include "net/registry/registry.hpp"
#include "route/origin_table.hpp"

#include <memory>
#include <optional>

namespace hw::app::command {

/// Whose addresses are, by the registry data (`--registry`) and BGP tables (`--rib`) of a run.
class Holders {
public:
    /// Reads what the settings name and puts it among the inputs of `context`. Nothing where they name none.
    [[nodiscard]] static Result<std::optional<Holders>> load(const Invocation& invocation, output::Context& context);

    /// The AS is who announces the address by the tables; without tables by a geolocation table. The name is the AS's; the country is that of the
    /// registries' record of the address, else that of the AS.
    [[nodiscard]] output::Holder of(const net::Address& address) const;
    /// For filters: a country is what registries have recorded, never a geolocation row. Lives as long as this.
    [[nodiscard]] flow::Whereabouts whereabouts() const;

private:
    [[nodiscard]] std::optional<net::Asn> asn(const net::Address& address) const;

    net::Registry registry_;
    std::optional<route::OriginTable> origins_;
};

}  // namespace hw::app::command
