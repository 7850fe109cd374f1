#include "flow/collect/admission.hpp"

#include "flow/read/test_exports.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow::collect;
using hw::flow::read::test::ExportBytes;

namespace {

net::Address sender(std::uint32_t last) { return net::Address::v4(0xc0000200U + last); }
const std::vector<std::byte> kAny(20, std::byte{5});

ExportBytes sflow(std::uint32_t agent) {
    ExportBytes message;
    message.u32(5).u32(1).u32(agent).u32(0).u32(1).u32(1000).u32(0);
    return message;
}

}  // namespace

TEST_CASE("gate: only those on the list are listened to, and strangers cost no memory") {
    Gate gate({.allowed = {*net::parse_prefix("192.0.2.0/31")}});
    CHECK(gate.judge(sender(0), kAny, {}).admission == Admission::taken);
    CHECK(gate.judge(sender(1), kAny, {}).exporter == 1);
    for (std::uint32_t i = 2; i < 200; ++i) { CHECK(gate.judge(sender(i), kAny, {}).admission == Admission::stranger); }
    CHECK(gate.exporters().size() == 2);
}

TEST_CASE("gate: forged senders past the number that is told apart push nobody out") {
    Gate gate({.exporters = 10});
    CHECK(gate.judge(sender(0), kAny, {}).admission == Admission::taken);
    int refused = 0;
    for (std::uint32_t i = 1; i < 200; ++i) { refused += gate.judge(sender(i), kAny, {}).admission == Admission::one_too_many ? 1 : 0; }
    CHECK(refused == 190);
    CHECK(gate.judge(sender(0), kAny, {}).admission == Admission::taken);
}

TEST_CASE("gate: an exporter's rate is its own, and comes back with time, by a clock that may stand still") {
    Gate gate({.rate = 10});
    const auto taken = [&](std::uint32_t who, Duration now) {
        int count = 0;
        for (int i = 0; i < 100; ++i) { count += gate.judge(sender(who), kAny, now).admission == Admission::taken ? 1 : 0; }
        return count;
    };
    CHECK(taken(0, Duration(0)) == 10);
    CHECK(taken(0, Duration(0)) == 0);
    CHECK(taken(1, Duration(0)) == 10);
    CHECK(taken(0, Duration(500'000)) == 5);
    CHECK(taken(0, Duration(100'000)) == 0);
    CHECK(taken(0, Duration(900'000'000)) == 10);
    Gate free({.rate = 0});
    for (int i = 0; i < 1000; ++i) { CHECK(free.judge(sender(0), kAny, {}).admission == Admission::taken); }
}

TEST_CASE("gate: one sender speaks for so many sFlow agents and no more") {
    Gate gate({.agents = 3});
    int taken = 0;
    for (std::uint32_t i = 0; i < 50; ++i) { taken += gate.judge(sender(0), sflow(0x0a000000U + i).bytes(), {}).admission == Admission::taken ? 1 : 0; }
    CHECK(taken == 3);
    CHECK(gate.judge(sender(0), sflow(0x0a000001).bytes(), {}).admission == Admission::taken);
    CHECK(gate.judge(sender(0), sflow(0x0a000077).bytes(), {}).admission == Admission::agent_too_many);
    CHECK(gate.judge(sender(1), sflow(0x0a000077).bytes(), {}).admission == Admission::taken);
}
