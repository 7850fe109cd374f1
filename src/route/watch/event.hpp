#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hw::route {

/// What a watch tells of.
enum class EventKind : std::uint8_t {
    outage,            ///< Routes to a notable part of the target are gone, as seen by most routers that had them.
    instability,       ///< The target's routes come and go far more often than they used to.
    new_origin,        ///< Somebody announces the target's prefix who has not done so before.
    more_specific,     ///< Somebody else announces a part of the target's prefix.
    new_upstream,      ///< The target is reached through a neighbour that it had not before.
    leak,              ///< A way leads up or across again after it went down or across (RFC 7908).
    rpki_invalid,      ///< An announcement that route origin authorisations do not allow (RFC 6811).
    session_down,      ///< A router's session with the collector is down, or it lost most of its table: its silence says nothing of the target.
    collector_silent,  ///< Nothing at all came for a while: what happened in it cannot be told.
};
inline constexpr std::size_t kEventKinds = 9;

/// The word of JSON and tables: `outage`, `new-origin`.
[[nodiscard]] std::string_view to_string(EventKind kind);

/// Something measured that an event rests on.
struct Signal {
    std::string name;  ///< `peers_lost`
    double value = 0;
    std::string text;  ///< For reading, with units.
    friend bool operator==(const Signal&, const Signal&) = default;
};

/// How a hypothesis stands to what was measured. None is chosen: that is for people, with more than routes to go by.
enum class Fit : std::uint8_t { fits, does_not_fit, cannot_be_told };
[[nodiscard]] std::string_view to_string(Fit fit);

/// What could explain an event.
struct Cause {
    std::string name;     ///< `only-upstream`
    Fit fit = Fit::cannot_be_told;
    std::string because;  ///< The figures that say so.
    friend bool operator==(const Cause&, const Cause&) = default;
};

struct Event {
    EventKind kind = EventKind::outage;
    std::string target;         ///< Whom it befell: the target's name; of sessions the router's.
    std::string subject;        ///< What in particular: a prefix, a way, an AS; may be empty.
    Time start;
    std::optional<Time> end;    ///< Nothing: it goes on.
    double severity = 0;        ///< Outages: share of the target's prefixes × minutes. Announcements: share of the routers that follow.
    std::vector<Signal> signals;
    std::vector<Cause> causes;
    /// The instability that this short outage is a part of, by its number among the events: one swing of many, no event of its own.
    std::optional<std::size_t> part_of = {};
    friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace hw::route
