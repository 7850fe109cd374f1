#include "app/command/load.hpp"
#include "app/command/trace_run.hpp"
#include "app/output/html.hpp"
#include "app/output/trace_output.hpp"
#include "app/write_file.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "flow/read/follow.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace hw::app::command {
namespace {
namespace follow_detail {

using Clock = std::chrono::steady_clock;
constexpr int kRests = 4;  // a search may take a fifth of the time, and no more

/// Sleeps until `when` or until a stop is requested, whichever is first.
void wait_until(Clock::time_point when, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_until(lock, stop, when, [] { return false; });
}

/// Tells of inputs that failed since the last time, while others go on: a capture that nobody reads any more must not pass
/// for a quiet one.
void tell_failures(const flow::read::Follow& follow, std::size_t& told) {
    const auto failures = follow.failures();
    for (; told < failures.size(); ++told) {
        log::warning(printable("followed no more: " + failures[told].where + ": " + failures[told].message));
    }
}

/// Whether nothing at all came of the inputs but errors.
bool all_failed(const flow::read::Inputs& inputs) {
    return !inputs.failures.empty() && inputs.failures.size() == inputs.reports.size() &&
           std::ranges::all_of(inputs.reports, [](const auto& report) { return report.records == 0; });
}

}  // namespace follow_detail
}  // namespace

Result<Outcome> follow_trace(const Invocation& invocation) {
    using namespace follow_detail;
    const auto report = invocation.settings.optional_text("html");
    if (report) { HW_CHECK(check_writable(*report)); }
    flow::read::FollowedInputs sources;
    sources.captures = invocation.operands;
    if (const auto interface = invocation.settings.optional_text("interface")) { sources.interfaces.push_back(*interface); }
    if (sources.captures.empty() && sources.interfaces.empty()) {
        return fail(Errc::usage, "nothing to follow", {}, "name captures that are being written, - for a pipe, or --interface IF");
    }
    HW_TRY(const auto options, trace_options(invocation));
    HW_TRY(const auto follow, flow::read::Follow::start(sources, read_options(invocation)));

    const auto query = trace_query(invocation);
    const std::string format = invocation.settings.format();
    const bool tells = format == "table" || format == "ndjson";
    const auto every = std::chrono::duration_cast<Clock::duration>(invocation.settings.duration("every"));
    const auto began = Clock::now();
    const auto end = invocation.settings.is_set("for") ? began + invocation.settings.duration("for") : Clock::time_point::max();
    std::string last;
    std::size_t told = 0;
    for (auto due = began + every; !invocation.stop.stop_requested() && Clock::now() < end && !follow->ended();) {
        constexpr auto kLook = std::chrono::milliseconds(200);
        // Not until `due`: where nothing is told it stays in the past, and there would be no rest.
        wait_until(std::min(end, Clock::now() + kLook), invocation.stop);
        if (!follow->ended()) { tell_failures(*follow, told); }
        if (Clock::now() < due || !tells || !invocation.tell) { continue; }
        const auto looked = Clock::now();
        const flow::read::Inputs inputs = follow->snapshot();
        HW_TRY(const auto result, trace::trace(*inputs.source, query, options));
        output::Context context;
        context.observers.assign(inputs.source->observers().begin(), inputs.source->observers().end());
        context.interval = inputs.source->interval();
        context.flows = inputs.source->flows().size();
        const std::uint64_t records = follow->records();
        const std::string line = output::trace_update_line(result);
        // A person is told what is new; a program gets every look.
        const bool news = format == "ndjson" || line != last;
        const bool taken = !news || invocation.tell(format == "ndjson" ? output::trace_update_ndjson(result, context, records)
                                                                       : (records == 0 ? "no packet so far" : to_rfc3339(context.interval.to) + "  " + line));
        if (!taken) { break; }  // nobody reads on; the whole result will say so
        last = line;
        due = std::max(looked + every, Clock::now() + kRests * (Clock::now() - looked));
    }

    flow::read::Inputs whole_inputs = follow->finish();
    if (all_failed(whole_inputs)) { return std::unexpected(std::move(whole_inputs.failures.front())); }
    Loaded loaded = describe(invocation, std::move(whole_inputs), invocation.operands);
    // Ending it by hand is how it ends: the search over what has come is made in full.
    trace::TraceOptions whole = options;
    whole.link.stop = {};
    HW_TRY(const auto result, trace::trace(loaded.source(), query, whole));
    if (result.truncated) { log::warning("a limit of the search was reached; naming --peer or --at narrows it"); }
    Outcome outcome;
    outcome.code = loaded.code(result.truncated ? ExitCode::partial : result.trails.empty() ? ExitCode::nothing_found : ExitCode::done);
    outcome.out = render_trace(result, loaded.context, invocation);
    if (report) {
        if (auto written = write_file(*report, output::trace_html(result, loaded.context)); !written) { outcome.late = std::move(written).error(); }
    }
    return outcome;
}

}  // namespace hw::app::command
