#include "flow/read/nfdump_file.hpp"

#include "flow/read/nfdump_block.hpp"

#include <bzlib.h>
#include <doctest/doctest.h>
#include <zstd.h>

#include <vector>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

/// Bytes put together in the byte order of a PC, or turned.
class FileBytes {
public:
    explicit FileBytes(bool big = false) : big_(big) {}
    FileBytes& put(std::uint64_t value, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) { bytes_.push_back(static_cast<std::byte>((value >> (8 * (big_ ? size - 1 - i : i))) & 0xffU)); }
        return *this;
    }
    FileBytes& u8(std::uint64_t value) { return put(value, 1); }
    FileBytes& u16(std::uint64_t value) { return put(value, 2); }
    FileBytes& u32(std::uint64_t value) { return put(value, 4); }
    FileBytes& u64(std::uint64_t value) { return put(value, 8); }
    FileBytes& zeros(std::size_t count) {
        bytes_.resize(bytes_.size() + count);
        return *this;
    }
    FileBytes& add(const FileBytes& more) {
        bytes_.insert(bytes_.end(), more.bytes_.begin(), more.bytes_.end());
        return *this;
    }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    std::vector<std::byte> bytes_;

private:
    bool big_;
};

struct Read {
    ReadReport report;
    std::vector<ExportRecord> records;
    std::vector<net::Address> exporters;
    Result<void> done;
};

Read read_bytes(std::span<const std::byte> bytes, std::size_t block = 64) {
    Read read;
    read.report.path = "file";
    MemoryBytes source(bytes, block);
    read.done = read_nfdump(source, [&](ExportRecord&& r, const net::Address& exporter) {
        read.records.push_back(r);
        read.exporters.push_back(exporter);
    }, {}, read.report);
    return read;
}

FileBytes header2(bool big, std::uint64_t packing) { return FileBytes(big).u16(0xa50c).u16(2).u32(0x01070100).u64(0).u8(packing).u8(0).u16(0).u32(0).u64(0).u32(0).u32(1); }
FileBytes record2(bool big) {
    FileBytes inside(big);
    inside.u16(1).u16(52).u64(1'416'823'200'123).u64(1'416'823'201'456).u64(0).u64(7).u64(700).u16(40000).u16(22).u8(6).u8(0x1b).u8(0).u8(0);
    inside.u16(2).u16(12).u32(0x0a000001).u32(0xc6336401);
    inside.u16(4711).u16(6).u16(0);  // of a kind that is not known
    inside.u16(13).u16(8).u32(0xc0000201);
    return FileBytes(big).u16(11).u16(inside.size() + 12).u16(4).u8(0).u8(0).u16(0).u8(0).u8(0).add(inside);
}
FileBytes file2(bool big) {
    const FileBytes record = record2(big);
    return header2(big, 0).add(FileBytes(big).u32(1).u32(record.size()).u16(3).u16(0)).add(record);
}

