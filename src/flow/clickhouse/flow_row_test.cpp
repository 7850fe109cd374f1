#include "flow/clickhouse/flow_row.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::clickhouse;

namespace {

Flow full_flow() {
    Flow flow;
    flow.id = FlowId{0x0123'4567'89ab'cdefULL};
    flow.client = {net::Address::v4(0xc6336401), net::Port{50000}};
    flow.server = {net::Address::v6(0x20010db8'00000000ULL, 7), net::Port{22}};
    flow.protocol = Protocol::tcp;
    flow.end = FlowEnd::active_timeout;
    flow.basis = InitiatorBasis::port;
    flow.first = Time::from_micros(1'416'823'200'000'001);
    flow.last = Time::from_micros(1'416'823'260'000'000);
    flow.request = {.packets = 3, .bytes = ~0ULL, .payload_bytes = 200, .tcp_flags = 0x1b, .ttl_min = 60, .ttl_max = 64, .link_sender = 77};
    flow.reply = {.packets = 1, .bytes = 129, .payload_bytes = 0, .tcp_flags = 0x10, .ttl_min = 0, .ttl_max = 255, .link_sender = 0};
    flow.tunnel_depth = 2;
    flow.sampling = 100;
    flow.handshake.syn = flow.first;
    flow.handshake.first_reply = flow.last;
    flow.handshake.server_mss = 1460;
    flow.activity = Activity::from_bins(std::vector<ActivityBin>{{5, 1, 2}, {9, 1, 3}}, {});
    flow.uid = std::string("C\0x", 3);
    flow.client_local = true;
    flow.server_local = false;
    return flow;
}

std::string text_of(const RowWriter& writer) {
    std::string text;
    for (const std::byte b : writer.bytes()) { text.push_back(static_cast<char>(b)); }
    return text;
}

}  // namespace

TEST_CASE("clickhouse row: a flow comes back as it went in") {
    for (const Flow& flow : {full_flow(), Flow{}}) {
        RowWriter out;
        write_flow_row(out, flow, "berlin/conn", 42, 7);
        const std::string bytes = text_of(out);
        RowReader in(bytes);
        const auto row = read_flow_row(in);
        REQUIRE(row);
        CHECK(row->flow == flow);
        CHECK(row->observer == "berlin/conn");
        CHECK(row->batch == 42);
        CHECK(row->row == 7);
        CHECK(in.at_end());
    }
}

TEST_CASE("clickhouse row: an answer cut anywhere is an error, never a flow") {
    RowWriter out;
    write_flow_row(out, full_flow(), "o", 1, 1);
    const std::string bytes = text_of(out);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        RowReader in(std::string_view(bytes).substr(0, size));
        CHECK_FALSE(read_flow_row(in));
    }
}

TEST_CASE("clickhouse row: names are those of the columns, in their order") {
    const std::string names = flow_column_names();
    CHECK(names.starts_with("day, batch, row, id, observer, first, last, client, server, client_port"));
    CHECK(names.ends_with("activity_request, activity_reply, uid"));
}

TEST_CASE("clickhouse row: the day is that of the last packet, within what a Date holds") {
    CHECK(day_of(Time::from_micros(0)) == 0);
    CHECK(day_of(Time::from_micros(86'399'999'999)) == 0);
    CHECK(day_of(Time::from_micros(86'400'000'000)) == 1);
    CHECK(day_of(Time::from_micros(-1)) == 0);
    CHECK(day_of(Time::from_micros(86'400'000'000LL * 70'000)) == 65'535);
}

TEST_CASE("clickhouse row: an address is its 16 bytes in network order") {
    CHECK(address_literal(net::Address::v4(0x01020304)) == "unhex('00000000000000000000ffff01020304')");
}
