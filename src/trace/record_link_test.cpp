#include "trace/record_link.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace hw;
using namespace hw::trace;

namespace {
/// How a made-up relay changes a fetch.
struct Proxy {
    std::uint64_t up = 0;         // bytes it takes for itself
    std::uint64_t down = 0;
    bool per_record = false;      // and 29 bytes for each started 4096 of them
    bool whole_packets = false;   // the exporter counts headers too, no payload
    double opened_s = 0;          // it is opened up to so long before it is used …
    bool popular = false;         // … and carries objects that everybody fetches
};

struct Traffic {
    std::vector<flow::Flow> ins;
    std::vector<flow::Flow> outs;
    std::vector<std::uint32_t> partner;  // of every inflow; ~0U: none
};

flow::Flow totals(double first, double last, std::uint64_t up, std::uint64_t down, bool whole_packets) {
    flow::Flow f;
    f.client = {net::Address::v4(0xC6120001U), net::Port{1000}};
    f.server = {net::Address::v4(0xC6120002U), net::Port{80}};
    f.protocol = flow::Protocol::tcp;
    f.first = Time::from_micros(1'700'000'000'000'000 + static_cast<std::int64_t>(first * 1e6));
    f.last = Time::from_micros(1'700'000'000'000'000 + static_cast<std::int64_t>(std::max(first, last) * 1e6));
    f.request = {5 + up / 1400 + down / 2800, 0, up, 0, 0, 0};
    f.reply = {4 + down / 1400, 0, down, 0, 0, 0};
    for (auto* half : {&f.request, &f.reply}) {
        half->bytes = half->payload_bytes + 52 * half->packets + 8;
        if (whole_packets) { half->payload_bytes = 0; }
    }
    return f;
}

/// Fetches through one relay, some of equal size, started at random within `seconds`; one in ten is turned away.
Traffic fetches(const Proxy& proxy, unsigned count, double seconds, std::uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    const auto unit = [&] { return static_cast<double>(random() >> 11U) * 0x1p-53; };
    std::vector<double> starts(count);
    for (auto& s : starts) { s = seconds * unit(); }
    std::ranges::sort(starts);
    struct Out {
        flow::Flow flow;
        std::uint32_t in;
    };
    std::vector<Out> outs;
    Traffic traffic;
    for (std::uint32_t i = 0; i < count; ++i) {
        const double trip = 0.005 + 0.08 * unit() + proxy.opened_s * unit();
        const std::uint64_t up = 80 + static_cast<std::uint64_t>(600 * unit());
        const std::uint64_t down = proxy.popular ? (i % 3 == 0 ? 700 : i % 3 == 1 ? 5000 : 23'000)
                                   : unit() < 0.2 ? 15'000 : static_cast<std::uint64_t>(std::exp(6 + 6 * unit()));
        const double length = 0.05 + static_cast<double>(down) / 3e5 + unit();
        const std::uint64_t records = proxy.per_record ? 29 : 0;
        const auto wrapped = [&](std::uint64_t bytes, std::uint64_t extra) { return bytes + extra + records * ((bytes + 4095) / 4096); };
        traffic.partner.push_back(~0U);
        traffic.ins.push_back(totals(starts[i], starts[i] + 2 * trip + length, wrapped(up, proxy.up), wrapped(down, proxy.down), proxy.whole_packets));
        if (i % 10 == 9) { continue; }
        outs.push_back({totals(starts[i] + trip + 0.001 * unit(), starts[i] + trip + length, up, down, proxy.whole_packets), i});
    }
    std::ranges::stable_sort(outs, [](const Out& a, const Out& b) { return a.flow.first < b.flow.first; });
    for (std::uint32_t j = 0; j < outs.size(); ++j) {
        traffic.outs.push_back(outs[j].flow);
        traffic.partner[outs[j].in] = j;
    }
    return traffic;
}

std::vector<const flow::Flow*> pointers(const std::vector<flow::Flow>& flows) {
    std::vector<const flow::Flow*> all;
    for (const auto& f : flows) { all.push_back(&f); }
    return all;
}

struct Score {
    double right = 0;   // of the inflows with a partner, those with the right one first and believed
    double silent = 0;  // of those without, those of which none is believed
    RecordLinks links;
};
Score play(const Traffic& traffic) {
    Score score;
    score.links = link_records(pointers(traffic.ins), pointers(traffic.outs), {});
    std::vector<std::uint32_t> first(traffic.ins.size(), ~0U);
    for (auto pair = score.links.pairs.rbegin(); pair != score.links.pairs.rend(); ++pair) { first[pair->in] = pair->chance >= 0.5 ? pair->out : ~0U; }
    double with = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
        const bool has = traffic.partner[i] != ~0U;
        with += has ? 1 : 0;
        (has ? score.right : score.silent) += first[i] == traffic.partner[i] ? 1 : 0;
    }
    score.right /= with;
    score.silent /= static_cast<double>(first.size()) - with;
    return score;
}
}  // namespace

TEST_CASE("record link: each kind of relay gives itself away by its own bytes, which nobody told us") {
    struct Case {
        const char* name;
        Proxy proxy;
        RelayClass expected;
    };
    for (const auto& c : {Case{"forward", {0, 0}, RelayClass::tcp_forward}, Case{"socks", {13, 12}, RelayClass::socks},
                          Case{"connect", {143, 39}, RelayClass::http_connect}, Case{"tls", {689, 1650, true}, RelayClass::tls_wrap}}) {
        CAPTURE(c.name);
        const auto score = play(fetches(c.proxy, 400, 20));
        CHECK(score.right > 0.95);
        CHECK(score.silent > 0.8);
        // Which of the wrappings it is, offsets that grow with the bytes do not say for certain.
        const auto share = [&](RelayClass each) { return score.links.model.law(each).share; };
        const double plain = share(RelayClass::tcp_forward) + share(RelayClass::socks) + share(RelayClass::http_connect);
        if (c.expected == RelayClass::tls_wrap) { CHECK(plain < 0.2); }
        else { CHECK(share(c.expected) > 0.8); }
    }
}

TEST_CASE("record link: exporters that count whole packets serve as well") {
    CHECK(play(fetches({13, 12, false, true}, 400, 20)).right > 0.93);
}

TEST_CASE("record link: tunnels opened long before they are used, with objects that everybody fetches, are not given up") {
    // Their sizes tell little then, nor does their start; both together, and the end, name the tunnel more often than not.
    CHECK(play(fetches({3700, 3500, true, false, 10, true}, 300, 100)).right > 0.5);
}

TEST_CASE("record link: with a handful of flows the protocols' own sizes do") {
    CHECK(play(fetches({13, 12}, 8, 20)).right > 0.8);
}

TEST_CASE("record link: chances are chances") {
    const auto score = play(fetches({143, 39}, 300, 5));
    std::vector<double> in(300);
    for (const auto& pair : score.links.pairs) {
        CHECK(pair.chance >= 0);
        in[pair.in] += pair.chance;
    }
    for (const double sum : in) { CHECK(sum <= 1 + 1e-9); }
}

TEST_CASE("record link: hosts that do not relay have no links") {
    auto traffic = fetches({0, 0}, 200, 20, 1);
    const auto strangers = fetches({0, 0}, 200, 20, 2);
    traffic.outs = strangers.outs;
    const auto links = link_records(pointers(traffic.ins), pointers(traffic.outs), {});
    double believed = 0;
    for (const auto& pair : links.pairs) {
        believed += pair.chance >= 0.9 ? 1 : 0;
    }
    CHECK(believed <= 2);
}

TEST_CASE("record link: nothing on one side gives nothing") {
    const auto traffic = fetches({0, 0}, 5, 5);
    CHECK(link_records(pointers(traffic.ins), {}, {}).pairs.empty());
    CHECK(link_records({}, pointers(traffic.outs), {}).pairs.empty());
}

TEST_CASE("record link: any number of threads gives the same") {
    const auto traffic = fetches({13, 12}, 300, 5);
    LinkOptions many;
    many.threads = 4;
    const auto one = link_records(pointers(traffic.ins), pointers(traffic.outs), {});
    const auto four = link_records(pointers(traffic.ins), pointers(traffic.outs), many);
    REQUIRE(one.pairs.size() == four.pairs.size());
    for (std::size_t e = 0; e < one.pairs.size(); ++e) { CHECK((one.pairs[e].out == four.pairs[e].out && one.pairs[e].chance == four.pairs[e].chance)); }
}
