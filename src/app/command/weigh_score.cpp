#include "app/command/weigh_score.hpp"

#include "app/command/run_context.hpp"
#include "app/output/score_output.hpp"
#include "casefile/case_file.hpp"
#include "weigh/evidence_json.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace hw::app::command {

Result<weigh::PastCase> past_case(const std::string& path, std::string& head) {
    HW_TRY(auto file, casefile::CaseFile::open(path, casefile::Access::read));
    weigh::PastCase past;
    past.path = path;
    const auto where = [&](const casefile::Object& object) { return path + ": " + object.kind + " " + object.id; };
    HW_CHECK(file.for_each(weigh::kAssessmentKind, [&](const casefile::Object& object) -> Result<void> {
        HW_TRY(auto said, weigh::published_from(object.body, object.id, where(object)));
        past.assessments.push_back({object.id, object.time, std::move(said)});
        return {};
    }));
    HW_CHECK(file.for_each(weigh::kOutcomeKind, [&](const casefile::Object& object) -> Result<void> {
        HW_TRY(auto outcome, weigh::outcome_from(object.body, object.id, where(object)));
        past.outcomes.push_back(std::move(outcome));
        past.known = std::min(past.known.value_or(object.time), object.time);
        return {};
    }));
    if (!past.outcomes.empty()) {
        past.outcome = past.outcomes.back();
        if (past.outcome->known) { past.known = past.outcome->known; }
    }
    HW_CHECK(file.for_each(weigh::kItemKind, [&](const casefile::Object& object) -> Result<void> {
        past.who[object.id] = object.body.text("who").value_or("");
        return {};
    }));
    past.hypotheses.emplace(weigh::kNone);
    HW_CHECK(file.for_each(weigh::kHypothesisKind, [&](const casefile::Object& object) -> Result<void> {
        past.hypotheses.insert(object.id);
        return {};
    }));
    HW_TRY(const auto last, file.head());
    head = casefile::to_string(last);
    return past;
}

Result<Outcome> weigh_score(const Invocation& invocation, std::span<const std::string> paths) {
    if (paths.empty()) { return fail(Errc::usage, "weigh score takes case files", {}, "headwater weigh score 2025/*.hwcase"); }
    std::vector<weigh::PastCase> cases;
    std::set<std::string> met;
    for (const std::string& path : paths) {
        std::string head;
        HW_TRY(auto past, past_case(path, head));
        if (!met.insert(head).second) { return fail(Errc::usage, "the same case is given twice", path, "leave one of them"); }
        cases.push_back(std::move(past));
    }
    HW_TRY(const auto record, weigh::score_cases(cases));
    output::Context context = begin_context(invocation);
    context.note = note_on(invocation, {});
    Outcome outcome;
    outcome.code = record.counted == 0 ? ExitCode::nothing_found : ExitCode::done;
    outcome.out = output::score_text(record, context, invocation.settings.format());
    return outcome;
}

}  // namespace hw::app::command
