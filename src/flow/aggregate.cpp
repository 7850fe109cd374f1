#include "flow/aggregate.hpp"

#include "base/nearest.hpp"
#include "base/parse.hpp"
#include "net/prefix.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace hw::flow {
namespace {
namespace aggregating {

constexpr std::size_t kRowsBetweenMerges = std::size_t{1} << 18U;
constexpr std::size_t kRecent = std::size_t{1} << 12U;

/// Where a key lies among the recent ones. Any two keys may share a place: that costs a row more, and no time that could be bought.
std::size_t place_of(const GroupKey& key) {
    std::uint64_t mixed = 0;
    for (const GroupValue& value : key) { mixed = (mixed ^ value.low ^ (value.high * 0xc2b2'ae3d'27d4'eb4fULL)) * 0x9e37'79b9'7f4a'7c15ULL; }
    return static_cast<std::size_t>(mixed >> 52U);
}

struct GroupWord {
    std::string_view word;
    GroupField field;
};
constexpr std::array kGroupWords{
    GroupWord{"host", GroupField::host},         GroupWord{"client", GroupField::client},          GroupWord{"server", GroupField::server},
    GroupWord{"port", GroupField::port},         GroupWord{"client_port", GroupField::client_port}, GroupWord{"protocol", GroupField::protocol},
    GroupWord{"observer", GroupField::observer}, GroupWord{"src", GroupField::client},             GroupWord{"dst", GroupField::server},
    GroupWord{"srcport", GroupField::client_port}, GroupWord{"dstport", GroupField::port},         GroupWord{"proto", GroupField::protocol},
    GroupWord{"client-port", GroupField::client_port},
};

bool is_address_field(GroupField field) { return field == GroupField::host || field == GroupField::client || field == GroupField::server; }

std::uint64_t capped(std::uint64_t a, std::uint64_t b) { return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max() : a + b; }

/// The first `bits` of 128; the shift of 64 that C++ does not define is kept out.
GroupValue masked(std::uint64_t high, std::uint64_t low, unsigned bits) {
    const auto kept = [](unsigned n) { return n == 0 ? 0 : n >= 64 ? ~std::uint64_t{0} : ~std::uint64_t{0} << (64U - n); };
    return {high & kept(bits), low & kept(bits <= 64 ? 0 : bits - 64)};
}

GroupValue value_of(const GroupBy& by, const net::Address& address) {
    return masked(address.high(), address.low(), address.is_v4() ? 96 + by.v4_bits : by.v6_bits);
}

Result<GroupBy> parse_field(std::string_view text) {
    const auto slash = text.find('/');
    const std::string_view word = text.substr(0, slash);
    const auto* const found = std::ranges::find(kGroupWords, word, &GroupWord::word);
    if (found == kGroupWords.end()) {
        std::vector<std::string> words;
        words.reserve(kGroupWords.size());
        for (const auto& w : kGroupWords) { words.emplace_back(w.word); }
        return fail(Errc::usage, "\"" + std::string(word.substr(0, 40)) + "\" is nothing to group by", {},
                    did_you_mean(word, words, "group by host, client, server, port, client_port, protocol or observer"));
    }
    GroupBy by{.field = found->field};
    if (slash == std::string_view::npos) { return by; }
    if (!is_address_field(by.field)) { return fail(Errc::usage, std::string(word) + " has no prefix", {}, "only host, client and server have: host/24"); }
    const std::string_view bits = text.substr(slash + 1);
    const auto second = bits.find('/');
    const auto v4 = parse_integer<unsigned>(bits.substr(0, second));
    const auto v6 = second == std::string_view::npos ? std::optional(128U) : parse_integer<unsigned>(bits.substr(second + 1));
    if (!v4 || !v6 || *v4 > 32 || *v6 > 128) {
        return fail(Errc::usage, "\"" + std::string(text.substr(0, 40)) + "\" has no such prefix", {}, "write host/24, or host/24/48 with the bits for IPv6");
    }
    by.v4_bits = *v4;
    by.v6_bits = *v6;
    return by;
}

}  // namespace aggregating
}  // namespace

Result<std::vector<GroupBy>> parse_group_by(std::string_view text) {
    std::vector<GroupBy> by;
    while (true) {
        const auto comma = text.find(',');
        HW_TRY(const auto field, aggregating::parse_field(text.substr(0, comma)));
        if (std::ranges::find(by, field.field, &GroupBy::field) != by.end()) {
            return fail(Errc::usage, std::string(to_string(field.field)) + " stands twice among what to group by", {}, "name each field once");
        }
        by.push_back(field);
        if (by.size() > kMostGroupFields) { return fail(Errc::usage, "more than " + std::to_string(kMostGroupFields) + " fields to group by", {}, "name fewer"); }
        if (comma == std::string_view::npos) { return by; }
        text.remove_prefix(comma + 1);
    }
}

std::string_view to_string(GroupField field) {
    return std::ranges::find(aggregating::kGroupWords, field, &aggregating::GroupWord::field)->word;
}

std::uint64_t scaled_up(const Flow& flow, std::uint64_t counted) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    return flow.sampling > 1 && counted > kMost / flow.sampling ? kMost : counted * std::max<std::uint32_t>(flow.sampling, 1);
}

std::uint64_t FlowTotals::packets() const { return aggregating::capped(request_packets, reply_packets); }
std::uint64_t FlowTotals::bytes() const { return aggregating::capped(request_bytes, reply_bytes); }

void FlowTotals::add(const Flow& flow) {
    const auto up = [&](std::uint64_t counted) { return scaled_up(flow, counted); };
    add(FlowTotals{1, up(flow.request.packets), up(flow.reply.packets), up(flow.request.bytes), up(flow.reply.bytes), flow.first, flow.last, flow.sampling > 1 ? 1U : 0U});
}

void FlowTotals::add(const FlowTotals& other) {
    using aggregating::capped;
    if (other.flows == 0) { return; }
    first = flows == 0 ? other.first : std::min(first, other.first);
    last = flows == 0 ? other.last : std::max(last, other.last);
    flows = capped(flows, other.flows);
    sampled_flows = capped(sampled_flows, other.sampled_flows);
    request_packets = capped(request_packets, other.request_packets);
    reply_packets = capped(reply_packets, other.reply_packets);
    request_bytes = capped(request_bytes, other.request_bytes);
    reply_bytes = capped(reply_bytes, other.reply_bytes);
}

std::uint64_t measured(const FlowTotals& totals, FlowMeasure measure) {
    switch (measure) {
    case FlowMeasure::bytes: return totals.bytes();
    case FlowMeasure::packets: return totals.packets();
    case FlowMeasure::flows: break;
    }
    return totals.flows;
}

std::string group_text(const GroupBy& by, const GroupValue& value) {
    if (by.field == GroupField::protocol) { return to_string(static_cast<Protocol>(value.low)); }
    if (!aggregating::is_address_field(by.field)) { return std::to_string(value.low); }
    const auto address = net::Address::v6(value.high, value.low);
    const unsigned bits = address.is_v4() ? by.v4_bits : by.v6_bits;
    if (bits == (address.is_v4() ? 32U : 128U)) { return net::to_string(address); }
    return net::to_string(address) + "/" + std::to_string(bits);
}

FlowGroups::FlowGroups(std::vector<GroupBy> by, std::size_t most_groups) : by_(std::move(by)), most_(most_groups), recent_(aggregating::kRecent) {}

bool FlowGroups::add(const Flow& flow) {
    using namespace aggregating;
    all_.add(flow);
    GroupKey key{};
    std::size_t host = kMostGroupFields;
    for (std::size_t i = 0; i < by_.size(); ++i) {
        switch (by_[i].field) {
        case GroupField::host: host = i; break;
        case GroupField::client: key[i] = value_of(by_[i], flow.client.address); break;
        case GroupField::server: key[i] = value_of(by_[i], flow.server.address); break;
        case GroupField::port: key[i].low = net::number(flow.server.port); break;
        case GroupField::client_port: key[i].low = net::number(flow.client.port); break;
        case GroupField::protocol: key[i].low = number(flow.protocol); break;
        case GroupField::observer: key[i].low = static_cast<std::uint64_t>(flow.observer); break;
        }
    }
    FlowTotals one;
    one.add(flow);
    if (host < kMostGroupFields) {
        const GroupValue client = value_of(by_[host], flow.client.address);
        const GroupValue server = value_of(by_[host], flow.server.address);
        if (client != server) {
            key[host] = client;
            add(key, one);
        }
        key[host] = server;
    }
    add(key, one);
    return merged_ <= most_;
}

void FlowGroups::add(const GroupKey& key, const FlowTotals& one) {
    FlowGroup& recent = recent_[aggregating::place_of(key)];
    if (recent.totals.flows > 0 && recent.key == key) { return recent.totals.add(one); }
    if (recent.totals.flows > 0) { add_row(recent); }
    recent = {key, one};
}

void FlowGroups::add_row(const FlowGroup& row) {
    // As many new rows as there are groups between two merges: each row is moved a few times in all.
    if (rows_.size() - merged_ >= std::max(aggregating::kRowsBetweenMerges, merged_)) { merge(); }
    rows_.push_back(row);
}

void FlowGroups::merge() {
    const auto by_key = [](const FlowGroup& a, const FlowGroup& b) { return a.key < b.key; };
    const auto middle = rows_.begin() + static_cast<std::ptrdiff_t>(merged_);
    std::sort(middle, rows_.end(), by_key);
    const auto fold = [](auto begin, auto end) {  // each key once; returns the new end
        auto out = begin;
        for (auto in = begin; in != end; ++in) {
            if (out != begin && std::prev(out)->key == in->key) { std::prev(out)->totals.add(in->totals); }
            else { *out++ = *in; }
        }
        return out;
    };
    rows_.erase(fold(middle, rows_.end()), rows_.end());
    std::vector<FlowGroup> all;
    all.reserve(rows_.size());
    std::merge(rows_.begin(), middle, middle, rows_.end(), std::back_inserter(all), by_key);
    all.erase(fold(all.begin(), all.end()), all.end());
    rows_ = std::move(all);
    merged_ = rows_.size();
}

Result<std::vector<FlowGroup>> FlowGroups::take(FlowMeasure order, std::size_t top) {
    for (const FlowGroup& recent : recent_) {
        if (recent.totals.flows > 0) { add_row(recent); }
    }
    recent_.assign(recent_.size(), {});
    merge();
    if (merged_ > most_) {
        return fail(Errc::limit, "more than " + std::to_string(most_) + " different groups", {}, "narrow the filter, or group by prefixes such as host/24");
    }
    const auto before = [&](const FlowGroup& a, const FlowGroup& b) {
        const auto x = measured(a.totals, order);
        const auto y = measured(b.totals, order);
        return x != y ? x > y : a.key < b.key;
    };
    const std::size_t kept = top == 0 ? rows_.size() : std::min(top, rows_.size());
    std::partial_sort(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(kept), rows_.end(), before);
    rows_.resize(kept);
    return std::exchange(rows_, {});
}

}  // namespace hw::flow
