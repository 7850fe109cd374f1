#include "weigh/evidence_json.hpp"

#include "base/json_fields.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace hw::weigh {
namespace {
namespace settling {

template <typename Things>
Result<std::set<std::string>> ids_of(const Things& things, std::string_view kind, const std::string& where) {
    std::set<std::string> ids;
    for (const auto& thing : things) {
        if (!ids.insert(thing.id).second) { return fail(Errc::malformed, fmt::format("there are two of {} {}", kind, thing.id), where, "give one of them another id"); }
    }
    return ids;
}

Result<void> check_names(const std::map<std::string, double>& chances, const std::set<std::string>& known, const std::string& of, const std::string& where) {
    for (const auto& [name, chance] : chances) {
        if (!known.contains(name)) { return fail(Errc::malformed, fmt::format("{} gives a likelihood under {}, which is no hypothesis here", of, name), where, "add the hypothesis, or take the likelihood out"); }
    }
    return {};
}

/// H0 last; it is made where nobody stated it.
void put_none_last(std::vector<Hypothesis>& hypotheses) {
    const auto at = std::ranges::find(hypotheses, kNone, &Hypothesis::id);
    Hypothesis none{.id = std::string(kNone), .statement = "none of those listed"};
    if (at != hypotheses.end()) {
        none = std::move(*at);
        hypotheses.erase(at);
    }
    hypotheses.push_back(std::move(none));
}

Result<void> check_priors(const std::vector<Hypothesis>& hypotheses, const std::string& where) {
    double sum = 0;
    bool open = false;
    for (const Hypothesis& hypothesis : hypotheses) {
        sum += hypothesis.prior.value_or(0);
        open = open || !hypothesis.prior;
    }
    constexpr double kRounding = 1e-6;
    if (open && sum > 1 - kLeastPrior) { return fail(Errc::malformed, fmt::format("the priors add up to {:.3f} and leave nothing for the hypotheses without one", sum), where, "H0, \"none of those listed\", needs a share as well"); }
    if (!open && std::abs(sum - 1) > kRounding) { return fail(Errc::malformed, fmt::format("the priors add up to {:.3f}, not to 1", sum), where, "leave one out: it takes what is left"); }
    return {};
}

}  // namespace settling
}  // namespace

Result<void> settle(Evidence& evidence, const std::string& where) {
    using namespace settling;
    put_none_last(evidence.hypotheses);
    if (evidence.hypotheses.size() < 2) { return fail(Errc::malformed, "there is no hypothesis to weigh", where, "file one: 'headwater help weigh' shows the form"); }
    HW_TRY(const auto hypotheses, ids_of(evidence.hypotheses, kHypothesisKind, where));
    HW_CHECK(check_priors(evidence.hypotheses, where));
    HW_TRY(auto origins, ids_of(evidence.origins, kOriginKind, where));
    HW_TRY(const auto items, ids_of(evidence.items, kItemKind, where));
    for (const Item& item : evidence.items) {
        HW_CHECK(check_names(item.likelihood, hypotheses, item.id, where));
        if (!item.frames.empty() && !hypotheses.contains(item.frames)) { return fail(Errc::malformed, fmt::format("{} frames {}, which is no hypothesis here", item.id, item.frames), where); }
        if (origins.insert(item.who).second) { evidence.origins.push_back({.id = item.who, .name = item.who}); }
    }
    HW_CHECK(ids_of(evidence.disputes, kDisputeKind, where));
    for (const Dispute& dispute : evidence.disputes) {
        if (!items.contains(dispute.item)) { return fail(Errc::malformed, fmt::format("{} disputes {}, which is no item here", dispute.id, dispute.item), where); }
    }
    HW_CHECK(ids_of(evidence.questions, kQuestionKind, where));
    for (const Question& question : evidence.questions) {
        for (const Answer& answer : question.answers) { HW_CHECK(check_names(answer.likelihood, hypotheses, question.id, where)); }
    }
    HW_CHECK(ids_of(evidence.actions, kActionKind, where));
    for (const Action& action : evidence.actions) {
        if (!action.hypothesis.empty() && !hypotheses.contains(action.hypothesis)) { return fail(Errc::malformed, fmt::format("{} is about {}, which is no hypothesis here", action.id, action.hypothesis), where); }
    }
    return {};
}

Result<Evidence> evidence_of(casefile::CaseFile& file) {
    Evidence evidence;
    const auto read = [&](std::string_view kind, auto into, auto from) {
        return file.for_each(kind, [&](const casefile::Object& object) -> Result<void> {
            HW_TRY(auto made, from(object.body, object.id, fmt::format("{}: {} {}", file.path(), kind, object.id)));
            (evidence.*into).push_back(std::move(made));
            return {};
        });
    };
    HW_CHECK(read(kHypothesisKind, &Evidence::hypotheses, hypothesis_from));
    HW_CHECK(read(kOriginKind, &Evidence::origins, origin_from));
    HW_CHECK(file.for_each(kItemKind, [&](const casefile::Object& object) -> Result<void> {
        HW_TRY(auto made, item_from(object.body, object.id, fmt::format("{}: item {}", file.path(), object.id)));
        made.tlp = object.tlp;
        evidence.items.push_back(std::move(made));
        return {};
    }));
    HW_CHECK(read(kDisputeKind, &Evidence::disputes, dispute_from));
    HW_CHECK(read(kQuestionKind, &Evidence::questions, question_from));
    HW_CHECK(read(kActionKind, &Evidence::actions, action_from));
    HW_TRY(const auto temperature, file.find(kSettingKind, "temperature"));
    if (temperature && !temperature->retracted) { evidence.temperature = std::max(1.0, temperature->body.number("value").value_or(1)); }
    HW_CHECK(settle(evidence, file.path()));
    return evidence;
}

}  // namespace hw::weigh
