#pragma once

#include "app/output/context.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hw::app::output {

/// What an import did, into a store or into a database.
struct Imported {
    std::string store;           ///< Without a password.
    std::uint64_t records = 0;   ///< Read from the inputs (packets, log lines).
    std::uint64_t flows = 0;     ///< Written.
    std::uint64_t bytes = 0;     ///< Of the inputs that were read.
    std::optional<std::uint64_t> stored_bytes = {};  ///< What they came to in the store's folder; a database does not say.
    std::uint64_t known = 0;     ///< Inputs passed over because they had been imported before.
    Duration took{0};
};

/// `headwater.import/1`: `records`, `skipped` by reason, `bytes` (of the inputs), `seconds`, `flows`, `stored_bytes`, `known_inputs`,
/// `store`, the run's members, and the inputs with what became of each.
[[nodiscard]] std::string import_json(const Imported& imported, const Context& context);
/// The same, on one line.
[[nodiscard]] std::string import_ndjson(const Imported& imported, const Context& context);
/// One input a line.
[[nodiscard]] std::string import_csv(const Imported& imported, const Context& context);
[[nodiscard]] std::string import_table(const Imported& imported, const Context& context);
/// The one of these that `format` names: json, ndjson, csv or else a table.
[[nodiscard]] std::string import_text(const Imported& imported, const Context& context, std::string_view format);

}  // namespace hw::app::output
