#pragma once

#include "base/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hw::app {

/// Tells systemd how the service fares, as sd_notify(3) describes it: datagrams to the socket that NOTIFY_SOCKET names (a path, or
/// `@name` in the abstract namespace). Without that variable it does nothing; nothing that goes wrong here stops the service.
class ServiceNotifier {
public:
    /// By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of the environment.
    explicit ServiceNotifier(const std::map<std::string, std::string>& environment);
    ~ServiceNotifier();
    ServiceNotifier(const ServiceNotifier&) = delete;
    ServiceNotifier& operator=(const ServiceNotifier&) = delete;

    /// Lines such as `READY=1` or `STATUS=...`; false where nobody was told.
    bool tell(const std::string& lines) const;
    /// `STATUS=` with the text on one line.
    bool status(std::string_view text) const;
    /// How often WATCHDOG=1 is due: half of what was asked for; nothing where none was.
    [[nodiscard]] std::optional<Duration> watchdog() const { return watchdog_; }

private:
    int socket_ = -1;
    std::string to_;  ///< As the system wants it: an abstract name begins with a zero byte.
    std::optional<Duration> watchdog_;
};

}  // namespace hw::app
