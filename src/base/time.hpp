#pragma once

#include "base/error.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace hw {

/// A length of time; microseconds are the resolution of everything Headwater reads and writes.
using Duration = std::chrono::microseconds;

/// A moment in UTC, microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).
class Time {
public:
    constexpr Time() = default;
    constexpr explicit Time(Duration since_epoch) : since_epoch_(since_epoch) {}
    [[nodiscard]] static constexpr Time from_micros(std::int64_t micros) { return Time(Duration(micros)); }

    [[nodiscard]] constexpr Duration since_epoch() const { return since_epoch_; }
    [[nodiscard]] constexpr std::int64_t micros() const { return since_epoch_.count(); }

    friend constexpr auto operator<=>(const Time&, const Time&) = default;
    friend constexpr Time operator+(Time t, Duration d) { return Time(t.since_epoch_ + d); }
    friend constexpr Time operator-(Time t, Duration d) { return Time(t.since_epoch_ - d); }
    friend constexpr Duration operator-(Time a, Time b) { return a.since_epoch_ - b.since_epoch_; }

private:
    Duration since_epoch_{0};
};

/// A closed stretch of time, `from` ≤ `to`.
struct Interval {
    Time from;
    Time to;

    [[nodiscard]] constexpr bool contains(Time t) const { return from <= t && t <= to; }
    [[nodiscard]] constexpr bool overlaps(const Interval& other) const { return from <= other.to && other.from <= to; }
    friend constexpr bool operator==(const Interval&, const Interval&) = default;
};

/// RFC 3339 in UTC with exactly six fractional digits: `2014-11-24T10:00:00.000000Z`. Years outside 0000–9999 are
/// clamped to that range, as RFC 3339 has no form for them.
[[nodiscard]] std::string to_rfc3339(Time time);

/// Reads RFC 3339 (`Z` or a numeric offset, any number of fractional digits; those past the sixth are dropped).
[[nodiscard]] Result<Time> parse_rfc3339(std::string_view text);

/// Reads a time as users type it: RFC 3339, of which the zone, the seconds and the time of day may be left out (then
/// UTC, then zero); Unix seconds with an optional fraction; or an age such as `-90s`, `-15m`, `-2h`, `-7d` counted back
/// from `now`.
[[nodiscard]] Result<Time> parse_time(std::string_view text, Time now);

/// Reads an interval: `A/B`, or `A/+15m` and `A/-15m` for the stretch after and before A; A and B as for `parse_time`.
[[nodiscard]] Result<Interval> parse_interval(std::string_view text, Time now);

/// Reads a length of time: a number with `us`, `ms`, `s`, `m`, `h` or `d`.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

}  // namespace hw
