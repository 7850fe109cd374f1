#include "flow/filter_match.hpp"

#include "base/nearest.hpp"

#include <algorithm>
#include <utility>

namespace hw::flow {
namespace {
namespace filter_matching {

constexpr std::uint32_t kAccept = 0xffff'ffffU;
constexpr std::uint32_t kReject = 0xffff'fffeU;

/// Every test of the filter that looks at `field`.
template <typename Visit>
void for_each_test(const Filter& filter, const Visit& visit) {
    if (filter.kind == Filter::Kind::test) { visit(filter.test); }
    for (const Filter& part : filter.parts) { for_each_test(part, visit); }
}

/// What the name of no observer is told with: the nearest, else all of them.
std::string observers_hint(const std::string& name, std::span<const Observer> observers) {
    constexpr std::size_t kShown = 8;
    std::vector<std::string> names;
    names.reserve(observers.size());
    for (const auto& o : observers) { names.push_back(o.name); }
    std::string all = "there are: ";
    for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) { all += (i == 0 ? "" : ", ") + names[i]; }
    if (names.size() > kShown) { all += ", ..."; }
    return did_you_mean(name, names, names.empty() ? "the source has no observers" : all);
}

net::Address last_of(const net::Prefix& prefix) {
    const unsigned bits = prefix.length() + (prefix.is_v4() ? 96U : 0U);
    const auto ones = [](unsigned kept) { return kept >= 64 ? 0 : ~std::uint64_t{0} >> kept; };
    return net::Address::v6(prefix.address().high() | ones(bits), prefix.address().low() | ones(bits < 64 ? 0 : bits - 64));
}

std::uint64_t sum_of(const Flow& flow, FilterEnd end, std::uint64_t HalfFlow::*member) {
    switch (end) {
    case FilterEnd::client: return flow.request.*member;
    case FilterEnd::server: return flow.reply.*member;
    case FilterEnd::either: break;
    }
    const std::uint64_t sum = flow.request.*member + flow.reply.*member;
    return sum < flow.request.*member ? ~std::uint64_t{0} : sum;  // counters of hostile records may overflow
}

/// A second's share of `count`, rounded down; 0 where there is no duration.
std::uint64_t per_second(std::uint64_t count, std::uint64_t micros) {
    if (micros == 0) { return 0; }
    constexpr std::uint64_t kMost = ~std::uint64_t{0};
    const std::uint64_t whole = count / micros;
    if (whole > kMost / 1'000'000U) { return kMost; }
    const std::uint64_t rest = count % micros;
    const std::uint64_t fraction = rest <= kMost / 1'000'000U ? rest * 1'000'000U / micros : rest / (micros / 1'000'000U + 1);
    return whole * 1'000'000U + fraction;
}

std::uint64_t lifetime(const Flow& flow) { return flow.last <= flow.first ? 0 : static_cast<std::uint64_t>((flow.last - flow.first).count()); }

std::uint64_t amount_of(const Flow& flow, FilterField field, FilterEnd end) {
    switch (field) {
    case FilterField::bytes: return sum_of(flow, end, &HalfFlow::bytes);
    case FilterField::packets: return sum_of(flow, end, &HalfFlow::packets);
    case FilterField::payload: return sum_of(flow, end, &HalfFlow::payload_bytes);
    case FilterField::duration: return lifetime(flow);
    case FilterField::pps: return per_second(sum_of(flow, end, &HalfFlow::packets), lifetime(flow));
    case FilterField::bps: {
        const std::uint64_t bytes = sum_of(flow, end, &HalfFlow::bytes);
        return per_second(bytes > ~std::uint64_t{0} / 8 ? ~std::uint64_t{0} : bytes * 8, lifetime(flow));
    }
    case FilterField::bpp: {
        const std::uint64_t packets = sum_of(flow, end, &HalfFlow::packets);
        return packets == 0 ? 0 : sum_of(flow, end, &HalfFlow::bytes) / packets;
    }
    default: return 0;
    }
}

bool among(const std::vector<NumberRange>& ranges, std::uint64_t n) {
    const auto above = std::ranges::upper_bound(ranges, n, {}, &NumberRange::low);
    return above != ranges.begin() && std::prev(above)->contains(n);
}

/// Whether the protocol has ports at all (RFC 9293, RFC 768, RFC 9260, RFC 4340, RFC 3828): as for pcap, no other has port 0.
bool has_ports(const Flow& flow) {
    const std::uint8_t protocol = number(flow.protocol);
    return protocol == 6 || protocol == 17 || protocol == 132 || protocol == 33 || protocol == 136;
}

/// Asks the question of the ends that the test means.
template <typename Ask>
bool of_ends(const Flow& flow, FilterEnd end, const Ask& ask) {
    if (end != FilterEnd::server && ask(flow.client)) { return true; }
    return end != FilterEnd::client && ask(flow.server);
}

std::uint8_t flags_of(const Flow& flow, FilterEnd end) {
    const unsigned request = end == FilterEnd::server ? 0U : flow.request.tcp_flags;
    const unsigned reply = end == FilterEnd::client ? 0U : flow.reply.tcp_flags;
    return static_cast<std::uint8_t>(request | reply);
}

}  // namespace filter_matching
}  // namespace

