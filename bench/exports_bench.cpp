// How fast flow exports are decoded, a thread: records a second for NetFlow v5, v9, IPFIX and sFlow messages in memory, and for
// IPFIX to finished flows (decoding, joining of the two directions). The messages are made from a seed.

#include "base/input/byte_source.hpp"
#include "flow/read/export_decoder.hpp"
#include "flow/read/export_messages.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

constexpr std::size_t kRecords = 1'000'000;

enum class Form { v5, v9, ipfix, ipfix_variable, sflow };

using Message = std::vector<std::byte>;

void put(Message& out, std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i-- > 0;) { out.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xffU)); }
}

/// Messages of about 1400 bytes; every second record answers the one before it.
class Maker {
public:
    explicit Maker(Form form) : form_(form) {}

    std::vector<Message> make() {
        std::vector<Message> messages;
        const std::size_t each = form_ == Form::v5 ? 28 : form_ == Form::sflow ? 8 : 26;
        for (std::size_t made = 0; made < kRecords;) {
            const std::size_t count = std::min(each, kRecords - made);
            messages.push_back(message(count, made));
            made += count;
        }
        return messages;
    }

private:
    Message message(std::size_t count, std::size_t number) {
        Message out;
        const std::uint64_t now = 1'416'823'200 + number / 10'000;
        switch (form_) {
            case Form::v5:
                put(out, 5, 2), put(out, count, 2), put(out, 100'000 + number / 10, 4), put(out, now, 4), put(out, 0, 4), put(out, number, 4), put(out, 0, 4);
                for (std::size_t i = 0; i < count; ++i) {
                    const auto [source, target, port, serves] = ends();
                    put(out, serves ? target : source, 4), put(out, serves ? source : target, 4), put(out, 0, 4), put(out, 0, 4);
                    put(out, 10 + port % 50, 4), put(out, 1000 + port, 4), put(out, 90'000 + number / 10, 4), put(out, 95'000 + number / 10, 4);
                    put(out, serves ? 443 : port, 2), put(out, serves ? port : 443, 2), put(out, 0x001b'0600, 4), put(out, 0, 8);
                }
                break;
            case Form::v9:
            case Form::ipfix:
            case Form::ipfix_variable: {
                const bool nine = form_ == Form::v9;
                Message set;
                if (number == 0) { fields(set); }
                const std::size_t begin = set.size();
                put(set, 256, 2), put(set, 0, 2);
                for (std::size_t i = 0; i < count; ++i) {
                    const auto [source, target, port, serves] = ends();
                    put(set, serves ? target : source, 4), put(set, serves ? source : target, 4), put(set, serves ? 443 : port, 2), put(set, serves ? port : 443, 2);
                    put(set, 0x061b, 2), put(set, 10 + port % 50, 8), put(set, 1000 + port, 8), put(set, now * 1000 - 5000, 8), put(set, now * 1000, 8);
                    put(set, 3, 4), put(set, 0, 2);
                    if (form_ == Form::ipfix_variable) { put(set, 4, 1), put(set, 0x6874'7470, 4); }
                }
                set[begin + 2] = static_cast<std::byte>((set.size() - begin) >> 8U);
                set[begin + 3] = static_cast<std::byte>((set.size() - begin) & 0xffU);
                put(out, nine ? 9 : 10, 2), put(out, nine ? count : set.size() + 16, 2);
                if (nine) { put(out, 100'000, 4); }
                put(out, now, 4), put(out, nine ? messages_++ : number, 4), put(out, 1, 4);
                out.insert(out.end(), set.begin(), set.end());
                break;
            }
            case Form::sflow:
                put(out, 5, 4), put(out, 1, 4), put(out, 0xc0000201, 4), put(out, 0, 4), put(out, messages_++, 4), put(out, 1000, 4), put(out, count, 4);
                for (std::size_t i = 0; i < count; ++i) {
                    const auto [source, target, port, serves] = ends();
                    put(out, 1, 4), put(out, 32 + 8 + 16 + 56, 4), put(out, i, 4), put(out, 1, 4), put(out, 1024, 4), put(out, 0, 8), put(out, 1, 4), put(out, 2, 4), put(out, 1, 4);
                    put(out, 1, 4), put(out, 16 + 56, 4), put(out, 1, 4), put(out, 1518, 4), put(out, 4, 4), put(out, 54, 4);
                    put(out, 0x0200'0000'0001, 6), put(out, 0x0200'0000'0002, 6), put(out, 0x0800, 2);
                    put(out, 0x4500, 2), put(out, 1500, 2), put(out, 0, 4), put(out, 0x4006'0000, 4), put(out, serves ? target : source, 4), put(out, serves ? source : target, 4);
                    put(out, serves ? 443 : port, 2), put(out, serves ? port : 443, 2), put(out, 1, 4), put(out, 1, 4), put(out, 0x5010'ffff, 4), put(out, 0, 4), put(out, 0, 2);
                }
                break;
        }
        return out;
    }
    void fields(Message& set) const {
        const std::vector<std::pair<unsigned, unsigned>> all{{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {6, 1}, {2, 8}, {1, 8}, {152, 8}, {153, 8}, {10, 4}, {5, 2}};
        const bool varies = form_ == Form::ipfix_variable;
        const std::size_t count = all.size() + (varies ? 1 : 0);
        put(set, form_ == Form::v9 ? 0 : 2, 2), put(set, 8 + count * 4, 2), put(set, 256, 2), put(set, count, 2);
        for (const auto& [id, length] : all) { put(set, id, 2), put(set, length, 2); }
        if (varies) { put(set, 96, 2), put(set, 0xffff, 2); }
    }
    struct Ends {
        std::uint64_t source, target, port;
        bool serves;
    };
    Ends ends() {
        answer_ = !answer_;
        if (answer_) { last_ = {0x0a00'0000 + random_() % 50'000, 0xc633'0000 + random_() % 65'000, 1024 + random_() % 60'000, false}; }
        last_.serves = !answer_;
        return last_;
    }

    Form form_;
    std::mt19937_64 random_{20141124};
    std::uint64_t messages_ = 0;
    bool answer_ = false;
    Ends last_{};
};

void tell(benchmark::State& state, const std::vector<Message>& messages) {
    std::size_t bytes = 0;
    for (const auto& message : messages) { bytes += message.size(); }
    const auto rounds = static_cast<std::int64_t>(state.iterations());
    state.SetItemsProcessed(rounds * static_cast<std::int64_t>(kRecords));
    state.SetBytesProcessed(rounds * static_cast<std::int64_t>(bytes));
}

void decode(benchmark::State& state, Form form) {
    const auto messages = Maker(form).make();
    std::vector<ExportRecord> records;
    for ([[maybe_unused]] auto round : state) {
        ExportDecoder decoder;
        ReadReport report;
        for (const auto& message : messages) {
            records.clear();
            decoder.feed({}, Time::from_micros(1'416'823'200'000'000), message, 0, report, records);
            benchmark::DoNotOptimize(records.data());
        }
        if (report.records != kRecords || report.skipped_total() > 0) { state.SkipWithError("not all records were decoded"); }
    }
    tell(state, messages);
}

void to_flows(benchmark::State& state, Form form) {
    const auto messages = Maker(form).make();
    for ([[maybe_unused]] auto round : state) {
        ExportInput input("bench");
        ReadReport report;
        for (const auto& message : messages) { input.feed({}, Time::from_micros(1'416'823'200'000'000), message, 0, report); }
        input.take(report, [](std::span<Flow> flows, std::span<const std::string> /*names*/) { benchmark::DoNotOptimize(flows.data()); });
        if (report.records != kRecords || report.flows == 0) { state.SkipWithError("not all records were decoded"); }
    }
    tell(state, messages);
}

}  // namespace

BENCHMARK_CAPTURE(decode, netflow_v5, Form::v5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode, netflow_v9, Form::v9)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode, ipfix, Form::ipfix)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode, ipfix_variable_length, Form::ipfix_variable)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode, sflow, Form::sflow)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(to_flows, netflow_v5, Form::v5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(to_flows, ipfix, Form::ipfix)->Unit(benchmark::kMillisecond);
