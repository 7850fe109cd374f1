// Reading a synthetic capture from memory into flows with activity: packets a second, without disk and hash. The comparison with
// other programs is bench/read_compare.
#include "flow/read/pcap_reader.hpp"
#include "synthetic_capture.hpp"

#include <benchmark/benchmark.h>

#include <span>
#include <string>

namespace {

using namespace hw::flow;
using namespace hw::flow::read;

const std::string& capture() {
    static const std::string bytes = [] {
        std::string out;
        bench::CaptureShape shape;
        shape.packets = 1'000'000;
        shape.flows = 100'000;
        shape.seconds = 20;
        bench::SyntheticCapture(shape, [&](const char* data, std::size_t size) { out.append(data, size); }).run();
        return out;
    }();
    return bytes;
}

void read_pcap(benchmark::State& state) {
    const std::string& bytes = capture();
    std::uint64_t packets = 0;
    std::uint64_t flows = 0;
    for (auto _ : state) {
        hw::MemoryBytes source(std::as_bytes(std::span(bytes)));
        ReadReport report;
        report.path = "memory";
        const auto done = read_capture(source, "bench", ObserverId{}, ReadOptions{}, [&](Flow&& flow) { flows += flow.request.packets > 0 ? 1 : 0; }, report);
        if (!done) { state.SkipWithError("the capture was not read"); }
        packets += report.records;
    }
    benchmark::DoNotOptimize(flows);
    state.SetItemsProcessed(static_cast<std::int64_t>(packets));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(read_pcap)->Unit(benchmark::kMillisecond);

}  // namespace
