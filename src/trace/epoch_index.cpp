#include "trace/epoch_index.hpp"

#include "trace/dot_kernel.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <queue>

namespace hw::trace {

static_assert(kEmbeddingSize == kDotRow, "embeddings are compared by the kernel for rows");

namespace {
namespace epoch_indexes {

constexpr std::size_t kChildren = kRowsABlock;
constexpr std::size_t kMostInALeaf = 256;
constexpr std::size_t kSample = 4096;  // embeddings that centres are fitted to
constexpr int kRounds = 5;
constexpr int kDeepest = 24;
constexpr std::uint32_t kNobody = ~0U;
constexpr std::size_t kBlockBytes = kDotRow * kRowsABlock;
constexpr double kCentreNorm = 320;  // about that of an embedding

using Block = std::array<std::int8_t, kBlockBytes>;

void put_row(std::int8_t* block, std::size_t row, const Embedding& values) {
    for (std::size_t k = 0; k < kDotRow; ++k) { block[k / 4 * 64 + 4 * row + k % 4] = values[k]; }
}

std::size_t nearest(const Block& centres, std::size_t count, const Embedding& of) {
    std::array<std::int32_t, kChildren> scores;
    dot_kernel().rows(of.data(), centres.data(), 1, scores.data());
    return static_cast<std::size_t>(std::max_element(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(count)) - scores.begin());
}

/// Spherical k-means on an even sample; centres that win nothing stay what they were.
Block fit_centres(std::span<const Embedding> embeddings, std::span<const std::uint32_t> places) {
    const std::size_t n = std::min(kSample, places.size());
    const auto sampled = [&](std::size_t i) -> const Embedding& { return embeddings[places[i * places.size() / n]]; };
    Block centres{};
    for (std::size_t c = 0; c < kChildren; ++c) { put_row(centres.data(), c, sampled(c * n / kChildren)); }
    for (int round = 0; round < kRounds; ++round) {
        std::array<std::array<std::int64_t, kDotRow>, kChildren> sums{};
        std::array<bool, kChildren> won{};
        for (std::size_t i = 0; i < n; ++i) {
            const Embedding& e = sampled(i);
            const std::size_t c = nearest(centres, kChildren, e);
            won[c] = true;
            for (std::size_t k = 0; k < kDotRow; ++k) { sums[c][k] += e[k]; }
        }
        for (std::size_t c = 0; c < kChildren; ++c) {
            double squares = 0;
            for (const auto s : sums[c]) { squares += static_cast<double>(s) * static_cast<double>(s); }
            if (!won[c] || squares <= 0) { continue; }
            Embedding centre;
            for (std::size_t k = 0; k < kDotRow; ++k) {
                const double value = static_cast<double>(sums[c][k]) * kCentreNorm / std::sqrt(squares);
                centre[k] = static_cast<std::int8_t>(std::lrint(std::clamp(value, -127.0, 127.0)));
            }
            put_row(centres.data(), c, centre);
        }
    }
    return centres;
}

}  // namespace epoch_indexes
}  // namespace

EpochIndex::EpochIndex(std::span<const Embedding> embeddings) : size_(embeddings.size()) {
    using namespace epoch_indexes;
    std::vector<std::uint32_t> places(size_);
    for (std::uint32_t i = 0; i < size_; ++i) { places[i] = i; }
    rows_.reserve((size_ + size_ / 8 + kRowsABlock) * kDotRow);
    nodes_.emplace_back();
    centre_of_.push_back(0);
    divide(0, embeddings, places, 0);
}

void EpochIndex::append_leaf(std::uint32_t node, std::span<const Embedding> embeddings, std::span<const std::uint32_t> places) {
    using namespace epoch_indexes;
    nodes_[node] = {static_cast<std::uint32_t>(places_.size() / kRowsABlock), static_cast<std::uint32_t>(places.size()), true};
    const std::size_t blocks = (places.size() + kRowsABlock - 1) / kRowsABlock;
    const std::size_t from = rows_.size();
    rows_.resize(from + blocks * kBlockBytes);
    places_.resize(places_.size() + blocks * kRowsABlock, kNobody);
    for (std::size_t i = 0; i < places.size(); ++i) {
        put_row(rows_.data() + from + i / kRowsABlock * kBlockBytes, i % kRowsABlock, embeddings[places[i]]);
        places_[from / kDotRow + i] = places[i];
    }
}

void EpochIndex::divide(std::uint32_t node, std::span<const Embedding> embeddings, std::span<std::uint32_t> places, int depth) {
    using namespace epoch_indexes;
    if (places.size() <= kMostInALeaf || depth >= kDeepest) {
        append_leaf(node, embeddings, places);
        return;
    }
    const Block centres = fit_centres(embeddings, places);
    std::vector<std::uint8_t> child(places.size());
    std::array<std::size_t, kChildren + 1> begin{};
    for (std::size_t i = 0; i < places.size(); ++i) {
        child[i] = static_cast<std::uint8_t>(nearest(centres, kChildren, embeddings[places[i]]));
        ++begin[child[i] + 1U];
    }
    if (*std::ranges::max_element(begin) == places.size()) {  // all alike: any division is as good
        begin.fill(0);
        for (std::size_t i = 0; i < places.size(); ++i) {
            child[i] = static_cast<std::uint8_t>(i * kChildren / places.size());
            ++begin[child[i] + 1U];
        }
    }
    for (std::size_t c = 0; c < kChildren; ++c) { begin[c + 1] += begin[c]; }
    {
        std::vector<std::uint32_t> ordered(places.size());
        auto next = begin;
        for (std::size_t i = 0; i < places.size(); ++i) { ordered[next[child[i]]++] = places[i]; }
        std::ranges::copy(ordered, places.begin());
    }
    const auto first = static_cast<std::uint32_t>(nodes_.size());
    nodes_[node] = {first, kChildren, false};
    centre_of_[node] = static_cast<std::uint32_t>(centres_.size() / kBlockBytes);
    centres_.insert(centres_.end(), centres.begin(), centres.end());
    nodes_.resize(nodes_.size() + kChildren);
    centre_of_.resize(nodes_.size());
    for (std::uint32_t c = 0; c < kChildren; ++c) { divide(first + c, embeddings, places.subspan(begin[c], begin[c + 1] - begin[c]), depth + 1); }
}

std::vector<EpochIndex::Found> EpochIndex::search(const Embedding& query, std::size_t budget, std::size_t most) const {
    using namespace epoch_indexes;
    const auto rows = dot_kernel().rows;
    using Entry = std::pair<std::int32_t, std::uint32_t>;
    const auto worse = [](const Entry& x, const Entry& y) { return x.first != y.first ? x.first < y.first : x.second > y.second; };
    std::priority_queue<Entry, std::vector<Entry>, decltype(worse)> waiting(worse);
    const auto better = [](const Found& x, const Found& y) { return x.score != y.score ? x.score > y.score : x.place < y.place; };
    std::vector<Found> best;  // a heap, the worst in front
    std::vector<std::int32_t> scores;
    std::size_t seen = 0;
    waiting.emplace(0, 0U);
    while (!waiting.empty() && seen < budget) {
        const std::uint32_t at = waiting.top().second;
        waiting.pop();
        const Node& node = nodes_[at];
        if (!node.leaf) {
            std::array<std::int32_t, kChildren> of_children;
            rows(query.data(), centres_.data() + std::size_t{centre_of_[at]} * kBlockBytes, 1, of_children.data());
            for (std::uint32_t c = 0; c < node.count; ++c) { waiting.emplace(of_children[c], node.first + c); }
            continue;
        }
        const std::size_t blocks = (node.count + kRowsABlock - 1) / kRowsABlock;
        scores.resize(blocks * kRowsABlock);
        rows(query.data(), rows_.data() + std::size_t{node.first} * kBlockBytes, blocks, scores.data());
        for (std::size_t i = 0; i < node.count; ++i) {
            const Found found{scores[i], places_[std::size_t{node.first} * kRowsABlock + i]};
            if (best.size() < most) {
                best.push_back(found);
                std::ranges::push_heap(best, better);
            } else if (most > 0 && better(found, best.front())) {
                std::ranges::pop_heap(best, better);
                best.back() = found;
                std::ranges::push_heap(best, better);
            }
        }
        seen += node.count;
    }
    std::ranges::sort(best, better);
    return best;
}

std::size_t EpochIndex::footprint() const {
    return rows_.capacity() + centres_.capacity() + nodes_.capacity() * sizeof(Node) + (places_.capacity() + centre_of_.capacity()) * sizeof(std::uint32_t);
}

}  // namespace hw::trace
