#pragma once

#include "net/asn.hpp"
#include "net/prefix.hpp"
#include "net/prefix_map.hpp"
#include "route/rpki/origin_validity.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hw::route::rpki {

/// That an AS may announce a prefix, and parts of it down to a length (RFC 6482; here as a cache has validated it).
struct Authorisation {
    net::Prefix prefix;
    std::uint8_t max_length = 0;  ///< At least the prefix's.
    net::Asn origin;              ///< AS0: nobody may (RFC 6483, 4).
    friend constexpr auto operator<=>(const Authorisation&, const Authorisation&) = default;
};

/// Authorisations, each once.
class Authorisations {
public:
    /// False where it is held already.
    bool add(const Authorisation& authorisation);
    /// False where it is not held.
    bool remove(const Authorisation& authorisation);
    [[nodiscard]] std::size_t size() const { return size_; }

    /// RFC 6811, 2.1: valid where one that covers the prefix names this origin and allows the length; invalid where others cover it; else not found.
    [[nodiscard]] OriginValidity validate(const net::Prefix& prefix, net::Asn origin) const;

private:
    struct Allowed {
        std::uint8_t max_length = 0;
        net::Asn origin;
        friend bool operator==(const Allowed&, const Allowed&) = default;
    };
    net::PrefixMap<std::vector<Allowed>> by_prefix_;
    std::size_t size_ = 0;
};

}  // namespace hw::route::rpki
