#include "app/command/route_files.hpp"

#include "base/input/unpack.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "route/bmp/decoder.hpp"
#include "route/mrt/reader.hpp"
#include "route/mrt/records.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace route_reading {

/// A session as it was recorded, byte by byte (`nc -l`).
Result<bool> read_bmp(ByteSource& source, route::RouteSink& sink, const route::mrt::ReadOptions& options, InputReport& report) {
    report.format = "bmp";
    route::bmp::Decoder decoder(sink, report, {});
    while (!options.stop.stop_requested()) {
        HW_TRY(const auto block, source.next());
        if (block.empty()) { break; }
        auto wanted = decoder.feed(block, std::nullopt);
        if (!wanted) {  // what came before it counts
            report.skip(wanted.error().message, decoder.offset());
            report.damaged_tail = true;
            return true;
        }
        if (!*wanted) { return false; }
        options.progress(decoder.offset());
    }
    if (decoder.waiting()) {
        report.skip("the stream ends inside a message", decoder.offset());
        report.damaged_tail = true;
    }
    return true;
}

Result<bool> read_one(const Invocation& invocation, const std::string& path, route::RouteSink& sink, Progress& progress, InputReport& report) {
    report.path = path;
    HW_TRY(const auto input, InputBytes::open(path, invocation.stop));
    const bool bmp = route::bmp::looks_like_bmp(input->head());
    if (!input->head().empty() && !bmp && !route::mrt::looks_like_mrt(input->head())) {
        return fail(Errc::malformed, "this is neither an MRT file nor a recorded BMP session", path + ":0", "BGP tables and updates are read in MRT form (RFC 6396) or as BMP (RFC 7854), plain or packed with gzip, zstd, xz or bzip2");
    }
    route::mrt::ReadOptions options{.stop = invocation.stop, .progress = {}};
    options.progress = [&](std::uint64_t) {
        if (progress.due()) { progress.show(fmt::format("reading {}: {:.1f} MB, {} records", std::filesystem::path(path).filename().string(), static_cast<double>(input->raw_bytes()) / 1e6, report.records)); }
    };
    HW_TRY(const bool wanted, bmp ? read_bmp(*input, sink, options, report) : route::mrt::read_mrt(*input, sink, options, report));
    for (const auto& damage : input->damages()) {
        report.skip(damage.what, damage.offset);
        report.damaged_tail = true;
    }
    HW_TRY(report.sha256, input->finish_sha256());
    report.bytes = input->raw_bytes();
    return wanted;
}

}  // namespace route_reading
}  // namespace

ExitCode RouteFiles::code(ExitCode otherwise) const {
    if (interrupted) { return ExitCode::interrupted; }
    const bool lacking = !failures.empty() || std::ranges::any_of(reports, [](const InputReport& r) { return r.skipped_total() > 0; });
    return lacking ? ExitCode::partial : otherwise;
}

Result<std::vector<std::string>> route_files_behind(const std::string& path) {
    std::error_code error;
    if (path == "-" || !std::filesystem::is_directory(path, error)) { return std::vector<std::string>{path}; }
    std::vector<std::string> files;
    for (std::filesystem::recursive_directory_iterator at(path, std::filesystem::directory_options::skip_permission_denied, error), none; !error && at != none; at.increment(error)) {
        std::error_code unsure;
        if (at->is_regular_file(unsure)) { files.push_back(at->path().string()); }
    }
    if (error) { return fail(Errc::unreadable, "the folder cannot be listed: " + error.message(), path, "check its permissions"); }
    std::ranges::sort(files);
    return files;
}

Result<RouteFiles> read_route_files(const Invocation& invocation, std::span<const std::string> paths, route::RouteSink& sink, Progress& progress) {
    using namespace route_reading;
    RouteFiles read;
    for (const std::string& path : paths) {
        auto files = route_files_behind(path);
        if (!files) {
            read.failures.push_back(std::move(files).error());
            continue;
        }
        for (const std::string& file : *files) {
            if (!read.wanted_all || invocation.stop.stop_requested()) { break; }
            InputReport report;
            const auto wanted = read_one(invocation, file, sink, progress, report);
            if (!wanted) {
                read.failures.push_back(wanted.error());
                continue;
            }
            read.wanted_all = *wanted;
            read.reports.push_back(std::move(report));
        }
    }
    progress.clear();
    read.interrupted = invocation.stop.stop_requested();
    if (read.reports.empty() && !read.failures.empty()) { return std::unexpected(std::move(read.failures.front())); }
    for (const Error& failure : read.failures) { log::warning(printable("not used: " + failure.where + ": " + failure.message)); }
    for (const InputReport& report : read.reports) { say_what_was_passed_over(report); }
    return read;
}

void add_route_inputs(output::Context& context, std::span<const InputReport> reports) {
    for (const InputReport& report : reports) {
        flow::read::ReadReport& shown = context.inputs.emplace_back();
        static_cast<InputReport&>(shown) = report;
        shown.of_flows = false;
        shown.flows_known = false;
    }
}

void say_what_was_passed_over(const InputReport& report) {
    for (const auto& [said, what] : report.noted) {
        log::warning(printable(fmt::format("{}: {} time{} (first at byte {}): {}", report.path, what.count, what.count == 1 ? "" : "s", what.first_offsets.front(), said)));
    }
    for (const auto& [reason, what] : report.skipped) {
        log::warning(printable(fmt::format("{}: passed over {} time{} (first at byte {}): {}", report.path, what.count, what.count == 1 ? "" : "s", what.first_offsets.front(), reason)));
    }
}

Result<std::optional<route::rpki::Cache>> connect_rpki(const Invocation& invocation) {
    if (!invocation.settings.is_set("rtr")) { return std::optional<route::rpki::Cache>(); }
    constexpr Duration kWait = std::chrono::seconds(60);  // a cache of all the world's authorisations takes some seconds
    HW_TRY(auto cache, route::rpki::Cache::connect(*invocation.settings.endpoint("rtr"), kWait, invocation.stop));
    if (cache.size() == 0) { log::warning("the RPKI cache has no authorisation at all: nothing can be valid or invalid"); }
    return std::optional<route::rpki::Cache>(std::move(cache));
}

Result<route::Relationships> read_relationships(const std::string& path, const std::stop_token& stop, output::Context& context) {
    HW_TRY(const auto input, InputBytes::open(path, stop));
    route::RelationshipReader reader;
    while (true) {
        HW_TRY(const auto block, input->next());
        if (block.empty()) { break; }
        HW_CHECK(reader.feed({static_cast<const char*>(static_cast<const void*>(block.data())), block.size()}));
    }
    auto read = std::move(reader).finish();
    if (!read) {
        if (read.error().where.empty()) { read.error().where = path; }
        return read;
    }
    InputReport report;
    report.path = path;
    report.format = "as-relationships";
    report.records = read->links.size();
    for (std::size_t f = 0; f < route::kLinkFaults; ++f) {
        const auto& fault = read->report.faults[f];
        if (fault.lines == 0) { continue; }
        const std::string_view what = route::to_string(static_cast<route::LinkFault>(f));
        log::warning(printable(fmt::format("{}: {} passed over: {}", path, counted(fault.lines, "line"), what)));
        report.skip(what, fault.first_offsets.front(), fault.lines);
    }
    for (const auto& damage : input->damages()) {
        report.skip(damage.what, damage.offset);
        report.damaged_tail = true;
    }
    HW_TRY(report.sha256, input->finish_sha256());
    report.bytes = input->raw_bytes();
    add_route_inputs(context, std::span(&report, 1));
    return read;
}

}  // namespace hw::app::command
