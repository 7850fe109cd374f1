#include "flow/flow_list.hpp"

#include <doctest/doctest.h>

using namespace hw::flow;

TEST_CASE("flow list: gives what was added, in order, whatever the pieces") {
    FlowList list;
    const auto numbered = [](std::uint64_t n) {
        Flow flow;
        flow.id = FlowId{n};
        return flow;
    };
    std::uint64_t next = 0;
    while (next < 300'000) { list.add(numbered(next++)); }
    std::vector<Flow> some;
    while (next < 300'010) { some.push_back(numbered(next++)); }
    list.add(std::move(some));
    FlowList other;
    while (next < 600'000) { other.add(numbered(next++)); }
    list.add(std::move(other));
    CHECK(list.size() == 600'000);
    list.for_each([](Flow& flow) { flow.sampling = 7; });
    const std::vector<Flow> all = list.take();
    REQUIRE(all.size() == 600'000);
    for (std::uint64_t i = 0; i < all.size(); ++i) {
        REQUIRE(all[i].id == FlowId{i});
        REQUIRE(all[i].sampling == 7);
    }
    CHECK(list.size() == 0);
    CHECK(list.take().empty());
}
