#include "app/output/weigh_output.hpp"
#include "app/output/weigh_words.hpp"
#include "app/output/markup.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace weigh_tables {

using weigh_words::chance;
using weigh_words::signed_db;
using weigh_words::leader_sentence;
using weigh_words::confidence_sentence;
using weigh_words::run_words;
using weigh_words::counting_words;
using weigh_words::origin_name;
using weigh_words::origins_of;
using weigh_words::dispute_sentence;
using weigh_words::flip_words;

/// Characters of a column that holds words of people.
constexpr std::size_t kStatement = 44;
constexpr std::size_t kGist = 40;

class Table {
public:
    explicit Table(const WeighView& view, const Context& context) : view_(view), told_(view.assessment), context_(context) {}

    std::string summary() {
        heading();
        hypotheses();
        ledger();
        repeats();
        sensitivity();
        sufficiency();
        questions();
        disputes();
        techniques();
        records();
        return std::move(out_);
    }

    std::string explanation() {
        heading();
        derivation();
        return std::move(out_);
    }

private:
    template <typename... Args>
    void put(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    }
    [[nodiscard]] std::string id_of(std::size_t item) const { return printable(view_.evidence.items[item].id); }
    [[nodiscard]] std::string hypothesis(std::size_t h) const { return printable(view_.evidence.hypotheses[h].id); }

    void heading() {
        if (!context_.note.empty()) { put("[{}]\n", printable(context_.note)); }
        put("{}   TLP:{}\n", printable(view_.title.empty() ? view_.path : view_.title), casefile::to_string(view_.tlp));
        put("\n{}.\n{}.\n", leader_sentence(view_), confidence_sentence(view_));
        put("This weighs what was said and seen under stated assumptions; it accuses nobody.\n\n");
    }

    void hypotheses() {
        put("  {:<6}{:<46}{:>6}{:>6}  {:<12}{}\n", "", "hypothesis", "prior", "now", "range", "in words");
        for (std::size_t h = 0; h < told_.standings.size(); ++h) {
            const auto& standing = told_.standings[h];
            put("  {:<6}{:<46}{:>6}{:>6}  {:<12}{}\n", hypothesis(h), shortened(printable(view_.evidence.hypotheses[h].statement), kStatement), chance(standing.prior), chance(standing.probability),
                chance(standing.low) + " to " + chance(standing.high), likelihood(standing.probability));
        }
    }

    void ledger() {
        put("\nThe ledger: one line an origin's word, in decibans (10 dB are a factor of ten)\n  {:<14}{:<18}{:<6}{:<5}", "item", "origin", "grade", "f");
        for (std::size_t h = 0; h < told_.standings.size(); ++h) { put("{:>7}", hypothesis(h)); }
        put("  counts\n");
        std::size_t silent = 0;
        for (const auto& line : told_.ledger.lines) {
            if (line.counting == weigh::Counting::says_nothing) { ++silent; continue; }
            const auto& item = view_.evidence.items[line.item];
            put("  {:<14}{:<18}{:<6}{:<5}", shortened(id_of(line.item), 13), shortened(origins_of(line, view_), 17), weigh::to_letter(line.grade), item.forgeability == 0 ? std::string("0") : fmt::format("{:.2f}", item.forgeability).substr(1));
            for (const auto& weight : line.weight) { put("{:>7}", signed_db(weight.value())); }
            put("  {}\n", counting_words(line, view_));
        }
        if (silent > 0) { put("  {} of the case {} nothing of the hypotheses and {} nothing (--explain lists them)\n", counted(silent, "more line"), silent == 1 ? "tells" : "tell", silent == 1 ? "weighs" : "weigh"); }
        put("  {:<43}", "sum with priors, S");
        for (const auto& standing : told_.standings) { put("{:>7}", signed_db(standing.score_db)); }
        put("\n");
    }

