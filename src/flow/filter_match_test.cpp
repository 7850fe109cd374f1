#include "flow/filter_match.hpp"

#include "flow/filter_random.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace hw;
using namespace hw::flow;

namespace {

const std::vector<Observer> kObservers{{"a", {}}, {"b c", {}}};

Whereabouts whereabouts() {
    return {.asn = [](const net::Address& a) { return a.is_v4() ? std::optional(net::Asn(64'500 + (a.v4_bits() & 3U))) : std::nullopt; },
            .country = [](const net::Address& a) { return (a.low() & 1U) != 0 ? std::optional(net::Country::parse("DE").value()) : std::nullopt; }};
}

net::Address some_address(test::FilterWriter& pick) {
    return pick.pick(4) == 0 ? net::Address::v6(0x2001'0db8'0000'0000, pick.pick(4)) : net::Address::v4(0x0a00'0000U + pick.pick(6));
}

Flow some_flow(test::FilterWriter& pick) {
    Flow f;
    f.client = {some_address(pick), net::Port{static_cast<std::uint16_t>(20 + pick.pick(6))}};
    f.server = {some_address(pick), net::Port{static_cast<std::uint16_t>(20 + pick.pick(6))}};
    f.protocol = pick.pick(2) == 0 ? Protocol::tcp : pick.pick(2) == 0 ? Protocol::udp : Protocol::icmp;
    f.observer = ObserverId{static_cast<std::uint16_t>(pick.pick(2))};
    f.first = Time::from_micros(1'000'000'000);
    f.last = f.first + Duration(pick.pick(3) == 0 ? 0 : 500 * pick.pick(12'000));
    f.request = {pick.pick(5), pick.pick(6000), pick.pick(5), static_cast<std::uint8_t>(pick.pick(64))};
    f.reply = {pick.pick(5), pick.pick(6000), pick.pick(5), static_cast<std::uint8_t>(pick.pick(64))};
    return f;
}

/// The same question answered the long way, from the words' meaning.
bool plainly(const Filter& filter, const Flow& f) {
    const auto part = [&](const Filter& p) { return plainly(p, f); };
    if (filter.kind == Filter::Kind::all_of) { return std::ranges::all_of(filter.parts, part); }
    if (filter.kind == Filter::Kind::one_of) { return std::ranges::any_of(filter.parts, part); }
    if (filter.kind == Filter::Kind::negation) { return !plainly(filter.parts.front(), f); }
    const FilterTest& t = filter.test;
    const auto among = [&](std::uint64_t n) { return std::ranges::any_of(t.numbers, [&](const auto& r) { return r.contains(n); }); };
    const auto ends = [&](const auto& ask) { return (t.end != FilterEnd::server && ask(f.client)) || (t.end != FilterEnd::client && ask(f.server)); };
    const auto sum = [&](auto member) { return (t.end != FilterEnd::server ? f.request.*member : 0) + (t.end != FilterEnd::client ? f.reply.*member : 0); };
    const auto micros = static_cast<std::uint64_t>((f.last - f.first).count());
    switch (t.field) {
    case FilterField::any: return true;
    case FilterField::host:
        return ends([&](const net::Endpoint& e) { return std::ranges::any_of(t.prefixes, [&](const auto& p) { return p.contains(e.address); }); });
    case FilterField::port: return f.protocol != Protocol::icmp && ends([&](const net::Endpoint& e) { return among(net::number(e.port)); });
    case FilterField::protocol: return among(number(f.protocol));
    case FilterField::family: return among(f.client.address.is_v4() ? 4 : 6);
    case FilterField::bytes: return among(sum(&HalfFlow::bytes));
    case FilterField::packets: return among(sum(&HalfFlow::packets));
    case FilterField::payload: return among(sum(&HalfFlow::payload_bytes));
    case FilterField::duration: return among(micros);
    case FilterField::pps: return among(micros == 0 ? 0 : sum(&HalfFlow::packets) * 1'000'000 / micros);
    case FilterField::bps: return among(micros == 0 ? 0 : sum(&HalfFlow::bytes) * 8 * 1'000'000 / micros);
    case FilterField::bpp: return among(sum(&HalfFlow::packets) == 0 ? 0 : sum(&HalfFlow::bytes) / sum(&HalfFlow::packets));
    case FilterField::flags: {
        unsigned flags = 0;
        if (t.end != FilterEnd::server) { flags |= f.request.tcp_flags; }
        if (t.end != FilterEnd::client) { flags |= f.reply.tcp_flags; }
        return (flags & t.numbers[0].low) == t.numbers[0].high;
    }
    case FilterField::asn: return ends([&](const net::Endpoint& e) { const auto a = whereabouts().asn(e.address); return a && among(a->number()); });
    case FilterField::country:
        return ends([&](const net::Endpoint& e) {
            const auto c = whereabouts().country(e.address);
            return c && std::ranges::find(t.names, std::string(c->code())) != t.names.end();
        });
    case FilterField::observer: return std::ranges::find(t.names, kObservers[static_cast<std::size_t>(f.observer)].name) != t.names.end();
    }
    return false;
}

bool passes(std::string_view text, const Flow& flow) { return FlowMatcher::compile(parse_filter(text).value(), kObservers, whereabouts()).value()(flow); }

}  // namespace

TEST_CASE("filter: the compiled form passes what the words mean, over random filters and flows") {
    test::FilterWriter random(7);
    std::vector<Flow> flows;
    for (int i = 0; i < 150; ++i) { flows.push_back(some_flow(random)); }
    std::size_t passed = 0;
    for (int i = 0; i < 800; ++i) {
        const std::string text = random.write(4);
        CAPTURE(text);
        const Filter filter = parse_filter(text).value();
        const auto matcher = FlowMatcher::compile(filter, kObservers, whereabouts()).value();
        std::size_t wrong = 0;
        for (const Flow& f : flows) {
            const bool pass = matcher(f);
            passed += pass ? 1 : 0;
            wrong += pass == plainly(filter, f) ? 0 : 1;
        }
        CHECK(wrong == 0);
    }
    CHECK(passed > 30'000);  // neither everything nor nothing
    CHECK(passed < 100'000);
}

TEST_CASE("filter: src is the client and dst the server; amounts without an end are those of both") {
    Flow f;
    f.client = {net::parse_address("192.0.2.1").value(), net::Port{40'000}};
    f.server = {net::parse_address("198.51.100.2").value(), net::Port{22}};
    f.protocol = Protocol::tcp;
    f.request.bytes = 600;
    f.reply.bytes = 500;
    CHECK(passes("src host 192.0.2.1 and dst port 22", f));
    CHECK_FALSE(passes("dst host 192.0.2.1 or src port 22", f));
    CHECK(passes("bytes 1100 and request bytes 600 and out bytes 500", f));
}

TEST_CASE("filter: an IPv4 address is in no IPv6 prefix, however short") {
    Flow f;
    f.client.address = net::Address::v4(1);
    f.server.address = net::Address::v4(2);
    CHECK_FALSE(passes("net ::/0", f));
    CHECK_FALSE(passes("net ::/80", f));  // ends where the IPv4-mapped block ends
    CHECK_FALSE(passes("net ::fffe:0:0/95", f));
    CHECK(passes("net 0.0.0.0/0", f));
    f.server.address = net::Address::v6(1, 1);
    CHECK(passes("net ::/0", f));
}

TEST_CASE("filter: a protocol without ports has no port 0") {
    Flow f;
    f.protocol = Protocol::icmp;
    CHECK_FALSE(passes("port < 100", f));
    CHECK_FALSE(passes("port in [0 5]", f));
    CHECK(passes("not port 22", f));
    f.protocol = Protocol::udp;
    CHECK(passes("port 0", f));
}

TEST_CASE("filter: counters at their limit do not wrap around") {
    Flow f;
    f.request.bytes = f.reply.bytes = ~std::uint64_t{0} - 5;
    f.last = f.first + Duration(1);
    CHECK(passes("bytes > 1T and bps > 1T", f));
    f.last = f.first - Duration(5);  // a record whose end lies before its beginning
    CHECK(passes("duration 0ms", f));
}

TEST_CASE("filter: an observer that is not there, and an AS without a table, are errors with a way out") {
    const auto unknown = FlowMatcher::compile(parse_filter("observer aa").value(), kObservers);
    REQUIRE_FALSE(unknown.has_value());
    CHECK(unknown.error().hint == "did you mean \"a\"?");
    const auto untold = FlowMatcher::compile(parse_filter("tcp or not src asn 64500").value(), kObservers);
    REQUIRE_FALSE(untold.has_value());
    CHECK(untold.error().message.find("no table") != std::string::npos);
}
