#include "trace/tunnels.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {
/// A relay (host 1) with one tunnel from host 9 that carries `inside` sessions, and `outside` sessions that it opens itself.
std::vector<flow::Flow> traffic(unsigned inside, unsigned outside) {
    std::vector<flow::Flow> flows;
    Packets all;
    for (unsigned i = 0; i < inside + outside; ++i) {
        const auto session = typed_session(40 + i, 5.0 + 3 * i, 100);
        flows.push_back(make_flow("o", 0, 1, static_cast<std::uint16_t>(6000 + i), 200 + i, 443, session));
        if (i >= inside) { continue; }
        all.request.insert(all.request.end(), session.request.begin(), session.request.end());
        all.reply.insert(all.reply.end(), session.reply.begin(), session.reply.end());
    }
    std::ranges::sort(all.request);
    std::ranges::sort(all.reply);
    if (inside > 0) { flows.push_back(make_flow("o", 0, 9, 5000, 1, 22, all)); }
    return flows;
}
std::vector<Tunnel> tunnels_of(const std::vector<flow::Flow>& flows) {
    std::vector<const flow::Flow*> in;
    std::vector<const flow::Flow*> out;
    for (const auto& f : flows) { (f.server.address == ip(1) ? in : out).push_back(&f); }
    std::ranges::stable_sort(out, {}, [](const flow::Flow* f) { return f->first; });
    return find_tunnels(in, out, {});
}
}  // namespace

TEST_CASE("find tunnels: an inflow that carries several outflows is told with its streams, and with no others") {
    const auto flows = traffic(4, 4);
    const auto tunnels = tunnels_of(flows);
    REQUIRE(tunnels.size() == 1);
    CHECK(tunnels[0].flow == &flows.back());
    CHECK_FALSE(tunnels[0].opened);
    CHECK(tunnels[0].explained > 0.9);
    CHECK(tunnels[0].by_chance < 0.6);
    CHECK(tunnels[0].streams.size() == 4);
    for (const auto& stream : tunnels[0].streams) {
        CHECK(stream.flow->server.address.v4_bits() < ip(204).v4_bits());
        CHECK(stream.weight == doctest::Approx(1).epsilon(0.3));
    }
}

TEST_CASE("find tunnels: one stream is a link, not a tunnel; and sessions of others make none") {
    CHECK(tunnels_of(traffic(1, 6)).empty());
    CHECK(tunnels_of(traffic(0, 6)).empty());
}

TEST_CASE("find tunnels: the near end of a tunnel is found too: streams come in, the tunnel leaves") {
    const auto near = [] {
        std::vector<flow::Flow> turned;
        Packets all;
        for (unsigned i = 0; i < 3; ++i) {
            const auto session = typed_session(40 + i, 5.0 + 3 * i, 100);
            turned.push_back(make_flow("o", 0, 200 + i, static_cast<std::uint16_t>(6000 + i), 1, 1080, session));
            all.request.insert(all.request.end(), session.request.begin(), session.request.end());
            all.reply.insert(all.reply.end(), session.reply.begin(), session.reply.end());
        }
        std::ranges::sort(all.request);
        std::ranges::sort(all.reply);
        turned.push_back(make_flow("o", 0, 1, 5000, 9, 22, all));
        return turned;
    }();
    const auto tunnels = tunnels_of(near);
    REQUIRE(tunnels.size() == 1);
    CHECK(tunnels[0].opened);
    CHECK(tunnels[0].streams.size() == 3);
}

TEST_CASE("find tunnels: among more sessions than are tried the tunnel's own are still found, as they carry more than those beside them") {
    auto flows = traffic(4, 0);
    const flow::Flow tunnel = flows.back();
    flows.pop_back();
    for (std::uint16_t i = 0; i < kMostStreamsTried + 100; ++i) {
        flows.push_back(make_flow("o", 0, 1, static_cast<std::uint16_t>(20'000 + i), 250, 80, typed_session(7'000U + i, 10.0, 1)));
    }
    flows.push_back(tunnel);
    const auto tunnels = tunnels_of(flows);
    REQUIRE(tunnels.size() == 1);
    CHECK(tunnels[0].streams.size() == 4);
    for (const auto& stream : tunnels[0].streams) { CHECK(stream.flow->server.port == net::Port{443}); }
}
