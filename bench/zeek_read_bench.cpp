// How fast Zeek conn logs are read, a thread: records a second for TSV, flat, nested and ECS JSON, from bytes in memory,
// and for the TSV log packed with gzip from a file. The records are made from a seed, so every run reads the same bytes.

#include "base/input/byte_source.hpp"
#include "base/input/unpack.hpp"
#include "base/time.hpp"
#include "flow/read/zeek_connections.hpp"
#include "flow/read/zeek_json.hpp"
#include "flow/read/zeek_tsv.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

using hw::Result;
using namespace hw::flow::read;

constexpr std::size_t kRecords = 2'000'000;

enum class Form { tsv, flat, nested, ecs };

/// One conn record a call, with values spread as logs have them: most connections short, one in twelve over IPv6, one in
/// six without a reply.
class Maker {
public:
    void append(std::string& out, Form form) {
        now_ += 1 + random_() % 20'000;
        std::string uid = "C";
        for (int i = 0; i < 17; ++i) { uid += kLetters[random_() % kLetters.size()]; }
        const bool six = random_() % 12 == 0;
        const std::string orig = six ? fmt::format("2001:db8:{:x}::{:x}", random_() % 65536, 1 + random_() % 65535)
                                     : fmt::format("10.{}.{}.{}", random_() % 256, random_() % 256, 1 + random_() % 254);
        const std::string resp = six ? "2001:db8:ffff:1::53" : fmt::format("198.51.{}.{}", random_() % 256, 1 + random_() % 254);
        const auto port = 1024 + random_() % 64000;
        const bool answered = random_() % 6 != 0;
        const auto micros = random_() % 1'000 * (random_() % 100'000);
        const auto sent = random_() % 5'000;
        const auto got = answered ? random_() % 200'000 : 0;
        const auto packets = 3 + sent / 1'000;
        const auto replies = answered ? 3 + got / 1'400 : 0;
        const std::string_view state = answered ? "SF" : "S0";
        const std::string_view history = answered ? "ShADadFf" : "S";
        const auto ip_sent = sent + packets * 52;
        const auto ip_got = got + replies * 52;
        const auto second = now_ / 1'000'000;
        const auto part = now_ % 1'000'000;
        switch (form) {
            case Form::tsv:
                fmt::format_to(std::back_inserter(out), "{}.{:06}\t{}\t{}\t{}\t{}\t443\ttcp\t{}\t{}.{:06}\t{}\t{}\t{}\tT\tF\t0\t{}\t{}\t{}\t{}\t{}\t-\n",
                               second, part, uid, orig, port, resp, answered ? "ssl" : "-", micros / 1'000'000, micros % 1'000'000, sent, got, state,
                               history, packets, ip_sent, replies, ip_got);
                break;
            case Form::flat:
            case Form::nested: {
                const std::string id = form == Form::flat
                                           ? fmt::format(R"("id.orig_h":"{}","id.orig_p":{},"id.resp_h":"{}","id.resp_p":443)", orig, port, resp)
                                           : fmt::format(R"("id":{{"orig_h":"{}","orig_p":{},"resp_h":"{}","resp_p":443}})", orig, port, resp);
                fmt::format_to(std::back_inserter(out),
                               R"({{"ts":{}.{:06},"uid":"{}",{},"proto":"tcp",{}"duration":{}.{:06},"orig_bytes":{},"resp_bytes":{},"conn_state":"{}",)"
                               R"("local_orig":true,"local_resp":false,"missed_bytes":0,"history":"{}","orig_pkts":{},"orig_ip_bytes":{},)"
                               R"("resp_pkts":{},"resp_ip_bytes":{}}})"
                               "\n",
                               second, part, uid, id, answered ? R"("service":"ssl",)" : "", micros / 1'000'000, micros % 1'000'000, sent, got, state,
                               history, packets, ip_sent, replies, ip_got);
                break;
            }
            case Form::ecs:
                fmt::format_to(std::back_inserter(out),
                               R"({{"@timestamp":"{}","source":{{"ip":"{}","port":{},"bytes":{},"packets":{}}},"destination":{{"ip":"{}","port":443,)"
                               R"("bytes":{},"packets":{}}},"event":{{"dataset":"zeek.connection","duration":{}}},"network":{{"transport":"tcp"}},)"
                               R"("zeek":{{"session_id":"{}","connection":{{"state":"{}","history":"{}","local_orig":true,"local_resp":false}}}}}})"
                               "\n",
                               hw::to_rfc3339(hw::Time::from_micros(static_cast<std::int64_t>(now_))), orig, port, ip_sent, packets, resp, ip_got, replies,
                               micros * 1'000, uid, state, history);
                break;
        }
    }

private:
    static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::mt19937_64 random_{20141124};
    std::uint64_t now_ = 1'416'823'200'000'000;
};

