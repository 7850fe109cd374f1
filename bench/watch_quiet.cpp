// watch_quiet [TARGETS [DAYS [SEED]]]: how often a watch raises what is not there. TARGETS ASes (500) of four prefixes each, seen by twelve routers for DAYS (30) in which nothing happens
// to any of them beyond the everyday: sessions restart (each router's once a week), routers lose single routes for minutes (each once a week a prefix), ways change and routers are without a route for
// seconds meanwhile (each target twice a week), and a prefix is gone everywhere for less than a minute (each target once a month). Every event but those of sessions is a false
// alarm. Also: how often the CUSUM of turns alarms at its usual rate.
#include "route/test_messages.hpp"
#include "route/watch/rate_cusum.hpp"
#include "route/watch/watcher.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace hw;
using namespace hw::route;
using namespace hw::route::testing;

namespace {

constexpr std::uint32_t kRouters = 12;
constexpr std::uint32_t kPrefixes = 4;
constexpr std::uint32_t kFirstAs = 4'200'100'000U;
constexpr double kDay = 86'400, kWeek = 7 * kDay;

struct Happening {
    double at = 0;
    std::uint32_t router = 0;
    std::uint32_t prefix = 0;
    enum class Kind : std::uint8_t { announce, withdraw, down, up } kind = Kind::announce;
    std::uint32_t way = 0;
};

class Quiet {
public:
    Quiet(std::uint32_t targets, double days, std::uint64_t seed) : targets_(targets), seconds_(days * kDay), random_(seed) {}

