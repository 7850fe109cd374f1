#include "app/command/case_filing.hpp"
#include "app/command/invocation.hpp"
#include "app/command/registry_files.hpp"
#include "app/command/route_files.hpp"
#include "app/command/route_target.hpp"
#include "app/command/run_context.hpp"
#include "app/output/watch_output.hpp"
#include "app/write_file.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "route/bmp/listener.hpp"
#include "route/watch/saved_watch.hpp"
#include "route/watch/watcher.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace watching {

/// How often a folder that is being filled is looked at.
constexpr Duration kPoll = std::chrono::seconds(2);

/// One AS, prefix or country of a target: put to it. What it is called in the end.
Result<std::string> add_part(route::WatchTarget& target, std::string_view text, const net::Registry& registry) {
    HW_TRY(const auto part, parse_route_target(text));
    if (const auto* asn = std::get_if<net::Asn>(&part)) {
        target.ases.push_back(*asn);
        return net::to_string(*asn);
    }
    if (const auto* prefix = std::get_if<net::Prefix>(&part)) {
        target.prefixes.push_back(*prefix);
        return net::to_string(*prefix);
    }
    const auto& country = std::get<net::Country>(part);
    HW_TRY(const auto held, holdings_of(registry, country));
    for (const auto& as : held.ases) { target.ases.push_back(as.asn); }
    for (const auto& range : held.ranges) { std::ranges::copy(net::prefixes_between(range.first, range.last), std::back_inserter(target.prefixes)); }
    return net::to_string(country);
}

/// `AS64500`, `192.0.2.0/24`, `KE`, or several of them under a name: `operator=AS64500,AS64501,192.0.2.0/24`.
Result<route::WatchTarget> target_of(const std::string& text, const net::Registry& registry) {
    const std::size_t equals = text.find('=');
    route::WatchTarget target{.name = equals == std::string::npos ? std::string() : text.substr(0, equals), .ases = {}, .prefixes = {}};
    std::string_view rest = equals == std::string::npos ? std::string_view(text) : std::string_view(text).substr(equals + 1);
    std::string said;
    while (true) {
        const std::size_t comma = rest.find(',');
        HW_TRY(const auto part, add_part(target, rest.substr(0, comma), registry));
        if (!said.empty()) { said += ','; }
        said += part;
        if (comma == std::string_view::npos) { break; }
        rest.remove_prefix(comma + 1);
    }
    if (target.name.empty()) { target.name = said; }
    return target;
}

void keep_reports(output::Context& context, const RouteFiles& read) {
    add_route_inputs(context, read.reports);
    context.failures.insert(context.failures.end(), read.failures.begin(), read.failures.end());
    context.interrupted = context.interrupted || read.interrupted;
}

/// The state of before; nothing where there is none yet.
Result<std::optional<route::SavedWatch>> take_up(const std::string& path, route::Watcher& watcher) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) { return std::nullopt; }
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in) { return fail(Errc::unreadable, "the state cannot be read", path, "check its permissions"); }
    auto saved = route::load_watch(std::as_bytes(std::span(text)), watcher);
    if (saved) { return std::optional(std::move(*saved)); }
    Error error = std::move(saved).error();
    error.where = error.where == "--state" ? path : path + ", " + error.where;
    return std::unexpected(std::move(error));
}

/// How a file is remembered as read: by its whole path, wherever the next run is started from. Standard input is never: it is another each time.
std::optional<std::string> remembered_as(const std::string& file) {
    if (file == "-") { return std::nullopt; }
    std::error_code error;
    const auto whole = std::filesystem::weakly_canonical(file, error);
    return error ? file : whole.string();
}

bool is_read(const route::SavedWatch& saved, const std::string& file) {
    const auto name = remembered_as(file);
    return name && saved.files.contains(*name);
}

/// Updates that have not been read yet. Of a folder that is being filled only files that have stopped growing are taken: one that was looked at twice with the same size.
class Arrivals {
public:
    Arrivals(std::vector<std::string> paths, bool growing) : paths_(std::move(paths)), growing_(growing) {}
    Result<std::vector<std::string>> next(const route::SavedWatch& saved) {
        std::vector<std::string> out;
        for (const auto& path : paths_) {
            HW_TRY(const auto files, route_files_behind(path));
            for (const auto& file : files) {
                if (is_read(saved, file)) { continue; }
                if (growing_) {
                    std::error_code error;
                    const auto size = std::filesystem::file_size(file, error);
                    const auto [at, fresh] = sizes_.try_emplace(file, size);
                    if (fresh || at->second != size || error) {
                        at->second = size;
                        break;  // those behind it are of later times
                    }
                }
                out.push_back(file);
            }
        }
        return out;
    }

private:
    std::vector<std::string> paths_;
    bool growing_;
    std::map<std::string, std::uintmax_t> sizes_;
};

