#pragma once

#include "base/error.hpp"
#include "base/json_value.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What a case keeps beside its evidence: what was asked, promised, damaged, and how it turned out. None of it enters the ledger.
namespace hw::weigh {

inline constexpr std::string_view kRequestKind = "request";
inline constexpr std::string_view kCommitmentKind = "commitment";
inline constexpr std::string_view kDamageKind = "damage";
inline constexpr std::string_view kOutcomeKind = "outcome";
inline constexpr std::string_view kNoteKind = "note";
inline constexpr std::string_view kAssessmentKind = "assessment";

/// Something asked of somebody.
struct Request {
    std::string words, who, to;
    std::string answer;               ///< Empty: there is none yet.
    std::optional<Time> asked, answered, due;
};

/// Something promised, and what became of it.
struct Commitment {
    std::string words, who;
    std::string done;                 ///< What was done of it; empty: nothing is known of.
    std::optional<Time> promised, due;
};

/// How grave damage is, whoever did it.
enum class Severity : std::uint8_t { unknown, minor, moderate, major, severe };
[[nodiscard]] std::string_view to_string(Severity severity);

/// What was lost or broken. Kept apart from who did it.
struct Damage {
    std::string words;                ///< What.
    std::string basis;                ///< How it is known.
    std::string run;                  ///< The run of Headwater that found it; empty: somebody says so.
    Severity severity = Severity::unknown;
    std::optional<Time> from, to;
    std::vector<std::string> hosts;
    std::optional<double> bytes, bytes_low, bytes_high;  ///< Estimate, and the bounds of its sampling error.
};

/// How it turned out, as far as anybody can say: what earlier assessments are scored by.
struct Outcome {
    std::string hypothesis;
    std::string words;                ///< Who says so, and on what.
    std::optional<Time> known;
    std::vector<std::string> right, wrong;  ///< Items that turned out right, and wrong.
};

struct Note {
    std::string words, who;
    std::optional<Time> time;
};

[[nodiscard]] JsonValue to_json(const Request& request);
[[nodiscard]] JsonValue to_json(const Commitment& commitment);
[[nodiscard]] JsonValue to_json(const Damage& damage);
[[nodiscard]] JsonValue to_json(const Outcome& outcome);
[[nodiscard]] JsonValue to_json(const Note& note);

/// Read such a body. Fail with `malformed` as those of evidence_json.hpp do. The id is not part of them.
[[nodiscard]] Result<Request> request_from(const JsonValue& body, const std::string& id, const std::string& where);
[[nodiscard]] Result<Commitment> commitment_from(const JsonValue& body, const std::string& id, const std::string& where);
[[nodiscard]] Result<Damage> damage_from(const JsonValue& body, const std::string& id, const std::string& where);
[[nodiscard]] Result<Outcome> outcome_from(const JsonValue& body, const std::string& id, const std::string& where);
[[nodiscard]] Result<Note> note_from(const JsonValue& body, const std::string& id, const std::string& where);

}  // namespace hw::weigh
