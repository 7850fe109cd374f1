// The verbs that fill and keep a store: import, store.
#include "flow/store/store.hpp"
#include "flow/store/survey.hpp"

#include "app/command/load.hpp"
#include "app/output/json_parts.hpp"
#include "app/version.hpp"
#include "base/log.hpp"
#include "base/parse.hpp"
#include "base/text.hpp"
#include "flow/clickhouse/url.hpp"

#include <chrono>

namespace hw::app::command {
namespace {
namespace store_verbs {

std::string finished(std::string text) {
    text += '\n';
    return text;
}

std::string import_text(const flow::store::ImportResult& result, const std::string& folder, const std::string& format, double seconds) {
    std::map<std::string, std::uint64_t> skipped;
    for (const auto& report : result.reports) {
        for (const auto& [reason, s] : report.skipped) { skipped[reason] += s.count; }
    }
    std::string text;
    if (format == "csv") {
        return "records,flows,bytes,known\n" + std::to_string(result.records) + "," + std::to_string(result.flows) + "," + std::to_string(result.bytes) + "," + std::to_string(result.known) + "\n";
    }
    if (format == "table") {
        text = "imported " + counted(result.flows, "flow") + " of " + counted(result.records, "record") + " into " + printable(folder) + ": " + human_bytes(result.bytes) + "\n";
        if (result.known > 0) { text += "passed over " + counted(result.known, "input") + " that the store has already\n"; }
        return text;
    }
    JsonWriter json(text, format == "json" ? 2 : 0);
    json.begin_object().member("schema", "headwater.import/1").member("version", app::version()).member("store", folder);
    json.member("records", result.records).member("flows", result.flows).member("bytes", result.bytes).member("seconds", output::rounded(seconds));
    json.member("known", result.known).key("skipped").begin_object();
    for (const auto& [reason, n] : skipped) { json.member(reason, n); }
    json.end_object().key("inputs").begin_array();
    for (const auto& report : result.reports) {
        json.begin_object().member("path", report.path).member("sha256", report.sha256).member("format", report.format);
        json.member("bytes", report.bytes).member("records", report.records).member("skipped", report.skipped_total()).end_object();
    }
    json.end_array().key("failures").begin_array();
    for (const Error& e : result.failures) { json.begin_object().member("message", e.message).member("where", e.where).end_object(); }
    json.end_array().end_object();
    return finished(std::move(text));
}

Result<Outcome> check(const std::string& folder, const std::string& format) {
    HW_TRY(const auto result, flow::store::check_store(folder));
    Outcome outcome;
    outcome.code = result.damages.empty() ? ExitCode::done : ExitCode::bad_input;
    if (format == "csv") {
        outcome.out = "file,offset,size,what\n";
        for (const auto& d : result.damages) { outcome.out += d.file + "," + std::to_string(d.offset) + "," + std::to_string(d.size) + ",\"" + d.what + "\"\n"; }
        return outcome;
    }
    if (format == "table") {
        outcome.out = counted(result.flows, "flow") + " in " + counted(result.segments, "segment") + ", " + human_bytes(result.bytes) + ": " +
                      (result.damages.empty() ? "all sums are right" : counted(result.damages.size(), "damaged piece")) + "\n";
        for (const auto& d : result.damages) {
            outcome.out += "  " + printable(d.file) + (d.size == 0 ? "" : " bytes " + std::to_string(d.offset) + " to " + std::to_string(d.offset + d.size - 1)) + ": " + printable(d.what) + "\n";
        }
        return outcome;
    }
    JsonWriter json(outcome.out, format == "json" ? 2 : 0);
    json.begin_object().member("schema", "headwater.store/1").member("store", folder).member("segments", result.segments).member("flows", result.flows).member("bytes", result.bytes);
    json.key("damages").begin_array();
    for (const auto& d : result.damages) { json.begin_object().member("file", d.file).member("offset", d.offset).member("size", d.size).member("what", d.what).end_object(); }
    json.end_array().end_object();
    outcome.out = finished(std::move(outcome.out));
    return outcome;
}

Outcome changed(const flow::store::StoreChange& change, const std::string& folder, const std::string& format) {
    Outcome outcome;
    if (format == "csv") {
        outcome.out = "segments_before,segments,flows_before,flows,bytes_before,bytes\n";
        for (const std::uint64_t n : {std::uint64_t{change.segments_before}, std::uint64_t{change.segments}, change.flows_before, change.flows, change.bytes_before}) { outcome.out += std::to_string(n) + ","; }
        outcome.out += std::to_string(change.bytes) + "\n";
    } else if (format == "table") {
        outcome.out = "from " + counted(change.flows_before, "flow") + " in " + counted(change.segments_before, "segment") + " (" + human_bytes(change.bytes_before) + ") to " +
                      counted(change.flows, "flow") + " in " + counted(change.segments, "segment") + " (" + human_bytes(change.bytes) + ")\n";
    } else {
        JsonWriter json(outcome.out, format == "json" ? 2 : 0);
        json.begin_object().member("schema", "headwater.store/1").member("store", folder);
        json.member("segments_before", change.segments_before).member("segments", change.segments).member("flows_before", change.flows_before);
        json.member("flows", change.flows).member("bytes_before", change.bytes_before).member("bytes", change.bytes).end_object();
        outcome.out = finished(std::move(outcome.out));
    }
    return outcome;
}

}  // namespace store_verbs
}  // namespace

Result<Outcome> import(const Invocation& invocation) {
    const std::string folder = invocation.settings.text("store");
    if (flow::clickhouse::is_clickhouse_url(folder)) { return import_to_cluster(invocation); }
    Progress progress(invocation.progress());
    auto options = read_options(invocation);
    options.rejoin = false;  // a store keeps records as they came
    options.progress = [&](std::uint64_t done, std::uint64_t total, std::uint64_t records) {
        if (progress.due()) { progress.show(reading_line(done, total, records, progress.elapsed())); }
    };
    HW_TRY(const auto result, flow::store::import_inputs(folder, invocation.operands, note_on(invocation, invocation.operands), options));
    if (result.flows > 0) { flow::store::keep_survey(folder); }
    progress.clear();
    for (const Error& error : result.failures) { log::warning(printable("not used: " + error.where + ": " + error.message)); }
    if (result.interrupted) { log::warning("interrupted: nothing was imported"); }
    Outcome outcome;
    outcome.code = result.interrupted ? ExitCode::interrupted : !result.failures.empty() ? ExitCode::partial : result.flows == 0 && result.known == 0 ? ExitCode::nothing_found : ExitCode::done;
    outcome.out = store_verbs::import_text(result, folder, invocation.settings.format(), std::chrono::duration<double>(progress.elapsed()).count());
    return outcome;
}

Result<Outcome> store(const Invocation& invocation) {
    const std::string format = invocation.settings.format();
    if (invocation.operands.size() != 2) { return fail(Errc::usage, "store needs what to do, and a store", {}, "headwater store check DIR, compact DIR or retain DIR"); }
    const std::string& what = invocation.operands[0];
    const std::string& folder = invocation.operands[1];
    if (what == "check") { return store_verbs::check(folder, format); }
    if (what == "compact") {
        HW_TRY(const auto change, flow::store::compact_store(folder));
        flow::store::keep_survey(folder);
        return store_verbs::changed(change, folder, format);
    }
    if (what == "retain") {
        flow::store::Retention keep;
        if (invocation.settings.is_set("max-age")) { keep.since = invocation.world.now - invocation.settings.duration("max-age"); }
        if (invocation.settings.is_set("max-bytes")) { keep.bytes = invocation.settings.count("max-bytes"); }
        if (!keep.since && !keep.bytes) { return fail(Errc::usage, "store retain needs --max-age or --max-bytes", {}, "headwater help store"); }
        HW_TRY(const auto change, flow::store::retain_store(folder, keep));
        flow::store::keep_survey(folder);
        return store_verbs::changed(change, folder, format);
    }
    return fail(Errc::usage, "store knows check, compact and retain", {}, "headwater help store");
}

}  // namespace hw::app::command
