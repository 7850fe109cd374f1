#include "trace/ending.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>
#include <functional>
#include <memory>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {

/// A host with one long session out, watched the whole time, and nothing upstream that fits: what may be called a source
/// unless something is changed.
struct Scene {
    Scene() {
        flows.push_back(make_flow("o", 0, 1, 4000, 2, 22, typed_session(1, 10, 120)));
        flows.push_back(make_flow("o", 0, 3, 4001, 1, 80, typed_session(2, 10, 20)));
        found.pairs = 1;
        found.p_self = 1e-6;
        found.linked.none = 0.99;
        watch = {ip(1), flow::ObserverId{0}, {at_s(-30), at_s(300)}, flow::CoverageBasis::capture_point};
    }
    Judged judge() {
        source = std::make_unique<flow::MemorySource>(observers, flows);
        const auto all = source->flows_of(ip(1), source->interval()).value();
        std::vector<const flow::Flow*> own;
        const flow::Flow* action = nullptr;
        for (const auto* f : all) {
            if (f->observer == watch.observer) { own.push_back(f); }
            if (f->observer == watch.observer && f->client.address == ip(1) && f->client.port == net::Port{4000} && f->end != flow::FlowEnd::idle_timeout) { action = f; }
        }
        REQUIRE(action != nullptr);
        const HopInput hop{.host = {ip(1)}, .action = action, .flows = own, .seen = watch.interval, .downstream = {}, .contacts = nullptr};
        if (ordered) { found.order_flow = own.back(); }
        Views views = Views::build(*source).value();
        return judge_ending({ip(1), hop, found, watch}, *source, views);
    }
    std::vector<flow::Observer> observers{{"o", {}}};
    std::vector<flow::Flow> flows;
    HopResult found;
    flow::CoveredHost watch;
    bool ordered = false;
    std::unique_ptr<flow::MemorySource> source;
};

}  // namespace

TEST_CASE("ending: a host is called the source only when every doubt is excluded") {
    Scene plain;
    CHECK(plain.judge().kind == EndingKind::source);

    const std::vector<std::pair<std::string, std::function<void(Scene&)>>> doubts{
        {"not watched for the whole life", [](Scene& s) { s.watch.interval.to = at_s(60); }},
        {"already running", [](Scene& s) {
             s.watch.interval.from = at_s(9.5);
             s.flows[0].basis = flow::InitiatorBasis::port;
         }},
        {"too short or too even", [](Scene& s) { s.found.p_self = 0.01; }},
        {"none well enough", [](Scene& s) { s.found.linked.none = 0.7; }},
        {"an order may have come", [](Scene& s) {
             s.ordered = true;
             s.found.order = Decibans{8.0};
         }},
        {"gave commands in a session", [](Scene& s) { s.found.session_flow = &s.flows[1]; }},
    };
    for (const auto& [words, doubt] : doubts) {
        CAPTURE(words);
        Scene scene;
        doubt(scene);
        const Judged judged = scene.judge();
        CHECK(judged.kind == EndingKind::lost);
        CHECK(judged.reason.find(words) != std::string::npos);
    }
}

TEST_CASE("ending: a piece that continues a record cut by a timeout has no beginning to explain") {
    Scene scene;
    auto before = make_flow("o", 0, 1, 4000, 2, 22, typed_session(5, 0, 5));
    before.end = flow::FlowEnd::idle_timeout;
    before.last = at_s(9);
    scene.flows.push_back(before);
    CHECK(scene.judge().kind == EndingKind::lost);
}

TEST_CASE("ending: where neighbours pass the observer by, the upstream is unseen") {
    Scene scene;
    scene.watch.basis = flow::CoverageBasis::segment;
    CHECK(scene.judge().kind == EndingKind::relay_upstream_unseen);
}

TEST_CASE("ending: what another observer saw and this one did not is told, and keeps the host from being the source") {
    Scene scene;
    scene.observers.push_back({"other", {}});
    scene.flows.push_back(make_flow("other", 1, 9, 5555, 1, 22, typed_session(7, 30, 40)));
    const Judged judged = scene.judge();
    CHECK(judged.kind == EndingKind::relay_upstream_unseen);
    CHECK(judged.reason.find("other") != std::string::npos);
    CHECK(judged.reason.find(net::to_string(ip(9))) != std::string::npos);
}

TEST_CASE("ending: a source on the operator's word alone says that it is so") {
    Scene scene;
    scene.watch.basis = flow::CoverageBasis::declared;
    const Judged judged = scene.judge();
    CHECK(judged.kind == EndingKind::source);
    CHECK(judged.reason.find("your word") != std::string::npos);
}

TEST_CASE("ending: the far end is the one that is none of the box's addresses") {
    const auto f = make_flow("o", 0, 1, 4000, 2, 22, {{1}, {2}});
    const std::vector<net::Address> client{ip(1), ip(5)};
    const std::vector<net::Address> server{ip(2)};
    CHECK(far_end(f, client) == ip(2));
    CHECK(far_end(f, server) == ip(1));
}
