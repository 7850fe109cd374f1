#pragma once

#include "net/longest_match.hpp"
#include "route/rib.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace hw::route {

/// Who announces the network of an address, for very many look-ups.
class OriginTable {
public:
    /// Of what routers tell now; `rib` must be settled. Fails with `limit` where there are too many prefixes.
    [[nodiscard]] static Result<OriginTable> build(const Rib& rib);

    /// The AS that most routers name for the longest prefix around `address`; nothing where nobody announces it, or as many routers name another.
    [[nodiscard]] std::optional<net::Asn> find(const net::Address& address) const;

private:
    net::LongestMatch longest_;
    std::vector<net::Asn> origins_;  ///< AS0: undecided.
};

}  // namespace hw::route
