#pragma once

#include "base/error.hpp"
#include "base/json_value.hpp"
#include "casefile/case_file.hpp"
#include "weigh/evidence.hpp"

#include <optional>
#include <string>
#include <vector>

/// Evidence as JSON: as it is filed in a case, one object each, and as people write it, a document of many (docs/weigh.md).
namespace hw::weigh {

/// The bounds of a stated chance: nothing that people say is more certain, so that no single item decides alone.
inline constexpr double kLeastChance = 0.02;
inline constexpr double kGreatestChance = 0.98;
inline constexpr double kLeastPrior = 0.001;

/// What the kinds of objects are called in a case.
inline constexpr std::string_view kHypothesisKind = "hypothesis";
inline constexpr std::string_view kOriginKind = "origin";
inline constexpr std::string_view kItemKind = "item";
inline constexpr std::string_view kDisputeKind = "dispute";
inline constexpr std::string_view kQuestionKind = "question";
inline constexpr std::string_view kActionKind = "action";
inline constexpr std::string_view kSettingKind = "setting";

/// The body of an object, as it is filed.
[[nodiscard]] JsonValue to_json(const Hypothesis& hypothesis);
[[nodiscard]] JsonValue to_json(const Origin& origin);
[[nodiscard]] JsonValue to_json(const Item& item);
[[nodiscard]] JsonValue to_json(const Dispute& dispute);
[[nodiscard]] JsonValue to_json(const Question& question);
[[nodiscard]] JsonValue to_json(const Action& action);

/// Read such a body. Fail with `malformed` on members that are missing, unknown, of another kind or out of bounds.
[[nodiscard]] Result<Hypothesis> hypothesis_from(const JsonValue& body, std::string id, const std::string& where);
[[nodiscard]] Result<Origin> origin_from(const JsonValue& body, std::string id, const std::string& where);
[[nodiscard]] Result<Item> item_from(const JsonValue& body, std::string id, const std::string& where);
[[nodiscard]] Result<Dispute> dispute_from(const JsonValue& body, std::string id, const std::string& where);
[[nodiscard]] Result<Question> question_from(const JsonValue& body, std::string id, const std::string& where);
[[nodiscard]] Result<Action> action_from(const JsonValue& body, std::string id, const std::string& where);

/// Puts H0 last, there or not, and origins that nobody described into their list. Fails with `malformed` where ids stand twice, where
/// something names a hypothesis or item that is not here, where the priors leave nothing for one, or where there is no hypothesis but H0.
[[nodiscard]] Result<void> settle(Evidence& evidence, const std::string& where);

/// All evidence of a case that was not taken back, settled.
[[nodiscard]] Result<Evidence> evidence_of(casefile::CaseFile& file);

}  // namespace hw::weigh
