#include "app/help.hpp"
#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/relay_test_output.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hw::app::output {
namespace {
namespace relay_tables {

std::string number_if(const std::optional<double>& value) { return value ? json_number(rounded(*value)) : std::string(); }

/// `12 000 km`; rounded up, because it is a bound.
std::string km_text(double km) {
    const double step = km < 1000 ? 10 : 100;
    return grouped(static_cast<std::uint64_t>(std::ceil(km / step) * step)) + " km";
}

std::string missing_words(const trace::TestedPeer& peer) {
    std::string text;
    for (const trace::NotMeasured& missing : peer.not_measured) {
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", flow::to_string(missing.reason), missing.connections);
    }
    return text;
}

/// The round trips as far as they were measured: a gap has a noise, and what is missing is said in words.
std::string trips_words(const trace::TestedPeer& peer) {
    const auto trip = [](const std::optional<double>& ms) { return ms ? fmt::format("{:.1f} ms", *ms) : std::string("not measured"); };
    std::string text = fmt::format("round trip to its TCP {}, to the far end {}", trip(peer.transport_rtt_ms), trip(peer.far_rtt_ms));
    if (peer.gap_ms) { text += fmt::format(", gap {:.1f} ms (noise {:.1f} ms)", *peer.gap_ms, peer.jitter_ms); }
    return text;
}

/// What the verdict means, and what it does not: one or two sentences.
std::string meaning(const trace::TestedPeer& peer) {
    const std::string who = peer.as_server ? "whoever answers" : "whoever speaks";
    switch (peer.verdict) {
        case trace::RelayVerdict::relay:
            return fmt::format("{} through this address is {:.0f} ms of round trip farther away than the machine that has it, and at most {} from the "
                               "sensor.", who, *peer.gap_ms, km_text(*peer.max_distance_km));
        case trace::RelayVerdict::direct:
            return fmt::format("{} is as near as the machine that has the address, to within {:.1f} ms, and at most {} from the sensor. A relay "
                               "beside its master, a NAT or a VPN looks the same.", who, std::max(*peer.gap_ms, 0.0), km_text(*peer.max_distance_km));
        case trace::RelayVerdict::undecided: break;
    }
    switch (peer.because) {
        case trace::UndecidedBecause::nothing_measured: return "nothing that only the far end could answer was seen.";
        case trace::UndecidedBecause::few_handshakes:
            return fmt::format("{} handshakes are needed, {} seen.", trace::kHandshakesNeeded, peer.handshakes);
        case trace::UndecidedBecause::connections_differ:
            return "some of its connections are answered nearby, others from far away: it may speak for itself and pass others on.";
        default: return "a slow client or a noisy path would explain the gap as well as a relay nearby.";
    }
}

}  // namespace relay_tables
}  // namespace

std::string relay_test_csv(std::span<const trace::TestedPeer> peers, const Context& context) {
    using namespace relay_tables;  // within this function only
    std::string text;
    append_csv(text, {"address", "role", "observer", "connections", "handshakes", "transport_rtt_ms", "far_rtt_ms", "gap_ms", "jitter_ms", "verdict",
                      "undecided_because", "probability", "llr_db", "max_distance_km", "method", "not_measured"});
    for (const trace::TestedPeer& peer : peers) {
        append_csv(text, {net::to_string(peer.address), peer.as_server ? "server" : "client", context.observer_name(peer.observer),
                          std::to_string(peer.connections), std::to_string(peer.handshakes), number_if(peer.transport_rtt_ms),
                          number_if(peer.far_rtt_ms), number_if(peer.gap_ms), json_number(rounded(peer.jitter_ms)),
                          std::string(trace::to_string(peer.verdict)), std::string(trace::to_string(peer.because)),
                          json_number(rounded(peer.probability)), json_number(rounded(peer.llr)), number_if(peer.max_distance_km),
                          peer.method ? std::string(flow::to_string(*peer.method)) : std::string(), missing_words(peer)});
    }
    return text;
}

std::string relay_test_table(std::span<const trace::TestedPeer> peers, const Context& context, Colour colour) {
    using namespace relay_tables;  // within this function only
    const auto bold = [&](const std::string& words) { return colour == Colour::on ? "\x1b[1m" + words + "\x1b[0m" : words; };
    const auto count = [&](trace::RelayVerdict verdict) { return std::ranges::count(peers, verdict, &trace::TestedPeer::verdict); };
    std::string text = context.note.empty() ? "" : wrapped("NOTE: " + printable(context.note), 0, 98) + "\n";
    if (context.interrupted) { text += "INTERRUPTED: what follows is what was known until then.\n\n"; }
    text += bold(fmt::format("{}: {} relay, {} direct, {} undecided.", counted(peers.size(), "peer"), count(trace::RelayVerdict::relay),
                             count(trace::RelayVerdict::direct), count(trace::RelayVerdict::undecided))) + "\n";
    for (const trace::TestedPeer& peer : peers) {
        text += fmt::format("\n{}  {}{}, seen by {}\n", bold(fmt::format("{}  {}", net::to_string(peer.address), trace::to_string(peer.verdict))),
                            peer.gap_ms ? percent(peer.probability) + " relay, " : "", peer.as_server ? "answers" : "calls",
                            printable(context.observer_name(peer.observer)));
        text += fmt::format("  {}; {}, {} with a handshake\n", trips_words(peer), counted(peer.connections, "connection"), peer.handshakes);
        if (!peer.methods.empty()) {
            std::string methods;
            for (const trace::MethodTimings& m : peer.methods) {
                methods += fmt::format("{}{} {:.1f} ms (of {})", methods.empty() ? "" : ", ", flow::to_string(m.evidence.method), m.evidence.min_ms, m.evidence.samples);
            }
            text += wrapped("least: " + methods, 2, 98);
        }
        text += wrapped(meaning(peer), 2, 98);
        if (!peer.not_measured.empty()) { text += wrapped("not measured: " + missing_words(peer), 2, 98); }
        if (peer.extras.disagree) { text += wrapped("weak: the software names another system than the TTL suggests", 2, 98); }
    }
    return text;
}

}  // namespace hw::app::output
