// hw-evasion-shim: one end of a laboratory tunnel that hides its traffic's timing and volume.
//
//   hw-evasion-shim encode|decode LISTEN_PORT ADDRESS PORT [seed N] [jitter_s X] [hold_s X] [chaff X] [record N]
//                   [interval_ms X] [split N]
//
// `encode` takes plain connections and dials the other end, `decode` the reverse; between the two runs one TCP connection
// of framed records a session. What each end may do to it, for measuring detectors against the evasions of the literature:
//   jitter_s     every piece waits a uniform 0..X s, both ways, at this end; order is kept
//   hold_s       store and forward: pieces wait for the next multiple of X s, both ways, at this end
//   chaff        independent Poisson chaff sent into the tunnel, X times this end's own records
//   record       every record is padded to N bytes
//   interval_ms  constant rate: exactly one record of `record` bytes every X ms, chaff where there is nothing to say
//   split        pieces are cut into records of 1..N bytes; where several pieces are due at once, they are merged first
// One record leaves in one write (TCP_NODELAY), so records are packets unless the path is full.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <deque>
#include <iostream>
#include <list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t kHeader = 5;             // kind, payload bytes, padding bytes (big endian)
constexpr std::size_t kPiece = 1400;           // read at once: about a packet
constexpr std::size_t kLargestRecord = 16384;  // payload or padding
constexpr std::size_t kMostQueued = 4 << 20;   // then reading waits
constexpr std::size_t kMostUnsent = 64 << 10;  // then pieces wait and chaff is left out
constexpr double kMostChaffPerSecond = 300, kChaffMemory_s = 60;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNever = INT64_MAX;
constexpr unsigned char kData = 0x5A, kChaff = 0xA5;

[[noreturn]] void fail(const std::string& what, bool with_errno = false) {
    std::cerr << "hw-evasion-shim: " << what;
    if (with_errno) std::cerr << ": " << std::strerror(errno);
    std::cerr << '\n';
    std::exit(1);
}

std::int64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::int64_t>(t.tv_sec) * kSecond + t.tv_nsec;
}

double number(std::string_view text, const char* what) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0) || value > 1e9)
        fail("'" + std::string(text) + "' is no " + what);
    return value;
}

struct Options {
    double jitter_s = 0, hold_s = 0, chaff = 0, record = 0, interval_ms = 0, split = 0, seed = 1;
};

std::mt19937_64 randomness;

double uniform(double most) { return std::uniform_real_distribution<double>(0, most)(randomness); }

/// Pieces in order, each with the time at which it may go on.
class Queue {
public:
    void push(std::string piece, const Options& options, std::int64_t now, std::int64_t began) {
        std::int64_t due = now + static_cast<std::int64_t>(uniform(options.jitter_s) * 1e9);
        if (options.hold_s > 0) {
            const auto period = static_cast<std::int64_t>(options.hold_s * 1e9);
            due = began + ((due - began) / period + 1) * period;
        }
        due = last_due_ = std::max(due, last_due_);  // order is kept
        bytes_ += piece.size();
        pieces_.push_back({due, std::move(piece)});
    }
    [[nodiscard]] bool empty() const { return pieces_.empty(); }
    [[nodiscard]] bool full() const { return bytes_ > kMostQueued; }
    [[nodiscard]] std::int64_t next_due() const { return pieces_.empty() ? kNever : pieces_.front().due; }

    /// What is due, at most `most` bytes: one piece, or as many as fit when `merge`.
    std::string take(std::int64_t now, std::size_t most, bool merge) {
        std::string taken;
        while (!pieces_.empty() && pieces_.front().due <= now && taken.size() < most && (merge || taken.empty())) {
            std::string& piece = pieces_.front().bytes;
            const std::size_t part = std::min(piece.size(), most - taken.size());
            taken.append(piece, 0, part);
            piece.erase(0, part);
            if (piece.empty()) pieces_.pop_front();
        }
        bytes_ -= taken.size();
        return taken;
    }

private:
    struct Piece {
        std::int64_t due;
        std::string bytes;
    };
    std::deque<Piece> pieces_;
    std::size_t bytes_ = 0;
    std::int64_t last_due_ = 0;
};

/// One socket with what could not be written yet.
struct Stream {
    int fd = -1;
    std::string unsent;
    bool ended = false;  // the far side has said its last

    [[nodiscard]] bool clogged() const { return unsent.size() > kMostUnsent; }
    bool write(std::string_view bytes) {
        unsent.append(bytes);
        return flush();
    }
    bool flush() {
        while (!unsent.empty()) {
            const ssize_t done = ::send(fd, unsent.data(), unsent.size(), MSG_NOSIGNAL);
            if (done < 0) return errno == EAGAIN || errno == ENOTCONN || errno == EINTR;
            unsent.erase(0, static_cast<std::size_t>(done));
        }
        return true;
    }
};

class Session {
public:
    Session(int plain, int framed, const Options& options)
        : options_(options), began_(now_ns()), next_chaff_(began_), next_tick_(began_) {
        plain_.fd = plain;
        framed_.fd = framed;
        schedule_chaff(began_);
    }
    Session(const Session&) = delete;
    ~Session() {
        close(plain_.fd);
        close(framed_.fd);
    }

