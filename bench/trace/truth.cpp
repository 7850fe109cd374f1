#include "truth.hpp"

#include "base/time.hpp"

#include <fmt/format.h>
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

double number_of(element object, const char* key) {
    double value = 0;
    return object[key].get(value) == simdjson::SUCCESS ? value : 0;
}

/// What a session's evasion is called; empty where it has none.
std::string evasion_of(element evasion) {
    if (number_of(evasion, "interval_ms") > 0) { return "constant rate"; }
    if (number_of(evasion, "hold_s") >= 10) { return fmt::format("store and forward, {:g} s", number_of(evasion, "hold_s")); }
    if (number_of(evasion, "hold_s") > 0) { return fmt::format("merged, {:g} s", number_of(evasion, "hold_s")); }
    if (number_of(evasion, "record") > 0) { return "padded"; }
    if (number_of(evasion, "split") > 0) { return "split"; }
    return fmt::format("jitter {:g} s, chaff {:g}x", number_of(evasion, "jitter_s"), number_of(evasion, "chaff"));
}

/// The pairs of one session: its first flow and its last; behind a shim also its first and the one inside the shim, where the
/// chaff is.
Result<std::vector<TruePair>> pairs_of(element session, const std::vector<HostObserver>& hosts, const std::string& path) {
    simdjson::dom::array flows;
    std::vector<TruePair> pairs;
    if (session["flows"].get(flows) != simdjson::SUCCESS || flows.size() < 2) { return pairs; }  // without a relay: nothing to find again
    std::vector<std::string> nodes{text_of(session, "victim")};  // from the victim backward: flow k is between nodes k and k + 1
    simdjson::dom::array hops;
    if (session["hops"].get(hops) != simdjson::SUCCESS || hops.size() + 1 != flows.size()) { return fail(Errc::malformed, "a session without its hops", path); }
    for (const element hop : hops) { nodes.push_back(text_of(hop, "relay")); }
    nodes.push_back(text_of(session, "source"));

    std::vector<std::size_t> lower{0};
    std::string evasion;
    element shim;
    if (session["evasion"].get(shim) == simdjson::SUCCESS) {
        evasion = evasion_of(shim);
        std::int64_t inside = -1;
        if (shim["flow"].get(inside) != simdjson::SUCCESS || inside < 0 || inside + 1 >= static_cast<std::int64_t>(flows.size())) {
            return fail(Errc::malformed, "an evasion without its flow", path);
        }
        lower.push_back(static_cast<std::size_t>(inside));
    }
    const std::size_t first = flows.size() - 1;
    HW_TRY(const auto up, flow_of(flows.at(first).value_unsafe(), path));
    HW_TRY(const auto source, net::parse_address(nodes[first + 1]));
    for (std::size_t k = 0; k < lower.size(); ++k) {
        TruePair pair;
        pair.session = text_of(session, "id");
        pair.relay_kind = text_of(session, "relay_kind");
        pair.driver = text_of(session, "driver");
        pair.group = group_of(pair.relay_kind, evasion.empty() ? "" : evasion + (k == 0 ? " (taken off again)" : ""));
        pair.relays = first - lower[k];
        HW_TRY(const auto down, flow_of(flows.at(lower[k]).value_unsafe(), path));
        HW_TRY(const auto upper_end, net::parse_address(nodes[lower[k] + 1]));
        HW_TRY(pair.up, side_of(up, nodes[first + 1], source, hosts, path));
        HW_TRY(pair.down, side_of(down, nodes[lower[k]], upper_end, hosts, path));
        pair.first_us = std::max(up.first_us, down.first_us);
        pair.last_us = std::min(up.last_us, down.last_us);
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

}  // namespace

std::string group_of(const std::string& relay_kind, const std::string& evasion) {
    if (!evasion.empty()) { return evasion; }
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kOthers{{
        {"mixed", "mixed"},
        {"iodine", "dns tunnel"},
        {"ptunnel-ng", "icmp tunnel"},
        {"sshuttle", "multiplexed tunnel"},
        {"https-poll", "call-back by polling"},
        {"reverse-socat-tls", "call-back"},
        {"tool-copy", "a tool fetched and copied on"},
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
        HW_TRY(auto of_session, pairs_of(session, hosts, path));
        for (auto& pair : of_session) {
            pair.scenario = text_of(truth, "scenario");
            pair.seed = static_cast<std::uint64_t>(seed);
            pairs.push_back(std::move(pair));
        }
    }
    return pairs;
}

}  // namespace hw::bench
