#include "trace/relay_model.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace hw;
using flow::FarMethod;
using trace::MethodEvidence;

namespace {

constexpr trace::TransportEvidence kTransport{.samples = 40, .min_ms = 30, .jitter_ms = 1};

double ratio(const MethodEvidence& method) { return trace::relay_log_ratio(kTransport, method); }

}  // namespace

TEST_CASE("relay model: a detour of 25 ms speaks for a relay, a few milliseconds of work do not") {
    CHECK(ratio({FarMethod::tls13_finished, 3, 57, 1}) > 3.6);   // 0.9 with a prior of 0.2
    CHECK(ratio({FarMethod::tls13_finished, 3, 31.2, 1}) < -0.9);
    CHECK(ratio({FarMethod::ssh_log_in, 6, 30.4, 1}) < -2);
}

TEST_CASE("relay model: the wider the gap the stronger, until it is as strong as it gets") {
    double before = -100;
    for (const double gap : {1.0, 3.0, 6.0, 12.0, 25.0, 50.0}) {
        const double now = ratio({FarMethod::tls13_finished, 4, 30 + gap, 0.5});
        CHECK(now > before);
        before = now;
    }
    CHECK(ratio({FarMethod::tls13_finished, 4, 230, 0.5}) > 3.6);
}

TEST_CASE("relay model: noise as wide as the gap decides nothing") {
    const double noisy = trace::relay_log_ratio({.samples = 3, .min_ms = 30, .jitter_ms = 40}, {FarMethod::tls13_finished, 3, 48, 40});
    CHECK(noisy < 3.6);
    CHECK(noisy > -3.6);
}

TEST_CASE("relay model: the jitter is that of the quicker half and close to 1 ms where little is known") {
    CHECK(trace::jitter_of({}) == doctest::Approx(1.0));
    CHECK(trace::jitter_of(std::array{5.0}) == doctest::Approx(0.75));
    const std::array delayed{10.0, 10.0, 10.0, 50.0, 50.0};
    CHECK(trace::jitter_of(delayed) < 1.0);
}
