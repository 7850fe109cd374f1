#include "app/output/case_output.hpp"

#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/markup.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace case_texts {

using casefile::Object;

constexpr std::size_t kShortHash = 12;
constexpr std::size_t kWidestId = 26;
constexpr std::size_t kLongestGist = 110;

/// A JSON result: the same members with blanks or, for ndjson, on one line.
class Document {
public:
    Document(std::string_view format, const Context& context) : json_(text_, format == "json" ? 2 : 0) {
        json_.begin_object().member("schema", "headwater.case/1");
        json_.member("version", context.version);
    }
    JsonWriter& json() { return json_; }
    std::string done() {
        json_.end_object();
        return std::move(text_) + "\n";
    }

private:
    std::string text_;
    JsonWriter json_;
};

void write_value(JsonWriter& json, const JsonValue& value) {
    if (const bool* truth = value.as_bool()) { json.value(*truth); }
    else if (const double* number = value.as_number()) { json.value(*number); }
    else if (const std::string* text = value.as_text()) { json.value(*text); }
    else if (const auto* items = value.as_array()) {
        json.begin_array();
        for (const auto& item : *items) { write_value(json, item); }
        json.end_array();
    } else if (const auto* members = value.as_object()) {
        json.begin_object();
        for (const auto& member : *members) {
            json.key(member.name);
            write_value(json, member.value);
        }
        json.end_object();
    } else { json.null(); }
}

void write_object(JsonWriter& json, const Object& object) {
    json.begin_object().member("kind", object.kind).member("id", object.id).member("tlp", casefile::to_string(object.tlp)).member("time", to_rfc3339(object.time));
    json.member("entry", object.seq);
    if (object.retracted) { json.member("retracted", true); }
    json.key("body");
    write_value(json, object.body);
    json.end_object();
}

void write_case(JsonWriter& json, const std::string& path, const casefile::About& about) {
    json.key("case").begin_object().member("path", path).member("id", about.id).member("title", about.title).member("tlp", casefile::to_string(about.tlp));
    json.member("opened", to_rfc3339(about.opened)).member("founder", about.founder.hex()).end_object();
}

/// What an object says, in a line: its words, statement, name or path.
std::string gist(const Object& object) {
    for (const char* name : {"words", "statement", "name", "path", "title", "command"}) {
        if (const auto text = object.body.text(name)) { return printable(*text); }
    }
    if (const JsonValue* ending = object.body.find("ending")) { return printable(fmt::format("ends at {} ({})", ending->text("address").value_or("?"), ending->text("kind").value_or("?"))); }
    if (const auto target = object.body.text("target")) { return printable(object.body.text("kind").value_or(object.kind) + " of " + *target); }
    return {};
}

}  // namespace case_texts
}  // namespace

std::string filed_text(const Filed& filed, const Context& context, std::string_view format) {
    using namespace case_texts;
    if (format != "table") {
        Document out(format, context);
        out.json().member("path", filed.path).key("filed").begin_object();
        for (const auto& [kind, count] : filed.by_kind) { out.json().member(kind, count); }
        out.json().end_object().key("taken_back").begin_object();
        for (const auto& [kind, count] : filed.taken_back) { out.json().member(kind, count); }
        out.json().end_object().member("known", filed.known).member("head", casefile::to_string(filed.head));
        return out.done();
    }
    const auto listed = [](const std::map<std::string, std::uint64_t>& kinds) {
        std::string what;
        for (const auto& [kind, count] : kinds) { what += (what.empty() ? "" : ", ") + counted(count, kind, kind == "hypothesis" ? "hypotheses" : ""); }
        return what.empty() ? std::string("nothing new") : what;
    };
    std::string text;
    if (!filed.taken_back.empty()) { text += fmt::format("Took back {} in {}.\n", listed(filed.taken_back), printable(filed.path)); }
    if (!filed.by_kind.empty() || filed.taken_back.empty()) { text += fmt::format("Filed {} in {}.\n", listed(filed.by_kind), printable(filed.path)); }
    if (filed.known > 0) { text += fmt::format("{} stood there already, word for word.\n", counted(filed.known, "object")); }
    return text + fmt::format("Head of the log: {}\n", casefile::to_string(filed.head));
}

