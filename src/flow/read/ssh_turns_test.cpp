#include "flow/read/ssh_turns.hpp"

#include "flow/read/test_handshakes.hpp"

#include <doctest/doctest.h>

using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;
using Ssh = Conversation<SshTurns>;

namespace {

const Bytes kClientBanner = text("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
const Bytes kServerBanner = text("SSH-2.0-OpenSSH_8.4\r\n");

/// Up to the client's NEWKEYS, with 50 ms to the far end.
Ssh up_to_new_keys() {
    Ssh talk;
    talk.client(0, kClientBanner).server(1, kServerBanner).client(1, ssh_packet(20, 1400)).server(2, ssh_packet(20, 1000));
    talk.client(52, ssh_packet(30, 37)).server(55, ssh_packet(31, 400) + ssh_packet(21, 1)).client(107, ssh_packet(21, 1));
    return talk;
}

}  // namespace

TEST_CASE("ssh: the key exchange is timed where the client answers, not where it speaks unasked") {
    const Ssh talk = up_to_new_keys();
    CHECK(talk.far() == std::vector<FarSample>{{FarMethod::ssh_key_init, 50'000}, {FarMethod::ssh_new_keys, 52'000}});
    CHECK(talk.timings.server_end.far == std::vector<FarSample>{{FarMethod::ssh_key_reply, 3'000}});
    CHECK(talk.timings.client_end.software == "SSH-2.0-OpenSSH_9.2p1 Debian-2");
    CHECK(talk.timings.server_end.software == "SSH-2.0-OpenSSH_8.4");
}

TEST_CASE("ssh: the first two encrypted answers after the service request are timed, what comes later is not") {
    Ssh talk = up_to_new_keys();
    talk.client(107, zeros(44)).server(108, zeros(44)).client(158, zeros(60)).server(160, zeros(52)).client(211, zeros(500));
    talk.server(215, zeros(30)).client(215.5, zeros(90));
    const auto& far = talk.far();
    REQUIRE(far.size() == 4);
    CHECK(far[2] == FarSample{FarMethod::ssh_log_in, 50'000});
    CHECK(far[3] == FarSample{FarMethod::ssh_log_in, 51'000});
}

TEST_CASE("ssh: a service request in the same segment as NEWKEYS begins the log-in too") {
    Ssh talk;
    talk.client(0, kClientBanner + ssh_packet(20, 1400)).server(1, kServerBanner + ssh_packet(20, 1000)).client(40, ssh_packet(30, 37));
    talk.server(41, ssh_packet(31, 400) + ssh_packet(21, 1)).client(80, ssh_packet(21, 1) + zeros(44)).server(81, zeros(44)).client(120, zeros(60));
    REQUIRE(talk.far().size() == 3);
    CHECK(talk.far()[2] == FarSample{FarMethod::ssh_log_in, 39'000});
}

TEST_CASE("ssh: a key exchange message that was guessed answers nothing") {
    Ssh talk;
    talk.client(0, kClientBanner).server(1, kServerBanner + ssh_packet(20, 900)).client(5, ssh_packet(20, 400, std::byte{1})).client(9, ssh_packet(30, 37));
    CHECK(talk.far().empty());
    CHECK(talk.timings.has(Unmeasured::unprompted));
}

TEST_CASE("ssh: a short snap length leaves what the segments' first bytes tell") {
    Ssh talk;
    talk.say(true, 0, snapped(kClientBanner, 30)).say(false, 1, snapped(kServerBanner, 18)).say(true, 1, snapped(ssh_packet(20, 1400), 30));
    talk.say(false, 2, snapped(ssh_packet(20, 1000), 30)).say(true, 52, snapped(ssh_packet(30, 37), 30));
    talk.say(false, 55, snapped(ssh_packet(31, 400) + ssh_packet(21, 1), 30)).say(true, 107, snapped(ssh_packet(21, 1), 30));
    CHECK(talk.far() == std::vector<FarSample>{{FarMethod::ssh_key_init, 50'000}, {FarMethod::ssh_new_keys, 52'000}});
}

TEST_CASE("ssh: keystroke echoes are timed at the server, once the log-in is over") {
    Ssh talk = up_to_new_keys();
    talk.client(107, zeros(44)).server(108, zeros(44)).client(158, zeros(60)).server(160, zeros(52)).client(211, zeros(500)).server(215, zeros(500));
    talk.client(1000, zeros(36)).server(1030, zeros(36)).client(1200, zeros(36)).server(1231, zeros(36)).client(1400, zeros(900)).server(1401, zeros(36));
    std::size_t echoes = 0;
    for (const FarSample& sample : talk.timings.server_end.far) { echoes += sample.method == FarMethod::ssh_echo ? 1U : 0U; }
    CHECK(echoes == 2);
}

TEST_CASE("ssh: what only begins like SSH is let go") {
    Ssh talk;
    talk.client(0, text("SSH-2.0-x") + zeros(300));
    CHECK_FALSE(talk.more);
    CHECK(talk.timings.has(Unmeasured::not_understood));
}
