#include "flow/read/known_inputs.hpp"
#include "flow/store/segment_rows.hpp"
#include "flow/store/store.hpp"
#include "flow/store/survey.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace hw::flow::store {
namespace {
namespace import_detail {

/// Writes flows as segments, the long ones apart, and names them in a manifest that the caller writes.
class SegmentWriter {
public:
    SegmentWriter(const std::string& folder, Manifest& manifest) : folder_(folder), manifest_(manifest) {}

    /// One segment, of at most `kSegmentRows` flows.
    Result<void> write(std::span<const Flow* const> flows, std::span<const std::string> observers) {
        rows_.add_all(flows, observers);
        return write(rows_, observers, notes_of(flows, observers));
    }
    /// The same of flows that are collected, and are cleared.
    Result<void> write(RowCollector& rows, std::span<const std::string> observers, SegmentNotes notes) {
        write_rows(rows, observers, image_);
        rows.clear();
        HW_TRY(const auto name, write_next_segment(folder_, manifest_, image_.front, image_.data));
        const std::size_t size = image_.front.size() + image_.data.size();
        notes_.emplace(name, std::move(notes));
        manifest_.segments.push_back({.file = name, .bytes = size, .facts = image_.facts});
        bytes_ += size;
        flows_ += image_.facts.rows;
        return {};
    }
    /// As many segments as it takes, in time order.
    Result<void> write_all(std::vector<const Flow*> flows, std::span<const std::string> observers) {
        const auto middle = std::ranges::stable_partition(flows, [](const Flow* f) { return f->last - f->first <= kLongFlow; }).begin();
        HW_CHECK(write_run(std::span(flows.begin(), middle), observers));
        return write_run(std::span(middle, flows.end()), observers);
    }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t flows() const { return flows_; }
    [[nodiscard]] const std::map<std::string, SegmentNotes, std::less<>>& notes() const { return notes_; }

private:
    Result<void> write_run(std::span<const Flow*> flows, std::span<const std::string> observers) {
        const auto first = [](const Flow* f) { return f->first; };
        if (flows.size() > kSegmentRows && !std::ranges::is_sorted(flows, {}, first)) { std::ranges::stable_sort(flows, {}, first); }
        while (!flows.empty()) {
            const auto piece = flows.first(std::min(flows.size(), kSegmentRows));
            HW_CHECK(write(piece, observers));
            flows = flows.subspan(piece.size());
        }
        return {};
    }
    const std::string& folder_;
    Manifest& manifest_;
    std::map<std::string, SegmentNotes, std::less<>> notes_;
    RowCollector rows_;
    SegmentImage image_;
    std::uint64_t bytes_ = 0;
    std::uint64_t flows_ = 0;
};

/// Flows as they are read, a segment written whenever there are enough for one.
class SegmentSink final : public read::BatchSink {
public:
    explicit SegmentSink(SegmentWriter& writer) : writer_(writer) {}
    bool take(std::span<Flow> flows, std::span<const std::string> observers) override {
        std::vector<ObserverId> ids;
        ids.reserve(observers.size());
        for (const std::string& name : observers) {
            const auto [found, fresh] = places_.try_emplace(name, names_.size());
            if (fresh) { names_.push_back(name); }
            ids.push_back(static_cast<ObserverId>(found->second));
        }
        if (names_.size() > std::numeric_limits<std::uint16_t>::max()) {
            done_ = fail(Errc::limit, "more than 65535 observers", {}, "import fewer inputs at a time");
        }
        constexpr std::size_t kAhead = 8;
        for (std::size_t i = 0; i < flows.size(); ++i) {
            if (!done_) { return false; }
            if (i + 4 * kAhead < flows.size()) { RowCollector::prefetch_flow(flows[i + 4 * kAhead]); }
            if (i + 2 * kAhead < flows.size()) { usual_.rows.prefetch(flows[i + 2 * kAhead]); }
            if (i + kAhead < flows.size()) { usual_.rows.prefetch_next(flows[i + kAhead]); }
            Flow& flow = flows[i];
            flow.observer = ids[static_cast<std::size_t>(flow.observer)];
            Growing& kind = flow.last - flow.first > kLongFlow ? long_ : usual_;
            kind.rows.add(flow, names_[static_cast<std::size_t>(flow.observer)]);
            kind.notes.add(flow);
            if (kind.rows.full()) { seal(kind); }
        }
        return done_.has_value();
    }
    /// What is left. Fails with the first error of all.
    Result<void> finish() {
        for (Growing* kind : {&usual_, &long_}) {
            if (done_ && kind->rows.size() > 0) { seal(*kind); }
        }
        return done_;
    }

private:
    /// A segment to be.
    struct Growing {
        RowCollector rows;
        NoteTaker notes;
    };
    void seal(Growing& kind) {
        done_ = writer_.write(kind.rows, names_, kind.notes.take(names_));
    }
    SegmentWriter& writer_;
    std::map<std::string, std::size_t, std::less<>> places_;
    std::vector<std::string> names_;
    Growing usual_;
    Growing long_;
    Result<void> done_;
};

/// The store's manifest, or that of an empty store where there is none yet; what a killed import left is removed. From here on there is a
/// manifest: segments without one are somebody's store that has lost it, never leftovers.
Result<Manifest> begin_change(const std::string& folder) {
    HW_TRY(auto manifest, read_manifest_or_new(folder));
    remove_leftovers(folder, manifest);
    if (manifest == Manifest{}) { HW_CHECK(write_manifest(folder, manifest)); }
    return manifest;
}

/// Makes what was written part of the store.
Result<void> commit(const std::string& folder, Manifest& manifest, std::span<const ImportedInput> inputs, const SegmentWriter& writer) {
    manifest.inputs.insert(manifest.inputs.end(), inputs.begin(), inputs.end());
    HW_CHECK(write_manifest(folder, manifest));
    try {  // it is done: what cannot be noted now, for want of memory, is worked out when it is asked for
        add_notes(folder, manifest, writer.notes());
    } catch (const std::exception&) {}  // NOLINT(bugprone-empty-catch)
    return {};
}

/// Removes what a change wrote that was not committed; of a store that was to be the manifest too.
void give_up(const std::string& folder) {
    const auto before = read_manifest(folder);
    if (!before) { return; }
    remove_leftovers(folder, *before);
    std::error_code ignored;
    if (*before == Manifest{}) { std::filesystem::remove(folder + "/" + std::string(kManifestFile), ignored); }
}

}  // namespace import_detail
}  // namespace

