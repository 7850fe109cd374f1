// hw-link-emulator: the lab's wide-area links.
//
// Opens one TUN device in each router's network namespace and carries IP packets (v4 and v6) between them by
// destination prefix, with delay, jitter, loss and a rate-limited queue per directed pair of nodes. It exists because
// not every kernel has netem. One process, one epoll, one timer.
//
// Configuration, one statement a line, '#' starts a comment:
//   seed N
//   node NAME NAMESPACE DEVICE            NAMESPACE is a name below /run/netns
//   prefix NAME ADDRESS/LENGTH            what lies behind that node
//   link FROM TO [delay_us N] [jitter_us N] [loss P] [rate_bps N] [buffer_bytes N] [keep_order 0|1]
#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <queue>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace {

constexpr std::size_t kLargestPacket = 65536;
constexpr std::int64_t kTimerSlackNs = 30'000;  // packets due within it leave together: fewer wake-ups
constexpr int kReadsPerWakeup = 64;             // no busy node may starve the others

/// Ends the program with one sentence: this is a laboratory tool, a half-running network helps nobody.
[[noreturn]] void fail(const std::string& what, bool with_errno = false) {
    std::cerr << "hw-link-emulator: " << what;
    if (with_errno) std::cerr << ": " << std::strerror(errno);
    std::cerr << '\n';
    std::exit(1);
}

std::int64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

struct Prefix {
    std::array<std::uint8_t, 16> bytes{};
    std::size_t address_size = 4;
    int length = 0;
    std::size_t node = 0;

    [[nodiscard]] bool contains(const std::uint8_t* address) const {
        const auto whole = static_cast<std::size_t>(length / 8);
        if (std::memcmp(bytes.data(), address, whole) != 0) return false;
        const int rest = length % 8;
        return rest == 0 || ((bytes[whole] ^ address[whole]) >> (8 - rest)) == 0;
    }
};

struct Node {
    std::string name, network_namespace, device;
    int fd = -1;
};

struct Link {
    bool defined = false;
    std::int64_t delay_ns = 0, jitter_ns = 0;
    double loss = 0.0;
    std::int64_t rate_bps = 0;  // 0: unlimited
    std::int64_t buffer_bytes = 256 * 1024;
    bool keep_order = true;
    std::int64_t busy_until_ns = 0;   // when the last bit accepted so far has left the queue
    std::int64_t last_arrival_ns = 0; // for keep_order
    std::uint64_t carried = 0, lost = 0, overflowed = 0;
};

struct Packet {
    std::int64_t due_ns;
    std::uint64_t number;  // ties leave in the order they came
    std::size_t to;
    std::vector<char> bytes;
};
struct LaterFirst {
    bool operator()(const Packet& a, const Packet& b) const {
        return a.due_ns != b.due_ns ? a.due_ns > b.due_ns : a.number > b.number;
    }
};

template <typename Number>
Number to_number(std::string_view text, const std::string& where) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        fail(where + ": '" + std::string(text) + "' is not a number");
    return value;
}

class Emulator {
public:
    explicit Emulator(const std::string& path) {
        std::ifstream file(path);
        if (!file) fail("cannot read " + path, true);
        std::string line;
        for (int number = 1; std::getline(file, line); ++number)
            read_statement(line.substr(0, line.find('#')), path + ":" + std::to_string(number));
        if (nodes_.empty()) fail(path + ": no node");
        // Longest prefix first, so that the first hit is the right one; a lab has a handful.
        std::ranges::stable_sort(prefixes_, [](auto& a, auto& b) { return a.length > b.length; });
    }

    void open_devices() {
        const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        for (auto& node : nodes_) {
            const std::string path = "/run/netns/" + node.network_namespace;
            const int target = open(path.c_str(), O_RDONLY | O_CLOEXEC);
            if (target < 0 || setns(target, CLONE_NEWNET) != 0) fail("cannot enter " + path, true);
            close(target);
            node.fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
            if (node.fd < 0) fail("cannot open /dev/net/tun", true);
            ifreq request{};
            request.ifr_flags = IFF_TUN | IFF_NO_PI;
            node.device.copy(request.ifr_name, IFNAMSIZ - 1);
            if (ioctl(node.fd, TUNSETIFF, &request) != 0) fail("cannot attach to " + node.device, true);
        }
        if (setns(home, CLONE_NEWNET) != 0) fail("cannot return to the first namespace", true);
        close(home);
    }

