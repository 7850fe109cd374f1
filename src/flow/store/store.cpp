#include "flow/store/store.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace hw::flow::store {

Result<std::shared_ptr<const Store>> Store::open(const std::string& folder) {
    constexpr int kTries = 5;  // a segment named by the manifest may be gone when another process has just compacted
    for (int tried = 1;; ++tried) {
        auto store = std::make_shared<Store>();
        std::unordered_map<std::string, std::size_t> known;
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
            ids.reserve((*segment)->observers().size());
            for (const std::string& name : (*segment)->observers()) {
                // Past what can be told apart all others are one: their flows must not pass for somebody else's.
                const bool room = store->observers_.size() < kMostObservers || known.contains(name);
                const auto [found, fresh] = known.try_emplace(room ? name : std::string(kOtherObservers), store->observers_.size());
                if (fresh) { store->observers_.push_back(found->first); }
                ids.push_back(static_cast<ObserverId>(found->second));
            }
            store->observer_of_.push_back(std::move(ids));
            store->flows_ += entry.facts.rows;
            store->segments_.push_back(*std::move(segment));
        }
        if (!failed) {
            store->open_directories(folder);
            return store;
        }
        if (failed->code != Errc::not_found || tried == kTries) { return std::unexpected(*std::move(failed)); }
    }
}

void Store::open_directories(const std::string& folder) {
    place_of_.assign(segments_.size(), {});
    std::vector<std::string> files = files_ending(folder, kDirectoryEnd);
    if (files.empty()) { return; }
    std::map<std::string_view, std::size_t> segment_of;
    for (std::size_t s = 0; s < manifest_.segments.size(); ++s) { segment_of.emplace(manifest_.segments[s].file, s); }
    for (std::string& file : files) {
        auto directory = HostDirectory::open(fmt::format("{}/{}", folder, file));
        std::size_t live = 0;
        if (directory) {
            const auto names = (*directory)->segments();
            for (std::uint32_t bit = 0; bit < names.size(); ++bit) {
                const auto found = segment_of.find(names[bit]);
                if (found == segment_of.end()) { continue; }
                ++live;
                place_of_[found->second] = {.directory = static_cast<std::uint32_t>(directories_.size()), .bit = bit};
            }
        }
        if (directory ? live * 2 < (*directory)->segments().size() : directory.error().code == Errc::malformed) { useless_.push_back(std::move(file)); }
        if (directory) { directories_.push_back(*std::move(directory)); }
    }
}

void Store::segments_with(const net::Address& host, Interval window, std::vector<std::uint32_t>& out) const {
    out.clear();
    std::uint32_t asked = kNone;  // segments of one directory mostly stand together
    std::uint64_t holders = 0;
    for (std::uint32_t s = 0; s < segments_.size(); ++s) {
        const SegmentFacts& facts = manifest_.segments[s].facts;
        if (facts.first > window.to || facts.last < window.from) { continue; }
        const DirectoryPlace place = place_of_[s];
        if (place.directory != kNone) {
            if (place.directory != asked) {
                asked = place.directory;
                holders = directories_[asked]->holders(host);
            }
            if ((holders >> place.bit & 1U) == 0) { continue; }
        }
        out.push_back(s);
    }
}

Result<void> Store::look_up(const net::Address& host, Interval window, std::vector<RowRef>& out) const {
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> segments;
    segments_with(host, window, segments);
    for (const std::uint32_t s : segments) {
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
    std::vector<std::vector<std::size_t>> questions(segments_.size());  // by segment, hosts in order
    std::vector<std::uint32_t> segments;
    for (const std::size_t i : order) {
        segments_with(asked[i].host, asked[i].window, segments);
        for (const std::uint32_t s : segments) { questions[s].push_back(i); }
    }
    std::vector<std::uint32_t> rows;
    for (std::uint32_t s = 0; s < segments_.size(); ++s) {
        for (const std::size_t i : questions[s]) {
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
