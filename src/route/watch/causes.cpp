#include "route/watch/causes.hpp"

#include "base/text.hpp"
#include "net/asn.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

namespace hw::route {
namespace {
namespace cause_detail {

double real(std::size_t v) { return static_cast<double>(v); }

/// An upstream that carried less of the routes than this is none to reckon with: ways that are tried while routes vanish lead through anybody.
constexpr double kNotable = 0.05;
/// So much of what lies behind an upstream, or of everything, going dark together is a trouble of more than the target.
constexpr double kTogether = 0.2;
/// Too few to compare with.
constexpr std::size_t kFewest = 5;

std::string share_text(std::size_t some, std::size_t all) { return fmt::format("{} of {}", some, all); }

/// Whether others behind the same upstreams went too: does, does not, or there are none to tell by.
std::optional<bool> others_went(const OutageFacts& facts) {
    std::size_t behind = 0, dark = 0;
    for (const auto& u : facts.upstreams) {
        if (u.share < kNotable) { continue; }
        behind += u.behind;
        dark += u.behind_dark;
    }
    if (behind < kFewest) { return std::nullopt; }
    return real(dark) >= kTogether * real(behind);
}

std::string behind_text(const OutageFacts& facts) {
    std::string out;
    for (const auto& u : facts.upstreams) {
        if (u.share < kNotable) { continue; }
        fmt::format_to(std::back_inserter(out), "{}of the prefixes that others have behind {}, {} went dark at the same time", out.empty() ? "" : "; ", net::to_string(u.asn), share_text(u.behind_dark, u.behind));
    }
    return out;
}

}  // namespace cause_detail
}  // namespace

std::vector<Signal> signals_of(const OutageFacts& facts) {
    using namespace cause_detail;
    std::vector<Signal> out;
    out.push_back({"prefixes_down", real(facts.prefixes_down), fmt::format("{} of {} down", facts.prefixes_down, counted(facts.prefixes_known, "prefix", "prefixes"))});
    out.push_back({"addresses_down", facts.addresses, fmt::format("{:.1f} % of the addresses", 100 * facts.addresses)});
    out.push_back({"routers_without", real(facts.routers_without), fmt::format("{} that count have no route to any of them", share_text(facts.routers_without, facts.routers) + " routers")});
    const double spread = std::chrono::duration<double>(facts.spread).count();
    out.push_back({"spread_s", spread, fmt::format("{:.0f} s from the first router's loss to the last", spread)});
    for (const auto& u : facts.upstreams) {
        if (u.share < kNotable) { continue; }
        out.push_back({"upstream", real(u.asn.number()), fmt::format("{:.0f} % of the routes came in by {}", 100 * u.share, net::to_string(u.asn))});
        out.push_back({"behind_upstream_dark", u.behind == 0 ? 0 : real(u.behind_dark) / real(u.behind), fmt::format("{} prefixes of others behind {} went dark at the same time", share_text(u.behind_dark, u.behind), net::to_string(u.asn))});
    }
    out.push_back({"others_dark", facts.others == 0 ? 0 : real(facts.others_dark) / real(facts.others), fmt::format("{} prefixes of everybody else went dark at the same time", share_text(facts.others_dark, facts.others))});
    out.push_back({"sessions_changed", real(facts.sessions_changed), fmt::format("{} came or went at the same time", counted(facts.sessions_changed, "router session"))});
    if (facts.unstable) { out.push_back({"unstable_before", real(facts.turns_before), fmt::format("routes came and went {} since {}", counted(facts.turns_before, "time"), to_rfc3339(facts.unstable_since))}); }
    return out;
}

std::vector<Cause> causes_of(const OutageFacts& facts) {
    using namespace cause_detail;
    std::vector<Cause> out;
    const auto notable = static_cast<std::size_t>(std::ranges::count_if(facts.upstreams, [](const auto& u) { return u.share >= kNotable; }));
    const auto went = others_went(facts);
    const std::string behind = behind_text(facts);
    const auto add = [&out](std::string_view name, Fit fit, std::string because) { out.push_back({std::string(name), fit, std::move(because)}); };

    add("withdrawn-by-origin", !went ? Fit::cannot_be_told : *went ? Fit::does_not_fit : Fit::fits,
        !went ? "too few other networks behind the same upstreams to compare with" : behind);
    if (notable == 0) { add("only-upstream", Fit::cannot_be_told, "no upstream is seen: the routers are next to the origin"); }
    else if (notable == 1) { add("only-upstream", Fit::fits, fmt::format("{:.0f} % of the routes came in by {}", 100 * facts.upstreams.front().share, net::to_string(facts.upstreams.front().asn))); }
    else { add("only-upstream", Fit::does_not_fit, fmt::format("routes came in by {}", counted(notable, "upstream"))); }
    add("several-upstreams-at-once", notable >= 2 ? Fit::fits : notable == 1 ? Fit::does_not_fit : Fit::cannot_be_told,
        fmt::format("routes came in by {}, lost within {:.0f} s", counted(notable, "upstream"), std::chrono::duration<double>(facts.spread).count()));
    add("trouble-shared-with-others", !went ? Fit::cannot_be_told : *went ? Fit::fits : Fit::does_not_fit, !went ? "too few other networks behind the same upstreams to compare with" : behind);
    const bool all_dark = facts.others > 0 && real(facts.others_dark) >= kTogether * real(facts.others);
    const bool sessions = facts.sessions_changed * 2 >= std::max<std::size_t>(facts.routers, 1);
    const Fit collector = all_dark || sessions ? Fit::fits : facts.others < kFewest ? Fit::cannot_be_told : Fit::does_not_fit;
    add("collector", collector, fmt::format("{} prefixes of everybody else went dark at the same time, {} came or went", share_text(facts.others_dark, facts.others), counted(facts.sessions_changed, "router session")));
    return out;
}

}  // namespace hw::route
