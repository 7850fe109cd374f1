// collect_send PORT RATE SECONDS [v5|v9|ipfix|sflow [EXPORTERS]]: sends flow exports to a port of loopback, RATE records a second (30 a datagram, each conversation in both
// directions; of sFlow 10 sampled packets), by turns from EXPORTERS addresses (127.0.0.1, 127.0.0.2, …), and prints how many records it sent, and how long that
// took. It ends early when nobody listens any more. For bench/collect_rate and bench/collect_kill.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kMessage = 1500;
enum class Format : std::uint8_t { v5, v9, ipfix, sflow };

std::size_t records_of(Format format) { return format == Format::sflow ? 10 : 30; }

struct Message {
    std::vector<unsigned char> bytes = std::vector<unsigned char>(kMessage);
    std::size_t size = 0;
    void put(std::uint64_t value, std::size_t length) {
        for (std::size_t i = 0; i < length; ++i) { bytes[size + i] = static_cast<unsigned char>(value >> (8 * (length - 1 - i))); }
        size += length;
    }
    void set16(std::size_t at, std::size_t value) {
        bytes[at] = static_cast<unsigned char>(value >> 8U);
        bytes[at + 1] = static_cast<unsigned char>(value);
    }
};

std::uint64_t mixed(std::uint64_t x) {
    x ^= x >> 31U;
    x *= 0x9e37'79b9'7f4a'7c15ULL;
    return x ^ (x >> 29U);
}

/// One direction of a conversation; those of numbers 2n and 2n + 1 are one conversation's.
struct Record {
    std::uint64_t source, target, source_port, target_port, packets, bytes, ended;
};
Record record_of(std::uint64_t number) {
    const std::uint64_t chance = mixed(number / 2 + 1);
    const std::uint64_t client = 0x0a00'0000U + chance % 50'000;
    const std::uint64_t server = 0xc000'0000U + (chance >> 20U) % 2'000'000;
    const std::uint64_t port = 1024 + (chance >> 44U) % 60'000;
    const bool back = number % 2 != 0;
    return {.source = back ? server : client, .target = back ? client : server, .source_port = back ? 443 : port, .target_port = back ? port : 443,
            .packets = 3 + (chance & 15U), .bytes = 200 + (chance >> 8U) % 9000, .ended = 500 + chance % 1000};
}

/// Of one exporter.
struct Counters {
    std::uint64_t records = 0;
    std::uint64_t messages = 0;
};
struct Moment {
    std::uint64_t seconds;
    std::uint64_t millis;
    std::uint64_t uptime;
};

void fill_v5(Message& m, const Counters& of, std::uint64_t number, const Moment& now) {
    m.put(5, 2), m.put(records_of(Format::v5), 2), m.put(now.uptime, 4), m.put(now.seconds, 4), m.put(0, 4), m.put(of.records, 4), m.put(0, 4);
    for (std::size_t i = 0; i < records_of(Format::v5); ++i) {
        const Record r = record_of(number + i);
        m.put(r.source, 4), m.put(r.target, 4), m.put(0, 8), m.put(r.packets, 4), m.put(r.bytes, 4), m.put(now.uptime - 3000, 4), m.put(now.uptime - r.ended, 4);
        m.put(r.source_port, 2), m.put(r.target_port, 2), m.put(0x1b06, 3), m.put(0, 9);
    }
}