    void run() {
        sigset_t stop;
        sigemptyset(&stop);
        sigaddset(&stop, SIGTERM);
        sigaddset(&stop, SIGINT);
        sigprocmask(SIG_BLOCK, &stop, nullptr);
        const int signals = signalfd(-1, &stop, SFD_CLOEXEC);
        timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        const int poll = epoll_create1(EPOLL_CLOEXEC);
        const auto watch = [&](int fd, std::uint64_t tag) {
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = tag;
            if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl", true);
        };
        for (std::size_t i = 0; i < nodes_.size(); ++i) watch(nodes_[i].fd, i);
        const std::uint64_t timer_tag = nodes_.size(), signal_tag = nodes_.size() + 1;
        watch(timer_, timer_tag);
        watch(signals, signal_tag);
        std::cout << "ready" << std::endl;  // the lab waits for this line

        std::array<epoll_event, 16> events{};
        for (bool running = true; running;) {
            const int count = epoll_wait(poll, events.data(), events.size(), -1);
            if (count < 0 && errno != EINTR) fail("epoll_wait", true);
            for (int i = 0; i < count; ++i) {
                const auto tag = events[static_cast<std::size_t>(i)].data.u64;
                if (tag == signal_tag) running = false;
                else if (tag == timer_tag) drain_timer();
                else take_packets(static_cast<std::size_t>(tag));
            }
            deliver_due();
            set_timer();
        }
        report();
    }

private:
    void read_statement(const std::string& line, const std::string& where) {
        std::istringstream in(line);
        std::string verb, name;
        if (!(in >> verb)) return;
        if (verb == "seed") {
            if (!(in >> name)) fail(where + ": expected 'seed N'");
            random_.seed(to_number<std::uint64_t>(name, where));
        } else if (verb == "node") {
            Node node;
            if (!(in >> node.name >> node.network_namespace >> node.device))
                fail(where + ": expected 'node NAME NAMESPACE DEVICE'");
            if (node.device.size() >= IFNAMSIZ) fail(where + ": device name too long");
            if (!index_.emplace(node.name, nodes_.size()).second) fail(where + ": node " + node.name + " again");
            nodes_.push_back(node);
            for (auto& row : links_) row.resize(nodes_.size());
            links_.emplace_back(nodes_.size());
        } else if (verb == "prefix") {
            std::string text;
            if (!(in >> name >> text)) fail(where + ": expected 'prefix NAME ADDRESS/LENGTH'");
            prefixes_.push_back(parse_prefix(text, node_index(name, where), where));
        } else if (verb == "link") {
            std::string to;
            if (!(in >> name >> to)) fail(where + ": expected 'link FROM TO ...'");
            read_link(in, links_[node_index(name, where)][node_index(to, where)], where);
        } else {
            fail(where + ": unknown statement '" + verb + "'");
        }
    }

    static void read_link(std::istringstream& in, Link& link, const std::string& where) {
        link.defined = true;
        for (std::string key, value; in >> key;) {
            if (!(in >> value)) fail(where + ": " + key + " has no value");
            if (key == "loss") {
                link.loss = to_number<double>(value, where);
                if (link.loss < 0 || link.loss > 1) fail(where + ": loss must lie in 0..1");
                continue;
            }
            const auto number = to_number<std::int64_t>(value, where);
            if (number < 0) fail(where + ": " + key + " must not be negative");
            if (key == "delay_us") link.delay_ns = number * 1000;
            else if (key == "jitter_us") link.jitter_ns = number * 1000;
            else if (key == "rate_bps") link.rate_bps = number;
            else if (key == "buffer_bytes") link.buffer_bytes = number;
            else if (key == "keep_order") link.keep_order = number != 0;
            else fail(where + ": unknown link property '" + key + "'");
        }
    }

    std::size_t node_index(const std::string& name, const std::string& where) const {
        const auto found = index_.find(name);
        if (found == index_.end()) fail(where + ": unknown node '" + name + "'");
        return found->second;
    }

    static Prefix parse_prefix(const std::string& text, std::size_t node, const std::string& where) {
        Prefix prefix;
        prefix.node = node;
        const auto slash = text.find('/');
        if (slash == std::string::npos) fail(where + ": '" + text + "' has no length");
        const std::string address = text.substr(0, slash);
        if (inet_pton(AF_INET, address.c_str(), prefix.bytes.data()) == 1) prefix.address_size = 4;
        else if (inet_pton(AF_INET6, address.c_str(), prefix.bytes.data()) == 1) prefix.address_size = 16;
        else fail(where + ": '" + address + "' is not an address");
        prefix.length = to_number<int>(std::string_view(text).substr(slash + 1), where);
        if (prefix.length < 0 || prefix.length > static_cast<int>(prefix.address_size * 8))
            fail(where + ": prefix length out of range");
        return prefix;
    }