Result<FlowMatcher> FlowMatcher::compile(const Filter& filter, std::span<const Observer> observers, Whereabouts whereabouts) {
    using namespace filter_matching;
    std::optional<Error> wrong;
    for_each_test(filter, [&](const FilterTest& test) {
        const bool untold = (test.field == FilterField::asn && !whereabouts.asn) || (test.field == FilterField::country && !whereabouts.country);
        if (untold) {
            wrong = Error{Errc::usage, "no table says which AS or country an address belongs to", "filter",
                          "give BGP tables (--rib) for ASes and registries' files (--registry) for countries, or ask by net: the prefixes of the AS or country"};
        }
        if (test.field != FilterField::observer) { return; }
        for (const auto& name : test.names) {
            if (std::ranges::find(observers, name, &Observer::name) != observers.end()) { continue; }
            wrong = Error{Errc::usage, "no observer is called \"" + name + "\"", "filter", observers_hint(name, observers)};
        }
    });
    if (wrong) { return std::unexpected(std::move(*wrong)); }
    FlowMatcher matcher;
    matcher.whereabouts_ = std::move(whereabouts);
    matcher.begin_ = matcher.add(filter, kAccept, kReject, observers);
    return matcher;
}

std::uint32_t FlowMatcher::add(Step step) {
    steps_.push_back(step);
    return static_cast<std::uint32_t>(steps_.size() - 1);
}

// Made from the end backward: where a part shall go on is known before the part itself.
std::uint32_t FlowMatcher::add(const Filter& filter, std::uint32_t on_true, std::uint32_t on_false, std::span<const Observer> observers) {
    switch (filter.kind) {
    case Filter::Kind::negation: return add(filter.parts.front(), on_false, on_true, observers);
    case Filter::Kind::all_of:
        for (std::size_t i = filter.parts.size(); i-- > 0;) { on_true = add(filter.parts[i], on_true, on_false, observers); }
        return on_true;
    case Filter::Kind::one_of:
        for (std::size_t i = filter.parts.size(); i-- > 0;) { on_false = add(filter.parts[i], on_true, on_false, observers); }
        return on_false;
    case Filter::Kind::test: break;
    }
    Step step = step_of(filter.test, observers);
    step.on_true = on_true;
    step.on_false = on_false;
    return add(step);
}