std::string make_log(Form form) {
    std::string log;
    if (form == Form::tsv) {
        log =
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2014-11-24-10-00-00\n"
            "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\t"
            "local_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\n"
            "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\t"
            "count\tset[string]\n";
    }
    Maker maker;
    for (std::size_t i = 0; i < kRecords; ++i) { maker.append(log, form); }
    return log;
}

void tell(benchmark::State& state, std::size_t bytes) {
    const auto rounds = static_cast<std::int64_t>(state.iterations());
    state.SetItemsProcessed(rounds * static_cast<std::int64_t>(kRecords));
    state.SetBytesProcessed(rounds * static_cast<std::int64_t>(bytes));
}

/// Gives the flows' memory back without that being counted: it is no part of reading.
void drop(benchmark::State& state, std::vector<hw::flow::Flow>& flows) {
    state.PauseTiming();
    flows = {};
    state.ResumeTiming();
}

void read_log(benchmark::State& state, Form form) {
    const std::string log = make_log(form);
    for ([[maybe_unused]] auto round : state) {
        hw::MemoryBytes bytes(std::as_bytes(std::span(log)), std::size_t{256} * 1024);
        zeek::Connections connections("sensor");
        connections.expect(kRecords);  // as read_inputs reckons it from the file's size
        ReadReport report;
        report.path = "bench";
        const auto done = form == Form::tsv ? zeek::read_tsv(bytes, connections, {}, report) : zeek::read_json(bytes, connections, {}, report);
        std::vector<hw::flow::Flow> flows = connections.take();
        if (!done || report.records != kRecords || flows.size() != kRecords) { state.SkipWithError("not all records were read"); }
        drop(state, flows);
    }
    tell(state, log.size());
}

void read_gzip(benchmark::State& state) {
    const auto path = std::filesystem::temp_directory_path() / fmt::format("headwater-bench-{}.log.gz", ::getpid());
    std::size_t size = 0;
    {
        const std::string log = make_log(Form::tsv);
        size = log.size();
        const std::unique_ptr<gzFile_s, int (*)(gzFile)> packed(gzopen(path.c_str(), "wb6"), gzclose);
        for (std::size_t at = 0; at < log.size(); at += std::size_t{1} << 20U) {
            const std::string_view part = std::string_view(log).substr(at, std::size_t{1} << 20U);
            if (gzwrite(packed.get(), part.data(), static_cast<unsigned>(part.size())) <= 0) { state.SkipWithError("cannot write"); }
        }
    }
    for ([[maybe_unused]] auto round : state) {
        auto bytes = hw::InputBytes::open(path);
        zeek::Connections connections("sensor");
        connections.expect(kRecords);
        ReadReport report;
        if (!bytes || !zeek::read_tsv(**bytes, connections, {}, report) || report.records != kRecords) { state.SkipWithError("not all records were read"); }
        std::vector<hw::flow::Flow> flows = connections.take();
        drop(state, flows);
    }
    tell(state, size);
    std::filesystem::remove(path);
}

}  // namespace

BENCHMARK_CAPTURE(read_log, tsv, Form::tsv)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_log, json_flat, Form::flat)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_log, json_nested, Form::nested)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_log, json_ecs, Form::ecs)->Unit(benchmark::kMillisecond);
BENCHMARK(read_gzip)->Name("read_log/tsv_gzip")->Unit(benchmark::kMillisecond);
