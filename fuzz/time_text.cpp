// The texts of time: an RFC 3339 time that is taken prints and reads back as the same moment, where a year has four
// digits; intervals never end before they begin.
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    const hw::Time now = hw::Time::from_micros(1'416'823'200'000'000);
    const hw::Time first = hw::Time::from_micros(-62'167'219'200'000'000);
    const hw::Time last = hw::Time::from_micros(253'402'300'799'999'999);
    if (const auto time = hw::parse_rfc3339(text); time && *time >= first && *time <= last) {
        if (hw::parse_rfc3339(to_rfc3339(*time)) != *time) { std::abort(); }
        if (hw::parse_time(text, now) != *time) { std::abort(); }
    }
    if (const auto interval = hw::parse_interval(text, now); interval && interval->to < interval->from) { std::abort(); }
    if (const auto length = hw::parse_duration(text); length && length->count() < 0) { std::abort(); }
    if (const auto time = hw::parse_time(text, now)) { static_cast<void>(to_rfc3339(*time)); }
    return 0;
}
