#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <vector>

/// Makes a capture of traffic that has the shape of an organisation's border, the same bytes for the same options: clients and
/// servers by a power law, TCP with handshakes, acknowledgements, retransmissions and endings, UDP questions and answers,
/// pings; flow sizes with a heavy tail, many flows alive at a time.
namespace bench {

struct CaptureShape {
    std::uint64_t packets = 6'000'000;
    std::uint64_t flows = 600'000;
    std::uint32_t snap = 96;          ///< Bytes kept of a packet.
    double seconds = 120;             ///< Over which flows begin.
    std::uint64_t seed = 1;
    double bulk = 0.35;               ///< Share of data packets that are full-sized.
};

class SyntheticCapture {
public:
    using Write = std::function<void(const char*, std::size_t)>;

    SyntheticCapture(CaptureShape shape, Write write) : shape_(shape), write_(std::move(write)), random_(shape.seed) {}

    /// Writes the whole file and says how many packets it has.
    std::uint64_t run() {
        put_le(0xa1b2c3d4, 4), put_le(2, 2), put_le(4, 2), put_le(0, 4), put_le(0, 4), put_le(shape_.snap, 4), put_le(1, 4);
        drain();
        const double gap = shape_.seconds * 1e6 / static_cast<double>(shape_.flows);
        double next_begin = 0;
        std::uint64_t begun = 0;
        while (written_ < shape_.packets) {
            if (begun < shape_.flows && (due_.empty() || static_cast<double>(due_.top().micros) > next_begin)) {
                begin(static_cast<std::int64_t>(next_begin));
                ++begun;
                next_begin += exponential(gap);
            } else if (!due_.empty()) {
                step();
            } else {
                break;
            }
        }
        drain();
        return written_;
    }

private:
    enum class Kind : std::uint8_t { tcp, udp, ping };
    struct Talk {
        std::uint32_t client = 0, server = 0;
        std::uint32_t client_next = 0, server_next = 0;
        std::uint16_t client_port = 0, server_port = 0;
        Kind kind = Kind::tcp;
        std::uint8_t ttl_client = 64, ttl_server = 55;
        std::uint32_t left = 0;  ///< Packets still to come.
        std::uint32_t sent = 0;
        double pace = 0;         ///< Mean microseconds between packets.
    };
    struct Due {
        std::int64_t micros;
        std::uint32_t talk;
        bool operator<(const Due& other) const { return micros > other.micros || (micros == other.micros && talk > other.talk); }
    };

    double uniform() { return static_cast<double>(random_() >> 11U) * 0x1p-53; }
    double exponential(double mean) { return -mean * std::log(1 - uniform()); }
    /// Rank under a power law: small ranks often.
    std::uint32_t rank(std::uint32_t n) { return static_cast<std::uint32_t>(std::pow(static_cast<double>(n), uniform())) - 1; }

