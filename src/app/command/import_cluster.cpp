#include "app/command/load.hpp"
#include "app/command/run_context.hpp"
#include "app/output/import_output.hpp"
#include "base/log.hpp"
#include "flow/clickhouse/schema.hpp"
#include "flow/clickhouse/sink.hpp"
#include "flow/read/known_inputs.hpp"

#include <algorithm>
#include <vector>

namespace hw::app::command {
namespace {
namespace cluster_import {

constexpr std::size_t kFlowsAtOnce = 4096;

std::vector<flow::clickhouse::ImportNote> notes_of(const output::Context& context) {
    std::vector<flow::clickhouse::ImportNote> notes;
    for (const auto& report : context.inputs) {
        if (report.sha256.empty() || report.format.empty()) { continue; }
        notes.push_back({.sha256 = report.sha256, .path = report.path, .format = report.format, .records = report.records, .flows = report.flows, .note = context.note});
    }
    return notes;
}

Result<Outcome> finish(const Invocation& invocation, const output::Imported& imported, const output::Context& context, ExitCode code) {
    Outcome outcome;
    outcome.code = code;
    outcome.out = output::import_text(imported, context, invocation.settings.format());
    return outcome;
}

/// Writes all flows of the source as one import; says how many they were.
Result<std::uint64_t> write_all(const flow::clickhouse::Http& http, const flow::FlowSource& source, std::uint64_t expected, std::vector<flow::clickhouse::ImportNote> notes, Time now,
                                Progress& progress) {
    HW_TRY(auto sink, flow::clickhouse::Sink::begin(http, std::move(notes), now));
    const Duration began = progress.elapsed();
    std::vector<flow::Flow> some;
    some.reserve(kFlowsAtOnce);
    std::uint64_t sent = 0;
    Result<void> taken;
    const auto send = [&] {
        sent += some.size();
        taken = sink.add(some, source.observers());
        some.clear();
        if (progress.due()) { progress.show(comparing_line(sent, std::max(sent, expected), "flows", progress.elapsed() - began)); }
        return taken.has_value();
    };
    HW_CHECK(source.scan(source.interval(), [&](const flow::Flow& flow) {
        some.push_back(flow);
        return some.size() < kFlowsAtOnce || send();
    }));
    if (taken && !some.empty()) { send(); }
    HW_CHECK(taken);
    HW_CHECK(sink.commit(source.observers(), source.coverage(), now));
    return sent;
}

}  // namespace cluster_import
}  // namespace

Result<Outcome> import_to_cluster(const Invocation& invocation) {
    HW_TRY(auto url, flow::clickhouse::parse_url(invocation.settings.text("store")));
    if (!url.columns.empty()) { return fail(Errc::usage, "a table that others made is only read", {}, "leave out columns=: Headwater makes tables of its own"); }
    output::Imported imported;
    imported.store = to_string(url);
    const flow::clickhouse::Http http = connect(invocation, std::move(url));
    HW_CHECK(flow::clickhouse::create_tables(http));
    const auto has = [&http](const std::string& sha256) { return flow::clickhouse::Sink::has(http, sha256); };
    HW_TRY(auto before, flow::read::find_known_inputs(invocation.operands, has, "imported before", invocation.stop));
    imported.known = before.known.size();

    Progress progress(invocation.progress());
    if (!before.known.empty() && !before.others && before.failures.empty()) {
        imported.took = progress.elapsed();
        return cluster_import::finish(invocation, imported, import_context(invocation, std::move(before.known), {}, false), ExitCode::done);
    }
    HW_TRY(auto loaded, load(invocation, invocation.operands, progress, before.paths()));
    if (loaded.context.interrupted) { return fail(Errc::interrupted, "interrupted: nothing was imported"); }
    for (const auto& report : loaded.context.inputs) {
        imported.records += report.records;
        imported.bytes += report.bytes;
    }
    HW_TRY(imported.flows, cluster_import::write_all(http, loaded.source(), loaded.context.flows, cluster_import::notes_of(loaded.context), invocation.world.now, progress));
    loaded.settle();
    progress.clear();
    imported.took = progress.elapsed();
    return cluster_import::finish(invocation, imported, loaded.context, loaded.code(ExitCode::done));
}

}  // namespace hw::app::command
