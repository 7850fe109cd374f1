// store_bench_run FOLDER FLOWS [SEED]: fills a store with made-up flows of one day and times look-ups in it. The flows are those that
// other stores were measured with: unidirectional, 50,000 inner hosts (Zipf 0.9), 2 million outer ones (Zipf 1.05), 6 % scans.
#include "flow/store/store.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
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

constexpr std::int64_t kDayMs = 86'400'000;

double seconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// A rank of `count`, from the continuous form of Zipf's law.
std::uint32_t zipf(double chance, double count, double exponent) {
    const double power = 1 - exponent;
    return static_cast<std::uint32_t>(std::min(count - 1, std::pow((std::pow(count, power) - 1) * chance + 1, 1 / power) - 1));
}

std::uint32_t scattered(std::uint32_t rank) { return (rank + 1) * 0x9e37'79b1U; }

Flow make_flow(std::mt19937_64& random, std::int64_t ms) {
    const auto chance = [&] { return static_cast<double>(random() >> 11U) * 0x1p-53; };
    Flow f;
    const std::uint32_t inner = 0x0a00'0000U + zipf(chance(), 50'000, 0.9);
    const std::uint32_t outer = scattered(zipf(chance(), 2'000'000, 1.05));
    const bool scan = chance() < 0.06;
    const bool inward = chance() < 0.5;
    const std::uint32_t target = scan ? 0x0a00'0000U + static_cast<std::uint32_t>(random() % 65'536) : inner;
    constexpr std::uint16_t kServices[] = {443, 443, 443, 80, 53, 53, 22, 25, 123, 993, 3389, 8080};
    const auto service = kServices[random() % std::size(kServices)];
    const auto high = static_cast<std::uint16_t>(1024 + random() % 64'000);
    f.client = {net::Address::v4(inward || scan ? outer : inner), net::Port{inward && !scan ? service : high}};
    f.server = {net::Address::v4(inward || scan ? target : outer), net::Port{inward && !scan ? high : service}};
    f.protocol = service == 53 || service == 123 ? Protocol::udp : Protocol::tcp;
    const double kind = chance();
    const double long_for = kind < 0.35 ? 0 : kind < 0.80 ? -1.5 * std::log(1 - chance()) : kind < 0.97 ? -20 * std::log(1 - chance()) : 300 * chance();
    f.first = Time::from_micros(1'700'000'000'000'000 + ms * 1000);
    f.last = f.first + Duration(static_cast<std::int64_t>(long_for * 1000) * 1000);
    f.request.packets = scan || long_for == 0 ? 1 : 1 + static_cast<std::uint64_t>(std::exp(chance() * chance() * 8));
    f.request.bytes = f.request.packets * (40 + random() % 1400);
    f.request.tcp_flags = f.protocol == Protocol::tcp ? (scan ? 0x02 : random() % 4 == 0 ? 0x1a : 0x1b) : 0;
    f.basis = InitiatorBasis::exporter;
    f.end = FlowEnd::end_of_flow;
    f.id = make_flow_id("router", f.client, f.server, f.protocol, f.first);
    return f;
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
