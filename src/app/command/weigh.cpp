// The verb `weigh`: what the evidence amounts to.
#include "app/command/case_inputs.hpp"
#include "app/command/run_context.hpp"
#include "app/command/weigh_score.hpp"
#include "app/output/weigh_output.hpp"
#include "app/write_file.hpp"
#include "base/input/unpack.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "weigh/attack/library_file.hpp"
#include "weigh/document.hpp"
#include "weigh/evidence_json.hpp"
#include "weigh/finding.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace hw::app::command {
namespace {
namespace weighing {

using casefile::CaseFile;

/// The strictest label of what went in.
casefile::Tlp strictest(casefile::Tlp of_case, const weigh::Evidence& evidence) {
    for (const auto& item : evidence.items) { of_case = std::max(of_case, item.tlp); }
    return of_case;
}

template <typename Thing, typename Read>
Result<void> read_records(CaseFile& file, std::string_view kind, std::vector<std::pair<std::string, Thing>>& into, Read read) {
    return file.for_each(kind, [&](const casefile::Object& object) -> Result<void> {
        HW_TRY(auto made, read(object.body, object.id, file.path() + ": " + std::string(kind) + " " + object.id));
        into.emplace_back(object.id, std::move(made));
        return {};
    });
}

/// What filed runs said of their inputs: made traffic must never pass for a victim's.
Result<std::string> notes_of(CaseFile& file) {
    std::set<std::string, std::less<>> notes;
    HW_CHECK(file.for_each("run", [&](const casefile::Object& object) -> Result<void> {
        notes.insert(object.body.text("note").value_or(""));
        return {};
    }));
    return joined_notes(notes);
}

Result<output::WeighView> view_of_case(const std::string& path, output::Context& context) {
    HW_TRY(auto file, CaseFile::open(path, casefile::Access::read));
    output::WeighView view;
    view.path = path;
    view.title = file.about().title;
    HW_TRY(view.head, file.head());
    HW_TRY(view.evidence, weigh::evidence_of(file));
    view.tlp = strictest(file.about().tlp, view.evidence);
    HW_CHECK(read_records(file, weigh::kRequestKind, view.records.requests, weigh::request_from));
    HW_CHECK(read_records(file, weigh::kCommitmentKind, view.records.commitments, weigh::commitment_from));
    HW_CHECK(read_records(file, weigh::kDamageKind, view.records.damages, weigh::damage_from));
    if (context.note.empty()) { HW_TRY(context.note, notes_of(file)); }
    return view;
}

/// A document is weighed as a case would be that holds nothing else; nothing is kept.
Result<output::WeighView> view_of_document(const Invocation& invocation, const std::string& path) {
    HW_TRY(const auto found, find_file(invocation, path));
    if (found.format != "headwater-statements") { return fail(Errc::malformed, "neither a case file nor a document of statements", path, "'headwater help weigh' shows the form"); }
    output::WeighView view;
    view.path = path;
    view.title = found.title;
    const auto read = [&](const casefile::Change& change) -> Result<void> {
        const std::string where = path + ": " + change.kind + " " + change.id;
        const auto take = [&](auto& list, auto from) -> Result<void> {
            HW_TRY(auto made, from(change.body, change.id, where));
            list.push_back(std::move(made));
            return {};
        };
        const auto keep = [&](auto& list, auto from) -> Result<void> {
            HW_TRY(auto made, from(change.body, change.id, where));
            list.emplace_back(change.id, std::move(made));
            return {};
        };
        if (change.kind == weigh::kHypothesisKind) { return take(view.evidence.hypotheses, weigh::hypothesis_from); }
        if (change.kind == weigh::kOriginKind) { return take(view.evidence.origins, weigh::origin_from); }
        if (change.kind == weigh::kItemKind) {
            HW_CHECK(take(view.evidence.items, weigh::item_from));
            view.evidence.items.back().tlp = change.tlp.value_or(casefile::Tlp::clear);
            return {};
        }
        if (change.kind == weigh::kDisputeKind) { return take(view.evidence.disputes, weigh::dispute_from); }
        if (change.kind == weigh::kQuestionKind) { return take(view.evidence.questions, weigh::question_from); }
        if (change.kind == weigh::kActionKind) { return take(view.evidence.actions, weigh::action_from); }
        if (change.kind == weigh::kRequestKind) { return keep(view.records.requests, weigh::request_from); }
        if (change.kind == weigh::kCommitmentKind) { return keep(view.records.commitments, weigh::commitment_from); }
        if (change.kind == weigh::kDamageKind) { return keep(view.records.damages, weigh::damage_from); }
        if (change.kind == weigh::kSettingKind) { view.evidence.temperature = change.body.number("value").value_or(1); }
        return {};
    };
    for (const auto& change : found.changes) { HW_CHECK(read(change)); }
    HW_CHECK(weigh::settle(view.evidence, path));
    view.tlp = strictest(casefile::Tlp::clear, view.evidence);
    return view;
}

/// A case is an SQLite file, and those say so in their first bytes.
Result<bool> is_sqlite(const Invocation& invocation, const std::string& path) {
    constexpr std::string_view kMagic = "SQLite format 3";
    HW_TRY(const auto input, InputBytes::open(path, invocation.stop));
    return as_text(input->head()).starts_with(kMagic);
}

/// Matches techniques that were found with the library that --attack names.
Result<std::optional<output::MatchedTechniques>> match_with(const Invocation& invocation, weigh::Evidence& evidence) {
    const auto path = invocation.settings.optional_text("attack");
    if (!path) { return std::nullopt; }
    HW_TRY(const auto input, InputBytes::open(*path, invocation.stop));
    HW_TRY(const auto library, weigh::attack::read_library(*input, *path));
    output::MatchedTechniques told{.path = *path, .sha256 = {}, .version = library.version, .groups = library.groups.size(), .matches = weigh::attack::match_techniques(evidence, library)};
    HW_TRY(told.sha256, input->finish_sha256());
    if (told.sha256.empty()) { return fail(Errc::interrupted, "interrupted", *path); }
    return told;
}

/// Adds to the origins' counts what other cases' outcomes say of them. Gives the heads of those cases.
Result<std::vector<std::string>> learn_from(const Invocation& invocation, weigh::Evidence& evidence, const std::optional<casefile::Head>& own) {
    std::vector<weigh::PastCase> cases;
    std::vector<std::string> heads;
    for (const std::string& path : invocation.settings.texts("record")) {
        HW_TRY(auto past, past_case(path, heads.emplace_back()));
        const bool again = std::ranges::count(heads, heads.back()) > 1;
        if (again || (own && heads.back() == casefile::to_string(*own))) { return fail(Errc::usage, again ? "the same case is given twice" : "a case does not judge its own sources", path, "give other cases, whose outcomes are known"); }
        cases.push_back(std::move(past));
    }
    HW_TRY(const auto record, weigh::score_cases(cases));
    weigh::learn(evidence, record.sources);
    return heads;
}

/// Puts the assessment on record.
Result<void> publish(const Invocation& invocation, const output::WeighView& view, std::vector<std::string> records) {
    auto said = weigh::published_of(view.evidence, view.assessment);
    said.head = casefile::to_string(*view.head);
    said.records = std::move(records);
    if (view.techniques) { said.library = view.techniques->sha256; }
    HW_TRY(auto file, CaseFile::open(view.path, casefile::Access::write));
    HW_TRY(const auto key, read_key(invocation));
    const casefile::Change change{.act = casefile::Act::put, .kind = std::string(weigh::kAssessmentKind), .id = {}, .tlp = view.tlp, .body = weigh::to_json(said)};
    HW_TRY(const auto head, file.append(std::span(&change, 1), key, invocation.world.now));
    if (!invocation.quiet()) { log::info(printable("published: the assessment is on record in " + view.path + "; head " + casefile::to_string(head))); }
    return {};
}

}  // namespace weighing
}  // namespace

