#include "trace/pair_score.hpp"

#include "trace/test_traffic.hpp"

#include <cmath>
#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using flow::Direction;

namespace {

constexpr double kLength = 300;
const std::int64_t kFirst = flow::bin_index(test::at_s(0), flow::kActivityBinWidth);

/// An epoch of packets at these seconds, seen all through; `crossed` exchanges client and server.
Epoch epoch_of(const test::Packets& packets, bool crossed = false) {
    const auto bins = [](const std::vector<double>& times) {
        std::vector<flow::ActivityBin> out;
        for (const double t : times) {
            const auto index = flow::bin_index(test::at_s(t), flow::kActivityBinWidth);
            if (out.empty() || out.back().index != index) { out.push_back({index, 0, 0}); }
            ++out.back().packets;
        }
        return out;
    };
    const auto request = bins(crossed ? packets.reply : packets.request);
    const auto reply = bins(crossed ? packets.request : packets.reply);
    return Epoch::make(request, reply, {test::at_s(-60), test::at_s(kLength + 60)}, kFirst, {});
}

struct Strangers {
    std::vector<Epoch> epochs;
    std::vector<const Epoch*> pointers;
    explicit Strangers(std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) { epochs.push_back(epoch_of(test::typed_session(7000 + i, 0, kLength))); }
        for (const auto& e : epochs) { pointers.push_back(&e); }
    }
};

PairMatch match(const Epoch& a, const Epoch& b, const Strangers& strangers) {
    return normalised(score_pair(a, b), cohort_moments(a, strangers.pointers), cohort_moments(b, strangers.pointers));
}

}  // namespace

TEST_CASE("pair score: a relayed copy stands far above strangers, its passage and lags are told") {
    const Strangers strangers(60);
    const auto session = test::typed_session(1, 0, kLength);
    const auto copy = test::relayed(session, 2, 1.5, 0.2);
    const Epoch a = epoch_of(session);
    const Epoch b = epoch_of(copy);
    const PairMatch found = match(a, b, strangers);
    CHECK(found.z > 10);
    CHECK(found.passage == Passage::a_to_b);
    CHECK(found.lag_request >= std::chrono::milliseconds(1000));
    CHECK(found.lag_request <= std::chrono::milliseconds(2500));
    CHECK(found.lag_reply <= std::chrono::milliseconds(-1000));
    CHECK(found.control < found.z);
    for (const auto& stranger : strangers.epochs) { CHECK(match(a, stranger, strangers).z < 6); }
}

TEST_CASE("pair score: exchanging the two flows exchanges the passage and leaves the score") {
    const auto session = test::typed_session(3, 0, kLength);
    const Epoch a = epoch_of(session);
    const Epoch b = epoch_of(test::relayed(session, 4, 1, 0.2));
    const PairScores forth = score_pair(a, b);
    const PairScores back = score_pair(b, a);
    REQUIRE(forth.scales == kViews.size());
    for (std::size_t part = 0; part < kPairParts; ++part) {
        CHECK(forth.score[0][part] == doctest::Approx(back.score[1][part]));
        CHECK(forth.score[1][part] == doctest::Approx(back.score[0][part]));
    }
    for (std::size_t view = 0; view < kViews.size(); ++view) { CHECK(forth.lag_request[0][view] == -back.lag_request[1][view]); }
}

TEST_CASE("pair score: where one relay called back, the crossed passage is found") {
    const Strangers strangers(60);
    const auto session = test::typed_session(5, 0, kLength);
    const PairMatch found = match(epoch_of(session), epoch_of(test::relayed(session, 6, 1, 0.1), true), strangers);
    CHECK(found.z > 10);
    CHECK(found.passage == Passage::a_to_b_crossed);
}

