#include "trace/sums.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>


using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

TEST_CASE("sums: least squares whose solution is positive is left as it is") {
    const std::vector<std::vector<double>> columns{{1, 0, 1, 2}, {0, 1, 1, 0}};
    const auto x = non_negative_least_squares(columns, std::vector<double>{2, 3, 5, 4});
    CHECK(x[0] == doctest::Approx(2));
    CHECK(x[1] == doctest::Approx(3));
}

TEST_CASE("sums: a weight that would be negative is 0, and the others are fitted without it") {
    // Unbounded: x = (2, −1). With x1 = 0: the projection of b on the first column, (2·1 + 1·1)/2.
    const std::vector<std::vector<double>> columns{{1, 1}, {0, 1}};
    const auto x = non_negative_least_squares(columns, std::vector<double>{2, 1});
    CHECK(x[0] == doctest::Approx(1.5));
    CHECK(x[1] == 0);
}

TEST_CASE("sums: the answer meets the conditions of Kuhn and Tucker") {
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> unit(-1, 1);
    for (int trial = 0; trial < 20; ++trial) {
        std::vector<std::vector<double>> columns(12, std::vector<double>(20));
        for (auto& column : columns) {
            for (auto& v : column) { v = unit(random); }
        }
        std::vector<double> b(20);
        for (auto& v : b) { v = unit(random); }
        const auto x = non_negative_least_squares(columns, b);
        auto rest = b;
        for (std::size_t k = 0; k < x.size(); ++k) {
            for (std::size_t i = 0; i < b.size(); ++i) { rest[i] -= x[k] * columns[k][i]; }
        }
        for (std::size_t k = 0; k < x.size(); ++k) {
            double slope = 0;
            for (std::size_t i = 0; i < b.size(); ++i) { slope += columns[k][i] * rest[i]; }
            CHECK(x[k] >= 0);
            CHECK(slope <= 1e-7);
            CHECK(std::abs(x[k] * slope) <= 1e-7);
        }
    }
}

TEST_CASE("sums: twins, empty columns and nothing at all do no harm") {
    const std::vector<double> one{1, 2, 3};
    const auto x = non_negative_least_squares(std::vector<std::vector<double>>{one, one, {0, 0, 0}}, one);
    CHECK(x[0] + x[1] == doctest::Approx(1));
    CHECK(x[2] == 0);
    CHECK(non_negative_least_squares({}, one).empty());
}

TEST_CASE("sums: a tunnel is explained by the streams inside it, and by no others") {
    std::vector<flow::Flow> streams;
    Packets all;
    for (unsigned i = 0; i < 8; ++i) {
        const auto session = typed_session(30 + i, 5.0 + 3 * i, 100);
        streams.push_back(make_flow("o", 0, 1, static_cast<std::uint16_t>(6000 + i), 200 + i, 443, session));
        if (i % 2 == 1) { continue; }  // outside
        all.request.insert(all.request.end(), session.request.begin(), session.request.end());
        all.reply.insert(all.reply.end(), session.reply.begin(), session.reply.end());
    }
    std::ranges::sort(all.request);
    std::ranges::sort(all.reply);
    const auto tunnel = make_flow("o", 0, 9, 5000, 1, 22, all);
    std::vector<SharedStream> shared;
    for (const auto& s : streams) { shared.push_back({&s, true}); }
    const auto shares = explain_tunnel(tunnel, false, shared);
    CHECK(shares.explained > 0.95);
    CHECK(shares.streams.size() == 4);
    for (const auto& s : shares.streams) {
        CHECK(s.stream % 2 == 0);
        CHECK(s.weight == doctest::Approx(1).epsilon(0.2));
    }
}

TEST_CASE("sums: a tunnel of which only totals are known is not explained") {
    auto tunnel = make_flow("o", 0, 9, 5000, 1, 22, typed_session(1, 0, 60));
    const auto stream = make_flow("o", 0, 1, 6000, 200, 443, typed_session(1, 0, 60));
    tunnel.activity = {};
    CHECK(explain_tunnel(tunnel, false, std::vector<SharedStream>{{&stream, true}}).streams.empty());
}
