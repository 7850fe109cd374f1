#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace hw {

/// A count for people: `0` to `9999` as they are, from then on three digits and a decimal factor: `13.3 k`, `2.50 M`,
/// `13.3 G`, `1.07 T`, `18.4 E`.
[[nodiscard]] std::string human_count(std::uint64_t count);

/// Bytes for people, decimal factors: `512 B`, `13.3 kB`, `13.3 GB`.
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);

/// A length of time for people: `0 s`, `250 us`, `12.5 ms`, `3.2 s`, `1 min 05 s`, `2 h 03 min`, `3 d 04 h`; negative
/// ones with a `-`.
[[nodiscard]] std::string human_duration(Duration duration);

/// `text` made safe for a terminal: control characters (C0, DEL, C1) and the marks that turn the direction of writing
/// become `\xNN` or `\u{NNNN}`, bytes that are no UTF-8 become `\xNN`. What an attacker wrote cannot move the cursor
/// or pose as our own words.
[[nodiscard]] std::string printable(std::string_view text);

/// `count word` or `count words`: `1 flow`, `2 flows`. `plural` where it is not the word with an `s`.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view word, std::string_view plural = {});

}  // namespace hw