void rest(Duration how_long, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, how_long, [] { return false; });
}

/// One watch from the beginning to the end of a run.
struct Run {
    const Invocation& invocation;
    route::Watcher& watcher;
    Progress& progress;
    output::Context& context;
    route::SavedWatch saved;
    ExitCode code = ExitCode::done;

    Result<void> read(std::span<const std::string> files) {
        HW_TRY(const auto read, read_route_files(invocation, files, watcher, progress));
        keep_reports(context, read);
        if (read.code(ExitCode::done) != ExitCode::done) { code = read.code(ExitCode::done); }
        for (const auto& file : files) {
            if (const auto name = remembered_as(file); name && !read.interrupted) { saved.files.insert(*name); }
        }
        return {};
    }
    /// Takes what routers tell until told to stop. The clock is the machine's: where nothing comes, time goes on.
    Result<void> listen(route::bmp::Listener& listener, std::chrono::steady_clock::time_point until, const bool& heard, const std::optional<std::string>& state) {
        using Clock = std::chrono::steady_clock;
        const std::string where = to_string(listener.address());
        if (invocation.tell && invocation.settings.format() == "ndjson") { (void)invocation.tell(output::watch_ready_ndjson(where)); }
        log::info("listening for routers on " + where);
        const auto began = Clock::now();
        const auto now = [&] { return invocation.world.now + std::chrono::duration_cast<Duration>(Clock::now() - began); };
        auto kept = began, ticked = began;
        while (heard && !invocation.stop.stop_requested() && Clock::now() < until) {
            HW_CHECK(listener.receive(std::chrono::milliseconds(200), now()));
            const auto at = Clock::now();
            if (at - ticked >= std::chrono::seconds(1)) {
                ticked = at;
                watcher.advance(now());
                if (progress.due()) { progress.show(fmt::format("{} connected, {} changes, {} so far", counted(listening_routers(listener), "router"), watcher.changes(), counted(watcher.events().size(), "event"))); }
            }
            if (at - kept >= std::chrono::minutes(1)) {
                kept = at;
                HW_CHECK(keep(state));
            }
        }
        progress.clear();
        add_route_inputs(context, listener.reports());
        for (const auto& r : listener.routers()) {
            if (!r.connected) { log::info(printable(fmt::format("router {} {}: {}", to_string(r.address), r.name, r.ended))); }
        }
        if (listener.refused() > 0) { log::warning(fmt::format("{} turned away", counted(listener.refused(), "connection"))); }
        listener.close();
        return keep(state);
    }
    static std::size_t listening_routers(const route::bmp::Listener& listener) {
        const auto routers = listener.routers();
        return static_cast<std::size_t>(std::ranges::count(routers, true, &route::bmp::RouterStatus::connected));
    }
    [[nodiscard]] Result<void> keep(const std::optional<std::string>& path) const {
        if (!path || context.interrupted) { return {}; }  // what is read in part may not be taken for read
        return write_file(*path, route::save_watch(watcher, saved));
    }
};

}  // namespace watching
}  // namespace

