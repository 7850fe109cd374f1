#include "weigh/import/misp.hpp"

#include "base/parse.hpp"
#include "weigh/import/imported.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace hw::weigh {
namespace {
namespace misp {

using casefile::Tlp;

std::string said(const JsonValue& object, std::string_view name) { return object.text(name).value_or(""); }

const JsonValue::Array& list(const JsonValue& object, std::string_view name) {
    static const JsonValue::Array none;
    const JsonValue* member = object.find(name);
    const auto* array = member == nullptr ? nullptr : member->as_array();
    return array == nullptr ? none : *array;
}

/// MISP writes numbers as texts, mostly.
std::optional<double> number(const JsonValue& object, std::string_view name) {
    if (const auto plain = object.number(name)) { return plain; }
    const auto text = object.text(name);
    if (!text) { return std::nullopt; }
    return parse_double(*text);
}

/// What a tag of this kind says: `green` of `tlp:green`, `b` of `admiralty-scale:source-reliability="b"`.
std::optional<std::string> tagged(const JsonValue& object, std::string_view kind) {
    for (const JsonValue& tag : list(object, "Tag")) {
        std::string name = said(tag, "name");
        if (!name.starts_with(kind)) { continue; }
        name.erase(0, kind.size());
        std::erase(name, '"');
        return name;
    }
    return std::nullopt;
}

/// What counts of an event for all that it holds.
struct Frame {
    std::string who;
    std::optional<Tlp> tlp;
    Grade grade = Grade::f;
    int credibility = 6;
};

Frame read_tags(const JsonValue& object, Frame frame) {
    if (const auto label = tagged(object, "tlp:")) {
        if (const auto tlp = casefile::parse_tlp(*label)) { frame.tlp = *tlp; }
    }
    if (const auto letter = tagged(object, "admiralty-scale:source-reliability="); letter && letter->size() == 1 && letter->front() >= 'a' && letter->front() <= 'f') { frame.grade = static_cast<Grade>(letter->front() - 'a'); }
    if (const auto digit = tagged(object, "admiralty-scale:information-credibility="); digit && digit->size() == 1 && digit->front() >= '1' && digit->front() <= '6') { frame.credibility = digit->front() - '0'; }
    return frame;
}

class Reader {
public:
    explicit Reader(const std::string& where) : where_(where), made_(where) {}

    Result<void> event(const JsonValue& event) {
        const std::string id = said(event, "uuid"), info = said(event, "info");
        if (id.empty() || info.empty()) { return fail(Errc::malformed, id.empty() ? "a MISP event without its uuid" : "a MISP event without its info", where_ + (id.empty() ? "" : ": " + id)); }
        Frame frame;
        HW_TRY(frame.who, maker(event));
        frame = read_tags(event, std::move(frame));
        Item item = begin(id, frame);
        item.words = info;
        item.seen = day(event);
        if (const auto extended = said(event, "extends_uuid"); !extended.empty() && extended != id) { item.cites = {extended}; }
        HW_CHECK(made_.item(std::move(item), frame.tlp));
        for (const JsonValue& report : list(event, "EventReport")) { HW_CHECK(part(report, "name", "content", frame, {})); }
        HW_CHECK(attributes(event, frame));
        for (const JsonValue& object : list(event, "Object")) { HW_CHECK(attributes(object, frame)); }
        return analysts(event, id, frame);
    }

    std::vector<casefile::Change> done() { return made_.done(); }

private:
    static Item begin(const std::string& id, const Frame& frame) {
        Item item;
        item.id = id;
        item.kind = ItemKind::claim;
        item.who = frame.who;
        item.grade = frame.grade;
        item.credibility = frame.credibility;
        return item;
    }

    Result<std::string> maker(const JsonValue& event) {
        for (const char* name : {"Orgc", "Org"}) {
            const JsonValue* organisation = event.find(name);
            if (organisation == nullptr || organisation->as_object() == nullptr) { continue; }
            std::string id = said(*organisation, "uuid");
            if (id.empty()) { continue; }
            HW_CHECK(made_.origin(id, said(*organisation, "name")));
            return id;
        }
        HW_CHECK(made_.origin(std::string(kUnnamedOrigin), "nobody is named"));
        return std::string(kUnnamedOrigin);
    }

    static std::optional<Time> day(const JsonValue& event) {
        const auto read = parse_rfc3339(said(event, "date") + "T00:00:00Z");
        return read ? std::optional(*read) : std::nullopt;
    }

