#include "flow/read/ssh_turns.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <string_view>

namespace hw::flow::read {
namespace {
namespace ssh_detail {

enum Message : std::uint8_t { kexinit = 20, new_keys = 21, kex_first = 30, kex_reply = 31, gex_reply = 33, kex_last = 34 };

constexpr std::size_t kLongestLine = 255;
constexpr std::uint16_t kMostLines = 64;
constexpr std::uint32_t kKeystrokeLeast = 20;
constexpr std::uint32_t kKeystrokeMost = 80;
constexpr std::uint32_t kEchoMost = 100;
constexpr Duration kGuessWithin = std::chrono::milliseconds(1);

std::uint32_t be32_of(std::span<const std::byte> head) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) { value = (value << 8U) | std::to_integer<std::uint32_t>(head[i]); }
    return value;
}

}  // namespace ssh_detail
}  // namespace

std::optional<std::uint64_t> SshPacket::length_of(std::span<const std::byte> head) {
    const std::uint32_t length = ssh_detail::be32_of(head);
    const auto padding = std::to_integer<std::uint32_t>(head[4]);
    const auto message = std::to_integer<unsigned>(head[5]);
    // RFC 4253, 6: a multiple of 8 in all, 4 bytes of padding at least, 35 000 at most. Before NEWKEYS the messages lie below 50.
    if (length < 12 || length > 35'000 || (length + 4) % 8 != 0 || padding < 4 || padding >= length || message == 0 || message >= 50) {
        return std::nullopt;
    }
    return std::uint64_t{length} + 4;
}

bool SshTurns::segment(bool from_client, const SegmentBytes& bytes, const Turn& turn, Findings& findings) {
    Side& side = from_client ? client_ : server_;
    SegmentBytes rest = bytes;
    if (!side.banner_done && !banner(from_client, rest, findings)) {
        findings.note(Unmeasured::not_understood);
        return false;
    }
    if (rest.length > 0 && !side.encrypted) {
        rest.length = side.walk.feed(rest, [&](std::span<const std::byte> head, std::uint64_t length) {
            return packet(from_client, head, length, turn, findings);
        });
        if (side.walk.lost()) { findings.note(Unmeasured::cut_off); }
        if (!side.encrypted) { rest.length = 0; }
    }
    // The server's NEWKEYS may lie beyond the snap length: what it says once the client has asked for a service is encrypted.
    const bool speaks = rest.length > 0 || (!from_client && log_in_begun_ && bytes.length > 0);
    if (speaks) { encrypted(from_client, bytes.length, turn, findings); }
    return echoes_ < kEchoes;
}

bool SshTurns::banner(bool from_client, SegmentBytes& bytes, Findings& findings) {
    using namespace ssh_detail;  // within this function only
    Side& side = from_client ? client_ : server_;
    const auto take_name = [&] {
        side.banner_done = true;
        while (!side.line.empty() && side.line.back() == '\r') { side.line.pop_back(); }
        findings.software(from_client, printable(std::string_view(side.line).substr(0, kSoftwareKept)));
        side.line = {};
    };
    if (bytes.gap > 0) { return false; }
    std::size_t at = 0;
    while (at < bytes.seen.size()) {
        const char c = static_cast<char>(std::to_integer<unsigned char>(bytes.seen[at++]));
        if (c != '\n') {
            if (side.line.size() == kLongestLine) { return false; }
            side.line.push_back(c);
            continue;
        }
        if (side.line.starts_with("SSH-")) {
            take_name();
            bytes.seen = bytes.seen.subspan(at);
            bytes.length -= static_cast<std::uint32_t>(at);
            return true;
        }
        if (from_client || ++side.lines > kMostLines) { return false; }
        side.line.clear();
    }
    if (bytes.seen.size() < bytes.length) {  // its end lies beyond the snap length: packets are found again at a segment's begin
        if (!side.line.starts_with("SSH-")) { return false; }
        take_name();
        side.walk.lose();
    }
    bytes.length = 0;
    return true;
}

bool SshTurns::packet(bool from_client, std::span<const std::byte> head, std::uint64_t length, const Turn& turn, Findings& findings) {
    using namespace ssh_detail;  // within this function only
    const auto message = std::to_integer<unsigned>(head[5]);
    const auto padding = std::to_integer<std::uint64_t>(head[4]);
    if (message == kexinit) {
        if (from_client) {
            client_kexinit_ = turn.now;
            if (length > padding + 5 + SshPacket::kHead) { client_.walk.watch(length - padding - 5); }  // first_kex_packet_follows (RFC 4253, 7.1)
        } else {
            server_kexinit_ = true;
        }
    } else if (message == new_keys) {
        if (from_client && key_init_ && (key_reply_ || server_.walk.lost())) { findings.answer(true, FarMethod::ssh_new_keys, turn); }
        (from_client ? client_ : server_).encrypted = true;
        return false;
    } else if (message >= kex_first && message <= kex_last) {
        if (from_client) {
            if (!key_init_) { key_init(turn, findings); }
            key_init_ = true;
        } else if ((message == kex_reply || message == gex_reply) && key_init_) {
            findings.answer(false, FarMethod::ssh_key_reply, turn);
            key_reply_ = true;
        }
    }
    return true;
}

void SshTurns::key_init(const Turn& turn, Findings& findings) {
    // Some clients guess the method and send its first message with their KEXINIT. The flag that says so may not have been captured;
    // then messages that came together with it are not trusted.
    const auto guessed = client_.walk.watched();
    const bool together = client_kexinit_ && turn.now - *client_kexinit_ < ssh_detail::kGuessWithin;
    if ((guessed && *guessed != std::byte{0}) || (!guessed && together)) { return findings.note(Unmeasured::unprompted); }
    if (server_kexinit_) { findings.answer(true, FarMethod::ssh_key_init, turn); }
}

void SshTurns::encrypted(bool from_client, std::uint32_t length, const Turn& turn, Findings& findings) {
    using namespace ssh_detail;  // within this function only
    if (from_client) {
        if (log_in_begun_ && server_spoke_) {
            if (client_.turns < kLogInTurns) {
                findings.answer(true, FarMethod::ssh_log_in, turn);
                ++client_.turns;
            }
            server_spoke_ = false;
        } else if (!log_in_begun_) {
            log_in_begun_ = true;
            return;
        }
        const bool alone = turn.starts && length >= kKeystrokeLeast && length <= kKeystrokeMost;
        keystroke_ = client_.turns == kLogInTurns && alone ? std::optional(turn.now) : std::nullopt;
        return;
    }
    if (!log_in_begun_) { return; }
    if (!server_spoke_ && server_.turns < kLogInTurns) {
        findings.answer(false, FarMethod::ssh_log_in, turn);
        ++server_.turns;
    }
    server_spoke_ = true;
    if (keystroke_ && turn.starts && length <= kEchoMost && server_.turns == kLogInTurns) {
        findings.answer_since(false, FarMethod::ssh_echo, *keystroke_, turn);
        ++echoes_;
    }
    keystroke_.reset();
}

void SshTurns::finish(Findings& findings) {
    if (!key_init_) { findings.note(Unmeasured::unfinished); }
}

}  // namespace hw::flow::read
