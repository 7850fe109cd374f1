#include "flow/store/source.hpp"

#include "flow/memory_source.hpp"
#include "flow/rejoin.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <tuple>

#include <unistd.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::store;

namespace {

/// A store in a folder of its own.
struct Place {
    explicit Place(const std::string& name) : folder((std::filesystem::temp_directory_path() / ("headwater-source-" + name + std::to_string(::getpid()))).string()) {
        std::filesystem::remove_all(folder);
    }
    ~Place() { std::filesystem::remove_all(folder); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    std::string folder;
};

const std::vector<std::string> kNames{"west", "east", "north"};

net::Address host(std::uint64_t n) { return net::Address::v4(0x0a00'0000U + static_cast<std::uint32_t>(n)); }

/// Traffic of a dozen hosts over some days, of which many records are pieces of one conversation, seen by three observers.
std::vector<Flow> traffic(std::uint64_t seed, std::size_t count) {
    std::mt19937_64 random(seed);
    std::vector<Flow> flows;
    while (flows.size() < count) {
        Flow f;
        const std::uint64_t client = random() % 12;
        f.client = {host(client), net::Port{static_cast<std::uint16_t>(1024 + random() % 5)}};
        f.server = {host((client + 1 + random() % 11) % 12), net::Port{static_cast<std::uint16_t>(random() % 2 == 0 ? 443 : 53)}};
        f.protocol = random() % 3 == 0 ? Protocol::udp : Protocol::tcp;
        f.observer = ObserverId{static_cast<std::uint16_t>(random() % 3)};
        f.basis = random() % 2 == 0 ? InitiatorBasis::syn : InitiatorBasis::exporter;
        Time at = Time::from_micros(1'700'000'000'000'000 + static_cast<std::int64_t>(random() % 400'000) * 1'000'000);
        const std::uint64_t pieces = random() % 4 == 0 ? 1 + random() % 6 : 1;
        for (std::uint64_t piece = 0; piece < pieces; ++piece) {
            Flow p = f;
            p.first = at;
            p.last = at + std::chrono::seconds(random() % 1800);
            at = p.last + std::chrono::seconds(random() % 20 == 0 ? 80'000 + random() % 20'000 : random() % 300);
            if (piece > 0 && random() % 5 == 0) { std::swap(p.client, p.server); }
            p.request = {.packets = 1 + random() % 9, .bytes = 500, .payload_bytes = 200, .tcp_flags = static_cast<std::uint8_t>(piece == 0 && f.protocol == Protocol::tcp ? 0x1b : 0x18), .ttl_min = 64, .ttl_max = 64, .link_sender = 1 + static_cast<std::uint32_t>(client)};
            p.reply = {.packets = random() % 3, .bytes = 300, .payload_bytes = 100, .tcp_flags = static_cast<std::uint8_t>(piece == 0 && f.protocol == Protocol::tcp ? 0x12 : 0x18), .ttl_min = 50, .ttl_max = 50, .link_sender = 99};
            if (piece == 0 && random() % 2 == 0) {
                p.handshake.syn = p.first;
                p.handshake.syn_ack = p.first + Duration(20'000);
                p.handshake.ack = p.first + Duration(20'300);
            }
            const std::uint64_t end = random() % 5;
            p.end = piece + 1 < pieces ? FlowEnd::active_timeout : end == 0 ? FlowEnd::idle_timeout : end == 1 ? FlowEnd::unknown : FlowEnd::end_of_flow;
            p.id = make_flow_id(kNames[static_cast<std::size_t>(p.observer)], p.client, p.server, p.protocol, p.first);
            flows.push_back(p);
        }
    }
    return flows;
}

std::unique_ptr<StoreSource> opened(const std::string& folder, bool rejoin = true, std::vector<DeclaredCoverage> declared = {}) {
    auto source = StoreSource::open(folder, {.declared = std::move(declared), .rejoin = rejoin});
    REQUIRE(source.has_value());
    return *std::move(source);
}

/// What tells a flow, whichever numbers a source gives its observers.
auto told(const FlowSource& source, const Flow& f) {
    return std::tuple(f.first, f.id, source.observers()[static_cast<std::size_t>(f.observer)].name, f.tunnel_depth, f.last, f.request.packets, f.reply.packets, f.end, f.client, f.server);
}
using Told = std::vector<decltype(told(std::declval<const FlowSource&>(), std::declval<const Flow&>()))>;
Told told(const FlowSource& source, const std::vector<const Flow*>& flows) {
    Told out;
    for (const Flow* f : flows) { out.push_back(told(source, *f)); }
    return out;
}
Told scanned(const FlowSource& source, Interval window) {
    Told out;
    REQUIRE(source.scan(window, [&](const Flow& f) {
        out.push_back(told(source, f));
        return true;
    }).has_value());
    return out;
}

/// The same flows in memory, with observers in the store's order.
MemorySource in_memory(std::vector<Flow> flows, bool rejoined, const std::vector<DeclaredCoverage>& declared = {}) {
    const std::vector<std::string> sorted{"east", "north", "west"};
    std::vector<Observer> observers;
    for (const auto& name : sorted) { observers.push_back({.name = name, .interval = {}}); }
    for (Flow& f : flows) {
        f.observer = static_cast<ObserverId>(std::ranges::find(sorted, kNames[static_cast<std::size_t>(f.observer)]) - sorted.begin());
    }
    return MemorySource(std::move(observers), rejoined ? rejoin(std::move(flows)) : std::move(flows), declared);
}

}  // namespace

TEST_CASE("store source: every answer is that of all flows in memory, whichever imports the pieces of a flow came with") {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        CAPTURE(seed);
        const auto flows = traffic(seed, 700);
        const Place place("same" + std::to_string(seed));
        std::mt19937_64 random(seed);
        std::vector<std::vector<Flow>> parts(4);
        for (const Flow& f : flows) { parts[random() % parts.size()].push_back(f); }
        for (const auto& part : parts) { REQUIRE(add_flows(place.folder, part, kNames, {}).has_value()); }
        for (const bool rejoined : {true, false}) {
            const std::vector<DeclaredCoverage> declared{{.observer = {}, .prefix = *net::parse_prefix("10.0.0.4/30")}, {.observer = "east", .prefix = *net::parse_prefix("10.0.0.1/32")}};
            const MemorySource memory = in_memory(flows, rejoined, declared);
            const auto source = opened(place.folder, rejoined, declared);
            CHECK(source->interval() == memory.interval());
            for (std::size_t i = 0; i < 3; ++i) {
                CHECK(source->observers()[i].name == memory.observers()[i].name);
                CHECK(source->observers()[i].interval == memory.observers()[i].interval);
            }
            if (rejoined) {
                CHECK(std::ranges::equal(source->coverage(), memory.coverage()));
                CHECK(source->shared_starts().value() == memory.shared_starts().value());
            }
            CHECK(scanned(*source, source->interval()) == scanned(memory, memory.interval()));
            for (int i = 0; i < 300; ++i) {
                const Time from = memory.interval().from + std::chrono::seconds(random() % 420'000) - std::chrono::hours(3);
                const Interval window{from, from + std::chrono::seconds(random() % (i % 3 == 0 ? 200'000 : 900))};
                const auto of = host(random() % 13);
                const auto found = source->flows_of(of, window).value();
                CHECK(told(*source, found) == told(memory, memory.flows_of(of, window).value()));
                CHECK(found == source->flows_of(of, window).value());
                if (i % 30 == 0) { CHECK(scanned(*source, window) == scanned(memory, window)); }
            }
            for (std::uint64_t n = 0; n < 13; ++n) {
                const auto answered = [&](const FlowSource& asked) {
                    std::set<std::pair<net::Endpoint, net::Endpoint>> out;
                    REQUIRE(asked.visit_flows_of(host(n), [&](const Flow& f) {
                        if (f.request.packets > 0 && f.reply.packets > 0) { out.emplace(f.client, f.server); }
                        return true;
                    }).has_value());
                    return out;
                };
                CHECK(answered(*source) == answered(memory));
            }
        }
    }
}

TEST_CASE("store source: with its survey kept nothing is gone over at opening, and the answers are the same") {
    const Place place("survey");
    const auto flows = traffic(5, 400);
    REQUIRE(add_flows(place.folder, flows, kNames, {}).has_value());
    std::filesystem::remove(place.folder + "/survey");  // as stores were before there was one
    const auto fresh = opened(place.folder);
    CHECK(fresh->surveyed_anew());
    keep_survey(place.folder);
    const auto kept = opened(place.folder);
    CHECK_FALSE(kept->surveyed_anew());
    CHECK(kept->rows_read() == 0);
    CHECK(std::ranges::equal(kept->coverage(), fresh->coverage()));
    CHECK(kept->shared_starts().value() == fresh->shared_starts().value());
    // An import makes it old, but not wrong.
    REQUIRE(add_flows(place.folder, traffic(6, 100), kNames, {}).has_value());
    const auto grown = opened(place.folder);
    CHECK(grown->surveyed_anew());
    CHECK(grown->store().flows() > 500);
    const Survey survey = grown->survey();
    std::filesystem::remove(place.folder + "/survey");
    CHECK(opened(place.folder)->survey() == survey);  // notes made at import are those made of what was imported
    CHECK(parse_survey(render_survey(survey)) == survey);
    CHECK(parse_survey(render_survey(survey).substr(1)) == Survey{});
}

TEST_CASE("store source: what scan shows can be kept, and is then what look-ups return") {
    const Place place("keep");
    REQUIRE(add_flows(place.folder, traffic(7, 200), kNames, {}).has_value());
    const auto source = opened(place.folder);
    std::vector<const Flow*> kept;
    REQUIRE(source->scan(source->interval(), [&](const Flow& f) {
        if (f.touches(host(1))) { kept.push_back(source->keep(f)); }
        return true;
    }).has_value());
    CHECK(kept == source->flows_of(host(1), source->interval()).value());
    CHECK_FALSE(kept.empty());
}
