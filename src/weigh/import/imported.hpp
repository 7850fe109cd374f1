#pragma once

#include "casefile/entry.hpp"
#include "weigh/evidence.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hw::weigh {

/// Gathers what another format says, as changes to be filed; what would not read back is refused. What comes from elsewhere has no likelihoods: it weighs nothing until somebody judges it.
class Imported {
public:
    /// `where` is what errors call the file.
    explicit Imported(std::string where) : where_(std::move(where)) {}

    /// Whoever said something; once, however often it is called.
    [[nodiscard]] Result<void> origin(const std::string& id, const std::string& name);
    /// `item.words` are cut at 4,000 bytes; empty ones say so. `tlp`: nothing where the source had no label.
    [[nodiscard]] Result<void> item(Item item, std::optional<casefile::Tlp> tlp);
    [[nodiscard]] Result<void> dispute(const Dispute& dispute, std::optional<casefile::Tlp> tlp);
    /// Whether there is an item of this id by now.
    [[nodiscard]] bool has_item(std::string_view id) const { return items_.contains(id); }

    [[nodiscard]] std::vector<casefile::Change> done() { return std::move(changes_); }

private:
    [[nodiscard]] Result<void> put(std::string_view kind, const std::string& id, std::optional<casefile::Tlp> tlp, JsonValue body);
    std::string where_;
    std::set<std::string, std::less<>> origins_, items_;
    std::vector<casefile::Change> changes_;
};

/// Whom an import names where a source names nobody.
inline constexpr std::string_view kUnnamedOrigin = "unnamed";

}  // namespace hw::weigh