TEST_CASE("pair score: flows that share too little of their lives are not comparable") {
    const auto session = test::typed_session(8, 0, kLength);
    const Epoch a = epoch_of(session);
    const Epoch gone = Epoch::make({}, {}, {test::at_s(1000), test::at_s(1100)}, kFirst, {});
    CHECK(score_pair(a, gone).scales == 0);
    CHECK(normalised(score_pair(a, gone), {}, {}).z == kNoMatch);
    CHECK(score_pair(a, Epoch::make({}, {}, {test::at_s(0), test::at_s(300)}, kFirst, {400, 24})).scales == 0);  // another shape
}

TEST_CASE("pair score: a passage that is ruled out is neither scored nor chosen") {
    const Strangers strangers(60);
    const PairOptions only{.passages = {false, true, false, false}};
    const auto session = test::typed_session(9, 0, kLength);
    const Epoch a = epoch_of(session);
    const Epoch b = epoch_of(test::relayed(session, 10, 3, 0.1));
    const auto found = normalised(score_pair(a, b, only), cohort_moments(a, strangers.pointers, only), cohort_moments(b, strangers.pointers, only), only);
    CHECK(found.passage == Passage::b_to_a);
}

TEST_CASE("pair score: one stranger in fifty that is no stranger does not spoil the cohort") {
    Strangers strangers(60);
    const auto session = test::typed_session(11, 0, kLength);
    const Epoch a = epoch_of(session);
    const auto clean = cohort_moments(a, strangers.pointers);
    const Epoch partner = epoch_of(test::relayed(session, 12, 0.5, 0.1));
    strangers.pointers.front() = &partner;
    const auto spoilt = cohort_moments(a, strangers.pointers);
    for (std::size_t part = 0; part < kPairParts; ++part) {
        const auto f = pair_feature(Passage::a_to_b, part);
        CHECK(spoilt.mean[f] == doctest::Approx(clean.mean[f]).epsilon(0.25));
        CHECK(spoilt.inverse_sd[f] > 0.5F * clean.inverse_sd[f]);
    }
}

TEST_CASE("pair score: the clocks' difference is what the lags of both directions have in common") {
    const auto session = test::typed_session(13, 0, kLength);
    auto copy = test::relayed(session, 14, 1, 0.1);
    for (auto* times : {&copy.request, &copy.reply}) {
        for (auto& t : *times) { t += 3; }
    }
    const Alignment found = align_pair(epoch_of(session), epoch_of(copy), 1);
    CHECK(found.offset() >= std::chrono::milliseconds(2500));
    CHECK(found.offset() <= std::chrono::milliseconds(3500));
    CHECK(found.lag_request > found.lag_reply);
}

TEST_CASE("pair score: two strangers of few long bursts are no more alike than two of many short ones") {
    // Blocks of 20 s, on or off by a coin: a handful of them agree by accident far more often than 1200 bins would.
    const auto blocks = [](std::uint64_t seed) {
        test::Packets packets;
        std::uint64_t state = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        for (int block = 0; block < 15; ++block) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            if ((state >> 40U) % 2 == 0) { continue; }
            for (int k = 0; k < 80; ++k) {
                packets.request.push_back(20 * block + 0.25 * k);
                packets.reply.push_back(20 * block + 0.25 * k + 0.05);
            }
        }
        return epoch_of(packets);
    };
    double most = 0;
    for (std::uint64_t k = 0; k < 40; ++k) {
        const auto scores = score_pair(blocks(2 * k + 1), blocks(2 * k + 2));
        for (const float s : scores.score[0]) { most = std::max(most, static_cast<double>(s)); }
    }
    CHECK(most < 8);  // weighed as if every bin were news, over 20
}

TEST_CASE("pair score: a delay between two multiples of a box is seen as well as one that is a multiple") {
    const Strangers strangers(60);
    const auto session = test::typed_session(21, 0, kLength);
    const Epoch a = epoch_of(session);
    const double whole = match(a, epoch_of(test::relayed(session, 22, 2.0, 0.5)), strangers).z;
    const double between = match(a, epoch_of(test::relayed(session, 22, 3.0, 0.5)), strangers).z;
    CHECK(between > 0.8 * whole);
}
