#include "flow/read/tls_turns.hpp"

#include <array>

namespace hw::flow::read {
namespace {
namespace tls_detail {

enum RecordType : std::uint8_t { change_cipher_spec = 20, alert = 21, handshake = 22, application_data = 23 };
enum Message : std::uint8_t { client_hello = 1, server_hello = 2 };

constexpr std::size_t kMessageAt = 5;
constexpr std::size_t kRandomAt = 11;  // record header, handshake header, version
/// The beginning of the random that makes a ServerHello a HelloRetryRequest (RFC 8446, 4.1.3).
constexpr std::array<std::uint8_t, 8> kRetryRandom{0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11};

std::uint8_t byte_of(std::span<const std::byte> head, std::size_t at) { return std::to_integer<std::uint8_t>(head[at]); }

bool asks_again(std::span<const std::byte> head) {
    if (head.size() < kRandomAt + kRetryRandom.size()) { return false; }
    for (std::size_t i = 0; i < kRetryRandom.size(); ++i) {
        if (byte_of(head, kRandomAt + i) != kRetryRandom[i]) { return false; }
    }
    return true;
}

}  // namespace tls_detail
}  // namespace

std::optional<std::uint64_t> TlsRecord::length_of(std::span<const std::byte> head) {
    using tls_detail::byte_of;
    const unsigned length = (unsigned{byte_of(head, 3)} << 8U) | byte_of(head, 4);
    const std::uint8_t type = byte_of(head, 0);
    const bool possible = type >= tls_detail::change_cipher_spec && type <= tls_detail::application_data && byte_of(head, 1) == 3 &&
                          byte_of(head, 2) <= 4 && length > 0 && length <= 16'384 + 2'048;
    if (!possible) { return std::nullopt; }
    return 5U + length;
}

std::uint64_t TlsRecord::wanted_of(std::span<const std::byte> head) {
    return tls_detail::byte_of(head, 0) == tls_detail::handshake ? tls_detail::kRandomAt + tls_detail::kRetryRandom.size() : kHead;
}

bool TlsTurns::segment(bool from_client, const SegmentBytes& bytes, const Turn& turn, Findings& findings) {
    using namespace tls_detail;  // within this function only
    if (done_) { return false; }
    auto& walk = from_client ? client_ : server_;
    if (!from_client && version_12_ && client_finished_ && !server_finished_) {
        // Whether its ChangeCipherSpec can be seen or not: the server speaks only once it has the client's Finished.
        server_finished_ = true;
        findings.answer(false, FarMethod::tls12_finished, turn);
    }
    walk.feed(bytes, [&](std::span<const std::byte> head, std::uint64_t) {
        if (!from_client) {
            server_record(byte_of(head, 0), head, turn, findings);
            return true;
        }
        const auto message = head.size() > kMessageAt ? std::optional(byte_of(head, kMessageAt)) : std::nullopt;
        if (!client_record(byte_of(head, 0), message, turn, findings)) { done_ = true; }
        return !done_;
    });
    if (walk.lost() && !done_) { findings.note(Unmeasured::cut_off); }
    return !done_;
}

bool TlsTurns::client_record(std::uint8_t type, std::optional<std::uint8_t> message, const Turn& turn, Findings& findings) {
    using namespace tls_detail;  // within this function only
    if (!client_hello_) {
        client_hello_ = type == handshake && message.value_or(client_hello) == client_hello;
        if (!client_hello_) { findings.note(Unmeasured::not_understood); }
        return client_hello_;
    }
    if (!server_hello_) {
        if (retry_) {
            if (!retry_answered_ && !early_) { findings.answer(true, FarMethod::tls_retry, turn); }
            retry_answered_ = true;
        } else if (type == application_data || type == change_cipher_spec) {
            early_ = true;
        }
        return true;
    }
    if (change_cipher_) {
        if (type == application_data) { findings.answer(true, FarMethod::tls13_finished, *change_cipher_); }
        if (type == handshake) { findings.answer(true, FarMethod::tls12_resumed, *change_cipher_); }
        change_cipher_.reset();
        return false;
    }
    if (!version_12_) {  // the client's first word after the ServerHello
        if (early_) {
            findings.note(Unmeasured::early_data);
            return false;
        }
        switch (type) {
            case change_cipher_spec: change_cipher_ = turn; return true;
            case application_data: findings.answer(true, FarMethod::tls13_finished, turn); return false;
            case handshake:
                version_12_ = true;
                findings.answer(true, FarMethod::tls12_key_exchange, turn);
                return true;
            default: return false;  // an alert: it has broken off
        }
    }
    if (type == change_cipher_spec) { client_finished_ = true; }
    if (type != application_data) { return true; }
    // Application data before the server's Finished (False Start, RFC 7918) answer nothing.
    if (client_finished_ && server_finished_ && turn.starts) { findings.answer(true, FarMethod::tls12_finished, turn); }
    return false;
}

void TlsTurns::server_record(std::uint8_t type, std::span<const std::byte> head, const Turn& turn, Findings& findings) {
    using namespace tls_detail;  // within this function only
    const bool hello = type == handshake && head.size() > kMessageAt && byte_of(head, kMessageAt) == server_hello;
    if (!hello || server_hello_ || !client_hello_) { return; }
    findings.answer(false, FarMethod::tls_hello, turn);
    if (!retry_ && asks_again(head)) {
        retry_ = true;
    } else {
        server_hello_ = true;
    }
}

void TlsTurns::finish(Findings& findings) {
    if (done_) { return; }
    if (change_cipher_) {
        findings.answer(true, FarMethod::tls13_finished, *change_cipher_);
    } else if (!version_12_) {
        findings.note(Unmeasured::unfinished);
    }
}

}  // namespace hw::flow::read
