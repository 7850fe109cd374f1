#include "trace/relay_verdict.hpp"

#include "flow/memory_source.hpp"

#include <doctest/doctest.h>

using namespace hw;
using flow::FarMethod;

namespace {

const net::Address kPeer = net::Address::v4(0xc633'6409);
const net::Address kVictim = net::Address::v4(0xcb00'7114);

flow::ConnectionTimings connection(int number, double transport_ms, double far_ms) {
    flow::ConnectionTimings timings;
    timings.client = {kPeer, net::Port{static_cast<std::uint16_t>(40'000 + number)}};
    timings.server = {kVictim, net::Port{443}};
    timings.first = Time::from_micros(number * 1'000'000);
    const auto micros = static_cast<std::uint32_t>(transport_ms * 1000);
    timings.client_end.transport = {micros, micros + 300, micros + 40'000};
    timings.client_end.transport_min = micros;
    if (far_ms > 0) { timings.client_end.far = {{FarMethod::tls13_finished, static_cast<std::uint32_t>(far_ms * 1000)}}; }
    timings.server_end.transport = {50};
    timings.server_end.transport_min = 50;
    timings.client_end.ttl = 57;
    return timings;
}

std::vector<trace::TestedPeer> test(const std::vector<flow::ConnectionTimings>& timings, std::optional<net::Address> peer = {}) {
    const flow::MemorySource none({}, {});
    return trace::test_relays(timings, none, {.peer = peer});
}

}  // namespace

TEST_CASE("relay test: three handshakes with a wide gap make a relay, and bound the distance of whoever speaks") {
    const auto peers = test({connection(0, 20, 91), connection(1, 20.2, 92), connection(2, 20.1, 95)});
    REQUIRE(peers.size() == 1);
    CHECK(peers[0].verdict == trace::RelayVerdict::relay);
    CHECK(peers[0].address == kPeer);
    CHECK_FALSE(peers[0].as_server);
    CHECK(peers[0].gap_ms.value() == doctest::Approx(71));
    CHECK(peers[0].max_distance_km.value() == doctest::Approx(9100));
    CHECK(peers[0].method == FarMethod::tls13_finished);
    CHECK(peers[0].handshakes == 3);
}

TEST_CASE("relay test: no gap is direct; the distance is bounded all the same") {
    const auto peers = test({connection(0, 20, 21), connection(1, 20.2, 21.4), connection(2, 20.1, 22)});
    REQUIRE(peers.size() == 1);
    CHECK(peers[0].verdict == trace::RelayVerdict::direct);
    CHECK(peers[0].max_distance_km.value() == doctest::Approx(2100));
}

TEST_CASE("relay test: fewer than three handshakes are undecided, however wide the gap") {
    const auto peers = test({connection(0, 20, 91), connection(1, 20.2, 92), connection(2, 20, 0)});
    REQUIRE(peers.size() == 1);
    CHECK(peers[0].verdict == trace::RelayVerdict::undecided);
    CHECK(peers[0].because == trace::UndecidedBecause::few_handshakes);
    CHECK(peers[0].probability > 0.9);
    CHECK(peers[0].connections == 3);
    CHECK(peers[0].handshakes == 2);
}

TEST_CASE("relay test: one handshake delayed by a loss does not make a relay") {
    const auto peers = test({connection(0, 20, 21.2), connection(1, 20.2, 221), connection(2, 20.1, 222)});
    REQUIRE(peers.size() == 1);
    CHECK(peers[0].verdict != trace::RelayVerdict::relay);
}

TEST_CASE("relay test: an address of which some connections are answered nearby and some from afar is not called direct") {
    const auto peers = test({connection(0, 20, 21), connection(1, 20.2, 91), connection(2, 20.1, 92), connection(3, 20.1, 21)});
    REQUIRE(peers.size() == 1);
    CHECK(peers[0].verdict == trace::RelayVerdict::undecided);
}

TEST_CASE("relay test: long computing at the key exchange is no distance where light turns are quick") {
    std::vector<flow::ConnectionTimings> timings;
    for (int i = 0; i < 3; ++i) {
        timings.push_back(connection(i, 20, 0));
        timings.back().client_end.far = {{FarMethod::ssh_key_init, 80'000}, {FarMethod::ssh_new_keys, 110'000}, {FarMethod::ssh_log_in, 20'800}};
    }
    CHECK(test(timings).at(0).verdict == trace::RelayVerdict::direct);
    for (auto& connection : timings) { connection.client_end.far.back().micros = 79'000; }
    CHECK(test(timings).at(0).verdict == trace::RelayVerdict::relay);
}

TEST_CASE("relay test: nothing measured is said so") {
    const auto peers = test({connection(0, 20, 0)});
    REQUIRE(peers.size() == 1);
    CHECK(peers[0].because == trace::UndecidedBecause::nothing_measured);
    CHECK_FALSE(peers[0].max_distance_km.has_value());
    CHECK(peers[0].probability == doctest::Approx(trace::kRelayPrior));
}

TEST_CASE("relay test: the near end is judged only when it is asked for") {
    const std::vector timings{connection(0, 20, 21)};
    CHECK(test(timings).size() == 1);
    const auto asked = test(timings, kVictim);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].as_server);
    CHECK(test(timings, net::Address::v4(1)).empty());
}
