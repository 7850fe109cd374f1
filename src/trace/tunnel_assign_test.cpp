#include "trace/tunnel_assign.hpp"

#include "trace/record_link.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace hw;
using namespace hw::trace;

namespace {
/// Tunnels as SSH makes them: a log-in's bytes, some for each stream, and 36 a packet.
struct Tunnels {
    std::vector<RecordRow> ins;
    std::vector<RecordRow> outs;
    std::vector<std::uint32_t> owner;  // of every outflow, after sorting
};

Tunnels tunnels(unsigned count, double seconds, unsigned most_streams, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto unit = [&] { return static_cast<double>(random() >> 11U) * 0x1p-53; };
    const auto us = [](double s) { return static_cast<std::int64_t>(s * 1e6); };
    std::vector<double> starts(count);
    for (auto& s : starts) { s = seconds * unit(); }
    std::ranges::sort(starts);
    Tunnels made;
    std::vector<std::pair<RecordRow, std::uint32_t>> outs;
    for (std::uint32_t i = 0; i < count; ++i) {
        const unsigned streams = 1 + static_cast<unsigned>(unit() * most_streams);
        RecordRow in{us(starts[i]), 0, 3660 + static_cast<std::int64_t>(40 * unit()), 3430 + static_cast<std::int64_t>(40 * unit()), 20, 20};
        double end = starts[i];
        double begin = starts[i] + 0.3 + 0.1 * unit();
        for (unsigned k = 0; k < streams; ++k) {
            const double last = begin + 0.2 + unit();
            const auto up = 100 + static_cast<std::int64_t>(400 * unit());
            const auto down = static_cast<std::int64_t>(std::exp(6 + 5 * unit()));
            const auto packets = static_cast<std::uint32_t>(2 + down / 1400);
            outs.push_back({{us(begin), us(last), up, down, 4, packets}, i});
            in.up += up + (k > 0 ? 200 : 0);
            in.down += down + 36 * packets + (k > 0 ? 140 : 0);
            end = std::max(end, last);
            begin += 0.3 * unit();
        }
        in.last_us = us(end + 0.02 + 0.01 * unit());
        made.ins.push_back(in);
    }
    std::ranges::stable_sort(outs, {}, [](const auto& out) { return out.first.first_us; });
    for (const auto& [row, owner] : outs) {
        made.outs.push_back(row);
        made.owner.push_back(owner);
    }
    return made;
}

TunnelAssignment assign(const Tunnels& made, std::uint64_t seed = 1) {
    const auto usual = background_intensity(made.outs);
    LinkOptions options;
    options.seed = seed;
    const RecordModel start = RecordModel::leaning(RelayClass::ssh_channel);
    return assign_streams({made.ins, made.outs, usual, {start, start}, false, 0.9}, options);
}

/// Of the streams whose best tunnel is believed (a half and more), how many there are and how many are right.
std::pair<double, double> believed(const Tunnels& made, const TunnelAssignment& found) {
    std::pair<double, double> count;
    for (const StreamChance& s : found.streams) {
        if (s.chance < 0.5) { continue; }
        count.first += 1;
        count.second += made.owner[s.out] == s.in ? 1 : 0;
    }
    return count;
}
}  // namespace

TEST_CASE("tunnels: streams are given to the tunnel whose bytes and times they make up together") {
    const Tunnels made = tunnels(150, 300, 3, 5);
    const TunnelAssignment found = assign(made);
    const auto [all, right] = believed(made, found);
    CHECK(all > 0.5 * static_cast<double>(made.outs.size()));
    CHECK(right > 0.9 * all);
    CHECK(found.shared > 0.4);  // two thirds have two streams or three
}

TEST_CASE("tunnels: where each carries one stream, hardly any is thought to carry two") {
    const Tunnels made = tunnels(150, 300, 1, 6);
    const TunnelAssignment found = assign(made);
    CHECK(found.shared < 0.1);
    const auto [all, right] = believed(made, found);
    CHECK(right > 0.95 * all);
    CHECK(all > 0.8 * static_cast<double>(made.outs.size()));
}

TEST_CASE("tunnels: chances are chances: a stream's sum to no more than one, and what is said never is sure") {
    const Tunnels made = tunnels(60, 60, 3, 7);
    const TunnelAssignment found = assign(made);
    std::vector<double> sum(made.outs.size());
    for (const StreamChance& s : found.streams) {
        CHECK(s.chance > 0);
        CHECK(s.chance < 1);
        sum[s.out] += s.chance;
    }
    for (const double s : sum) { CHECK(s <= 1); }
    for (const double none : found.none) { CHECK((none > 0 && none < 1)); }
}

TEST_CASE("tunnels: one seed, one answer") {
    const Tunnels made = tunnels(40, 60, 3, 8);
    const TunnelAssignment a = assign(made);
    const TunnelAssignment b = assign(made);
    REQUIRE(a.streams.size() == b.streams.size());
    for (std::size_t i = 0; i < a.streams.size(); ++i) { CHECK(a.streams[i].chance == b.streams[i].chance); }
}

TEST_CASE("tunnels: streams outside every tunnel's life, no streams, or more pairs than are tried give nothing") {
    Tunnels made = tunnels(20, 30, 2, 9);
    CHECK(assign_streams({made.ins, {}, {}, {RecordModel::prior(), RecordModel::prior()}}, {}).streams.empty());
    for (auto& out : made.outs) {
        out.first_us += 3'600'000'000;
        out.last_us += 3'600'000'000;
    }
    CHECK(assign(made).streams.empty());
    Tunnels many;
    many.ins.assign(2000, {0, 100'000'000, 5000, 5000, 10, 10});
    many.outs.assign(2000, {1'000'000, 2'000'000, 100, 100, 2, 2});
    CHECK(assign(many).streams.empty());
}
