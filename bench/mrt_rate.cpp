// mrt_rate FILE [RUNS]: reads an unpacked MRT file that lies in memory, without making text of it: prefixes a second of processor time, the median
// of the runs, with what was found so that nothing can be left out.
#include "base/input/byte_source.hpp"
#include "route/mrt/reader.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

/// Looks at every prefix and every path.
class Counter final : public hw::route::RouteSink {
public:
    bool table(const hw::route::TableRoute& route) override {
        see(route.route);
        path(route.attributes->attributes);
        return true;
    }
    bool update(const hw::route::PeerUpdate& update) override {
        update.update->each_withdrawn([this](const hw::route::bgp::Nlri& route) { see(route); });
        update.update->each_announced([this](const hw::route::bgp::Nlri& route) { see(route); });
        path(update.update->attributes);
        return true;
    }
    std::uint64_t prefixes = 0;
    std::uint64_t mixed = 0;

private:
    void see(const hw::route::bgp::Nlri& route) {
        ++prefixes;
        mixed += route.prefix.address().high() ^ route.prefix.address().low() ^ route.prefix.length();
    }
    void path(const hw::route::bgp::Attributes& attributes) {
        attributes.as_path(path_);
        for (const auto asn : path_.asns) { mixed = mixed * 31 + asn.number(); }
    }
    hw::route::bgp::AsPath path_;
};

double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("mrt_rate FILE [RUNS]\n", stderr);
        return 2;
    }
    std::ifstream stream(argv[1], std::ios::binary);
    const std::vector<char> file(std::istreambuf_iterator<char>(stream), {});
    const int runs = argc > 2 ? std::atoi(argv[2]) : 21;
    std::vector<double> seconds;
    Counter last;
    for (int run = 0; run < runs; ++run) {
        Counter counter;
        hw::MemoryBytes source(std::as_bytes(std::span(file)), std::size_t{256} * 1024);
        hw::InputReport report;
        const double began = cpu_seconds();
        if (!hw::route::mrt::read_mrt(source, counter, {}, report)) {
            std::fputs("this is no MRT file\n", stderr);
            return 3;
        }
        seconds.push_back(cpu_seconds() - began);
        last.prefixes = counter.prefixes;
        last.mixed = counter.mixed;
    }
    std::ranges::sort(seconds);
    const double median = seconds[seconds.size() / 2];
    std::printf("{\"prefixes\": %llu, \"mixed\": %llu, \"runs\": %d, \"seconds\": %.6f, \"fastest\": %.6f, \"slowest\": %.6f, \"million_prefixes_per_second\": %.2f, \"megabytes_per_second\": %.0f}\n",
                static_cast<unsigned long long>(last.prefixes), static_cast<unsigned long long>(last.mixed), runs, median, seconds.front(), seconds.back(),
                static_cast<double>(last.prefixes) / median / 1e6, static_cast<double>(file.size()) / median / 1e6);
    return 0;
}
