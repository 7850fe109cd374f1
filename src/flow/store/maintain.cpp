#include "flow/store/store.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

namespace hw::flow::store {
namespace {
namespace maintain_detail {

void count(const Manifest& manifest, std::size_t& segments, std::uint64_t& flows, std::uint64_t& bytes) {
    segments = manifest.segments.size();
    for (const SegmentEntry& s : manifest.segments) {
        flows += s.facts.rows;
        bytes += s.bytes;
    }
}

/// Makes `after` the store's manifest and removes the segments that it no longer names; who reads them goes on reading.
Result<StoreChange> change(const std::string& folder, const Manifest& before, const Manifest& after) {
    StoreChange out;
    count(before, out.segments_before, out.flows_before, out.bytes_before);
    count(after, out.segments, out.flows, out.bytes);
    if (before != after) { HW_CHECK(write_manifest(folder, after)); }
    remove_leftovers(folder, after);
    return out;
}

/// Appends the flows of a segment whose observer's name `wanted` likes, and names new to `observers`. Damage is an error: what cannot be
/// read is not dropped in silence.
template <typename Wanted>
Result<void> take_flows(const std::string& path, const Wanted& wanted, std::vector<Flow>& flows, std::vector<std::string>& observers) {
    HW_TRY(const auto segment, Segment::open(path));
    std::vector<std::optional<ObserverId>> ids(segment->observers().size());  // of those that are wanted
    std::unordered_map<std::string, std::size_t> known;
    for (std::size_t i = 0; i < observers.size(); ++i) { known.emplace(observers[i], i); }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const std::string& name = segment->observers()[i];
        if (!wanted(name)) { continue; }
        const auto [found, fresh] = known.try_emplace(name, observers.size());
        if (fresh) { observers.push_back(name); }
        ids[i] = static_cast<ObserverId>(found->second);
    }
    if (observers.size() > std::numeric_limits<std::uint16_t>::max()) { return fail(Errc::limit, "more observers than one segment can name", path, "nothing was changed"); }
    if (flows.capacity() < flows.size() + segment->facts().rows) { flows.reserve(flows.size() + segment->facts().rows); }
    for (std::uint32_t row = 0; row < segment->facts().rows; ++row) {
        HW_TRY(auto flow, segment->flow(row));
        const auto& id = ids[static_cast<std::size_t>(flow.observer)];
        if (!id) { continue; }
        flow.observer = *id;
        flows.push_back(std::move(flow));
    }
    return {};
}

/// Writes a segment of these flows as the store's next.
Result<SegmentEntry> add_segment(const std::string& folder, Manifest& manifest, std::span<const Flow> flows, std::span<const std::string> observers) {
    const std::vector<std::byte> bytes = write_segment(flows, observers);
    HW_TRY(const auto read, Segment::parse(bytes, "new"));
    HW_TRY(const auto name, write_next_segment(folder, manifest, bytes, {}));
    return SegmentEntry{.file = name, .bytes = bytes.size(), .facts = read->facts()};
}

/// The segment without the flows of `dropped`, as the whole of it, another one, or nothing.
Result<std::optional<SegmentEntry>> without(const std::string& folder, Manifest& manifest, const SegmentEntry& entry, std::span<const std::string> dropped) {
    std::vector<Flow> flows;
    std::vector<std::string> observers;
    const auto wanted = [&](const std::string& name) { return std::ranges::find(dropped, name) == dropped.end(); };
    HW_CHECK(take_flows(folder + "/" + entry.file, wanted, flows, observers));
    if (flows.size() == entry.facts.rows) { return std::optional(entry); }
    if (flows.empty()) { return std::optional<SegmentEntry>(); }
    HW_TRY(auto written, add_segment(folder, manifest, flows, observers));
    return std::optional(std::move(written));
}

}  // namespace maintain_detail
}  // namespace

Result<StoreChange> retain_store(const std::string& folder, const Retention& keep) {
    HW_TRY([[maybe_unused]] const auto there, read_manifest(folder));  // before a lock makes the folder
    HW_TRY(const auto lock, WriteLock::take(folder));
    HW_TRY(auto after, read_manifest(folder));
    const Manifest held = after;
    std::vector<std::size_t> order(after.segments.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return after.segments[i].facts.last; });
    std::vector<bool> kept(order.size(), false);
    std::uint64_t bytes = 0;
    for (const std::size_t i : order) {  // the newest first
        const SegmentEntry& s = after.segments[i];
        bytes += s.bytes;
        if (keep.bytes && bytes > *keep.bytes) { break; }
        kept[i] = !keep.since || s.facts.last >= *keep.since;
    }
    if (!keep.observers.empty() && !keep.since && !keep.bytes) { kept.assign(kept.size(), false); }
    std::vector<SegmentEntry> left;
    left.reserve(kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (kept[i]) { left.push_back(after.segments[i]); }
        if (kept[i] || keep.observers.empty()) { continue; }
        auto rest = maintain_detail::without(folder, after, after.segments[i], keep.observers);
        if (!rest) {
            remove_leftovers(folder, held);
            return std::unexpected(std::move(rest).error());
        }
        if (*rest) { left.push_back(**std::move(rest)); }
    }
    after.segments = std::move(left);
    return maintain_detail::change(folder, held, after);
}

Result<StoreChange> compact_store(const std::string& folder) {
    HW_TRY([[maybe_unused]] const auto there, read_manifest(folder));
    HW_TRY(const auto lock, WriteLock::take(folder));
    HW_TRY(const auto before, read_manifest(folder));
    Manifest after = before;
    after.segments.clear();
    std::vector<SegmentEntry> order = before.segments;
    const auto is_long = [](const SegmentEntry& s) { return s.facts.longest > kLongFlow; };
    std::ranges::stable_sort(order, [&](const SegmentEntry& a, const SegmentEntry& b) {
        return is_long(a) != is_long(b) ? is_long(b) : a.facts.first < b.facts.first;
    });
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        std::size_t rows = 0;
        std::set<std::string, std::less<>> names;
        while (end < order.size() && is_long(order[end]) == is_long(order[begin]) && (end == begin || rows + order[end].facts.rows <= kSegmentRows)) {
            // Damage ends the compaction with the store as it was, as below.
            auto segment = Segment::open(folder + "/" + order[end].file);
            if (!segment) {
                remove_leftovers(folder, before);
                return std::unexpected(std::move(segment).error());
            }
            names.insert((*segment)->observers().begin(), (*segment)->observers().end());
            if (end > begin && names.size() > kMostObservers) { break; }
            rows += order[end++].facts.rows;
        }
        if (end - begin == 1) {
            after.segments.push_back(order[begin]);
            continue;
        }
        std::vector<Flow> flows;
        flows.reserve(rows);
        std::vector<std::string> observers;
        for (std::size_t i = begin; i < end; ++i) {
            auto taken = maintain_detail::take_flows(folder + "/" + order[i].file, [](const std::string&) { return true; }, flows, observers);
            if (!taken) {  // damage: the store stays as it was, and nothing is lost by it
                remove_leftovers(folder, before);
                return std::unexpected(std::move(taken).error());
            }
        }
        auto written = maintain_detail::add_segment(folder, after, flows, observers);
        if (!written) {
            remove_leftovers(folder, before);
            return std::unexpected(std::move(written).error());
        }
        after.segments.push_back(*std::move(written));
    }
    return maintain_detail::change(folder, before, after);
}

}  // namespace hw::flow::store
