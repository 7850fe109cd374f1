#include "route/watch/prefix_watch.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::route;

namespace {

Time at(double seconds) { return Time::from_micros(1'419'264'900'000'000 + static_cast<std::int64_t>(seconds * 1e6)); }

/// A prefix that so many routers tell of.
struct Told {
    explicit Told(std::uint32_t routers) : prefix(0, at(0)) {
        for (std::uint32_t r = 0; r < routers; ++r) {
            const auto id = sessions.id_of({.address = net::Address::v4(r), .asn = net::Asn(64'500)});
            (void)prefix.announce(id, net::Asn(1), net::Asn(2), at(0));
        }
        (void)prefix.update(sessions, at(1), false);
    }
    Sessions sessions;
    PrefixWatch prefix;
};

}  // namespace

TEST_CASE("prefix watch: it turns when about half of the routers have lost it, and back when more than half have it") {
    Told told(10);
    for (std::uint32_t r = 0; r < 5; ++r) {
        CHECK(told.prefix.withdraw(r, at(10)));
        CHECK_FALSE(told.prefix.update(told.sessions, at(10), false));
    }
    CHECK(told.prefix.withdraw(5, at(11)));
    const auto down = told.prefix.update(told.sessions, at(11), false);
    REQUIRE(down);
    CHECK(down->to == PrefixWatch::State::down);
    CHECK(down->at == at(11));
    (void)told.prefix.announce(0, net::Asn(1), net::Asn(2), at(100));
    CHECK_FALSE(told.prefix.update(told.sessions, at(100), false));
    (void)told.prefix.announce(1, net::Asn(1), net::Asn(2), at(101));
    const auto up = told.prefix.update(told.sessions, at(101), false);
    REQUIRE(up);
    CHECK(up->to == PrefixWatch::State::up);
}

TEST_CASE("prefix watch: one router that loses it for hours among many says nothing") {
    Told told(10);
    told.prefix.withdraw(3, at(10));
    for (double t = 10; t < 80'000; t += 60) { CHECK_FALSE(told.prefix.update(told.sessions, at(t), false)); }
}

TEST_CASE("prefix watch: routers whose sessions are down are not asked") {
    Told told(3);
    (void)told.sessions.told({.time = at(5), .form = MessageForm::bgp4mp, .peer = told.sessions.peers()[0], .before = 6, .after = 1});
    told.prefix.withdraw(0, at(5));
    CHECK_FALSE(told.prefix.update(told.sessions, at(50'000), true));
    CHECK(told.prefix.tally(told.sessions).of == 2);
    CHECK(told.prefix.tally(told.sessions).have == 2);
}

TEST_CASE("prefix watch: after flaps it is missed only once it stays away twice as long") {
    Told told(4);
    CHECK(told.prefix.hold(at(0)) == std::chrono::minutes(1));
    for (std::uint32_t r = 0; r < 4; ++r) { told.prefix.withdraw(r, at(100)); }
    (void)told.prefix.update(told.sessions, at(100), false);
    CHECK_FALSE(told.prefix.missed(at(150)));
    CHECK(told.prefix.missed(at(161)));
    for (std::uint32_t r = 0; r < 4; ++r) { (void)told.prefix.announce(r, net::Asn(1), net::Asn(2), at(280)); }
    (void)told.prefix.update(told.sessions, at(280), false);
    CHECK(told.prefix.hold(at(300)) == std::chrono::minutes(6));
    CHECK(told.prefix.hold(at(10'000)) == std::chrono::minutes(1));
}
