#include "app/output/words.hpp"

#include "base/text.hpp"
#include "trace/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hw::app::output {
namespace {

/// The smallest chance that is said in figures.
constexpr double kLeastSaid = trace::kCalibration.least_p;
/// The largest weight that is said in figures.
constexpr double kMostSaid = trace::kCalibration.most_believed.value();

/// Two significant digits, grouped: 12 345 → `12 000`.
std::string two_digits(double value) {
    if (value < 10) { return fmt::format("{:.2g}", value); }
    const double factor = std::pow(10.0, std::floor(std::log10(value)) - 1);
    return value < 1e15 ? grouped(static_cast<std::uint64_t>(std::llround(std::round(value / factor) * factor))) : fmt::format("{:.0e}", value);
}

/// That the trails part at the victim, not farther up: only then does a narrower question help.
bool of_one_attack_flow(std::span<const trace::Trail> trails) {
    return trails.size() > 1 && std::ranges::all_of(trails, [&](const trace::Trail& trail) { return trail.attack == trails.front().attack; });
}

/// The headline where no trail is more likely than not: a list of leads, and no verdict.
std::string unsure_headline(const trace::TraceResult& result) {
    const trace::Trail& best = result.trails.front();
    const std::string address = net::to_string(best.ending.address);
    const std::string chance = percent(best.probability);
    std::string text = "No trail is likely: ";
    text += of_one_attack_flow(result.trails)
                ? "several ways lead upstream from the same attack flow, and none stands out. More captures, nearer to its relays, may decide. "
                : "several flows could be the attack; --peer, --at or a port with --victim narrows it down. ";
    if (best.hops.empty()) { return text + fmt::format("The best of the trails ({}) begins and ends at {}.", chance, address); }
    return text + fmt::format("The best of the trails ({}) leads through {} to {}.", chance, counted(best.hops.size(), "relay"), address);
}

std::string lag_length(Duration lag) { return lag == Duration::zero() ? "under 250 ms" : human_duration(lag); }

}  // namespace

std::string_view strength(Decibans weight) {
    const double db = weight.value();
    if (db < -3) { return "speaks against it"; }
    if (db < 3) { return "says nothing"; }
    if (db < 10) { return "weak"; }
    if (db < 20) { return "moderate"; }
    if (db < 30) { return "strong"; }
    return "very strong";
}

std::string decibans_text(Decibans weight) {
    if (weight.value() >= kMostSaid) { return fmt::format("{:.0f} dB or more", kMostSaid); }
    return fmt::format("{:.1f} dB", weight.value() == 0 ? 0.0 : weight.value());
}

std::string odds_words(Decibans weight) {
    const double db = weight.value();
    if (std::abs(db) < 0.05) { return "odds unchanged"; }
    if (std::abs(db) >= kMostSaid) { return db > 0 ? "odds multiplied by more than can be told" : "odds divided by more than can be told"; }
    return (db > 0 ? "odds multiplied by " : "odds divided by ") + two_digits(std::pow(10.0, std::abs(db) / 10.0));
}

std::string percent(double probability) {
    if (!(probability >= 0.001)) { return "under 0.1 %"; }
    if (probability > 0.999) { return "over 99.9 %"; }
    const double hundred = probability * 100;
    if (hundred < 1 || hundred > 99) { return fmt::format("{:.1f} %", hundred); }
    return fmt::format("{:.0f} %", hundred);
}

std::string_view likelihood(double probability) {
    if (probability >= 0.95) { return "almost certain"; }
    if (probability >= 0.80) { return "very likely"; }
    if (probability >= 0.55) { return "likely"; }
    if (probability >= 0.45) { return "about as likely as not"; }
    if (probability >= 0.20) { return "unlikely"; }
    if (probability >= 0.05) { return "very unlikely"; }
    return "almost no chance";
}

std::string how_often(double p) {
    if (std::isnan(p)) { return "in an unknown share of cases"; }
    if (p <= kLeastSaid) { return "at most once in a million"; }
    if (p >= 0.1) { return fmt::format("in {:.0f} % of cases", p * 100); }
    return "once in " + two_digits(1.0 / p);
}

