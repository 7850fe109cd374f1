#include "flow/store/segment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::store;

namespace {

/// Flows of few hosts, of no length, short and long, some with all that a flow may have.
std::vector<Flow> some_flows(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Flow> flows;
    flows.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        Flow f;
        const auto host = [&] {
            const auto n = static_cast<std::uint32_t>(random() % 40);
            return random() % 8 == 0 ? net::Address::v6(0x2001'0db8'0000'0000ULL, n) : net::Address::v4(0x0a00'0000U + (random() % 3 == 0 ? n * 1000 : n % 3));
        };
        f.client = {host(), net::Port{static_cast<std::uint16_t>(random())}};
        f.server = {host(), net::Port{443}};
        f.protocol = random() % 2 == 0 ? Protocol::tcp : Protocol::udp;
        f.first = Time::from_micros(static_cast<std::int64_t>(random() % 3'600'000) * 1000);
        const std::uint64_t kind = random() % 10;
        f.last = f.first + Duration(kind < 4 ? 0 : static_cast<std::int64_t>(random() % (kind == 9 ? 800'000'000 : 5'000'000)));
        f.request = {.packets = random() % 100, .bytes = random() >> (random() % 64), .payload_bytes = random() % 1000, .tcp_flags = 0x1b, .ttl_min = 63, .ttl_max = 64, .link_sender = 7};
        f.reply.packets = random() % 3;
        f.observer = ObserverId{static_cast<std::uint16_t>(random() % 2)};
        if (random() % 4 == 0) {
            f.handshake.syn = f.first;
            f.handshake.ack = f.first + Duration(1500);
            f.handshake.client_mss = 1460;
            const ActivityBin bins[] = {{.index = bin_index(f.first, kActivityBinWidth), .packets = 3, .bytes = 100}};
            f.activity = Activity::from_bins(bins, {});
            f.uid = "Cabc" + std::to_string(i);
            f.client_local = true;
        }
        f.id = make_flow_id(random() % 50 == 0 && seed == 2 ? "other" : static_cast<int>(f.observer) == 0 ? "a" : "b", f.client, f.server, f.protocol, f.first);
        flows.push_back(std::move(f));
    }
    return flows;
}

const std::vector<std::string> kNames{"a", "b"};

auto order(const Flow& f) { return std::tuple(f.first, f.id, f.observer, f.tunnel_depth, f.last); }

}  // namespace

TEST_CASE("segment: every flow comes back with all it had") {
    for (const std::uint64_t seed : {1U, 2U}) {
        auto flows = some_flows(3000, seed);
        const auto bytes = write_segment(flows, kNames);
        std::vector<Flow> turned(flows.rbegin(), flows.rend());
        CHECK(bytes == write_segment(turned, kNames));
        const auto segment = Segment::parse(bytes, "test");
        REQUIRE(segment);
        std::ranges::sort(flows, {}, order);
        REQUIRE((*segment)->facts().rows == flows.size());
        CHECK((*segment)->facts().first == flows.front().first);
        CHECK((*segment)->facts().first_last == flows.back().first);
        std::vector<Flow> all;
        for (std::uint32_t row = 0; row < flows.size(); ++row) {
            const auto read = (*segment)->flow(row);
            REQUIRE(read);
            all.push_back(*read);
        }
        std::ranges::sort(all, {}, order);
        CHECK((all == flows));
        CHECK((*segment)->scrub().empty());
    }
}

