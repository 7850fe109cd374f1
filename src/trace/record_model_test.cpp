#include "trace/record_model.hpp"

#include <doctest/doctest.h>

using namespace hw::trace;

namespace {

RecordRow inflow() { return {.first_us = 0, .last_us = 10'000'000, .up = 5000, .down = 80'000, .up_packets = 40, .down_packets = 70}; }

/// What a relay would open for `in`: so much later, so many bytes less.
RecordRow outflow(const RecordRow& in, std::int64_t delay_us, std::int64_t up_less, std::int64_t down_less) {
    RecordRow out = in;
    out.first_us += delay_us;
    out.last_us += delay_us / 2;
    out.up -= up_less;
    out.down -= down_less;
    return out;
}

double shares(const RecordModel& model) {
    double sum = 0;
    for (std::size_t k = 0; k < kRelayClasses; ++k) { sum += model.law(static_cast<RelayClass>(k)).share; }
    return sum;
}

}  // namespace

TEST_CASE("record model: the shares of the relay classes sum to one, before and after learning") {
    CHECK(shares(RecordModel::prior()) == doctest::Approx(1).epsilon(1e-6));
    CHECK(shares(RecordModel::leaning(RelayClass::tls_wrap)) == doctest::Approx(1).epsilon(1e-6));
    const RecordRow in = inflow();
    const RecordRow out = outflow(in, 20'000, 130, 40);
    const std::vector<WeightedPair> pairs(50, {&in, &out, 1});
    CHECK(shares(RecordModel::prior().fit(pairs)) == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("record model: every table is a density, its masses sum to one") {
    const RecordModel model = RecordModel::prior();
    double delay = 0;
    for (std::size_t i = 0; i < kDelayBins; ++i) { delay += static_cast<double>(model.delays().start.density[i]) * delay_place(i).width; }
    CHECK(delay == doctest::Approx(1).epsilon(1e-4));
    for (std::size_t k = 0; k < kRelayClasses; ++k) {
        double bytes = 0;
        const ByteLaw& law = model.law(static_cast<RelayClass>(k)).up;
        for (std::size_t i = 0; i < kByteBins; ++i) { bytes += static_cast<double>(law.table.density[i]) * byte_place(i).width; }
        CHECK(bytes == doctest::Approx(1).epsilon(1e-4));
    }
}

TEST_CASE("record model: the same bytes a moment later are likelier by far than other bytes a minute later") {
    const RecordModel model = RecordModel::prior();
    const RecordRow in = inflow();
    CHECK(model(in, outflow(in, 20'000, 0, 0)) > 1e6 * model(in, outflow(in, 60'000'000, -30'000, 50'000)));
}

TEST_CASE("record model: a pair said to be below the least is below it") {
    const RecordModel model = RecordModel::prior();
    const RecordRow in = inflow();
    for (const std::int64_t delay : {1'000, 1'000'000, 100'000'000}) {
        for (const std::int64_t less : {0, 22, 300, 40'000}) {
            const RecordRow out = outflow(in, delay, less, less);
            const double density = model(in, out);
            if (model(in, out, 1e-12) == 0) { CHECK(density < 1e-12); }
        }
    }
}

TEST_CASE("record model: a host's own habit is learnt, and the prior is not drowned by a few pairs") {
    const RecordRow in = inflow();
    const RecordRow habit = outflow(in, 20'000, 137, 39);  // always the same request ahead
    const RecordModel prior = RecordModel::prior();
    const std::vector<WeightedPair> many(400, {&in, &habit, 1});
    RecordModel learnt = prior;
    for (int step = 0; step < 5; ++step) { learnt = learnt.fit(many); }
    CHECK(learnt(in, habit) > 20 * prior(in, habit));
    CHECK(learnt.law(RelayClass::http_connect).share > prior.law(RelayClass::http_connect).share);
    const std::vector<WeightedPair> one(1, {&in, &habit, 1});
    const RecordModel hardly = prior.fit(one);
    CHECK(hardly.law(RelayClass::tcp_forward).share > 0.8 * prior.law(RelayClass::tcp_forward).share);
}

TEST_CASE("record model: learnt from nothing it is the prior") {
    const RecordRow in = inflow();
    const RecordRow out = outflow(in, 50'000, 10, 10);
    CHECK(RecordModel::prior().fit({})(in, out) == doctest::Approx(RecordModel::prior()(in, out)).epsilon(1e-4));
}

TEST_CASE("record model: an object that everybody fetches is no argument against the links that carry it") {
    const RecordModel model = RecordModel::leaning(RelayClass::ssh_channel);
    const RecordRow in = inflow();
    const RecordRow out = outflow(in, 20'000, 3700, 3500);  // the relay shows the bytes only roughly
    constexpr double kShare = 0.05;                         // of all outflows, those with just these bytes
    const double ratio = model.ratio(in, out, {.when = 1, .same = kShare, .same_down = 0, .unlike = 1e-12});
    const double timing = model.ratio(in, out, {.when = 1, .same = 1, .same_down = 0, .unlike = 1e-30});
    CHECK(ratio == doctest::Approx(timing / kShare).epsilon(0.01));
}

TEST_CASE("record model: a ratio said to be below the least is below it, whatever is usual") {
    const RecordModel model = RecordModel::prior();
    const RecordRow in = inflow();
    for (const double same : {0.0, 1e-3, 0.5}) {
        const Usualness usual{.when = 2, .same = same, .same_down = 1e-3 * same, .unlike = 1e-9};
        for (const std::int64_t less : {0, 22, 300, 40'000}) {
            const RecordRow out = outflow(in, 1'000, less, less);
            if (model.ratio(in, out, usual, 1e-3) == 0) { CHECK(model.ratio(in, out, usual) < 1e-3); }
        }
    }
}
