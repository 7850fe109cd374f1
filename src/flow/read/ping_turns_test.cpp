#include "flow/read/ping_turns.hpp"

#include "flow/read/test_handshakes.hpp"

#include <doctest/doctest.h>

using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;

TEST_CASE("http/2: a ping is matched with the acknowledgement of the same eight bytes, settings with theirs") {
    Conversation<Http2Turns> talk;
    talk.client(0, text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + hex("000000 04 00 00000000"));
    talk.server(1, hex("000006 04 00 00000000 0003 00000064") + hex("000000 04 01 00000000"));
    talk.client(41, hex("000000 04 01 00000000"));
    talk.server(100, hex("000008 06 00 00000000 0102030405060708")).server(101, hex("000008 06 00 00000000 1112131415161718"));
    talk.client(139, hex("000008 06 01 00000000 1112131415161718")).client(142, hex("000008 06 01 00000000 0102030405060708"));
    CHECK(talk.far() == std::vector<FarSample>{{FarMethod::http2_settings, 40'000}, {FarMethod::http2_ping, 38'000}, {FarMethod::http2_ping, 42'000}});
}

TEST_CASE("http/2: an acknowledgement of a ping that was not sent is no answer") {
    Conversation<Http2Turns> talk;
    talk.client(0, text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).server(1, hex("000008 06 00 00000000 0102030405060708"));
    talk.client(3, hex("000008 06 01 00000000 ffffffffffffffff"));
    CHECK(talk.far().empty());
}

TEST_CASE("websocket: ping and pong are timed through frames of every length") {
    Conversation<WebSocketTurns> talk;
    talk.client(0, text("GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"));
    talk.server(1, text("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n") + hex("82 05") + zeros(5) + hex("82 7e 0100") + zeros(256));
    talk.server(10, hex("82 7f 0000000000010000") + zeros(65'536) + hex("89 02 6869")).client(73, hex("8a 82 01020304 6968"));
    CHECK(talk.far() == std::vector<FarSample>{{FarMethod::websocket_ping, 63'000}});
}

TEST_CASE("websocket: an ordinary answer to an ordinary request is let go") {
    Conversation<WebSocketTurns> talk;
    talk.client(0, text("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).server(1, text("HTTP/1.1 200 OK\r\n\r\n"));
    CHECK_FALSE(talk.more);
    CHECK(talk.timings.has(Unmeasured::not_understood));
}
