#include "route/bmp/listener.hpp"

#include "net/socket_address.hpp"
#include "route/bmp/decoder.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <utility>

#include <fmt/format.h>

namespace hw::route::bmp {
namespace listening {

constexpr std::size_t kBlock = std::size_t{256} * 1024;
constexpr int kRoundsOfOne = 16;        ///< So many blocks of one router before the others get their turn.
constexpr std::size_t kEndedKept = 256;

/// A descriptor that is closed when it goes.
class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) : fd_(fd) {}
    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Socket() {
        if (fd_ >= 0) { ::close(fd_); }
    }
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_ = -1;
};

/// One router's connection.
struct Connection {
    Socket socket;
    net::Endpoint from;
    std::unique_ptr<InputReport> report;
    std::unique_ptr<Decoder> decoder;
};

inline bool set(int socket, int level, int option, int value) { return setsockopt(socket, level, option, &value, sizeof value) == 0; }

inline std::string hint_for(int error) {
    switch (error) {
        case EADDRINUSE: return "something listens there already: stop it, or choose another port";
        case EADDRNOTAVAIL: return "the address must be one of this machine's; 0.0.0.0 or [::] stands for all of them";
        case EACCES: return "ports below 1024 take the right to use them (CAP_NET_BIND_SERVICE)";
        default: return {};
    }
}

}  // namespace listening

struct Listener::State {
    explicit State(RouteSink& to) : sink(to) {}
    RouteSink& sink;
    listening::Socket socket;
    net::Endpoint address;
    ListenerOptions options;
    std::vector<listening::Connection> connections;
    std::deque<std::pair<RouterStatus, InputReport>> ended;
    std::vector<std::byte> block = std::vector<std::byte>(listening::kBlock);
    std::uint64_t refused = 0;

    [[nodiscard]] static RouterStatus status_of(const listening::Connection& c) {
        return {.address = c.from, .name = c.decoder->name(), .peers_up = c.decoder->peers_up(), .messages = c.report->records, .bytes = c.decoder->offset(), .connected = true, .ended = {}};
    }