TEST_CASE("nfdump file: a V3 record gives every field, in either byte order") {
    for (const bool big : {false, true}) {
        const auto read = read_bytes(file2(big).bytes_);
        REQUIRE(read.done);
        REQUIRE(read.records.size() == 1);
        const ExportRecord& r = read.records[0];
        CHECK(r.source == net::Address::v4(0x0a000001));
        CHECK(r.destination == net::Address::v4(0xc6336401));
        CHECK(r.source_port == 40000);
        CHECK(r.destination_port == 22);
        CHECK(r.packets == 7);
        CHECK(r.bytes == 700);
        CHECK(r.tcp_flags == 0x1b);
        CHECK(r.first == Time::from_micros(1'416'823'200'123'000));
        CHECK(r.last == Time::from_micros(1'416'823'201'456'000));
        CHECK(read.exporters[0] == net::Address::v4(0xc0000201));
        CHECK(read.report.skipped_total() == 0);
    }
}

TEST_CASE("nfdump file: the common records of layout 1, with the exporter by its number") {
    for (const bool wide : {false, true}) {
        FileBytes records;
        records.u16(7).u16(32).u32(9).u64(0).u32(0xc0000202).u32(0).u16(2).u16(3).u32(0);
        FileBytes data;
        if (wide) {
            data.u64(0x20010db800000000).u64(1).u64(0x20010db800000000).u64(2).u64(8).u64(800);
        } else {
            data.u32(0x0a000001).u32(0xc6336401).u32(8).u32(800);
        }
        records.u16(10).u16(32 + data.size()).u16(wide ? 7 : 0).u16(0).u16(5).u16(6).u32(1'416'823'200).u32(1'416'823'201).u8(0).u8(2).u8(6).u8(0).u16(40000).u16(80).u16(3).u16(0).add(data);
        FileBytes file;
        file.u16(0xa50c).u16(1).u32(0).u32(1).zeros(128 + 136).u32(2).u32(records.size()).u16(2).u16(0).add(records);
        const auto read = read_bytes(file.bytes_);
        REQUIRE(read.records.size() == 1);
        CHECK(read.records[0].packets == 8);
        CHECK(read.records[0].bytes == 800);
        CHECK(read.records[0].source.is_v4() == !wide);
        CHECK(read.records[0].first == Time::from_micros(1'416'823'200'005'000));
        CHECK(read.exporters[0] == net::Address::v4(0xc0000202));
    }
}

TEST_CASE("nfdump file: a file cut off anywhere gives what is whole, and says so") {
    const auto whole = file2(false);
    for (std::size_t size = 2; size < whole.size(); ++size) {
        const auto read = read_bytes(std::span(whole.bytes_).first(size));
        CHECK(read.records.empty());
        CHECK((!read.done || read.report.damaged_tail || size == 40));
    }
}

TEST_CASE("nfdump file: a block that does not unpack is counted, and the next one read") {
    for (const std::uint64_t packing : {1U, 2U, 3U, 4U}) {
        const FileBytes record = record2(false);
        auto file = header2(false, packing);
        file.add(FileBytes().u32(1).u32(4).u16(3).u16(0).u32(0xffffffff));
        file.add(FileBytes().u32(1).u32(record.size()).u16(3).u16(1)).add(record);  // flag 1: plain all the same
        const auto read = read_bytes(file.bytes_);
        CHECK(read.report.skipped.at("block that cannot be unpacked").count == 1);
        CHECK(read.records.size() == 1);
    }
}

TEST_CASE("nfdump file: a block that spreads far unpacks as far as the limit, and no farther") {
    for (const std::size_t size : {std::size_t{5} << 20U, read::kMostBlockBytes, read::kMostBlockBytes + 1}) {
        std::vector<char> zeros(size);
        std::vector<char> packed(size / 10 + 1000);
        auto length = static_cast<unsigned>(packed.size());
        REQUIRE(BZ2_bzBuffToBuffCompress(packed.data(), &length, zeros.data(), static_cast<unsigned>(size), 9, 0, 0) == BZ_OK);
        std::vector<std::byte> out;
        const auto bytes = std::as_bytes(std::span(packed));
        const auto bzip2 = read::unpack_block(read::BlockPacking::bzip2, bytes.first(length), out);
        CHECK(bzip2.has_value() == (size <= read::kMostBlockBytes));
        CHECK((!bzip2 || bzip2->size() == size));
        const std::size_t zstd_length = ZSTD_compress(packed.data(), packed.size(), zeros.data(), size, 3);
        REQUIRE(ZSTD_isError(zstd_length) == 0);
        std::vector<std::byte> other;
        const auto zstd = read::unpack_block(read::BlockPacking::zstd, bytes.first(zstd_length), other);
        CHECK(zstd.has_value() == (size <= read::kMostBlockBytes));
        CHECK((!zstd || zstd->size() == size));
    }
}

TEST_CASE("nfdump file: lengths that lead nowhere end the block, not the program") {
    for (const std::uint64_t size : {0U, 3U, 0xffffU}) {
        auto file = header2(false, 0).add(FileBytes().u32(1).u32(8).u16(3).u16(0).u16(11).u16(size).u32(0));
        CHECK(read_bytes(file.bytes_).report.skipped.contains("record with an impossible length"));
    }
    auto giant = header2(false, 0).add(FileBytes().u32(1).u32(0xffffffff).u16(3).u16(0));
    CHECK(read_bytes(giant.bytes_).report.damaged_tail);
}

TEST_CASE("nfdump file: other layouts and encrypted files are refused with a way out") {
    auto file = header2(false, 0);
    file.bytes_[2] = std::byte{3};
    file.zeros(300);
    const auto read = read_bytes(file.bytes_);
    REQUIRE_FALSE(read.done);
    CHECK(read.done.error().code == Errc::unsupported);
    CHECK(read.done.error().message.find("layout 3") != std::string::npos);
    CHECK(read.done.error().hint.find("headwater collect") != std::string::npos);
}

}  // namespace