TEST_CASE("segment: a look-up finds every flow whose lifetime touches the window, and no other") {
    auto flows = some_flows(5000, 3);
    const auto bytes = write_segment(flows, kNames);
    const auto segment = Segment::parse(bytes, "test");
    REQUIRE(segment);
    for (std::uint32_t row = 0; row < flows.size(); ++row) { flows[row] = (*segment)->flow(row).value(); }
    std::mt19937_64 random(4);
    for (int i = 0; i < 2000; ++i) {
        const Flow& any = flows[random() % flows.size()];
        const net::Address host = i % 7 == 0 ? net::Address::v4(static_cast<std::uint32_t>(random())) : any.client.address;
        // Windows of every size, many that end or begin exactly where a flow does.
        const Time from = i % 3 == 0 ? any.last : i % 3 == 1 ? any.first : Time::from_micros(static_cast<std::int64_t>(random() % 4'000'000'000));
        const Interval window{from, from + Duration(i % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 100'000'000))};
        std::vector<std::uint32_t> expected;
        std::vector<std::uint32_t> everyone;
        for (std::uint32_t row = 0; row < flows.size(); ++row) {
            if (!flows[row].interval().overlaps(window)) { continue; }
            everyone.push_back(row);
            if (flows[row].touches(host)) { expected.push_back(row); }
        }
        std::vector<std::uint32_t> found;
        REQUIRE((*segment)->rows_of(host, window, found));
        CHECK(found == expected);
        const auto totals = (*segment)->totals(found);
        REQUIRE(totals);
        std::uint64_t bytes_expected = 0;
        for (const std::uint32_t row : expected) { bytes_expected += flows[row].request.bytes + flows[row].reply.bytes; }
        CHECK(totals->flows == expected.size());
        CHECK(totals->bytes == bytes_expected);
        found.clear();
        REQUIRE((*segment)->rows_in(window, found));
        CHECK(found == everyone);
    }
}

TEST_CASE("segment: a flipped bit anywhere is found, and what it does not touch stays readable") {
    const auto flows = some_flows(600, 5);
    const auto whole = write_segment(flows, kNames);
    std::size_t missed = 0;
    std::size_t unreadable = 0;
    std::size_t tried = 0;
    for (std::size_t at = 0; at < whole.size(); at += 11, ++tried) {
        auto bytes = whole;
        bytes[at] ^= static_cast<std::byte>(1U << (at % 8));
        const auto segment = Segment::parse(bytes, "test");
        if (!segment) { continue; }
        const auto damage = (*segment)->scrub();
        missed += damage.size() == 1 && damage[0].offset <= at && at < damage[0].offset + damage[0].size && !damage[0].what.empty() ? 0U : 1U;
        std::size_t readable = 0;
        for (std::uint32_t row = 0; row < flows.size(); ++row) { readable += (*segment)->flow(row).has_value() ? 1U : 0U; }
        unreadable += readable == 0 ? 1U : 0U;
    }
    CHECK(tried > 1000);
    CHECK(missed == 0);
    MESSAGE(tried, " flips; none of the rows readable after ", unreadable);
}

TEST_CASE("segment: cut short or made up, it is refused and nothing is read past its end") {
    const auto flows = some_flows(300, 6);
    const auto whole = write_segment(flows, kNames);
    for (std::size_t size = 0; size < whole.size(); size += 97) { CHECK_FALSE(Segment::parse(std::span(whole).first(size), "test")); }
}

TEST_CASE("segment: an end in the busier network has its rows as neighbours, in order of first packet") {
    std::vector<Flow> flows;
    flows.reserve(1000);
    for (std::uint32_t i = 0; i < 1000; ++i) {
        Flow f;
        const auto inner = net::Address::v4(0xc633'6400U + i % 7);          // 198.51.100.0/24: in every flow
        const auto outer = net::Address::v4(i * 0x9e37'79b1U | 0x0100'0000U);  // all over the world
        f.client.address = i % 2 == 0 ? inner : outer;
        f.server.address = i % 2 == 0 ? outer : inner;
        f.first = Time::from_micros(static_cast<std::int64_t>(i) * 1'000'000);
        f.last = f.first;
        f.request.packets = 1;
        f.id = make_flow_id("a", f.client, f.server, f.protocol, f.first);
        flows.push_back(f);
    }
    const auto bytes = write_segment(flows, kNames);
    const auto segment = Segment::parse(bytes, "test");
    REQUIRE(segment);
    for (std::uint32_t host = 0; host < 7; ++host) {
        std::vector<std::uint32_t> rows;
        REQUIRE((*segment)->rows_of(net::Address::v4(0xc633'6400U + host), {flows.front().first, flows.back().last}, rows));
        REQUIRE(rows.size() >= 142);
        CHECK(rows.back() - rows.front() + 1 == rows.size());
        for (std::size_t i = 1; i < rows.size(); ++i) { CHECK((*segment)->flow(rows[i - 1])->first < (*segment)->flow(rows[i])->first); }
    }
}

TEST_CASE("segment: rows by size are those of at least so many bytes") {
    const auto flows = some_flows(1000, 7);
    const auto bytes = write_segment(flows, kNames);
    const auto segment = Segment::parse(bytes, "test");
    REQUIRE(segment);
    for (const std::uint64_t least : {std::uint64_t{0}, std::uint64_t{1000}, std::uint64_t{1} << 40U, ~std::uint64_t{0}}) {
        std::vector<std::uint32_t> rows;
        REQUIRE((*segment)->rows_of_size(least, rows));
        CHECK(static_cast<std::ptrdiff_t>(rows.size()) == std::ranges::count_if(flows, [&](const Flow& f) { return f.request.bytes >= least; }));
        for (const std::uint32_t row : rows) { CHECK((*segment)->flow(row)->request.bytes >= least); }
    }
}
