// The one place that knows libpcap.
#include "flow/read/live_bytes.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include <pcap/pcap.h>
#include <poll.h>

namespace hw::flow::read {
namespace {
namespace live_detail {

constexpr int kSnapLength = 262'144;
constexpr int kWaitMs = 100;                          // how soon a request to stop is seen
constexpr int kKernelBuffer = 32 * 1024 * 1024;
constexpr std::size_t kBlock = std::size_t{1} << 20U;  // packets are handed on when so many bytes have come, or on a pause
constexpr std::uint32_t kNanosecondMagic = 0xa1b2'3c4d;

void put(std::vector<std::byte>& out, std::uint32_t value) {
    const auto bytes = std::bit_cast<std::array<std::byte, 4>>(value);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace live_detail
}  // namespace

struct LiveBytes::State {
    struct Close {
        void operator()(pcap_t* opened) const { pcap_close(opened); }
    };
    std::unique_ptr<pcap_t, Close> handle;
    std::string interface;
    std::stop_token stop;
    std::vector<std::byte> block;
    bool began = false;
    std::uint64_t bytes = 0;
};

LiveBytes::LiveBytes(std::unique_ptr<State> state) : state_(std::move(state)) {}
LiveBytes::~LiveBytes() = default;

Result<std::unique_ptr<LiveBytes>> LiveBytes::open(const std::string& interface, std::stop_token stop) {
    using namespace live_detail;
    std::array<char, PCAP_ERRBUF_SIZE> reason{};
    auto state = std::make_unique<State>();
    state->handle.reset(pcap_create(interface.c_str(), reason.data()));
    auto& handle = state->handle;
    if (!handle) { return fail(Errc::unreadable, std::string("cannot capture: ") + reason.data(), interface); }
    pcap_set_snaplen(handle.get(), kSnapLength);
    pcap_set_promisc(handle.get(), 1);
    pcap_set_timeout(handle.get(), kWaitMs);
    pcap_set_buffer_size(handle.get(), kKernelBuffer);
    pcap_set_tstamp_precision(handle.get(), PCAP_TSTAMP_PRECISION_NANO);
    const int status = pcap_activate(handle.get());
    if (status < 0) {
        const std::string detail = pcap_geterr(handle.get());
        const std::string why = pcap_statustostr(status) + (detail.empty() ? std::string() : ": " + detail);
        if (status == PCAP_ERROR_NO_SUCH_DEVICE) { return fail(Errc::not_found, "no such interface", interface, "`ip link` lists them"); }
        if (status == PCAP_ERROR_PERM_DENIED) {
            return fail(Errc::unreadable, "no right to capture here", interface,
                        "run it as root, or let a capture tool write the packets and follow its file or pipe");
        }
        return fail(Errc::unreadable, "cannot capture: " + why, interface);
    }
    // Not blocking, with a poll of our own: libpcap would wait for a packet however long none comes.
    if (pcap_setnonblock(handle.get(), 1, reason.data()) < 0) { return fail(Errc::unreadable, std::string("cannot capture: ") + reason.data(), interface); }
    state->interface = interface;
    state->stop = std::move(stop);
    return std::unique_ptr<LiveBytes>(new LiveBytes(std::move(state)));
}

Result<std::span<const std::byte>> LiveBytes::next() {
    using namespace live_detail;
    State& s = *state_;
    s.block.clear();
    if (!std::exchange(s.began, true)) {  // the file header; the version is 2.4 (two shorts)
        put(s.block, kNanosecondMagic);
        put(s.block, std::endian::native == std::endian::little ? 0x0004'0002U : 0x0002'0004U);
        put(s.block, 0);
        put(s.block, 0);
        put(s.block, kSnapLength);
        put(s.block, static_cast<std::uint32_t>(pcap_datalink(s.handle.get())));
    }
    const bool nanoseconds = pcap_get_tstamp_precision(s.handle.get()) == PCAP_TSTAMP_PRECISION_NANO;
    while (!s.stop.stop_requested() && s.block.size() < kBlock) {
        pcap_pkthdr* header = nullptr;
        const u_char* data = nullptr;
        const int got = pcap_next_ex(s.handle.get(), &header, &data);
        if (got == PCAP_ERROR) { return fail(Errc::unreadable, std::string("capturing failed: ") + pcap_geterr(s.handle.get()), s.interface); }
        if (got == 0) {  // a pause
            if (!s.block.empty()) { break; }
            pollfd wait{.fd = pcap_get_selectable_fd(s.handle.get()), .events = POLLIN, .revents = 0};
            ::poll(&wait, 1, kWaitMs);
            continue;
        }
        if (got != 1) { break; }
        put(s.block, static_cast<std::uint32_t>(header->ts.tv_sec));
        put(s.block, static_cast<std::uint32_t>(nanoseconds ? header->ts.tv_usec : header->ts.tv_usec * 1000));
        put(s.block, header->caplen);
        put(s.block, header->len);
        const auto packet = std::as_bytes(std::span(data, header->caplen));
        s.block.insert(s.block.end(), packet.begin(), packet.end());
    }
    s.bytes += s.block.size();
    return std::span<const std::byte>(s.block);
}

std::uint64_t LiveBytes::dropped() const {
    pcap_stat stat{};
    return pcap_stats(state_->handle.get(), &stat) == 0 ? std::uint64_t{stat.ps_drop} + stat.ps_ifdrop : 0;
}

std::uint64_t LiveBytes::bytes() const { return state_->bytes; }

}  // namespace hw::flow::read
