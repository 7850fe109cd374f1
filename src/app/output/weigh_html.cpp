#include "app/output/html_style.hpp"
#include "app/output/markup.hpp"
#include "app/output/weigh_output.hpp"
#include "app/output/weigh_pictures.hpp"
#include "app/output/weigh_words.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace weigh_page {

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

std::string capital(std::string text) {
    if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') { text.front() = static_cast<char>(text.front() - 'a' + 'A'); }
    return text;
}

/// Rows of cells that are escaped already.
class Rows {
public:
    explicit Rows(std::string_view head) : html_("<div class=\"wide\"><table class=\"t\"><thead><tr>" + std::string(head) + "</tr></thead><tbody>") {}
    void open(std::string_view of = {}) { html_ += of.empty() ? "<tr>" : fmt::format("<tr class=\"{}\">", of); }
    void close() { html_ += "</tr>"; }
    void cell(const std::string& text) { html_ += "<td>" + escaped(text) + "</td>"; }
    void number(const std::string& text) { html_ += "<td class=\"n\">" + escaped(text) + "</td>"; }
    std::string done() { return std::move(html_) + "</tbody></table></div>\n"; }

private:
    std::string html_;
};

std::string hypothesis_heads(const WeighView& view) {
    std::string html;
    for (const auto& hypothesis : view.evidence.hypotheses) { html += "<th class=\"n\" title=\"" + escaped(hypothesis.statement) + "\">" + escaped(hypothesis.id) + "</th>"; }
    return html;
}

std::string hypotheses(const WeighView& view) {
    Rows rows("<th></th><th>Hypothesis</th><th class=\"n\">prior</th><th class=\"n\">now</th><th>range when weighed otherwise</th><th>in words</th>");
    for (std::size_t h = 0; h < view.assessment.standings.size(); ++h) {
        const auto& standing = view.assessment.standings[h];
        rows.open();
        rows.cell(view.evidence.hypotheses[h].id);
        rows.cell(view.evidence.hypotheses[h].statement);
        rows.number(chance(standing.prior));
        rows.number(chance(standing.probability));
        rows.cell(chance(standing.low) + " to " + chance(standing.high));
        rows.cell(std::string(likelihood(standing.probability)));
        rows.close();
    }
    return rows.done() + "<figure>" + range_picture(view) + "<figcaption>Each bar is the range over all ways of weighing, the mark where the evidence stands now, the light mark the prior.</figcaption></figure>\n";
}

/// Hypotheses in rows, what was said in columns' stead: people compare explanations better so (Dhami et al. 2024).
std::string ledger(const WeighView& view) {
    const auto& told = view.assessment;
    std::vector<std::size_t> lines;
    std::size_t silent = 0;
    for (std::size_t at = 0; at < told.ledger.lines.size(); ++at) {
        if (told.ledger.lines[at].counting == weigh::Counting::says_nothing) { ++silent; }
        else { lines.push_back(at); }
    }
    std::string html = "<h2>The ledger</h2>\n<p>Decibans: 10 dB are a factor of ten. One column an origin's word, however many repeat it; what counts of it, less the best of its column, so that the zeros mark whom it speaks for.</p>\n";
    std::string head = "<th></th><th>Hypothesis</th><th class=\"n\">prior</th>";
    constexpr std::size_t kMostColumns = 12;
    const std::size_t shown = std::min(kMostColumns, lines.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const auto& item = view.evidence.items[told.ledger.lines[lines[i]].item];
        head += fmt::format("<th class=\"n\" title=\"{}\">{}</th>", escaped(item.words), escaped(shortened(item.id, 12)));
    }
    if (shown < lines.size()) { head += "<th class=\"n\">others</th>"; }
    head += "<th class=\"n\">S</th><th class=\"n\">now</th>";
    Rows rows(head);
    for (std::size_t h = 0; h < told.standings.size(); ++h) {
        rows.open();
        rows.cell(view.evidence.hypotheses[h].id);
        rows.cell(view.evidence.hypotheses[h].statement);
        rows.number(signed_db(Decibans::from_ratio(told.standings[h].prior).value()));
        double others = 0;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const auto& line = told.ledger.lines[lines[i]];
            const double most = std::ranges::max(line.weight).value();
            const double counts = line.lambda * (line.weight[h].value() - most);
            if (i < shown) { rows.number(signed_db(counts)); }
            else { others += counts; }
        }
        if (shown < lines.size()) { rows.number(signed_db(others)); }
        rows.number(signed_db(told.standings[h].score_db));
        rows.number(chance(told.standings[h].probability));
        rows.close();
    }
    html += rows.done();
    if (silent > 0) { html += fmt::format("<p>{} more {} of the case tell nothing of the hypotheses and weigh nothing.</p>\n", silent, silent == 1 ? "line" : "lines"); }
    return html;
}

