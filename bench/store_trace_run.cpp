// store_trace_run FOLDER FLOWS [SEED] [keep]: makes a store of one day's made-up flows (store_traffic.hpp, three in four of them answered) in which
// an intrusion over five relays is planted, and times opening it and tracing back from the victim. The relays are ordinary inner hosts
// with traffic of their own. A store that is there already (`keep`) is asked again as it is.
#include "store_traffic.hpp"

#include "flow/store/source.hpp"
#include "trace/test_traffic.hpp"
#include "trace/trail.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>
#include <string>
#include <unordered_map>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace hw;
using namespace hw::flow;

constexpr std::size_t kHops = 5;
constexpr double kAttackS = 43'200;   // seconds into the day
constexpr double kLongS = 300;
const net::Address kMaster = net::Address::v4(0xc633'6407U);   // 198.51.100.7
const net::Address kVictim = net::Address::v4(0xcb00'7114U);   // 203.0.113.20

double seconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// The relays, from the victim backward: hosts of the inner network, each as busy as about one in ten thousand flows makes it.
std::array<net::Address, kHops> relays() {
    std::array<net::Address, kHops> out;
    for (std::size_t i = 0; i < kHops; ++i) { out[i] = net::Address::v4(0x0a00'0000U + 1000 + 37 * static_cast<std::uint32_t>(i)); }
    return out;
}

/// The session at each hop, victim's last: the same words, passed on.
std::vector<Flow> intrusion() {
    using trace::test::Packets;
    std::vector<Flow> flows;
    const auto hosts = relays();
    Packets words = trace::test::typed_session(77, kAttackS, kLongS);
    for (std::size_t hop = 0; hop <= kHops; ++hop) {
        Flow f = trace::test::make_flow("router", 0, 1, static_cast<std::uint16_t>(40'000 + hop), 2, 22, words);
        f.client.address = hop == 0 ? kMaster : hosts[kHops - hop];
        f.server.address = hop == kHops ? kVictim : hosts[kHops - 1 - hop];
        f.end = FlowEnd::end_of_flow;
        f.id = make_flow_id("router", f.client, f.server, f.protocol, f.first);
        flows.push_back(std::move(f));
        words = trace::test::relayed(words, hop, 0.02, 0.03);
    }
    return flows;
}

/// Most conversations are answered, as a biflow exporter tells.
void answer(Flow& f, std::mt19937_64& random) {
    if ((f.request.tcp_flags == 0x02 && f.request.packets == 1) || random() % 4 == 0) { return; }
    f.reply.packets = 1 + f.request.packets * (1 + random() % 4) / 2;
    f.reply.bytes = f.reply.packets * (40 + random() % 1400);
    f.reply.tcp_flags = f.protocol == Protocol::tcp ? 0x1b : 0;
}

[[noreturn]] void give_up(const Error& error) {
    std::fprintf(stderr, "%s\n", to_text(error).c_str());
    std::exit(1);
}

void make(const std::string& folder, std::uint64_t wanted, std::uint64_t seed) {
    std::filesystem::remove_all(folder);
    std::mt19937_64 random(seed);
    const std::vector<std::string> observers{"router"};
    const auto planted = intrusion();
    std::size_t put = 0;
    const double began = seconds_of(CLOCK_MONOTONIC);
    for (std::uint64_t made = 0; made < wanted;) {
        std::vector<Flow> flows;
        const std::uint64_t end = std::min<std::uint64_t>(wanted, made + store::kSegmentRows - planted.size());
        flows.reserve(end - made + planted.size());
        for (; made < end; ++made) {
            flows.push_back(bench::make_flow(random, static_cast<std::int64_t>(static_cast<double>(made) / static_cast<double>(wanted) * static_cast<double>(bench::kDayMs))));
            answer(flows.back(), random);
        }
        for (; put < planted.size() && planted[put].first <= flows.back().first; ++put) { flows.push_back(planted[put]); }
        const auto added = store::add_flows(folder, flows, observers, {});
        if (!added) { give_up(added.error()); }
    }
    const double filled = seconds_of(CLOCK_MONOTONIC);
    store::keep_survey(folder);
    std::printf("made in %.0f s, surveyed in %.1f s\n", filled - began, seconds_of(CLOCK_MONOTONIC) - filled);
}

void forget_pages(const std::string& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const int file = ::open(entry.path().c_str(), O_RDONLY);
        ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        ::close(file);
    }
}

struct Run {
    double open_ms = 0;
    double trace_ms = 0;
    double cpu_ms = 0;
    std::uint64_t rows = 0;
    std::size_t hops = 0;
    double probability = 0;
    std::string ends;
    std::uint64_t pairs = 0;
    std::uint64_t flows = 0;
};

Run ask(const std::string& folder) {
    Run run;
    store::StoreSourceOptions options;
    for (const auto& relay : relays()) { options.declared.push_back({.observer = {}, .prefix = net::Prefix::host(relay)}); }
    const double began = seconds_of(CLOCK_MONOTONIC);
    const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    const auto source = store::StoreSource::open(folder, options);
    if (!source) { give_up(source.error()); }
    const double opened = seconds_of(CLOCK_MONOTONIC);
    const trace::TraceQuery query{.victim = {kVictim, net::Port{22}}, .peer = {}, .at = {}};
    const auto found = trace::trace(**source, query, {});
    if (!found) { give_up(found.error()); }
    run.open_ms = (opened - began) * 1e3;
    run.trace_ms = (seconds_of(CLOCK_MONOTONIC) - opened) * 1e3;
    run.cpu_ms = (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e3;
    run.rows = (*source)->rows_read();
    run.pairs = found->pairs_tested;
    run.flows = (*source)->store().flows();
    if (found->trails.empty()) { return run; }
    const auto& best = found->trails.front();
    const auto expected = relays();
    while (run.hops < best.hops.size() && run.hops < kHops && best.hops[run.hops].relay == expected[run.hops]) { ++run.hops; }
    run.probability = best.probability;
    run.ends = net::to_string(best.ending.address);
    return run;
}

}  // namespace

int main(int count, char** given) {
    if (count < 3) { return 2; }
    const std::string folder = given[1];
    const auto wanted = static_cast<std::uint64_t>(std::atoll(given[2]));
    const bool keep = count > 4 && std::strcmp(given[4], "keep") == 0;
    if (!keep || !std::filesystem::exists(folder)) { make(folder, wanted, count > 3 ? static_cast<std::uint64_t>(std::atoll(given[3])) : 1); }
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) { bytes += entry.file_size(); }
    forget_pages(folder);
    const Run cold = ask(folder);
    std::printf("flows %llu, %.2f bytes each\n", static_cast<unsigned long long>(cold.flows), static_cast<double>(bytes) / static_cast<double>(cold.flows));
    std::printf("trail: %zu of %zu relays right, ends at %s, probability %.3f, %llu pairs\n", cold.hops, kHops, cold.ends.c_str(), cold.probability, static_cast<unsigned long long>(cold.pairs));
    std::printf("cold: opening %.1f ms, tracing %.1f ms (%.1f ms CPU in all), %llu rows read\n", cold.open_ms, cold.trace_ms, cold.cpu_ms, static_cast<unsigned long long>(cold.rows));
    std::vector<Run> warm;
    for (int i = 0; i < 11; ++i) { warm.push_back(ask(folder)); }
    const auto print = [&](const char* what, auto member) {
        std::ranges::sort(warm, {}, member);
        std::printf("warm: %s %.2f ms median, %.2f to %.2f in %zu runs\n", what, warm[warm.size() / 2].*member, warm.front().*member, warm.back().*member, warm.size());
    };
    print("opening", &Run::open_ms);
    print("tracing", &Run::trace_ms);
    print("CPU of both", &Run::cpu_ms);
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    std::printf("most memory, the made flows among it unless kept: %.0f MiB\n", static_cast<double>(use.ru_maxrss) / 1024);
    if (!keep) { std::filesystem::remove_all(folder); }
    return 0;
}
