#pragma once

#include "net/prefix.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace hw::net {

/// A value for each of many prefixes of both families, found by longest match. A path-compressed binary trie (Morrison's
/// PATRICIA) in one vector: a look-up takes as many steps as prefixes and branchings lie on the way, an insertion likewise;
/// at most two nodes a prefix.
template <typename T>
class PrefixMap {
public:
    struct Match {
        Prefix prefix;
        const T* value = nullptr;  ///< Valid until the map changes.
    };

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    /// The value of `prefix`, made from `T{}` where there is none yet.
    T& operator[](const Prefix& prefix) {
        Node& node = nodes_[make_node(prefix)];
        if (!node.value) {
            node.value.emplace();
            ++size_;
        }
        return *node.value;
    }

    /// Sets the value of `prefix`; true when it had none.
    bool insert_or_assign(const Prefix& prefix, T value) {
        Node& node = nodes_[make_node(prefix)];
        const bool is_new = !node.value.has_value();
        node.value = std::move(value);
        if (is_new) { ++size_; }
        return is_new;
    }

    /// Takes the value of `prefix` away; false when there was none. Its place in the trie is kept for re-use.
    bool erase(const Prefix& prefix) {
        const std::uint32_t at = find_node(prefix);
        if (at == kNone || !nodes_[at].value) { return false; }
        nodes_[at].value.reset();
        --size_;
        return true;
    }

    /// The value of exactly `prefix`.
    [[nodiscard]] const T* find(const Prefix& prefix) const {
        const std::uint32_t at = find_node(prefix);
        return at == kNone || !nodes_[at].value ? nullptr : &*nodes_[at].value;
    }
    [[nodiscard]] T* find(const Prefix& prefix) {
        const std::uint32_t at = find_node(prefix);
        return at == kNone || !nodes_[at].value ? nullptr : &*nodes_[at].value;
    }

    /// The longest of the prefixes that contain `address`.
    [[nodiscard]] std::optional<Match> longest_match(const Address& address) const { return longest_match(Prefix::host(address)); }
    /// The longest of the prefixes that contain `prefix`, itself included.
    [[nodiscard]] std::optional<Match> longest_match(const Prefix& prefix) const {
        std::optional<Match> best;
        for_each_match(prefix, [&](const Prefix& found, const T& value) { best = Match{found, &value}; });
        return best;
    }

    /// Calls `visit(prefix, value)` for every prefix that contains `prefix`, the shortest first.
    template <typename Visit>
    void for_each_match(const Prefix& prefix, Visit&& visit) const {
        std::uint32_t at = roots_[family(prefix)];
        while (at != kNone) {
            const Node& node = nodes_[at];
            if (!node.prefix.contains(prefix)) { return; }
            if (node.value) { visit(node.prefix, *node.value); }
            if (node.prefix.length() == prefix.length()) { return; }
            at = node.children[bit(prefix, node.prefix.length())];
        }
    }

    /// Calls `visit(prefix, value)` for every prefix: IPv4 first, each family by address, then by length.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        std::vector<std::uint32_t> waiting;
        for (const std::uint32_t root : roots_) {
            if (root != kNone) { waiting.push_back(root); }
            while (!waiting.empty()) {
                const Node& node = nodes_[waiting.back()];
                waiting.pop_back();
                if (node.value) { visit(node.prefix, *node.value); }
                for (const std::size_t side : {1U, 0U}) {
                    if (node.children[side] != kNone) { waiting.push_back(node.children[side]); }
                }
            }
        }
    }

private:
    static constexpr std::uint32_t kNone = 0xffff'ffffU;
    struct Node {
        Prefix prefix;
        std::array<std::uint32_t, 2> children = {kNone, kNone};
        std::optional<T> value;
    };

    static std::size_t family(const Prefix& prefix) { return prefix.is_v4() ? 0 : 1; }

    /// Bit `index` of the prefix's address, counted in its own family from the front.
    static std::size_t bit(const Prefix& prefix, unsigned index) {
        const unsigned at = prefix.is_v4() ? index + 96 : index;
        const std::uint64_t half = at < 64 ? prefix.address().high() : prefix.address().low();
        return static_cast<std::size_t>((half >> (63U - at % 64U)) & 1U);
    }

    /// How many leading bits two prefixes of one family share.
    static unsigned common_length(const Prefix& a, const Prefix& b) {
        const std::uint64_t high = a.address().high() ^ b.address().high();
        const std::uint64_t low = a.address().low() ^ b.address().low();
        const int equal = high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(low);
        const unsigned shared = static_cast<unsigned>(equal) - (a.is_v4() ? 96U : 0U);
        return std::min({shared, a.length(), b.length()});
    }

    std::uint32_t find_node(const Prefix& prefix) const {
        std::uint32_t at = roots_[family(prefix)];
        while (at != kNone && nodes_[at].prefix != prefix) {
            const Prefix& here = nodes_[at].prefix;
            if (here.length() >= prefix.length() || !here.contains(prefix)) { return kNone; }
            at = nodes_[at].children[bit(prefix, here.length())];
        }
        return at;
    }

    std::uint32_t add_node(const Prefix& prefix) {
        nodes_.push_back(Node{.prefix = prefix, .children = {kNone, kNone}, .value = std::nullopt});
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }

    /// The place that points to a node: a root, or a child of `parent`.
    std::uint32_t& pointer(const Prefix& prefix, std::uint32_t parent) {
        if (parent == kNone) { return roots_[family(prefix)]; }
        return nodes_[parent].children[bit(prefix, nodes_[parent].prefix.length())];
    }

    std::uint32_t make_node(const Prefix& prefix) {
        std::uint32_t parent = kNone;
        while (true) {
            const std::uint32_t at = pointer(prefix, parent);
            if (at == kNone) {
                const std::uint32_t added = add_node(prefix);
                pointer(prefix, parent) = added;
                return added;
            }
            const Prefix here = nodes_[at].prefix;
            const unsigned shared = common_length(here, prefix);
            if (shared == here.length() && shared == prefix.length()) { return at; }
            if (shared == here.length()) {
                parent = at;
                continue;
            }
            // They part before `here` ends: a node for what they share goes between, itself `prefix` where that is all of it.
            const Prefix above = *Prefix::make(prefix.address(), shared);
            const std::uint32_t joint = add_node(above);
            pointer(prefix, parent) = joint;
            nodes_[joint].children[bit(here, shared)] = at;
            if (shared == prefix.length()) { return joint; }
            parent = joint;
        }
    }

    std::array<std::uint32_t, 2> roots_ = {kNone, kNone};
    std::vector<Node> nodes_;
    std::size_t size_ = 0;
};

}  // namespace hw::net
