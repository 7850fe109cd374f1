#include "base/sha256.hpp"
#include "flow/rejoin.hpp"
#include "flow/store/store.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

namespace hw::flow::store {

Result<read::Inputs> read_store(const std::string& folder, const read::ReadOptions& options) {
    HW_TRY(const auto store, Store::open(folder));
    if (store->flows() > kMostInMemory) {
        return fail(Errc::limit, "the store holds " + std::to_string(store->flows()) + " flows, more than are read at once", folder,
                    "keep fewer in one store: headwater store retain, or one store a month");
    }
    read::Inputs inputs;
    read::ReadReport report;
    report.path = folder;
    report.format = "store";
    const std::string manifest = render_manifest(store->manifest());
    HW_TRY(report.sha256, sha256_hex(std::as_bytes(std::span(manifest))));
    std::vector<Flow> flows;
    flows.reserve(store->flows());
    for (std::uint32_t s = 0; s < store->segments().size(); ++s) {
        report.bytes += store->segments()[s]->bytes();
        for (std::uint32_t row = 0; row < store->segments()[s]->facts().rows; ++row) {
            if (row % 4096 == 0 && options.stop.stop_requested()) {
                inputs.interrupted = true;
                break;
            }
            auto flow = store->flow({s, row});
            if (flow) { flows.push_back(*std::move(flow)); }
            else { report.skip(flow.error().message, 0); }
        }
        if (options.progress) { options.progress(flows.size(), store->flows(), flows.size()); }
    }
    report.records = flows.size();
    report.flows = flows.size();
    inputs.reports.push_back(std::move(report));
    std::set<std::string> notes;
    for (const ImportedInput& input : store->manifest().inputs) { notes.insert(input.note); }
    notes.erase("");
    for (const std::string& note : notes) { inputs.note += (inputs.note.empty() ? "" : "; ") + note; }
    std::vector<Observer> observers;
    observers.reserve(store->observers().size());
    for (const std::string& name : store->observers()) { observers.push_back({.name = name, .interval = {}}); }
    if (options.rejoin) { flows = rejoin(std::move(flows)); }
    inputs.source = std::make_unique<MemorySource>(std::move(observers), std::move(flows), options.declared);
    return inputs;
}

Result<StoreCheck> check_store(const std::string& folder) {
    HW_TRY(const auto manifest, read_manifest(folder));
    StoreCheck check;
    for (const SegmentEntry& entry : manifest.segments) {
        ++check.segments;
        check.flows += entry.facts.rows;
        check.bytes += entry.bytes;
        const auto segment = Segment::open(folder + "/" + entry.file);
        if (!segment) {
            check.damages.push_back({.file = entry.file, .offset = 0, .size = 0, .what = segment.error().message});
            continue;
        }
        if ((*segment)->facts() != entry.facts) { check.damages.push_back({.file = entry.file, .offset = 0, .size = 0, .what = "not the segment that the manifest names"}); }
        for (auto& damage : (*segment)->scrub()) { check.damages.push_back({.file = entry.file, .offset = damage.offset, .size = damage.size, .what = std::move(damage.what)}); }
    }
    return check;
}

}  // namespace hw::flow::store