    [[nodiscard]] std::array<pollfd, 2> wanted() const {
        const auto ask = [](const Stream& stream, const Queue& queue) {
            const int read = !stream.ended && !queue.full() ? POLLIN : 0;
            const int events = read | (stream.unsent.empty() ? 0 : POLLOUT);
            return pollfd{events == 0 ? -1 : stream.fd, static_cast<short>(events), 0};  // a hang-up would wake us for ever
        };
        return {ask(plain_, inward_), ask(framed_, outward_)};
    }

    [[nodiscard]] std::int64_t wake_at() const {
        const std::int64_t inward = framed_.clogged() ? kNever : constant_rate() ? next_tick_ : std::max(inward_.next_due(), next_split_);
        const std::int64_t outward = plain_.clogged() ? kNever : outward_.next_due();
        return std::min({inward_.empty() && !constant_rate() ? kNever : inward, outward, options_.chaff > 0 ? next_chaff_ : kNever});
    }

    /// Reads, writes and sends what is due; false when the session is over.
    bool step(short plain_events, short framed_events) {
        if (plain_events != 0 && !read_plain()) return false;
        if (framed_events != 0 && !read_framed()) return false;
        const std::int64_t now = now_ns();
        if (!send_inward(now) || !send_outward(now) || !plain_.flush() || !framed_.flush()) return false;
        const bool plain_done = plain_.ended && inward_.empty() && framed_.unsent.empty();
        const bool framed_done = framed_.ended && outward_.empty() && plain_.unsent.empty();
        return !plain_done && !framed_done;
    }

private:
    [[nodiscard]] bool constant_rate() const { return options_.interval_ms > 0; }

    bool read_plain() {
        std::array<char, kPiece> buffer{};
        if (inward_.full()) return true;
        const ssize_t got = ::recv(plain_.fd, buffer.data(), buffer.size(), 0);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (got == 0) plain_.ended = true;
        else inward_.push({buffer.data(), static_cast<std::size_t>(got)}, options_, now_ns(), began_);
        return true;
    }

    bool read_framed() {
        std::array<char, 65536> buffer{};
        if (outward_.full()) return true;
        const ssize_t got = ::recv(framed_.fd, buffer.data(), buffer.size(), 0);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (got == 0) framed_.ended = true;
        else received_.append(buffer.data(), static_cast<std::size_t>(got));
        std::size_t at = 0;
        while (received_.size() - at >= kHeader) {
            const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(received_[at + i]); };
            const std::size_t payload = byte(1) * 256U + byte(2), padding = byte(3) * 256U + byte(4);
            if ((byte(0) != kData && byte(0) != kChaff) || payload > kLargestRecord || padding > kLargestRecord) return false;
            if (received_.size() - at < kHeader + payload + padding) break;
            if (byte(0) == kData) outward_.push(received_.substr(at + kHeader, payload), options_, now_ns(), began_);
            at += kHeader + payload + padding;
        }
        received_.erase(0, at);
        return true;
    }

    bool send_inward(std::int64_t now) {
        if (constant_rate()) {
            const auto interval = static_cast<std::int64_t>(options_.interval_ms * 1e6);
            const auto room = static_cast<std::size_t>(options_.record) - kHeader;
            for (; next_tick_ <= now; next_tick_ += interval) {
                if (framed_.clogged()) continue;
                const std::string payload = inward_.take(now, room, true);
                if (!record(payload.empty() ? kChaff : kData, payload)) return false;
            }
            return true;
        }
        while (!framed_.clogged() && inward_.next_due() <= now && next_split_ <= now) {
            std::size_t most = kPiece;
            if (options_.split > 0) {
                most = 1 + static_cast<std::size_t>(uniform(options_.split));
                next_split_ = now + static_cast<std::int64_t>(uniform(0.02) * 1e9);
            }
            const std::string payload = inward_.take(now, most, options_.split > 0 || options_.hold_s > 0);
            recent_[sent_++ % recent_.size()] = payload.size();
            if (!record(kData, payload)) return false;
        }
        while (options_.chaff > 0 && next_chaff_ <= now) {
            if (chaff_due_ && !framed_.clogged()) {
                const std::size_t known = std::min(sent_, recent_.size());
                const std::size_t size = known == 0 ? 64 : recent_[static_cast<std::size_t>(randomness() % known)];
                ++chaff_sent_;
                if (!record(kChaff, std::string(size, '\0'))) return false;
            }
            schedule_chaff(next_chaff_);
        }
        return true;
    }

    /// Poisson, memoryless, so it may be drawn anew twice a second. The rate is that of our own records so far, which says
    /// nothing of the last minute's; what was sent too many (a busy start) or too few is made good within kChaffMemory_s.
    void schedule_chaff(std::int64_t from) {
        const double elapsed_s = static_cast<double>(from - began_) / 1e9 + 5, own = static_cast<double>(sent_);
        const double owed = options_.chaff * own * (1 + kChaffMemory_s / elapsed_s) - static_cast<double>(chaff_sent_);
        const double rate = std::clamp(owed / kChaffMemory_s, 0.0, kMostChaffPerSecond);
        const double wait_s = rate > 0 ? -std::log(1 - uniform(1)) / rate : 1e9;
        chaff_due_ = wait_s <= 0.5;
        next_chaff_ = from + static_cast<std::int64_t>(std::min(wait_s, 0.5) * 1e9);
    }

    bool send_outward(std::int64_t now) {
        while (!plain_.clogged() && outward_.next_due() <= now)
            if (!plain_.write(outward_.take(now, kPiece, options_.hold_s > 0))) return false;
        return true;
    }

    bool record(unsigned char kind, const std::string& payload) {
        const auto wanted = static_cast<std::size_t>(options_.record);
        const std::size_t padding = wanted > payload.size() + kHeader ? wanted - payload.size() - kHeader : 0;
        std::string bytes{static_cast<char>(kind), static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size() & 255),
                          static_cast<char>(padding >> 8), static_cast<char>(padding & 255)};
        bytes += payload;
        bytes.append(padding, '\0');
        return framed_.write(bytes);
    }

    const Options& options_;
    std::int64_t began_;
    Stream plain_, framed_;
    Queue inward_, outward_;  // into the tunnel; out of it
    std::string received_;    // of the tunnel, not yet a whole record
    std::array<std::size_t, 64> recent_{};
    std::size_t sent_ = 0, chaff_sent_ = 0;  // own records, and chaff
    std::int64_t next_chaff_, next_tick_, next_split_ = 0;
    bool chaff_due_ = false;
};

