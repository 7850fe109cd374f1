// store_bench_run FOLDER FLOWS [SEED [nfdump] [clickhouse://HOST:PORT/DATABASE]]: fills a store with made-up flows of one day and times look-ups in it. The flows are those that
// other stores were measured with: unidirectional, 50,000 inner hosts (Zipf 0.9), 2 million outer ones (Zipf 1.05), 6 % scans.
// With `nfdump` the same flows are written as a file of nfdump's, uncompressed, and Debian's nfdump is timed on it in the same run; with a
// ClickHouse database they are put there, a row for each end, ordered by host (bench/store_rivals starts a server).
#include "store_traffic.hpp"

#include "flow/clickhouse/http.hpp"
#include "flow/clickhouse/row_binary.hpp"
#include "flow/clickhouse/url.hpp"
#include "flow/store/store.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>

#include <fcntl.h>
#include <sys/resource.h>
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

/// A file of nfdump's (layout of 1.7: blocks of V3 records with the generic and the IPv4 element), as nfcapd writes it, uncompressed.
class NfdumpFile {
public:
    explicit NfdumpFile(const std::string& path) : file_(std::fopen(path.c_str(), "wb")) {
        if (file_ == nullptr) { std::exit(1); }
        head(0);
    }
    void add(const Flow& f) {
        put(std::uint16_t{11}, std::uint16_t{76}, std::uint16_t{2}, std::uint16_t{0}, std::uint16_t{0}, std::uint8_t{0}, std::uint8_t{5});
        put(std::uint16_t{1}, std::uint16_t{52}, static_cast<std::uint64_t>(f.first.micros() / 1000), static_cast<std::uint64_t>(f.last.micros() / 1000),
            static_cast<std::uint64_t>(f.last.micros() / 1000), f.request.packets, f.request.bytes, net::number(f.client.port), net::number(f.server.port), number(f.protocol),
            f.request.tcp_flags, std::uint8_t{0}, std::uint8_t{0});
        put(std::uint16_t{2}, std::uint16_t{12}, f.client.address.v4_bits(), f.server.address.v4_bits());
        ++records_;
        if (block_.size() > (1U << 20U)) { flush(); }
    }
    void close() {
        flush();
        std::rewind(file_);
        head(blocks_);
        std::fclose(file_);
    }

private:
    template <typename... Values>
    void put(Values... values) { (store::append_little(block_, values), ...); }
    void write() {
        if (std::fwrite(block_.data(), 1, block_.size(), file_) != block_.size()) { std::exit(1); }
        block_.clear();
    }
    void head(std::uint32_t blocks) {
        put(std::uint16_t{0xa50c}, std::uint16_t{2}, std::uint32_t{0x0107'0100}, std::uint64_t{0}, std::uint8_t{0}, std::uint8_t{0}, std::uint16_t{0}, std::uint32_t{0}, std::uint64_t{0},
            std::uint32_t{0x0020'0000}, blocks);
        write();
    }
    void flush() {
        if (records_ == 0) { return; }
        const std::vector<std::byte> records = std::move(block_);
        block_ = {};
        put(records_, static_cast<std::uint32_t>(records.size()), std::uint16_t{3}, std::uint16_t{0});
        block_.insert(block_.end(), records.begin(), records.end());
        write();
        records_ = 0;
        ++blocks_;
    }
    std::FILE* file_;
    std::vector<std::byte> block_;
    std::uint32_t records_ = 0;
    std::uint32_t blocks_ = 0;
};

struct Rival {
    double wall = 0;
    double cpu = 0;
    std::uint64_t flows = 0;
};
/// How many flows nfdump prints for a filter, and what it took.
Rival nfdump(const std::string& file, const std::string& filter) {
    Rival out;
    const double began = seconds_of(CLOCK_MONOTONIC);
    rusage before{};
    getrusage(RUSAGE_CHILDREN, &before);
    std::FILE* pipe = ::popen(("nfdump -q -o 'fmt:%pkt' -r '" + file + "' '" + filter + "'").c_str(), "r");
    if (pipe == nullptr) { std::exit(1); }
    std::vector<char> text(1U << 16U);
    for (std::size_t n = 0; (n = std::fread(text.data(), 1, text.size(), pipe)) > 0;) { out.flows += static_cast<std::uint64_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(n), '\n')); }
    ::pclose(pipe);
    rusage after{};
    getrusage(RUSAGE_CHILDREN, &after);
    const auto cpu = [](const rusage& r) { return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-6; };
    out.cpu = cpu(after) - cpu(before);
    out.wall = seconds_of(CLOCK_MONOTONIC) - began;
    return out;
}

/// Median and the fastest and slowest of `runs` calls, in microseconds of processor time: others may share the machine.
template <typename Call>
double time_of(const char* what, int runs, const Call& call) {
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
    return each[each.size() / 2];
}

std::uint64_t sum_of(const store::Store& opened, const net::Address& host, Interval window) {
    std::uint64_t flows = 0;
    static std::vector<std::uint32_t> rows;
    static std::vector<std::uint32_t> segments;
    opened.segments_with(host, window, segments);
    for (const std::uint32_t s : segments) {
        const auto& segment = opened.segments()[s];
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

/// The same flows in a ClickHouse server, a row for each end, ordered by host and time.
class ClickHouse {
public:
    explicit ClickHouse(const std::string& url) : http_(clickhouse::parse_url(url).value()) {
        must(http_.write("DROP TABLE IF EXISTS by_host"));
        must(http_.write("CREATE TABLE by_host (host UInt32, first Int64, last Int64, peer UInt32, port UInt16, peer_port UInt16, protocol UInt8, packets UInt64, bytes UInt64) "
                         "ENGINE = MergeTree PARTITION BY tuple() ORDER BY (host, first)"));
    }
    void add(const Flow& f) {
        for (const bool turned : {false, true}) {
            const auto& [host, peer] = turned ? std::pair(f.server, f.client) : std::pair(f.client, f.server);
            rows_.integer(host.address.v4_bits()).integer(f.first.micros()).integer(f.last.micros()).integer(peer.address.v4_bits());
            rows_.integer(net::number(host.port)).integer(net::number(peer.port)).integer(number(f.protocol)).integer(f.request.packets + f.reply.packets).integer(f.request.bytes + f.reply.bytes);
        }
        if (rows_.bytes().size() > kBatch) { send(); }
    }
    void close() {
        send();
        must(http_.write("OPTIMIZE TABLE by_host FINAL"));
        http_ = clickhouse::Http(http_.url());
    }
    /// Median wall milliseconds of a host's day, and what it found.
    std::pair<double, std::uint64_t> day_of(const net::Address& host, Interval window, int runs) {
        std::vector<double> each;
        std::uint64_t found = 0;
        for (int i = 0; i < runs; ++i) {
            const double began = seconds_of(CLOCK_MONOTONIC);
            const auto answer = http_.read("SELECT count(), sum(packets), sum(bytes) FROM by_host WHERE host = " + std::to_string(host.v4_bits()) + " AND first <= " +
                                           std::to_string(window.to.micros()) + " AND last >= " + std::to_string(window.from.micros()) + " FORMAT RowBinary");
            each.push_back((seconds_of(CLOCK_MONOTONIC) - began) * 1e3);
            if (!answer) { must(std::unexpected(answer.error())); }
            found = clickhouse::RowReader(*answer).integer<std::uint64_t>();
        }
        std::ranges::sort(each);
        return {each[each.size() / 2], found};
    }

private:
    static constexpr std::size_t kBatch = std::size_t{48} << 20U;
    static void must(const Result<void>& done) {
        if (done) { return; }
        std::fprintf(stderr, "%s\n", to_text(done.error()).c_str());
        std::exit(1);
    }
    void send() {
        must(http_.write("INSERT INTO by_host FORMAT RowBinary", rows_.bytes()));
        rows_.clear();
    }
    clickhouse::Http http_;
    clickhouse::RowWriter rows_;
};

}  // namespace

int main(int count, char** given) {
    if (count < 3) { return 2; }
    const std::string folder = given[1];
    const auto wanted = static_cast<std::uint64_t>(std::atoll(given[2]));
    std::mt19937_64 random(count > 3 ? static_cast<std::uint64_t>(std::atoll(given[3])) : 1);
    std::filesystem::remove_all(folder);
    std::optional<NfdumpFile> rival;
    const std::string rival_file = folder + ".nfdump";
    std::optional<ClickHouse> database;
    for (int i = 4; i < count; ++i) {
        if (std::string(given[i]) == "nfdump") { rival.emplace(rival_file); }
        else { database.emplace(given[i]); }
    }

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
            if (rival) { rival->add(flows.back()); }
            if (database) { database->add(flows.back()); }
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
    const double directories_began = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    store::keep_directories(folder);
    const double directories_took = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - directories_began;
    std::uint64_t directory_bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == store::kDirectoryEnd) { directory_bytes += entry.file_size(); }
    }
    bytes += directory_bytes;
    const auto n = static_cast<double>(wanted);
    std::printf("directories of hosts: %.2f bytes a flow, made in %.2f CPU s\n", static_cast<double>(directory_bytes) / n, directories_took);
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
    const double host_took = time_of("an ordinary host's day", 200, [&] { return sum_of(*opened, ordinary, day); });
    const auto outer = std::ranges::find_if(hosts, [&](const auto& h) { return h.second >= std::max(20.0, n / 10'000) && h.first >> 24U != 10; });
    if (outer != hosts.end()) { time_of("an ordinary outer host's day", 200, [&] { return sum_of(*opened, net::Address::v4(outer->first), day); }); }
    time_of("a rare host's day", 200, [&] { return sum_of(*opened, rare, day); });
    time_of("an absent host's day", 200, [&] { return sum_of(*opened, absent, day); });
    time_of("the heaviest host's day", 20, [&] { return sum_of(*opened, heavy, day); });

    constexpr std::uint64_t kBig = 1'000'000;
    const double scan_took = time_of("all flows of 1,000,000 bytes or more", 5, [&] {
        std::uint64_t flows = 0;
        std::vector<std::uint32_t> rows;
        for (const auto& segment : opened->segments()) {
            rows.clear();
            if (!segment->rows_of_size(kBig, rows)) { std::abort(); }
            flows += rows.size();
        }
        return flows;
    });
    if (rival) {
        rival->close();
        for (int i = 0; i < 3; ++i) {
            const Rival host = nfdump(rival_file, "host " + to_string(ordinary));
            const Rival scan = nfdump(rival_file, "bytes > " + std::to_string(kBig - 1));
            std::printf("nfdump host H: %.2f s wall, %.2f s CPU, %llu flows: %.0f times ours (CPU); bytes: %.2f s wall, %.2f s CPU, %llu flows: %.1f times ours (CPU)\n", host.wall, host.cpu,
                        static_cast<unsigned long long>(host.flows), host.cpu * 1e6 / host_took, scan.wall, scan.cpu, static_cast<unsigned long long>(scan.flows), scan.cpu * 1e6 / scan_took);
        }
        std::filesystem::remove(rival_file);
    }

    if (database) {
        database->close();
        for (const auto& [what, host] : {std::pair("an ordinary host's day", ordinary), {"the heaviest host's day", heavy}, {"an absent host's day", absent}}) {
            const auto [took, found] = database->day_of(host, day, 50);
            const double began_here = seconds_of(CLOCK_MONOTONIC);
            constexpr int kRuns = 50;
            for (int i = 0; i < kRuns; ++i) { (void)sum_of(*opened, host, day); }
            const double ours = (seconds_of(CLOCK_MONOTONIC) - began_here) * 1e3 / kRuns;
            std::printf("ClickHouse ordered by host, %s: %.2f ms wall (median of 50), %llu flows; ours %.4f ms wall: %.0f times\n", what, took, static_cast<unsigned long long>(found), ours, took / ours);
        }
    }

    for (std::size_t h = 0; h < hosts.size(); h += 64) {  // the pages of hosts, too
        std::vector<std::uint32_t> rows;
        for (const auto& segment : opened->segments()) {
            if (!segment->rows_of(net::Address::v4(hosts[h].first), day, rows)) { return 1; }
        }
    }
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
