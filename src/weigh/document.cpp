#include "weigh/document.hpp"

#include "base/json_fields.hpp"
#include "weigh/evidence_json.hpp"
#include "weigh/records.hpp"

#include <array>
#include <functional>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace hw::weigh {
namespace {
namespace documents {

using Reader = std::function<Result<JsonValue>(const JsonValue& body, const std::string& id, const std::string& where)>;

/// Reads a body strictly, and gives it as it is filed.
template <typename Read>
Reader through(Read read) {
    return [read](const JsonValue& body, const std::string& id, const std::string& where) -> Result<JsonValue> {
        HW_TRY(const auto made, read(body, id, where));
        return to_json(made);
    };
}

struct Table {
    std::string_view kind;
    Reader read;
};

/// In the order of filing: what others name comes before them.
const std::array<Table, 11>& tables() {
    static const std::array<Table, 11> all{{{kHypothesisKind, through(hypothesis_from)},
                                            {kOriginKind, through(origin_from)},
                                            {kItemKind, through(item_from)},
                                            {kDisputeKind, through(dispute_from)},
                                            {kQuestionKind, through(question_from)},
                                            {kActionKind, through(action_from)},
                                            {kRequestKind, through(request_from)},
                                            {kCommitmentKind, through(commitment_from)},
                                            {kDamageKind, through(damage_from)},
                                            {kOutcomeKind, through(outcome_from)},
                                            {kNoteKind, through(note_from)}}};
    return all;
}

Result<casefile::Change> change_of(const Table& table, const JsonValue& from, std::size_t number, const std::string& where) {
    const std::string id = from.text("id").value_or("");
    const std::string called = fmt::format("{}: {} {}", where, table.kind, id.empty() ? fmt::format("number {}", number) : id);
    if (!casefile::is_id(id)) { return fail(Errc::malformed, id.empty() ? "id is missing" : "the id cannot name anything", called, "1 to 200 of letters, digits and . _ : / @ + -"); }
    casefile::Change change{.act = casefile::Act::put, .kind = std::string(table.kind), .id = id, .tlp = {}, .body = from};
    if (const auto label = from.text("tlp")) {
        auto tlp = casefile::parse_tlp(*label);
        if (!tlp) { return fail(Errc::malformed, tlp.error().message, called, tlp.error().hint); }
        change.tlp = *tlp;
    }
    change.body.erase("id");
    change.body.erase("tlp");
    HW_TRY(change.body, table.read(change.body, id, called));
    return change;
}

}  // namespace documents
}  // namespace

bool is_document(const JsonValue& value) { return value.text("format") == kDocumentFormat; }

Result<std::vector<casefile::Change>> read_document(const JsonValue& document, const std::string& where) {
    using namespace documents;
    JsonFields fields(document, where);
    if (fields.text("format") != kDocumentFormat) { fields.wrong(fmt::format("format is not \"{}\"", kDocumentFormat), "'headwater help weigh' shows the form"); }
    static_cast<void>(fields.text("title"));
    std::vector<casefile::Change> changes;
    if (const auto temperature = fields.number("temperature", 1, 100)) {
        changes.push_back({.act = casefile::Act::put, .kind = std::string(kSettingKind), .id = "temperature", .tlp = {}, .body = JsonValue().set("value", *temperature)});
    }
    for (const Table& table : tables()) {
        std::size_t number = 0;
        for (const JsonValue* from : fields.objects(table.kind)) {
            HW_TRY(auto change, change_of(table, *from, ++number, where));
            changes.push_back(std::move(change));
        }
    }
    HW_CHECK(fields.done());
    return changes;
}

}  // namespace hw::weigh
