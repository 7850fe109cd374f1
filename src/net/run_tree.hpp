#pragma once

#include "net/match_runs.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::net {

/// The runs of IPv6 addresses as a tree over their first 64 bits: eight to a node, which is one cache line, each node the last
/// numbers of eight below it. A look-up goes through log₈ of the runs, however long the prefixes and however they nest. The /64
/// that longer prefixes divide have a sorted list each of the 64 bits that follow.
///
/// 14 bytes a run, 12 more for each in a divided /64.
class RunTree {
public:
    RunTree() = default;
    explicit RunTree(const MatchRuns& runs);

    [[nodiscard]] std::uint32_t find(const Address& address) const;
    /// As many as the shorter span holds.
    void find(std::span<const Address> addresses, std::span<std::uint32_t> out) const;
    [[nodiscard]] std::size_t bytes() const;

private:
    static constexpr std::uint32_t kWidth = 8;
    struct alignas(64) Node {
        std::array<std::uint64_t, kWidth> lasts;
    };
    /// Which of the node's eight a number belongs to; there is one.
    static std::uint32_t child(const Node& node, std::uint64_t number);
    [[nodiscard]] std::uint32_t in_group(std::uint32_t group, std::uint64_t number) const;

    std::vector<Node> nodes_;            // level after level, the root first
    std::vector<std::uint32_t> levels_;  // where each level begins in nodes_
    std::vector<std::uint32_t> values_;  // by run
    std::vector<std::uint32_t> groups_;  // where each begins in the lists below, and the end
    std::vector<std::uint64_t> inner_firsts_;
    std::vector<std::uint32_t> inner_values_;
};

}  // namespace hw::net