Result<Outcome> weigh(const Invocation& invocation) {
    using namespace weighing;
    if (!invocation.operands.empty() && invocation.operands.front() == "score") { return weigh_score(invocation, std::span(invocation.operands).subspan(1)); }
    const auto html = invocation.settings.optional_text("html");
    if (html) { HW_CHECK(check_writable(*html)); }
    if (invocation.operands.size() != 1) { return fail(Errc::usage, "weigh takes one case file, or one document of statements", {}, "headwater weigh investigation.hwcase"); }
    const std::string& path = invocation.operands.front();
    output::Context context = begin_context(invocation);
    context.note = note_on(invocation, {});
    HW_TRY(const bool sqlite, is_sqlite(invocation, path));
    HW_TRY(auto view, sqlite ? view_of_case(path, context) : view_of_document(invocation, path));
    const bool on_record = invocation.settings.flag("publish");
    if (on_record && !sqlite) { return fail(Errc::usage, "only the assessment of a case can be published", path, "file the document: headwater case new, then headwater case add"); }
    HW_TRY(auto records, learn_from(invocation, view.evidence, view.head));
    HW_TRY(view.techniques, match_with(invocation, view.evidence));
    weigh::derive_likelihoods(view.evidence);
    view.assessment = weigh::assess(view.evidence);

    Outcome outcome;
    outcome.code = view.evidence.items.empty() ? ExitCode::nothing_found : ExitCode::done;
    const std::string format = invocation.settings.format();
    if (format == "csv") { outcome.out = output::weigh_csv(view); }
    else if (format != "table") { outcome.out = output::weigh_json(view, context, format == "json"); }
    else if (invocation.settings.flag("explain")) { outcome.out = output::weigh_explanation(view, context); }
    else { outcome.out = output::weigh_table(view, context); }
    if (html) {
        if (auto written = write_file(*html, output::weigh_html(view, context)); !written) { outcome.late = std::move(written).error(); }
    }
    if (on_record) {
        if (auto published = publish(invocation, view, std::move(records)); !published && !outcome.late) { outcome.late = std::move(published).error(); }
    }
    return outcome;
}

}  // namespace hw::app::command
