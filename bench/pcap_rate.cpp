// pcap_rate FILE: reads one capture as a command does (hashed, unpacked, assembled to flows with activity), with the flows
// dropped as they end, and prints packets, flows, seconds and packets a second. What bench/read_compare runs.
#include "flow/read/pcap_reader.hpp"
#include "flow/read/unpack.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: pcap_rate FILE\n");
        return 2;
    }
    const auto begin = std::chrono::steady_clock::now();
    auto input = hw::flow::read::InputBytes::open(argv[1]);
    if (!input) {
        std::fprintf(stderr, "%s\n", hw::to_text(input.error()).c_str());
        return 3;
    }
    hw::flow::read::ReadReport report;
    report.path = argv[1];
    std::uint64_t packets = 0;
    std::uint64_t activity_bytes = 0;
    const auto sink = [&](hw::flow::Flow&& flow) {
        packets += flow.request.packets + flow.reply.packets;
        activity_bytes += flow.activity.footprint();
    };
    const auto done = hw::flow::read::read_capture(**input, "bench", hw::flow::ObserverId{}, hw::flow::read::ReadOptions{}, sink, report);
    const auto hash = (*input)->finish_sha256();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (!done || !hash) {
        std::fprintf(stderr, "%s\n", hw::to_text(!done ? done.error() : hash.error()).c_str());
        return 3;
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("packets %llu in_flows %llu flows %llu skipped %llu snapped %llu activity_bytes %llu seconds %.3f packets_per_second %.0f max_rss_kib %ld sha256 %s\n",
                static_cast<unsigned long long>(report.records), static_cast<unsigned long long>(packets), static_cast<unsigned long long>(report.flows),
                static_cast<unsigned long long>(report.skipped_total()), static_cast<unsigned long long>(report.snapped),
                static_cast<unsigned long long>(activity_bytes), seconds, static_cast<double>(report.records) / seconds, usage.ru_maxrss, hash->c_str());
}