std::string items(const WeighView& view) {
    Rows rows("<th>Item</th><th>Words</th><th>Origin</th><th>kind</th><th>grade</th><th class=\"n\">f</th><th>counts</th><th class=\"n\">for the leader</th>");
    const auto& told = view.assessment;
    for (std::size_t at = 0; at < told.ledger.lines.size(); ++at) {
        const auto& line = told.ledger.lines[at];
        if (line.counting == weigh::Counting::says_nothing) { continue; }
        const auto& item = view.evidence.items[line.item];
        std::string voices;
        for (const std::size_t voice : line.voices) { voices += (voices.empty() ? "" : ", ") + view.evidence.items[voice].id; }
        rows.open();
        rows.cell(voices);
        rows.cell(item.words + (item.derived.empty() ? "" : " [" + item.derived + "]"));
        rows.cell(origins_of(line, view));
        rows.cell(std::string(weigh::to_string(item.kind)));
        rows.cell(std::string(1, weigh::to_letter(line.grade)) + (item.credibility < 6 ? std::to_string(item.credibility) : ""));
        rows.number(item.forgeability == 0 ? "0" : fmt::format("{:.2f}", item.forgeability).substr(1));
        rows.cell(counting_words(line, view));
        rows.number(signed_db(told.support[at].for_leader_db));
        rows.close();
    }
    return "<h2>Who said what</h2>\n" + rows.done();
}

std::string repeated(const WeighView& view) {
    std::string html;
    for (const auto& line : view.assessment.ledger.lines) {
        if (line.voices.size() < 2) { continue; }
        std::string voices;
        for (const std::size_t voice : line.voices) {
            const auto& item = view.evidence.items[voice];
            voices += fmt::format("<li><b>{}</b> “{}”{}</li>", escaped(item.id), escaped(item.words), item.published.empty() ? "" : " <span class=\"mono\">" + escaped(item.published) + "</span>");
        }
        html += fmt::format("<details><summary>{} of {}, counted once</summary><ul>{}</ul></details>", counted(line.voices.size(), "voice"), escaped(origins_of(line, view)), voices);
    }
    for (const auto& ring : view.assessment.ledger.citations.rings) {
        std::string names;
        for (const auto& name : ring) { names += (names.empty() ? "" : ", ") + name; }
        html += "<p><strong>Circular:</strong> " + escaped(names) + " cite each other; together they are one root.</p>";
    }
    return html.empty() ? html : "<h2>Said by many, counted once</h2>\n" + html + "<figure>" + citation_picture(view) + "<figcaption>Who repeats whom: each line ends with a dot at what is cited; the roots stand on the right, dashed where they are not in the case.</figcaption></figure>\n";
}

std::string sensitivity(const WeighView& view) {
    Rows rows("<th>Weighed otherwise</th>" + hypothesis_heads(view) + "<th></th>");
    for (const auto& run : view.assessment.runs) {
        rows.open();
        rows.cell(run_words(run));
        for (const double one : run.chances) { rows.number(chance(one)); }
        rows.cell(run.leader == view.assessment.leader ? "" : view.evidence.hypotheses[run.leader].id + " leads");
        rows.close();
    }
    std::string html = "<h2>Weighed otherwise</h2>\n";
    if (view.assessment.fragile) { html += "<p><strong>Fragile:</strong> another hypothesis leads in some of these.</p>"; }
    return html + "<details><summary>" + counted(view.assessment.runs.size(), "run") + "</summary>" + rows.done() + "</details>\n";
}

std::string sufficiency(const WeighView& view) {
    std::string html = "<h2>Is it sufficient?</h2>\n<div class=\"wide\"><table class=\"t\"><thead><tr><th>Action</th><th>on</th><th class=\"n\">takes</th><th></th><th>what is missing, what would change it</th></tr></thead><tbody>";
    for (const auto& one : view.assessment.sufficiency) {
        const auto& action = view.assessment.actions[one.action];
        std::string missing;
        for (const auto& text : one.missing) { missing += "<li>" + escaped(text) + "</li>"; }
        html += fmt::format("<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td><strong>{}</strong></td><td>{}{}</td></tr>", escaped(action.words), escaped(view.evidence.hypotheses[one.hypothesis].id), chance(action.threshold),
                            one.met ? "yes" : "no", missing.empty() ? "" : "<ul>" + missing + "</ul>", escaped(capital(flip_words(one, view)) + "."));
    }
    return html + "</tbody></table></div>\n";
}

std::string questions(const WeighView& view) {
    if (view.assessment.questions.empty()) { return {}; }
    Rows rows("<th>Open question</th><th class=\"n\">value</th><th class=\"n\">cost</th><th class=\"n\">bits</th>");
    for (const auto& worth : view.assessment.questions) {
        const auto& question = view.evidence.questions[worth.question];
        rows.open();
        rows.cell(question.words);
        rows.number(fmt::format("{:.4f}", worth.evsi));
        rows.number(fmt::format("{:g}", question.cost));
        rows.number(fmt::format("{:.2f}", worth.bits));
        rows.close();
    }
    return "<h2>What to ask next</h2>\n<p>Value: what the answer is expected to save in wrong and missed actions. Bits: how much of the uncertainty it is expected to take away.</p>\n" + rows.done();
}

