#include "flow/store/store.hpp"

#include <algorithm>
#include <numeric>

namespace hw::flow::store {

Result<std::shared_ptr<const Store>> Store::open(const std::string& folder) {
    constexpr int kTries = 5;  // a segment named by the manifest may be gone when another process has just compacted
    for (int tried = 1;; ++tried) {
        auto store = std::make_shared<Store>();
        HW_TRY(store->manifest_, read_manifest(folder));
        std::optional<Error> failed;
        for (const SegmentEntry& entry : store->manifest_.segments) {
            auto segment = Segment::open(folder + "/" + entry.file);
            if (!segment) {
                failed = std::move(segment).error();
                break;
            }
            if ((*segment)->facts() != entry.facts || (*segment)->bytes() != entry.bytes) {
                return fail(Errc::malformed, "a segment is not the one that the manifest names", folder + "/" + entry.file, "headwater store check names all damage");
            }
            std::vector<ObserverId> ids;
            for (const std::string& name : (*segment)->observers()) {
                const auto found = std::ranges::find(store->observers_, name);
                ids.push_back(static_cast<ObserverId>(found - store->observers_.begin()));
                if (found == store->observers_.end()) { store->observers_.push_back(name); }
            }
            store->observer_of_.push_back(std::move(ids));
            store->flows_ += entry.facts.rows;
            store->segments_.push_back(*std::move(segment));
        }
        if (!failed) { return store; }
        if (failed->code != Errc::not_found || tried == kTries) { return std::unexpected(*std::move(failed)); }
    }
}

Result<void> Store::look_up(const net::Address& host, Interval window, std::vector<RowRef>& out) const {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t s = 0; s < segments_.size(); ++s) {
        const SegmentFacts& facts = manifest_.segments[s].facts;
        if (facts.first > window.to || facts.last < window.from) { continue; }
        rows.clear();
        HW_CHECK(segments_[s]->rows_of(host, window, rows));
        for (const std::uint32_t row : rows) { out.push_back({s, row}); }
    }
    return {};
}

Result<std::vector<std::vector<RowRef>>> Store::look_up(std::span<const HostWindow> asked) const {
    std::vector<std::vector<RowRef>> answers(asked.size());
    std::vector<std::size_t> order(asked.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return host_before(asked[a].host, asked[b].host); });
    std::vector<std::uint32_t> rows;
    for (std::uint32_t s = 0; s < segments_.size(); ++s) {
        const SegmentFacts& facts = manifest_.segments[s].facts;
        for (const std::size_t i : order) {
            if (facts.first > asked[i].window.to || facts.last < asked[i].window.from) { continue; }
            rows.clear();
            HW_CHECK(segments_[s]->rows_of(asked[i].host, asked[i].window, rows));
            for (const std::uint32_t row : rows) { answers[i].push_back({s, row}); }
        }
    }
    return answers;
}

Result<Flow> Store::flow(RowRef row, bool slim) const {
    HW_TRY(auto found, segments_[row.segment]->flow(row.row, slim));
    found.observer = observer_of_[row.segment][static_cast<std::size_t>(found.observer)];
    return found;
}

}  // namespace hw::flow::store
