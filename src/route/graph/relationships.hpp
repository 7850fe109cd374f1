#pragma once

#include "base/error.hpp"
#include "base/line_splitter.hpp"
#include "net/asn.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hw::route {

/// What two neighbouring ASes are to each other (Gao, "On inferring autonomous system relationships", ToN 2001).
enum class Relation : std::uint8_t {
    provider_customer,  ///< The first sells transit to the second.
    peer,               ///< Each carries traffic for the other's customers only.
};

/// A link between two ASes. Of peers the lower number stands first, so that a link has one way of being written.
struct AsLink {
    net::Asn first;
    net::Asn second;
    Relation relation = Relation::peer;

    friend constexpr auto operator<=>(const AsLink&, const AsLink&) = default;
};

/// Why a line of a relationship file gave no link.
enum class LinkFault : std::uint8_t {
    form,         ///< Not `a|b|relation` (a fourth field, the source in serial-2, is passed over).
    number,       ///< A field is not an AS number, or is AS0.
    relation,     ///< A relation other than -1, 0 and 1.
    self_link,    ///< Both ends are the same AS.
    mirrored,     ///< `customer|provider|1`: the other side of a link that such files list as `-1` too.
    duplicate,    ///< The link stands further up already.
    conflict,     ///< The pair stands further up with another relation or direction; the earlier line holds.
    line_length,  ///< Longer than a line may be.
};
inline constexpr std::size_t kLinkFaults = 8;

/// The word for `fault`, as it stands in JSON and logs.
[[nodiscard]] std::string_view to_string(LinkFault fault);

/// What was read of a relationship file and what was passed over.
struct RelationshipReport {
    static constexpr std::size_t kOffsets = 3;
    struct Count {
        std::uint64_t lines = 0;
        std::array<std::uint64_t, kOffsets> first_offsets{};  ///< Where the first `min(lines, kOffsets)` begin, in bytes.
        friend bool operator==(const Count&, const Count&) = default;
    };

    std::uint64_t lines = 0;     ///< All of them, blank ones left out.
    std::uint64_t comments = 0;  ///< Of those, the ones that start with `#`.
    std::array<Count, kLinkFaults> faults{};

    [[nodiscard]] const Count& of(LinkFault fault) const { return faults[static_cast<std::size_t>(fault)]; }
};

struct Relationships {
    std::vector<AsLink> links;    ///< In the order of the file, each pair of ASes once.
    std::vector<net::Asn> clique; ///< From `# inferred clique:` (serial-1) or `# input clique:`; empty where there is none.
    RelationshipReport report;
};

/// What a relationship file may hold at most. The Internet of 2026 has about 80,000 ASes and 700,000 known links.
struct RelationshipLimits {
    std::size_t links = 4'000'000;
    std::size_t line_bytes = 64 * 1024;
};

/// Reads CAIDA's serial-1 text (`provider|customer|-1`, `peer|peer|0`, `#` comments) given in blocks of any size.
class RelationshipReader {
public:
    explicit RelationshipReader(RelationshipLimits limits = {}) : limits_(limits), lines_(limits.line_bytes) {}

    /// The next bytes of the file. Fails with `limit` when there are more links than allowed.
    [[nodiscard]] Result<void> feed(std::string_view block);
    /// The end of the file. Fails with `malformed` when no line was a link but some should have been.
    [[nodiscard]] Result<Relationships> finish() &&;

private:
    [[nodiscard]] Result<void> line(std::string_view text, std::uint64_t offset);
    [[nodiscard]] Result<void> link(std::string_view text, std::uint64_t offset);
    void comment(std::string_view text);
    void count(LinkFault fault, std::uint64_t offset);

    RelationshipLimits limits_;
    Relationships out_;
    std::unordered_map<std::uint64_t, std::uint8_t> seen_;  // both numbers, lower first -> relation and direction
    LineSplitter lines_;
};

/// Reads a whole file at once.
[[nodiscard]] Result<Relationships> parse_relationships(std::string_view text, RelationshipLimits limits = {});

/// Serial-1 text of the clique and the links. `parse_relationships(to_text(r))` has the same links and clique.
[[nodiscard]] std::string to_text(const Relationships& relationships);

}  // namespace hw::route