std::string p_text(double p) { return p <= kLeastSaid ? "p at most 1e-6" : "p " + small_number(p); }

std::string small_number(double value) {
    if (value == 0) { return "0"; }
    return fmt::format("{:.2g}", value);
}

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t i = digits.size(); i > 3; i -= 3) { digits.insert(i - 3, " "); }
    return digits;
}

bool covered_by_word(const net::Address& host, const Context& context) {
    bool declared = false;
    for (const auto& covered : context.coverage) {
        if (covered.address != host) { continue; }
        if (covered.basis == flow::CoverageBasis::capture_point || covered.basis == flow::CoverageBasis::log_local) { return false; }
        declared = declared || covered.basis == flow::CoverageBasis::declared;
    }
    return declared;
}

std::string ending_sentence(const trace::Ending& ending, const Context& context) {
    const std::string address = net::to_string(ending.address);
    switch (ending.kind) {
        case trace::EndingKind::source:
            if (covered_by_word(ending.address, context)) {
                return address + " is the source as far as the data go: by the operator's word (--covers) all its traffic was seen, and nothing "
                                 "upstream fits";
            }
            return address + " is the source as far as the data go: all its traffic was seen, and nothing upstream fits";
        case trace::EndingKind::relay_upstream_unseen:
            return "the trail leads to " + address + " and no farther: what drives it was not seen, so it may be one more relay";
        case trace::EndingKind::lost: return "the trail is lost at " + address + ": nothing that was seen decides what drives it";
    }
    return {};
}

std::string ending_advice(trace::EndingKind kind) {
    switch (kind) {
        case trace::EndingKind::source:
            return "Secure this machine's disks, memory and logs: a person at its keyboard, or a way in that leaves no traffic "
                   "here, cannot be told apart from its network traffic alone.";
        case trace::EndingKind::relay_upstream_unseen:
            return "Do not treat it as the origin. Ask whoever runs its network for captures or flow logs of this host around these "
                   "times, and trace again with them.";
        case trace::EndingKind::lost:
            return "Do not treat it as the origin. A longer capture, or one nearer to this host, may decide; so may its own logs.";
    }
    return {};
}

std::string headline(const trace::TraceResult& result, const Context& context) {
    if (result.trails.empty()) { return "No flow of the victim fits the question; there is nothing to trace."; }
    const trace::Trail& best = result.trails.front();
    if (!(best.probability >= 0.5)) { return unsure_headline(result); }
    const std::string address = net::to_string(best.ending.address);
    std::string text;
    if (!best.hops.empty()) {
        text = fmt::format("The attack came through {}: {} ({}). ", counted(best.hops.size(), "relay"), likelihood(best.probability),
                           percent(best.probability));
    } else if (best.ending.kind == trace::EndingKind::source) {
        text = fmt::format("The attack came straight from {}, through no relay: {} ({}). ", address, likelihood(best.probability),
                           percent(best.probability));
    } else {
        text = fmt::format("The attack reached the victim from {} ({} among the trails found). ", address, percent(best.probability));
    }
    std::string last = ending_sentence(best.ending, context);
    if (last.starts_with("the")) { last.front() = 'T'; }
    return text + last + ".";
}

std::string control_words(trace::Control control) {
    return control == trace::Control::forward ? "the relay was connected to (control: forward)"
                                              : "the relay itself called its master (control: call-back)";
}

std::string lag_text(const trace::Link& link) {
    return link.channels.activity ? "lag " + lag_length(link.lag_request) : "lag not measured";
}

std::string lag_words(const trace::Link& link) {
    if (!link.channels.activity) { return "the lag was not measured, as there is no course over time to measure it by"; }
    return fmt::format("requests leave {} after they came in, replies are passed on {} after they came back", lag_length(link.lag_request),
                       lag_length(link.lag_reply));
}

std::string common_relay_words(const trace::Hop& hop) {
    constexpr std::size_t kMany = 8;
    if (hop.other_clients < kMany) { return {}; }
    return fmt::format("{} other clients used the same service of this relay: it serves many and need not know of any", grouped(hop.other_clients));
}

