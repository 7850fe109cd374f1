#pragma once

#include "app/output/context.hpp"
#include "base/decibans.hpp"
#include "base/time.hpp"
#include "trace/trail.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The sentences that the table and the report share: what a score, a chance and an ending mean. No text here calls an
/// address the source of anything but a trail whose ending is of that kind.
namespace hw::app::output {

/// How a moment is written where the day has been named: `10:00:03.120`; with the day where it is another one.
class Clock {
public:
    explicit Clock(Time first) : day_(to_rfc3339(first).substr(0, 10)) {}
    [[nodiscard]] const std::string& day() const { return day_; }
    [[nodiscard]] std::string moment(Time time) const;
    /// `10:00:03.120 to 10:04:10.551`.
    [[nodiscard]] std::string stretch(const Interval& interval) const;

private:
    std::string day_;
};

/// The verbal scale for a weight of evidence (docs/report.md): up to 3 dB `says nothing`, to 10 `weak`, to 20
/// `moderate`, to 30 `strong`, above `very strong`; below -3 `speaks against it`.
[[nodiscard]] std::string_view strength(Decibans weight);
/// `41.2 dB`; `60 dB or more` where it is past what can be told apart.
[[nodiscard]] std::string decibans_text(Decibans weight);
/// `odds multiplied by 13 000`, or `divided by`; what the weight does to the odds that the two flows belong together.
[[nodiscard]] std::string odds_words(Decibans weight);

/// `97 %`, `over 99.9 %`, `under 0.1 %`; never `0 %` or `100 %`.
[[nodiscard]] std::string percent(double probability);
/// The words of ICD 203: `almost certain`, `very likely`, `likely`, `about as likely as not`, `unlikely`,
/// `very unlikely`, `almost no chance`.
[[nodiscard]] std::string_view likelihood(double probability);
/// `once in 830 000` for a small p, `in 23 % of cases` for a large one. A p under one in a million is a tail drawn
/// on beyond all that was counted, and is said to be no more than that: `at most once in a million`.
[[nodiscard]] std::string how_often(double p);
/// `p 1.2e-06`, or `p at most 1e-6`.
[[nodiscard]] std::string p_text(double p);
/// A plain number: `0.0012`, `1.2e-07`, `0`.
[[nodiscard]] std::string small_number(double value);
/// Digits in groups of three: `12 345`.
[[nodiscard]] std::string grouped(std::uint64_t number);

/// Whether only the operator's word (--covers), and nothing in the inputs, says that all of the host's traffic was seen.
[[nodiscard]] bool covered_by_word(const net::Address& host, const Context& context);
/// One sentence: how the trail ends, at which address, and on whose word; with no full stop.
[[nodiscard]] std::string ending_sentence(const trace::Ending& ending, const Context& context);
/// What the kind of ending means and what to do next: one or two sentences.
[[nodiscard]] std::string ending_advice(trace::EndingKind kind);
/// The heading of a result: what was found, how sure; one to three sentences. Below 50 % it names leads and no source.
[[nodiscard]] std::string headline(const trace::TraceResult& result, const Context& context);
/// Who drove the relay: `the relay was connected to (forward)`, `the relay itself called back (call-back)`.
[[nodiscard]] std::string control_words(trace::Control control);
/// The lag of requests as far as it could be measured: activity is counted in bins, so none at all means less than one
/// of them, and without activity there is nothing to measure it by. `lag 500.0 ms`, `lag under 250 ms`, `lag not measured`.
[[nodiscard]] std::string lag_text(const trace::Link& link);
/// `requests leave 12.5 ms after they came in, replies 11.0 ms after they came back`.
[[nodiscard]] std::string lag_words(const trace::Link& link);
/// `activity 38.1 dB, record 4.0 dB`; channels without anything to say are left out.
[[nodiscard]] std::string channel_words(const trace::Channels& channels);
/// `37 other clients used the same service of this relay meanwhile: it serves many, and need not know of any`; empty where few did.
[[nodiscard]] std::string common_relay_words(const trace::Hop& hop);
/// Whose data to ask for, which and why.
[[nodiscard]] std::string ask_words(const trace::Ask& ask, const Clock& clock, const Context& context);
/// Observers whose clocks differ, in one sentence; empty where none do.
[[nodiscard]] std::string clocks_sentence(std::span<const trace::ClockOffset> clocks, const Context& context);
/// An input that was not read at all (a note beside the captures): why; empty for one that was.
[[nodiscard]] std::string not_read_because(const flow::read::ReadReport& report);
/// `not IP: 15, truncated header: 3`; empty where nothing was passed over.
[[nodiscard]] std::string skipped_words(const flow::read::ReadReport& report);
/// The sentence on expected false accusations.
[[nodiscard]] std::string false_accusations_sentence(std::uint64_t pairs, double expected);
/// Why an observer is believed to see all of a host: `its packets leave there undiminished`, ...
[[nodiscard]] std::string_view coverage_words(flow::CoverageBasis basis);

}  // namespace hw::app::output
