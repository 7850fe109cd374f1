#include "flow/rejoin.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace hw;
using namespace hw::flow;

namespace {

Time second(double v) { return Time::from_micros(1'700'000'000'000'000 + static_cast<std::int64_t>(v * 1e6)); }

/// A record of one conversation from `from` to `to`, ten packets of 100 bytes each way.
Flow piece(double from, double to, FlowEnd end, std::uint8_t flags = 0, Protocol protocol = Protocol::tcp) {
    Flow f;
    f.client = {net::Address::v4(0xC6120001), net::Port{40000}};
    f.server = {net::Address::v4(0xC6120002), net::Port{22}};
    f.protocol = protocol;
    f.first = second(from);
    f.last = second(to);
    f.end = end;
    f.basis = flags != 0 ? InitiatorBasis::syn : InitiatorBasis::exporter;
    f.request = {.packets = 10, .bytes = 1400, .payload_bytes = 1000, .tcp_flags = flags};
    f.reply = f.request;
    f.id = make_flow_id("sensor", f.client, f.server, f.protocol, f.first);
    return f;
}

Flow with_course(Flow f) {
    const std::int64_t from = bin_index(f.first, kActivityBinWidth);
    const std::int64_t to = bin_index(f.last, kActivityBinWidth);
    const std::vector<ActivityBin> request{{from, 5, 500}, {to, 5, 500}};
    const std::vector<ActivityBin> reply{{from, 1, 10}};
    f.activity = Activity::from_bins(request, reply);
    return f;
}

}  // namespace

TEST_CASE("rejoin: a connection that an idle timeout cut is one flow again, with the first record's beginning") {
    const auto first = with_course(piece(0, 10, FlowEnd::idle_timeout, tcp_flag::syn));
    auto second_piece = with_course(piece(500, 520, FlowEnd::end_of_flow));
    std::swap(second_piece.client, second_piece.server);  // roles guessed anew in mid-connection, and wrongly
    second_piece.request.payload_bytes = 7;
    const auto joined = rejoin({first, second_piece});
    REQUIRE(joined.size() == 1);
    CHECK(joined[0].id == first.id);
    CHECK(joined[0].client == first.client);
    CHECK(joined[0].last == second_piece.last);
    CHECK(joined[0].end == FlowEnd::end_of_flow);
    CHECK(joined[0].request.packets == 20);
    CHECK(joined[0].reply.payload_bytes == 1007);
    CHECK(joined[0].activity.bins(Direction::request).size() == 3);
    CHECK(joined[0].activity.bins(Direction::reply).size() == 3);
}

TEST_CASE("rejoin: a new connection on the same ports stays apart") {
    const auto flows = std::vector{piece(0, 10, FlowEnd::idle_timeout, tcp_flag::syn), piece(500, 520, FlowEnd::end_of_flow, tcp_flag::syn)};
    CHECK(rejoin(flows) == flows);
    const auto closed = std::vector{piece(0, 10, FlowEnd::end_of_flow, tcp_flag::syn), piece(11, 12, FlowEnd::end_of_flow)};
    CHECK(rejoin(closed) == closed);
}

TEST_CASE("rejoin: UDP is joined after an active timeout, and not after silence") {
    CHECK(rejoin({piece(0, 60, FlowEnd::active_timeout, 0, Protocol::udp), piece(61, 90, FlowEnd::idle_timeout, 0, Protocol::udp)}).size() == 1);
    CHECK(rejoin({piece(0, 60, FlowEnd::idle_timeout, 0, Protocol::udp), piece(400, 460, FlowEnd::idle_timeout, 0, Protocol::udp)}).size() == 2);
}

TEST_CASE("rejoin: other observers, other tunnels and other conversations stay apart") {
    auto other = piece(61, 70, FlowEnd::end_of_flow);
    other.observer = ObserverId{1};
    auto deeper = piece(61, 70, FlowEnd::end_of_flow);
    deeper.tunnel_depth = 1;
    auto elsewhere = piece(61, 70, FlowEnd::end_of_flow);
    elsewhere.server.port = net::Port{23};
    CHECK(rejoin({piece(0, 60, FlowEnd::active_timeout), other, deeper, elsewhere}).size() == 4);
}

TEST_CASE("rejoin: slices of an active timeout give a course in bins as wide as they are, and lose no packet") {
    std::vector<Flow> slices;
    for (int i = 0; i < 10; ++i) {
        auto slice = piece(60.0 * i + 7, 60.0 * i + 66.5, i < 9 ? FlowEnd::active_timeout : FlowEnd::end_of_flow);
        slice.request.packets = static_cast<std::uint64_t>(10 + 100 * (i % 2));
        slices.push_back(slice);
    }
    const auto joined = rejoin(slices);
    REQUIRE(joined.size() == 1);
    CHECK(joined[0].activity.width() == std::chrono::seconds(60));
    const auto bins = joined[0].activity.bins(Direction::request);
    CHECK(bins.size() >= 10);
    const auto packets = std::accumulate(bins.begin(), bins.end(), 0.0, [](double sum, const ActivityBin& b) { return sum + b.packets; });
    CHECK(packets == doctest::Approx(600).epsilon(0.02));
}

TEST_CASE("rejoin: two slices are too few for a course") {
    const auto joined = rejoin({piece(0, 60, FlowEnd::active_timeout), piece(60.5, 90, FlowEnd::end_of_flow)});
    REQUIRE(joined.size() == 1);
    CHECK(joined[0].activity.empty());
}
