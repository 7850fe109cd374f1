#include "app/command/load.hpp"

#include "app/command/profile.hpp"
#include "app/command/run_context.hpp"
#include "app/output/words.hpp"
#include "base/log.hpp"
#include "base/nearest.hpp"
#include "base/text.hpp"
#include "flow/clickhouse/foreign_source.hpp"
#include "flow/clickhouse/source.hpp"
#include "flow/store/files.hpp"
#include "flow/store/source.hpp"

#include <algorithm>
#include <map>
#include <thread>
#include <tuple>

namespace hw::app::command {
namespace {

constexpr std::uint64_t kFlowsWorthTelling = 1'000'000;  // whose going over takes a noticeable time
constexpr std::uint64_t kMostInMemory = 20'000'000;  // flows of a store, for verbs that hold all of them

/// What was passed over, all inputs together: which input, and where in it, stands in the result.
void report_skipped(const flow::read::Inputs& inputs) {
    std::map<std::string, std::uint64_t> by_reason;
    std::uint64_t total = 0;
    std::uint64_t touched = 0;
    for (const auto& report : inputs.reports) {
        if (report.skipped_total() == 0 || !output::not_read_because(report).empty()) { continue; }
        ++touched;
        total += report.skipped_total();
        for (const auto& [reason, skipped] : report.skipped) { by_reason[reason] += skipped.count; }
    }
    if (total == 0) { return; }
    std::string what = "skipped " + counted(total, "record") + " in " + counted(touched, "input") + " (";
    for (auto it = by_reason.begin(); it != by_reason.end(); ++it) {
        what += (it == by_reason.begin() ? "" : ", ") + it->first + ": " + std::to_string(it->second);
    }
    log::warning(printable(what + ")"));
}

void report_problems(const flow::read::Inputs& inputs) {
    for (const Error& error : inputs.failures) {
        log::warning(printable("not used: " + error.where + ": " + error.message));
    }
    for (const auto& report : inputs.reports) {
        if (report.damaged_tail) { log::warning(printable(report.path + " ends inside a record; all before it was used")); }
    }
    report_skipped(inputs);
}

/// The mapping of this name: the strongest file's, or the one that is there without any.
Result<flow::clickhouse::ColumnMapping> mapping_of(const Invocation& invocation, const std::string& name) {
    std::vector<std::string> known{flow::clickhouse::akvorado_mapping().name};
    for (const ConfigFile& file : invocation.files) {
        for (const auto& mapping : file.columns) {
            if (mapping.name == name) { return mapping; }
            known.push_back(mapping.name);
        }
    }
    if (name == known.front()) { return flow::clickhouse::akvorado_mapping(); }
    return fail(Errc::usage, "no columns are called \"" + name + "\"", {}, did_you_mean(name, known, "[columns." + name + "] in the configuration names them: docs/clickhouse.md"));
}

/// What of a foreign table is looked at, where the address says so.
Result<std::optional<Interval>> window_of(const flow::clickhouse::Url& url, Time now) {
    if (url.from.empty() && url.to.empty()) { return std::optional<Interval>(); }
    Interval window{now - std::chrono::hours(24), now};
    if (!url.to.empty()) { HW_TRY(window.to, parse_time(url.to, now)); }
    window.from = window.to - std::chrono::hours(24);
    if (!url.from.empty()) { HW_TRY(window.from, parse_time(url.from, now)); }
    if (window.to < window.from) { return fail(Errc::usage, "the address asks for a time that ends before it begins"); }
    return std::optional(window);
}

/// A table that others made, as the run's input.
Result<Loaded> load_foreign(const Invocation& invocation, flow::clickhouse::Url url) {
    HW_TRY(auto mapping, mapping_of(invocation, url.columns));
    HW_TRY(const auto window, window_of(url, invocation.world.now));
    Loaded loaded;
    loaded.context = begin_context(invocation);
    loaded.context.parameters.emplace_back("database", to_string(url));
    HW_TRY(auto source, flow::clickhouse::ForeignSource::open(connect(invocation, std::move(url)), std::move(mapping), window, invocation.settings.coverage("covers")));
    loaded.context.parameters.emplace_back("window", to_rfc3339(source->window().from) + "/" + to_rfc3339(source->window().to));
    say_where_from(loaded.context, *source);
    if (!window && !invocation.quiet()) {
        log::info(printable("of " + source->table().from() + " its last day is looked at; &from=TIME&to=TIME in the address ask for another"));
    }
    if (!source->table().has(flow::clickhouse::Told::first) && !invocation.quiet()) {
        log::warning("the table does not tell when flows began: each has no more than one moment, that of its record");
    }
    if (source->coverage_unknown()) { log::warning("--covers is without effect: the table's addresses are text, in which no prefix can be looked for"); }
    flow::read::ReadReport report;
    report.path = source->table().from();
    report.format = "clickhouse-table";
    report.records = source->records();
    loaded.context.inputs.push_back(std::move(report));
    loaded.flows = std::move(source);
    return loaded;
}

/// A ClickHouse database as the run's input; each import into it counts as an input of the run.
Result<Loaded> load_cluster(const Invocation& invocation, const std::string& address) {
    if (invocation.verb->name == "relay-test") {
        return fail(Errc::usage, "relay-test needs captures: a database keeps no timing of single packets", {}, "name the captures themselves");
    }
    HW_TRY(auto url, flow::clickhouse::parse_url(address));
    if (!url.columns.empty()) { return load_foreign(invocation, std::move(url)); }
    Loaded loaded;
    loaded.context = begin_context(invocation);
    loaded.context.parameters.emplace_back("database", to_string(url));
    HW_TRY(auto source, flow::clickhouse::Source::open(connect(invocation, std::move(url)), invocation.settings.coverage("covers")));
    say_where_from(loaded.context, *source);
    for (const auto& import : source->imports()) {
        flow::read::ReadReport report;
        report.path = import.path;
        report.format = import.format;
        report.sha256 = import.sha256;
        report.records = import.records;
        report.flows = import.flows;
        loaded.context.inputs.push_back(report);
        loaded.context.flows += import.flows;
    }
    loaded.context.note = note_of_imports(invocation, source->imports());
    loaded.flows = std::move(source);
    return loaded;
}

/// A store as the run's input; each import into it counts as an input of the run.
Result<Loaded> load_store(const Invocation& invocation, const std::string& folder, Progress& progress) {
    flow::store::StoreSourceOptions options;
    options.declared = invocation.settings.coverage("covers");
    options.rejoin = invocation.verb->name != "flows";  // a list of flows shows the records as they were cut
    options.stop = invocation.stop;
    options.progress = [&](std::uint64_t done, std::uint64_t all) {
        if (progress.due()) { progress.show(comparing_line(done, all, "flows", progress.elapsed())); }
    };
    HW_TRY(auto source, flow::store::StoreSource::open(folder, options));
    progress.clear();
    const auto& store = source->store();
    const std::string verb(invocation.verb->name);
    if ((verb == "match" || verb == "calibrate") && store.flows() > kMostInMemory) {
        return fail(Errc::limit, verb + " compares all flows with each other, and the store holds " + std::to_string(store.flows()), folder,
                    "keep fewer in one store: headwater store retain, or one store a month");
    }
    if (source->surveyed_anew() && store.flows() >= kFlowsWorthTelling && !invocation.quiet()) {
        log::info(printable("the flows of " + folder + " were gone over, because it keeps no survey of its present state; headwater store compact " + folder + " keeps one"));
    }
    Loaded loaded;
    output::Context& context = loaded.context;
    context = begin_context(invocation);
    say_where_from(context, *source);
    for (const auto& import : store.manifest().inputs) {
        flow::read::ReadReport report;
        report.path = import.path;
        report.format = import.format;
        report.sha256 = import.sha256;
        report.bytes = import.bytes;
        report.records = import.records;
        report.flows_known = false;
        context.inputs.push_back(std::move(report));
    }
    std::ranges::stable_sort(context.inputs, {}, [](const auto& report) { return std::tie(report.path, report.sha256); });
    context.note = note_of_imports(invocation, store.manifest().inputs);
    context.flows = store.flows();
    loaded.store = source.get();
    loaded.flows = std::move(source);
    return loaded;
}

}  // namespace

void Loaded::settle() {
    if (store == nullptr) { return; }
    auto damage = store->passed_over();
    if (damage.skipped_total() == 0) { return; }
    log::warning(printable("the store is damaged: " + output::skipped_words(damage) + " were passed over; headwater store check " + damage.path + " names all damage"));
    context.inputs.push_back(std::move(damage));
    damaged_ = true;
}

ExitCode Loaded::code(ExitCode otherwise) const {
    if (context.interrupted) { return ExitCode::interrupted; }
    return context.failures.empty() && !damaged_ ? otherwise : ExitCode::partial;
}

unsigned threads(const Invocation& invocation) {
    // More threads than cores gain nothing, and TBB would say so on standard error.
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const auto wanted = invocation.settings.count("threads");
    return wanted == 0 ? cores : static_cast<unsigned>(std::min<std::uint64_t>(wanted, cores));
}

Result<trace::LinkOptions> link_options(const Invocation& invocation) {
    trace::LinkOptions options;
    options.max_lag = invocation.settings.duration("max-lag");
    options.seed = invocation.settings.count("seed");
    options.threads = threads(invocation);
    options.stop = invocation.stop;
    if (const auto path = invocation.settings.optional_text("profile")) {
        HW_TRY(options.profile, read_profile(*path));
    }
    return options;
}

flow::read::ReadOptions read_options(const Invocation& invocation) {
    flow::read::ReadOptions options;
    options.timeouts.idle = invocation.settings.duration("idle-timeout");
    options.timeouts.active = invocation.settings.duration("active-timeout");
    options.threads = threads(invocation);
    options.declared = invocation.settings.coverage("covers");
    options.rejoin = invocation.verb->name != "flows";  // a list of flows shows the records as they were cut
    options.timings = invocation.verb->name == "relay-test";
    options.stop = invocation.stop;
    return options;
}

Loaded describe(const Invocation& invocation, flow::read::Inputs inputs, std::span<const std::string> paths) {
    report_problems(inputs);
    Loaded loaded;
    output::Context& context = loaded.context;
    context = begin_context(invocation);
    const flow::MemorySource& source = *inputs.source;
    say_where_from(context, source);
    context.inputs = inputs.reports;
    context.failures = inputs.failures;
    context.note = note_on(invocation, paths);
    context.flows = source.flows().size();
    context.interrupted = inputs.interrupted;
    loaded.timings = std::move(inputs.timings);
    loaded.flows = std::move(inputs.source);
    return loaded;
}

flow::clickhouse::Http connect(const Invocation& invocation, flow::clickhouse::Url url) {
    const auto& environment = invocation.world.environment;
    if (const auto password = environment.find("HEADWATER_CLICKHOUSE_PASSWORD"); url.password.empty() && password != environment.end()) {
        url.password = password->second;
    }
    return flow::clickhouse::Http(std::move(url), {}, invocation.stop);
}

Result<Loaded> load(const Invocation& invocation, std::span<const std::string> inputs, Progress& progress, std::vector<std::string> leave_out) {
    if (std::ranges::any_of(inputs, flow::clickhouse::is_clickhouse_url)) {
        if (inputs.size() > 1) { return fail(Errc::usage, "a ClickHouse database is the only input or none", {}, "headwater import FILES --store clickhouse://... puts files into it"); }
        return load_cluster(invocation, inputs.front());
    }
    flow::read::ReadOptions options = read_options(invocation);
    options.leave_out = std::move(leave_out);
    options.progress = [&](std::uint64_t done, std::uint64_t total, std::uint64_t records) {
        if (progress.due()) { progress.show(reading_line(done, total, records, progress.elapsed())); }
    };
    const bool store = std::ranges::any_of(inputs, [](const std::string& input) { return flow::store::is_store(input); });
    if (store && inputs.size() > 1) {
        return fail(Errc::usage, "a store cannot be read together with other inputs", {}, "import the others into it: headwater import INPUT... --store DIR");
    }
    if (store) { return load_store(invocation, inputs.front(), progress); }
    HW_TRY(auto read, flow::read::read_inputs(inputs, options));
    progress.clear();
    return describe(invocation, std::move(read), inputs);
}

}  // namespace hw::app::command
