#include "route/bmp/listener.hpp"

#include "net/socket_address.hpp"
#include "route/bmp/test_bmp.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <string>

using namespace hw;
using namespace hw::route;
using namespace hw::route::bmp;
using namespace hw::route::testing;

namespace {

const Time kNow = Time::from_micros(1'419'264'960'000'000);

/// A router that connects over loopback.
class Router {
public:
    explicit Router(const net::Endpoint& to) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const net::SocketAddress address = net::to_system(to);
        REQUIRE(::connect(fd_, static_cast<const sockaddr*>(static_cast<const void*>(&address.storage)), address.size) == 0);
    }
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;
    ~Router() { hang_up(); }
    void send(const Bytes& bytes) const { REQUIRE(::send(fd_, bytes.view().data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size())); }
    void hang_up() {
        if (fd_ >= 0) { ::close(fd_); }
        fd_ = -1;
    }

private:
    int fd_;
};

/// Until so many lines have come; it comes over loopback, within far less than the five seconds at most.
void receive_until(Listener& listener, const Listed& sink, std::size_t lines) {
    for (int i = 0; i < 500 && sink.lines.size() < lines; ++i) { REQUIRE(listener.receive(std::chrono::milliseconds(10), kNow)); }
    REQUIRE(sink.lines.size() == lines);
}

const net::Endpoint kAny{.address = net::Address::v4(0x7f00'0001), .port = net::Port{0}};

}  // namespace

TEST_CASE("bmp listener: two routers at once, a message in pieces, one that hangs up and one that speaks something else") {
    Listed sink;
    auto listener = Listener::open({.where = kAny, .allowed = {}}, sink);
    REQUIRE(listener);
    Router a(listener->address()), b(listener->address());
    const Bytes up = bmp_up();
    a.send(Bytes().add(bmp_initiation()).add(up));
    receive_until(*listener, sink, 1);
    Bytes first, second;
    first.raw().assign(up.view().begin(), up.view().begin() + 50);
    second.raw().assign(up.view().begin() + 50, up.view().end());
    b.send(first);
    REQUIRE(listener->receive(std::chrono::milliseconds(10), kNow));
    b.send(second);
    receive_until(*listener, sink, 2);
    a.send(bmp_routes(update_of({}, usual_attributes(), Bytes().u8(8).u8(10))));
    receive_until(*listener, sink, 3);
    CHECK(sink.lines.back() == "announce AS64500 10.0.0.0/8 [64500 64501]");
    a.hang_up();
    receive_until(*listener, sink, 4);  // its peer's session, as far as we can tell
    CHECK(sink.lines.back() == "state 198.51.100.1 6>1");
    b.send(Bytes().u64(0x4745'5420'2f20'4854));  // GET / HT
    receive_until(*listener, sink, 5);
    const auto routers = listener->routers();
    REQUIRE(routers.size() == 2);
    CHECK(routers[0].name == "r1");
    CHECK_FALSE(routers[0].connected);
    CHECK(routers[0].ended == "the router closed the connection");
    CHECK(routers[1].ended.starts_with("this is no BMP message: version 71"));
}

TEST_CASE("bmp listener: beyond loopback it wants to know who may connect; others are turned away") {
    Listed sink;
    const auto open = Listener::open({.where = {.address = net::Address::v4(0), .port = net::Port{0}}, .allowed = {}}, sink);
    REQUIRE_FALSE(open);
    CHECK(open.error().code == Errc::usage);
    auto listener = Listener::open({.where = kAny, .allowed = {net::parse_prefix("192.0.2.0/24").value()}}, sink);
    REQUIRE(listener);
    Router stranger(listener->address());
    for (int i = 0; i < 500 && listener->refused() == 0; ++i) { REQUIRE(listener->receive(std::chrono::milliseconds(10), kNow)); }
    CHECK(listener->refused() == 1);
    CHECK(listener->routers().empty());
}
