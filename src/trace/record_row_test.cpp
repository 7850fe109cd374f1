#include "trace/record_row.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>

using namespace hw;
using namespace hw::trace;

namespace {
flow::Flow counted(std::uint64_t packets, std::uint64_t bytes, std::uint64_t back_packets, std::uint64_t back_bytes) {
    flow::Flow f;
    f.client = {net::Address::v4(0xC6120001U), net::Port{1000}};
    f.server = {net::Address::v4(0xC6120002U), net::Port{80}};
    f.protocol = flow::Protocol::tcp;
    f.request.packets = packets;
    f.request.bytes = bytes;
    f.reply.packets = back_packets;
    f.reply.bytes = back_bytes;
    return f;
}
RecordRow row_of(const flow::Flow& f) {
    const std::array<const flow::Flow*, 1> one{&f};
    return record_rows(one).front();
}
}  // namespace

TEST_CASE("record row: every delay and every difference of bytes has a bin, in order, at the extremes too") {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max() / 2;
    std::size_t before = 0;
    for (const std::int64_t us : std::initializer_list<std::int64_t>{-kMost, -86'400'000'000, -1'000'000, -1000, -1, 1, 1000, 1'000'000, 86'400'000'000, kMost}) {
        CHECK(delay_bin(us) < kDelayBins);
        CHECK(delay_bin(us) >= before);
        CHECK(byte_bin(us) < kByteBins);
        before = delay_bin(us);
    }
    CHECK(byte_bin(0) == kByteZero);
    CHECK(byte_bin(kExactBytes) + 1 == byte_bin(kExactBytes + 1));
    CHECK(byte_bin(-kExactBytes - 1) + 1 == byte_bin(-kExactBytes));
}

TEST_CASE("record row: a bin's middle falls into the bin") {
    for (std::size_t bin = 0; bin < kDelayBins; ++bin) { CHECK(delay_bin(static_cast<std::int64_t>(delay_place(bin).middle * 1e6)) == bin); }
    for (std::size_t bin = 0; bin < kByteBins; ++bin) {
        CHECK(byte_bin(static_cast<std::int64_t>(byte_place(bin).middle)) == bin);
        CHECK(byte_place(bin).width >= 1);
    }
}

TEST_CASE("record row: where only whole packets are counted, the headers are taken off") {
    CHECK(row_of(counted(10, 10 * 52 + 300, 8, 8 * 52 + 5000)).up == 300);
    CHECK(row_of(counted(10, 10 * 52 + 300, 8, 8 * 52 + 5000)).down == 5000);
    // A hundred bare acknowledgements of 40 bytes: no timestamps here.
    CHECK(row_of(counted(100, 100 * 40 + 300, 200, 200 * 40 + 250'000)).down == 250'000);
    CHECK(row_of(counted(100, 10, 0, 0)).up == 0);
}

TEST_CASE("record row: counts and times beyond all reason are held to what can be computed with") {
    auto f = counted(std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max(), 0, 0);
    f.request.payload_bytes = std::numeric_limits<std::uint64_t>::max();
    f.first = Time::from_micros(std::numeric_limits<std::int64_t>::min());
    f.last = Time::from_micros(std::numeric_limits<std::int64_t>::max());
    const auto row = row_of(f);
    CHECK(row.up > 0);
    CHECK(row.last_us - row.first_us > 0);
}
