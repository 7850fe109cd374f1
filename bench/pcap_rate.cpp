// pcap_rate FILE [hold]: reads one capture as a command does (hashed, unpacked, assembled to flows with activity) and prints
// what became of it and how fast. The flows are dropped as they end; with `hold` they are kept, indexed by host and their
// coverage worked out, as `trace` does before it starts. What bench/read_compare runs.
#include "base/input/unpack.hpp"
#include "flow/read/input.hpp"
#include "flow/read/pcap_reader.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

struct Sums {
    std::uint64_t flows = 0;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    void add(const Flow& flow) {
        ++flows;
        packets += flow.request.packets + flow.reply.packets;
        bytes += flow.request.bytes + flow.reply.bytes;
    }
};

Result<ReadReport> drop(const std::string& path, Sums& sums) {
    HW_TRY(const auto input, hw::InputBytes::open(path));
    ReadReport report;
    report.path = path;
    HW_CHECK(read_capture(*input, "bench", ObserverId{}, ReadOptions{}, [&](Flow&& flow) { sums.add(flow); }, report));
    HW_TRY(report.sha256, input->finish_sha256());
    return report;
}

Result<ReadReport> hold(const std::string& path, Sums& sums) {
    const std::vector<std::string> paths = {path};
    HW_TRY(const auto inputs, read_inputs(paths, ReadOptions{}));
    for (const Flow& flow : inputs.source->flows()) { sums.add(flow); }
    return inputs.reports.front();
}

}  // namespace

int main(int argc, char** argv) {
    const bool keep = argc == 3 && std::string_view(argv[2]) == "hold";
    if (argc != 2 && !keep) {
        fmt::print(stderr, "usage: pcap_rate FILE [hold]\n");
        return 2;
    }
    const auto begin = std::chrono::steady_clock::now();
    Sums sums;
    const auto report = keep ? hold(argv[1], sums) : drop(argv[1], sums);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (!report) {
        fmt::print(stderr, "{}\n", to_text(report.error()));
        return 3;
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto spent = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    const double cpu = spent(usage.ru_utime) + spent(usage.ru_stime);
    fmt::print("records={} skipped={} snapped={} flows={} packets={} bytes={} seconds={:.3f} cpu_seconds={:.3f} packets_per_second={:.0f} max_rss_mib={}\n",
               report->records, report->skipped_total(), report->snapped, sums.flows, sums.packets, sums.bytes, seconds, cpu,
               static_cast<double>(report->records) / seconds, usage.ru_maxrss / 1024);
}
