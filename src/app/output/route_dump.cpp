#include "app/output/route_dump.hpp"

#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace route_dump {

constexpr std::size_t kSome = std::size_t{256} * 1024;

std::uint32_t number(std::span<const std::byte> bytes) {
    std::uint32_t value = 0;
    for (const std::byte b : bytes) { value = value << 8U | std::to_integer<std::uint32_t>(b); }
    return value;
}

void put_community(std::string& out, std::uint32_t community) {
    switch (community) {
        case 0xffff'ff01: out += "no-export"; return;
        case 0xffff'ff02: out += "no-advertise"; return;
        case 0xffff'ff03: out += "local-AS"; return;
        default: fmt::format_to(std::back_inserter(out), "{}:{}", community >> 16U, community & 0xffffU);
    }
}

std::string_view word(route::bgp::Origin origin) {
    switch (origin) {
        case route::bgp::Origin::igp: return "IGP";
        case route::bgp::Origin::egp: return "EGP";
        case route::bgp::Origin::incomplete: return "INCOMPLETE";
    }
    return "INCOMPLETE";
}

/// IPv6 as there, which is not quite RFC 5952: the longest run of zeros gives way to `::` even if it is one group, and addresses that begin with
/// six groups of zeros end in dotted form.
void put_v6(std::string& out, const net::Address& address) {
    std::array<unsigned, 8> groups{};
    for (unsigned i = 0; i < 8; ++i) { groups[i] = static_cast<unsigned>((i < 4 ? address.high() : address.low()) >> (48 - 16 * (i % 4)) & 0xffffU); }
    std::size_t best = 8;
    std::size_t best_size = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t size = 0;
        while (i + size < 8 && groups[i + size] == 0) { ++size; }
        if (size > best_size) {
            best = i;
            best_size = size;
        }
    }
    const bool dotted = best == 0 && (best_size == 6 || (best_size == 5 && groups[5] == 0xffff));
    for (std::size_t i = 0; i < (dotted ? 6U : 8U); ++i) {
        if (i >= best && i < best + best_size) {
            if (i == best) { out += ':'; }
            continue;
        }
        fmt::format_to(std::back_inserter(out), "{}{:x}", i == 0 ? "" : ":", groups[i]);
    }
    if (best_size > 0 && best + best_size == (dotted ? 6U : 8U)) { out += ':'; }
    if (dotted) { fmt::format_to(std::back_inserter(out), "{}{}", out.back() == ':' ? "" : ":", net::to_string(net::Address::v4(static_cast<std::uint32_t>(address.low())))); }
}

void put_address(std::string& out, const net::Address& address, bool v6) {
    if (v6) { put_v6(out, address); }
    else { out += net::to_string(address); }
}

std::string_view name(route::TableForm form) {
    switch (form) {
        case route::TableForm::table_dump: return "TABLE_DUMP";
        case route::TableForm::v2: return "TABLE_DUMP2";
        case route::TableForm::v2_paths: return "TABLE_DUMP2_AP";
        case route::TableForm::entry: return "BGP4MP_ENTRY";
    }
    return "";
}

}  // namespace route_dump
}  // namespace

void RouteDump::begin_line() {
    if (!text_.empty()) { text_ += '\n'; }
    ++lines_;
}

bool RouteDump::give_some() {
    if (text_.size() < route_dump::kSome) { return true; }
    return give_(std::exchange(text_, {}));
}

bool RouteDump::finish() { return text_.empty() || give_(std::exchange(text_, {})); }

void RouteDump::put_time(route::MessageForm form, Time time, bool with_path) {
    begin_line();
    const std::int64_t micros = time.micros();
    auto out = std::back_inserter(text_);
    switch (form) {
        case route::MessageForm::bgp4mp: fmt::format_to(out, "BGP4MP{}|{}|", with_path ? "_AP" : "", micros / 1'000'000); return;
        case route::MessageForm::bgp4mp_et: fmt::format_to(out, "BGP4MP_ET|{}.{:06}|", micros / 1'000'000, micros % 1'000'000); return;
        case route::MessageForm::bgp: fmt::format_to(out, "BGP|{}|", micros / 1'000'000); return;
    }
}

