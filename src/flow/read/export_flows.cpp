#include "flow/read/export_flows.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

namespace hw::flow::read {
namespace {
namespace flows_detail {

constexpr Duration kApart = std::chrono::seconds(5);   // between the two directions of one conversation
constexpr Duration kNextPiece = std::chrono::seconds(10);  // an idle timeout is longer, so that a next piece was cut by the active one
constexpr Duration kSampledApart = std::chrono::seconds(60);  // of few packets drawn, those that met are hardly among them
constexpr Time kEver = Time::from_micros(std::numeric_limits<std::int64_t>::max());
constexpr Duration kShortestCut = std::chrono::seconds(50);  // active timeouts are a minute and more
constexpr std::uint16_t kWellKnown = 1024;

net::Endpoint source_of(const ExportRecord& r) { return {r.source, net::Port{r.source_port}}; }
net::Endpoint destination_of(const ExportRecord& r) { return {r.destination, net::Port{r.destination_port}}; }

/// Records of one direction are looked at in order of time.
bool sooner(const ExportRecord* a, const ExportRecord* b) {
    return std::tie(a->first, a->last, a->packets, a->bytes, a->leaving, a) < std::tie(b->first, b->last, b->packets, b->bytes, b->leaving, b);
}
void put_in_order(std::vector<ExportRecord*>& records) {
    if (records.size() > 1 && !std::ranges::is_sorted(records, sooner)) { std::ranges::sort(records, sooner); }
}

bool opens(std::uint8_t flags) { return (flags & tcp_flag::syn) != 0; }
bool closes(std::uint8_t flags) { return (flags & (tcp_flag::fin | tcp_flag::rst)) != 0; }

/// Whether `b` tells again of the packets of `a`, both of one direction and in order of time.
bool same_packets(const ExportRecord& a, const ExportRecord& b) {
    if (a.biflow != b.biflow) { return false; }
    if (a.cumulative && b.cumulative && a.first == b.first && b.packets >= a.packets) { return true; }
    // At another interface, on its way out: the same times within a clock's tick, the same packets.
    return a.leaving != b.leaving && a.leaving != 2 && b.leaving != 2 && b.first - a.first <= std::chrono::seconds(1) &&
           std::max(a.last, b.last) - std::min(a.last, b.last) <= std::chrono::seconds(1) && a.packets == b.packets;
}

/// Takes out the copies of one direction's records, which stand in order of time. Gives how many there were.
std::uint64_t drop_copies(std::vector<ExportRecord*>& records) {
    std::uint64_t copies = 0;
    std::size_t kept = 0;
    constexpr std::size_t kLookBack = 4;
    for (ExportRecord* record : records) {
        bool copy = false;
        for (std::size_t back = 1; back <= std::min(kLookBack, kept) && !copy; ++back) {
            ExportRecord*& before = records[kept - back];
            if (!same_packets(*before, *record)) { continue; }
            copy = true;
            if (record->cumulative) { before = record; }
        }
        if (copy) {
            ++copies;
        } else {
            records[kept++] = record;
        }
    }
    records.resize(kept);
    return copies;
}

/// Sums up drawn packets of one direction, minute by minute, and gives the sums.
void sum_samples(std::vector<ExportRecord*>& records) {
    constexpr std::int64_t kMinute = 60'000'000;
    std::size_t kept = 0;
    for (ExportRecord* record : records) {
        ExportRecord* before = kept > 0 ? records[kept - 1] : nullptr;
        if (!record->sampled || before == nullptr || !before->sampled || before->first.micros() / kMinute != record->first.micros() / kMinute) {
            records[kept++] = record;
            continue;
        }
        before->last = std::max(before->last, record->last);
        before->packets += record->packets;
        before->bytes += record->bytes;
        before->tcp_flags = static_cast<std::uint8_t>(before->tcp_flags | record->tcp_flags);
        before->ttl_min = std::min(before->ttl_min, record->ttl_min);
        before->ttl_max = std::max(before->ttl_max, record->ttl_max);
        before->sampling = std::max(before->sampling, record->sampling);
    }
    records.resize(kept);
}

/// Marks records that the next one goes on from, where the exporter has not said why it ended them.
void mark_cut(std::span<ExportRecord* const> records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        ExportRecord& r = *records[i];
        if (r.end != FlowEnd::unknown) { continue; }
        const bool tcp = r.protocol == number(Protocol::tcp);
        if (tcp && closes(r.tcp_flags)) {
            r.end = FlowEnd::end_of_flow;
        } else if (i + 1 < records.size() && records[i + 1]->first - r.last <= kNextPiece && records[i + 1]->first >= r.last && !(tcp && opens(records[i + 1]->tcp_flags))) {
            r.end = FlowEnd::active_timeout;
        }
    }
}

bool meet(const ExportRecord& a, const ExportRecord& b) {
    const Duration apart = a.sampled ? kSampledApart : kApart;
    return a.first - apart <= b.last && b.first - apart <= a.last;
}

/// Which of the two ends is the server's by its port: a registered service's, else the lower; nothing where they are equal.
std::optional<bool> source_serves(const ExportRecord& r) {
    if (r.source_port == r.destination_port) { return std::nullopt; }
    if (r.source_port == 0 || r.destination_port == 0) { return std::nullopt; }
    return r.source_port < r.destination_port;
}

HalfFlow half(std::uint64_t packets, std::uint64_t bytes, std::uint8_t flags, std::uint8_t ttl_min, std::uint8_t ttl_max) {
    HalfFlow out;
    out.packets = packets;
    out.bytes = bytes;
    out.tcp_flags = flags;
    out.ttl_min = ttl_min;
    out.ttl_max = ttl_max;
    return out;
}
HalfFlow half(const ExportRecord& r) { return half(r.packets, r.bytes, r.tcp_flags, r.ttl_min, r.ttl_max); }

/// Whether the source is the client, and how one knows. `other`: the opposite direction, may be null.
std::pair<bool, InitiatorBasis> source_opens(const ExportRecord& a, const ExportRecord* other) {
    const std::uint8_t back = a.biflow ? a.reverse_tcp_flags : other != nullptr ? other->tcp_flags : std::uint8_t{0};
    const bool tcp = a.protocol == number(Protocol::tcp);
    // Some exporters turn a conversation by its addresses and do not say so: then a service's port is the better witness.
    if (a.biflow && !a.initiator_known && a.source_port < kWellKnown && a.destination_port >= kWellKnown && a.source_port != 0) { return {false, InitiatorBasis::port}; }
    if (a.biflow && (a.initiator_known || !tcp || !opens(back) || opens(a.tcp_flags))) {  // RFC 5103: the source opened it
        return {true, tcp && opens(a.tcp_flags) ? InitiatorBasis::syn : InitiatorBasis::exporter};
    }
    if (a.protocol == number(Protocol::icmp) || a.protocol == number(Protocol::icmp6)) {
        if (a.echo_reply != (other != nullptr && other->echo_reply)) { return {!a.echo_reply, InitiatorBasis::port}; }
    }
    if (tcp && opens(a.tcp_flags) != opens(back) && (other != nullptr || a.biflow)) {
        // A SYN-ACK that a reset answers, and nothing else: somebody else had opened it in the name of the one who resets.
        const bool source = opens(a.tcp_flags);
        const unsigned opening = source ? a.tcp_flags : back;
        const unsigned answer = source ? back : a.tcp_flags;
        const bool reflected = (opening & tcp_flag::ack) != 0 && (opening & (tcp_flag::psh | tcp_flag::fin)) == 0 && (answer & tcp_flag::rst) != 0 && (answer & (tcp_flag::psh | tcp_flag::fin)) == 0;
        return {source != reflected, InitiatorBasis::syn};
    }
    // Both opened, as it seems, but one of them never acknowledged anything: that was no SYN-ACK.
    if (tcp && other != nullptr && opens(a.tcp_flags) && opens(back) && ((a.tcp_flags ^ back) & tcp_flag::ack) != 0) {
        return {(a.tcp_flags & tcp_flag::ack) == 0, InitiatorBasis::syn};
    }
    if (tcp && other == nullptr && opens(a.tcp_flags) && (a.tcp_flags & tcp_flag::ack) == 0) { return {true, InitiatorBasis::syn}; }
    if (other != nullptr && !a.sampled && a.first != other->first) {
        const bool earlier = a.first < other->first;
        return {earlier, tcp && opens(a.tcp_flags) ? InitiatorBasis::syn : InitiatorBasis::first_packet};
    }
    if (const auto serves = source_serves(a)) {
        // Alone, only a service's port speaks against the source.
        if (other != nullptr || a.source_port < kWellKnown) { return {!*serves, InitiatorBasis::port}; }
    }
    return {true, other != nullptr ? InitiatorBasis::port : InitiatorBasis::exporter};
}

Flow make_flow(const ExportRecord& a, const ExportRecord* other, std::string_view name, std::uint32_t late_rate) {
    const auto [forward, basis] = source_opens(a, other);
    Flow flow;
    flow.observer = static_cast<ObserverId>(a.exporter);
    flow.protocol = static_cast<Protocol>(a.protocol);
    flow.client = forward ? source_of(a) : destination_of(a);
    flow.server = forward ? destination_of(a) : source_of(a);
    flow.basis = basis;
    flow.first = a.first;
    flow.last = a.last;
    flow.end = a.end;
    HalfFlow there = half(a);
    HalfFlow back;
    std::uint32_t rate = a.sampling;
    if (a.biflow) {
        back = half(a.reverse_packets, a.reverse_bytes, a.reverse_tcp_flags, 0, 0);
    } else if (other != nullptr) {
        back = half(*other);
        flow.first = std::min(a.first, other->first);
        flow.last = std::max(a.last, other->last);
        // A direction that says nothing must not hide that the other was cut; closed is closed.
        if (flow.end == FlowEnd::unknown || other->end == FlowEnd::end_of_flow) { flow.end = other->end; }
        rate = std::max(rate, other->sampling);
    }
    flow.sampling = std::max<std::uint32_t>(rate > 0 ? rate : late_rate, 1);
    flow.request = forward ? there : back;
    flow.reply = forward ? back : there;
    flow.id = make_flow_id(name, flow.client, flow.server, flow.protocol, flow.first);
    return flow;
}

}  // namespace flows_detail
}  // namespace