    /// The link from `from` towards the packet's destination, and where it ends; null when there is none.
    std::pair<Link*, std::size_t> route(std::size_t from, const char* packet, std::size_t size) {
        const int version = size > 0 ? (static_cast<std::uint8_t>(packet[0]) >> 4) : 0;
        const std::size_t address_size = version == 6 ? 16 : 4;
        const std::size_t offset = version == 6 ? 24 : 16;
        if ((version != 4 && version != 6) || size < offset + address_size) return {nullptr, 0};
        std::array<std::uint8_t, 16> destination{};
        std::memcpy(destination.data(), packet + offset, address_size);
        for (const auto& prefix : prefixes_) {
            if (prefix.address_size != address_size || !prefix.contains(destination.data())) continue;
            auto& link = links_[from][prefix.node];
            return link.defined ? std::pair{&link, prefix.node} : std::pair<Link*, std::size_t>{nullptr, 0};
        }
        return {nullptr, 0};
    }

    void take_packets(std::size_t from) {
        for (int i = 0; i < kReadsPerWakeup; ++i) {
            const ssize_t size = read(nodes_[from].fd, buffer_.data(), buffer_.size());
            if (size <= 0) return;
            accept(from, static_cast<std::size_t>(size));
        }
    }

    void accept(std::size_t from, std::size_t size) {
        const auto [link, to] = route(from, buffer_.data(), size);
        if (link == nullptr) {
            ++unroutable_;
            return;
        }
        if (link->loss > 0 && uniform_(random_) < link->loss) {
            ++link->lost;
            return;
        }
        const auto now = now_ns();
        auto out = std::max(now, link->busy_until_ns);
        if (link->rate_bps > 0) {
            const auto waiting_bytes =
                static_cast<double>(out - now) * 1e-9 * static_cast<double>(link->rate_bps) / 8.0;
            if (waiting_bytes + static_cast<double>(size) > static_cast<double>(link->buffer_bytes)) {
                ++link->overflowed;
                return;
            }
            out += static_cast<std::int64_t>(size) * 8 * 1'000'000'000 / link->rate_bps;
            link->busy_until_ns = out;
        }
        auto due = out + link->delay_ns;
        if (link->jitter_ns > 0)  // one-sided, like queues elsewhere on the path; mean is jitter
            due += static_cast<std::int64_t>(exponential_(random_) * static_cast<double>(link->jitter_ns));
        if (link->keep_order) due = std::max(due, link->last_arrival_ns);
        link->last_arrival_ns = due;
        ++link->carried;
        waiting_.push({due, next_number_++, to, std::vector<char>(buffer_.data(), buffer_.data() + size)});
    }

    void deliver_due() {
        const auto limit = now_ns() + kTimerSlackNs;
        while (!waiting_.empty() && waiting_.top().due_ns <= limit) {
            const auto& packet = waiting_.top();
            if (write(nodes_[packet.to].fd, packet.bytes.data(), packet.bytes.size()) < 0) ++refused_;
            waiting_.pop();
        }
    }

    void set_timer() {
        const std::int64_t due = waiting_.empty() ? 0 : waiting_.top().due_ns;
        if (due == timer_due_ns_) return;
        timer_due_ns_ = due;
        itimerspec when{};
        when.it_value.tv_sec = due / 1'000'000'000;
        when.it_value.tv_nsec = due % 1'000'000'000;
        timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
    }

    void drain_timer() {
        std::uint64_t expirations = 0;
        if (read(timer_, &expirations, sizeof expirations) > 0) timer_due_ns_ = 0;
    }

    void report() const {
        std::uint64_t carried = 0, lost = 0, overflowed = 0;
        for (const auto& row : links_)
            for (const auto& link : row)
                carried += link.carried, lost += link.lost, overflowed += link.overflowed;
        timespec cpu{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
        std::cout << "carried " << carried << " lost " << lost << " overflowed " << overflowed << " unroutable "
                  << unroutable_ << " refused " << refused_ << " cpu_ms "
                  << cpu.tv_sec * 1000 + cpu.tv_nsec / 1'000'000 << std::endl;
    }

    std::vector<Node> nodes_;
    std::unordered_map<std::string, std::size_t> index_;
    std::vector<Prefix> prefixes_;
    std::vector<std::vector<Link>> links_;
    std::priority_queue<Packet, std::vector<Packet>, LaterFirst> waiting_;
    std::vector<char> buffer_ = std::vector<char>(kLargestPacket);
    std::mt19937_64 random_{1};
    std::uniform_real_distribution<double> uniform_{0.0, 1.0};
    std::exponential_distribution<double> exponential_{1.0};
    std::uint64_t next_number_ = 0, unroutable_ = 0, refused_ = 0;
    int timer_ = -1;
    std::int64_t timer_due_ns_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) fail("usage: hw-link-emulator CONFIG");
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // the lab died: so do its links
    Emulator emulator(argv[1]);
    emulator.open_devices();
    emulator.run();
    return 0;
}
