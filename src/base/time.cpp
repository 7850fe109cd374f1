#include "base/time.hpp"

#include "base/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace hw {
namespace {
namespace time_detail {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;
// The years that RFC 3339 can write.
constexpr std::int64_t kEarliest = -62'167'219'200 * kSecond;      // 0000-01-01T00:00:00Z
constexpr std::int64_t kLatest = 253'402'300'800 * kSecond - 1;  // 9999-12-31T23:59:59.999999Z

/// Takes characters off the front of a text; everything below is built from it.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}
    [[nodiscard]] bool done() const { return rest_.empty(); }
    [[nodiscard]] bool next_is_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }

    bool accept(std::string_view one_of) {
        if (rest_.empty() || one_of.find(rest_.front()) == std::string_view::npos) { return false; }
        rest_.remove_prefix(1);
        return true;
    }
    /// Exactly `count` digits.
    std::optional<int> digits(std::size_t count) {
        if (rest_.size() < count || rest_.find_first_not_of("0123456789") < count) { return std::nullopt; }
        const auto value = parse_integer<int>(rest_.substr(0, count));
        rest_.remove_prefix(count);
        return value;
    }
    /// One or more digits as a fraction in millionths; those past the sixth are dropped.
    std::optional<std::int64_t> fraction() {
        if (!next_is_digit()) { return std::nullopt; }
        std::int64_t value = 0;
        std::int64_t unit = kSecond / 10;
        for (; next_is_digit(); rest_.remove_prefix(1)) {
            value += unit * (rest_.front() - '0');
            unit /= 10;
        }
        return value;
    }

private:
    std::string_view rest_;
};

enum class Strictness : std::uint8_t { rfc3339, as_typed };

/// The grammar of RFC 3339, section 5.6; as typed, all after the date may be left out from the back. Nothing when the
/// text is not of it.
std::optional<Time> scan_date_time(std::string_view text, Strictness strictness) {
    Scanner in(text);
    const bool typed = strictness == Strictness::as_typed;
    const auto year = in.digits(4);
    if (!year || !in.accept("-")) { return std::nullopt; }
    const auto month = in.digits(2);
    if (!month || !in.accept("-")) { return std::nullopt; }
    const auto day = in.digits(2);
    if (!day) { return std::nullopt; }
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) { return std::nullopt; }
    std::int64_t micros = std::chrono::sys_days(date).time_since_epoch().count() * kDay;
    if (typed && in.done()) { return Time::from_micros(micros); }

    if (!in.accept("Tt ")) { return std::nullopt; }
    const auto hour = in.digits(2);
    if (!hour || *hour > 23 || !in.accept(":")) { return std::nullopt; }
    const auto minute = in.digits(2);
    if (!minute || *minute > 59) { return std::nullopt; }
    micros += (*hour * std::int64_t{3600} + *minute * std::int64_t{60}) * kSecond;
    if (in.accept(":")) {
        const auto second = in.digits(2);
        // Second 60 is a leap second; POSIX time counts it as the first second of the next minute.
        if (!second || *second > 60 || (*second == 60 && *minute != 59)) { return std::nullopt; }
        micros += *second * kSecond;
        if (in.accept(".")) {
            const auto fraction = in.fraction();
            if (!fraction) { return std::nullopt; }
            micros += *fraction;
        }
    } else if (!typed) {
        return std::nullopt;
    }

    if (in.accept("Zz")) {
    } else if (const bool east = in.accept("+"); east || in.accept("-")) {
        const auto hours = in.digits(2);
        if (!hours || *hours > 23 || !in.accept(":")) { return std::nullopt; }
        const auto minutes = in.digits(2);
        if (!minutes || *minutes > 59) { return std::nullopt; }
        const std::int64_t offset = (*hours * std::int64_t{3600} + *minutes * std::int64_t{60}) * kSecond;
        micros += east ? -offset : offset;
    } else if (!typed) {
        return std::nullopt;
    }
    if (!in.done()) { return std::nullopt; }
    return Time::from_micros(micros);
}

struct Unit {
    std::string_view name;
    std::int64_t micros;
};
constexpr std::array<Unit, 6> kUnits = {{{"us", 1}, {"ms", 1000}, {"s", kSecond}, {"m", 60 * kSecond}, {"h", 3600 * kSecond}, {"d", kDay}}};