int make_socket() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket", true);
    return fd;
}

void make_prompt(int fd) {
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int listen_on(std::uint16_t port) {
    const int fd = make_socket(), yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 8) != 0)
        fail("listen on port " + std::to_string(port), true);
    return fd;
}

int dial(const sockaddr_in& address) {
    const int fd = make_socket();
    make_prompt(fd);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EINPROGRESS) return fd;
    ::close(fd);
    return -1;
}

void serve(int listener, const sockaddr_in& onward, bool encode, const Options& options) {
    std::list<Session> sessions;
    while (true) {
        std::vector<pollfd> watched{{listener, POLLIN, 0}};
        std::int64_t wake = kNever;
        for (const Session& session : sessions) {
            const auto both = session.wanted();
            watched.insert(watched.end(), both.begin(), both.end());
            wake = std::min(wake, session.wake_at());
        }
        const std::int64_t wait = wake == kNever ? 0 : std::max<std::int64_t>(wake - now_ns(), 0);
        const timespec timeout{wait / kSecond, wait % kSecond};
        if (::ppoll(watched.data(), watched.size(), wake == kNever ? nullptr : &timeout, nullptr) < 0 && errno != EINTR) fail("poll", true);
        std::size_t at = 1;
        for (auto session = sessions.begin(); session != sessions.end(); at += 2)
            session = session->step(watched[at].revents, watched[at + 1].revents) ? std::next(session) : sessions.erase(session);
        if ((watched[0].revents & POLLIN) == 0) continue;
        const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted < 0) continue;
        make_prompt(accepted);
        const int dialled = dial(onward);
        if (dialled < 0) ::close(accepted);
        else sessions.emplace_back(encode ? accepted : dialled, encode ? dialled : accepted, options);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    if (words.size() < 4 || words.size() % 2 != 0 || (words[0] != "encode" && words[0] != "decode"))
        fail("usage: encode|decode LISTEN_PORT ADDRESS PORT [OPTION VALUE]...");
    Options options;
    for (std::size_t index = 4; index < words.size(); index += 2) {
        const std::string_view name = words[index];
        double* const place = name == "jitter_s"      ? &options.jitter_s
                              : name == "hold_s"      ? &options.hold_s
                              : name == "chaff"       ? &options.chaff
                              : name == "record"      ? &options.record
                              : name == "interval_ms" ? &options.interval_ms
                              : name == "split"       ? &options.split
                              : name == "seed"        ? &options.seed
                                                      : nullptr;
        if (place == nullptr) fail("unknown option '" + std::string(name) + "'");
        *place = number(words[index + 1], "number");
    }
    if (options.interval_ms > 0 && options.record < 64) fail("interval_ms needs record of 64 bytes or more");
    if (options.record > static_cast<double>(kLargestRecord)) fail("record is too large");
    const auto port = [](double value) {
        if (value < 1 || value > 65535) fail("a port lies in 1..65535");
        return static_cast<std::uint16_t>(value);
    };
    sockaddr_in onward{};
    onward.sin_family = AF_INET;
    onward.sin_port = htons(port(number(words[3], "port")));
    if (::inet_pton(AF_INET, std::string(words[2]).c_str(), &onward.sin_addr) != 1) fail("'" + std::string(words[2]) + "' is no IPv4 address");
    randomness.seed(static_cast<std::uint64_t>(options.seed));
    ::signal(SIGPIPE, SIG_IGN);
    ::prctl(PR_SET_TIMERSLACK, 50'000);
    serve(listen_on(port(number(words[1], "port"))), onward, words[0] == "encode", options);
}
