#include "flow/copies.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace {

using namespace hw;
using namespace hw::flow;

Flow seen(unsigned observer, double first, double last, std::uint64_t bytes, std::uint16_t port = 1000, bool turned = false) {
    Flow f;
    f.observer = ObserverId{static_cast<std::uint16_t>(observer)};
    f.client = {net::Address::v4(0x0a000001), net::Port{port}};
    f.server = {net::Address::v4(0xc6336401), net::Port{443}};
    if (turned) { std::swap(f.client, f.server); }
    f.protocol = Protocol::tcp;
    f.first = Time::from_micros(static_cast<std::int64_t>(first * 1e6));
    f.last = Time::from_micros(static_cast<std::int64_t>(last * 1e6));
    f.request = {.packets = 1, .bytes = bytes};
    return f;
}

struct Given {
    std::vector<Flow> flows;
    std::vector<std::vector<ObserverId>> observers;
    std::uint64_t copies = 0;
};

Given merged(std::vector<Flow> flows) {
    std::ranges::stable_sort(flows, {}, &Flow::first);
    Given given;
    CopyMerger merger([&](const Flow& f, const Flow*, std::span<const ObserverId> observers) {
        given.flows.push_back(f);
        given.observers.emplace_back(observers.begin(), observers.end());
        return true;
    });
    for (const Flow& f : flows) { merger.add(f); }
    merger.finish();
    given.copies = merger.copies();
    return given;
}

TEST_CASE("copies: what two observers saw of one conversation is given once, by the one that counted more, with both named") {
    for (const bool turned : {false, true}) {
        const auto given = merged({seen(0, 100, 110, 500), seen(1, 101, 110.5, 700, 1000, turned)});
        REQUIRE(given.flows.size() == 1);
        CHECK(given.flows[0].observer == ObserverId{1});
        CHECK(given.observers[0] == std::vector{ObserverId{0}, ObserverId{1}});
        CHECK(given.copies == 1);
    }
}

TEST_CASE("copies: pieces that one observer cut otherwise than the other stay together, and are not counted twice") {
    const auto given = merged({seen(0, 0, 60, 600), seen(0, 60.2, 120, 600), seen(0, 120.2, 170, 500), seen(1, 0.1, 120, 1150), seen(1, 120.3, 170, 450)});
    CHECK(given.flows.size() == 3);
    CHECK(given.copies == 2);
    std::uint64_t bytes = 0;
    for (const Flow& f : given.flows) { bytes += f.request.bytes; }
    CHECK(bytes == 1700);
}

TEST_CASE("copies: what one observer saw while the other did not is no copy") {
    const auto given = merged({seen(0, 0, 60, 900), seen(1, 50, 59, 100), seen(1, 64.9, 120, 600), seen(1, 66, 120, 10)});
    CHECK(given.flows.size() == 3);
    CHECK(given.copies == 1);
}

TEST_CASE("copies: sampled counts are weighed scaled up") {
    auto sampled = seen(1, 100, 110, 9);
    sampled.sampling = 100;
    const auto given = merged({seen(0, 100, 110, 500), sampled});
    REQUIRE(given.flows.size() == 1);
    CHECK(given.flows[0].observer == ObserverId{1});
}

TEST_CASE("copies: conversations apart in time or by their ports, and flows of one observer, are none") {
    CHECK(merged({seen(0, 100, 110, 5), seen(1, 115.1, 120, 5)}).flows.size() == 2);
    CHECK(merged({seen(0, 100, 110, 5), seen(1, 100, 110, 5, 1001)}).flows.size() == 2);
    const auto given = merged({seen(0, 100, 110, 5), seen(0, 105, 112, 5)});
    CHECK(given.flows.size() == 2);
    CHECK(given.copies == 0);
}

TEST_CASE("copies: of very many nothing is lost, and few are held at a time") {
    std::vector<Flow> flows;
    for (unsigned i = 0; i < 200'000; ++i) {
        for (const unsigned observer : {0U, 1U}) { flows.push_back(seen(observer, i * 0.01, i * 0.01 + 1, 100 + observer, static_cast<std::uint16_t>(i % 60'000))); }
    }
    const auto given = merged(std::move(flows));
    CHECK(given.flows.size() == 200'000);
    CHECK(given.copies == 200'000);
    CHECK(std::ranges::all_of(given.flows, [](const Flow& f) { return f.observer == ObserverId{1}; }));
}

}  // namespace
