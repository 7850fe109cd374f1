#include "app/output/words.hpp"

#include "app/output/trail_fixture.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace fixture = hw::app::output::fixture;
using namespace hw::app::output;
using hw::Decibans;

TEST_CASE("words: the verbal scale is that of the documentation") {
    CHECK(strength(Decibans(-3.1)) == "speaks against it");
    CHECK(strength(Decibans(-2.9)) == "says nothing");
    CHECK(strength(Decibans(2.9)) == "says nothing");
    CHECK(strength(Decibans(3)) == "weak");
    CHECK(strength(Decibans(10)) == "moderate");
    CHECK(strength(Decibans(20)) == "strong");
    CHECK(strength(Decibans(30)) == "very strong");
}

TEST_CASE("words: a probability is never said to be nothing or certainty") {
    CHECK(percent(1.0) == "over 99.9 %");
    CHECK(percent(0.0) == "under 0.1 %");
    CHECK(percent(std::nan("")) == "under 0.1 %");
    CHECK(percent(0.97) == "97 %");
    CHECK(percent(0.9951) == "99.5 %");
    CHECK(percent(0.005) == "0.5 %");
}

TEST_CASE("words: odds and frequencies are rounded to what they are worth") {
    CHECK(odds_words(Decibans(41.2)) == "odds multiplied by 13 000");
    CHECK(odds_words(Decibans(-10)) == "odds divided by 10");
    CHECK(odds_words(Decibans(0)) == "odds unchanged");
    CHECK(how_often(1.2e-5) == "once in 83 000");
    CHECK(how_often(0.234) == "in 23 % of cases");
    CHECK(how_often(4.8e-123) == "at most once in a million");
    CHECK(how_often(0) == how_often(4.8e-123));
}

TEST_CASE("words: only a source ending is called a source") {
    using hw::trace::EndingKind;
    for (const auto kind : {EndingKind::relay_upstream_unseen, EndingKind::lost}) {
        CHECK(ending_sentence({kind, {}, 0.5, {}}, {}).find("source") == std::string::npos);
        CHECK(ending_advice(kind).find("source") == std::string::npos);
    }
}

TEST_CASE("words: a moment on another day carries its day") {
    const Clock clock(hw::Time::from_micros(1'416'823'200'000'000));
    CHECK(clock.day() == "2014-11-24");
    CHECK(clock.moment(hw::Time::from_micros(1'416'823'203'120'000)) == "10:00:03.120");
    CHECK(clock.moment(hw::Time::from_micros(1'416'823'203'120'000 + 86'400'000'000)) == "2014-11-25 10:00:03.120");
}

TEST_CASE("words: groups of three digits") {
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1234567) == "1 234 567");
}

TEST_CASE("words: below 50 % the headline names no source, says what narrows it down, and names the best trail") {
    auto made = fixture::make(2);
    CHECK(headline(made.result, made.context).find("is the source") != std::string::npos);
    made.result.trails[0].probability = 0.49;
    made.result.trails[1].attack = made.result.trails[1].hops.front().link.inbound;  // any other flow
    const std::string text = headline(made.result, made.context);
    CHECK(text.starts_with("No trail is likely:"));
    CHECK(text.find("source") == std::string::npos);
    CHECK(text.find("several flows could be the attack; --peer, --at or a port with --victim") != std::string::npos);
    CHECK(text.find("(49 %) leads through 2 relays to 10.0.3.1.") != std::string::npos);
    made.result.trails[1].attack = made.result.trails[0].attack;
    CHECK(headline(made.result, made.context).find("--peer") == std::string::npos);
    made.result.trails[0].probability = std::nan("");
    CHECK(headline(made.result, made.context).starts_with("No trail is likely:"));
}

TEST_CASE("words: a source that is covered by --covers alone is said to be so by the operator's word") {
    auto made = fixture::make(2);
    const auto& ending = made.result.trails[0].ending;
    CHECK(ending_sentence(ending, made.context).find("word") == std::string::npos);
    made.context.coverage.back().basis = hw::flow::CoverageBasis::declared;
    REQUIRE(made.context.coverage.back().address == ending.address);
    CHECK(ending_sentence(ending, made.context).find("by the operator's word (--covers)") != std::string::npos);
    CHECK(headline(made.result, made.context).find("by the operator's word") != std::string::npos);
}
