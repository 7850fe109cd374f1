#include "trace/series.hpp"

#include <cmath>

namespace hw::trace {

flow::Direction half_of(bool relay_is_client, Role role, Sense sense) {
    // The relay itself sends the commands of an action flow and the answers of a control flow.
    const bool sent_by_relay = (sense == Sense::commands) == (role == Role::action);
    return sent_by_relay == relay_is_client ? flow::Direction::request : flow::Direction::reply;
}

MultiScale make_series(std::span<const flow::ActivityBin> bins, const Window& window) {
    MultiScale all;
    for (std::size_t s = 0; s < kScales.size(); ++s) {
        const std::int64_t scale = kScales[s];
        SparseSeries& series = all[s];
        series.size = static_cast<std::size_t>((window.size + scale - 1) / scale);
        std::vector<std::uint64_t> counts;
        for (const auto& bin : bins) {
            const std::int64_t at = bin.index - window.first;
            if (at < 0 || at >= window.size || bin.packets == 0) { continue; }
            const auto index = static_cast<std::uint32_t>(at / scale);
            if (series.index.empty() || series.index.back() != index) {
                series.index.push_back(index);
                counts.push_back(0);
            }
            counts.back() += bin.packets;
        }
        double sum = 0;
        double squares = 0;
        series.value.reserve(counts.size());
        for (const auto count : counts) {
            const double x = std::sqrt(static_cast<double>(count));
            series.value.push_back(x);
            sum += x;
            squares += x * x;
        }
        if (series.size > 0) {
            const auto n = static_cast<double>(series.size);
            series.mean = sum / n;
            const double spread = squares - n * series.mean * series.mean;
            series.norm = spread > 1e-9 ? std::sqrt(spread) : 0;
        }
    }
    return all;
}

}  // namespace hw::trace
