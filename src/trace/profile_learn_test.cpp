#include "trace/profile_learn.hpp"

#include "trace/test_traffic.hpp"

#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <random>

using namespace hw::trace;
using namespace hw::trace::test;

namespace {

std::vector<double> scores_of_strangers(std::size_t n, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::exponential_distribution<double> law(1);
    std::vector<double> sample(n);
    for (auto& x : sample) { x = law(random); }
    return sample;
}

/// Sixteen sessions into host 1 and as many out of it, one after the other; nothing but strangers.
std::vector<hw::flow::Flow> strangers() {
    std::vector<hw::flow::Flow> flows;
    for (unsigned i = 0; i < 16; ++i) {
        const auto port = static_cast<std::uint16_t>(40000 + i);
        flows.push_back(make_flow("r", 0, 10 + i, port, 1, 22, typed_session(100 + i, 70.0 * i, 60)));
        flows.push_back(make_flow("r", 0, 1, port, 60 + i, 22, typed_session(500 + i, 70.0 * i, 60)));
    }
    return flows;
}

}  // namespace

TEST_CASE("profile learning: true links among the scores are excluded, and a clean sample loses next to nothing") {
    auto scores = scores_of_strangers(20'000, 6);
    CHECK(exclude_strong(scores) == 0);
    for (int i = 0; i < 150; ++i) { scores.push_back(60 + i % 7); }
    CHECK(exclude_strong(scores) == 150);
    CHECK(scores.back() < 25);
}

TEST_CASE("profile learning: learnt from traffic full of relays it is nearly that of the same traffic without them, on any number of threads") {
    std::vector<hw::flow::Flow> plain;
    std::vector<hw::flow::Flow> relays;
    for (unsigned i = 0; i < 16; ++i) {
        const auto in = typed_session(100 + i, 70.0 * i, 60);
        const auto port = static_cast<std::uint16_t>(40000 + i);
        plain.push_back(make_flow("r", 0, 10 + i, port, 1, 22, in));
        plain.push_back(make_flow("r", 0, 1, port, 60 + i, 22, typed_session(500 + i, 70.0 * i, 60)));
        relays.push_back(make_flow("r", 0, 10 + i, port, 1, 22, in));
        relays.push_back(make_flow("r", 0, 1, port, 60 + i, 22, relayed(in, 900 + i, 0.05, 0.02)));
    }
    LearnOptions options;
    options.pairs = 1500;
    const hw::flow::MemorySource clean({{"r", {}}}, std::move(plain));
    const hw::flow::MemorySource poisoned({{"r", {}}}, std::move(relays));
    const auto a = learn_profile(clean, options);
    const auto b = learn_profile(poisoned, options);
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    CHECK(a->pairs >= 1500);
    const auto* null_a = a->find(TrafficClass{});
    const auto* null_b = b->find(TrafficClass{});
    REQUIRE(null_a != nullptr);
    REQUIRE(null_b != nullptr);
    CHECK(null_b->log_p(6) < std::log(0.01));
    CHECK(std::abs(null_a->log_p(3) - null_b->log_p(3)) < 1.5);
    options.link.threads = 2;
    CHECK(render_profile(*learn_profile(poisoned, options)) == render_profile(*b));
}

TEST_CASE("profile learning: with nothing to compare, the error says what is wanted") {
    const hw::flow::MemorySource empty({{"r", {}}}, {});
    const auto none = learn_profile(empty, {});
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().code == hw::Errc::limit);
    CHECK(none.error().hint.find("15 s") != std::string::npos);
}

TEST_CASE("profile learning: at most one score in a hundred is excluded, however far out the rest lie") {
    auto scores = scores_of_strangers(1000, 3);
    for (int i = 0; i < 100; ++i) { scores.push_back(500 + i); }
    CHECK(exclude_strong(scores) <= 11);
    CHECK(std::ranges::is_sorted(scores));
}

TEST_CASE("profile learning: too few scores to judge by lose none") {
    std::vector<double> scores{1, 2, 1000};
    CHECK(exclude_strong(scores) == 0);
    CHECK(scores.size() == 3);
}

TEST_CASE("profile learning: of a host that is left out nothing is learnt") {
    const hw::flow::MemorySource source({{"r", {}}}, strangers());
    LearnOptions options;
    options.pairs = 300;
    CHECK(learn_profile(source, options).has_value());
    options.without = {{ip(1), std::nullopt}};
    const auto none = learn_profile(source, options);
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().code == hw::Errc::limit);
}

TEST_CASE("profile learning: stopped, it writes no half profile") {
    const hw::flow::MemorySource source({{"r", {}}}, strangers());
    std::stop_source stop;
    stop.request_stop();
    LearnOptions options;
    options.link.stop = stop.get_token();
    const auto none = learn_profile(source, options);
    REQUIRE_FALSE(none.has_value());
    CHECK((none.error().code == hw::Errc::interrupted || none.error().code == hw::Errc::limit));
}
