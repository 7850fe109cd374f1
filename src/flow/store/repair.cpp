#include "flow/store/store.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace hw::flow::store {
namespace {
namespace repairing {

/// The flows of a segment that can be read, with the names that `Flow::observer` counts in.
struct Saved {
    std::vector<Flow> flows;
    std::vector<std::string> observers;
};

Saved save(const Segment& segment) {
    Saved saved;
    saved.observers.assign(segment.observers().begin(), segment.observers().end());
    saved.flows.reserve(segment.facts().rows);
    for (std::uint32_t row = 0; row < segment.facts().rows; ++row) {
        if (auto flow = segment.flow(row)) { saved.flows.push_back(*std::move(flow)); }
    }
    return saved;
}

/// Keeps a damaged file under another name, beside the one that the manifest may still name until it is replaced.
Result<void> set_aside(const std::string& folder, const std::string& file) {
    std::error_code error;
    const std::string aside = folder + "/" + file + std::string(kDamagedEnd);
    std::filesystem::remove(aside, error);
    std::filesystem::create_hard_link(folder + "/" + file, aside, error);
    if (!error) { return {}; }
    const std::string half = aside + ".new";
    error.clear();
    std::filesystem::copy_file(folder + "/" + file, half, std::filesystem::copy_options::overwrite_existing, error);
    if (!error) { std::filesystem::rename(half, aside, error); }
    if (!error) { return {}; }
    const std::string why = error.message();
    std::filesystem::remove(half, error);
    return fail(Errc::unreadable, "a damaged file cannot be kept under another name: " + why, aside, "make room on the disk; nothing was changed");
}

}  // namespace repairing
}  // namespace

Result<StoreRepair> repair_store(const std::string& folder) {
    using namespace repairing;
    HW_TRY([[maybe_unused]] const auto there, read_manifest(folder));  // before a lock makes the folder
    HW_TRY(const auto lock, WriteLock::take(folder));
    HW_TRY(const auto before, read_manifest(folder));
    Manifest after = before;
    after.segments.clear();
    StoreRepair repair;
    for (const SegmentEntry& entry : before.segments) {
        const auto segment = Segment::open(folder + "/" + entry.file);
        if (segment && (*segment)->facts() == entry.facts && (*segment)->scrub().empty()) {
            after.segments.push_back(entry);
            continue;
        }
        // What cannot be opened now (permissions, a later headwater's segment) need not be damaged.
        if (!segment && segment.error().code != Errc::malformed && segment.error().code != Errc::not_found) {
            remove_leftovers(folder, before);
            return std::unexpected(segment.error());
        }
        RepairedSegment mended{.file = entry.file, .flows_before = entry.facts.rows, .flows = 0, .written = {}, .aside = {}};
        std::error_code error;
        if (std::filesystem::exists(folder + "/" + entry.file, error)) {
            if (auto kept = set_aside(folder, entry.file); !kept) {
                remove_leftovers(folder, before);
                return std::unexpected(std::move(kept).error());
            }
            mended.aside = entry.file + std::string(kDamagedEnd);
        }
        if (segment && (*segment)->facts() == entry.facts) {
            const Saved saved = save(**segment);
            if (!saved.flows.empty()) {
                const std::vector<std::byte> bytes = write_segment(saved.flows, saved.observers);
                auto read = Segment::parse(bytes, "new");
                auto written = read ? write_next_segment(folder, after, bytes, {}) : Result<std::string>(std::unexpected(read.error()));
                if (!written) {  // a full disk: the store stays as it was
                    remove_leftovers(folder, before);
                    return std::unexpected(std::move(written).error());
                }
                after.segments.push_back({.file = *written, .bytes = bytes.size(), .facts = (*read)->facts()});
                mended.flows = saved.flows.size();
                mended.written = *std::move(written);
            }
        }
        repair.segments.push_back(std::move(mended));
    }
    if (!repair.segments.empty()) { HW_CHECK(write_manifest(folder, after)); }
    remove_leftovers(folder, after);
    drop_damaged_directories(folder);
    return repair;
}

}  // namespace hw::flow::store
