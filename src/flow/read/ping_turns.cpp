#include "flow/read/ping_turns.hpp"

#include <algorithm>
#include <string_view>

namespace hw::flow::read {
namespace {
namespace ping_detail {

constexpr std::uint8_t kSettings = 4;
constexpr std::uint8_t kPing = 6;
constexpr std::uint8_t kAcknowledgement = 0x01;
constexpr std::uint8_t kLastType = 0x10;  // PRIORITY_UPDATE (RFC 9218)
constexpr std::uint32_t kLongestHeader = 16'384;
constexpr std::uint8_t kWebSocketPing = 9;
constexpr std::uint8_t kWebSocketPong = 10;

std::uint64_t octet(std::span<const std::byte> head, std::size_t at) { return std::to_integer<std::uint64_t>(head[at]); }

}  // namespace ping_detail
}  // namespace

std::optional<std::uint64_t> Http2Frame::length_of(std::span<const std::byte> head) {
    using namespace ping_detail;  // within this function only
    const std::uint64_t length = (octet(head, 0) << 16U) | (octet(head, 1) << 8U) | octet(head, 2);
    const std::uint64_t type = octet(head, 3);
    const bool connection = octet(head, 5) == 0 && octet(head, 6) == 0 && octet(head, 7) == 0 && octet(head, 8) == 0;
    if (type > kLastType || octet(head, 5) > 0x7f) { return std::nullopt; }
    if ((type == kSettings || type == kPing) && !connection) { return std::nullopt; }
    if ((type == kPing && length != 8) || (type == kSettings && length % 6 != 0)) { return std::nullopt; }
    return kHead + length;
}

std::uint64_t Http2Frame::wanted_of(std::span<const std::byte> head) {
    return ping_detail::octet(head, 3) == ping_detail::kPing ? kHead + 8 : kHead;
}

bool Http2Turns::segment(bool from_client, const SegmentBytes& bytes, const Turn& turn, Findings& findings) {
    SegmentBytes rest = bytes;
    if (from_client && preface_left_ > 0) {
        const std::uint32_t step = std::min(preface_left_, rest.length);
        preface_left_ -= step;
        rest.length -= step;
        rest.seen = rest.seen.subspan(std::min<std::size_t>(step, rest.seen.size()));
    }
    auto& walk = (from_client ? client_ : server_).walk;
    walk.feed(rest, [&](std::span<const std::byte> head, std::uint64_t) {
        frame(from_client, head, turn, findings);
        return true;
    });
    if (walk.lost()) { findings.note(Unmeasured::cut_off); }
    return true;
}

void Http2Turns::frame(bool from_client, std::span<const std::byte> head, const Turn& turn, Findings& findings) {
    using namespace ping_detail;  // within this function only
    Side& sender = from_client ? client_ : server_;
    Side& asker = from_client ? server_ : client_;
    const bool acknowledges = (octet(head, 4) & kAcknowledgement) != 0;
    if (octet(head, 3) == kSettings) {
        if (!acknowledges) {
            if (!sender.settings) { sender.settings = turn.now; }
        } else if (asker.settings) {
            findings.answer_since(from_client, FarMethod::http2_settings, *asker.settings, turn);
            asker.settings.reset();
        }
    } else if (octet(head, 3) == kPing && head.size() >= Http2Frame::kHead + 8) {
        std::array<std::byte, 8> word{};
        std::ranges::copy(head.subspan(Http2Frame::kHead, 8), word.begin());
        if (!acknowledges) {
            sender.pings[sender.next] = {.word = word, .at = turn.now, .open = true};
            sender.next = static_cast<std::uint8_t>((sender.next + 1) % sender.pings.size());
            return;
        }
        for (Ping& ping : asker.pings) {
            if (!ping.open || ping.word != word) { continue; }
            findings.answer_since(from_client, FarMethod::http2_ping, ping.at, turn);
            ping.open = false;
            return;
        }
    }
}

std::optional<std::uint64_t> WebSocketFrame::length_of(std::span<const std::byte> head) {
    using ping_detail::octet;
    const std::uint64_t opcode = octet(head, 0) & 0x0fU;
    const bool control = opcode >= 8;
    const std::uint64_t mask = (octet(head, 1) & 0x80U) != 0 ? 4 : 0;
    const std::uint64_t length = octet(head, 1) & 0x7fU;
    if ((opcode > 2 && opcode < 8) || opcode > 10 || (control && (length > 125 || (octet(head, 0) & 0x80U) == 0))) { return std::nullopt; }
    if (length < 126) { return 2 + mask + length; }
    const std::size_t extension = length == 126 ? 2 : 8;
    if (head.size() < 2 + extension) { return 0; }
    std::uint64_t extended = 0;
    for (std::size_t i = 0; i < extension; ++i) { extended = (extended << 8U) | octet(head, 2 + i); }
    if (extended > (std::uint64_t{1} << 40U)) { return std::nullopt; }
    return 2 + extension + mask + extended;
}

bool WebSocketTurns::header(bool from_client, Side& side, SegmentBytes& bytes) {
    static constexpr std::string_view kSwitching = "HTTP/1.1 101";
    static constexpr std::string_view kEnd = "\r\n\r\n";
    if (bytes.gap > 0) { return false; }
    std::size_t at = 0;
    while (at < bytes.seen.size()) {
        const char c = static_cast<char>(std::to_integer<unsigned char>(bytes.seen[at++]));
        if (++side.header_bytes > ping_detail::kLongestHeader) { return false; }
        if (!from_client && side.status_matched < kSwitching.size()) {
            if (c != kSwitching[side.status_matched]) { return false; }
            ++side.status_matched;
        }
        side.line_ends = c == kEnd[side.line_ends] ? static_cast<std::uint8_t>(side.line_ends + 1) : static_cast<std::uint8_t>(c == '\r' ? 1 : 0);
        if (side.line_ends < kEnd.size()) { continue; }
        side.header_done = true;
        bytes.seen = bytes.seen.subspan(at);
        bytes.length -= static_cast<std::uint32_t>(at);
        return true;
    }
    if (bytes.seen.size() < bytes.length) {
        // Its end lies beyond the snap length. Frames are found again where a segment begins with one.
        if (!from_client && side.status_matched < kSwitching.size()) { return false; }
        side.header_done = true;
        side.walk.lose();
    }
    bytes.length = 0;
    return true;
}

bool WebSocketTurns::segment(bool from_client, const SegmentBytes& bytes, const Turn& turn, Findings& findings) {
    Side& side = from_client ? client_ : server_;
    Side& asker = from_client ? server_ : client_;
    SegmentBytes rest = bytes;
    if (!side.header_done && !header(from_client, side, rest)) {
        findings.note(Unmeasured::not_understood);
        return false;
    }
    if (rest.length == 0) { return true; }
    side.walk.feed(rest, [&](std::span<const std::byte> head, std::uint64_t) {
        const std::uint64_t opcode = ping_detail::octet(head, 0) & 0x0fU;
        if (opcode == ping_detail::kWebSocketPing) {
            side.ping = turn.now;
        } else if (opcode == ping_detail::kWebSocketPong && asker.ping) {
            findings.answer_since(from_client, FarMethod::websocket_ping, *asker.ping, turn);
            asker.ping.reset();
        }
        return true;
    });
    if (!side.walk.lost()) { return true; }
    findings.note(Unmeasured::cut_off);  // almost any two bytes could begin a frame: what is lost is not guessed at
    return false;
}

}  // namespace hw::flow::read