void RouteDump::put_route(char what, const route::Peer& peer, const route::bgp::Nlri& nlri) {
    auto out = std::back_inserter(text_);
    fmt::format_to(out, "{}|", what);
    route_dump::put_address(text_, peer.address, !peer.address.is_v4());
    fmt::format_to(out, "|{}|", peer.asn.number());
    route_dump::put_address(text_, nlri.prefix.address(), !nlri.prefix.is_v4());
    fmt::format_to(out, "/{}", nlri.prefix.length());
    if (nlri.path) { fmt::format_to(out, "|{}", *nlri.path); }
}

void RouteDump::put_attributes(const route::bgp::Attributes& a, bool other_family) {
    a.as_path(path_);
    shown_attributes_.clear();
    auto out = std::back_inserter(shown_attributes_);
    const auto hop = other_family && a.reach && a.reach->next_hop ? a.reach->next_hop : a.next_hop;
    fmt::format_to(out, "|{}|{}|", route::bgp::to_string(path_), a.origin ? route_dump::word(*a.origin) : "INCOMPLETE");
    if (hop) { route_dump::put_address(shown_attributes_, *hop, other_family || !hop->is_v4()); }
    else { shown_attributes_ += "255.255.255.255"; }
    fmt::format_to(out, "|{}|{}|", a.local_preference.value_or(0), a.med.value_or(0));
    for (std::size_t at = 0; at + 4 <= a.communities.size(); at += 4) {
        if (at > 0) { shown_attributes_ += ' '; }
        route_dump::put_community(shown_attributes_, route_dump::number(a.communities.subspan(at, 4)));
    }
    fmt::format_to(out, "|{}|", a.atomic_aggregate ? "AG" : "NAG");
    if (a.aggregator) { fmt::format_to(out, "{} {}", a.aggregator->asn.number(), net::to_string(a.aggregator->address)); }
    shown_attributes_ += '|';
}

bool RouteDump::table(const route::TableRoute& r) {
    begin_line();
    fmt::format_to(std::back_inserter(text_), "{}|{}|", route_dump::name(r.form), r.dumped.micros() / 1'000'000);
    put_route('B', r.peer, r.route);
    put_attributes(r.attributes->attributes, !r.route.prefix.is_v4());
    text_ += shown_attributes_;
    return give_some();
}

bool RouteDump::update(const route::PeerUpdate& u) {
    const auto withdrawn = [&](const route::bgp::Nlri& nlri) {
        put_time(u.form, u.time, nlri.path.has_value());
        put_route('W', u.peer, nlri);
    };
    u.update->each_withdrawn(withdrawn);
    if (u.update->fate >= route::bgp::Fate::withdraw) {  // RFC 7606: announced with attributes that cannot be used
        u.update->each_announced(withdrawn);
        return give_some();
    }
    std::optional<bool> put_for_v4;
    u.update->each_announced([&](const route::bgp::Nlri& nlri) {
        put_time(u.form, u.time, nlri.path.has_value());
        put_route('A', u.peer, nlri);
        const bool v4 = nlri.prefix.is_v4();
        if (put_for_v4 != v4) { put_attributes(u.update->attributes, !v4); }
        put_for_v4 = v4;
        text_ += shown_attributes_;
    });
    return give_some();
}

bool RouteDump::state(const route::StateChange& s) {
    put_time(s.form, s.time, false);
    text_ += "STATE|";
    route_dump::put_address(text_, s.peer.address, !s.peer.address.is_v4());
    fmt::format_to(std::back_inserter(text_), "|{}|{}|{}", s.peer.asn.number(), s.before, s.after);
    return give_some();
}

}  // namespace hw::app::output
