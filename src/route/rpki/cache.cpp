#include "route/rpki/cache.hpp"

#include "base/log.hpp"
#include "net/socket_address.hpp"
#include "route/rpki/rtr_session.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace hw::route::rpki {
namespace {
namespace rtr_connection {

using Clock = std::chrono::steady_clock;
constexpr auto kLook = std::chrono::milliseconds(100);  // how soon a wish to stop is noticed

/// A TCP connection that is closed when it goes.
class Connection {
public:
    explicit Connection(int fd) : fd_(fd) {}
    Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Connection& operator=(Connection&&) = delete;
    ~Connection() {
        if (fd_ >= 0) { ::close(fd_); }
    }

    static Result<Connection> open(const net::Endpoint& where, const std::stop_token& stop) {
        const auto address = net::to_system(where);
        Connection made(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (made.fd_ < 0) { return unreachable(where, errno); }
        if (::connect(made.fd_, static_cast<const sockaddr*>(static_cast<const void*>(&address.storage)), address.size) != 0) {
            if (errno != EINPROGRESS) { return unreachable(where, errno); }
            const auto until = Clock::now() + std::chrono::seconds(10);
            while (!made.ready(POLLOUT)) {
                if (stop.stop_requested() || Clock::now() >= until) { return unreachable(where, ETIMEDOUT); }
            }
            int error = 0;
            socklen_t size = sizeof error;
            if (::getsockopt(made.fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) { return unreachable(where, error); }
        }
        return made;
    }

    /// Whether the socket can be read or written, after a short wait.
    [[nodiscard]] bool ready(short what) const {
        pollfd waiting{.fd = fd_, .events = what, .revents = 0};
        return ::poll(&waiting, 1, static_cast<int>(kLook.count())) > 0;
    }

    /// Bytes that have come; nothing where none have, and no bytes where the other side has closed.
    Result<std::optional<std::span<const std::byte>>> receive() {
        const ssize_t n = ::recv(fd_, block_.data(), block_.size(), 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) { return std::nullopt; }
        if (n < 0) { return fail(Errc::unreadable, std::string("the connection to the RPKI cache is lost: ") + std::strerror(errno)); }
        return std::span(block_).first(static_cast<std::size_t>(n));
    }

    Result<void> send(std::span<const std::byte> bytes) {
        const auto until = Clock::now() + std::chrono::seconds(10);
        while (!bytes.empty()) {
            const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n > 0) { bytes = bytes.subspan(static_cast<std::size_t>(n)); }
            else if (errno != EAGAIN && errno != EINTR) { return fail(Errc::unreadable, std::string("the connection to the RPKI cache is lost: ") + std::strerror(errno)); }
            else if (!ready(POLLOUT) && Clock::now() >= until) { return fail(Errc::unreadable, "the RPKI cache does not take what is asked"); }
        }
        return {};
    }

private:
    static std::unexpected<Error> unreachable(const net::Endpoint& where, int error) {
        return fail(Errc::unreadable, std::string("the RPKI cache cannot be reached: ") + std::strerror(error), net::to_string(where), "check that it listens there (stayrtr, Routinator, rpki-prover), by TCP without TLS or SSH");
    }

    int fd_;
    std::array<std::byte, 65'536> block_{};
};

}  // namespace rtr_connection
}  // namespace

class Cache::Listener {
public:
    explicit Listener(const net::Endpoint& where) : where_(where) {
        if (where_.port == net::Port{}) { where_.port = kPort; }
    }

    void start() {
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }

    /// Until all has been told, or something has gone wrong.
    Result<void> wait(Duration longest, const std::stop_token& stop) {
        const auto until = rtr_connection::Clock::now() + longest;
        std::unique_lock lock(mutex_);
        while (!told_ && !failure_) {
            if (stop.stop_requested()) { return fail(Errc::interrupted, "stopped while the RPKI cache was read"); }
            if (rtr_connection::Clock::now() >= until) { return fail(Errc::unreadable, "the RPKI cache has not told all that it has in time", net::to_string(where_), "check that it has fetched its data"); }
            changed_.wait_for(lock, rtr_connection::kLook);
        }
        if (told_) { return {}; }
        Error error = *failure_;
        if (error.where.empty()) { error.where = net::to_string(where_); }
        return std::unexpected(std::move(error));
    }

