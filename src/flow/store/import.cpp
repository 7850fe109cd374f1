#include "flow/read/input_list.hpp"
#include "flow/read/unpack.hpp"
#include "flow/store/store.hpp"
#include "flow/store/survey.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace hw::flow::store {
namespace {
namespace import_detail {

/// Writes flows as segments of at most `kSegmentRows`, in time order, the long ones apart, and names them in the manifest.
Result<std::uint64_t> add_segments(const std::string& folder, Manifest& manifest, std::vector<const Flow*> flows, std::span<const std::string> observers,
                                   std::map<std::string, SegmentNotes, std::less<>>& notes) {
    std::uint64_t bytes = 0;
    const auto middle = std::ranges::stable_partition(flows, [](const Flow* f) { return f->last - f->first <= kLongFlow; }).begin();
    const auto sort = [](auto begin, auto end) {
        const auto first = [](const Flow* f) { return f->first; };
        if (end - begin > static_cast<std::ptrdiff_t>(kSegmentRows) && !std::ranges::is_sorted(begin, end, {}, first)) { std::ranges::stable_sort(begin, end, {}, first); }
    };
    sort(flows.begin(), middle);
    sort(middle, flows.end());
    for (auto [begin, end] : {std::pair(flows.begin(), middle), std::pair(middle, flows.end())}) {
        while (begin != end) {
            const auto stop = end - begin > static_cast<std::ptrdiff_t>(kSegmentRows) ? begin + static_cast<std::ptrdiff_t>(kSegmentRows) : end;
            const std::span<const Flow* const> piece(begin, stop);
            const std::vector<std::byte> segment = write_segment(piece, observers);
            begin = stop;
            HW_TRY(const auto read, Segment::parse(segment, "new"));
            const std::string name = fmt::format("{:010}.segment", manifest.next++);
            HW_CHECK(write_durably(folder, name, segment));
            notes.emplace(name, notes_of(piece, observers));
            manifest.segments.push_back({.file = name, .bytes = segment.size(), .facts = read->facts()});
            bytes += segment.size();
        }
    }
    return bytes;
}

/// The store's manifest, or that of an empty store where there is none yet; what a killed import left is removed.
Result<Manifest> begin_change(const std::string& folder) {
    Manifest manifest;
    if (is_store(folder)) { HW_TRY(manifest, read_manifest(folder)); }
    remove_leftovers(folder, manifest);
    return manifest;
}

}  // namespace import_detail
}  // namespace

Result<std::uint64_t> add_flows(const std::string& folder, std::span<const Flow> flows, std::span<const std::string> observers, std::span<const ImportedInput> inputs) {
    HW_TRY(const auto lock, WriteLock::take(folder));
    HW_TRY(auto manifest, import_detail::begin_change(folder));
    std::vector<const Flow*> all;
    all.reserve(flows.size());
    for (const Flow& flow : flows) { all.push_back(&flow); }
    std::map<std::string, SegmentNotes, std::less<>> notes;
    auto bytes = import_detail::add_segments(folder, manifest, std::move(all), observers, notes);
    if (bytes) {
        manifest.inputs.insert(manifest.inputs.end(), inputs.begin(), inputs.end());
        if (auto written = write_manifest(folder, manifest); !written) { bytes = std::unexpected(std::move(written).error()); }
    }
    if (!bytes) {  // what was written of it is of no use
        if (const auto before = is_store(folder) ? read_manifest(folder) : Result<Manifest>(Manifest{})) { remove_leftovers(folder, *before); }
    } else {
        add_notes(folder, manifest, notes);
    }
    return bytes;
}

Result<ImportResult> import_inputs(const std::string& folder, std::span<const std::string> paths, const std::string& note, const read::ReadOptions& asked) {
    // The lock is taken again for the change itself; here it tells early that somebody else is writing.
    { HW_TRY([[maybe_unused]] const auto lock, WriteLock::take(folder)); }
    std::set<std::string> known;
    if (is_store(folder)) {
        HW_TRY(const auto manifest, read_manifest(folder));
        for (const ImportedInput& input : manifest.inputs) { known.insert(input.sha256); }
    }
    ImportResult result;
    read::ReadOptions options = asked;
    const read::InputList list = read::list_inputs(paths);
    result.failures = list.failures;
    std::size_t fresh = 0;
    for (const read::InputFile& file : list.files) {
        if (!file.passed_over.empty()) { continue; }
        if (!known.empty() && file.path != "-") {
            if (const auto input = read::InputBytes::open(file.path, options.stop)) {
                const auto hash = (*input)->finish_sha256();
                if (hash && known.contains(*hash)) {
                    read::ReadReport report;
                    report.path = file.path;
                    report.sha256 = *hash;
                    report.bytes = (*input)->raw_bytes();
                    report.skip("in the store already", 0);
                    result.reports.push_back(std::move(report));
                    ++result.known;
                    options.leave_out.push_back(file.path);
                    continue;
                }
            }
        }
        ++fresh;
    }
    if (fresh == 0) {
        if (result.known == 0 && !result.failures.empty()) { return std::unexpected(std::move(result.failures.front())); }
        return result;
    }
    auto inputs = read::read_inputs(paths, options);
    if (!inputs && result.known == 0) { return std::unexpected(std::move(inputs).error()); }
    if (!inputs) {
        result.failures.push_back(std::move(inputs).error());
        return result;
    }
    result.interrupted = inputs->interrupted;
    std::vector<ImportedInput> imported;
    for (read::ReadReport& report : inputs->reports) {
        if (std::ranges::find(options.leave_out, report.path) != options.leave_out.end()) { continue; }  // told already
        result.records += report.records;
        if (report.records > 0 && !report.sha256.empty() && !known.contains(report.sha256)) {
            imported.push_back({.sha256 = report.sha256, .format = report.format, .bytes = report.bytes, .records = report.records, .path = report.path, .note = note});
        }
        result.reports.push_back(std::move(report));
    }
    std::ranges::move(inputs->failures, std::back_inserter(result.failures));
    const bool again = !inputs->reports.empty() && imported.empty() && result.records > 0;  // standard input, seen before
    if (again) { result.known += inputs->reports.size(); }
    if (result.interrupted || again) { return result; }
    std::vector<std::string> observers;
    for (const Observer& observer : inputs->source->observers()) { observers.push_back(observer.name); }
    result.flows = inputs->source->flows().size();
    HW_TRY(result.bytes, add_flows(folder, inputs->source->flows(), observers, imported));
    return result;
}

}  // namespace hw::flow::store