    void begin(std::int64_t at) {
        std::uint32_t index = 0;
        if (free_.empty()) {
            index = static_cast<std::uint32_t>(talks_.size());
            talks_.emplace_back();
        } else {
            index = free_.back();
            free_.pop_back();
        }
        Talk& t = talks_[index];
        t = {};
        const double u = uniform();
        t.kind = u < 0.68 ? Kind::tcp : u < 0.98 ? Kind::udp : Kind::ping;
        t.client = 0x0a000000U + rank(50'000) * 3;
        t.server = 0x5db80000U + rank(400'000) * 7;
        if (uniform() < 0.2) { std::swap(t.client, t.server); }
        t.client_port = static_cast<std::uint16_t>(32768 + random_() % 28'000);
        constexpr std::uint16_t kPorts[] = {443, 443, 443, 80, 22, 445, 3389, 25, 993, 8080};
        t.server_port = t.kind == Kind::udp ? (uniform() < 0.7 ? 53 : 443) : kPorts[random_() % 10];
        t.client_next = static_cast<std::uint32_t>(random_());
        t.server_next = static_cast<std::uint32_t>(random_());
        const double mean = static_cast<double>(shape_.packets) / static_cast<double>(shape_.flows);
        // Two in three TCP flows are short; a Pareto tail carries most packets. About `mean` in all.
        t.left = t.kind != Kind::tcp ? 2 + static_cast<std::uint32_t>(random_() % 3)
                                     : static_cast<std::uint32_t>(std::min(200'000.0, mean * 0.44 * std::pow(1 - uniform(), -1 / 1.5)));
        t.pace = std::pow(10.0, 3.0 + 3.0 * uniform());
        if (t.kind != Kind::tcp) { t.pace = 15'000; }
        due_.push({at, index});
    }

    void step() {
        const Due now = due_.top();
        due_.pop();
        Talk& t = talks_[now.talk];
        if (t.kind == Kind::tcp) {
            tcp(t, now.micros);
        } else {
            const bool reply = (t.sent & 1U) != 0;
            packet(t, now.micros, reply, 0, 0, 0, 20 + static_cast<std::uint32_t>(random_() % (reply ? 300 : 60)));
        }
        ++t.sent;
        if (--t.left == 0) { return free_.push_back(now.talk); }
        due_.push({now.micros + 1 + static_cast<std::int64_t>(exponential(t.pace)), now.talk});
    }

    void tcp(Talk& t, std::int64_t at) {
        constexpr unsigned kFin = 1, kSyn = 2, kPush = 8, kAck = 16;
        if (t.sent == 0) { return packet(t, at, false, kSyn, t.client_next++, 0, 0); }
        if (t.sent == 1) { return packet(t, at, true, kSyn | kAck, t.server_next++, t.client_next, 0); }
        if (t.sent == 2) { return packet(t, at, false, kAck, t.client_next, t.server_next, 0); }
        if (t.left <= 3) {
            const bool reply = t.left == 2;
            std::uint32_t& next = reply ? t.server_next : t.client_next;
            packet(t, at, reply, t.left == 1 ? kAck : kFin | kAck, next, reply ? t.client_next : t.server_next, 0);
            if (t.left != 1) { ++next; }
            return;
        }
        const bool reply = uniform() < 0.55;
        std::uint32_t& next = reply ? t.server_next : t.client_next;
        const std::uint32_t other = reply ? t.client_next : t.server_next;
        if (uniform() < 0.4) { return packet(t, at, reply, kAck, next, other, 0); }
        const std::uint32_t length = uniform() < shape_.bulk ? 1448 : 20 + static_cast<std::uint32_t>(random_() % 400);
        const bool again = uniform() < 0.01;  // a retransmission
        packet(t, at, reply, kPush | kAck, again ? next - length : next, other, length);
        if (!again) { next += length; }
    }

    void packet(const Talk& t, std::int64_t at, bool reply, unsigned flags, std::uint32_t sequence, std::uint32_t acknowledgement,
                std::uint32_t payload) {
        const std::uint32_t transport = t.kind == Kind::tcp ? ((flags & 2U) != 0 ? 24 : 32) : 8;
        const std::uint32_t total = 20 + transport + payload;
        const std::uint32_t wire = std::max(60U, 14 + total);
        const std::uint32_t captured = std::min(wire, shape_.snap);
        const std::int64_t micros = 1'416'800'000'000'000 + at;
        put_le(static_cast<std::uint64_t>(micros / 1'000'000), 4), put_le(static_cast<std::uint64_t>(micros % 1'000'000), 4);
        put_le(captured, 4), put_le(wire, 4);
        const std::size_t begin = buffer_.size();
        put_be(reply ? 0x020000000002 : 0x020000000001, 6), put_be(reply ? 0x020000000001 : 0x020000000002, 6), put_be(0x0800, 2);
        put_be(0x4500, 2), put_be(total, 2), put_be(written_ & 0xffffU, 2), put_be(0x4000, 2);
        put_be(reply ? t.ttl_server : t.ttl_client, 1);
        put_be(t.kind == Kind::tcp ? 6 : t.kind == Kind::udp ? 17 : 1, 1), put_be(0, 2);
        put_be(reply ? t.server : t.client, 4), put_be(reply ? t.client : t.server, 4);
        if (t.kind == Kind::ping) {
            put_be(reply ? 0 : 0x0800, 2), put_be(0, 2), put_be(t.client_port, 2), put_be(t.sent / 2, 2);
        } else {
            put_be(reply ? t.server_port : t.client_port, 2), put_be(reply ? t.client_port : t.server_port, 2);
            if (t.kind == Kind::udp) {
                put_be(8 + payload, 2), put_be(0, 2);
            } else {
                put_be(sequence, 4), put_be(acknowledgement, 4), put_be(((transport / 4) << 12U) | flags, 2), put_be(64240, 2), put_be(0, 4);
                if ((flags & 2U) != 0) {
                    put_be(0x020405b4, 4);
                } else {
                    put_be(0x0101080a, 4), put_be(static_cast<std::uint64_t>(at / 1000), 4), put_be(1, 4);
                }
            }
        }
        buffer_.resize(begin + captured, '\0');  // cuts at the snap length, or fills with payload and padding
        ++written_;
        if (buffer_.size() > (1U << 20U)) { drain(); }
    }

    void put_le(std::uint64_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i) { buffer_.push_back(static_cast<char>((value >> (8 * i)) & 0xffU)); }
    }
    void put_be(std::uint64_t value, unsigned bytes) {
        for (unsigned i = bytes; i-- > 0;) { buffer_.push_back(static_cast<char>((value >> (8 * i)) & 0xffU)); }
    }
    void drain() {
        write_(buffer_.data(), buffer_.size());
        buffer_.clear();
    }

    CaptureShape shape_;
    Write write_;
    std::mt19937_64 random_;
    std::vector<Talk> talks_;
    std::vector<std::uint32_t> free_;
    std::priority_queue<Due> due_;
    std::string buffer_;
    std::uint64_t written_ = 0;
};

}  // namespace bench
