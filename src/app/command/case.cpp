// The verb `case`: begin, fill, look into and check a case file.
#include "app/command/case_inputs.hpp"
#include "app/command/case_rerun.hpp"
#include "app/command/run_context.hpp"
#include "app/output/case_output.hpp"
#include "app/progress.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "casefile/verify.hpp"
#include "weigh/records.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace case_verbs {

using casefile::Access;
using casefile::Act;
using casefile::CaseFile;
using casefile::Change;

/// One thing that `case` does: `case WORD FILE [REST...]`.
struct Deed {
    std::string_view word;
    std::size_t least_rest;
    std::size_t most_rest;
    std::string_view form;
    Result<Outcome> (*run)(const Invocation& invocation, const std::string& path, std::span<const std::string> rest);
};

Result<std::optional<casefile::Tlp>> label(const Invocation& invocation) {
    const auto text = invocation.settings.optional_text("tlp");
    if (!text) { return std::nullopt; }
    HW_TRY(const auto tlp, casefile::parse_tlp(*text));
    return std::optional(tlp);
}

Result<Outcome> begin(const Invocation& invocation, const std::string& path, std::span<const std::string> /*rest*/) {
    HW_TRY(const auto tlp, label(invocation));
    output::Begun begun{.path = path, .about = {}, .key_file = {}, .key_made = false, .head = {}};
    HW_TRY(begun.key_file, key_path(invocation));
    HW_TRY(const auto key, read_or_make_key(invocation, begun.key_made));
    const casefile::NewCase about{.title = invocation.settings.optional_text("title").value_or(path), .owner = invocation.settings.optional_text("name").value_or(""), .tlp = tlp.value_or(casefile::Tlp::amber), .now = invocation.world.now};
    HW_CHECK(CaseFile::create(path, about, key));
    HW_TRY(auto file, CaseFile::open(path, Access::read));
    begun.about = file.about();
    HW_TRY(begun.head, file.head());
    return Outcome{.out = output::begun_text(begun, begin_context(invocation), invocation.settings.format())};
}

Result<Outcome> file_changes(const Invocation& invocation, const std::string& path, std::vector<Change> changes) {
    HW_TRY(const auto key, read_key(invocation));
    HW_TRY(auto file, CaseFile::open(path, Access::write));
    output::Filed filed{.path = path, .by_kind = {}, .taken_back = {}, .known = 0, .head = {}};
    HW_TRY(const auto fresh, not_there_yet(file, std::move(changes), filed.known));
    HW_TRY(filed.head, file.append(fresh, key, invocation.world.now));
    for (const Change& change : fresh) { ++(change.act == Act::retract ? filed.taken_back : filed.by_kind)[change.kind]; }
    return Outcome{.out = output::filed_text(filed, begin_context(invocation), invocation.settings.format())};
}

Result<Outcome> add(const Invocation& invocation, const std::string& path, std::span<const std::string> rest) {
    HW_TRY(const auto tlp, label(invocation));
    HW_CHECK(CaseFile::open(path, Access::read));  // told before the inputs are read
    std::vector<Change> changes;
    for (const std::string& input : rest) {
        HW_TRY(auto found, find_file(invocation, input));
        JsonValue body;
        body.set("path", found.path).set("sha256", found.sha256).set("bytes", static_cast<double>(found.bytes));
        if (!found.format.empty()) { body.set("format", found.format); }
        changes.push_back({.act = Act::put, .kind = "input", .id = "sha256:" + found.sha256, .tlp = tlp, .body = std::move(body)});
        for (Change& change : found.changes) {
            if (!change.tlp) { change.tlp = tlp; }
            changes.push_back(std::move(change));
        }
    }
    for (const std::string& words : invocation.settings.texts("note")) {
        changes.push_back({.act = Act::put, .kind = "note", .id = {}, .tlp = tlp, .body = JsonValue().set("words", words).set("time", to_rfc3339(invocation.world.now))});
    }
    if (changes.empty()) { return fail(Errc::usage, "nothing to add", {}, "headwater case add " + path + " statements.toml, or --note \"what happened\""); }
    return file_changes(invocation, path, std::move(changes));
}