    [[nodiscard]] std::shared_ptr<const Authorisations> held() const {
        const std::scoped_lock lock(mutex_);
        return held_;
    }

private:
    void run(const std::stop_token& stop) {
        using rtr_connection::Clock;
        RtrSession session;
        std::optional<Clock::time_point> heard;  // when all was told last
        while (!stop.stop_requested()) {
            const auto lost = talk(session, stop, heard);
            if (stop.stop_requested()) { return; }
            if (!lost) {
                if (heard) { log::warning(lost.error().message + "; its authorisations hold until they are too old, and it is tried again"); }
                const std::scoped_lock lock(mutex_);
                failure_ = lost.error();
            }
            changed_.notify_all();
            const auto again = Clock::now() + session.intervals().retry;
            while (Clock::now() < again && !stop.stop_requested()) {
                if (heard && Clock::now() - *heard > session.intervals().expire) {
                    log::warning("the RPKI cache has been away for too long: nothing counts as valid or invalid until it is back");
                    session.forget();
                    publish(session);
                    heard.reset();
                }
                std::this_thread::sleep_for(rtr_connection::kLook);
            }
        }
    }

    /// One connection, as long as it holds.
    Result<void> talk(RtrSession& session, const std::stop_token& stop, std::optional<rtr_connection::Clock::time_point>& heard) {
        using rtr_connection::Clock;
        HW_TRY(auto connection, rtr_connection::Connection::open(where_, stop));
        session.begin();
        auto ask_at = Clock::now() + session.intervals().refresh;
        std::uint64_t completed = session.completed();
        while (!stop.stop_requested()) {
            HW_CHECK(connection.send(session.take_output()));
            if (connection.ready(POLLIN)) {
                HW_TRY(const auto bytes, connection.receive());
                if (bytes && bytes->empty()) { return fail(Errc::unreadable, "the RPKI cache has closed the connection"); }
                if (bytes) { HW_CHECK(session.feed(*bytes)); }
            }
            if (session.completed() != completed) {
                completed = session.completed();
                heard = Clock::now();
                ask_at = *heard + session.intervals().refresh;
                publish(session);
            } else if (heard && Clock::now() - *heard > session.intervals().expire) {
                return fail(Errc::unreadable, "the RPKI cache does not answer any more");
            } else if (Clock::now() >= ask_at) {
                session.refresh();
                ask_at = Clock::now() + session.intervals().refresh;
            }
        }
        return {};
    }

    void publish(const RtrSession& session) {
        auto copy = std::make_shared<const Authorisations>(session.authorisations());
        {
            const std::scoped_lock lock(mutex_);
            held_ = std::move(copy);
            told_ = true;
            failure_.reset();
        }
        changed_.notify_all();
    }

    net::Endpoint where_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<const Authorisations> held_ = std::make_shared<const Authorisations>();
    std::optional<Error> failure_;
    bool told_ = false;
    std::jthread thread_;  ///< Last: it ends before what it uses.
};

Cache::Cache(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
Cache::Cache(Cache&&) noexcept = default;
Cache& Cache::operator=(Cache&&) noexcept = default;
Cache::~Cache() = default;

Result<Cache> Cache::connect(const net::Endpoint& where, Duration wait, const std::stop_token& stop) {
    auto listener = std::make_unique<Listener>(where);
    listener->start();
    HW_CHECK(listener->wait(wait, stop));
    return Cache(std::move(listener));
}

OriginValidity Cache::validate(const net::Prefix& prefix, net::Asn origin) const { return listener_->held()->validate(prefix, origin); }

std::size_t Cache::size() const { return listener_->held()->size(); }

}  // namespace hw::route::rpki
