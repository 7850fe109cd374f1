#pragma once

#include "flow/store/store.hpp"

#include <string>

namespace hw::app::output {

/// `headwater.store/1`: what checking a store found, or what changing it came to; indented unless it is to be one line.
[[nodiscard]] std::string store_json(const flow::store::StoreCheck& check, const std::string& folder, bool indented);
[[nodiscard]] std::string store_json(const flow::store::StoreChange& change, const std::string& folder, bool indented);
[[nodiscard]] std::string store_json(const flow::store::StoreRepair& repair, const std::string& folder, bool indented);
/// One damaged segment a line.
[[nodiscard]] std::string store_csv(const flow::store::StoreRepair& repair);
[[nodiscard]] std::string store_table(const flow::store::StoreRepair& repair);
/// One damage a line.
[[nodiscard]] std::string store_csv(const flow::store::StoreCheck& check);
[[nodiscard]] std::string store_csv(const flow::store::StoreChange& change);
[[nodiscard]] std::string store_table(const flow::store::StoreCheck& check);
[[nodiscard]] std::string store_table(const flow::store::StoreChange& change);

}  // namespace hw::app::output
