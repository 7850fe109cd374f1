#include "weigh/import/imported.hpp"

#include "weigh/evidence_json.hpp"

#include <cstddef>

namespace hw::weigh {
namespace {
namespace imports {

/// At a character's end, with a mark that it was cut.
std::string cut(std::string words) {
    constexpr std::size_t kMost = 4000;
    if (words.size() <= kMost) { return words; }
    std::size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0U) == 0x80U) { --end; }
    words.resize(end);
    return words + " …";
}

}  // namespace imports
}  // namespace

Result<void> Imported::put(std::string_view kind, const std::string& id, std::optional<casefile::Tlp> tlp, JsonValue body) {
    if (!casefile::is_id(id)) { return fail(Errc::malformed, "an id that cannot name anything: \"" + id.substr(0, 60) + "\"", where_); }
    changes_.push_back({.act = casefile::Act::put, .kind = std::string(kind), .id = id, .tlp = tlp, .body = std::move(body)});
    return {};
}

Result<void> Imported::origin(const std::string& id, const std::string& name) {
    if (!origins_.insert(id).second) { return {}; }
    auto body = to_json(Origin{.id = id, .name = name.empty() ? id : imports::cut(name)});
    HW_CHECK(origin_from(body, id, where_ + ": " + id));
    return put(kOriginKind, id, std::nullopt, std::move(body));
}

Result<void> Imported::item(Item item, std::optional<casefile::Tlp> tlp) {
    if (!items_.insert(item.id).second) { return {}; }
    item.words = item.words.empty() ? "(nothing is said beside the title)" : imports::cut(std::move(item.words));
    auto body = to_json(item);
    HW_CHECK(item_from(body, item.id, where_ + ": " + item.id));
    return put(kItemKind, item.id, tlp, std::move(body));
}

Result<void> Imported::dispute(const Dispute& dispute, std::optional<casefile::Tlp> tlp) {
    Dispute cut = dispute;
    cut.words = imports::cut(std::move(cut.words));
    auto body = to_json(cut);
    HW_CHECK(dispute_from(body, dispute.id, where_ + ": " + dispute.id));
    return put(kDisputeKind, dispute.id, tlp, std::move(body));
}

}  // namespace hw::weigh