std::string begun_text(const Begun& begun, const Context& context, std::string_view format) {
    using namespace case_texts;
    if (format != "table") {
        Document out(format, context);
        write_case(out.json(), begun.path, begun.about);
        out.json().member("head", casefile::to_string(begun.head)).key("key").begin_object().member("public", begun.about.founder.hex()).member("file", begun.key_file).member("made", begun.key_made).end_object();
        return out.done();
    }
    std::string text = fmt::format("Case \"{}\" begun: {}\n\n", printable(begun.about.title), printable(begun.path));
    text += fmt::format("  TLP            {}\n  founding key   {}\n  kept in        {}{}\n  head           {}\n\n", casefile::to_string(begun.about.tlp), begun.about.founder.hex(), printable(begun.key_file),
                        begun.key_made ? " (made now; keep a copy, nobody can make it again)" : "", casefile::to_string(begun.head));
    return text + "Tell partners the founding key by another way than the file itself: with it they know the case is yours.\n";
}

std::string case_text(const CaseView& view, const Context& context, std::string_view format) {
    using namespace case_texts;
    if (format == "csv") {
        std::string text;
        append_csv(text, {"kind", "id", "tlp", "time", "entry", "gist"});
        for (const Object& object : view.objects) { append_csv(text, {object.kind, object.id, std::string(casefile::to_string(object.tlp)), to_rfc3339(object.time), std::to_string(object.seq), gist(object)}); }
        return text;
    }
    if (format != "table") {
        Document out(format, context);
        write_case(out.json(), view.path, view.about);
        out.json().member("head", casefile::to_string(view.head)).key("keys").begin_array();
        for (const auto& [key, name] : view.keys) { out.json().begin_object().member("public", key.hex()).member("name", name).end_object(); }
        out.json().end_array().key("counts").begin_object();
        for (const auto& count : view.counts) { out.json().key(count.kind).begin_object().member("live", count.live).member("retracted", count.retracted).end_object(); }
        out.json().end_object().key("objects").begin_array();
        for (const Object& object : view.objects) { write_object(out.json(), object); }
        out.json().end_array();
        return out.done();
    }
    std::string text = fmt::format("Case \"{}\"   TLP:{}\n\n", printable(view.about.title), casefile::to_string(view.about.tlp));
    text += fmt::format("  id        {}\n  opened    {}\n  head      {}\n", view.about.id, to_rfc3339(view.about.opened), casefile::to_string(view.head));
    for (const auto& [key, name] : view.keys) {
        text += fmt::format("  key       {}{}{}\n", key.hex(), name.empty() ? "" : "  " + printable(name), key == view.about.founder ? "  (founder)" : "");
    }
    text += "\n";
    for (const auto& count : view.counts) {
        if (count.kind == "case" || count.kind == "key") { continue; }
        text += fmt::format("  {:<12}{:>9}{}\n", count.kind, count.live, count.retracted > 0 ? fmt::format("   and {} taken back", count.retracted) : "");
    }
    std::string kind;
    std::size_t widest = 0;
    for (const Object& object : view.objects) { widest = std::max(widest, std::min(object.id.size(), kWidestId)); }
    for (const Object& object : view.objects) {
        if (object.kind != kind) { text += fmt::format("\n{}\n", kind = object.kind); }
        text += fmt::format("  {:<{}}  {:<12}  {}\n", shortened(object.id, kWidestId), widest, casefile::to_string(object.tlp), shortened(gist(object), kLongestGist));
    }
    return text;
}

std::string objects_text(std::span<const casefile::Object> objects, const Context& context, std::string_view format) {
    using namespace case_texts;
    if (format != "table") {
        Document out(format, context);
        out.json().key("objects").begin_array();
        for (const Object& object : objects) { write_object(out.json(), object); }
        out.json().end_array();
        return out.done();
    }
    std::string text;
    for (const Object& object : objects) {
        text += fmt::format("{} {}   TLP:{}   filed {}, entry {}{}\n", object.kind, object.id, casefile::to_string(object.tlp), to_rfc3339(object.time), object.seq, object.retracted ? "   TAKEN BACK" : "");
        std::string body;
        JsonWriter json(body, 2);
        write_value(json, object.body);
        text += body + "\n\n";
    }
    if (!text.empty()) { text.pop_back(); }
    return text;
}