    std::vector<Happening> happenings() {
        std::vector<Happening> out;
        const std::uint32_t prefixes = targets_ * kPrefixes;
        for (std::uint32_t r = 0; r < kRouters; ++r) {
            each(1 / kWeek, [&](double t) {
                const double up = t + 30 + 270 * unit(), filling = 30 + 300 * unit();
                out.push_back({t, r, 0, Happening::Kind::down, 0});
                out.push_back({up, r, 0, Happening::Kind::up, 0});
                for (std::uint32_t p = 0; p < prefixes; ++p) { out.push_back({up + 1 + filling * unit(), r, p, Happening::Kind::announce, 0}); }
            });
            for (std::uint32_t p = 0; p < prefixes; ++p) {
                each(1 / kWeek, [&](double t) {
                    out.push_back({t, r, p, Happening::Kind::withdraw, 0});
                    out.push_back({t + exponential(600), r, p, Happening::Kind::announce, 1});
                });
            }
        }
        for (std::uint32_t target = 0; target < targets_; ++target) {
            each(2 / kWeek, [&](double t) {
                for (std::uint32_t r = 0; r < kRouters; ++r) {
                    const bool without = unit() < 0.5;
                    for (std::uint32_t p = target * kPrefixes; p < (target + 1) * kPrefixes; ++p) {
                        const double late = 30 * unit() * unit();
                        if (without) { out.push_back({t + late, r, p, Happening::Kind::withdraw, 0}); }
                        out.push_back({t + late + 1 + 30 * unit(), r, p, Happening::Kind::announce, 2});
                    }
                }
            });
            each(1 / (30 * kDay), [&](double t) {
                const std::uint32_t p = target * kPrefixes + static_cast<std::uint32_t>(random_() % kPrefixes);
                const double away = 10 + 30 * unit();
                for (std::uint32_t r = 0; r < kRouters; ++r) {
                    out.push_back({t + 8 * unit(), r, p, Happening::Kind::withdraw, 0});
                    out.push_back({t + 8 + away + 8 * unit(), r, p, Happening::Kind::announce, 3});
                }
            });
        }
        std::ranges::stable_sort(out, {}, &Happening::at);
        return out;
    }
    [[nodiscard]] double unit() { return static_cast<double>(random_() >> 11U) * 0x1.0p-53; }
    [[nodiscard]] double exponential(double mean) { return -mean * std::log1p(-unit()); }

private:
    template <typename Do>
    void each(double rate, const Do& what) {
        for (double t = exponential(1 / rate); t < seconds_; t += exponential(1 / rate)) { what(t); }
    }
    std::uint32_t targets_;
    double seconds_;
    std::mt19937_64 random_;
};

Time at(double seconds) { return Time::from_micros(1'419'000'000'000'000 + static_cast<std::int64_t>(seconds * 1e6)); }
Peer router(std::uint32_t r) { return {.address = net::Address::v4(0xc000'0201U + r), .asn = net::Asn(4'200'000'000U + r)}; }
Bytes nlri(std::uint32_t p) { return Bytes().u8(24).u8(p >> 16U & 0xffU).u8(p >> 8U & 0xffU).u8(p & 0xffU); }

Bytes attributes_of(std::uint32_t r, std::uint32_t way, std::uint32_t origin) {
    Bytes out;
    return out.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path4({4'200'000'000U + r, 4'200'000'500U + way, 4'200'001'000U + origin % 50, kFirstAs + origin}))).add(attribute(0x40, 3, Bytes().u32(1)));
}

std::uint64_t number_of(int argc, char** argv, int index, std::uint64_t otherwise) {
    if (argc <= index) { return otherwise; }
    const std::string_view text(argv[index]);
    std::from_chars(text.data(), text.data() + text.size(), otherwise);
    return otherwise;
}

void cusum(std::uint64_t seed) {
    constexpr int kYears = 2000;
    std::mt19937_64 random(seed);
    std::exponential_distribution<double> pause(RateCusum::kPrior / kDay);
    RateCusum rate;
    std::size_t alarms = 0;
    double t = 0;
    while (t < kYears * 365 * kDay) {
        const double next = t + pause(random);
        for (double hour = t + 3600; hour < next; hour += 3600) { (void)rate.advance(at(hour)); }
        t = next;
        alarms += rate.happened(at(t)) ? 1 : 0;
    }
    std::printf("CUSUM at %.0f turns a day: %zu alarms in %d years, one in %.0f months\n", RateCusum::kPrior, alarms, kYears, kYears * 12.0 / static_cast<double>(std::max<std::size_t>(alarms, 1)));
}

}  // namespace

int main(int argc, char** argv) {
    const auto targets = static_cast<std::uint32_t>(number_of(argc, argv, 1, 500));
    const auto days = number_of(argc, argv, 2, 30);
    const auto seed = number_of(argc, argv, 3, 1);
    std::vector<WatchTarget> watched;
    for (std::uint32_t t = 0; t < targets; ++t) { watched.push_back({.name = net::to_string(net::Asn(kFirstAs + t)), .ases = {net::Asn(kFirstAs + t)}, .prefixes = {}}); }
    Watcher watcher(std::move(watched), {});
    for (std::uint32_t r = 0; r < kRouters; ++r) {
        for (std::uint32_t p = 0; p < targets * kPrefixes; ++p) {
            const Bytes bytes = attributes_of(r, 0, p / kPrefixes);
            bgp::AttributesRead read;
            bgp::read_attributes(bytes.view(), {}, read);
            watcher.table({.form = TableForm::v2, .dumped = at(-3600), .originated = at(-7200), .peer = router(r), .route = {.prefix = net::Prefix::v4(p << 8U, 24), .path = {}}, .attributes = &read});
        }
    }
    const auto began = std::chrono::steady_clock::now();
    Quiet quiet(targets, static_cast<double>(days), seed);
    std::vector<bool> is_down(kRouters);
    for (const Happening& h : quiet.happenings()) {
        if (h.kind == Happening::Kind::down || h.kind == Happening::Kind::up) {
            is_down[h.router] = h.kind == Happening::Kind::down;
            watcher.state({.time = at(h.at), .form = MessageForm::bgp4mp, .peer = router(h.router), .before = static_cast<std::uint16_t>(is_down[h.router] ? 6 : 5), .after = static_cast<std::uint16_t>(is_down[h.router] ? 1 : 6)});
            continue;
        }
        if (is_down[h.router]) { continue; }
        const Bytes body = h.kind == Happening::Kind::withdraw ? update_of(nlri(h.prefix), {}, {}) : update_of({}, attributes_of(h.router, h.way, h.prefix / kPrefixes), nlri(h.prefix));
        bgp::Update update;
        bgp::read_update(body.view(), 4, false, update);
        watcher.update({.time = at(h.at), .form = MessageForm::bgp4mp, .peer = router(h.router), .update = &update});
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::map<std::string_view, std::size_t> kinds;
    std::size_t alarms = 0;
    for (const Event& e : watcher.events()) {
        ++kinds[to_string(e.kind)];
        if (e.kind != EventKind::session_down) { ++alarms; }
    }
    for (const auto& [kind, count] : kinds) { std::printf("%-18.*s %zu\n", static_cast<int>(kind.size()), kind.data(), count); }
    const double months = static_cast<double>(targets) * static_cast<double>(days) / 30;
    std::printf("%zu false alarms in %.0f target-months: %.4f a month and target; %llu changes in %.1f s\n", alarms, months, static_cast<double>(alarms) / months, static_cast<unsigned long long>(watcher.changes()), seconds);
    cusum(seed);
    return 0;
}