Result<std::uint64_t> add_flows(const std::string& folder, std::span<const Flow> flows, std::span<const std::string> observers, std::span<const ImportedInput> inputs,
                                const std::string& ahead) {
    using namespace import_detail;
    HW_TRY(const auto lock, WriteLock::take(folder));
    HW_TRY(auto manifest, begin_change(folder));
    std::erase_if(manifest.ahead, [&folder](const std::string& name) {
        std::error_code unsure;
        return !std::filesystem::exists(folder + "/" + name, unsure) && !unsure;
    });
    if (!ahead.empty() && std::ranges::find(manifest.ahead, ahead) != manifest.ahead.end()) { return std::uint64_t{0}; }  // a try that failed after its commit
    if (!ahead.empty()) { manifest.ahead.push_back(ahead); }
    std::vector<const Flow*> all;
    all.reserve(flows.size());
    for (const Flow& flow : flows) { all.push_back(&flow); }
    SegmentWriter writer(folder, manifest);
    auto done = writer.write_all(std::move(all), observers);
    if (done) { done = commit(folder, manifest, inputs, writer); }
    if (!done) {
        give_up(folder);
        return std::unexpected(std::move(done).error());
    }
    return writer.bytes();
}

Result<ImportResult> import_inputs(const std::string& folder, std::span<const std::string> paths, const std::string& note, const read::ReadOptions& asked) {
    HW_TRY(const auto lock, WriteLock::take(folder));  // to the end: what is written meanwhile is in no manifest yet
    std::set<std::string> known;
    std::set<std::uint64_t> sizes;
    HW_TRY(const auto held, read_manifest_or_new(folder));
    for (const ImportedInput& input : held.inputs) {
        known.insert(input.sha256);
        sizes.insert(input.bytes);
    }
    ImportResult result;
    read::ReadOptions options = asked;
    std::function<Result<bool>(const std::string&)> has;
    if (!known.empty()) {
        has = [&known](const std::string& sha256) -> Result<bool> { return known.contains(sha256); };
    }
    const bool all_sized = !sizes.contains(0);  // 0: whoever wrote it did not say
    const auto may_have = [&](std::uint64_t bytes) { return !all_sized || sizes.contains(bytes); };
    HW_TRY(auto before, read::find_known_inputs(paths, has, "in the store already", options.stop, may_have));
    std::ranges::move(before.paths(), std::back_inserter(options.leave_out));
    result.known = before.known.size();
    result.reports = std::move(before.known);
    result.failures = std::move(before.failures);
    if (!before.others) {
        if (result.known == 0 && !result.failures.empty()) { return std::unexpected(std::move(result.failures.front())); }
        return result;
    }
    HW_TRY(auto manifest, import_detail::begin_change(folder));
    import_detail::SegmentWriter writer(folder, manifest);
    import_detail::SegmentSink sink(writer);
    options.sink = &sink;
    options.rejoin = false;
    auto inputs = read::read_inputs(paths, options);
    const auto stored = sink.finish();
    if (!inputs || !stored) { import_detail::give_up(folder); }
    if (!stored) { return std::unexpected(stored.error()); }
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
    // A known input that could not be known before it was read (standard input, a file that grew meanwhile) is in the same segments as the new ones.
    const auto mixed = std::ranges::find_if(result.reports, [&](const read::ReadReport& r) { return r.records > 0 && known.contains(r.sha256); });
    if (!result.interrupted && !again && mixed != result.reports.end()) {
        import_detail::give_up(folder);
        return fail(Errc::usage, "in the store already, and read together with what is not: nothing was imported", mixed->path, "import the others without it");
    }
    if (result.interrupted || again) {
        import_detail::give_up(folder);
        return result;
    }
    if (auto done = import_detail::commit(folder, manifest, imported, writer); !done) {
        import_detail::give_up(folder);
        return std::unexpected(std::move(done).error());
    }
    result.flows = writer.flows();
    result.bytes = writer.bytes();
    return result;
}

}  // namespace hw::flow::store