std::string log_text(std::span<const LogLine> lines, const Context& context, std::string_view format) {
    using namespace case_texts;
    if (format == "csv") {
        std::string text;
        append_csv(text, {"entry", "time", "act", "kind", "id", "tlp", "hash"});
        for (const auto& [entry, hash] : lines) {
            append_csv(text, {std::to_string(entry.seq), to_rfc3339(entry.time), std::string(casefile::to_string(entry.act)), entry.kind, entry.id, std::string(casefile::to_string(entry.tlp)), casefile::to_hex(hash)});
        }
        return text;
    }
    if (format != "table") {
        Document out(format, context);
        out.json().key("log").begin_array();
        for (const auto& [entry, hash] : lines) {
            out.json().begin_object().member("entry", entry.seq).member("time", to_rfc3339(entry.time)).member("act", casefile::to_string(entry.act)).member("kind", entry.kind).member("id", entry.id);
            out.json().member("tlp", casefile::to_string(entry.tlp)).member("hash", casefile::to_hex(hash)).key("body");
            write_value(out.json(), entry.body);
            out.json().end_object();
        }
        out.json().end_array();
        return out.done();
    }
    std::string text;
    for (const auto& [entry, hash] : lines) {
        text += fmt::format("{:>7}  {}  {}  {:<7}  {} {}\n", entry.seq, to_rfc3339(entry.time), casefile::to_hex(hash).substr(0, kShortHash), casefile::to_string(entry.act), entry.kind, entry.id);
    }
    return text;
}

std::string_view to_string(Rerun::Kind kind) {
    switch (kind) {
        case Rerun::Kind::same: return "same";
        case Rerun::Kind::differs: return "differs";
        case Rerun::Kind::not_possible: return "not-possible";
    }
    return "?";
}

std::string verification_text(const casefile::Verification& told, const casefile::About& about, std::span<const Rerun> reruns, const Context& context, std::string_view format) {
    using namespace case_texts;
    if (format != "table") {
        Document out(format, context);
        out.json().member("holds", !told.fault.has_value() && !told.interrupted).member("from_entry", told.from).member("entries", told.entries).member("signatures", told.seals);
        out.json().key("signed_by").begin_array();
        for (const auto& [key, count] : told.seals_by) { out.json().begin_object().member("public", key.hex()).member("signatures", count).end_object(); }
        out.json().end_array();
        if (told.fault) { out.json().key("fault").begin_object().member("entry", told.fault->seq).member("what", told.fault->what).end_object(); }
        out.json().member("head", casefile::to_string(told.head)).member("founder", about.founder.hex()).key("reruns").begin_array();
        for (const auto& rerun : reruns) { out.json().begin_object().member("id", rerun.id).member("command", rerun.command).member("result", to_string(rerun.kind)).member("because", rerun.because).end_object(); }
        out.json().end_array();
        return out.done();
    }
    std::string text;
    if (told.fault) {
        text += fmt::format("IT DOES NOT HOLD at entry {}: {}.\n\n", told.fault->seq, printable(told.fault->what));
        text += told.fault->seq > 1 ? fmt::format("Entries up to {} hold.\n", told.head.seq) : "";
    } else if (told.interrupted) {
        text += fmt::format("Interrupted: entries up to {} hold.\n", told.head.seq);
    } else {
        text += told.entries == 0 ? std::string("It holds: nothing was filed since the head that was told.\n") : fmt::format("It holds: {} from entry {}, {}.\n", counted(told.entries, "entry", "entries"), told.from, counted(told.seals, "signature"));
    }
    for (const auto& [key, count] : told.seals_by) { text += fmt::format("  signed by {}{}: {}\n", key.hex(), key == about.founder ? " (founder)" : "", count); }
    if (!told.fault) { text += fmt::format("  head      {}\n", casefile::to_string(told.head)); }
    for (const auto& rerun : reruns) {
        const char* words = rerun.kind == Rerun::Kind::same ? "the same bytes" : rerun.kind == Rerun::Kind::differs ? "ANOTHER RESULT" : "not run again";
        text += fmt::format("  {}  {}{}: {}\n", rerun.id, words, rerun.because.empty() ? "" : " (" + printable(rerun.because) + ")", printable(rerun.command));
    }
    if (!told.fault && !told.interrupted) { text += "\nNext time --since with that head reads only what came after.\n"; }
    return text;
}

std::string export_text(const CaseView& view, std::uint64_t withheld, const Context& context, std::string_view format) {
    using namespace case_texts;
    if (format == "ndjson") {
        std::string text;
        for (const Object& object : view.objects) {
            JsonWriter json(text);
            write_object(json, object);
            text += "\n";
        }
        return text;
    }
    Document out("json", context);
    write_case(out.json(), view.path, view.about);
    out.json().member("head", casefile::to_string(view.head)).member("withheld", withheld).key("objects").begin_array();
    for (const Object& object : view.objects) { write_object(out.json(), object); }
    out.json().end_array();
    return out.done();
}

}  // namespace hw::app::output
