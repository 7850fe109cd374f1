#include "trace/sequence_contacts.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {
flow::MemorySource source_of(std::vector<flow::Flow> flows) { return flow::MemorySource({{"a", {}}, {"b", {}}}, std::move(flows)); }
}  // namespace

TEST_CASE("contacts: a client counts once, however often it came and whoever saw it") {
    const Packets asked{{1}, {1.1}};
    const auto source = source_of({make_flow("a", 0, 1, 4000, 9, 443, asked), make_flow("a", 0, 1, 4001, 9, 443, {{5}, {5.1}}),
                                       make_flow("b", 1, 1, 4000, 9, 443, asked), make_flow("a", 0, 2, 4000, 9, 443, asked)});
    const Contacts contacts(source);
    CHECK(contacts.clients_of({ip(9), net::Port{443}}) == 2);
    CHECK(contacts.clients_of({ip(9), net::Port{80}}) == 0);
    CHECK(contacts.clients_of({ip(8), net::Port{443}}) == 0);
}

TEST_CASE("contacts: only answered sessions on services that act make somebody an actor") {
    const auto source = source_of({make_flow("a", 0, 1, 4000, 5, 445, {{1}, {1.1}}), make_flow("a", 0, 1, 4001, 6, 22, {{2}, {2.1}}),
                                       make_flow("a", 0, 1, 4002, 7, 3389, {{3}, {}}), make_flow("a", 0, 1, 4003, 8, 80, {{4}, {4.1}})});
    const Contacts contacts(source);
    CHECK(contacts.acted_on_by(ip(1)) == 2);
    CHECK(contacts.acted_on_by(ip(5)) == 0);
}

TEST_CASE("contacts: counts go on until more would not matter") {
    std::vector<flow::Flow> flows;
    for (unsigned i = 0; i < 200; ++i) {
        auto f = make_flow("a", 0, 1, 4000, 9, 443, {{1.0 + i}, {1.1 + i}});
        f.client.address = net::Address::v4(0x0a00'0000U + i);
        flows.push_back(f);
    }
    const auto source = source_of(std::move(flows));
    const Contacts contacts(source);
    CHECK(contacts.clients_of({ip(9), net::Port{443}}) == Contacts::kMostClients);
}

TEST_CASE("contacts: a host with many services is counted at once with the counts that each alone would get") {
    std::vector<flow::Flow> flows;
    std::mt19937_64 random(3);
    for (unsigned i = 0; i < 400; ++i) {
        const double t = 1 + i;
        flows.push_back(make_flow("a", 0, 1 + static_cast<unsigned>(random() % 30), 4000, 99, static_cast<std::uint16_t>(20 + random() % 6), {{t}, random() % 3 == 0 ? std::vector<double>{} : std::vector<double>{t + 0.1}}));
    }
    const auto source = source_of(std::move(flows));
    const Contacts one(source);
    for (std::uint16_t port = 20; port < 27; ++port) {
        const Contacts alone(source);
        CHECK(one.clients_of({ip(99), net::Port{port}}) == alone.clients_of({ip(99), net::Port{port}}));
    }
}