std::string list(std::string_view heading, const std::vector<std::string>& lines) {
    if (lines.empty()) { return {}; }
    std::string html = fmt::format("<h2>{}</h2>\n<ul>", heading);
    for (const auto& line : lines) { html += "<li>" + escaped(line) + "</li>"; }
    return html + "</ul>\n";
}

std::string when(const WeighView& view) {
    const std::string picture = timeline_picture(view);
    if (picture.empty()) { return {}; }
    return "<h2>When</h2>\n<figure>" + picture + "<figcaption>A mark for what was said or seen, a bar for what lasted, a line where something is due. UTC.</figcaption></figure>\n";
}

std::string techniques(const WeighView& view) {
    if (!view.techniques || view.techniques->matches.empty()) { return {}; }
    std::string html = fmt::format("<h2>Techniques, beside what is reported of the {} groups of ATT&amp;CK{}</h2>\n<p>{}</p>\n", view.techniques->groups, escaped(view.techniques->version.empty() ? "" : " v" + view.techniques->version), weigh_words::kLikenessCaution);
    for (const auto& match : view.techniques->matches) {
        html += "<p>" + escaped(weigh_words::match_sentence(match)) + "</p>\n";
        if (match.known == 0) { continue; }
        Rows rows("<th class=\"n\">chance</th><th></th><th>group</th>");
        const auto row = [&](double of, const std::string& id, const std::string& name) {
            rows.open();
            rows.number(chance(of));
            rows.cell(id);
            rows.cell(name);
            rows.close();
        };
        for (const auto& near : match.nearest) { row(near.chance, near.id, near.name); }
        row(match.none, "", "none of them");
        html += rows.done();
    }
    return html;
}

std::string records(const WeighView& view) {
    std::vector<std::string> disputes, damages, requests, promises, threats;
    for (const auto& dispute : view.evidence.disputes) { disputes.push_back(dispute_sentence(dispute, view)); }
    for (const auto& [id, damage] : view.records.damages) {
        damages.push_back(weigh_words::damage_sentence(damage));
    }
    for (const auto& [id, request] : view.records.requests) { requests.push_back(fmt::format("{} to {}: {}: {}", origin_name(view, request.who), origin_name(view, request.to), request.words, request.answer.empty() ? "no answer" : "answer: " + request.answer)); }
    for (const auto& [id, promise] : view.records.commitments) { promises.push_back(fmt::format("{}: {}: {}", origin_name(view, promise.who), promise.words, promise.done.empty() ? "nothing known to be done" : "done: " + promise.done)); }
    for (const auto& item : view.evidence.items) {
        if (item.due) { threats.push_back(fmt::format("{}: {}: {}", to_rfc3339(*item.due), origin_name(view, item.who), item.words)); }
    }
    std::vector<std::string> observed;
    for (const auto& item : view.evidence.items) {
        if (item.kind == weigh::ItemKind::observation) { observed.push_back(origin_name(view, item.who) + ": " + item.words); }
    }
    return list("What was observed", observed) + list("Disputes", disputes) + list("Damage, whoever did it", damages) + list("Threats with a deadline", threats) + list("Requests", requests) + list("Promises", promises);
}

}  // namespace weigh_page
}  // namespace

std::string weigh_html(const WeighView& view, const Context& context) {
    using namespace weigh_page;
    const std::string title = view.title.empty() ? view.path : view.title;
    std::string html(kHtmlHead);
    html += "<title>Headwater: " + escaped(title) + "</title>\n<style>" + std::string(kHtmlStyle) + "</style>\n</head>\n<body>\n<table class=\"page\" role=\"presentation\">";
    html += fmt::format("<thead><tr><td><div class=\"banner\">TLP:{}{}</div></td></tr></thead>", escaped([&] {
                            std::string label(casefile::to_string(view.tlp));
                            std::ranges::transform(label, label.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
                            return label;
                        }()),
                        context.note.empty() ? "" : " · " + escaped(context.note));
    html += "<tbody><tr><td><main>\n<p class=\"kicker\">Headwater assessment of " + escaped(title) + "</p>\n<h1>" + escaped(capital(leader_sentence(view))) + ".</h1>\n";
    html += "<p>" + escaped(confidence_sentence(view)) + ".</p>\n<p>This weighs what was said and seen under stated assumptions; it accuses nobody.</p>\n";
    html += hypotheses(view) + sufficiency(view) + ledger(view) + "<figure>" + waterfall_picture(view) +
            "<figcaption>From the prior odds of the leader against the next to the present ones, origin by origin.</figcaption></figure>\n" + repeated(view) + sensitivity(view) + questions(view) + techniques(view) + when(view) + records(view) + items(view);
    html += fmt::format("<footer>Made by headwater {}{}. The formulas: docs/weigh.md; every number's derivation: headwater weigh --explain.</footer>\n</main></td></tr></tbody></table>\n</body>\n</html>\n", escaped(context.version),
                        view.head ? " from " + escaped(view.path) + ", log at " + casefile::to_string(*view.head) : "");
    return html;
}

}  // namespace hw::app::output
