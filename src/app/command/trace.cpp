#include "trace/trail.hpp"

#include "app/command/case_filing.hpp"
#include "app/command/holders.hpp"
#include "app/command/load.hpp"
#include "app/command/trace_run.hpp"
#include "app/output/html.hpp"
#include "app/output/trace_output.hpp"
#include "app/write_file.hpp"
#include "base/log.hpp"

#include <cstddef>

namespace hw::app::command {

std::string render_trace(const trace::TraceResult& result, const output::Context& context, const Invocation& invocation) {
    const std::string format = invocation.settings.format();
    if (format == "json") { return output::trace_json(result, context); }
    if (format == "ndjson") { return output::trace_ndjson(result, context); }
    if (format == "csv") { return output::trace_csv(result, context); }
    return output::trace_table(result, context, invocation.colour() ? output::Colour::on : output::Colour::off);
}

Result<trace::TraceOptions> trace_options(const Invocation& invocation) {
    trace::TraceOptions options;
    HW_TRY(options.link, link_options(invocation));
    options.max_trails = static_cast<std::size_t>(invocation.settings.count("max-trails"));
    options.boxes = invocation.settings.address_lists("box");
    return options;
}

trace::TraceQuery trace_query(const Invocation& invocation) {
    trace::TraceQuery query;
    query.victim = *invocation.settings.endpoint("victim");
    if (const auto peers = invocation.settings.addresses("peer"); !peers.empty()) { query.peer = peers.front(); }
    query.at = invocation.settings.interval("at");
    return query;
}

Result<Outcome> run_trace(const Invocation& invocation, std::span<const std::string> inputs, const trace::TraceQuery& query,
                          std::span<const std::pair<std::string, std::string>> more_parameters) {
    const auto report = invocation.settings.optional_text("html");
    // Told before the work, not after it.
    if (report) { HW_CHECK(check_writable(*report)); }
    HW_CHECK(check_filing(invocation));
    HW_TRY(auto options, trace_options(invocation));
    Progress progress(invocation.progress());
    HW_TRY(auto loaded, load(invocation, inputs, progress));
    HW_TRY(const auto holders, Holders::load(invocation, loaded.context));
    auto& parameters = loaded.context.parameters;
    parameters.insert(parameters.begin(), more_parameters.begin(), more_parameters.end());

    options.progress = [&](std::size_t done, std::size_t waiting, std::uint64_t pairs) {
        if (progress.due()) { progress.show(tracing_line(done, waiting, pairs)); }
    };
    Duration host_began = progress.elapsed();
    options.link.progress = [&](std::size_t done, std::size_t all) {
        if (done <= 1) { host_began = progress.elapsed(); }
        if (progress.due()) { progress.show(comparing_line(done, all, "pairs", progress.elapsed() - host_began)); }
    };
    HW_TRY(auto result, trace::trace(loaded.source(), query, options));
    progress.clear();
    loaded.settle();
    if (holders) {
        for (const trace::Ask& ask : result.asks) { loaded.context.holders.emplace(ask.address, holders->of(ask.address)); }
        for (const trace::Trail& trail : result.trails) { loaded.context.holders.emplace(trail.ending.address, holders->of(trail.ending.address)); }
    }
    if (result.interrupted) { loaded.context.interrupted = true; }
    if (loaded.context.interrupted) { log::warning("interrupted: this is what was known until then"); }

    if (result.truncated) { log::warning("a limit of the search was reached; naming --peer or --at narrows it"); }

    Outcome outcome;
    outcome.code = loaded.code(result.truncated ? ExitCode::partial : result.trails.empty() ? ExitCode::nothing_found : ExitCode::done);
    outcome.out = render_trace(result, loaded.context, invocation);
    if (report) {
        if (auto written = write_file(*report, output::trace_html(result, loaded.context)); !written) { outcome.late = std::move(written).error(); }
    }
    if (auto filed = file_run(invocation, loaded.context, output::trace_json(result, loaded.context)); !filed) { outcome.late = std::move(filed).error(); }
    return outcome;
}

Result<Outcome> trace(const Invocation& invocation) {
    if (invocation.settings.count("max-trails") == 0) {
        return fail(Errc::usage, "--max-trails must be 1 or more", "--max-trails");
    }
    const auto alerts = invocation.settings.optional_text("alert");
    if (invocation.settings.flag("follow")) {
        if (invocation.settings.is_set("case")) { return fail(Errc::usage, "--case does not go with --follow", "--case", "file the trace of what was captured, once it is there"); }
        if (alerts) { return fail(Errc::usage, "--alert does not go with --follow", "--alert", "name --peer and --at as the alert has them"); }
        return follow_trace(invocation);
    }
    for (const std::string option : {"interface", "for", "every"}) {
        if (!invocation.settings.is_typed(option)) { continue; }
        return fail(Errc::usage, "--" + option + " needs --follow", "--" + option, "add --follow to trace as the captures grow, or leave --" + option + " out");
    }
    if (invocation.operands.empty()) { return fail(Errc::usage, "no input given", {}, "name captures, logs or folders of them, or - for standard input"); }
    auto query = trace_query(invocation);
    if (!alerts) { return run_trace(invocation, invocation.operands, query); }
    HW_TRY(const std::string seed, seed_by_alert(invocation, *alerts, query));
    const std::pair<std::string, std::string> told{"seed_alert", seed};
    return run_trace(invocation, invocation.operands, query, std::span(&told, 1));
}

}  // namespace hw::app::command