    static std::optional<Time> stamp(const JsonValue& object) {
        constexpr double kMicros = 1e6, kMost = 4e9;
        const auto seconds = number(object, "timestamp");
        if (!seconds || *seconds < 0 || *seconds > kMost) { return std::nullopt; }
        return Time::from_micros(static_cast<std::int64_t>(*seconds * kMicros));
    }

    Result<void> part(const JsonValue& object, std::string_view title, std::string_view text, const Frame& outer, const std::string& before) {
        const std::string id = said(object, "uuid");
        if (id.empty()) { return fail(Errc::malformed, "a part of a MISP event without its uuid", where_); }
        const JsonValue* deleted = object.find("deleted");
        if (deleted != nullptr && deleted->as_bool() != nullptr && *deleted->as_bool()) { return {}; }
        const Frame frame = read_tags(object, outer);
        Item item = begin(id, frame);
        const std::string head = said(object, title), body = said(object, text);
        item.words = before + head + (head.empty() || body.empty() ? "" : ": ") + body;
        item.seen = stamp(object);
        HW_CHECK(made_.item(std::move(item), frame.tlp));
        return analysts(object, id, frame);
    }

    /// Who is thought to have done it is what a ledger is about; addresses and hashes are not.
    Result<void> attributes(const JsonValue& object, const Frame& frame) {
        for (const JsonValue& attribute : list(object, "Attribute")) {
            if (said(attribute, "category") == "Attribution") { HW_CHECK(part(attribute, "value", "comment", frame, said(attribute, "type") + ": ")); }
        }
        return {};
    }

    /// Notes and opinions on it, and on those again.
    Result<void> analysts(const JsonValue& object, const std::string& about, const Frame& outer) {
        for (const JsonValue& note : list(object, "Note")) {
            HW_TRY(const Frame frame, author(note, outer));
            HW_CHECK(part(note, "", "note", frame, {}));
        }
        constexpr double kMiddle = 50;
        for (const JsonValue& opinion : list(object, "Opinion")) {
            const std::string id = said(opinion, "uuid");
            if (id.empty()) { return fail(Errc::malformed, "an opinion without its uuid", where_); }
            const auto value = number(opinion, "opinion");
            if (!value || *value < 0 || *value > 2 * kMiddle) { return fail(Errc::malformed, "an opinion that is no number from 0 to 100", where_ + ": " + id); }
            HW_TRY(const Frame frame, author(opinion, outer));
            const std::string ground = fmt::format("{:g} of 100", *value), words = said(opinion, "comment");
            if (*value < kMiddle) {
                HW_CHECK(made_.dispute({.id = id, .item = about, .who = frame.who, .ground = ground, .words = words, .answered = {}}, frame.tlp));
                continue;
            }
            Item item = begin(id, frame);
            item.words = words.empty() ? "agrees, " + ground : words;
            item.cites = {about};
            item.reason = "an opinion: " + ground;
            HW_CHECK(made_.item(std::move(item), frame.tlp));
        }
        return {};
    }

    /// Notes and opinions have authors of their own, of whom the event's grade says nothing.
    Result<Frame> author(const JsonValue& object, const Frame& outer) {
        Frame frame{.who = said(object, "orgc_uuid"), .tlp = outer.tlp};
        const std::string authors = said(object, "authors");
        if (frame.who.empty()) { frame.who = std::string(kUnnamedOrigin); }
        HW_CHECK(made_.origin(frame.who, frame.who == kUnnamedOrigin ? "nobody is named" : authors));
        return frame;
    }

    const std::string& where_;
    Imported made_;
};

/// The events, in whichever wrapping.
std::vector<const JsonValue*> events_of(const JsonValue& value) {
    std::vector<const JsonValue*> events;
    if (const JsonValue* event = value.find("Event"); event != nullptr && event->as_object() != nullptr) { return {event}; }
    const JsonValue* response = value.find("response");
    const auto* all = response == nullptr ? value.as_array() : response->as_array();
    if (all == nullptr) { return events; }
    for (const JsonValue& one : *all) {
        const JsonValue* event = one.find("Event");
        if (event == nullptr || event->as_object() == nullptr) { return {}; }
        events.push_back(event);
    }
    return events;
}

}  // namespace misp
}  // namespace

bool is_misp(const JsonValue& value) { return !misp::events_of(value).empty(); }

Result<std::vector<casefile::Change>> read_misp(const JsonValue& value, const std::string& where) {
    const auto events = misp::events_of(value);
    if (events.empty()) { return fail(Errc::malformed, "no MISP event", where); }
    misp::Reader reader(where);
    for (const JsonValue* event : events) { HW_CHECK(reader.event(*event)); }
    return reader.done();
}

}  // namespace hw::weigh
