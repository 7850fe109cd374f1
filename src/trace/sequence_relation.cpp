#include "trace/sequence_relation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

namespace hw::trace {

namespace {
namespace relation_detail {

constexpr std::array<std::uint16_t, 12> kServicesThatAct{22, 23, 135, 139, 445, 512, 513, 514, 3389, 5900, 5985, 5986};
/// Services that answer questions: their words command no client, and a visitor of theirs commands no server. Echo, DNS,
/// DHCP, Kerberos, NTP, NetBIOS names, SNMP, LDAP, syslog, LDAPS, mDNS, RADIUS.
constexpr std::array<std::uint16_t, 14> kLookUps{7, 53, 67, 68, 88, 123, 137, 138, 161, 162, 389, 636, 5353, 1812};
/// Services that keep something for others: mail, databases, printers, files, web.
constexpr std::array<std::uint16_t, 19> kStores{21, 25, 80, 110, 143, 443, 465, 587, 631, 993, 995, 1433, 1521, 2049, 3306, 5432, 8080, 8443, 9100};

template <std::size_t N>
bool is_one_of(const std::array<std::uint16_t, N>& ports, net::Port port) {
    return std::ranges::find(ports, net::number(port)) != ports.end();
}

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

/// Can the partner make the host act through this service?
double service_weight(const Relation& r) {
    const bool acts = is_service_that_acts(r.service.port);
    if (is_one_of(kLookUps, r.service.port)) { return -15; }
    if (r.opened) {
        if (net::number(r.service.port) == 22) { return -5; }  // ssh -R exists
        return acts ? -13 : 0;  // who opens such a session gives commands and takes none
    }
    return acts ? 5 : is_one_of(kStores, r.service.port) ? -10 : 0;
}

/// Less with each doubling of those who share it.
double rarity_weight(std::size_t sharing, double alone, double a_doubling) {
    const double doublings = std::log2(static_cast<double>(std::max<std::size_t>(1, sharing)));
    return std::max(-15.0, alone - a_doubling * doublings);
}

bool is_held(const flow::Flow& f) { return f.last - f.first >= std::chrono::seconds(30); }

/// Held, or coming again and again; for a call-back evenly. People and programs that look something up come in bursts.
double persistence_weight(const Relation& r) {
    constexpr std::size_t kFewest = 6;
    if (std::ranges::any_of(r.flows, [](const flow::Flow* f) { return is_held(*f); })) { return 4; }
    if (!r.opened) { return r.flows.size() >= kFewest && is_service_that_acts(r.service.port) ? 2 : -1; }
    if (r.flows.size() < kFewest) { return r.flows.size() >= kFewest / 2 ? -3 : -8; }
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 1; i < r.flows.size(); ++i) {
        const double gap = seconds(r.flows[i]->first - r.flows[i - 1]->first);
        sum += gap;
        squares += gap * gap;
    }
    const auto gaps = static_cast<double>(r.flows.size() - 1);
    const double mean = sum / gaps;
    const double variation = mean > 0 ? std::sqrt(std::max(0.0, squares / gaps - mean * mean)) / mean : 2;
    return variation < 0.7 ? 5 : variation < 0.95 ? 0 : -5;
}

/// Somebody who acts on the host brings a tool along; who looks after it, mostly only looks.
bool brought_much(const flow::Flow& f) {
    constexpr std::uint64_t kTool = 100'000;
    return std::max(f.request.payload_bytes, f.request.bytes / 2) >= kTool;
}

}  // namespace relation_detail
}  // namespace

bool is_service_that_acts(net::Port port) { return relation_detail::is_one_of(relation_detail::kServicesThatAct, port); }

bool is_turned(const flow::Flow& f) {
    constexpr std::uint16_t kEphemeral = 32768;
    return f.basis != flow::InitiatorBasis::syn && net::number(f.server.port) >= kEphemeral && net::number(f.client.port) < kEphemeral &&
           net::number(f.client.port) != 0;
}

Time Relation::last() const {
    Time last = flows.front()->last;
    for (const auto* f : flows) { last = std::max(last, f->last); }
    return last;
}

std::vector<Relation> relations_of(std::span<const net::Address> host, std::span<const flow::Flow* const> flows,
                                   const std::function<bool(const net::Address&)>& may_command) {
    const auto is_host = [&](const net::Address& a) { return std::ranges::find(host, a) != host.end(); };
    std::map<std::tuple<net::Address, net::Endpoint, bool>, Relation> found;
    for (const auto* f : flows) {
        const bool as_client = is_host(f->client.address);
        const bool turned = is_turned(*f);
        const bool opened = as_client != turned;
        const auto& service = turned ? f->client : f->server;
        const auto& partner = as_client ? f->server.address : f->client.address;
        const bool talk = f->protocol != flow::Protocol::icmp && f->protocol != flow::Protocol::icmp6;
        const auto& told = as_client ? f->reply : f->request;
        const auto& said = as_client ? f->request : f->reply;
        const bool counts_payload = f->request.payload_bytes + f->reply.payload_bytes > 0;
        const bool told_something = counts_payload ? told.payload_bytes > 0 : told.packets > 2;
        if (!talk || is_host(partner) || !told_something || said.packets == 0 || !may_command(partner)) { continue; }
        Relation& r = found[{partner, service, as_client}];
        r.partner = partner;
        r.service = service;
        r.opened = opened;
        r.as_client = as_client;
        r.flows.push_back(f);
    }
    std::vector<Relation> relations;
    relations.reserve(found.size());
    for (auto& [key, relation] : found) {
        std::ranges::stable_sort(relation.flows, [](const auto* a, const auto* b) { return a->first != b->first ? a->first < b->first : a->id < b->id; });
        relations.push_back(std::move(relation));
    }
    return relations;
}