/// NetFlow v9 (RFC 3954) and IPFIX (RFC 7011): the template comes with every 64th message.
void fill_templated(Message& m, const Counters& of, std::uint64_t number, const Moment& now, bool ipfix) {
    struct Field {
        std::uint64_t number, size;
    };
    const std::vector<Field> fields = {{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {6, 1}, {1, 4}, {2, 4}, {ipfix ? 152U : 22U, ipfix ? 8U : 4U}, {ipfix ? 153U : 21U, ipfix ? 8U : 4U}};
    const bool tells = of.messages % 64 == 0;
    if (ipfix) {
        m.put(10, 2), m.put(0, 2), m.put(now.seconds, 4), m.put(of.records, 4), m.put(7, 4);
    } else {
        m.put(9, 2), m.put(records_of(Format::v9) + (tells ? 1U : 0U), 2), m.put(now.uptime, 4), m.put(now.seconds, 4), m.put(of.messages, 4), m.put(7, 4);
    }
    if (tells) {
        m.put(ipfix ? 2 : 0, 2), m.put(8 + 4 * fields.size(), 2), m.put(300, 2), m.put(fields.size(), 2);
        for (const Field& f : fields) { m.put(f.number, 2), m.put(f.size, 2); }
    }
    const std::size_t set = m.size;
    m.put(300, 2), m.put(0, 2);
    for (std::size_t i = 0; i < records_of(Format::v9); ++i) {
        const Record r = record_of(number + i);
        m.put(r.source, 4), m.put(r.target, 4), m.put(r.source_port, 2), m.put(r.target_port, 2), m.put(6, 1), m.put(0x1b, 1), m.put(r.bytes, 4), m.put(r.packets, 4);
        if (ipfix) {
            m.put(now.millis - 3000, 8), m.put(now.millis - r.ended, 8);
        } else {
            m.put(now.uptime - 3000, 4), m.put(now.uptime - r.ended, 4);
        }
    }
    m.set16(set + 2, m.size - set);
    if (ipfix) { m.set16(2, m.size); }
}

/// sFlow v5: flow samples with the first bytes of a TCP packet each.
void fill_sflow(Message& m, const Counters& of, std::uint64_t number, const Moment& now) {
    constexpr std::size_t kHeader = 56;  // 14 Ethernet, 20 IPv4, 20 TCP, 2 of padding
    constexpr std::size_t kRaw = 16 + kHeader;
    m.put(5, 4), m.put(1, 4), m.put(0x7f00'0001, 4), m.put(0, 4), m.put(of.messages, 4), m.put(now.uptime, 4), m.put(records_of(Format::sflow), 4);
    for (std::size_t i = 0; i < records_of(Format::sflow); ++i) {
        const Record r = record_of(number + i);
        m.put(1, 4), m.put(32 + 8 + kRaw, 4), m.put(of.records + i, 4), m.put(1, 4), m.put(1000, 4), m.put((of.records + i) * 1000, 4), m.put(0, 4), m.put(1, 4), m.put(2, 4), m.put(1, 4);
        m.put(1, 4), m.put(kRaw, 4), m.put(1, 4), m.put(1000, 4), m.put(4, 4), m.put(kHeader - 2, 4);
        m.put(0x0200'0000'0001, 6), m.put(0x0200'0000'0002, 6), m.put(0x0800, 2);
        m.put(0x4500, 2), m.put(982, 2), m.put(0, 4), m.put(0x4006, 2), m.put(0, 2), m.put(r.source, 4), m.put(r.target, 4);
        m.put(r.source_port, 2), m.put(r.target_port, 2), m.put(1, 4), m.put(1, 4), m.put(0x5018, 2), m.put(1000, 2), m.put(0, 4), m.put(0, 2);
    }
}

void fill(Message& m, Format format, const Counters& of, std::uint64_t number, const Moment& now) {
    m.size = 0;
    switch (format) {
        case Format::v5: return fill_v5(m, of, number, now);
        case Format::v9: return fill_templated(m, of, number, now, false);
        case Format::ipfix: return fill_templated(m, of, number, now, true);
        case Format::sflow: return fill_sflow(m, of, number, now);
    }
}

sockaddr address_of(std::uint32_t host, int port) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(static_cast<std::uint16_t>(port));
    in.sin_addr.s_addr = htonl(host);
    sockaddr address{};
    std::memcpy(&address, &in, sizeof in);
    return address;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4 || argc > 6) { return 2; }
    using Clock = std::chrono::steady_clock;
    const double rate = std::atof(argv[2]);
    const double length = std::atof(argv[3]);
    const std::string_view named = argc > 4 ? argv[4] : "v5";
    const Format format = named == "v9" ? Format::v9 : named == "ipfix" ? Format::ipfix : named == "sflow" ? Format::sflow : Format::v5;
    const int exporters = argc > 5 ? std::clamp(std::atoi(argv[5]), 1, 200) : 1;
    std::vector<int> sockets;
    sockets.reserve(static_cast<std::size_t>(exporters));
    for (int i = 0; i < exporters; ++i) {
        const int out = socket(AF_INET, SOCK_DGRAM, 0);
        const sockaddr from = address_of(INADDR_LOOPBACK + static_cast<std::uint32_t>(i), 0);
        const sockaddr to = address_of(INADDR_LOOPBACK, std::atoi(argv[1]));
        if (bind(out, &from, sizeof from) != 0 || connect(out, &to, sizeof to) != 0) { return 1; }
        sockets.push_back(out);
    }
    std::vector<Counters> counters(sockets.size());
    std::vector<Message> messages(kBatch);
    std::vector<iovec> pieces(kBatch);
    std::vector<mmsghdr> headers(kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) {
        headers[i] = {};
        headers[i].msg_hdr.msg_iov = &pieces[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    const auto began = Clock::now();
    std::uint64_t sent = 0;
    double passed = 0;
    bool listens = true;
    for (std::size_t turn = 0; listens && (passed = std::chrono::duration<double>(Clock::now() - began).count()) < length;) {
        if (static_cast<double>(sent) > passed * rate) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            continue;
        }
        const auto millis = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
        const Moment now{.seconds = millis / 1000, .millis = millis, .uptime = static_cast<std::uint64_t>(1'000'000 + passed * 1000)};
        Counters& mine = counters[turn % counters.size()];
        for (std::size_t i = 0; i < kBatch; ++i) {
            fill(messages[i], format, mine, sent + i * records_of(format), now);
            pieces[i] = {.iov_base = messages[i].bytes.data(), .iov_len = messages[i].size};
            mine.records += records_of(format);
            ++mine.messages;
        }
        std::size_t done = 0;
        while (done < kBatch && listens) {
            const int count = sendmmsg(sockets[turn % sockets.size()], headers.data() + done, static_cast<unsigned>(kBatch - done), 0);
            if (count < 0 && errno != ECONNREFUSED) { return 1; }
            listens = count >= 0;
            done += listens ? static_cast<std::size_t>(count) : 0;
        }
        sent += done * records_of(format);
        ++turn;
    }
    for (const int out : sockets) { close(out); }
    std::printf("%llu %.3f\n", static_cast<unsigned long long>(sent), passed);
    return 0;
}
