#include "flow/clickhouse/partitions.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow::clickhouse;

namespace {
constexpr std::int64_t kDay = 86'400'000'000;
Time at(std::int64_t micros) { return Time::from_micros(micros); }

Partitions three_days() {
    Partitions days;
    days.add(10, {.flows = 100, .min_first = at(10 * kDay - 5), .max_last = at(11 * kDay - 1)});
    days.add(11, {.flows = 1000, .min_first = at(11 * kDay), .max_last = at(12 * kDay - 1)});
    days.add(20, {.flows = 1, .min_first = at(11 * kDay + 7), .max_last = at(20 * kDay + 9)});  // one that lasts nine days
    return days;
}
}  // namespace

TEST_CASE("clickhouse partitions: a query names the days that its window touches, long flows' days too, and no other") {
    const Partitions days = three_days();
    CHECK(*days.condition({at(10 * kDay), at(10 * kDay + 1)}) ==
          "(day = toDate(10)) AND last >= 864000000000 AND last <= 950399999999 AND first <= 864000000001");
    CHECK(days.condition({at(11 * kDay + 8), at(11 * kDay + 8)})->starts_with("(day BETWEEN toDate(11) AND toDate(20))"));
    CHECK(days.condition({at(15 * kDay), at(15 * kDay)})->starts_with("(day = toDate(20))"));
    CHECK(days.condition({at(10 * kDay), at(10 * kDay)})->find("toDate(20)") == std::string::npos);
    CHECK_FALSE(days.condition({at(0), at(10 * kDay - 6)}));
    CHECK_FALSE(days.condition({at(20 * kDay + 10), at(30 * kDay)}));
    CHECK_FALSE(Partitions().condition({at(0), at(1)}));
}

TEST_CASE("clickhouse partitions: the pieces of a scan hold every first packet once, in order") {
    const Partitions days = three_days();
    const auto pieces = days.pieces({at(0), at(30 * kDay)}, 300);
    REQUIRE(pieces.size() >= 5);
    CHECK(pieces.front().from == at(10 * kDay - 5));
    CHECK(pieces.back().to >= at(20 * kDay + 9));
    for (std::size_t i = 1; i < pieces.size(); ++i) { CHECK(pieces[i].from == pieces[i - 1].to + Duration(1)); }
    CHECK(days.pieces({at(0), at(1)}, 300).empty());
}

TEST_CASE("clickhouse partitions: several imports of a day are one day") {
    Partitions days = three_days();
    days.add(10, {.flows = 1, .min_first = at(9 * kDay), .max_last = at(10 * kDay + 1)});
    CHECK(days.condition({at(9 * kDay), at(9 * kDay)}));
    CHECK(days.interval() == Interval{at(9 * kDay), at(20 * kDay + 9)});
    CHECK_FALSE(Partitions().interval());
}
