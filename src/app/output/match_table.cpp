#include "app/help.hpp"
#include "app/output/match_output.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hw::app::output {
namespace {
namespace match_tables {

std::string flow_line(const flow::Flow& flow, const Context& context, const Clock& clock) {
    return fmt::format("{} → {} {}  {}  {} →, ← {}  ({})", net::to_string(flow.client), net::to_string(flow.server), flow::to_string(flow.protocol),
                       clock.moment(flow.first), human_bytes(flow.request.bytes), human_bytes(flow.reply.bytes),
                       printable(context.observer_name(flow.observer)));
}

std::string passage_words(trace::Passage passage) {
    switch (passage) {
        case trace::Passage::a_to_b: return "client's words go from A to B";
        case trace::Passage::b_to_a: return "client's words go from B to A";
        case trace::Passage::a_to_b_crossed: return "what A's client says, B's server says (call-back)";
        case trace::Passage::b_to_a_crossed: return "what B's server says, A's client says (call-back)";
    }
    return "";
}

/// Activity is counted in bins: a lag of none means less than one.
std::string lag_words_of(const trace::PairTotal& total) {
    const double ms = static_cast<double>(total.lag_request.count()) / 1000;
    if (ms == 0) { return fmt::format("lag under {:.0f} ms", double{total.scale_s} * 1000); }
    return fmt::format("requests {:.0f} ms {}", std::abs(ms), ms > 0 ? "later at B" : "earlier at B");
}

std::string clock_sentence(const trace::PairClock& clock) {
    const double seconds = static_cast<double>(clock.ahead.count()) / 1e6;
    const std::string difference = fmt::format("B's clock is {:.3f} s {} A's", std::abs(seconds), seconds < 0 ? "behind" : "ahead of");
    switch (clock.basis) {
        case trace::ClockBasis::given: return difference + ", as given.";
        case trace::ClockBasis::shared_flows:
            return fmt::format("{}, by {} that both saw (spread {:.0f} ms).", difference, counted(clock.support, "flow"),
                               static_cast<double>(clock.spread.count()) / 1000);
        case trace::ClockBasis::lags:
            return fmt::format("{}, judging by the lags of {} (spread {:.0f} ms).", difference, counted(clock.support, "pair"),
                               static_cast<double>(clock.spread.count()) / 1000);
        case trace::ClockBasis::unknown: break;
    }
    return "Nothing tells how far the clocks are apart; lags of either sign were searched.";
}

}  // namespace match_tables
}  // namespace

std::string match_table(const trace::BlindMatches& result, const Context& a, const Context& b, Colour colour) {
    using namespace match_tables;
    const auto bold = [&](const std::string& words) { return colour == Colour::on ? "\x1b[1m" + words + "\x1b[0m" : words; };
    const Clock clock(a.interval.from);
    std::string text = a.note.empty() ? "" : wrapped("NOTE: " + printable(a.note), 0, 98) + "\n";
    if (a.interrupted) { text += "INTERRUPTED: what follows is what was known until then.\n\n"; }
    const auto claimed = static_cast<std::size_t>(std::ranges::count_if(result.matches, &trace::BlindMatch::claimed));
    text += bold(fmt::format("{} of A with {} of B: {}. Times are UTC, {}.", counted(result.flows_a, "flow"), grouped(result.flows_b),
                             claimed == 0 ? "none goes on" : counted(claimed, "match", "matches"), clock.day())) + "\n";
    text += clock_sentence(result.clock) + "\n";
    for (const trace::BlindMatch& match : result.matches) {
        text += fmt::format("\nA  {}\nB  {}\n", flow_line(*match.a, a, clock), flow_line(*match.b, b, clock));
        text += fmt::format("   {}z {:.1f}, {}, q {}; {}; {}\n", match.claimed ? "" : "not claimed: ", match.total.z, p_text(match.p),
                            small_number(match.q), lag_words_of(match.total), passage_words(match.total.passage));
    }
    if (result.passed_over_a + result.passed_over_b > 0) {
        text += fmt::format("\nToo short to compare, or without a course: {} of A, {} of B.\n", counted(result.passed_over_a, "flow"),
                            grouped(result.passed_over_b));
    }
    if (result.pairs_tested > 0) {
        text += fmt::format("\n{} of flows possible, {} compared; {} wrong matches expected by chance among those claimed.\n",
                            result.pairs_tested == 1 ? "1 pair" : grouped(result.pairs_tested) + " pairs", grouped(result.pairs_scored),
                            small_number(result.expected_false_accusations));
    }
    return text;
}

}  // namespace hw::app::output