FlowMatcher::Step FlowMatcher::step_of(const FilterTest& test, std::span<const Observer> observers) {
    using namespace filter_matching;
    Step step{.field = test.field, .end = test.end};
    const auto keep = [&](auto& lists, auto&& list) {
        step.list = static_cast<std::uint32_t>(lists.size());
        lists.push_back(std::forward<decltype(list)>(list));
    };
    const bool one_range = test.numbers.size() == 1;
    if (one_range) {
        step.low = test.numbers.front().low;
        step.high = test.numbers.front().high;
    }
    switch (test.field) {
    case FilterField::any: step.code = Code::pass; break;
    case FilterField::host: {
        if (test.prefixes.size() == 1 && test.prefixes.front() == net::Prefix::host(test.prefixes.front().address())) {
            step.code = Code::address;
            step.low = test.prefixes.front().address().low();
            step.high = test.prefixes.front().address().high();
            break;
        }
        step.code = Code::addresses;
        std::vector<AddressRange> ranges;
        ranges.reserve(test.prefixes.size() + 1);
        const AddressRange mapped{net::Address::v4(0), net::Address::v4(0xffff'ffffU)};
        for (const auto& prefix : test.prefixes) {
            const AddressRange whole{prefix.address(), last_of(prefix)};
            // An IPv6 prefix of up to 95 bits may span the IPv4-mapped block, or end where that ends; its addresses are not of the prefix's family.
            if (!prefix.is_v4() && whole.low < mapped.low && mapped.high <= whole.high) {
                ranges.push_back({whole.low, net::Address::v6(0, mapped.low.low() - 1)});
                if (mapped.high < whole.high) { ranges.push_back({net::Address::v6(0, mapped.high.low() + 1), whole.high}); }
            } else {
                ranges.push_back(whole);
            }
        }
        std::ranges::sort(ranges);
        std::vector<AddressRange> apart;  // nested prefixes leave the outer one
        apart.reserve(ranges.size());
        for (const auto& r : ranges) {
            if (!apart.empty() && r.low <= apart.back().high) { apart.back().high = std::max(apart.back().high, r.high); }
            else { apart.push_back(r); }
        }
        keep(addresses_, std::move(apart));
        break;
    }
    case FilterField::port: {
        step.code = one_range ? Code::port : Code::ports;
        if (one_range) { break; }
        std::bitset<65'536> set;
        for (const auto& r : test.numbers) {
            for (std::uint64_t p = r.low; p <= r.high; ++p) { set.set(p); }
        }
        keep(ports_, set);
        break;
    }
    case FilterField::protocol:
        step.code = Code::protocol;
        keep(numbers_, test.numbers);
        break;
    case FilterField::family: step.code = Code::family; break;
    case FilterField::flags: step.code = Code::flags; break;
    case FilterField::asn:
        step.code = Code::asn;
        keep(numbers_, test.numbers);
        break;
    case FilterField::country: {
        step.code = Code::country;
        std::vector<net::Country> list;
        list.reserve(test.names.size());
        for (const auto& name : test.names) { list.push_back(net::Country::parse(name).value_or(net::Country{})); }
        keep(countries_, std::move(list));
        break;
    }
    case FilterField::observer: {
        step.code = Code::observer;
        std::vector<bool> wanted;
        wanted.reserve(observers.size());
        for (const auto& o : observers) { wanted.push_back(std::ranges::find(test.names, o.name) != test.names.end()); }
        keep(observers_, std::move(wanted));
        break;
    }
    default:
        step.code = one_range ? Code::amount : Code::amounts;
        if (!one_range) { keep(numbers_, test.numbers); }
    }
    return step;
}

bool FlowMatcher::passes(const Step& step, const net::Address& address) const {
    using namespace filter_matching;
    switch (step.code) {
    case Code::address: return address.low() == step.low && address.high() == step.high;
    case Code::addresses: {
        const auto& ranges = addresses_[step.list];
        const auto above = std::ranges::upper_bound(ranges, address, {}, &AddressRange::low);
        return above != ranges.begin() && address <= std::prev(above)->high;
    }
    case Code::asn: {
        const auto asn = whereabouts_.asn(address);
        return asn && among(numbers_[step.list], asn->number());
    }
    case Code::country: {
        const auto country = whereabouts_.country(address);
        const auto& list = countries_[step.list];
        return country && std::ranges::find(list, *country) != list.end();
    }
    default: return false;
    }
}

bool FlowMatcher::passes(const Step& step, const Flow& flow) const {
    using namespace filter_matching;
    switch (step.code) {
    case Code::pass: return true;
    case Code::address:
    case Code::addresses:
    case Code::asn:
    case Code::country: return of_ends(flow, step.end, [&](const net::Endpoint& end) { return passes(step, end.address); });
    case Code::port:
        return has_ports(flow) && of_ends(flow, step.end, [&](const net::Endpoint& end) {
            const std::uint64_t port = net::number(end.port);
            return step.low <= port && port <= step.high;
        });
    case Code::ports: return has_ports(flow) && of_ends(flow, step.end, [&](const net::Endpoint& end) { return ports_[step.list].test(net::number(end.port)); });
    case Code::protocol: return among(numbers_[step.list], number(flow.protocol));
    case Code::family: return flow.client.address.is_v4() == (step.low == 4);
    case Code::amount: {
        const std::uint64_t n = amount_of(flow, step.field, step.end);
        return step.low <= n && n <= step.high;
    }
    case Code::amounts: return among(numbers_[step.list], amount_of(flow, step.field, step.end));
    case Code::flags: return (flags_of(flow, step.end) & step.low) == step.high;
    case Code::observer: {
        const auto& wanted = observers_[step.list];
        const auto index = static_cast<std::size_t>(flow.observer);
        return index < wanted.size() && wanted[index];
    }
    }
    return false;
}

bool FlowMatcher::operator()(const Flow& flow) const {
    using namespace filter_matching;
    std::uint32_t at = begin_;
    while (at < kReject) { at = passes(steps_[at], flow) ? steps_[at].on_true : steps_[at].on_false; }
    return at == kAccept;
}

}  // namespace hw::flow
