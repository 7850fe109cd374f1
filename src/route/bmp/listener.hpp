#pragma once

#include "base/error.hpp"
#include "base/input/input_report.hpp"
#include "net/address.hpp"
#include "net/prefix.hpp"
#include "route/routes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace hw::route::bmp {

/// How one monitored router's session fares.
struct RouterStatus {
    net::Endpoint address;
    std::string name;                ///< sysName, as it told.
    std::size_t peers_up = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    bool connected = true;
    std::string ended;               ///< Why it is no longer connected.
};

struct ListenerOptions {
    net::Endpoint where;                  ///< Port 0: one that is free.
    std::vector<net::Prefix> allowed;     ///< Who may connect; required beyond loopback. On loopback empty means anybody on this machine.
    std::size_t most_routers = 256;
};

/// Takes the BMP sessions of routers (RFC 7854, 3.2: they connect, we only listen and never answer), several at once, and gives all that they tell to one sink, in the order
/// in which it comes. A router that connects again replaces its old session. Where a session is lost, its peers' sessions are told as down, so that what is not heard any more is not taken
/// for withdrawn. One thread; not to be shared.
class Listener {
public:
    /// Fails with `usage` where it is to listen beyond loopback for anybody, with `unreadable` where the address cannot be had.
    [[nodiscard]] static Result<Listener> open(const ListenerOptions& options, RouteSink& sink);
    Listener(Listener&&) noexcept;
    Listener& operator=(Listener&&) noexcept;
    ~Listener();

    /// Waits for what comes, `patience` at most, and takes what lies ready. `now`: for messages without a sound time of their own. Fails only where the socket that listens fails.
    [[nodiscard]] Result<void> receive(Duration patience, Time now);
    /// Ends all sessions without telling that their peers are down: they are not, we are.
    void close();

    [[nodiscard]] const net::Endpoint& address() const;
    /// Of all that ever connected, the latest last; of those gone the last 256.
    [[nodiscard]] std::vector<RouterStatus> routers() const;
    /// What was passed over, by router.
    [[nodiscard]] std::vector<InputReport> reports() const;
    /// Connections turned away, because they are not allowed or too many.
    [[nodiscard]] std::uint64_t refused() const;

private:
    struct State;
    explicit Listener(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hw::route::bmp
