#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "base/time.hpp"
#include "flow/read/report.hpp"
#include "net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace hw::flow::read {

/// An alert of Suricata's: at which packet of which conversation a rule struck.
struct EveAlert {
    Time at;
    Time flow_began;  ///< The conversation's first packet where the alert tells it (its member `flow`), else `at`; never after `at`.
    net::Endpoint source;
    net::Endpoint destination;
    std::uint64_t severity = 0;  ///< 1 is the gravest; alerts that tell none have 255.
    std::uint64_t rule = 0;      ///< `signature_id`; 0 where not told.
    std::string signature;
};

/// An alert log longer than this is cut off there, and the rest counted.
inline constexpr std::size_t kMostAlerts = 1'000'000;

/// The alerts of an EVE log, in its order; other events are passed over, broken ones and alerts without addresses or time counted.
/// Fails (`malformed`) where no line is an event at all.
[[nodiscard]] Result<std::vector<EveAlert>> read_eve_alerts(ByteSource& bytes, const std::stop_token& stop, ReadReport& report);

}  // namespace hw::flow::read
