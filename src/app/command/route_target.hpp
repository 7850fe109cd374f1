#pragma once

#include "base/error.hpp"
#include "net/asn.hpp"
#include "net/country.hpp"
#include "net/prefix.hpp"

#include <string_view>
#include <variant>

namespace hw::app::command {

/// What a question about routes is about.
using RouteTarget = std::variant<net::Asn, net::Prefix, net::Country>;

/// `AS64500` or `64500`; `192.0.2.0/24` or an address; `KP` or `country:KP`. Fails with `usage`, the hint saying how to write it.
[[nodiscard]] Result<RouteTarget> parse_route_target(std::string_view text);

}  // namespace hw::app::command
