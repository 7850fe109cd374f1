#include "route/bmp/decoder.hpp"

#include "route/bmp/test_bmp.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hw;
using namespace hw::route;
using namespace hw::route::bmp;
using namespace hw::route::testing;

namespace {

const Time kNow = Time::from_micros(1'419'264'960'000'000);
const Bytes kTen = Bytes().u8(8).u8(10);

Bytes announce() { return update_of({}, usual_attributes(), kTen); }

struct Fed {
    Listed sink;
    InputReport report;
    Decoder decoder{sink, report, net::Address::v4(0x7f00'0001)};
    Result<bool> feed(const Bytes& bytes) { return decoder.feed(bytes.view(), kNow); }
};

}  // namespace

TEST_CASE("bmp: sessions, routes and the router's name, fed whole or byte by byte") {
    Bytes stream;
    stream.add(bmp_initiation()).add(bmp_up()).add(bmp_routes(announce())).add(bmp_routes(update_of(kTen, {}, {}))).add(bmp_message(1, Bytes().add(bmp_front()).u32(0))).add(bmp_down()).add(bmp_message(5, Bytes().u16(1).u16(2).u16(0)));
    const std::vector<std::string> wanted{"state 198.51.100.1 5>6", "announce AS64500 10.0.0.0/8 [64500 64501]", "withdraw AS64500 10.0.0.0/8", "state 198.51.100.1 6>1"};
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, stream.size()}) {
        Fed fed;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            const auto taken = fed.decoder.feed(stream.view().subspan(at, std::min(step, stream.size() - at)), kNow);
            REQUIRE(taken);
            CHECK(*taken);
        }
        CHECK(fed.sink.lines == wanted);
        CHECK(fed.decoder.name() == "r1");
        CHECK(fed.report.records == 7);
        CHECK(fed.report.skipped.empty());
        CHECK(fed.decoder.offset() == stream.size());
    }
}

TEST_CASE("bmp: path identifiers are read where the peer sends them and the router takes them, and only there") {
    const Bytes with_path = update_of({}, usual_attributes(), Bytes().u32(7).add(kTen));
    Fed agreed;
    REQUIRE(agreed.feed(Bytes().add(bmp_up({}, 1, 2)).add(bmp_routes(with_path))));
    CHECK(agreed.sink.lines.back() == "announce AS64500 10.0.0.0/8 #7 [64500 64501]");
    Fed came_late;  // nothing is known of the session, but without identifiers the prefixes make no sense
    REQUIRE(came_late.feed(bmp_routes(with_path)));
    CHECK(came_late.sink.lines.back() == "announce AS64500 10.0.0.0/8 #7 [64500 64501]");
    CHECK(came_late.report.noted.size() == 1);
    Fed other_way;
    REQUIRE(other_way.feed(Bytes().add(bmp_up({}, 2, 1)).add(bmp_routes(announce()))));
    CHECK(other_way.sink.lines.back() == "announce AS64500 10.0.0.0/8 [64500 64501]");
}

TEST_CASE("bmp: of several views of the routes one is taken, the others are counted") {
    Fed fed;
    constexpr unsigned kAfterPolicy = 0x40, kOut = 0x10;
    REQUIRE(fed.feed(Bytes().add(bmp_up()).add(bmp_routes(announce())).add(bmp_routes(announce(), {.flags = kAfterPolicy})).add(bmp_routes(announce(), {.flags = kOut})).add(bmp_routes(announce(), {.type = 3})).add(bmp_routes(announce(), {.type = 1}))));
    CHECK(fed.sink.lines.size() == 2);
    CHECK(fed.report.skipped.at("another view of the same routes").count == 2);
    CHECK(fed.report.skipped.at("what goes out to a peer is not read").count == 1);
    CHECK(fed.report.skipped.at("of a VPN or another instance of the router").count == 1);
}

TEST_CASE("bmp: the router's own choice is taken where that is what it sends") {
    Fed fed;
    REQUIRE(fed.feed(Bytes().add(bmp_up({.type = 3})).add(bmp_routes(announce(), {.type = 3}))));
    CHECK(fed.sink.lines.back() == "announce AS64500 10.0.0.0/8 [64500 64501]");
}

TEST_CASE("bmp: paths of two-byte numbers are read as such") {
    Fed fed;
    const Bytes attributes = Bytes().add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path2({64'500, 64'502}))).add(attribute(0x40, 3, Bytes().u32(1)));
    REQUIRE(fed.feed(Bytes().add(bmp_up({.flags = 0x20})).add(bmp_routes(update_of({}, attributes, kTen), {.flags = 0x20}))));
    CHECK(fed.sink.lines.back() == "announce AS64500 10.0.0.0/8 [64500 64502]");
}

TEST_CASE("bmp: the end of the stream tells the peers' sessions as down, and a cut message is counted") {
    Fed fed;
    REQUIRE(fed.feed(Bytes().add(bmp_up()).add(bmp_routes(announce())).u8(3).u32(100)));
    fed.decoder.end(kNow);
    CHECK(fed.sink.lines.back() == "state 198.51.100.1 6>1");
    CHECK(fed.report.damaged_tail);
    CHECK(fed.decoder.peers_up() == 0);
}

TEST_CASE("bmp: what is no BMP ends the stream with the byte where it began") {
    Fed fed;
    const auto taken = fed.feed(Bytes().add(bmp_up()).u8(4).u32(6).u8(0));
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Errc::malformed);
    CHECK(taken.error().where == "byte " + std::to_string(bmp_up().size()));
    Fed huge;
    CHECK_FALSE(huge.feed(Bytes().u8(3).u32(0xffff'ffff).u8(0)));
    Fed small;
    CHECK_FALSE(small.feed(Bytes().u8(3).u32(5).u8(0)));
}

TEST_CASE("bmp: malformed messages are passed over and counted, what follows is read") {
    Fed fed;
    Bytes stream;
    stream.add(bmp_message(0, Bytes().u8(0))).add(bmp_message(3, Bytes().add(bmp_front()).u32(0))).add(bmp_message(3, Bytes().add(bmp_front()).u64(0).u64(0).u32(0).add(message({}, 4)))).add(bmp_message(0, Bytes().add(bmp_front()).u64(0)));
    REQUIRE(fed.feed(Bytes().add(stream).add(bmp_routes(announce()))));
    CHECK(fed.sink.lines.size() == 1);
    CHECK(fed.report.skipped_total() == 4);
}

TEST_CASE("bmp: a time far from the clock is not believed") {
    class Times final : public RouteSink {
    public:
        bool update(const PeerUpdate& u) override {
            times.push_back(u.time);
            return true;
        }
        std::vector<Time> times;
    } sink;
    InputReport report;
    Decoder decoder(sink, report, {});
    REQUIRE(decoder.feed(Bytes().add(bmp_routes(announce())).add(bmp_routes(announce(), {.seconds = 0})).add(bmp_routes(announce(), {.seconds = 0xffff'ffff})).view(), kNow));
    CHECK(sink.times == std::vector{Time::from_micros(1'419'264'900'250'000), kNow, kNow});
}
