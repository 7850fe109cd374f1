#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/weigh_output.hpp"
#include "app/output/words.hpp"
#include "base/json.hpp"

#include <algorithm>
#include <utility>

namespace hw::app::output {
namespace {
namespace weigh_members {

using weigh::Evidence;

/// A number a hypothesis, by the hypotheses' ids.
template <typename Values, typename Of>
void write_by_hypothesis(JsonWriter& json, std::string_view name, const Values& values, const Evidence& evidence, Of of) {
    json.key(name).begin_object();
    for (std::size_t h = 0; h < values.size(); ++h) { json.member(evidence.hypotheses[h].id, of(values[h])); }
    json.end_object();
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
    json.key(name).begin_array();
    for (const auto& text : texts) { json.value(text); }
    json.end_array();
}

void write_hypotheses(JsonWriter& json, const WeighView& view) {
    json.key("hypotheses").begin_array();
    for (std::size_t h = 0; h < view.evidence.hypotheses.size(); ++h) {
        const auto& standing = view.assessment.standings[h];
        json.begin_object().member("id", view.evidence.hypotheses[h].id).member("statement", view.evidence.hypotheses[h].statement).member("prior", rounded(standing.prior));
        json.member("score_db", rounded(Decibans(standing.score_db))).member("probability", rounded(standing.probability)).member("low", rounded(standing.low)).member("high", rounded(standing.high));
        json.member("words", likelihood(standing.probability)).end_object();
    }
    json.end_array();
}

void write_origins(JsonWriter& json, const WeighView& view) {
    json.key("origins").begin_array();
    for (const auto& origin : view.evidence.origins) {
        std::size_t items = 0, lines = 0;
        double weight = 0;
        for (const auto& item : view.evidence.items) { items += item.who == origin.id ? 1U : 0U; }
        for (std::size_t at = 0; at < view.assessment.ledger.lines.size(); ++at) {
            const auto& line = view.assessment.ledger.lines[at];
            if (line.lambda == 0 || std::ranges::find(line.origins, origin.id) == line.origins.end()) { continue; }
            ++lines;
            weight += view.assessment.support[at].for_leader_db;
        }
        json.begin_object().member("id", origin.id).member("name", origin.name).member("items", items).member("lines", lines).member("for_leader_db", rounded(Decibans(weight))).end_object();
    }
    json.end_array();
}

void write_line(JsonWriter& json, std::size_t at, const WeighView& view) {
    const auto& line = view.assessment.ledger.lines[at];
    const auto& item = view.evidence.items[line.item];
    const auto as_is = [](double value) { return rounded(value); };
    json.begin_object().member("item", item.id).member("kind", weigh::to_string(item.kind)).member("words", item.words);
    json.key("voices").begin_array();
    for (const std::size_t voice : line.voices) { json.value(view.evidence.items[voice].id); }
    json.end_array();
    write_texts(json, "roots", line.roots);
    write_texts(json, "origins", line.origins);
    json.member("grade", std::string(1, weigh::to_letter(line.grade))).member("reliability", rounded(line.reliability)).member("q", item.otherwise).member("forgeability", item.forgeability);
    json.member("frames", item.frames).member("counts", weigh::to_string(line.counting)).member("lambda", line.lambda);
    if (line.beside) { json.member("beside", view.evidence.items[view.assessment.ledger.lines[*line.beside].item].id); }
    if (!item.derived.empty()) { json.member("derived", item.derived); }
    if (!line.likelihood.empty()) {
        write_by_hypothesis(json, "likelihood", line.likelihood, view.evidence, as_is);
        write_by_hypothesis(json, "p1", line.told, view.evidence, as_is);
        write_by_hypothesis(json, "p2", line.deceived, view.evidence, as_is);
        write_by_hypothesis(json, "weight_db", line.weight, view.evidence, [](Decibans weight) { return rounded(weight); });
    }
    json.member("for_leader_db", rounded(Decibans(view.assessment.support[at].for_leader_db))).end_object();
}

void write_runs(JsonWriter& json, const WeighView& view) {
    json.key("sensitivity").begin_array();
    for (const auto& run : view.assessment.runs) {
        json.begin_object().member("run", weigh::to_string(run.kind));
        if (!run.origin.empty()) { json.member("origin", run.origin); }
        write_by_hypothesis(json, "probability", run.chances, view.evidence, [](double value) { return rounded(value); });
        json.member("leader", view.evidence.hypotheses[run.leader].id).end_object();
    }
    json.end_array();
}

void write_sufficiency(JsonWriter& json, const WeighView& view) {
    json.key("sufficiency").begin_array();
    for (const auto& one : view.assessment.sufficiency) {
        const auto& action = view.assessment.actions[one.action];
        json.begin_object().member("action", action.id).member("words", action.words).member("hypothesis", view.evidence.hypotheses[one.hypothesis].id).member("threshold", action.threshold).member("met", one.met);
        write_texts(json, "missing", one.missing);
        write_texts(json, "decisive", one.decisive);
        json.end_object();
    }
    json.end_array().key("flips").begin_array();
    for (const auto& one : view.assessment.sufficiency) {
        json.begin_object().member("action", view.assessment.actions[one.action].id).member("hypothesis", view.evidence.hypotheses[one.hypothesis].id).member("margin_db", rounded(Decibans(one.flip_db))).end_object();
    }
    if (view.assessment.runner_up) {
        json.begin_object().member("leader", view.evidence.hypotheses[view.assessment.leader].id).member("runner_up", view.evidence.hypotheses[*view.assessment.runner_up].id).member("margin_db", rounded(Decibans(view.assessment.lead_db))).end_object();
    }
    json.end_array();
}

void write_questions(JsonWriter& json, const WeighView& view) {
    json.key("questions").begin_array();
    for (const auto& worth : view.assessment.questions) {
        const auto& question = view.evidence.questions[worth.question];
        json.begin_object().member("id", question.id).member("words", question.words).member("cost", question.cost).member("evsi", rounded(worth.evsi)).member("evsi_per_cost", rounded(worth.evsi_per_cost)).member("bits", rounded(worth.bits));
        json.key("answers").begin_array();
        for (std::size_t a = 0; a < worth.answers.size(); ++a) {
            json.begin_object().member("says", question.answers[a].says).member("probability", rounded(worth.answers[a].probability));
            write_by_hypothesis(json, "then", worth.answers[a].chances, view.evidence, [](double value) { return rounded(value); });
            json.end_object();
        }
        json.end_array().end_object();
    }
    json.end_array();
}

void write_disputes(JsonWriter& json, const WeighView& view) {
    json.key("disputes").begin_array();
    for (const auto& dispute : view.evidence.disputes) {
        json.begin_object().member("id", dispute.id).member("item", dispute.item).member("who", dispute.who).member("ground", dispute.ground).member("words", dispute.words).member("answered", dispute.answered).end_object();
    }
    json.end_array();
    const auto& citations = view.assessment.ledger.citations;
    json.key("citations").begin_object().key("circular").begin_array();
    for (const auto& ring : citations.rings) {
        json.begin_array();
        for (const auto& id : ring) { json.value(id); }
        json.end_array();
    }
    json.end_array();
    write_texts(json, "unseen", citations.unseen);
    json.end_object();
}

void write_records(JsonWriter& json, const CaseRecords& records) {
    const auto moment = [&](std::string_view name, const std::optional<Time>& time) {
        if (time) { json.member(name, to_rfc3339(*time)); }
    };
    json.key("damage").begin_array();
    for (const auto& [id, damage] : records.damages) {
        json.begin_object().member("id", id).member("words", damage.words).member("severity", weigh::to_string(damage.severity)).member("basis", damage.basis);
        moment("from", damage.from);
        moment("to", damage.to);
        write_texts(json, "hosts", damage.hosts);
        json.member("bytes", damage.bytes).member("bytes_low", damage.bytes_low).member("bytes_high", damage.bytes_high).end_object();
    }
    json.end_array().key("requests").begin_array();
    for (const auto& [id, request] : records.requests) {
        json.begin_object().member("id", id).member("words", request.words).member("who", request.who).member("to", request.to);
        moment("asked", request.asked);
        moment("due", request.due);
        json.member("answer", request.answer);
        moment("answered", request.answered);
        json.end_object();
    }
    json.end_array().key("commitments").begin_array();
    for (const auto& [id, commitment] : records.commitments) {
        json.begin_object().member("id", id).member("words", commitment.words).member("who", commitment.who);
        moment("promised", commitment.promised);
        moment("due", commitment.due);
        json.member("done", commitment.done).end_object();
    }
    json.end_array();
}

void write_techniques(JsonWriter& json, const std::optional<MatchedTechniques>& told) {
    if (!told) { return; }
    json.key("techniques").begin_object().key("library").begin_object().member("path", told->path).member("sha256", told->sha256).member("version", told->version).member("groups", told->groups).end_object();
    json.key("matches").begin_array();
    for (const auto& match : told->matches) {
        json.begin_object().member("item", match.item);
        write_texts(json, "others", match.others);
        json.member("known", match.known);
        write_texts(json, "unknown", match.unknown);
        json.member("none", rounded(match.none)).key("nearest").begin_array();
        for (const auto& near : match.nearest) { json.begin_object().member("id", near.id).member("name", near.name).member("probability", rounded(near.chance)).end_object(); }
        json.end_array().end_object();
    }
    json.end_array().end_object();
}

}  // namespace weigh_members
}  // namespace

std::string weigh_json(const WeighView& view, const Context& context, bool indented) {
    using namespace weigh_members;
    std::string text;
    JsonWriter json(text, indented ? 2 : 0);
    json.begin_object().member("schema", "headwater.weigh/1");
    write_run_members(json, context);
    json.key("case").begin_object().member("path", view.path).member("title", view.title).member("tlp", casefile::to_string(view.tlp));
    if (view.head) { json.member("head", casefile::to_string(*view.head)); }
    json.end_object();
    write_hypotheses(json, view);
    json.member("leader", view.evidence.hypotheses[view.assessment.leader].id).member("fragile", view.assessment.fragile);
    json.key("confidence").begin_object().member("level", weigh::to_string(view.assessment.confidence)).member("because", view.assessment.confidence_because).end_object();
    json.member("temperature", view.assessment.ledger.temperature);
    write_origins(json, view);
    json.key("ledger").begin_array();
    for (std::size_t at = 0; at < view.assessment.ledger.lines.size(); ++at) { write_line(json, at, view); }
    json.end_array();
    write_runs(json, view);
    write_sufficiency(json, view);
    write_questions(json, view);
    write_disputes(json, view);
    write_techniques(json, view.techniques);
    write_records(json, view.records);
    json.end_object();
    return text + "\n";
}

std::string weigh_csv(const WeighView& view) {
    std::string text;
    append_csv(text, {"id", "statement", "prior", "score_db", "probability", "low", "high", "words"});
    for (std::size_t h = 0; h < view.evidence.hypotheses.size(); ++h) {
        const auto& standing = view.assessment.standings[h];
        append_csv(text, {view.evidence.hypotheses[h].id, view.evidence.hypotheses[h].statement, json_number(rounded(standing.prior)), json_number(rounded(Decibans(standing.score_db))), json_number(rounded(standing.probability)),
                          json_number(rounded(standing.low)), json_number(rounded(standing.high)), std::string(likelihood(standing.probability))});
    }
    return text;
}

}  // namespace hw::app::output
