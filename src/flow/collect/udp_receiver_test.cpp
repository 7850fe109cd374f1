#include "flow/collect/udp_receiver.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

using namespace hw;
using namespace hw::flow::collect;

namespace {

/// A sender on loopback.
class Sender {
public:
    explicit Sender(const net::Endpoint& to) : socket_(socket(AF_INET, SOCK_DGRAM, 0)) {
        to_.sin_family = AF_INET;
        to_.sin_port = htons(net::number(to.port));
        to_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    ~Sender() { close(socket_); }
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    bool send(const std::string& text) {
        sockaddr address{};
        std::memcpy(&address, &to_, sizeof to_);
        return sendto(socket_, text.data(), text.size(), 0, &address, sizeof to_) == static_cast<ssize_t>(text.size());
    }

private:
    int socket_;
    sockaddr_in to_{};
};

const net::Endpoint kAnyLoopbackPort{net::Address::v4(0x7f000001), net::Port{}};

}  // namespace

TEST_CASE("udp receiver: datagrams come whole, in order, with their sender and time") {
    auto receiver = UdpReceiver::open(kAnyLoopbackPort, {});
    REQUIRE(receiver);
    REQUIRE(net::number(receiver->address().port) != 0);
    Sender sender(receiver->address());
    const std::string longest(60'000, 'x');
    for (const std::string& text : {std::string("first"), std::string(), longest}) { REQUIRE(sender.send(text)); }
    std::vector<std::string> got;
    for (int i = 0; i < 50 && got.size() < 3; ++i) {
        REQUIRE(receiver->receive(std::chrono::milliseconds(100), [&](const Datagram& d) {
            std::string text;
            for (const std::byte b : d.bytes) { text.push_back(static_cast<char>(b)); }
            got.push_back(text);
            CHECK(d.sender.address == kAnyLoopbackPort.address);
            CHECK(d.at > Time::from_micros(1'600'000'000'000'000));
        }));
    }
    CHECK(got == std::vector<std::string>{"first", "", longest});
    CHECK(receiver->counts() == UdpCounts{.datagrams = 3, .bytes = 60'005, .lost = 0});
}

TEST_CASE("udp receiver: what the kernel threw away because we were slow is counted") {
    auto receiver = UdpReceiver::open(kAnyLoopbackPort, {.receive_buffer = 8192});
    REQUIRE(receiver);
    Sender sender(receiver->address());
    constexpr std::uint64_t kSent = 500;
    for (std::uint64_t i = 0; i < kSent; ++i) { REQUIRE(sender.send(std::string(500, 'x'))); }
    const auto nothing = [](const Datagram&) {};
    for (int i = 0; i < 20; ++i) { REQUIRE(receiver->receive(Duration(0), nothing)); }
    // The kernel tells of losses with the next datagram that it takes in.
    REQUIRE(sender.send("last"));
    REQUIRE(receiver->receive(std::chrono::seconds(5), nothing));
    CHECK(receiver->counts().lost > 0);
    CHECK(receiver->counts().datagrams + receiver->counts().lost == kSent + 1);
}

TEST_CASE("udp receiver: an address in use, or of another machine, is an error with a way out") {
    auto receiver = UdpReceiver::open(kAnyLoopbackPort, {});
    REQUIRE(receiver);
    const auto again = UdpReceiver::open(receiver->address(), {});
    REQUIRE_FALSE(again);
    CHECK(again.error().hint.find("another collector") != std::string::npos);
    const auto elsewhere = UdpReceiver::open({net::Address::v4(0xc6336401), net::Port{}}, {});
    REQUIRE_FALSE(elsewhere);
    CHECK(elsewhere.error().hint.find("this machine") != std::string::npos);
}