RelationJudge::RelationJudge(std::span<const Relation> all, std::span<const flow::Flow* const> visits, const Contacts& contacts, Interval watch)
    : contacts_(contacts), watch_(watch) {
    beginnings_.reserve(all.size());
    for (const auto& r : all) { beginnings_.push_back(r.first()); }
    std::ranges::sort(beginnings_);
    visits_.reserve(visits.size());
    for (const auto* visit : visits) {
        const auto hosts = static_cast<double>(std::max<std::size_t>(1, contacts.acted_on_by(visit->client.address)));
        visits_.push_back({visit->first, visit->client.address, (relation_detail::brought_much(*visit) ? 1.0 : 0.3) / (hosts * hosts)});
        visits_weight_ += visits_.back().weight;
        if (relation_detail::brought_much(*visit)) { deliveries_.push_back(visits_.back()); }
    }
    std::ranges::stable_sort(visits_, {}, &Visit::first);
}

/// The later it began among the host's relations the more: P(so late | control) = 1, P(so late | any) = its rank.
double RelationJudge::novelty(const Relation& r) const {
    const auto later = beginnings_.end() - std::ranges::lower_bound(beginnings_, r.first());
    const double rank = static_cast<double>(later) / static_cast<double>(std::max<std::size_t>(1, beginnings_.size()));
    return -10 * std::log10(2 * std::max(rank, 0.1));
}

/// A tool arrives, is started, and calls home: mostly within seconds. Point-process likelihood ratio of the relation's
/// beginning against the visits, each counted by how few hosts the visitor acts on and whether it brought something.
double RelationJudge::planted(const Relation& r) const {
    constexpr double kStartsPlanted = 0.7;
    constexpr double kPromptS = 2.5;  // half of them start so soon, the others later
    constexpr double kLaterS = 15;
    constexpr Duration kForgotten = std::chrono::seconds(120);
    constexpr Duration kSeenBefore = std::chrono::seconds(5);
    constexpr double kSamePartner = 5;  // it calls the very host that came: servers do not visit their clients to be called
    constexpr double kMost = 15;        // dB
    constexpr double kHeldAfterDelivery = 6;
    if (!r.opened) {
        static constexpr Duration kThen = std::chrono::seconds(20);
        const bool driven = is_service_that_acts(r.service.port) && std::ranges::any_of(r.flows, [&](const flow::Flow* f) {
            return relation_detail::is_held(*f) && std::ranges::any_of(deliveries_, [&](const Visit& v) {
                return v.from == r.partner && v.first < f->first && f->first - v.first <= kThen;
            });
        });
        return driven ? kHeldAfterDelivery : 0;
    }
    if (r.first() - watch_.from < kSeenBefore || visits_weight_ <= 0) { return 0; }
    double fitting = 0;
    for (auto visit = std::ranges::lower_bound(visits_, r.first() - kForgotten, {}, &Visit::first); visit != visits_.end() && visit->first <= r.first();
         ++visit) {
        const double since = relation_detail::seconds(r.first() - visit->first);
        const double density = 0.5 * std::exp(-since / kPromptS) / kPromptS + 0.5 * std::exp(-since / kLaterS) / kLaterS;
        fitting += visit->weight * density * (visit->from == r.partner ? kSamePartner : 1);
    }
    const double ratio = std::max(1.0, relation_detail::seconds(watch_.to - watch_.from)) * fitting / visits_weight_;
    return std::min(kMost, 10 * std::log10(1 - kStartsPlanted + kStartsPlanted * ratio));
}

/// How few share in it. Whoever acts on many hosts, or lets many act on it, has that for a job: monitoring, backup, file
/// servers.
double RelationJudge::rarity(const Relation& r) const {
    using relation_detail::rarity_weight;
    const auto users = contacts_.clients_of(r.service);
    if (!is_service_that_acts(r.service.port)) { return rarity_weight(users, 7, 5); }
    constexpr std::size_t kLookAfterIt = 4;  // directory, monitoring, backup, administration act on every host
    const net::Address& actor = r.opened ? (r.as_client ? r.flows.front()->client.address : r.flows.front()->server.address) : r.partner;
    return std::min(rarity_weight(contacts_.acted_on_by(actor), 4, 4.5), rarity_weight(std::max<std::size_t>(1, users / kLookAfterIt), 4, 4.5));
}

RelationKind RelationJudge::kind_of(const Relation& relation) const {
    using namespace relation_detail;
    constexpr double kCommon = -5;  // who has it for a job is neither new nor bringing tools for once
    RelationKind kind;
    kind.service = Decibans(service_weight(relation));
    kind.rarity = Decibans(rarity(relation));
    kind.persistence = Decibans(persistence_weight(relation));
    const bool common = kind.rarity < Decibans(kCommon);
    // Together they say more than each: what hardly anybody else uses is seldom used without end.
    if (relation.opened && kind.persistence >= Decibans(4) && kind.rarity >= Decibans(2) && kind.service >= Decibans(0)) {
        kind.persistence = kind.persistence + Decibans(4);
    }
    if (!relation.opened && is_service_that_acts(relation.service.port)) {
        const bool much = std::ranges::any_of(relation.flows, [](const flow::Flow* f) { return brought_much(*f); });
        kind.delivery = Decibans(!much ? -1 : common ? 0 : 4);
    }
    const bool passing = kind.persistence < Decibans(-1);
    kind.novelty = Decibans(common || passing ? std::min(0.0, novelty(relation)) : novelty(relation));
    kind.planted = Decibans(planted(relation));
    return kind;
}

}  // namespace hw::trace
