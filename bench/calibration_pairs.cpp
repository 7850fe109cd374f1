// calibration_pairs [--donors K] [--seed N] [--donor CAPTURE=ADDRESS]... CAPTURE=ADDRESS...: every pair of flows that tracing would compare at each host,
// one a line, for lab/calibrate.py and lab/evaluate_calibration.py to set beside the truth. With K > 0 each host's actions are
// also compared with the flows of K other hosts, moved to its address and its minutes: pairs that cannot be links. Hosts given by
// --donor only lend their flows.
#include "flow/read/input.hpp"
#include "trace/hop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace hw;

struct Host {
    std::string capture;
    net::Address address;
    std::unique_ptr<flow::MemorySource> source;
    std::vector<const flow::Flow*> flows;
};

Result<Host> read_host(const std::string& argument) {
    const auto equals = argument.rfind('=');
    if (equals == std::string::npos) { return fail(Errc::usage, "not CAPTURE=ADDRESS: " + argument); }
    Host host;
    host.capture = argument.substr(0, equals);
    HW_TRY(host.address, net::parse_address(argument.substr(equals + 1)));
    const std::vector<std::string> paths{host.capture};
    HW_TRY(auto inputs, flow::read::read_inputs(paths, {}));
    host.source = std::move(inputs.source);
    HW_TRY(host.flows, host.source->flows_of(host.address, host.source->interval()));
    return host;
}

/// A flow of `from` as if it had been `to`'s, so many bins later.
flow::Flow moved(const flow::Flow& f, const net::Address& from, const net::Address& to, std::int64_t bins) {
    flow::Flow out = f;
    (out.client.address == from ? out.client : out.server).address = to;
    const Duration by = bins * flow::kActivityBinWidth;
    out.first = out.first + by;
    out.last = out.last + by;
    auto request = f.activity.bins(flow::Direction::request);
    auto reply = f.activity.bins(flow::Direction::reply);
    for (auto* half : {&request, &reply}) {
        for (auto& bin : *half) { bin.index += bins; }
    }
    out.activity = flow::Activity::from_bins(request, reply);
    return out;
}

char letter(flow::Protocol protocol) { return protocol == flow::Protocol::tcp ? 't' : protocol == flow::Protocol::udp ? 'u' : 'o'; }

void print_hop(const Host& at, const Host& from, const flow::Flow& action, const std::vector<const flow::Flow*>& flows) {
    trace::HopInput input;
    input.host = {at.address};
    input.action = &action;
    input.flows = flows;
    input.seen = at.source->interval();
    const trace::HopResult hop = explain_action(input, trace::LinkOptions{});
    fmt::print("H\t{}\t{}\t{}\t{}\t{}\t{:.6g}\t{:.6g}\n", at.capture, from.capture, net::to_string(action.client), net::to_string(action.server),
               letter(action.protocol), hop.linked.none, hop.p_self);
    for (const auto& link : hop.linked.candidates) {
        const auto& e = link.evidence;
        const auto& c = link.channels;
        fmt::print("P\t{}\t{}\t{}\t{}\t{}\t{:.5g}\t{:.5g}\t{:.5g}\t{:.5g}\t{:.5g}\t{:.5g}\t{:.5g}\t{:.5g}\t{:.5g}\t{}\t{:.5g}\t{:.6g}\t{:.4g}\t{:.4g}\n",
                   net::to_string(link.inbound->client), net::to_string(link.inbound->server), letter(link.inbound->protocol),
                   link.control == trace::Control::forward ? 'f' : 'c', c.activity ? 1 : 0, link.p, link.llr.value(), e.z_fair, e.z_self, e.log_null,
                   e.shared_s, e.busy, e.timing.value(), e.volume.value(), c.sequence ? fmt::format("{:.5g}", c.sequence->value()) : "-",
                   e.log_p_local, link.posterior, e.burst, e.unlike);
    }
}

bool acts(const flow::Flow& f) { return f.request.payload_bytes + f.reply.payload_bytes > 0 && f.last - f.first >= std::chrono::seconds(5); }

}  // namespace

int main(int argc, char** argv) {
    std::size_t donors = 0;
    std::uint64_t seed = 1;
    std::vector<Host> hosts;
    std::vector<Host> lenders;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--donors" && i + 1 < argc) { donors = std::stoul(argv[++i]); }
        else if (argument == "--seed" && i + 1 < argc) { seed = std::stoull(argv[++i]); }
        else {
            const bool lends = argument == "--donor" && i + 1 < argc;
            auto host = read_host(lends ? argv[++i] : argument);
            if (!host) {
                std::fputs(to_text(host.error()).c_str(), stderr);
                return 3;
            }
            (lends ? lenders : hosts).push_back(std::move(*host));
        }
    }
    std::mt19937_64 random(seed);
    for (const auto& host : hosts) {
        for (const auto* action : host.flows) {
            if (acts(*action)) { print_hop(host, host, *action, host.flows); }
        }
        for (std::size_t k = 0; k < donors && hosts.size() + lenders.size() > 1; ++k) {
            const std::size_t chosen = random() % (hosts.size() + lenders.size());
            const Host& donor = chosen < hosts.size() ? hosts[chosen] : lenders[chosen - hosts.size()];
            if (donor.capture == host.capture) { continue; }
            const auto bins = (host.source->interval().from - donor.source->interval().from) / flow::kActivityBinWidth;
            std::vector<flow::Flow> made;
            made.reserve(donor.flows.size());
            for (const auto* f : donor.flows) { made.push_back(moved(*f, donor.address, host.address, bins)); }
            std::vector<const flow::Flow*> flows;
            for (const auto& f : made) { flows.push_back(&f); }
            for (const auto* action : host.flows) {
                if (acts(*action)) { print_hop(host, donor, *action, flows); }
            }
        }
    }
    return 0;
}
