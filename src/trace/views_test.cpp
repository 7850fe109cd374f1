#include "trace/views.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {
Packets moved(Packets p, double seconds) {
    for (auto& t : p.request) { t += seconds; }
    for (auto& t : p.reply) { t += seconds; }
    return p;
}
}  // namespace

TEST_CASE("views: the same conversation is found in another observer's data, whatever its clock says") {
    std::vector<flow::Flow> flows;
    for (unsigned i = 0; i < 9; ++i) {
        const auto p = typed_session(i, 10.0 * i, 20);
        flows.push_back(make_flow("a", 0, 3, static_cast<std::uint16_t>(4000 + i), 4, 22, p));
        flows.push_back(make_flow("b", 1, 3, static_cast<std::uint16_t>(4000 + i), 4, 22, moved(p, 7.25)));
    }
    const flow::MemorySource source({{"a", {at_s(0), at_s(200)}}, {"b", {at_s(0), at_s(200)}}}, flows);
    const auto views = Views::build(source);
    REQUIRE(views.has_value());
    CHECK(views->clocks()[1].ahead == std::chrono::milliseconds(7250));
    CHECK(views->clocks()[1].shared_flows == 9);
    for (const auto& f : source.flows()) {
        if (f.observer != flow::ObserverId{0}) { continue; }
        const auto* twin = views->seen_by(f, flow::ObserverId{1});
        REQUIRE(twin != nullptr);
        CHECK(twin->client == f.client);
        CHECK(views->seen_by(*twin, flow::ObserverId{0}) == &f);
    }
}

TEST_CASE("views: clocks are carried over observers that share flows only through a third") {
    std::vector<flow::Flow> flows;
    for (unsigned i = 0; i < 5; ++i) {
        const auto p = typed_session(i, 10.0 * i, 20);
        const auto port = static_cast<std::uint16_t>(4000 + i);
        flows.push_back(make_flow("a", 0, 3, port, 4, 22, p));
        flows.push_back(make_flow("b", 1, 3, port, 4, 22, moved(p, 2)));
        const auto q = typed_session(50 + i, 12.0 * i, 20);
        flows.push_back(make_flow("b", 1, 4, port, 5, 22, moved(q, 2)));
        flows.push_back(make_flow("c", 2, 4, port, 5, 22, moved(q, -1)));
    }
    const Interval all{at_s(-10), at_s(200)};
    const flow::MemorySource source({{"a", all}, {"b", all}, {"c", all}}, flows);
    const auto views = Views::build(source);
    REQUIRE(views.has_value());
    CHECK(views->translate(at_s(100), flow::ObserverId{0}, flow::ObserverId{2}) == at_s(99));
}

TEST_CASE("views: a later connection that reuses the ports is not the same conversation") {
    const auto p = typed_session(1, 10, 20);
    std::vector<flow::Flow> flows{make_flow("a", 0, 3, 4000, 4, 22, p), make_flow("b", 1, 3, 4000, 4, 22, moved(p, 0.01)),
                                  make_flow("b", 1, 3, 4000, 4, 22, moved(p, 120))};
    const Interval all{at_s(0), at_s(200)};
    const flow::MemorySource source({{"a", all}, {"b", all}}, flows);
    const auto views = Views::build(source);
    REQUIRE(views.has_value());
    const auto* late = &source.flows()[2];
    CHECK(late->first > at_s(100));
    CHECK(views->seen_by(*late, flow::ObserverId{0}) == nullptr);
}

TEST_CASE("views: observers that share nothing are taken to agree, and say that they share nothing") {
    std::vector<flow::Flow> flows{make_flow("a", 0, 3, 4000, 4, 22, typed_session(1, 10, 20)), make_flow("b", 1, 5, 4000, 6, 22, typed_session(2, 10, 20))};
    const Interval all{at_s(0), at_s(200)};
    const flow::MemorySource source({{"a", all}, {"b", all}}, flows);
    const auto views = Views::build(source);
    REQUIRE(views.has_value());
    CHECK(views->clocks()[1].ahead == Duration{0});
    CHECK(views->clocks()[1].shared_flows == 0);
}

TEST_CASE("views: of many pieces of one conversation the nearest in time is meant, of equally near ones that of least id") {
    std::mt19937_64 random(7);
    std::vector<flow::Flow> flows;
    for (unsigned i = 0; i < 300; ++i) {  // moments on whole seconds, so that many are equally near
        const auto begin = static_cast<double>(random() % 200);
        auto f = make_flow(i % 2 == 0 ? "a" : "b", i % 2, 3, 4000, 4, 22, {{begin, begin + 1}, {begin + 0.5}});
        f.id = static_cast<flow::FlowId>(random());
        flows.push_back(f);
    }
    const Interval all{at_s(0), at_s(300)};
    const flow::MemorySource source({{"a", all}, {"b", all}}, flows);
    const auto views = Views::build(source);
    REQUIRE(views.has_value());
    const auto all_views = Views::of_all(source);
    REQUIRE(all_views.has_value());
    for (const auto& f : source.flows()) {
        const auto other = f.observer == flow::ObserverId{0} ? flow::ObserverId{1} : flow::ObserverId{0};
        const flow::Flow* nearest = nullptr;
        for (const auto& g : source.flows()) {
            const auto apart = std::chrono::abs(g.first - f.first);
            if (g.observer != other || apart > std::chrono::seconds(10)) { continue; }
            const auto least = nearest == nullptr ? Duration::max() : std::chrono::abs(nearest->first - f.first);
            if (apart < least || (apart == least && g.id < nearest->id)) { nearest = &g; }
        }
        CHECK(views->seen_by(f, other) == nearest);
        CHECK(all_views->seen_by(f, other) == nearest);
    }
}

TEST_CASE("views: what was looked up beforehand gives the answers that asking gives") {
    std::vector<flow::Flow> flows;
    for (unsigned i = 0; i < 40; ++i) {
        const auto p = typed_session(i, 5.0 * i, 20);
        flows.push_back(make_flow("a", 0, 3, static_cast<std::uint16_t>(4000 + i % 7), 4, 22, p));
        flows.push_back(make_flow("b", 1, 3, static_cast<std::uint16_t>(4000 + i % 7), 4, 22, moved(p, 1.5)));
    }
    const Interval all{at_s(0), at_s(400)};
    const flow::MemorySource source({{"a", all}, {"b", all}}, flows);
    const auto asking = Views::build(source);
    auto knowing = Views::build(source);
    REQUIRE((asking.has_value() && knowing.has_value()));
    const Interval part{at_s(50), at_s(150)};
    knowing->know(source.flows()[0].client.address, part, *source.flows_of(source.flows()[0].client.address, part));
    for (const auto& f : source.flows()) {
        const auto other = f.observer == flow::ObserverId{0} ? flow::ObserverId{1} : flow::ObserverId{0};
        CHECK(knowing->seen_by(f, other) == asking->seen_by(f, other));
    }
}