std::string ask_words(const trace::Ask& ask, const Clock& clock, const Context& context) {
    std::string who;
    if (const auto found = context.holders.find(ask.address); found != context.holders.end()) {
        const auto add = [&who](const std::string& part) {
            if (!part.empty()) { who += (who.empty() ? "" : ", ") + part; }
        };
        const Holder& holder = found->second;
        add(holder.asn ? net::to_string(*holder.asn) : "");
        add(holder.name);
        add(holder.country ? "registered in " + net::to_string(*holder.country) : "");
    }
    return fmt::format("the operator of {}{}, for all its traffic {}: the chance that the trail leads there is {}", net::to_string(ask.address), who.empty() ? "" : " (" + printable(who) + ")",
                       clock.stretch(ask.when), percent(ask.bits));
}

std::string clocks_sentence(std::span<const trace::ClockOffset> clocks, const Context& context) {
    std::string list;
    for (const trace::ClockOffset& clock : clocks) {
        if (clock.ahead == Duration::zero()) { continue; }
        list += fmt::format("{}{} {} {}", list.empty() ? "" : ", ", context.observer_name(clock.observer),
                            human_duration(std::chrono::abs(clock.ahead)), clock.ahead > Duration::zero() ? "ahead" : "behind");
    }
    if (list.empty()) { return {}; }
    return fmt::format("Clocks against {}'s, from flows that both saw: {}.", context.observer_name(clocks.front().observer), list);
}

std::string skipped_words(const flow::read::ReadReport& report) {
    std::string text;
    for (const auto& [reason, skipped] : report.skipped) {
        text += (text.empty() ? "" : ", ") + reason + ": " + grouped(skipped.count);
    }
    return text;
}

std::string not_read_because(const flow::read::ReadReport& report) {
    return report.format.empty() && report.records == 0 && report.skipped.size() == 1 ? report.skipped.begin()->first : "";
}

std::string channel_words(const trace::Channels& channels) {
    const std::array<std::pair<std::string_view, const std::optional<Decibans>*>, 4> rows{{
        {"activity", &channels.activity},
        {"record", &channels.record},
        {"sequence", &channels.sequence},
        {"shape", &channels.shape},
    }};
    std::string text;
    for (const auto& [name, weight] : rows) {
        if (!weight->has_value()) { continue; }
        text += (text.empty() ? "" : ", ") + std::string(name) + " " + decibans_text(**weight);
    }
    return text.empty() ? "no channel had anything to go by" : text;
}

std::string false_accusations_sentence(std::uint64_t pairs, double expected) {
    if (pairs == 0) { return "No pair of flows was compared."; }
    std::string text = fmt::format("{} of flows {} compared. Wrong links as good as the weakest one of the first trail, expected among them by "
                                   "chance alone: {}", pairs == 1 ? "1 pair" : grouped(pairs) + " pairs", pairs == 1 ? "was" : "were",
                                   small_number(expected));
    if (expected > 0 && expected < 0.1) { text += fmt::format(" (one search in {} would accuse wrongly)", two_digits(1.0 / expected)); }
    return text + ".";
}

std::string_view coverage_words(flow::CoverageBasis basis) {
    switch (basis) {
        case flow::CoverageBasis::declared: return "by the operator's word (--covers)";
        case flow::CoverageBasis::capture_point: return "by the packets: captured on the host, or where its neighbours' traffic shows";
        case flow::CoverageBasis::segment: return "by the packets: captured at its segment's edge; its neighbours' traffic does not show";
        case flow::CoverageBasis::log_local: return "by the log: marked as local there";
    }
    return {};
}

std::string Clock::moment(Time time) const {
    const std::string text = to_rfc3339(time);
    const std::string hour = text.substr(11, 12);
    return text.starts_with(day_) ? hour : text.substr(0, 10) + " " + hour;
}

std::string Clock::stretch(const Interval& interval) const { return moment(interval.from) + " to " + moment(interval.to); }

}  // namespace hw::app::output
