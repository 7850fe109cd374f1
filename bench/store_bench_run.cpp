// store_bench_run FOLDER FLOWS [SEED]: fills a store with made-up flows of one day and times look-ups in it. The flows are those that
// other stores were measured with: unidirectional, 50,000 inner hosts (Zipf 0.9), 2 million outer ones (Zipf 1.05), 6 % scans.
#include "store_traffic.hpp"

#include "flow/store/store.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <random>
#include <string>
#include <unordered_map>

#include <fcntl.h>
#include <unistd.h>

namespace {

using namespace hw;
using namespace hw::flow;
using bench::kDayMs;
using bench::make_flow;

double seconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Median and the fastest and slowest of `runs` calls, in microseconds of processor time: others may share the machine.
template <typename Call>
void time_of(const char* what, int runs, const Call& call) {
    std::vector<double> each;
    std::uint64_t found = 0;
    for (int i = 0; i < runs; ++i) {
        const double began = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        found = call();
        each.push_back((seconds_of(CLOCK_THREAD_CPUTIME_ID) - began) * 1e6);
    }
    std::ranges::sort(each);
    std::printf("%-44s %10.1f CPU us median, %.1f to %.1f in %d runs; %llu flows\n", what, each[each.size() / 2], each.front(), each.back(), runs,
                static_cast<unsigned long long>(found));
}

std::uint64_t sum_of(const store::Store& opened, const net::Address& host, Interval window) {
    std::uint64_t flows = 0;
    std::vector<std::uint32_t> rows;
    for (const auto& segment : opened.segments()) {
        rows.clear();
        if (!segment->rows_of(host, window, rows)) { std::abort(); }
        const auto totals = segment->totals(rows);
        if (!totals) { std::abort(); }
        flows += totals->flows;
    }
    return flows;
}

std::shared_ptr<const store::Store> opened_of(const std::string& folder) {
    auto opened = store::Store::open(folder);
    if (!opened) {
        std::fprintf(stderr, "%s\n", to_text(opened.error()).c_str());
        std::exit(1);
    }
    return *opened;
}

}  // namespace

int main(int count, char** given) {
    if (count < 3) { return 2; }
    const std::string folder = given[1];
    const auto wanted = static_cast<std::uint64_t>(std::atoll(given[2]));
    std::mt19937_64 random(count > 3 ? static_cast<std::uint64_t>(std::atoll(given[3])) : 1);
    std::filesystem::remove_all(folder);

    std::unordered_map<std::uint32_t, std::uint32_t> often;
    const std::vector<std::string> observers{"router"};
    double cpu = 0;
    double wall = 0;
    std::uint64_t bytes = 0;
    for (std::uint64_t made = 0; made < wanted;) {
        std::vector<Flow> flows;
        const std::uint64_t end = std::min<std::uint64_t>(wanted, made + store::kSegmentRows);
        flows.reserve(end - made);
        for (; made < end; ++made) {
            flows.push_back(make_flow(random, static_cast<std::int64_t>(static_cast<double>(made) / static_cast<double>(wanted) * static_cast<double>(kDayMs))));
            ++often[flows.back().client.address.v4_bits()];
            ++often[flows.back().server.address.v4_bits()];
        }
        const double cpu_began = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        const double began = seconds_of(CLOCK_MONOTONIC);
        const auto added = store::add_flows(folder, flows, observers, {});
        if (!added) {
            std::fprintf(stderr, "%s\n", to_text(added.error()).c_str());
            return 1;
        }
        cpu += seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_began;
        wall += seconds_of(CLOCK_MONOTONIC) - began;
        bytes += *added;
    }
    const auto n = static_cast<double>(wanted);
    std::printf("flows %llu, distinct hosts %zu\n", static_cast<unsigned long long>(wanted), often.size());
    std::printf("sealed, indexed and flushed: %.3f M flows a CPU second, %.3f M a wall second; %.2f bytes a flow\n", n / cpu / 1e6, n / wall / 1e6, static_cast<double>(bytes) / n);

    std::vector<std::pair<std::uint32_t, std::uint32_t>> hosts(often.begin(), often.end());
    std::ranges::sort(hosts, {}, [](const auto& h) { return std::pair(h.second, h.first); });
    const auto with = [&](std::uint32_t flows) { return net::Address::v4(std::ranges::lower_bound(hosts, flows, {}, [](const auto& h) { return h.second; })->first); };
    const net::Address ordinary = with(static_cast<std::uint32_t>(std::max(20.0, n / 10'000)));
    const net::Address rare = with(20);
    const net::Address heavy = net::Address::v4(hosts.back().first);
    const net::Address absent = net::Address::v4(0x0102'0304);
    const Time from = Time::from_micros(1'700'000'000'000'000);
    const Interval day{from, from + std::chrono::hours(25)};

    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const int file = ::open(entry.path().c_str(), O_RDONLY);
        ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        ::close(file);
    }
    double began = seconds_of(CLOCK_MONOTONIC);
    {
        const auto cold = opened_of(folder);
        const double open_took = seconds_of(CLOCK_MONOTONIC) - began;
        began = seconds_of(CLOCK_MONOTONIC);
        const auto flows = sum_of(*cold, ordinary, day);
        std::printf("cold: opening %.1f ms, then an ordinary host's day %.1f ms (%llu flows)\n", open_took * 1e3, (seconds_of(CLOCK_MONOTONIC) - began) * 1e3, static_cast<unsigned long long>(flows));
    }
    time_of("opening, warm", 20, [&] { return opened_of(folder)->flows(); });
    const auto opened = opened_of(folder);
    for (const auto& segment : opened->segments()) {  // every piece's sum is checked once
        std::vector<std::uint32_t> rows;
        if (!segment->rows_in(day, rows) || !segment->totals(rows)) { return 1; }
    }
    time_of("an ordinary host's day", 200, [&] { return sum_of(*opened, ordinary, day); });
    time_of("a rare host's day", 200, [&] { return sum_of(*opened, rare, day); });
    time_of("an absent host's day", 200, [&] { return sum_of(*opened, absent, day); });
    time_of("the heaviest host's day", 20, [&] { return sum_of(*opened, heavy, day); });

    for (const bool busy : {false, true}) {
        // Uniform: every host as likely; busy: hosts as often as they occur in flows.
        std::uint64_t rows = 0;
        std::uint64_t asked = 0;
        began = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        std::vector<double> until(1, 0);
        if (busy) {
            until.clear();
            double sum = 0;
            for (const auto& [host, flows] : hosts) { until.push_back(sum += flows); }
        }
        double took = 0;
        for (began = seconds_of(CLOCK_THREAD_CPUTIME_ID); took < 2; took = seconds_of(CLOCK_THREAD_CPUTIME_ID) - began) {
            for (int i = 0; i < 64; ++i, ++asked) {
                const std::size_t h = busy ? static_cast<std::size_t>(std::ranges::upper_bound(until, static_cast<double>(random() >> 11U) * 0x1p-53 * until.back()) - until.begin()) : random() % hosts.size();
                const Time hour = from + std::chrono::minutes(random() % (23 * 60));
                rows += sum_of(*opened, net::Address::v4(hosts[std::min(h, hosts.size() - 1)].first), {hour, hour + std::chrono::hours(1)});
            }
        }
        std::printf("(host, hour), %s hosts: %.1f k look-ups a CPU second, %.2f M rows a CPU second (%llu look-ups)\n", busy ? "busy" : "uniform", static_cast<double>(asked) / took / 1e3,
                    static_cast<double>(rows) / took / 1e6, static_cast<unsigned long long>(asked));
    }
    std::filesystem::remove_all(folder);
    return 0;
}
