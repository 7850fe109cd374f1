#pragma once

#include "app/output/context.hpp"
#include "casefile/case_file.hpp"
#include "weigh/assessment.hpp"
#include "weigh/attack/technique_items.hpp"
#include "weigh/records.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The renderers of `weigh`.
namespace hw::app::output {

/// What is kept beside the evidence, with its ids.
struct CaseRecords {
    std::vector<std::pair<std::string, weigh::Request>> requests;
    std::vector<std::pair<std::string, weigh::Commitment>> commitments;
    std::vector<std::pair<std::string, weigh::Damage>> damages;
};

/// The library that techniques were matched with, and what came of it.
struct MatchedTechniques {
    std::string path, sha256, version;
    std::size_t groups = 0;
    std::vector<weigh::attack::TechniqueMatch> matches;
};

/// All that the renderers show.
struct WeighView {
    std::string path;
    std::string title;
    casefile::Tlp tlp = casefile::Tlp::amber;  ///< The strictest label of what went in.
    std::optional<casefile::Head> head;        ///< Of the case; nothing where a document was weighed.
    weigh::Evidence evidence;
    weigh::Assessment assessment;
    CaseRecords records;
    std::optional<MatchedTechniques> techniques;  ///< Nothing where no library was given.
};

[[nodiscard]] std::string weigh_json(const WeighView& view, const Context& context, bool indented);
[[nodiscard]] std::string weigh_csv(const WeighView& view);
[[nodiscard]] std::string weigh_table(const WeighView& view, const Context& context);
/// Every number's derivation, line by line, so that a person can check it with pen and paper.
[[nodiscard]] std::string weigh_explanation(const WeighView& view, const Context& context);
/// The report: one self-contained page without scripts.
[[nodiscard]] std::string weigh_html(const WeighView& view, const Context& context);

}  // namespace hw::app::output
