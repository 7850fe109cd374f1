#include "app/notify.hpp"

#include "base/parse.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hw::app {
namespace {
namespace notify_detail {

std::string value_of(const std::map<std::string, std::string>& environment, const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

}  // namespace notify_detail
}  // namespace

ServiceNotifier::ServiceNotifier(const std::map<std::string, std::string>& environment) {
    using namespace notify_detail;
    const std::string where = value_of(environment, "NOTIFY_SOCKET");
    const bool usable = where.size() > 1 && where.size() < sizeof(sockaddr_un::sun_path) && (where.front() == '/' || where.front() == '@');
    if (!usable) { return; }
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    to_ = where;
    if (to_.front() == '@') { to_.front() = '\0'; }
    const std::string pid = value_of(environment, "WATCHDOG_PID");
    if (!pid.empty() && pid != std::to_string(::getpid())) { return; }  // meant for another process
    const auto micros = parse_integer<std::int64_t>(value_of(environment, "WATCHDOG_USEC"));
    if (micros && *micros > 1) { watchdog_ = Duration(*micros / 2); }
}

ServiceNotifier::~ServiceNotifier() {
    if (socket_ >= 0) { ::close(socket_); }
}

bool ServiceNotifier::tell(const std::string& lines) const {
    if (socket_ < 0) { return false; }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy_n(to_.data(), to_.size(), address.sun_path);
    // A path ends with a zero byte, an abstract name with its last one.
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + to_.size() + (to_.front() == '\0' ? 0 : 1));
    sockaddr_storage storage{};
    std::memcpy(&storage, &address, sizeof address);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how the system's call takes an address of any family
    return ::sendto(socket_, lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&storage), size) == static_cast<ssize_t>(lines.size());
}

bool ServiceNotifier::status(std::string_view text) const {
    std::string line = "STATUS=" + std::string(text);
    std::ranges::replace(line, '\n', ' ');
    return tell(line);
}

}  // namespace hw::app
