#include "flow/collect/header_watch.hpp"

#include "flow/read/test_exports.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow::collect;
using namespace hw::flow::read::test;

namespace {

const Time kNow = Time::from_micros(1'416'823'200'000'000);

bool v9(HeaderWatch& watch, std::uint64_t uptime) { return watch.see(net::Port{2055}, kNow, v9_message(1, {}, uptime).bytes()).restarted; }
bool ipfix(HeaderWatch& watch, std::uint64_t sequence) {
    ExportBytes message = ipfix_message(sequence, {});
    return watch.see(net::Port{4739}, kNow, message.u32(0).bytes()).restarted;  // a few bytes more than the header
}

}  // namespace

TEST_CASE("header watch: time since start that goes back is a restart; a datagram that came late is none") {
    HeaderWatch watch;
    CHECK_FALSE(v9(watch, 900'000));
    CHECK_FALSE(v9(watch, 910'000));
    CHECK_FALSE(v9(watch, 905'000));
    CHECK(v9(watch, 1'000));
    CHECK_FALSE(v9(watch, 2'000));
}

TEST_CASE("header watch: milliseconds that begin anew after 49.7 days are no restart") {
    HeaderWatch watch;
    CHECK_FALSE(v9(watch, 0xffff'0000));
    CHECK_FALSE(v9(watch, 100));
    CHECK_FALSE(v9(watch, 90'000));
    CHECK(v9(watch, 50));
}

TEST_CASE("header watch: IPFIX restarts show in its count of records") {
    HeaderWatch watch;
    CHECK_FALSE(ipfix(watch, 50'000));
    CHECK_FALSE(ipfix(watch, 49'900));
    CHECK(ipfix(watch, 0));
    CHECK_FALSE(ipfix(watch, 30));
}

TEST_CASE("header watch: a clock that is off is told of, and junk is no message") {
    HeaderWatch watch;
    const auto news = watch.see(net::Port{2055}, kNow, v9_message(1, {}, 5, 1'416'823'200 + 3600).bytes());
    REQUIRE(news.ahead);
    CHECK(*news.ahead == Duration(std::chrono::hours(1)));
    CHECK_FALSE(watch.see(net::Port{1}, kNow, std::vector<std::byte>(100, std::byte{0xff})).ahead);
    CHECK_FALSE(watch.see(net::Port{1}, kNow, {}).ahead);
    CHECK_FALSE(watch.see(net::Port{1}, kNow, std::vector<std::byte>(100)).restarted);
}
