#pragma once

#include "weigh/attack/library.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hw::weigh::attack {

/// Indices of features, ascending, each once.
using Features = std::vector<std::uint32_t>;

/// What one report says that a group used.
struct Report {
    std::uint32_t source = 0;
    std::optional<double> year;
    Features features;
    double norm = 0;  ///< √Σ idf² of `features`.
};

/// What a group is known for.
struct Profile {
    Features features;
    std::vector<std::uint32_t> counts;  ///< Reports that support each of `features`; 0 where ATT&CK cites none.
    Features parents;                   ///< Their techniques where they are sub-techniques; else themselves.
    std::vector<Report> reports;        ///< By source.
};

/// The profiles of all groups, and how common everything is.
class Profiles {
public:
    /// `without`: a source that is left out wherever it is cited; what only it supports goes with it.
    explicit Profiles(const Library& library, std::optional<std::uint32_t> without = std::nullopt);

    [[nodiscard]] const std::vector<Profile>& groups() const { return groups_; }
    /// Inverse document frequency over reports: ln((reports + 1)/(reports that name it + .5)). 
    [[nodiscard]] double idf(std::uint32_t feature) const { return idf_[feature]; }
    /// Share of groups known for it: (groups + .5)/(all + 1).
    [[nodiscard]] double share(std::uint32_t feature) const { return share_[feature]; }
    [[nodiscard]] double parent_share(std::uint32_t parent) const { return parent_share_[parent]; }
    /// Index of the technique that it belongs to; its own where it belongs to none, or where that one is not in the library.
    [[nodiscard]] std::uint32_t parent(std::uint32_t feature) const { return parent_[feature]; }
    [[nodiscard]] bool software(std::uint32_t feature) const { return software_[feature]; }
    /// √Σ idf² over the features.
    [[nodiscard]] double norm(std::span<const std::uint32_t> features) const;

private:
    void learn_parents(const Library& library);
    void learn_uses(const Library& library, std::optional<std::uint32_t> without);
    void count();

    std::vector<Profile> groups_;
    std::vector<double> idf_, share_, parent_share_;
    std::vector<std::uint32_t> parent_;
    std::vector<bool> software_;
};

/// What was seen in an intrusion.
struct Observed {
    Features features;
    std::optional<double> year;  ///< When; as `Source::year`.
};

}  // namespace hw::weigh::attack
