#include "flow/store/store.hpp"

#include <algorithm>
#include <numeric>

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
    std::size_t at = 0;
    std::erase_if(after.segments, [&](const SegmentEntry&) { return !kept[at++]; });
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
        while (end < order.size() && is_long(order[end]) == is_long(order[begin]) && (end == begin || rows + order[end].facts.rows <= kSegmentRows)) { rows += order[end++].facts.rows; }
        if (end - begin == 1) {
            after.segments.push_back(order[begin]);
            continue;
        }
        std::vector<Flow> flows;
        flows.reserve(rows);
        std::vector<std::string> observers;
        for (std::size_t i = begin; i < end; ++i) {
            HW_TRY(const auto segment, Segment::open(folder + "/" + order[i].file));
            for (std::uint32_t row = 0; row < segment->facts().rows; ++row) {
                // Damage ends the compaction with the store as it was: nothing is lost by it.
                HW_TRY(auto flow, segment->flow(row));
                const std::string& name = segment->observers()[static_cast<std::size_t>(flow.observer)];
                const auto found = std::ranges::find(observers, name);
                flow.observer = static_cast<ObserverId>(found - observers.begin());
                if (found == observers.end()) { observers.push_back(name); }
                flows.push_back(std::move(flow));
            }
        }
        const std::vector<std::byte> bytes = write_segment(flows, observers);
        HW_TRY(const auto read, Segment::parse(bytes, "new"));
        const std::string name = fmt::format("{:010}.segment", after.next++);
        if (auto written = write_durably(folder, name, bytes); !written) {
            remove_leftovers(folder, before);
            return std::unexpected(std::move(written).error());
        }
        after.segments.push_back({.file = name, .bytes = bytes.size(), .facts = read->facts()});
    }
    return maintain_detail::change(folder, before, after);
}

}  // namespace hw::flow::store
