#include "app/command/load.hpp"
#include "app/output/import_output.hpp"
#include "base/log.hpp"
#include "flow/clickhouse/schema.hpp"
#include "flow/clickhouse/sink.hpp"
#include "flow/read/input_list.hpp"
#include "flow/read/unpack.hpp"

#include <algorithm>
#include <vector>

namespace hw::app::command {
namespace {
namespace cluster_import {

constexpr std::size_t kFlowsAtOnce = 4096;

/// The files among the inputs that the database has already, and whether there are others.
struct Known {
    std::vector<std::string> paths;
    bool others = false;
};

/// Standard input cannot be known before it is read.
Result<Known> imported_before(const Invocation& invocation, const flow::clickhouse::Http& http) {
    const auto list = flow::read::list_inputs(invocation.operands);
    Known known{.paths = {}, .others = !list.failures.empty()};
    for (const auto& file : list.files) {
        if (!file.passed_over.empty()) { continue; }
        bool has = false;
        if (file.path != "-") {
            const auto input = flow::read::InputBytes::open(file.path, invocation.stop);
            const auto hash = input ? (*input)->finish_sha256() : std::unexpected(input.error());
            if (hash) { HW_TRY(has, flow::clickhouse::Sink::has(http, *hash)); }  // else reading will tell
        }
        if (has) { known.paths.push_back(file.path); }
        else { known.others = true; }
    }
    return known;
}

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
    const std::string format = invocation.settings.format();
    if (format == "json") { outcome.out = output::import_json(imported, context); }
    else if (format == "ndjson") { outcome.out = output::import_ndjson(imported, context); }
    else if (format == "csv") { outcome.out = output::import_csv(imported, context); }
    else { outcome.out = output::import_table(imported, context); }
    return outcome;
}

/// Writes all flows of the source as one import.
Result<void> write_all(const flow::clickhouse::Http& http, const flow::MemorySource& source, std::vector<flow::clickhouse::ImportNote> notes, Time now, Progress& progress) {
    HW_TRY(auto sink, flow::clickhouse::Sink::begin(http, std::move(notes), now));
    const auto flows = source.flows();
    const Duration began = progress.elapsed();
    for (std::size_t at = 0; at < flows.size(); at += kFlowsAtOnce) {
        HW_CHECK(sink.add(flows.subspan(at, std::min(kFlowsAtOnce, flows.size() - at)), source.observers()));
        if (progress.due()) { progress.show(comparing_line(at, flows.size(), "flows", progress.elapsed() - began)); }
    }
    return sink.commit(source.observers(), source.coverage(), now);
}

}  // namespace cluster_import
}  // namespace

Result<Outcome> import_to_cluster(const Invocation& invocation) {
    HW_TRY(auto url, flow::clickhouse::parse_url(invocation.settings.text("store")));
    output::Imported imported;
    imported.store = to_string(url);
    const flow::clickhouse::Http http = connect(invocation, std::move(url));
    HW_CHECK(flow::clickhouse::create_tables(http));
    HW_TRY(const auto known, cluster_import::imported_before(invocation, http));
    imported.known = known.paths.size();

    Progress progress(invocation.progress());
    if (!known.paths.empty() && !known.others) {
        imported.took = progress.elapsed();
        output::Context context;
        for (const std::string& path : known.paths) {
            flow::read::ReadReport report;
            report.path = path;
            report.skip("imported before", 0);
            context.inputs.push_back(std::move(report));
        }
        return cluster_import::finish(invocation, imported, context, ExitCode::done);
    }
    HW_TRY(auto loaded, load(invocation, invocation.operands, progress, known.paths));
    if (loaded.inputs.interrupted) { return fail(Errc::interrupted, "interrupted: nothing was imported"); }
    for (const auto& report : loaded.context.inputs) {
        imported.records += report.records;
        imported.bytes += report.bytes;
    }
    imported.flows = loaded.inputs.source->flows().size();
    HW_CHECK(cluster_import::write_all(http, *loaded.inputs.source, cluster_import::notes_of(loaded.context), invocation.world.now, progress));
    progress.clear();
    imported.took = progress.elapsed();
    return cluster_import::finish(invocation, imported, loaded.context, loaded.code(ExitCode::done));
}

}  // namespace hw::app::command