/// `12` or `12.5`, times `unit` microseconds; nothing when it is no such number or does not fit.
std::optional<std::int64_t> scaled_decimal(std::string_view text, std::int64_t unit) {
    const std::size_t dot = text.find('.');
    const std::string_view whole_text = text.substr(0, dot);
    if (whole_text.empty() || whole_text.front() == '-') { return std::nullopt; }
    const auto whole = parse_integer<std::int64_t>(whole_text);
    if (!whole || *whole > std::numeric_limits<std::int64_t>::max() / unit) { return std::nullopt; }
    std::int64_t millionths = 0;
    if (dot != std::string_view::npos) {
        Scanner in(text.substr(dot + 1));
        const auto fraction = in.fraction();
        if (!fraction || !in.done()) { return std::nullopt; }
        millionths = *fraction;
    }
    // The largest unit is a day: 8.64e10 us x 1e6 fits.
    const std::int64_t part = unit * millionths / kSecond;
    const std::int64_t product = *whole * unit;
    if (product > std::numeric_limits<std::int64_t>::max() - part) { return std::nullopt; }
    return product + part;
}

std::string quoted(std::string_view text) { return fmt::format("'{}'", text.substr(0, 64)); }

}  // namespace time_detail
}  // namespace

std::string to_rfc3339(Time time) {
    const std::int64_t micros = std::clamp(time.micros(), time_detail::kEarliest, time_detail::kLatest);
    const std::chrono::sys_time<Duration> moment{Duration(micros)};
    const auto midnight = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{midnight};
    const std::int64_t of_day = (moment - midnight).count();
    const std::int64_t seconds = of_day / time_detail::kSecond;
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()), seconds / 3600, seconds / 60 % 60, seconds % 60, of_day % time_detail::kSecond);
}

Result<Time> parse_rfc3339(std::string_view text) {
    if (const auto time = time_detail::scan_date_time(text, time_detail::Strictness::rfc3339)) { return *time; }
    return fail(Errc::malformed, time_detail::quoted(text) + " is not a time in the form of RFC 3339", {},
                "write it as 2014-11-24T10:00:00Z");
}

Result<Time> parse_time(std::string_view text, Time now) {
    if (const auto time = time_detail::scan_date_time(text, time_detail::Strictness::as_typed)) { return *time; }
    if (text.starts_with('-')) {
        const auto age = parse_duration(text.substr(1));
        if (age && now.micros() >= std::numeric_limits<std::int64_t>::min() + age->count()) { return now - *age; }
    } else if (const auto micros = time_detail::scaled_decimal(text, time_detail::kSecond); micros && *micros <= time_detail::kLatest) {
        return Time::from_micros(*micros);
    }
    return fail(Errc::usage, time_detail::quoted(text) + " is not a time", {},
                "write 2014-11-24T10:00:00Z, Unix seconds such as 1416823200.5, or an age such as -2h");
}

Result<Interval> parse_interval(std::string_view text, Time now) {
    constexpr std::string_view kHint = "write FROM/TO, or FROM/+15m, or FROM/-15m";
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return fail(Errc::usage, time_detail::quoted(text) + " is not an interval", {}, std::string(kHint));
    }
    HW_TRY(const Time anchor, parse_time(text.substr(0, slash), now));
    const std::string_view second = text.substr(slash + 1);
    Interval interval{anchor, anchor};
    if (second.starts_with('+') || second.starts_with('-')) {
        HW_TRY(const Duration length, parse_duration(second.substr(1)));
        const std::int64_t room = second.front() == '+' ? std::numeric_limits<std::int64_t>::max() - std::max<std::int64_t>(anchor.micros(), 0)
                                                        : std::min<std::int64_t>(anchor.micros(), -1) - std::numeric_limits<std::int64_t>::min();
        if (length.count() > room) {
            return fail(Errc::usage, time_detail::quoted(text) + " reaches past the end of time", {}, std::string(kHint));
        }
        if (second.front() == '+') { interval.to = anchor + length; }
        else { interval.from = anchor - length; }
    } else {
        HW_TRY(interval.to, parse_time(second, now));
    }
    if (interval.to < interval.from) {
        return fail(Errc::usage, time_detail::quoted(text) + " ends before it begins", {}, std::string(kHint));
    }
    return interval;
}

Result<Duration> parse_duration(std::string_view text) {
    const std::size_t number_end = std::min(text.find_first_not_of("0123456789."), text.size());
    for (const auto& unit : time_detail::kUnits) {
        if (text.substr(number_end) != unit.name) { continue; }
        if (const auto micros = time_detail::scaled_decimal(text.substr(0, number_end), unit.micros)) { return Duration(*micros); }
    }
    return fail(Errc::usage, time_detail::quoted(text) + " is not a length of time", {}, "write a number with us, ms, s, m, h or d, such as 15m");
}

}  // namespace hw
