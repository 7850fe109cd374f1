#pragma once

#include "trace/embedding.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// Finds the embeddings with the largest inner products without going through all: a tree of centres (k-means, 16 to a node),
/// followed best first until so many embeddings have been looked at. Building costs N log N; a search costs what it is
/// allowed. The same embeddings give the same tree and the same answers, on any number of threads.
class EpochIndex {
public:
    explicit EpochIndex(std::span<const Embedding> embeddings);

    /// One found: its place in what the index was built of, and the inner product.
    struct Found {
        std::int32_t score = 0;
        std::uint32_t place = 0;
        friend bool operator==(const Found&, const Found&) = default;
    };
    /// The `most` best among at least `budget` embeddings (all, where there are fewer), best first; equal ones by place.
    [[nodiscard]] std::vector<Found> search(const Embedding& query, std::size_t budget, std::size_t most) const;

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t footprint() const;

private:
    struct Node {
        std::uint32_t first = 0;     // child nodes, in blocks of 16; or the first block of rows
        std::uint32_t count = 0;     // children; or embeddings
        bool leaf = false;
    };
    void divide(std::uint32_t node, std::span<const Embedding> embeddings, std::span<std::uint32_t> places, int depth);
    void append_leaf(std::uint32_t node, std::span<const Embedding> embeddings, std::span<const std::uint32_t> places);

    std::size_t size_ = 0;
    std::vector<Node> nodes_;              // children of one node stand together, 16 places each
    std::vector<std::int8_t> centres_;     // interleaved, one block for the children of each node
    std::vector<std::uint32_t> centre_of_; // a node's children's block in centres_
    std::vector<std::int8_t> rows_;        // interleaved, leaf after leaf
    std::vector<std::uint32_t> places_;    // of rows_; kNobody where a block is not full
};

}  // namespace hw::trace
