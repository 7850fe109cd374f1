#include "weigh/records.hpp"

#include "base/json_fields.hpp"

#include <array>

namespace hw::weigh {
namespace {
namespace keeping {

constexpr double kMost = 1e18;
constexpr std::array<std::string_view, 5> kSeverities{"unknown", "minor", "moderate", "major", "severe"};

void put(JsonValue& body, std::string_view name, const std::string& text) {
    if (!text.empty()) { body.set(name, text); }
}
void put(JsonValue& body, std::string_view name, const std::optional<Time>& time) {
    if (time) { body.set(name, to_rfc3339(*time)); }
}
void put(JsonValue& body, std::string_view name, const std::optional<double>& number) {
    if (number) { body.set(name, *number); }
}
void put(JsonValue& body, std::string_view name, const std::vector<std::string>& texts) {
    if (texts.empty()) { return; }
    body.set(name, json_texts(texts));
}

}  // namespace keeping
}  // namespace

std::string_view to_string(Severity severity) {
    using namespace keeping;
    return kSeverities[static_cast<std::size_t>(severity)];
}

JsonValue to_json(const Request& request) {
    using namespace keeping;
    JsonValue body{JsonValue::Object{}};
    put(body, "words", request.words);
    put(body, "who", request.who);
    put(body, "to", request.to);
    put(body, "asked", request.asked);
    put(body, "due", request.due);
    put(body, "answer", request.answer);
    put(body, "answered", request.answered);
    return body;
}

JsonValue to_json(const Commitment& commitment) {
    using namespace keeping;
    JsonValue body{JsonValue::Object{}};
    put(body, "words", commitment.words);
    put(body, "who", commitment.who);
    put(body, "promised", commitment.promised);
    put(body, "due", commitment.due);
    put(body, "done", commitment.done);
    return body;
}

JsonValue to_json(const Damage& damage) {
    using namespace keeping;
    JsonValue body{JsonValue::Object{}};
    put(body, "words", damage.words);
    put(body, "basis", damage.basis);
    put(body, "run", damage.run);
    body.set("severity", to_string(damage.severity));
    put(body, "from", damage.from);
    put(body, "to", damage.to);
    put(body, "hosts", damage.hosts);
    put(body, "bytes", damage.bytes);
    put(body, "bytes_low", damage.bytes_low);
    put(body, "bytes_high", damage.bytes_high);
    return body;
}

JsonValue to_json(const Outcome& outcome) {
    using namespace keeping;
    JsonValue body{JsonValue::Object{}};
    put(body, "hypothesis", outcome.hypothesis);
    put(body, "words", outcome.words);
    put(body, "known", outcome.known);
    put(body, "right", outcome.right);
    put(body, "wrong", outcome.wrong);
    return body;
}

JsonValue to_json(const Note& note) {
    using namespace keeping;
    JsonValue body{JsonValue::Object{}};
    put(body, "words", note.words);
    put(body, "who", note.who);
    put(body, "time", note.time);
    return body;
}

Result<Request> request_from(const JsonValue& body, const std::string& /*id*/, const std::string& where) {
    JsonFields fields(body, where);
    Request made{.words = fields.required_text("words"), .who = fields.required_text("who"), .to = fields.required_text("to"), .answer = fields.text("answer"), .asked = fields.time("asked"), .answered = fields.time("answered"), .due = fields.time("due")};
    HW_CHECK(fields.done());
    return made;
}

Result<Commitment> commitment_from(const JsonValue& body, const std::string& /*id*/, const std::string& where) {
    JsonFields fields(body, where);
    Commitment made{.words = fields.required_text("words"), .who = fields.required_text("who"), .done = fields.text("done"), .promised = fields.time("promised"), .due = fields.time("due")};
    HW_CHECK(fields.done());
    return made;
}

Result<Damage> damage_from(const JsonValue& body, const std::string& /*id*/, const std::string& where) {
    using namespace keeping;
    JsonFields fields(body, where);
    Damage made;
    made.words = fields.required_text("words");
    made.basis = fields.text("basis");
    made.run = fields.text("run");
    made.severity = static_cast<Severity>(fields.choice("severity", {kSeverities.begin(), kSeverities.end()}));
    made.from = fields.time("from");
    made.to = fields.time("to");
    made.hosts = fields.texts("hosts");
    made.bytes = fields.number("bytes", 0, kMost);
    made.bytes_low = fields.number("bytes_low", 0, kMost);
    made.bytes_high = fields.number("bytes_high", 0, kMost);
    if (made.severity != Severity::unknown && made.basis.empty()) { fields.wrong("a severity without its basis", "say in basis how it is known"); }
    HW_CHECK(fields.done());
    return made;
}

Result<Outcome> outcome_from(const JsonValue& body, const std::string& /*id*/, const std::string& where) {
    JsonFields fields(body, where);
    Outcome made{.hypothesis = fields.required_text("hypothesis"), .words = fields.required_text("words"), .known = fields.time("known"), .right = fields.texts("right"), .wrong = fields.texts("wrong")};
    HW_CHECK(fields.done());
    return made;
}

Result<Note> note_from(const JsonValue& body, const std::string& /*id*/, const std::string& where) {
    JsonFields fields(body, where);
    Note made{.words = fields.required_text("words"), .who = fields.text("who"), .time = fields.time("time")};
    HW_CHECK(fields.done());
    return made;
}

}  // namespace hw::weigh
