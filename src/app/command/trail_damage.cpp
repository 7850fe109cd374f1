#include "app/command/trail_damage.hpp"

#include "base/text.hpp"
#include "net/address.hpp"
#include "weigh/sampling_error.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace leaving {

std::string address_of(const JsonValue& flow, std::string_view end) {
    const JsonValue* side = flow.find(end);
    return side == nullptr ? std::string() : side->text("address").value_or("");
}

/// What `from` sent in the flow.
struct Sent {
    std::string to;
    weigh::Estimate bytes;
    bool payload = false;  ///< Whether it is payload alone; else whole packets.
    bool sampled = false;
};

std::optional<Sent> sent_by(const JsonValue& flow, const std::string& from) {
    const bool client = address_of(flow, "client") == from;
    if (!client && address_of(flow, "server") != from) { return std::nullopt; }
    const JsonValue* half = flow.find(client ? "request" : "reply");
    if (half == nullptr) { return std::nullopt; }
    const auto count = [&](std::string_view name) { return static_cast<std::uint64_t>(half->number(name).value_or(0)); };
    const auto sampling = static_cast<std::uint32_t>(flow.number("sampling").value_or(1));
    Sent sent{.to = address_of(flow, client ? "server" : "client"), .bytes = {}};
    sent.sampled = sampling > 1;
    sent.payload = !sent.sampled && count("payload_bytes") > 0;
    sent.bytes = weigh::sampled_bytes(count("packets"), count(sent.payload ? "payload_bytes" : "bytes"), sampling);
    return sent;
}

std::string amount(const Sent& sent) {
    const auto whole = [](double bytes) { return human_bytes(static_cast<std::uint64_t>(bytes)); };
    if (sent.sampled) { return fmt::format("about {} ({} to {})", whole(sent.bytes.value), whole(sent.bytes.low), whole(sent.bytes.high)); }
    return whole(sent.bytes.value) + (sent.payload ? "" : " with headers");
}

std::optional<Time> time_of(const JsonValue& flow, std::string_view name) {
    const auto read = parse_rfc3339(flow.text(name).value_or(""));
    return read ? std::optional(*read) : std::nullopt;
}

/// `; 192.0.2.77 sent 9.2 kB on to 192.0.2.130`, for each relay whose other side was found.
std::string carried_on(const JsonValue& trail) {
    std::string text;
    const JsonValue* hops = trail.find("hops");
    if (hops == nullptr || hops->as_array() == nullptr) { return text; }
    for (const JsonValue& hop : *hops->as_array()) {
        const JsonValue* inbound = hop.find("inbound");
        const std::string relay = hop.text("relay").value_or("");
        const auto sent = inbound == nullptr ? std::nullopt : sent_by(*inbound, relay);
        if (sent) { text += fmt::format("; {} sent {} on to {}", relay, amount(*sent), sent->to); }
    }
    return text;
}

/// The victim as --victim names it, without its port.
std::string victim_of(const JsonValue& trace) {
    const JsonValue* parameters = trace.find("parameters");
    std::string named = parameters == nullptr ? std::string() : parameters->text("victim").value_or("");
    if (const auto address = net::parse_address(named)) { return net::to_string(*address); }
    if (const auto endpoint = net::parse_endpoint(named)) { return net::to_string(endpoint->address); }
    return named;
}

}  // namespace leaving
}  // namespace

std::vector<weigh::Damage> damage_of(const JsonValue& trace) {
    using namespace leaving;
    std::vector<weigh::Damage> damages;
    const JsonValue* trails = trace.find("trails");
    if (trails == nullptr || trails->as_array() == nullptr) { return damages; }
    const std::string victim = victim_of(trace);
    std::set<std::string> met;
    for (const JsonValue& trail : *trails->as_array()) {
        const JsonValue* attack = trail.find("attack");
        if (attack == nullptr || !met.insert(attack->text("id").value_or("")).second) { continue; }  // the likeliest trail of a flow speaks for it
        const auto sent = sent_by(*attack, victim);
        if (!sent) { continue; }
        weigh::Damage damage;
        damage.words = fmt::format("{} that left {} for {} in the traced connection{}", sent->payload ? "payload" : "traffic", victim, sent->to, carried_on(trail));
        damage.basis = sent->sampled ? "flows of sampled packets, scaled up; the bounds are those of the sampling, 95 %" : sent->payload ? "payload counted in flows; repeats counted once" : "bytes counted in flows";
        damage.from = time_of(*attack, "first");
        damage.to = time_of(*attack, "last");
        damage.hosts = {victim};
        damage.bytes = sent->bytes.value;
        damage.bytes_low = sent->bytes.low;
        damage.bytes_high = sent->bytes.high;
        damages.push_back(std::move(damage));
    }
    return damages;
}

}  // namespace hw::app::command
