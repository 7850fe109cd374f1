#include "flow/collect/udp_receiver.hpp"

#include "net/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace hw::flow::collect {
namespace {
namespace udp_detail {

constexpr std::size_t kBatch = 256;
constexpr std::size_t kLongest = 65'535;  ///< No UDP datagram is longer, so none is ever cut.
constexpr std::size_t kControl = 128;     ///< Room for a time stamp and the overflow count.

std::string hint_for(int error) {
    switch (error) {
        case EADDRINUSE: return "another collector listens there already: stop it, or choose another port";
        case EADDRNOTAVAIL: return "the address must be one of this machine's; 0.0.0.0 or [::] stands for all of them";
        case EACCES: return "ports below 1024 take the right to use them (CAP_NET_BIND_SERVICE)";
        default: return {};
    }
}

bool set(int socket, int level, int option, int value) { return setsockopt(socket, level, option, &value, sizeof value) == 0; }

}  // namespace udp_detail
}  // namespace

/// The buffers that one call of the kernel fills.
struct UdpReceiver::Slots {
    std::vector<std::byte> bytes = std::vector<std::byte>(udp_detail::kBatch * udp_detail::kLongest);
    std::vector<std::array<char, udp_detail::kControl>> control = std::vector<std::array<char, udp_detail::kControl>>(udp_detail::kBatch);
    std::vector<sockaddr_storage> senders = std::vector<sockaddr_storage>(udp_detail::kBatch);
    std::vector<iovec> pieces = std::vector<iovec>(udp_detail::kBatch);
    std::vector<mmsghdr> messages = std::vector<mmsghdr>(udp_detail::kBatch);

    /// As the kernel wants to find them before each call.
    void make_ready() {
        for (std::size_t i = 0; i < udp_detail::kBatch; ++i) {
            pieces[i] = {.iov_base = bytes.data() + i * udp_detail::kLongest, .iov_len = udp_detail::kLongest};
            messages[i] = {};
            messages[i].msg_hdr.msg_name = &senders[i];
            messages[i].msg_hdr.msg_namelen = sizeof senders[i];
            messages[i].msg_hdr.msg_iov = &pieces[i];
            messages[i].msg_hdr.msg_iovlen = 1;
            messages[i].msg_hdr.msg_control = control[i].data();
            messages[i].msg_hdr.msg_controllen = control[i].size();
        }
    }
};

UdpReceiver::UdpReceiver() : slots_(std::make_unique<Slots>()) {}
UdpReceiver::~UdpReceiver() {
    if (socket_ >= 0) { close(socket_); }
}
UdpReceiver::UdpReceiver(UdpReceiver&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), address_(other.address_), buffer_(other.buffer_), counts_(other.counts_), last_overflow_(other.last_overflow_),
      slots_(std::move(other.slots_)) {}
UdpReceiver& UdpReceiver::operator=(UdpReceiver&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(slots_, other.slots_);
    address_ = other.address_;
    buffer_ = other.buffer_;
    counts_ = other.counts_;
    last_overflow_ = other.last_overflow_;
    return *this;
}

Result<UdpReceiver> UdpReceiver::open(const net::Endpoint& where, const Options& options) {
    using namespace udp_detail;
    const std::string name = to_string(where);
    UdpReceiver receiver;
    receiver.socket_ = socket(where.address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (receiver.socket_ < 0) { return fail(Errc::unreadable, std::string("no socket to be had: ") + std::strerror(errno), name); }
    const int socket = receiver.socket_;
    if (options.share) { set(socket, SOL_SOCKET, SO_REUSEPORT, 1); }
    if (!where.address.is_v4()) { set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1); }
    set(socket, SOL_SOCKET, SO_RXQ_OVFL, 1);
    set(socket, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    // SO_RCVBUFFORCE passes the machine's limit where we have the right; else as much as the limit allows.
    const auto wanted = static_cast<int>(options.receive_buffer / 2);  // the kernel doubles it, for its own book-keeping
    if (!set(socket, SOL_SOCKET, SO_RCVBUFFORCE, wanted)) { set(socket, SOL_SOCKET, SO_RCVBUF, wanted); }
    int given = 0;
    socklen_t given_size = sizeof given;
    getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &given, &given_size);
    receiver.buffer_ = static_cast<std::size_t>(given);

    const net::SocketAddress to = net::to_system(where);
    sockaddr_storage bound{};
    socklen_t bound_size = sizeof bound;
    // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): how the system's calls take an address of any family
    const bool ok = bind(socket, reinterpret_cast<const sockaddr*>(&to.storage), to.size) == 0 && getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &bound_size) == 0;
    // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
    if (!ok) {
        const int error = errno;
        return fail(error == EACCES ? Errc::refused : Errc::unreadable, std::string("cannot listen: ") + std::strerror(error), name, hint_for(error));
    }
    receiver.address_ = net::from_system(bound);
    return receiver;
}

Result<std::size_t> UdpReceiver::receive(Duration patience, const std::function<void(const Datagram&)>& take) {
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(patience).count()));
    if (ready <= 0) { return std::size_t{0}; }  // nothing came, or a signal did
    slots_->make_ready();
    const int count = recvmmsg(socket_, slots_->messages.data(), static_cast<unsigned>(slots_->messages.size()), MSG_DONTWAIT, nullptr);
    if (count < 0) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED) { return std::size_t{0}; }
        return fail(Errc::unreadable, std::string("the socket cannot be read: ") + std::strerror(errno), to_string(address_));
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        mmsghdr& message = slots_->messages[i];
        Time at;
        for (cmsghdr* note = CMSG_FIRSTHDR(&message.msg_hdr); note != nullptr; note = CMSG_NXTHDR(&message.msg_hdr, note)) {
            if (note->cmsg_level != SOL_SOCKET) { continue; }
            if (note->cmsg_type == SO_TIMESTAMPNS) {
                timespec stamp{};
                std::memcpy(&stamp, CMSG_DATA(note), sizeof stamp);
                at = Time(std::chrono::seconds(stamp.tv_sec) + Duration(stamp.tv_nsec / 1000));
            } else if (note->cmsg_type == SO_RXQ_OVFL) {
                std::uint32_t overflow = 0;
                std::memcpy(&overflow, CMSG_DATA(note), sizeof overflow);
                counts_.lost += static_cast<std::uint32_t>(overflow - last_overflow_);  // a count of 32 bits that wraps
                last_overflow_ = overflow;
            }
        }
        ++counts_.datagrams;
        counts_.bytes += message.msg_len;
        take({.sender = net::from_system(slots_->senders[i]), .at = at,
              .bytes = std::span<const std::byte>(slots_->bytes).subspan(i * udp_detail::kLongest, message.msg_len)});
    }
    return static_cast<std::size_t>(count);
}

}  // namespace hw::flow::collect