    void repeats() {
        bool first = true;
        for (const auto& line : told_.ledger.lines) {
            if (line.voices.size() < 2) { continue; }
            if (std::exchange(first, false)) { put("\nSaid by many, counted once\n"); }
            std::string voices;
            for (const std::size_t voice : line.voices) { voices += (voices.empty() ? "" : ", ") + id_of(voice); }
            put("  {} of {}: {}\n", counted(line.voices.size(), "voice"), origins_of(line, view_), voices);
        }
        for (const auto& ring : told_.ledger.citations.rings) {
            std::string names;
            for (const auto& name : ring) { names += (names.empty() ? "" : ", ") + printable(name); }
            put("  CIRCULAR: {} cite each other; together they are one root\n", names);
        }
    }

    void sensitivity() {
        put("\nWeighed otherwise{}\n", told_.fragile ? ": FRAGILE, another leads in some" : "");
        for (const auto& run : told_.runs) {
            put("  {:<43}", shortened(run_words(run), 42));
            for (const double one : run.chances) { put("{:>7}", chance(one)); }
            put("{}\n", run.leader == told_.leader ? "" : "  " + hypothesis(run.leader) + " leads");
        }
    }

    void sufficiency() {
        put("\nIs it sufficient?\n");
        for (const auto& one : told_.sufficiency) {
            const auto& action = told_.actions[one.action];
            put("  to {} on {} ({}): {}\n", printable(action.words), hypothesis(one.hypothesis), chance(action.threshold), one.met ? "yes" : "no");
            for (const auto& missing : one.missing) { put("      {}\n", printable(missing)); }
            put("      {}\n", flip_words(one, view_));
        }
        if (told_.runner_up) { put("  a finding of {:.1f} dB for {} against {} makes the two equal\n", told_.lead_db, hypothesis(*told_.runner_up), hypothesis(told_.leader)); }
    }

    void questions() {
        if (told_.questions.empty()) { return; }
        put("\nOpen questions, those most worth asking first\n  {:>7}{:>7}{:>7}\n", "value", "cost", "bits");
        for (const auto& worth : told_.questions) {
            const auto& question = view_.evidence.questions[worth.question];
            put("  {:>7.4f}{:>7g}{:>7.2f}  {}\n", worth.evsi, question.cost, worth.bits, printable(question.words));
        }
    }

    void disputes() {
        if (view_.evidence.disputes.empty()) { return; }
        put("\nDisputes\n");
        for (const auto& dispute : view_.evidence.disputes) { put("  {}\n", dispute_sentence(dispute, view_)); }
    }

    void techniques() {
        if (!view_.techniques || view_.techniques->matches.empty()) { return; }
        put("\nTechniques, beside what is reported of the {} groups of ATT&CK{}\n  {}\n", view_.techniques->groups, printable(view_.techniques->version.empty() ? "" : " v" + view_.techniques->version), weigh_words::kLikenessCaution);
        for (const auto& match : view_.techniques->matches) {
            put("  {}\n", weigh_words::match_sentence(match));
            for (const auto& near : match.nearest) { put("      {:>4}  {:<8}{}\n", chance(near.chance), printable(near.id), printable(near.name)); }
            if (match.known > 0) { put("      {:>4}  none of them\n", chance(match.none)); }
        }
    }

    void records() {
        const auto& records = view_.records;
        bool any = false;
        for (const auto& item : view_.evidence.items) {
            if (item.kind != weigh::ItemKind::observation) { continue; }
            if (!std::exchange(any, true)) { put("\nWhat was observed\n"); }
            put("  {}: {}\n", origin_name(view_, item.who), printable(item.words));
        }
        if (!records.damages.empty()) { put("\nDamage, whoever did it\n"); }
        for (const auto& [id, damage] : records.damages) {
            put("  {}\n", weigh_words::damage_sentence(damage));
        }
        if (!records.requests.empty()) { put("\nRequests\n"); }
        for (const auto& [id, request] : records.requests) {
            put("  {} to {}: {}: {}\n", origin_name(view_, request.who), origin_name(view_, request.to), printable(request.words), request.answer.empty() ? "no answer" : "answer: " + printable(request.answer));
        }
        if (!records.commitments.empty()) { put("\nPromises\n"); }
        for (const auto& [id, commitment] : records.commitments) {
            put("  {}: {}: {}\n", origin_name(view_, commitment.who), printable(commitment.words), commitment.done.empty() ? "nothing known to be done" : "done: " + printable(commitment.done));
        }
        bool first = true;
        for (const auto& item : view_.evidence.items) {
            if (!item.due) { continue; }
            if (std::exchange(first, false)) { put("\nThreats with a deadline\n"); }
            put("  {}  {}: {}\n", to_rfc3339(*item.due), origin_name(view_, item.who), printable(item.words));
        }
    }