Result<Outcome> trust(const Invocation& invocation, const std::string& path, std::span<const std::string> rest) {
    auto key = casefile::PublicKey::parse(rest[0]);
    if (!key) { return fail(Errc::usage, "this is no public key", rest[0], "64 hexadecimal digits, as its owner's 'headwater case key' prints them"); }
    Change change{.act = Act::put, .kind = "key", .id = key->hex(), .tlp = {}, .body = JsonValue(JsonValue::Object{})};
    change.body.set("name", invocation.settings.optional_text("name").value_or(""));
    return file_changes(invocation, path, {std::move(change)});
}

/// With the file closed again: who writes next shall be alone, so that he can clear up after himself.
Result<std::vector<casefile::Object>> objects_called(const std::string& path, const std::string& id) {
    HW_TRY(auto file, CaseFile::open(path, Access::read));
    return file.called(id);
}

Result<Outcome> retract(const Invocation& invocation, const std::string& path, std::span<const std::string> rest) {
    const auto reason = invocation.settings.optional_text("reason");
    if (!reason) { return fail(Errc::usage, "taking something back needs a reason", "--reason", "it stays in the log, with the reason"); }
    std::vector<Change> changes;
    for (const std::string& id : rest) {
        HW_TRY(const auto called, objects_called(path, id));
        std::size_t live = 0;
        for (const auto& object : called) {
            if (object.retracted || object.kind == "case") { continue; }
            if (object.kind == weigh::kAssessmentKind) { return fail(Errc::refused, "a published assessment stays on record, or no score would mean anything", id, "publish a newer one: headwater weigh " + path + " --publish"); }
            ++live;
            changes.push_back({.act = Act::retract, .kind = object.kind, .id = id, .tlp = object.tlp, .body = JsonValue().set("reason", *reason)});
        }
        if (live == 0) { return fail(Errc::not_found, "there is nothing of this name to take back", id, "'headwater case show " + path + "' lists what there is"); }
        if (live > 1) { return fail(Errc::usage, "several kinds of objects have this name", id, "they cannot be taken back by name alone; file them anew with other ids"); }
    }
    return file_changes(invocation, path, std::move(changes));
}

Result<output::CaseView> view_of(CaseFile& file) {
    output::CaseView view{.path = file.path(), .about = file.about(), .head = {}, .keys = {}, .counts = {}, .objects = {}};
    HW_TRY(view.head, file.head());
    HW_TRY(view.keys, file.keys());
    HW_TRY(view.counts, file.counts());
    return view;
}

Result<Outcome> show(const Invocation& invocation, const std::string& path, std::span<const std::string> rest) {
    HW_TRY(auto file, CaseFile::open(path, Access::read));
    const std::string format = invocation.settings.format();
    const auto context = begin_context(invocation);
    if (!rest.empty()) {
        std::vector<casefile::Object> objects;
        for (const std::string& id : rest) {
            HW_TRY(const auto called, file.called(id));
            if (called.empty()) { return fail(Errc::not_found, "there is no object of this name", id, "'headwater case show " + path + "' lists what there is"); }
            objects.insert(objects.end(), called.begin(), called.end());
        }
        return Outcome{.out = output::objects_text(objects, context, format)};
    }
    HW_TRY(auto view, view_of(file));
    constexpr std::uint64_t kMostListed = 200;  // of a kind; more are asked for with --kind
    const auto kind = invocation.settings.optional_text("kind");
    for (const auto& count : view.counts) {
        const bool wanted = kind ? count.kind == *kind : count.live <= kMostListed && count.kind != "key" && count.kind != "case";
        if (!wanted) { continue; }
        HW_TRY(auto objects, file.all(count.kind));
        std::ranges::move(objects, std::back_inserter(view.objects));
    }
    return Outcome{.out = output::case_text(view, context, format), .code = kind && view.objects.empty() ? ExitCode::nothing_found : ExitCode::done};
}

Result<Outcome> log(const Invocation& invocation, const std::string& path, std::span<const std::string> /*rest*/) {
    HW_TRY(auto file, CaseFile::open(path, Access::read));
    std::vector<output::LogLine> lines;
    HW_CHECK(file.for_each_entry(1, [&](const casefile::Entry& entry, const casefile::Hash& hash) -> Result<void> {
        lines.push_back({entry, hash});
        return {};
    }));
    return Outcome{.out = output::log_text(lines, begin_context(invocation), invocation.settings.format())};
}