std::string ExportFlows::name_of(const net::Address& exporter) const {
    return exporter == net::Address() ? observer_name_ : observer_name_ + "/" + net::to_string(exporter);
}

void ExportFlows::take(const Exporters& exporters, ReadReport& report, const Give& give) {
    using flows_detail::kEver;
    make({.settled = kEver, .settled_if_cut = kEver, .in_time = kEver}, exporters, report, give);
}

std::vector<Flow> ExportFlows::take(const Exporters& exporters, ReadReport& report) {
    std::vector<Flow> all;
    all.reserve(records_.size() / 2 + 1);
    take(exporters, report, [&](std::span<Flow> some) { all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end())); });
    return all;
}

void ExportFlows::take_settled(const Exporters& exporters, ReadReport& report, const Give& give) {
    using flows_detail::kEver;
    if (records_.empty()) { return; }
    constexpr std::size_t kAsked = std::size_t{1} << 16U;  // of a million records, to find out how late it is
    const std::size_t step = records_.size() / kAsked + 1;
    std::vector<Time> ends;
    ends.reserve(records_.size() / step + 1);
    for (std::size_t i = 0; i < records_.size(); i += step) { ends.push_back(records_[i].last); }
    const auto part = [&](std::size_t percent) {
        const auto at = ends.begin() + static_cast<std::ptrdiff_t>((ends.size() - 1) * percent / 100);
        std::ranges::nth_element(ends, at);
        return *at;
    };
    // Not the latest end: one clock that is wrong must not settle everybody's records.
    const Time now = part(99);
    const Time middle = part(50);
    const Time settled = std::max(now - kSettled, middle);
    const std::size_t before = records_.size();
    make({.settled = settled, .settled_if_cut = std::max(now - kNextCut, std::min(settled, middle - kNextCut)), .in_time = now - kSettled}, exporters, report, give);
    // Long conversations alone, or made to look so.
    if (records_.size() > before / 4 * 3) { make({.settled = kEver, .settled_if_cut = kEver, .in_time = now - kSettled}, exporters, report, give); }
}

