#include "weigh/import/stix.hpp"

#include "weigh/import/imported.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace hw::weigh {
namespace {
namespace stix {

using casefile::Tlp;

/// The ids under which everybody refers to TLP 2.0 (FIRST's extension) and TLP 1 (STIX 2.1, section 7.2.1.4).
constexpr std::array<std::pair<std::string_view, Tlp>, 9> kMarkings{{{"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::clear},
                                                                     {"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::green},
                                                                     {"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::amber},
                                                                     {"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::amber_strict},
                                                                     {"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::red},
                                                                     {"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::clear},
                                                                     {"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::green},
                                                                     {"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", Tlp::amber},
                                                                     {"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::red}}};

std::string said(const JsonValue& object, std::string_view name) { return object.text(name).value_or(""); }

std::string joined(const std::string& title, const std::string& text) { return title.empty() || text.empty() ? title + text : title + ": " + text; }

class Reader {
public:
    Reader(const JsonValue::Array& objects, const std::string& where) : where_(where), made_(where) {
        for (const JsonValue& object : objects) { learn(object); }
    }

    Result<std::vector<casefile::Change>> read() {
        for (const auto& [id, object] : newest_) {
            const std::string type = said(*object, "type");
            if (type == "report") { HW_CHECK(report(id, *object)); }
            else if (type == "note") { HW_CHECK(note(id, *object)); }
        }
        // After all that they can be about.
        for (const auto& [id, object] : newest_) {
            if (said(*object, "type") == "opinion") { HW_CHECK(opinion(id, *object)); }
        }
        return made_.done();
    }

private:
    void learn(const JsonValue& object) {
        const std::string id = said(object, "id");
        if (id.empty()) { return; }
        auto& kept = newest_[id];
        if (kept == nullptr || modified(*kept) <= modified(object)) { kept = &object; }
    }

    static Time modified(const JsonValue& object) { return parse_rfc3339(said(object, "modified")).value_or(Time()); }

    static bool revoked(const JsonValue& object) {
        const JsonValue* member = object.find("revoked");
        return member != nullptr && member->as_bool() != nullptr && *member->as_bool();
    }

    Result<std::string> who(const JsonValue& object) {
        std::string id = said(object, "created_by_ref");
        if (id.empty()) {
            HW_CHECK(made_.origin(std::string(kUnnamedOrigin), "nobody is named"));
            return std::string(kUnnamedOrigin);
        }
        const auto found = newest_.find(id);
        HW_CHECK(made_.origin(id, found == newest_.end() ? "" : said(*found->second, "name")));
        return id;
    }

    /// The strictest of its markings; nothing where none is a TLP label.
    std::optional<Tlp> label(const JsonValue& object) const {
        std::optional<Tlp> strictest;
        for (const std::string& id : object.texts("object_marking_refs")) {
            std::optional<Tlp> tlp;
            if (const auto known = std::ranges::find(kMarkings, id, &std::pair<std::string_view, Tlp>::first); known != kMarkings.end()) { tlp = known->second; }
            else if (const auto own = newest_.find(id); own != newest_.end()) {
                if (const auto named = casefile::parse_tlp(said(*own->second, "name"))) { tlp = *named; }
            }
            if (tlp) { strictest = std::max(strictest.value_or(*tlp), *tlp); }
        }
        return strictest;
    }

    Result<std::optional<Time>> time(const JsonValue& object, std::string_view name, const std::string& id) const {
        const auto text = object.text(name);
        if (!text) { return std::nullopt; }
        const auto read = parse_rfc3339(*text);
        if (!read) { return fail(Errc::malformed, fmt::format("{} is no time: \"{}\"", name, text->substr(0, 40)), where_ + ": " + id); }
        return std::optional(*read);
    }

    /// Of what it refers to, the reports and notes.
    std::vector<std::string> cites(const JsonValue& object, const std::string& own) const {
        std::vector<std::string> told;
        for (const std::string& id : object.texts("object_refs")) {
            if ((id.starts_with("report--") || id.starts_with("note--")) && id != own) { told.push_back(id); }
        }
        return told;
    }

    /// Where it was published: the first reference with an address.
    static std::string published(const JsonValue& object) {
        const JsonValue* references = object.find("external_references");
        if (references == nullptr || references->as_array() == nullptr) { return {}; }
        for (const JsonValue& reference : *references->as_array()) {
            if (const auto url = said(reference, "url"); !url.empty()) { return url; }
        }
        return {};
    }

    Result<Item> begin(const std::string& id, const JsonValue& object) {
        Item item;
        item.id = id;
        item.kind = ItemKind::claim;
        HW_TRY(item.who, who(object));
        item.published = published(object);
        item.cites = cites(object, id);
        HW_TRY(item.seen, time(object, "created", id));
        if (const auto confidence = object.number("confidence")) { item.reason = fmt::format("its author's confidence is {:g} of 100 (STIX); no grade follows from it", *confidence); }
        return item;
    }

    Result<void> report(const std::string& id, const JsonValue& object) {
        if (revoked(object)) { return {}; }
        const std::string name = said(object, "name");
        if (name.empty()) { return fail(Errc::malformed, "a report without a name", where_ + ": " + id); }
        HW_TRY(Item item, begin(id, object));
        item.words = joined(name, said(object, "description"));
        HW_TRY(const auto when, time(object, "published", id));
        if (when) { item.seen = when; }
        return made_.item(std::move(item), label(object));
    }

    Result<void> note(const std::string& id, const JsonValue& object) {
        if (revoked(object)) { return {}; }
        const std::string content = said(object, "content");
        if (content.empty()) { return fail(Errc::malformed, "a note without content", where_ + ": " + id); }
        HW_TRY(Item item, begin(id, object));
        item.words = joined(said(object, "abstract"), content);
        return made_.item(std::move(item), label(object));
    }

    Result<void> opinion(const std::string& id, const JsonValue& object) {
        if (revoked(object)) { return {}; }
        constexpr std::array<std::string_view, 5> kScale{"strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"};
        const std::string value = said(object, "opinion");
        if (std::ranges::find(kScale, value) == kScale.end()) { return fail(Errc::malformed, "an opinion that is none of STIX's: \"" + value.substr(0, 40) + "\"", where_ + ": " + id, "strongly-disagree, disagree, neutral, agree or strongly-agree"); }
        const auto about = object.texts("object_refs");
        const std::string explanation = said(object, "explanation");
        std::size_t disputes = 0;
        if (value.ends_with("disagree")) {
            for (const std::string& item : about) {
                if (!made_.has_item(item)) { continue; }
                HW_TRY(const std::string by, who(object));
                const std::string name = disputes++ == 0 ? id : fmt::format("{}-{}", id, disputes);
                HW_CHECK(made_.dispute({.id = name, .item = item, .who = by, .ground = value, .words = explanation, .answered = {}}, label(object)));
            }
            if (disputes > 0) { return {}; }
        }
        // Of what is no item here only the word itself can be kept.
        HW_TRY(Item item, begin(id, object));
        item.words = explanation.empty() ? fmt::format("{} with {}", value, fmt::join(about, ", ")) : explanation;
        item.reason += fmt::format("{}an opinion: {}", item.reason.empty() ? "" : "; ", value);
        return made_.item(std::move(item), label(object));
    }

    const std::string& where_;
    Imported made_;
    std::map<std::string, const JsonValue*> newest_;
};

}  // namespace stix
}  // namespace

bool is_stix(const JsonValue& value) {
    const JsonValue* objects = value.find("objects");
    return value.text("type") == "bundle" && objects != nullptr && objects->as_array() != nullptr;
}

Result<std::vector<casefile::Change>> read_stix(const JsonValue& bundle, const std::string& where) {
    if (!is_stix(bundle)) { return fail(Errc::malformed, "no STIX bundle", where); }
    return stix::Reader(*bundle.find("objects")->as_array(), where).read();
}

}  // namespace hw::weigh
