#pragma once

#include "flow/read/export_decoder.hpp"
#include "flow/read/export_template.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace hw::flow::read::test {

/// Bytes put together in network order.
class ExportBytes {
public:
    ExportBytes& u8(std::uint64_t value) { return put(value, 1); }
    ExportBytes& u16(std::uint64_t value) { return put(value, 2); }
    ExportBytes& u32(std::uint64_t value) { return put(value, 4); }
    ExportBytes& u64(std::uint64_t value) { return put(value, 8); }
    ExportBytes& put(std::uint64_t value, std::size_t size) {
        for (std::size_t i = size; i-- > 0;) { bytes_.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xffU)); }
        return *this;
    }
    ExportBytes& add(std::span<const std::byte> more) {
        bytes_.insert(bytes_.end(), more.begin(), more.end());
        return *this;
    }
    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

private:
    std::vector<std::byte> bytes_;
};

/// A set: its number, its length and what it holds.
inline ExportBytes export_set(std::uint64_t id, const ExportBytes& inside) {
    ExportBytes set;
    set.u16(id).u16(inside.size() + 4).add(inside.bytes());
    return set;
}

/// A template record.
inline ExportBytes export_template(std::uint64_t id, std::initializer_list<ExportField> fields) {
    ExportBytes out;
    out.u16(id).u16(fields.size());
    for (const ExportField& field : fields) {
        out.u16(field.enterprise != 0 ? field.id | 0x8000U : field.id).u16(field.length);
        if (field.enterprise != 0) { out.u32(field.enterprise); }
    }
    return out;
}

inline ExportBytes ipfix_message(std::uint64_t sequence, std::initializer_list<ExportBytes> sets, std::uint64_t domain = 1, std::uint64_t exported = 1'416'823'200) {
    ExportBytes body;
    for (const ExportBytes& set : sets) { body.add(set.bytes()); }
    ExportBytes message;
    message.u16(10).u16(body.size() + 16).u32(exported).u32(sequence).u32(domain).add(body.bytes());
    return message;
}

inline ExportBytes v9_message(std::uint64_t sequence, std::initializer_list<ExportBytes> sets, std::uint64_t uptime = 100'000, std::uint64_t exported = 1'416'823'200) {
    ExportBytes message;
    message.u16(9).u16(1).u32(uptime).u32(exported).u32(sequence).u32(7);
    for (const ExportBytes& set : sets) { message.add(set.bytes()); }
    return message;
}

/// What decoding some messages of one exporter gave.
struct Exported {
    ExportDecoder decoder;
    ReadReport report;
    std::vector<ExportRecord> records;
    explicit Exported(const ExportLimits& limits = {}) : decoder(limits) {}
    void feed(const ExportBytes& message, std::uint16_t port = 2055, std::uint32_t address = 0xc0000201) {
        decoder.feed({net::Address::v4(address), net::Port{port}}, Time::from_micros(1'416'823'200'000'000), message.bytes(), 0, report, records);
    }
    [[nodiscard]] std::uint64_t skipped(std::string_view reason) const {
        const auto found = report.skipped.find(reason);
        return found == report.skipped.end() ? 0 : found->second.count;
    }
};

}  // namespace hw::flow::read::test
