#pragma once

#include "net/address.hpp"
#include "net/asn.hpp"
#include "route/bgp/as_path.hpp"
#include "route/bgp/nlri.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hw::route::bgp {

enum class Origin : std::uint8_t { igp = 0, egp = 1, incomplete = 2 };

/// What is to become of routes whose attributes are malformed (RFC 7606, 2), the mildest first.
enum class Fate : std::uint8_t {
    good,
    discard,    ///< Attributes were passed over; the routes stand.
    withdraw,   ///< The routes are to be treated as withdrawn.
    reset,      ///< A router would end the session: nothing of the message is to be used.
};

/// How an attribute's bytes are to be read.
struct AttributeForm {
    std::size_t as_width = 4;     ///< Bytes of a number in AS_PATH and AGGREGATOR: 2 of old speakers.
    bool with_paths = false;      ///< Prefixes in MP_REACH_NLRI and MP_UNREACH_NLRI have path identifiers (RFC 7911).
    bool of_table = false;        ///< Of a table dump: MP_REACH_NLRI may have the next hop alone (RFC 6396, 4.3.4), and nothing is mandatory.
};

/// Routes of another family than plain IPv4 unicast, with their next hop (RFC 4760, 3 and 4).
struct MultiProtocol {
    std::uint16_t afi = 0;
    std::uint8_t safi = 0;
    std::optional<net::Address> next_hop;  ///< The global one where a link-local one stands beside it (RFC 2545, 3).
    std::span<const std::byte> routes;     ///< As they lie in the message.
    /// The routes, where they are of unicast or multicast of a family that is read.
    [[nodiscard]] std::optional<NlriRange> nlri(bool with_paths) const;
};

struct Aggregator {
    net::Asn asn;
    net::Address address;
    friend bool operator==(const Aggregator&, const Aggregator&) = default;
};

/// The path attributes of a message, taken apart but not copied: spans lie in the bytes that were read (RFC 4271, 4.3 and 5; RFC 1997,
/// 4360, 4456, 4760, 6793, 8092, 9234).
struct Attributes {
    std::optional<Origin> origin;
    std::optional<std::span<const std::byte>> as_path_bytes;
    std::span<const std::byte> as4_path_bytes;
    std::size_t as_width = 4;
    std::optional<net::Address> next_hop;
    std::optional<std::uint32_t> med;
    std::optional<std::uint32_t> local_preference;
    bool atomic_aggregate = false;
    std::optional<Aggregator> aggregator;
    std::span<const std::byte> communities;           ///< 4 bytes each.
    std::span<const std::byte> extended_communities;  ///< 8 each.
    std::span<const std::byte> large_communities;     ///< 12 each.
    std::optional<net::Asn> only_to_customer;
    std::optional<MultiProtocol> reach;
    std::optional<MultiProtocol> unreach;
    std::size_t count = 0;

    /// The AS path with four-byte numbers (RFC 6793, 4.2.3); `path` keeps its memory. Empty where there is none.
    void as_path(AsPath& path) const;
    /// The next hop of these routes, of whichever family.
    [[nodiscard]] std::optional<net::Address> any_next_hop() const { return reach && reach->next_hop ? reach->next_hop : next_hop; }
};

/// What reading attributes came to.
struct AttributesRead {
    Attributes attributes;
    Fate fate = Fate::good;
    std::string_view why;       ///< The gravest malformation; empty: none.
    std::size_t offset = 0;     ///< Of it, in the bytes.
};

/// Reads path attributes into `read`, which is as new. Never fails: what is malformed decides on `fate` as RFC 7606 says.
void read_attributes(std::span<const std::byte> bytes, const AttributeForm& form, AttributesRead& read);

}  // namespace hw::route::bgp
