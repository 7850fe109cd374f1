#include "flow/read/sequence.hpp"

#include <doctest/doctest.h>

using hw::flow::read::SequenceTrack;

TEST_CASE("sequence: bytes count once, however often they are sent") {
    SequenceTrack track;
    track.start(1000);
    CHECK(track.fresh(1001, 100) == 100);
    CHECK(track.fresh(1001, 100) == 0);
    CHECK(track.fresh(1051, 100) == 50);
    CHECK(track.next() == 1151);
}

TEST_CASE("sequence: a keep-alive is no data") {
    SequenceTrack track;
    track.start(1000);
    CHECK(track.fresh(1001, 10) == 10);
    CHECK(track.fresh(1010, 1) == 0);
    CHECK(track.fresh(1010, 0) == 0);
}

TEST_CASE("sequence: numbers wrap") {
    SequenceTrack track;
    track.start(0xffff'fff0U);
    CHECK(track.fresh(0xffff'fff1U, 100) == 100);
    CHECK(track.fresh(0xffff'fff1U, 100) == 0);
    CHECK(track.fresh(0x55U, 10) == 10);
}

TEST_CASE("sequence: a segment that was overtaken counts when it comes, and once") {
    SequenceTrack track;
    track.start(0);
    CHECK(track.fresh(1, 100) == 100);
    CHECK(track.fresh(201, 100) == 100);
    CHECK(track.fresh(101, 50) == 50);
    CHECK(track.fresh(101, 100) == 50);
    CHECK(track.fresh(101, 100) == 0);
}

TEST_CASE("sequence: a stray segment far away does not silence what follows") {
    SequenceTrack track;
    track.start(0);
    CHECK(track.fresh(1, 100) == 100);
    CHECK(track.fresh(0x4000'0000U, 10) == 10);
    CHECK(track.fresh(101, 100) == 100);
    CHECK(track.fresh(201, 100) == 100);
    // Even one within the window only opens a hole, which the rest fills.
    CHECK(track.fresh(0x0080'0000U, 10) == 10);
    CHECK(track.fresh(301, 100) == 100);
    CHECK(track.fresh(401, 100) == 100);
}
