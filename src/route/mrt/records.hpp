#pragma once

#include "base/input/block_window.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace hw::route::mrt {

/// Types of records (RFC 6396, 4; the deprecated ones are in its appendix B).
enum class RecordType : std::uint16_t { bgp = 5, table_dump = 12, table_dump_v2 = 13, bgp4mp = 16, bgp4mp_et = 17 };

/// A record as it lies in the file.
struct Record {
    Time time;
    std::uint16_t type = 0;
    std::uint16_t subtype = 0;
    std::span<const std::byte> body;  ///< Behind the microseconds of extended types. Valid until the next record is asked for.
    std::uint64_t offset = 0;         ///< Of its header, in the unpacked bytes.
    std::uint64_t body_offset = 0;
};

/// A record longer than this is none: the largest real ones, a prefix seen by thousands of peers, come to a megabyte or two.
inline constexpr std::size_t kLongestRecord = std::size_t{16} << 20U;

/// Splits a stream of bytes into records (RFC 6396, 2 and 3).
class Records {
public:
    explicit Records(ByteSource& source) : window_(source) {}

    /// The next record; nothing at the end, and where the bytes go on as no record (see `damage`). Fails where the source fails.
    [[nodiscard]] Result<std::optional<Record>> next();
    /// Why the records end before the bytes do; empty: they do not.
    [[nodiscard]] std::string_view damage() const { return damage_; }
    /// Where that is, else how far has been read.
    [[nodiscard]] std::uint64_t offset() const { return window_.offset(); }

private:
    BlockWindow window_;
    std::size_t shown_ = 0;
    std::string_view damage_;
};

/// Whether the bytes begin as MRT records do: a known type, and a length and time that can be.
[[nodiscard]] bool looks_like_mrt(std::span<const std::byte> head);

}  // namespace hw::route::mrt
