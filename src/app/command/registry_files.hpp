#pragma once

#include "app/command/invocation.hpp"
#include "app/output/context.hpp"
#include "net/registry/registry.hpp"

#include <span>
#include <string>
#include <vector>

namespace hw::app::command {

/// Reads registries' statistics, tables of names and geolocation tables, told apart by content, plain or packed; a folder means all of its files. What they
/// were is put among the inputs of `context`, what was passed over said on standard error. Fails where one cannot be used: without it the answer would be
/// another one.
[[nodiscard]] Result<net::Registry> read_registry_files(const Invocation& invocation, std::span<const std::string> paths, output::Context& context);

/// What a country is: its ASes and the addresses registered for it.
struct CountryHoldings {
    std::vector<net::CountryAs> ases;
    std::vector<net::CountryRange> ranges;
};
/// Fails with `usage` where no registry data were given, and with `not_found` where they have nothing of it.
[[nodiscard]] Result<CountryHoldings> holdings_of(const net::Registry& registry, const net::Country& country);

}  // namespace hw::app::command
