// Documents of statements, in TOML (first byte t) or JSON: any bytes are refused or weighed, and what is weighed adds up to one, with H0 in it.
#include "app/toml_document.hpp"
#include "weigh/assessment.hpp"
#include "weigh/document.hpp"
#include "weigh/evidence_json.hpp"
#include "weigh/finding.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace hw;

void weigh_all(const std::vector<casefile::Change>& changes) {
    weigh::Evidence evidence;
    const auto take = [](auto& list, auto read) {
        if (!read) { std::abort(); }  // what was filed reads back
        list.push_back(*std::move(read));
    };
    for (const auto& change : changes) {
        if (change.kind == weigh::kHypothesisKind) { take(evidence.hypotheses, weigh::hypothesis_from(change.body, change.id, "f")); }
        else if (change.kind == weigh::kOriginKind) { take(evidence.origins, weigh::origin_from(change.body, change.id, "f")); }
        else if (change.kind == weigh::kItemKind) { take(evidence.items, weigh::item_from(change.body, change.id, "f")); }
        else if (change.kind == weigh::kDisputeKind) { take(evidence.disputes, weigh::dispute_from(change.body, change.id, "f")); }
        else if (change.kind == weigh::kQuestionKind) { take(evidence.questions, weigh::question_from(change.body, change.id, "f")); }
        else if (change.kind == weigh::kActionKind) { take(evidence.actions, weigh::action_from(change.body, change.id, "f")); }
    }
    constexpr std::size_t kEnough = 60;
    if (evidence.items.size() > kEnough || evidence.hypotheses.size() > kEnough || !weigh::settle(evidence, "f")) { return; }
    weigh::derive_likelihoods(evidence);
    const auto told = weigh::assess(evidence);
    double sum = 0;
    for (const auto& standing : told.standings) {
        if (!(standing.low <= standing.probability && standing.probability <= standing.high)) { std::abort(); }
        sum += standing.probability;
    }
    if (std::fabs(sum - 1) > 1e-9 || told.standings.back().probability < weigh::kLeastNone * 0.999) { std::abort(); }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) { return 0; }
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)) + 1, size - 1);
    const auto value = data[0] == 't' ? app::parse_toml_document(text, "f") : parse_json(text, "f");
    if (!value) { return 0; }
    const auto changes = weigh::read_document(*value, "f");
    if (changes) { weigh_all(*changes); }
    return 0;
}
