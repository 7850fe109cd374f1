// collect_send PORT RATE SECONDS: sends NetFlow v5 to a port of loopback, RATE records a second (30 a datagram, each conversation in both directions),
// and prints how many records and datagrams it sent, and how long that took. For bench/collect_rate.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

constexpr std::size_t kRecords = 30;
constexpr std::size_t kBatch = 32;
constexpr std::size_t kHeader = 24;
constexpr std::size_t kRecord = 48;
using Message = std::array<unsigned char, kHeader + kRecords * kRecord>;

void put(Message& m, std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) { m[at + i] = static_cast<unsigned char>(value >> (8 * (size - 1 - i))); }
}

std::uint64_t mixed(std::uint64_t x) {
    x ^= x >> 31U;
    x *= 0x9e37'79b9'7f4a'7c15ULL;
    return x ^ (x >> 29U);
}

void fill(Message& m, std::uint64_t number, std::uint32_t seconds, std::uint32_t uptime) {
    put(m, 0, 5, 2), put(m, 2, kRecords, 2), put(m, 4, uptime, 4), put(m, 8, seconds, 4), put(m, 16, number, 4);
    for (std::size_t i = 0; i < kRecords; ++i) {
        const std::uint64_t pair = (number + i) / 2;
        const std::uint64_t chance = mixed(pair + 1);
        const bool back = (number + i) % 2 != 0;
        const std::size_t at = kHeader + i * kRecord;
        const std::uint64_t client = 0x0a00'0000U + chance % 50'000;
        const std::uint64_t server = 0xc000'0000U + (chance >> 20U) % 2'000'000;
        const std::uint64_t port = 1024 + (chance >> 44U) % 60'000;
        put(m, at, back ? server : client, 4), put(m, at + 4, back ? client : server, 4);
        put(m, at + 16, 3 + (chance & 15U), 4), put(m, at + 20, 200 + (chance >> 8U) % 9000, 4);
        put(m, at + 24, uptime - 3000, 4), put(m, at + 28, uptime - 500 - chance % 1000, 4);
        put(m, at + 32, back ? 443 : port, 2), put(m, at + 34, back ? port : 443, 2);
        m[at + 37] = 0x1b;
        m[at + 38] = 6;
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) { return 2; }
    using Clock = std::chrono::steady_clock;
    const double rate = std::atof(argv[2]);
    const double length = std::atof(argv[3]);
    const int out = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr address{};
    std::memcpy(&address, &to, sizeof to);
    if (connect(out, &address, sizeof to) != 0) { return 1; }
    std::vector<Message> messages(kBatch);
    std::vector<iovec> pieces(kBatch);
    std::vector<mmsghdr> headers(kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) {
        pieces[i] = {.iov_base = messages[i].data(), .iov_len = messages[i].size()};
        headers[i] = {};
        headers[i].msg_hdr.msg_iov = &pieces[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    const auto began = Clock::now();
    std::uint64_t sent = 0;
    double passed = 0;
    while ((passed = std::chrono::duration<double>(Clock::now() - began).count()) < length) {
        if (static_cast<double>(sent) > passed * rate) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            continue;
        }
        const auto seconds = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
        for (std::size_t i = 0; i < kBatch; ++i) { fill(messages[i], sent + i * kRecords, seconds, static_cast<std::uint32_t>(1'000'000 + passed * 1000)); }
        const int count = sendmmsg(out, headers.data(), static_cast<unsigned>(kBatch), 0);
        if (count < 0) { return 1; }
        sent += static_cast<std::uint64_t>(count) * kRecords;
    }
    close(out);
    std::printf("%llu %.3f\n", static_cast<unsigned long long>(sent), passed);
    return 0;
}
