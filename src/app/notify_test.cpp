#include "app/notify.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <map>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace hw;
using namespace hw::app;

namespace {

using Environment = std::map<std::string, std::string>;

/// The other end: what systemd would hold.
class Manager {
public:
    explicit Manager(const std::string& name) : socket_(socket(AF_UNIX, SOCK_DGRAM, 0)), name_(name) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name.copy(address.sun_path, sizeof address.sun_path - 1);
        const bool abstract = name.front() == '@';
        if (abstract) { address.sun_path[0] = '\0'; }
        sockaddr_storage storage{};
        std::memcpy(&storage, &address, sizeof address);
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1));
        REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&storage), size) == 0);
    }
    ~Manager() {
        close(socket_);
        if (name_.front() == '/') { unlink(name_.c_str()); }
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;
    std::string got() {
        std::array<char, 512> text{};
        const auto size = recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
        return size < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(size));
    }

private:
    int socket_;
    std::string name_;
};

}  // namespace

TEST_CASE("service notifier: tells a socket by path and one by abstract name; a status stays on one line") {
    const std::string process = std::to_string(getpid());
    for (const std::string& name : {"/tmp/headwater-notify-" + process, "@headwater-notify-" + process}) {
        Manager manager(name);
        const ServiceNotifier notifier(Environment{{"NOTIFY_SOCKET", name}, {"WATCHDOG_USEC", "3000000"}});
        CHECK(notifier.watchdog() == Duration(1'500'000));
        CHECK(notifier.tell("READY=1"));
        CHECK(manager.got() == "READY=1");
        CHECK(notifier.status("two\nlines"));
        CHECK(manager.got() == "STATUS=two lines");
    }
}

TEST_CASE("service notifier: without a manager, or with a name that cannot be one, it does nothing") {
    CHECK_FALSE(ServiceNotifier(Environment{}).tell("READY=1"));
    CHECK_FALSE(ServiceNotifier(Environment{{"NOTIFY_SOCKET", "relative/path"}}).tell("READY=1"));
    CHECK_FALSE(ServiceNotifier(Environment{{"NOTIFY_SOCKET", "/" + std::string(200, 'x')}}).tell("READY=1"));
    CHECK_FALSE(ServiceNotifier(Environment{{"NOTIFY_SOCKET", "/nowhere/at/all"}}).tell("READY=1"));
    CHECK_FALSE(ServiceNotifier(Environment{{"NOTIFY_SOCKET", "/nowhere"}, {"WATCHDOG_USEC", "1000"}, {"WATCHDOG_PID", "1"}}).watchdog());
}