Result<Outcome> watch(const Invocation& invocation) {
    using namespace watching;
    const auto tables = invocation.settings.texts("rib");
    const auto updates = invocation.settings.texts("updates");
    const auto svg = invocation.settings.optional_text("svg");
    if (invocation.operands.empty()) { return fail(Errc::usage, "watch needs a target: a prefix, an AS, or several under a name", "TARGET", "headwater watch AS64500 --rib rib.bz2 --updates updates/"); }
    const bool listens = invocation.settings.is_set("bmp");
    if (updates.empty() && !listens) { return fail(Errc::usage, "watch needs updates", "--updates", "headwater watch AS64500 --rib rib.bz2 --updates updates/, or --bmp 127.0.0.1:11019 to listen for routers"); }
    if (svg) { HW_CHECK(check_writable(*svg)); }
    HW_CHECK(check_filing(invocation));
    output::Context context = begin_context(invocation);
    net::Registry registry;
    if (const auto registries = invocation.settings.texts("registry"); !registries.empty()) {
        HW_TRY(registry, read_registry_files(invocation, registries, context));
    }
    std::vector<route::WatchTarget> targets;
    targets.reserve(invocation.operands.size());
    for (const auto& operand : invocation.operands) {
        HW_TRY(auto target, target_of(operand, registry));
        targets.push_back(std::move(target));
    }
    route::WatchOptions options;
    options.least_routers = static_cast<std::size_t>(invocation.settings.count("routers"));
    options.learn = invocation.settings.is_set("learn") ? invocation.settings.duration("learn") : tables.empty() ? Duration(std::chrono::hours(1)) : Duration(0);
    HW_TRY(const auto rpki, connect_rpki(invocation));
    if (rpki) {
        options.validate = [&rpki](const net::Prefix& prefix, net::Asn origin) { return rpki->validate(prefix, origin); };
    }
    route::AsGraph graph;
    if (const auto path = invocation.settings.optional_text("relationships")) {
        HW_TRY(const auto relationships, read_relationships(*path, invocation.stop, context));
        graph = route::AsGraph::build(relationships.links);
        options.graph = &graph;
    }
    const std::string format = invocation.settings.format();
    const bool follow = invocation.settings.flag("follow");
    const bool as_lines = format == "table" && (follow || listens);
    bool heard = true;
    route::Watcher::OnEvent on_event;
    if (invocation.tell && (format == "ndjson" || as_lines)) {
        on_event = [&](route::Watcher::EventId id, const route::Event& event) { heard = heard && invocation.tell(as_lines ? output::watch_event_told(event) : output::watch_event_ndjson(id, event)); };
    }
    route::Watcher watcher(std::move(targets), std::move(options), std::move(on_event));

    Progress progress(invocation.progress());
    const auto state = invocation.settings.optional_text("state");
    if (state) { HW_CHECK(check_writable(*state)); }
    Run run{.invocation = invocation, .watcher = watcher, .progress = progress, .context = context, .saved = {}};
    if (state) {
        HW_TRY(auto before, take_up(*state, watcher));
        if (before) { run.saved = std::move(*before); }
    }
    if (follow && std::ranges::find(updates, "-") != updates.end()) { return fail(Errc::usage, "standard input cannot be followed", "--updates -", "without --follow it is read to its end; name a folder that is being filled"); }
    std::vector<std::string> fresh_tables;
    for (const auto& path : tables) {
        HW_TRY(const auto files, route_files_behind(path));
        std::ranges::copy_if(files, std::back_inserter(fresh_tables), [&](const auto& f) { return !is_read(run.saved, f); });
    }
    if (!fresh_tables.empty()) { HW_CHECK(run.read(fresh_tables)); }
    std::optional<route::bmp::Listener> listener;
    if (listens) {
        HW_TRY(auto opened, route::bmp::Listener::open({.where = invocation.settings.endpoints("bmp").front(), .allowed = invocation.settings.prefixes("router")}, watcher));
        listener = std::move(opened);
    }
    const auto until = std::chrono::steady_clock::now() + (invocation.settings.is_set("for") ? invocation.settings.duration("for") : Duration(std::chrono::hours(24 * 365 * 100)));
    Arrivals arrivals(updates, follow);
    while (true) {
        HW_TRY(const auto fresh, arrivals.next(run.saved));
        if (!fresh.empty()) {
            HW_CHECK(run.read(fresh));
            HW_CHECK(run.keep(state));
        }
        if (listener) { break; }  // what lies there has been read; from here on routers tell
        if (!follow || !heard || context.interrupted || invocation.stop.stop_requested() || std::chrono::steady_clock::now() >= until) { break; }
        rest(kPoll, invocation.stop);
    }
    const ExitCode read_code = run.code;
    if (listener) { HW_CHECK(run.listen(*listener, until, heard, state)); }
    else if (!follow) { watcher.advance(watcher.interval().to + route::Sessions::kTick); }
    HW_CHECK(run.keep(state));
    context.interval = watcher.interval();
    std::vector<std::string> all = tables;
    all.insert(all.end(), updates.begin(), updates.end());
    context.note = note_on(invocation, all);
    const ExitCode code = read_code == ExitCode::done && watcher.events().empty() ? ExitCode::nothing_found : read_code;

    const output::WatchView view{.watcher = &watcher, .series = invocation.settings.flag("series")};
    Outcome outcome{.out = {}, .code = code};
    if (format == "csv") { outcome.out = output::watch_csv(view); }
    else if (format == "table") { outcome.out = output::watch_table(view, context); }
    else { outcome.out = output::watch_json(view, context, format == "json"); }
    if (auto filed = file_run(invocation, context, output::watch_json(view, context, true)); !filed) { outcome.late = std::move(filed).error(); }
    if (svg) {
        if (auto written = write_file(*svg, output::watch_svg(view, context)); !written) { outcome.late = std::move(written).error(); }
    }
    return outcome;
}

}  // namespace hw::app::command
