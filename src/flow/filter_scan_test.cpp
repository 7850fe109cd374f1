#include "flow/filter_scan.hpp"

#include "flow/memory_source.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace hw;
using namespace hw::flow;

namespace {

MemorySource some_source() {
    std::mt19937_64 random(3);
    std::vector<Flow> flows;
    for (unsigned i = 0; i < 2000; ++i) {
        Flow f;
        f.client = {net::Address::v4(static_cast<std::uint32_t>(random() % 20)), net::Port{static_cast<std::uint16_t>(random() % 5)}};
        f.server = {net::Address::v4(static_cast<std::uint32_t>(random() % 20)), net::Port{static_cast<std::uint16_t>(random() % 5)}};
        f.first = Time::from_micros(static_cast<std::int64_t>(random() % 1000));
        f.last = f.first + Duration(random() % 3 == 0 ? 0 : random() % 400);
        f.id = FlowId{random() % 1500};  // some alike
        flows.push_back(f);
    }
    return {{{"o", {}}}, std::move(flows)};
}

}  // namespace

TEST_CASE("filter scan: by the index of hosts or over everything, the same flows in the same order") {
    const MemorySource source = some_source();
    for (const auto* text : {"host 0.0.0.3", "host in [0.0.0.1 0.0.0.3 0.0.0.7] and port 2", "src host 0.0.0.1 or dst host 0.0.0.2", "net 0.0.0.0/30", "host 0.0.0.99", ""}) {
        for (const Interval window : {Interval{Time::from_micros(0), Time::from_micros(2000)}, Interval{Time::from_micros(500), Time::from_micros(500)}}) {
            const Filter filter = parse_filter(text).value();
            const auto matcher = FlowMatcher::compile(filter, source.observers()).value();
            std::vector<const Flow*> plain;
            for (const Flow& f : source.flows()) {
                if (f.first <= window.to && window.from <= f.last && matcher(f)) { plain.push_back(&f); }
            }
            std::vector<const Flow*> found;
            REQUIRE(scan_matching(source, window, bounds_of(filter), matcher, [&](const Flow& f) { found.push_back(&f); return true; }));
            CAPTURE(text);
            CHECK(found.size() == plain.size());
            CHECK(std::ranges::equal(found, plain, [](const Flow* a, const Flow* b) { return a->first == b->first && a->id == b->id; }));
            std::ranges::sort(found);
            std::ranges::sort(plain);
            CHECK(found == plain);  // each once
        }
    }
}

TEST_CASE("filter scan: told to stop, it stops") {
    const MemorySource source = some_source();
    for (const auto* text : {"", "host 0.0.0.3"}) {
        const Filter filter = parse_filter(text).value();
        int seen = 0;
        REQUIRE(scan_matching(source, source.interval(), bounds_of(filter), FlowMatcher::compile(filter, source.observers()).value(), [&](const Flow&) { return ++seen < 5; }));
        CHECK(seen == 5);
    }
}
