#include "route/mrt/records.hpp"

#include "base/byte_cursor.hpp"

namespace hw::route::mrt {
namespace {
namespace records_detail {

constexpr std::size_t kHeader = 12;

/// With the extended time stamp of RFC 6396, 3: microseconds before the message, counted in its length.
bool is_extended(std::uint16_t type) { return type == 17 || type == 33 || type == 49; }

}  // namespace records_detail
}  // namespace

Result<std::optional<Record>> Records::next() {
    using namespace records_detail;
    window_.consume(shown_);
    shown_ = 0;
    if (!damage_.empty()) { return std::nullopt; }
    HW_TRY(auto bytes, window_.peek(kHeader));
    if (bytes.empty()) { return std::nullopt; }
    if (bytes.size() < kHeader) {
        damage_ = "the file ends inside a record's header";
        return std::nullopt;
    }
    Record record;
    record.offset = window_.offset();
    record.time = Time::from_micros(std::int64_t{load_big<std::uint32_t>(bytes.data())} * 1'000'000);
    record.type = load_big<std::uint16_t>(&bytes[4]);
    record.subtype = load_big<std::uint16_t>(&bytes[6]);
    const std::size_t size = load_big<std::uint32_t>(&bytes[8]);
    if (size > kLongestRecord) {
        damage_ = "a record longer than 16 MiB: this is no MRT record";
        return std::nullopt;
    }
    HW_TRY(bytes, window_.peek(kHeader + size));
    if (bytes.size() < kHeader + size) {
        damage_ = "the file ends inside a record";
        return std::nullopt;
    }
    record.body = bytes.subspan(kHeader);
    record.body_offset = record.offset + kHeader;
    if (is_extended(record.type) && size >= 4) {
        record.time = record.time + Duration(load_big<std::uint32_t>(record.body.data()));
        record.body = record.body.subspan(4);
        record.body_offset += 4;
    }
    shown_ = kHeader + size;
    return record;
}

bool looks_like_mrt(std::span<const std::byte> head) {
    using namespace records_detail;
    if (head.size() < kHeader) { return false; }
    const auto type = load_big<std::uint16_t>(&head[4]);
    const auto subtype = load_big<std::uint16_t>(&head[6]);
    const auto size = load_big<std::uint32_t>(&head[8]);
    const bool known = type == 5 || type == 12 || type == 13 || type == 16 || type == 17;
    return known && subtype <= 16 && size > 0 && size <= kLongestRecord;
}

}  // namespace hw::route::mrt
