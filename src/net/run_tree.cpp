#include "net/run_tree.hpp"

#include <algorithm>

namespace hw::net {

namespace {
namespace run_tree_detail {

constexpr std::uint64_t kLast = ~std::uint64_t{0};

}  // namespace run_tree_detail
}  // namespace

RunTree::RunTree(const MatchRuns& runs) {
    if (runs.outer.size() == 1 && runs.outer.front().value == kNoMatch) { return; }
    groups_ = runs.groups;
    values_.reserve(runs.outer.size());
    std::vector<std::uint64_t> lasts;
    lasts.reserve(runs.outer.size());
    for (std::size_t i = 0; i < runs.outer.size(); ++i) {
        values_.push_back(runs.outer[i].value);
        lasts.push_back(i + 1 < runs.outer.size() ? runs.outer[i + 1].first - 1 : run_tree_detail::kLast);
    }
    inner_firsts_.reserve(runs.inner.size());
    inner_values_.reserve(runs.inner.size());
    for (const MatchRuns::Run& run : runs.inner) {
        inner_firsts_.push_back(run.first);
        inner_values_.push_back(run.value);
    }
    // Filled up with the last number of all, which is greater than none, so that what is filled up is never chosen.
    std::vector<std::vector<Node>> from_leaves;
    do {
        std::vector<Node> level((lasts.size() + kWidth - 1) / kWidth);
        for (std::size_t i = 0; i < level.size() * kWidth; ++i) { level[i / kWidth].lasts[i % kWidth] = i < lasts.size() ? lasts[i] : run_tree_detail::kLast; }
        lasts.clear();
        lasts.reserve(level.size());
        for (const Node& node : level) { lasts.push_back(node.lasts.back()); }
        from_leaves.push_back(std::move(level));
    } while (lasts.size() > 1);
    levels_.reserve(from_leaves.size());
    for (auto level = from_leaves.rbegin(); level != from_leaves.rend(); ++level) {
        levels_.push_back(static_cast<std::uint32_t>(nodes_.size()));
        nodes_.insert(nodes_.end(), level->begin(), level->end());
    }
}

std::uint32_t RunTree::child(const Node& node, std::uint64_t number) {
    // By halves, without a branch: that the last of the eight is not less is known, so three comparisons do.
    const std::uint64_t* const lasts = node.lasts.data();
    std::uint32_t before = lasts[3] < number ? 4U : 0U;
    before += lasts[before + 1] < number ? 2U : 0U;
    before += lasts[before] < number ? 1U : 0U;
    return before;
}

std::uint32_t RunTree::in_group(std::uint32_t group, std::uint64_t number) const {
    const auto begin = inner_firsts_.begin() + groups_[group];
    const auto end = inner_firsts_.begin() + groups_[group + 1];
    return inner_values_[static_cast<std::size_t>(std::upper_bound(begin, end, number) - inner_firsts_.begin()) - 1];
}

std::uint32_t RunTree::find(const Address& address) const {
    if (values_.empty()) { return kNoMatch; }
    std::uint32_t at = 0;
    for (const std::uint32_t level : levels_) { at = at * kWidth + child(nodes_[level + at], address.high()); }
    const std::uint32_t value = values_[at];
    return MatchRuns::is_group(value) ? in_group(value & ~MatchRuns::kGroup, address.low()) : value;
}

void RunTree::find(std::span<const Address> addresses, std::span<std::uint32_t> out) const {
    const std::size_t count = std::min(addresses.size(), out.size());
    if (values_.empty()) {
        std::ranges::fill(out.first(count), kNoMatch);
        return;
    }
    // Side by side, a level at a time: the memory of one is fetched while others are compared.
    constexpr std::size_t kAbreast = 32;
    std::size_t i = 0;
    for (; i + kAbreast <= count; i += kAbreast) {
        std::array<std::uint32_t, kAbreast> at{};
        for (const std::uint32_t level : levels_) {
            for (std::size_t k = 0; k < kAbreast; ++k) { at[k] = at[k] * kWidth + child(nodes_[level + at[k]], addresses[i + k].high()); }
        }
        for (std::size_t k = 0; k < kAbreast; ++k) { out[i + k] = values_[at[k]]; }
        for (std::size_t k = 0; k < kAbreast; ++k) {
            if (MatchRuns::is_group(out[i + k])) { out[i + k] = in_group(out[i + k] & ~MatchRuns::kGroup, addresses[i + k].low()); }
        }
    }
    for (; i < count; ++i) { out[i] = find(addresses[i]); }
}

std::size_t RunTree::bytes() const {
    return nodes_.size() * sizeof(Node) + levels_.size() * sizeof(std::uint32_t) + values_.size() * sizeof(std::uint32_t) + groups_.size() * sizeof(std::uint32_t) +
           inner_firsts_.size() * (sizeof(std::uint64_t) + sizeof(std::uint32_t));
}

}  // namespace hw::net
