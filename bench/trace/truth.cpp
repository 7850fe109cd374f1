#include "truth.hpp"

#include "base/time.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

namespace hw::bench {

namespace {

using simdjson::dom::element;

std::string text_of(element object, const char* key) {
    std::string_view text;
    if (object[key].get(text) != simdjson::SUCCESS) { return {}; }
    return std::string(text);
}

Result<net::Endpoint> endpoint_of(element flow, const char* side, const std::string& path) {
    element end;
    std::int64_t port = 0;
    if (flow[side].get(end) != simdjson::SUCCESS || end["port"].get(port) != simdjson::SUCCESS) {
        return fail(Errc::malformed, "a flow of the truth has no ends", path);
    }
    HW_TRY(const auto address, net::parse_address(text_of(end, "address")));
    return net::Endpoint{address, static_cast<net::Port>(port)};
}

struct TruthFlow {
    FlowName name;
    std::int64_t first_us = 0;
    std::int64_t last_us = 0;
};

Result<TruthFlow> flow_of(element flow, const std::string& path) {
    TruthFlow out;
    HW_TRY(out.name.client, endpoint_of(flow, "client", path));
    HW_TRY(out.name.server, endpoint_of(flow, "server", path));
    const std::string protocol = text_of(flow, "protocol");
    out.name.protocol = protocol == "udp" ? flow::Protocol::udp : protocol == "icmp" ? flow::Protocol::icmp : flow::Protocol::tcp;
    HW_TRY(const auto first, parse_rfc3339(text_of(flow, "first")));
    HW_TRY(const auto last, parse_rfc3339(text_of(flow, "last")));
    out.first_us = first.micros();
    out.last_us = last.micros();
    return out;
}

struct HostObserver {
    std::string file;
    std::int64_t clock_offset_us = 0;
    std::vector<std::string> covers;
};

std::vector<HostObserver> host_observers(element truth, const std::string& folder) {
    std::vector<HostObserver> out;
    simdjson::dom::array observers;
    if (truth["observers"].get(observers) != simdjson::SUCCESS) { return out; }
    for (const element observer : observers) {
        if (text_of(observer, "kind") != "host") { continue; }
        HostObserver host;
        double offset_s = 0;
        if (observer["clock_offset_s"].get(offset_s) != simdjson::SUCCESS) { offset_s = 0; }
        host.clock_offset_us = std::llround(offset_s * 1e6);
        host.file = folder + "/" + text_of(observer, "file");
        if (!std::filesystem::exists(host.file)) { host.file += ".gz"; }
        simdjson::dom::array covers;
        if (observer["covers"].get(covers) == simdjson::SUCCESS) {
            for (const element address : covers) { host.covers.emplace_back(std::string_view(address)); }
        }
        out.push_back(std::move(host));
    }
    return out;
}

Result<Side> side_of(const TruthFlow& flow, const std::string& seen_at, const net::Address& near_master, const std::vector<HostObserver>& hosts,
                     const std::string& path) {
    const auto host = std::ranges::find_if(hosts, [&](const HostObserver& h) { return std::ranges::find(h.covers, seen_at) != h.covers.end(); });
    if (host == hosts.end()) { return fail(Errc::malformed, "no observer at " + seen_at, path); }
    return Side{flow.name, near_master, host->file, host->clock_offset_us};
}

Result<TruePair> pair_of(element session, const std::vector<HostObserver>& hosts, const std::string& path) {
    TruePair pair;
    pair.session = text_of(session, "id");
    pair.relay_kind = text_of(session, "relay_kind");
    pair.driver = text_of(session, "driver");
    pair.group = group_of(pair.relay_kind, text_of(session, "evasion"));
    simdjson::dom::array flows;
    if (session["flows"].get(flows) != simdjson::SUCCESS || flows.size() < 2) { return fail(Errc::malformed, "a session of one flow", path); }
    pair.relays = flows.size() - 1;
    HW_TRY(const auto up, flow_of(flows.at(flows.size() - 1).value_unsafe(), path));
    HW_TRY(const auto down, flow_of(flows.at(0).value_unsafe(), path));
    const std::string source = text_of(session, "source");
    const std::string victim = text_of(session, "victim");
    HW_TRY(const auto source_address, net::parse_address(source));
    HW_TRY(const auto victim_address, net::parse_address(victim));
    const auto& last_relay = down.name.client.address == victim_address ? down.name.server.address : down.name.client.address;
    HW_TRY(pair.up, side_of(up, source, source_address, hosts, path));
    HW_TRY(pair.down, side_of(down, victim, last_relay, hosts, path));
    pair.first_us = std::max(up.first_us, down.first_us);
    pair.last_us = std::min(up.last_us, down.last_us);
    return pair;
}

}  // namespace

std::string group_of(const std::string& relay_kind, const std::string& evasion) {
    if (!evasion.empty() && evasion != "none") { return evasion; }
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kOthers{{
        {"mixed", "mixed"},
        {"iodine", "dns tunnel"},
        {"ptunnel-ng", "icmp tunnel"},
        {"sshuttle", "multiplexed tunnel"},
        {"https-poll", "call-back by polling"},
        {"reverse-socat-tls", "call-back"},
        {"tool-copy", "store and forward"},
        {"tor", "tor"},
    }};
    for (const auto& [kind, group] : kOthers) {
        if (relay_kind == kind) { return std::string(group); }
    }
    return "net";
}

Result<std::vector<TruePair>> read_truth(const std::string& folder) {
    const std::string path = folder + "/truth.json";
    simdjson::dom::parser parser;
    element truth;
    if (const auto error = parser.load(path).get(truth); error != simdjson::SUCCESS) {
        return fail(Errc::unreadable, simdjson::error_message(error), path, "this takes folders that lab/run has recorded");
    }
    const auto hosts = host_observers(truth, folder);
    simdjson::dom::array sessions;
    if (truth["sessions"].get(sessions) != simdjson::SUCCESS) { return fail(Errc::malformed, "no sessions", path); }
    std::int64_t seed = 0;
    if (truth["seed"].get(seed) != simdjson::SUCCESS) { return fail(Errc::malformed, "no seed", path); }
    std::vector<TruePair> pairs;
    for (const element session : sessions) {
        bool complete = false;
        if (session["complete"].get(complete) != simdjson::SUCCESS || !complete) { continue; }
        simdjson::dom::array flows;
        if (session["flows"].get(flows) == simdjson::SUCCESS && flows.size() < 2) { continue; }  // without a relay: nothing to find again
        HW_TRY(auto pair, pair_of(session, hosts, path));
        pair.scenario = text_of(truth, "scenario");
        pair.seed = static_cast<std::uint64_t>(seed);
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

}  // namespace hw::bench