Result<Outcome> verify(const Invocation& invocation, const std::string& path, std::span<const std::string> /*rest*/) {
    casefile::VerifyOptions options;
    options.stop = invocation.stop;
    if (const auto since = invocation.settings.optional_text("since")) {
        HW_TRY(options.since, casefile::parse_head(*since));
    }
    if (const auto founder = invocation.settings.optional_text("founder")) {
        auto key = casefile::PublicKey::parse(*founder);
        if (!key) { return fail(Errc::usage, "this is no public key", "--founder", "64 hexadecimal digits, as its owner told them"); }
        options.founder = *key;
    }
    Progress progress(invocation.progress());
    options.progress = [&](std::int64_t done, std::int64_t all) {
        if (progress.due()) { progress.show(fmt::format("verified {} of {} entries", done, all)); }
    };
    HW_TRY(auto file, CaseFile::open(path, Access::read));
    HW_TRY(const auto told, casefile::verify(file, options));
    std::vector<output::Rerun> reruns;
    if (!told.fault && !told.interrupted && !invocation.settings.flag("no-rerun")) {
        HW_TRY(reruns, run_again(invocation, file, options.since ? options.since->seq : 0, progress));
    }
    progress.clear();
    Outcome outcome;
    const bool differs = std::ranges::any_of(reruns, [](const auto& rerun) { return rerun.kind == output::Rerun::Kind::differs; });
    outcome.code = told.interrupted ? ExitCode::interrupted : told.fault || differs ? ExitCode::bad_input : ExitCode::done;
    outcome.out = output::verification_text(told, file.about(), reruns, begin_context(invocation), invocation.settings.format());
    return outcome;
}

Result<Outcome> give_out(const Invocation& invocation, const std::string& path, std::span<const std::string> /*rest*/) {
    HW_TRY(const auto most, label(invocation));
    HW_TRY(auto file, CaseFile::open(path, Access::read));
    HW_TRY(auto view, view_of(file));
    std::uint64_t withheld = 0;
    for (const auto& count : view.counts) {
        if (count.kind == "key" || count.kind == "case") { continue; }
        HW_CHECK(file.for_each(count.kind, [&](casefile::Object object) -> Result<void> {
            if (object.tlp > most.value_or(casefile::Tlp::red)) { ++withheld; }
            else { view.objects.push_back(std::move(object)); }
            return {};
        }));
    }
    return Outcome{.out = output::export_text(view, withheld, begin_context(invocation), invocation.settings.format())};
}

constexpr std::size_t kAny = 100'000;
constexpr std::array kDeeds{
    Deed{"new", 0, 0, "case new FILE", begin},
    Deed{"add", 0, kAny, "case add FILE INPUT...", add},
    Deed{"show", 0, kAny, "case show FILE [ID...]", show},
    Deed{"log", 0, 0, "case log FILE", log},
    Deed{"verify", 0, 0, "case verify FILE", verify},
    Deed{"export", 0, 0, "case export FILE", give_out},
    Deed{"retract", 1, kAny, "case retract FILE ID... --reason TEXT", retract},
    Deed{"trust", 1, 1, "case trust FILE PUBLIC-KEY", trust},
};

}  // namespace case_verbs
}  // namespace

Result<Outcome> case_file(const Invocation& invocation) {
    using namespace case_verbs;
    const auto& operands = invocation.operands;
    const std::string what = operands.empty() ? std::string() : operands[0];
    if (what == "key" && operands.size() == 1) {
        bool made = false;
        HW_TRY(const auto key, read_or_make_key(invocation, made));
        return Outcome{.out = key.public_key().hex() + "\n"};
    }
    const auto deed = std::ranges::find(kDeeds, what, &Deed::word);
    if (deed == kDeeds.end()) { return fail(Errc::usage, "case does not know what to do", what, "one of new, add, show, log, verify, export, retract, trust, key: headwater help case"); }
    const std::size_t rest = operands.size() < 2 ? 0 : operands.size() - 2;
    if (operands.size() < 2 || rest < deed->least_rest || rest > deed->most_rest) { return fail(Errc::usage, "wanted: headwater " + std::string(deed->form), {}, "headwater help case"); }
    return deed->run(invocation, operands[1], std::span(operands).subspan(2));
}

}  // namespace hw::app::command
