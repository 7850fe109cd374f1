#pragma once

#include "base/error.hpp"
#include "base/json_value.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// MITRE ATT&CK as a library of who was reported to use what, and how far what was seen in an intrusion resembles it. A likeness of
/// techniques is a hint that anybody can forge who reads the same reports; it is never more than one item of the ledger.
namespace hw::weigh::attack {

/// A report that ATT&CK cites.
struct Source {
    std::string name;            ///< As ATT&CK calls it: `Mandiant APT1`.
    std::optional<double> year;  ///< When it appeared, with the month as a fraction; nothing where the citation does not say.
};

/// A group, a technique or a piece of software.
struct Entry {
    std::string id;  ///< `G0007`, `T1059.001`, `S0154`.
    std::string name;
};

/// A group uses something, by these reports.
struct Use {
    std::uint32_t group = 0;
    std::uint32_t feature = 0;
    std::vector<std::uint32_t> sources;  ///< Indices, ascending; may be none.
    friend bool operator==(const Use&, const Use&) = default;
};

/// What of an ATT&CK bundle the match reads: objects that are neither revoked nor deprecated.
struct Library {
    std::string version;             ///< Of ATT&CK, where the bundle says so.
    std::vector<Entry> groups;       ///< By id.
    std::vector<Entry> features;     ///< Techniques and software, by id.
    std::vector<Source> sources;     ///< By name.
    std::vector<Use> group_uses;     ///< By group and feature, each pair once.
    std::vector<Use> campaign_uses;  ///< Of campaigns attributed to a group, as the group's.
};

/// Takes the STIX 2.1 bundle apart that MITRE publishes. Fails with `malformed` where it is no bundle or holds no group. What it does not need,
/// and references to what is not there, it passes over.
[[nodiscard]] Result<Library> read_library(const JsonValue& bundle, std::string_view where);

/// Index of the entry with this id; nothing where there is none.
[[nodiscard]] std::optional<std::uint32_t> find_entry(const std::vector<Entry>& entries, std::string_view id);

/// Whether it names software (`S…`) rather than a technique.
[[nodiscard]] inline bool is_software(const Entry& entry) { return entry.id.starts_with('S'); }

/// The technique that a sub-technique belongs to: `T1059` of `T1059.001`; else the id itself.
[[nodiscard]] inline std::string_view parent_id(std::string_view id) { return id.substr(0, id.find('.')); }

}  // namespace hw::weigh::attack
