#include "app/command/load.hpp"
#include "app/command/run_context.hpp"
#include "app/output/import_output.hpp"
#include "app/output/words.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "flow/clickhouse/schema.hpp"
#include "flow/clickhouse/sink.hpp"
#include "flow/read/known_inputs.hpp"
#include "flow/store/files.hpp"
#include "flow/store/source.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace cluster_import {

constexpr std::size_t kFlowsAtOnce = 4096;
constexpr std::string_view kBefore = "imported before";

/// A folder that is gone with the object.
class PassingFolder {
public:
    [[nodiscard]] static Result<std::unique_ptr<PassingFolder>> make() {
        std::error_code error;
        std::string path = (std::filesystem::temp_directory_path(error) / "headwater-import-XXXXXX").string();
        if (error || ::mkdtemp(path.data()) == nullptr) { return fail(Errc::unreadable, "no folder can be made for what is read", path, "TMPDIR names the folder for it"); }
        return std::unique_ptr<PassingFolder>(new PassingFolder(std::move(path)));
    }
    ~PassingFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    PassingFolder(const PassingFolder&) = delete;
    PassingFolder& operator=(const PassingFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    explicit PassingFolder(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

/// What reading said, for the output: `imported.known` are of these.
Result<Outcome> finish(const Invocation& invocation, output::Imported& imported, flow::store::ImportResult read) {
    imported.known = read.known;
    imported.records = read.records;
    for (const auto& report : read.reports) { imported.bytes += output::not_read_because(report).empty() ? report.bytes : 0; }
    for (const Error& error : read.failures) { log::warning(printable("not used: " + error.where + ": " + error.message)); }
    if (read.interrupted) { log::warning("interrupted: nothing was imported"); }
    const ExitCode code = read.interrupted ? ExitCode::interrupted : !read.failures.empty() ? ExitCode::partial : imported.flows == 0 && read.known == 0 ? ExitCode::nothing_found : ExitCode::done;
    const output::Context context = import_context(invocation, std::move(read.reports), std::move(read.failures), read.interrupted);
    return Outcome{.out = output::import_text(imported, context, invocation.settings.format()), .code = code};
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

/// A store as the only operand: its flows, under the names of the inputs that it was made of.
Result<Outcome> import_store(const Invocation& invocation, const flow::clickhouse::Http& http, output::Imported& imported, Progress& progress) {
    HW_TRY(auto loaded, load(invocation, invocation.operands, progress));
    std::vector<flow::clickhouse::ImportNote> notes;
    flow::store::ImportResult read;
    for (const auto& report : loaded.context.inputs) {
        HW_TRY(const bool there, flow::clickhouse::Sink::has(http, report.sha256));
        read.known += there ? 1 : 0;
        read.records += report.records;
        notes.push_back({.sha256 = report.sha256, .path = report.path, .format = report.format, .records = report.records, .flows = 0, .note = loaded.context.note});
    }
    if (notes.empty()) { return fail(Errc::usage, "the store does not say of which inputs its flows are (a collector's does not), so that they could be imported twice", invocation.operands.front(), "import files (captures, logs, exports), or a store that was made of files"); }
    if (read.known > 0 && read.known < notes.size()) {
        return fail(Errc::usage, fmt::format("{} of the store's {} inputs are in the database already: nothing was imported", read.known, notes.size()), invocation.operands.front(), "import the files of the others");
    }
    read.reports = loaded.context.inputs;
    if (read.known == 0) { HW_TRY(imported.flows, write_all(http, loaded.source(), loaded.context.flows, std::move(notes), invocation.world.now, progress)); }
    loaded.settle();
    progress.clear();
    imported.took = progress.elapsed();
    return finish(invocation, imported, std::move(read));
}

/// Inputs are read into a store of this call's own, so that they need not fit into memory, and what is said of them (hash, coverage, records
/// that belong together) is known before the first row is sent.
Result<Outcome> import_files(const Invocation& invocation, const flow::clickhouse::Http& http, output::Imported& imported, Progress& progress) {
    const auto has = [&http](const std::string& sha256) { return flow::clickhouse::Sink::has(http, sha256); };
    HW_TRY(auto before, flow::read::find_known_inputs(invocation.operands, has, kBefore, invocation.stop));
    flow::store::ImportResult read;
    const auto merge = [&](flow::store::ImportResult&& staged) {
        read = std::move(staged);
        read.known += before.known.size();
        read.reports.insert(read.reports.begin(), before.known.begin(), before.known.end());
    };
    if (!before.others) {
        if (before.known.empty() && !before.failures.empty()) { return std::unexpected(std::move(before.failures.front())); }
        merge({.reports = {}, .failures = std::move(before.failures)});
        imported.took = progress.elapsed();
        return finish(invocation, imported, std::move(read));
    }
    auto options = read_options(invocation);
    options.leave_out = before.paths();
    options.progress = [&](std::uint64_t done, std::uint64_t total, std::uint64_t records) {
        if (progress.due()) { progress.show(reading_line(done, total, records, progress.elapsed())); }
    };
    HW_TRY(const auto folder, PassingFolder::make());
    const std::string note = note_on(invocation, invocation.operands);
    auto staged = flow::store::import_inputs(folder->path(), invocation.operands, note, options);
    if (!staged && staged.error().code == Errc::limit) { staged.error().hint = "make room there, or name another folder in TMPDIR: what is read lies there until it is sent"; }
    if (!staged && before.known.empty()) { return std::unexpected(std::move(staged).error()); }
    merge(staged ? *std::move(staged) : flow::store::ImportResult{.reports = {}, .failures = {staged.error()}});
    std::vector<flow::clickhouse::ImportNote> notes;
    for (auto& report : std::span(read.reports).subspan(before.known.size())) {
        if (report.sha256.empty() || report.format.empty()) { continue; }
        if (report.path == "-") {  // standard input: what it is shows when it has been read
            HW_TRY(const bool there, has(report.sha256));
            if (there && read.reports.size() > 1) { return fail(Errc::usage, "in the database already, and read together with what is not: nothing was imported", "standard input", "import the others without it"); }
            if (there) {
                report.skip(std::string(kBefore), 0);
                ++read.known;
                read.records = 0;
                continue;
            }
        }
        notes.push_back({.sha256 = report.sha256, .path = report.path, .format = report.format, .records = report.records, .flows = report.flows, .note = note});
    }
    if (!notes.empty() && !read.interrupted) {
        HW_TRY(const auto source, flow::store::StoreSource::open(folder->path(), {.declared = invocation.settings.coverage("covers"), .rejoin = true, .stop = invocation.stop, .progress = {}}));
        HW_TRY(imported.flows, write_all(http, *source, read.flows, std::move(notes), invocation.world.now, progress));
    }
    progress.clear();
    imported.took = progress.elapsed();
    return finish(invocation, imported, std::move(read));
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
    Progress progress(invocation.progress());
    const bool store = std::ranges::any_of(invocation.operands, [](const std::string& input) { return flow::store::is_store(input); });
    return store ? cluster_import::import_store(invocation, http, imported, progress) : cluster_import::import_files(invocation, http, imported, progress);
}

}  // namespace hw::app::command
