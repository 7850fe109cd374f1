#include "trace/sequence_contacts.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {
Contacts contacts_of(std::vector<flow::Flow> flows) {
    const flow::MemorySource source({{"a", {}}, {"b", {}}}, std::move(flows));
    auto contacts = Contacts::build(source);
    REQUIRE(contacts.has_value());
    return *std::move(contacts);
}
}  // namespace

TEST_CASE("contacts: a client counts once, however often it came and whoever saw it") {
    const Packets asked{{1}, {1.1}};
    const auto contacts = contacts_of({make_flow("a", 0, 1, 4000, 9, 443, asked), make_flow("a", 0, 1, 4001, 9, 443, {{5}, {5.1}}),
                                       make_flow("b", 1, 1, 4000, 9, 443, asked), make_flow("a", 0, 2, 4000, 9, 443, asked)});
    CHECK(contacts.clients_of({ip(9), net::Port{443}}) == 2);
    CHECK(contacts.clients_of({ip(9), net::Port{80}}) == 0);
    CHECK(contacts.clients_of({ip(8), net::Port{443}}) == 0);
}

TEST_CASE("contacts: only answered sessions on services that act make somebody an actor") {
    const auto contacts = contacts_of({make_flow("a", 0, 1, 4000, 5, 445, {{1}, {1.1}}), make_flow("a", 0, 1, 4001, 6, 22, {{2}, {2.1}}),
                                       make_flow("a", 0, 1, 4002, 7, 3389, {{3}, {}}), make_flow("a", 0, 1, 4003, 8, 80, {{4}, {4.1}})});
    CHECK(contacts.acted_on_by(ip(1)) == 2);
    CHECK(contacts.acted_on_by(ip(5)) == 0);
}
