#include "route/predict/observed_choices.hpp"

#include <algorithm>
#include <cstddef>

namespace hw::route {
namespace {
namespace observed_choices_detail {

std::uint64_t key(Node a, Node b) { return (std::uint64_t{a} << 32U) | b; }

}  // namespace observed_choices_detail
}  // namespace

void ObservedChoices::add(std::span<const Node> path) {
    using observed_choices_detail::key;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        const Node next = path[i + 1];
        ++links_[key(path[i], next)];
        ++all_[path[i]];
        for (std::size_t j = i + 1; j < path.size(); ++j) {
            auto& choices = towards_[key(path[i], path[j])];
            const auto at = std::ranges::find(choices, next, &Next::first);
            if (at == choices.end()) { choices.emplace_back(next, 1); }
            else { ++at->second; }
        }
    }
}

std::uint32_t ObservedChoices::count(Node at, Node next) const {
    const auto found = links_.find(observed_choices_detail::key(at, next));
    return found == links_.end() ? 0 : found->second;
}

std::uint32_t ObservedChoices::count(Node at) const {
    const auto found = all_.find(at);
    return found == all_.end() ? 0 : found->second;
}

std::span<const ObservedChoices::Next> ObservedChoices::towards(Node at, Node via) const {
    const auto found = towards_.find(observed_choices_detail::key(at, via));
    return found == towards_.end() ? std::span<const Next>() : std::span<const Next>(found->second);
}

}  // namespace hw::route
