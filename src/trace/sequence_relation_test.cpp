#include "trace/sequence_relation.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {
constexpr unsigned kHost = 1;

struct Scene {
    std::vector<flow::Flow> flows;
    std::vector<Relation> relations;
    std::unique_ptr<flow::MemorySource> source;
    std::optional<Contacts> contacts;
    std::vector<const flow::Flow*> visits;

    void add(unsigned client, unsigned server, std::uint16_t port, double t, double length = 0.2) {
        const auto own = static_cast<std::uint16_t>(4000 + flows.size());
        flows.push_back(make_flow("o", 0, client, own, server, port, {{t, t + length}, {t + 0.05, t + length}}));
    }
    void judge() {
        source = std::make_unique<flow::MemorySource>(std::vector<flow::Observer>{{"o", {}}}, flows);
        contacts.emplace(*source);
        std::vector<const flow::Flow*> all;
        for (const auto& f : flows) {
            if (f.touches(ip(kHost))) { all.push_back(&f); }
            if (f.server.address == ip(kHost) && is_service_that_acts(f.server.port)) { visits.push_back(&f); }
        }
        const std::array<net::Address, 1> host{ip(kHost)};
        relations = relations_of(host, all, [](const net::Address&) { return true; });
    }
    RelationKind kind(unsigned partner, std::uint16_t port) const {
        const RelationJudge judge(relations, visits, *contacts, {at_s(0), at_s(600)});
        for (const auto& r : relations) {
            if (r.partner == ip(partner) && r.service.port == net::Port{port}) { return judge.kind_of(r); }
        }
        return {};
    }
};
}  // namespace

TEST_CASE("relation: a hundred polls are one line of control") {
    Scene scene;
    for (int i = 0; i < 100; ++i) { scene.add(kHost, 9, 443, 5.0 * i); }
    scene.add(9, kHost, 22, 3);
    scene.judge();
    REQUIRE(scene.relations.size() == 2);
    CHECK(scene.relations[0].flows.size() + scene.relations[1].flows.size() == 101);
}

TEST_CASE("relation: a rare host called again and again is rather a master than what everybody calls") {
    Scene scene;
    for (int i = 0; i < 60; ++i) {
        scene.add(kHost, 9, 443, 30 + 5.0 * i);
        scene.add(kHost, 8, 443, 3 + 5.1 * i);
        for (unsigned other = 20; other < 32; ++other) { scene.add(other, 8, 443, 3 + 5.0 * i); }
    }
    scene.judge();
    CHECK(scene.kind(9, 443).total().value() > 8);
    CHECK(scene.kind(8, 443).total().value() < 0);
}

TEST_CASE("relation: what was first called just after somebody's session was planted in it") {
    Scene scene;
    scene.add(7, kHost, 445, 200);
    scene.add(6, kHost, 445, 450);
    for (int i = 0; i < 30; ++i) {
        scene.add(kHost, 9, 8443, 204 + 5.0 * i);
        scene.add(kHost, 8, 8443, 100 + 5.0 * i);
    }
    scene.judge();
    CHECK(scene.kind(9, 8443).planted.value() > 6);
    CHECK(scene.kind(8, 8443).planted.value() < 0);
}

TEST_CASE("relation: a look-up in a directory commands nobody, monitoring visits all") {
    Scene scene;
    scene.add(kHost, 9, 389, 10);
    scene.add(7, kHost, 22, 20);
    scene.add(8, kHost, 22, 30);
    for (unsigned other = 20; other < 32; ++other) { scene.add(8, other, 22, 40); }
    scene.judge();
    CHECK(scene.kind(9, 389).total().value() < -10);
    CHECK(scene.kind(7, 22).rarity > scene.kind(8, 22).rarity + Decibans(10));
}

TEST_CASE("relation: a connection older than the log is the host's own call, whichever end the log took for the client") {
    Scene scene;
    for (unsigned other = 20; other < 24; ++other) { scene.add(9, other, 40000, 1, 300); }
    scene.add(9, kHost, 51000, 1, 300);
    for (auto& f : scene.flows) {
        f.basis = flow::InitiatorBasis::exporter;
        f.client.port = net::Port{5223};
    }
    scene.judge();
    REQUIRE(scene.relations.size() == 1);
    CHECK(scene.relations[0].opened);
    CHECK(scene.relations[0].service == net::Endpoint{ip(9), net::Port{5223}});
    CHECK(scene.kind(9, 5223).rarity.value() < -3);  // shared by five
}

TEST_CASE("relation: who comes to give commands again and again is rather a master than who comes once") {
    Scene scene;
    for (int i = 0; i < 10; ++i) { scene.add(7, kHost, 5985, 50 + 20.0 * i); }
    scene.add(6, kHost, 5985, 50);
    scene.judge();
    CHECK(scene.kind(7, 5985).persistence > scene.kind(6, 5985).persistence);
}
