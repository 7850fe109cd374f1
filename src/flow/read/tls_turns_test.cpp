#include "flow/read/tls_turns.hpp"

#include "flow/read/test_handshakes.hpp"

#include <doctest/doctest.h>

using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;
using Tls = Conversation<TlsTurns>;

TEST_CASE("tls: a full 1.2 handshake times the key exchange and the first data after the server's Finished") {
    Tls talk;
    talk.client(0, client_hello()).server(10, server_hello() + tls_record(22, 900, 11) + tls_record(22, 4, 14));
    talk.client(70, tls_record(22, 70, 16) + change_cipher() + tls_record(22, 40, 0x91));
    talk.server(80, change_cipher() + tls_record(22, 40, 0x77)).client(135, application_data());
    CHECK(talk.far() == std::vector<FarSample>{{FarMethod::tls12_key_exchange, 60'000}, {FarMethod::tls12_finished, 55'000}});
    CHECK(talk.timings.server_end.far == std::vector<FarSample>{{FarMethod::tls_hello, 10'000}, {FarMethod::tls12_finished, 10'000}});
    CHECK_FALSE(talk.more);
    CHECK(talk.timings.unmeasured == 0);
}

TEST_CASE("tls: an abbreviated 1.2 handshake is told from 1.3 by what follows the client's ChangeCipherSpec") {
    Tls resumed;
    resumed.client(0, client_hello()).server(10, server_hello() + change_cipher() + tls_record(22, 40, 0x31));
    resumed.client(60, change_cipher() + tls_record(22, 40, 0x91));
    CHECK(resumed.far() == std::vector<FarSample>{{FarMethod::tls12_resumed, 50'000}});

    Tls latest;
    latest.client(0, client_hello()).server(10, server_hello() + change_cipher() + application_data(900));
    latest.client(60, change_cipher() + application_data());
    CHECK(latest.far() == std::vector<FarSample>{{FarMethod::tls13_finished, 50'000}});
}

TEST_CASE("tls: a HelloRetryRequest is a question of its own, and the handshake after it another") {
    Tls talk;
    talk.client(0, client_hello()).server(10, retry_request() + change_cipher()).client(45, change_cipher() + client_hello());
    talk.server(50, server_hello() + application_data(900)).client(90, application_data());
    CHECK(talk.far() == std::vector<FarSample>{{FarMethod::tls_retry, 35'000}, {FarMethod::tls13_finished, 40'000}});
}

TEST_CASE("tls: early data answer nothing, nor does application data sent before the server's Finished") {
    Tls early;
    early.client(0, client_hello() + change_cipher() + application_data()).server(10, server_hello() + application_data(300)).client(11, application_data());
    CHECK(early.far().empty());
    CHECK(early.timings.has(Unmeasured::early_data));

    Tls false_start;
    false_start.client(0, client_hello()).server(10, server_hello() + tls_record(22, 4, 14));
    false_start.client(70, tls_record(22, 70, 16) + change_cipher() + tls_record(22, 40, 0x91)).client(71, application_data());
    CHECK(false_start.far() == std::vector<FarSample>{{FarMethod::tls12_key_exchange, 60'000}});
}

TEST_CASE("tls: a snap length that cuts the flights off leaves the turns to be told by the segments' first bytes") {
    Tls talk;
    talk.say(true, 0, snapped(client_hello(), 30)).say(false, 10, snapped(server_hello() + tls_record(22, 1100, 11), 30));
    talk.say(false, 11, snapped(tls_record(22, 300, 12) + tls_record(22, 4, 14), 30));
    talk.say(true, 70, snapped(tls_record(22, 70, 16) + change_cipher() + tls_record(22, 40, 0x91), 30));
    CHECK(talk.far() == std::vector<FarSample>{{FarMethod::tls12_key_exchange, 59'000}});
    CHECK(talk.timings.has(Unmeasured::cut_off));
}

TEST_CASE("tls: an answer around a retransmission is not used, and said to be missing") {
    Tls talk;
    talk.client(0, client_hello()).server(10, server_hello());
    talk.say(true, 60, whole(tls_record(22, 70, 16)), false);
    CHECK(talk.far().empty());
    CHECK(talk.timings.has(Unmeasured::disturbed));
}

TEST_CASE("tls: heads split over segments are put together, whatever the split") {
    const Bytes flight = change_cipher() + application_data();
    for (std::size_t split = 1; split + 1 < flight.size(); ++split) {
        Tls talk;
        talk.client(0, client_hello()).server(10, server_hello());
        talk.client(60, Bytes(flight.begin(), flight.begin() + static_cast<std::ptrdiff_t>(split)));
        talk.client(60, Bytes(flight.begin() + static_cast<std::ptrdiff_t>(split), flight.end()));
        CHECK(talk.far() == std::vector<FarSample>{{FarMethod::tls13_finished, 50'000}});
    }
}
