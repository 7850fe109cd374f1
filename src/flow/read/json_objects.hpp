#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "flow/read/report.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace hw::flow::read {

/// An object longer than this is passed over and counted: a minute of one interface in a cloud's log is far below.
inline constexpr std::size_t kLongestObject = std::size_t{16} << 20U;
/// Bytes that may be read past the end of an object's text (their values mean nothing), as fast parsers do.
inline constexpr std::size_t kObjectPadding = 64;

/// Takes the text of one object, `kObjectPadding` bytes more behind it, and the offset of its first byte.
using ObjectSink = std::function<void(std::string_view text, std::uint64_t offset)>;

/// Cuts a stream into JSON objects without holding it whole: one after the other (one a line, or laid out over lines), the members
/// of an array, or those of the array `records` of an object that holds nothing before it. Objects that another one begins
/// inside of without a comma or colon before it, that hold a line's end within a string, that are too long or cut off are
/// counted; what lies between objects and is no punctuation, too.
[[nodiscard]] Result<void> read_json_objects(ByteSource& bytes, const ObjectSink& sink, const std::stop_token& stop, ReadReport& report);

}  // namespace hw::flow::read
