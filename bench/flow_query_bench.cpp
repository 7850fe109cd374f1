// How fast flows are asked about, a thread: flows a second through filters from plain to long, into groups and into a series. The
// flows lie in memory and are made from a seed: fifty thousand hosts inside, Zipf-like, two million outside, sizes log-normal.

#include "flow/aggregate.hpp"
#include "flow/filter_match.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace hw;
using namespace hw::flow;

constexpr std::size_t kFlows = 1'000'000;

const std::vector<Flow>& flows() {
    static const std::vector<Flow> made = [] {
        std::mt19937_64 random(1);
        std::uniform_real_distribution<double> unit(0, 1);
        std::lognormal_distribution<double> size(std::log(3000.0), 2.0);
        std::vector<Flow> list(kFlows);
        for (Flow& f : list) {
            const auto inside = static_cast<std::uint32_t>(50'000 * std::pow(unit(random), 3.0));
            const auto outside = static_cast<std::uint32_t>(2'000'000 * std::pow(unit(random), 4.0));
            f.client = {net::Address::v4(0x0a00'0000U + inside), net::Port{static_cast<std::uint16_t>(32'768 + random() % 28'000)}};
            const std::uint16_t ports[] = {443, 443, 443, 80, 53, 22, 3389, 8080};
            f.server = {net::Address::v4(0xc600'0000U + outside), net::Port{ports[random() % 8]}};
            f.protocol = f.server.port == net::Port{53} ? Protocol::udp : Protocol::tcp;
            f.first = Time::from_micros(1'416'787'200'000'000 + static_cast<std::int64_t>(random() % 86'400'000'000));
            f.last = f.first + Duration(random() % 3 == 0 ? 0 : random() % 60'000'000);
            const auto bytes = static_cast<std::uint64_t>(size(random));
            f.request = {1 + bytes / 1000, 40 + bytes, bytes, 0x1b};
            f.reply = {1 + bytes / 300, 40 + 3 * bytes, 3 * bytes, 0x1b};
        }
        return list;
    }();
    return made;
}

void filter(benchmark::State& state, const std::string& text) {
    const auto& all = flows();
    const auto matcher = FlowMatcher::compile(parse_filter(text).value(), {}).value();
    std::size_t passed = 0;
    for (auto _ : state) {
        passed = 0;
        for (const Flow& f : all) { passed += matcher(f) ? 1 : 0; }
        benchmark::DoNotOptimize(passed);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kFlows));
    state.counters["passed"] = static_cast<double>(passed);
}

/// A list of `count` addresses, every thousandth of them met.
std::string long_list(std::size_t count) {
    std::string text = "host in [";
    for (std::size_t i = 0; i < count; ++i) { text += net::to_string(net::Address::v4(0xc600'0000U + static_cast<std::uint32_t>(i * 997))) + " "; }
    return text + "]";
}

void group(benchmark::State& state, const std::string& by) {
    const auto& all = flows();
    std::size_t groups = 0;
    for (auto _ : state) {
        FlowGroups sums(parse_group_by(by).value());
        for (const Flow& f : all) { benchmark::DoNotOptimize(sums.add(f)); }
        benchmark::DoNotOptimize(sums.take(FlowMeasure::bytes, 20));
        groups = sums.groups();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kFlows));
    state.counters["groups"] = static_cast<double>(groups);
}

void series(benchmark::State& state, Duration width) {
    const auto& all = flows();
    const Interval day{Time::from_micros(1'416'787'200'000'000), Time::from_micros(1'416'787'200'000'000 + 86'399'999'999)};
    for (auto _ : state) {
        auto steps = FlowSeries::make(day, width).value();
        for (const Flow& f : all) { steps.add(f); }
        benchmark::DoNotOptimize(steps.take());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kFlows));
}

void parse(benchmark::State& state, const std::string& text) {
    for (auto _ : state) { benchmark::DoNotOptimize(parse_filter(text)); }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

BENCHMARK_CAPTURE(filter, any, std::string("any"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(filter, bytes, std::string("bytes > 1M"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(filter, host, std::string("host 198.0.0.7"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(filter, net_port, std::string("net 10.0.0.0/18 and dst port 22"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(filter, mixed, std::string("tcp and (port in [22 3389 5900] or bytes > 10M) and not net 198.0.0.0/16 and duration > 5s"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(filter, list_of_10000, long_list(10'000))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(group, port, std::string("port"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(group, host_port, std::string("host,port"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(group, client_server, std::string("client,server"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(series, minute, Duration(60'000'000))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(series, second, Duration(1'000'000))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(parse, list_of_10000, long_list(10'000))->Unit(benchmark::kMillisecond);

}  // namespace