    void accept_all(Time now) {
        while (true) {
            sockaddr_storage storage{};
            socklen_t size = sizeof storage;
            // The address is asked for as bytes: that is how the system takes both families.
            listening::Socket socket_of(::accept4(socket.fd(), static_cast<sockaddr*>(static_cast<void*>(&storage)), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (socket_of.fd() < 0) { return; }
            const net::Endpoint from = net::from_system(storage);
            const bool allowed = options.allowed.empty() ? net::is_loopback(from.address) : std::ranges::any_of(options.allowed, [&](const net::Prefix& p) { return p.contains(from.address); });
            if (!allowed) {
                ++refused;
                continue;
            }
            // A router that lost its connection comes back before we notice: the old one is over. On loopback many routers may share an address.
            if (!net::is_loopback(from.address)) {
                for (std::size_t i = 0; i < connections.size(); ++i) {
                    if (connections[i].from.address == from.address) {
                        end(i, now, "the router connected anew");
                        break;
                    }
                }
            }
            if (connections.size() >= options.most_routers) {
                ++refused;
                continue;
            }
            listening::set(socket_of.fd(), SOL_SOCKET, SO_KEEPALIVE, 1);
            listening::set(socket_of.fd(), IPPROTO_TCP, TCP_KEEPIDLE, 60);
            listening::set(socket_of.fd(), IPPROTO_TCP, TCP_KEEPINTVL, 20);
            listening::set(socket_of.fd(), IPPROTO_TCP, TCP_KEEPCNT, 3);
            auto report = std::make_unique<InputReport>();
            report->path = "bmp:" + to_string(from);
            report->format = "bmp";
            auto decoder = std::make_unique<Decoder>(sink, *report, net::is_loopback(from.address) ? net::Address::v4(0x7f00'0000U | net::number(from.port)) : from.address);
            connections.push_back({.socket = std::move(socket_of), .from = from, .report = std::move(report), .decoder = std::move(decoder)});
        }
    }

    void end(std::size_t index, Time now, std::string why) {
        listening::Connection& c = connections[index];
        RouterStatus status = status_of(c);
        c.decoder->end(now);
        status.connected = false;
        status.peers_up = 0;
        status.ended = std::move(why);
        c.report->bytes = c.decoder->offset();
        ended.emplace_back(std::move(status), std::move(*c.report));
        if (ended.size() > listening::kEndedKept) { ended.pop_front(); }
        connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(index));
    }

    /// Why the connection is over, if it is.
    std::optional<std::string> read(listening::Connection& c, Time now) {
        for (int round = 0; round < listening::kRoundsOfOne; ++round) {
            const ssize_t got = ::recv(c.socket.fd(), block.data(), block.size(), 0);
            if (got == 0) { return "the router closed the connection"; }
            if (got < 0) {
                if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) { return std::nullopt; }
                return fmt::format("the connection failed: {}", std::strerror(errno));
            }
            const auto taken = c.decoder->feed(std::span(block).first(static_cast<std::size_t>(got)), now);
            if (!taken) { return fmt::format("{} ({})", taken.error().message, taken.error().where); }
            if (static_cast<std::size_t>(got) < block.size()) { return std::nullopt; }
        }
        return std::nullopt;
    }
};

Listener::Listener(std::unique_ptr<State> state) : state_(std::move(state)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

Result<Listener> Listener::open(const ListenerOptions& options, RouteSink& sink) {
    using namespace listening;
    const std::string name = to_string(options.where);
    if (!net::is_loopback(options.where.address) && options.allowed.empty()) {
        return fail(Errc::usage, "listening beyond this machine takes a list of the routers that may connect", name, "name them: --router 192.0.2.1 --router 198.51.100.0/24; others are turned away");
    }
    auto state = std::make_unique<State>(sink);
    state->options = options;
    state->socket = Socket(::socket(options.where.address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int fd = state->socket.fd();
    if (fd < 0) { return fail(Errc::unreadable, std::string("no socket to be had: ") + std::strerror(errno), name); }
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!options.where.address.is_v4()) { set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1); }
    const net::SocketAddress to = net::to_system(options.where);
    if (::bind(fd, static_cast<const sockaddr*>(static_cast<const void*>(&to.storage)), to.size) != 0 || ::listen(fd, 16) != 0) {
        const int error = errno;
        return fail(Errc::unreadable, std::string("cannot listen: ") + std::strerror(error), name, hint_for(error));
    }
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(fd, static_cast<sockaddr*>(static_cast<void*>(&bound)), &size) != 0) { return fail(Errc::unreadable, std::string("cannot listen: ") + std::strerror(errno), name); }
    state->address = net::from_system(bound);
    return Listener(std::move(state));
}

Result<void> Listener::receive(Duration patience, Time now) {
    State& s = *state_;
    std::vector<pollfd> waits;
    waits.reserve(s.connections.size() + 1);
    waits.push_back({.fd = s.socket.fd(), .events = POLLIN, .revents = 0});
    for (const auto& c : s.connections) { waits.push_back({.fd = c.socket.fd(), .events = POLLIN, .revents = 0}); }
    const auto wait_ms = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(std::clamp<Duration>(patience, Duration(0), std::chrono::seconds(60))).count());
    const int ready = ::poll(waits.data(), waits.size(), wait_ms);
    if (ready < 0 && errno != EINTR) { return fail(Errc::unreadable, std::string("cannot wait for routers: ") + std::strerror(errno), to_string(s.address)); }
    if (ready <= 0) { return {}; }
    for (std::size_t i = s.connections.size(); i-- > 0;) {  // from the back: those that end are taken out
        if (waits[i + 1].revents == 0) { continue; }
        if (auto why = s.read(s.connections[i], now)) { s.end(i, now, std::move(*why)); }
    }
    if (waits[0].revents != 0) { s.accept_all(now); }
    return {};
}

void Listener::close() {
    state_->connections.clear();
    state_->socket = listening::Socket();
}

const net::Endpoint& Listener::address() const { return state_->address; }
std::uint64_t Listener::refused() const { return state_->refused; }

std::vector<RouterStatus> Listener::routers() const {
    std::vector<RouterStatus> out;
    out.reserve(state_->ended.size() + state_->connections.size());
    for (const auto& [status, report] : state_->ended) { out.push_back(status); }
    for (const auto& c : state_->connections) { out.push_back(State::status_of(c)); }
    return out;
}

std::vector<InputReport> Listener::reports() const {
    std::vector<InputReport> out;
    out.reserve(state_->ended.size() + state_->connections.size());
    for (const auto& [status, report] : state_->ended) { out.push_back(report); }
    for (const auto& c : state_->connections) {
        InputReport& report = out.emplace_back(*c.report);
        report.bytes = c.decoder->offset();
    }
    return out;
}

}  // namespace hw::route::bmp