    void row(std::string_view what, const std::vector<double>& values, int digits) {
        put("    {:<34}", what);
        for (const double value : values) { put("{:>9.{}f}", value, digits); }
        put("\n");
    }

    void derivation() {
        std::vector<double> priors_db, sums, tempered;
        put("  {:<36}", "hypotheses in columns");
        for (std::size_t h = 0; h < told_.standings.size(); ++h) { put("{:>9}", hypothesis(h)); }
        put("\n\nPriors\n");
        for (const auto& standing : told_.standings) {
            priors_db.push_back(10 * std::log10(standing.prior));
            sums.push_back(standing.score_db);
            tempered.push_back(standing.probability);
        }
        row("prior", told_.ledger.priors, 4);
        row("10 log10 prior, dB", priors_db, 2);
        for (const auto& line : told_.ledger.lines) { explain(line); }
        put("\nSum\n");
        row("S = prior + what counts, dB", sums, 2);
        row(fmt::format("P = 10^(S/10T) / sum, T = {:g}", told_.ledger.temperature), tempered, 4);
        if (told_.standings.back().probability <= weigh::kLeastNone) { put("    H0 is held at {}: the ledger may be wrong in a way that none of its lines says\n", weigh::kLeastNone); }
    }

    void explain(const weigh::Line& line) {
        const auto& item = view_.evidence.items[line.item];
        put("\n{} ({} of {}): \"{}\"\n", printable(item.id), weigh::to_string(item.kind), origins_of(line, view_), shortened(printable(item.words), 3 * kGist));
        if (line.voices.size() > 1) {
            std::string voices;
            for (const std::size_t voice : line.voices) { voices += (voices.empty() ? "" : ", ") + id_of(voice); }
            put("    said by {}: one origin, one line, the best grade of them\n", voices);
        }
        if (!item.reason.empty()) { put("    reason: {}\n", printable(item.reason)); }
        if (!item.derived.empty()) { put("    worked out: {}\n", printable(item.derived)); }
        if (line.likelihood.empty()) { put("    counts {}\n", counting_words(line, view_)); return; }
        std::vector<double> weights, counted_db;
        for (const auto& weight : line.weight) {
            weights.push_back(weight.value());
            counted_db.push_back(line.lambda * weight.value());
        }
        row("P(e|h)", line.likelihood, 4);
        row(fmt::format("p1 = r P + (1-r) q, r {:.3g}, q {:.3g}", line.reliability, item.otherwise), line.told, 4);
        row(item.forgeability == 0 ? std::string("p2 = p1, f 0") : fmt::format("p2 = (1-f) p1 + f, f {:.3g}{}", item.forgeability, item.frames.empty() ? "" : ", frames " + printable(item.frames)), line.deceived, 4);
        row("10 log10 p2, dB", weights, 2);
        row(fmt::format("counts x {:g}", line.lambda), counted_db, 2);
        if (line.counting != weigh::Counting::full) { put("    counts {}\n", counting_words(line, view_)); }
    }

    const WeighView& view_;
    const weigh::Assessment& told_;
    const Context& context_;
    std::string out_;
};

}  // namespace weigh_tables
}  // namespace

std::string weigh_table(const WeighView& view, const Context& context) { return weigh_tables::Table(view, context).summary(); }
std::string weigh_explanation(const WeighView& view, const Context& context) { return weigh_tables::Table(view, context).explanation(); }

}  // namespace hw::app::output
