#include "flow/shared_starts.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <tuple>

namespace hw::flow {

std::uint64_t conversation_key(const Flow& flow) {
    const auto& [low, high] = std::minmax(flow.client, flow.server);
    const std::hash<net::Endpoint> hash;
    return hash(low) * 0x9e37'79b9'7f4a'7c15ULL ^ hash(high) ^ number(flow.protocol);
}

void SharedStartsGatherer::settle() {
    constexpr std::size_t kMostViews = 64;  // of one conversation; more is port reuse, which says nothing of clocks
    std::ranges::sort(starts_, {}, [](const Start& s) { return std::tuple(s.key, s.observer, s.first); });
    for (std::size_t begin = 0, end = 0; begin < starts_.size(); begin = end) {
        while (end < starts_.size() && starts_[end].key == starts_[begin].key) { ++end; }
        if (end - begin < 2 || end - begin > kMostViews) { continue; }
        // Only conversations that each of the two saw exactly once are safe.
        const std::span views(&starts_[begin], end - begin);
        const auto once = [&](std::size_t i) {
            return (i == 0 || views[i - 1].observer != views[i].observer) && (i + 1 == views.size() || views[i + 1].observer != views[i].observer);
        };
        for (std::size_t i = 0; i < views.size(); ++i) {
            for (std::size_t j = i + 1; once(i) && j < views.size(); ++j) {
                if (once(j)) { differences_.push_back({.a = views[i].observer, .b = views[j].observer, .apart = views[j].first - views[i].first}); }
            }
        }
    }
    starts_.clear();
}

std::vector<SharedStarts> SharedStartsGatherer::take() {
    settle();
    std::ranges::sort(differences_, {}, [](const Difference& d) { return std::tuple(d.a, d.b, d.apart); });
    std::vector<SharedStarts> out;
    for (std::size_t begin = 0, end = 0; begin < differences_.size(); begin = end) {
        while (end < differences_.size() && differences_[end].a == differences_[begin].a && differences_[end].b == differences_[begin].b) { ++end; }
        out.push_back({.a = differences_[begin].a, .b = differences_[begin].b, .apart = differences_[begin + (end - begin) / 2].apart, .shared = end - begin});
    }
    return out;
}

}  // namespace hw::flow
