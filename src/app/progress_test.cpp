#include "app/progress.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;

TEST_CASE("progress: a line of reading says how far, how fast and how long still") {
    CHECK(hw::app::reading_line(1'200'000'000, 2'000'000'000, 4'200'000, 2s) ==
          "reading  1.20 GB of 2.00 GB  2.10 M records/s  2.0 s left");
}

TEST_CASE("progress: with an unknown total there is no promise of an end") {
    CHECK(hw::app::reading_line(1'000, 0, 10, 1s) == "reading  1.00 kB  10 records/s");
}

TEST_CASE("progress: nothing done yet is no division by zero") {
    CHECK(hw::app::reading_line(0, 100, 0, 0s) == "reading  0 B of 100 B  0 records/s");
}

TEST_CASE("progress: a line of comparing says how far, how fast and how long still") {
    CHECK(hw::app::comparing_line(1'000, 5'000, "pairs", 2s) == "comparing  1000 of 5000 pairs  500/s  9.0 s left");
    CHECK(hw::app::comparing_line(0, 5'000, "pairs", 0s) == "comparing  0 of 5000 pairs  0/s");
}
