#include "flow/filter.hpp"
#include "flow/filter_match.hpp"
#include "flow/filter_random.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace hw;
using namespace hw::flow;

namespace {

FilterBounds bounds(std::string_view text) { return bounds_of(parse_filter(text).value()); }
std::vector<net::Prefix> prefixes(std::initializer_list<std::string_view> texts) {
    std::vector<net::Prefix> out;
    for (const auto text : texts) { out.push_back(net::parse_prefix(text).value()); }
    return out;
}

}  // namespace

TEST_CASE("filter bounds: what an index can use is found in and, joined in or, and not taken from a not") {
    CHECK(bounds("host 192.0.2.1 and port 22").hosts == prefixes({"192.0.2.1"}));
    CHECK(bounds("host 192.0.2.1 and port 22").ports == NumberRange{22, 22});
    CHECK(bounds("src host 192.0.2.1 or dst host 192.0.2.9").hosts == prefixes({"192.0.2.1", "192.0.2.9"}));
    CHECK_FALSE(bounds("host 192.0.2.1 or port 22").hosts.has_value());
    CHECK_FALSE(bounds("not host 192.0.2.1").hosts.has_value());
    CHECK(bounds("net 10.0.0.0/8 and host 192.0.2.1").hosts == prefixes({"192.0.2.1"}));
    CHECK(bounds("observer a and observer b").observers == std::vector<std::string>{});
    CHECK(bounds("observer a or observer b").observers == std::vector<std::string>{"a", "b"});
    CHECK(bounds("bytes > 1k and bytes < 5k").bytes == NumberRange{1001, 4999});
    CHECK(bounds("request bytes 1k-2k").bytes == NumberRange{1000, NumberRange{}.high});
    CHECK(bounds("duration > 1s and tcp").duration.low == 1'000'001);
    CHECK(bounds("") == FilterBounds{});
}

TEST_CASE("filter bounds: no flow that passes lies outside them, over random filters and flows") {
    test::FilterWriter random(11);
    const std::vector<Observer> observers{{"a", {}}, {"b c", {}}};
    const Whereabouts where{.asn = [](const net::Address&) { return net::Asn(64'501); }, .country = [](const net::Address&) { return net::Country::parse("FR").value(); }};
    std::size_t narrowed = 0;
    for (int i = 0; i < 1200; ++i) {
        const std::string text = random.write(3);
        CAPTURE(text);
        const Filter filter = parse_filter(text).value();
        const FilterBounds b = bounds_of(filter);
        narrowed += b == FilterBounds{} ? 0 : 1;
        const auto matcher = FlowMatcher::compile(filter, observers, where).value();
        for (int k = 0; k < 25; ++k) {
            Flow f;
            f.client = {net::Address::v4(0x0a00'0000U + random.pick(6)), net::Port{static_cast<std::uint16_t>(20 + random.pick(6))}};
            f.server = {net::Address::v4(0x0a00'0000U + random.pick(6)), net::Port{static_cast<std::uint16_t>(20 + random.pick(6))}};
            f.protocol = Protocol::tcp;
            f.observer = ObserverId{static_cast<std::uint16_t>(random.pick(2))};
            f.last = f.first + Duration(random.pick(6) * 1'000'000);
            f.request = {random.pick(5), random.pick(6000)};
            f.reply = {random.pick(5), random.pick(6000)};
            if (!matcher(f)) { continue; }
            const auto within = [&](const net::Endpoint& e) {
                return std::ranges::any_of(*b.hosts, [&](const auto& p) { return p.contains(e.address); });
            };
            CHECK((!b.hosts || within(f.client) || within(f.server)));
            CHECK((!b.observers || std::ranges::find(*b.observers, observers[static_cast<std::size_t>(f.observer)].name) != b.observers->end()));
            CHECK((b.ports.contains(net::number(f.client.port)) || b.ports.contains(net::number(f.server.port))));
            CHECK(b.bytes.contains(f.request.bytes + f.reply.bytes));
            CHECK(b.packets.contains(f.request.packets + f.reply.packets));
            CHECK(b.duration.contains(static_cast<std::uint64_t>((f.last - f.first).count())));
        }
    }
    CHECK(narrowed > 200);
}
