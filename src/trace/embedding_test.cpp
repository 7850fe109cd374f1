#include "trace/embedding.hpp"

#include "trace/test_traffic.hpp"

#include <cmath>
#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;

namespace {

const std::int64_t kFirst = flow::bin_index(test::at_s(0), flow::kActivityBinWidth);

Epoch epoch_of(const test::Packets& packets, bool crossed = false) {
    const auto request = test::to_bins(crossed ? packets.reply : packets.request);
    const auto reply = test::to_bins(crossed ? packets.request : packets.reply);
    return Epoch::make(request, reply, {test::at_s(-60), test::at_s(360)}, kFirst, {});
}

double likeness(const Embedding& x, const Embedding& y) {
    double dot = 0;
    double xx = 0;
    double yy = 0;
    for (std::size_t k = 0; k < kEmbeddingSize; ++k) {
        dot += x[k] * y[k];
        xx += x[k] * x[k];
        yy += y[k] * y[k];
    }
    return dot / std::sqrt(xx * yy);
}

}  // namespace

TEST_CASE("embedding: a relayed copy stays near, strangers are near nothing") {
    const Embedder embed({}, 1);
    double stranger = 0;
    for (std::uint64_t i = 0; i < 20; ++i) {
        const auto session = test::typed_session(i, 0, 300);
        const auto own = embed(epoch_of(session));
        CHECK(likeness(own, embed(epoch_of(test::relayed(session, 100 + i, 0.05, 0.1)))) > 0.75);
        stranger += std::abs(likeness(own, embed(epoch_of(test::typed_session(500 + i, 0, 300))))) / 20;
    }
    CHECK(stranger < 0.3);
}

TEST_CASE("embedding: a copy that comes seconds later is found by the probe of that lag") {
    const Embedder embed({}, 2);
    const auto session = test::typed_session(7, 0, 300);
    const Epoch late = epoch_of(test::relayed(session, 8, 4, 0.1));
    const Epoch own = epoch_of(session);
    CHECK(likeness(embed(own, {.lag = 2}), embed(late)) > likeness(embed(own), embed(late)) + 0.2);
    CHECK(likeness(embed(late, {.lag = -2}), embed(own)) > 0.6);
}

TEST_CASE("embedding: crossed, a flow looks like one whose directions are exchanged") {
    const Embedder embed({}, 3);
    const auto session = test::typed_session(9, 0, 300);
    CHECK(likeness(embed(epoch_of(session), {.lag = 0, .crossed = true}), embed(epoch_of(session, true))) > 0.999);
}

TEST_CASE("embedding: the same seed turns alike, another does not") {
    const Epoch epoch = epoch_of(test::typed_session(10, 0, 300));
    CHECK(Embedder({}, 4)(epoch) == Embedder({}, 4)(epoch));
    CHECK(std::abs(likeness(Embedder({}, 4)(epoch), Embedder({}, 5)(epoch))) < 0.5);
}