void ExportFlows::make(const Settling& until, const Exporters& exporters, ReadReport& report, const Give& give) {
    using namespace flows_detail;
    conversations_.begin(records_);
    std::vector<std::string> names(exporters.names.begin(), exporters.names.end());
    names.reserve(names.size() + exporters.addresses.size());
    for (const auto& exporter : exporters.addresses) { names.push_back(name_of(exporter)); }

    std::vector<Flow> flows;
    flows.reserve(std::min(kBatch, records_.size()));
    std::vector<bool> stay(until.settled == kEver ? 0 : records_.size());
    const auto stays = [&](const ExportRecord* r) {
        if (r == nullptr) { return false; }
        const bool may_go_on = r->end == FlowEnd::unknown && r->last - r->first >= kShortestCut;
        return r->last >= (may_go_on ? until.settled_if_cut : until.settled);
    };
    std::uint64_t alone = 0;
    const auto emit = [&](const ExportRecord* a, const ExportRecord* b, std::string_view name, std::uint32_t late) {
        if (!stay.empty() && (stays(a) || stays(b))) {
            stay[static_cast<std::size_t>(a - records_.data())] = true;
            if (b != nullptr) { stay[static_cast<std::size_t>(b - records_.data())] = true; }
            return;
        }
        if (b == nullptr && !a->biflow && a->last >= until.in_time) { ++alone; }
        flows.push_back(make_flow(*a, b, name, late));
        ++report.flows;
        if (flows.size() == kBatch) {
            give(flows);
            flows.clear();
        }
    };
    std::vector<ExportRecord*> there;
    std::vector<ExportRecord*> back;
    std::uint64_t copies = 0;
    for (auto members = conversations_.next(); !members.empty(); members = conversations_.next()) {
        there.clear();
        back.clear();
        for (const auto& member : members) { (member.upward ? there : back).push_back(&records_[member.place]); }
        put_in_order(there);
        put_in_order(back);
        sum_samples(there);
        sum_samples(back);
        copies += drop_copies(there) + drop_copies(back);
        mark_cut(there);
        mark_cut(back);
        const std::size_t exporter = records_[members.front().place].exporter;
        const std::string_view name = exporter < names.size() ? std::string_view(names[exporter]) : std::string_view(observer_name_);
        const std::uint32_t late = exporter < exporters.late_rates.size() ? exporters.late_rates[exporter] : 0;
        std::size_t i = 0;
        std::size_t k = 0;
        while (i < there.size() || k < back.size()) {
            const ExportRecord* a = i < there.size() ? there[i] : nullptr;
            const ExportRecord* b = k < back.size() ? back[k] : nullptr;
            if (a != nullptr && b != nullptr && !a->biflow && !b->biflow && meet(*a, *b)) {
                emit(a, b, name, late);
                ++i;
                ++k;
            } else if (b == nullptr || (a != nullptr && a->first <= b->first)) {
                emit(a, nullptr, name, late);
                ++i;
            } else {
                emit(b, nullptr, name, late);
                ++k;
            }
        }
    }
    if (!flows.empty()) { give(flows); }
    if (copies > 0) { report.skip("second record of the same packets", 0, copies); }
    if (alone > 0) { report.skip("the other direction was not waited for: too many records at a time", 0, alone); }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < stay.size(); ++i) {
        if (stay[i]) { records_[kept++] = records_[i]; }
    }
    records_.resize(kept);
}

}  // namespace hw::flow::read
