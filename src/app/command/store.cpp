// The verbs that fill and keep a store: import, store.
#include "flow/store/store.hpp"
#include "flow/store/survey.hpp"

#include "app/command/load.hpp"
#include "app/command/run_context.hpp"
#include "app/output/import_output.hpp"
#include "app/output/store_output.hpp"
#include "app/output/words.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "flow/clickhouse/url.hpp"

#include <algorithm>
#include <utility>

namespace hw::app::command {
namespace {
namespace store_verbs {

/// What spares readers of a changed store time.
void keep_what_can_be_worked_out(const std::string& folder) {
    flow::store::keep_survey(folder);
    flow::store::keep_directories(folder);
}

/// A result in the format of the settings, by the renderer for each.
template <typename Shown>
std::string rendered(const std::string& format, const Shown& shown, const std::string& folder) {
    if (format == "csv") { return output::store_csv(shown); }
    if (format == "table") { return output::store_table(shown); }
    return output::store_json(shown, folder, format == "json");
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
    HW_TRY(auto result, flow::store::import_inputs(folder, invocation.operands, note_on(invocation, invocation.operands), options));
    if (result.flows > 0) { store_verbs::keep_what_can_be_worked_out(folder); }
    progress.clear();
    for (const Error& error : result.failures) { log::warning(printable("not used: " + error.where + ": " + error.message)); }
    if (result.interrupted) { log::warning("interrupted: nothing was imported"); }
    output::Imported imported{.store = folder, .records = result.records, .flows = result.flows, .bytes = 0, .stored_bytes = result.bytes, .known = result.known, .took = progress.elapsed()};
    for (const auto& report : result.reports) { imported.bytes += output::not_read_because(report).empty() ? report.bytes : 0; }
    const output::Context context = import_context(invocation, std::move(result.reports), std::move(result.failures), result.interrupted);
    Outcome outcome;
    outcome.code = result.interrupted ? ExitCode::interrupted : !context.failures.empty() ? ExitCode::partial : result.flows == 0 && result.known == 0 ? ExitCode::nothing_found : ExitCode::done;
    outcome.out = output::import_text(imported, context, invocation.settings.format());
    return outcome;
}

Result<Outcome> store(const Invocation& invocation) {
    const std::string format = invocation.settings.format();
    if (invocation.operands.size() != 2) { return fail(Errc::usage, "store needs what to do, and a store", {}, "headwater store check DIR, compact DIR or retain DIR"); }
    const std::string& what = invocation.operands[0];
    const std::string& folder = invocation.operands[1];
    if (invocation.settings.flag("repair") && what != "check") { return fail(Errc::usage, "--repair goes with store check", "--repair", "headwater store check DIR --repair"); }
    if (what == "check" && invocation.settings.flag("repair")) {
        HW_TRY(const auto repair, flow::store::repair_store(folder));
        store_verbs::keep_what_can_be_worked_out(folder);
        const bool lost = std::ranges::any_of(repair.segments, [](const auto& s) { return s.flows < s.flows_before; });
        return Outcome{.out = store_verbs::rendered(format, repair, folder), .code = lost ? ExitCode::partial : ExitCode::done};
    }
    if (what == "check") {
        HW_TRY(const auto result, flow::store::check_store(folder));
        return Outcome{.out = store_verbs::rendered(format, result, folder), .code = result.damages.empty() ? ExitCode::done : ExitCode::bad_input};
    }
    if (what == "compact") {
        HW_TRY(const auto change, flow::store::compact_store(folder));
        flow::store::drop_damaged_directories(folder);
        store_verbs::keep_what_can_be_worked_out(folder);
        return Outcome{.out = store_verbs::rendered(format, change, folder)};
    }
    if (what == "retain") {
        flow::store::Retention keep;
        if (invocation.settings.is_set("max-age")) { keep.since = invocation.world.now - invocation.settings.duration("max-age"); }
        if (invocation.settings.is_set("max-bytes")) { keep.bytes = invocation.settings.count("max-bytes"); }
        if (invocation.settings.is_set("of-observer")) { keep.observers = invocation.settings.texts("of-observer"); }
        if (!keep.since && !keep.bytes && keep.observers.empty()) { return fail(Errc::usage, "store retain needs --max-age, --max-bytes or --of-observer", {}, "headwater help store"); }
        HW_TRY(const auto change, flow::store::retain_store(folder, keep));
        store_verbs::keep_what_can_be_worked_out(folder);
        return Outcome{.out = store_verbs::rendered(format, change, folder)};
    }
    return fail(Errc::usage, "store knows check, compact and retain", {}, "headwater help store");
}

}  // namespace hw::app::command
