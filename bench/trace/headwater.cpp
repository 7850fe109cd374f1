#include "headwater.hpp"

#include <cmath>

namespace hw::bench {

namespace {

std::vector<flow::ActivityBin> bins_of(const std::vector<double>& times, const std::vector<std::uint32_t>& bytes) {
    const double width_s = std::chrono::duration<double>(flow::kActivityBinWidth).count();
    std::vector<flow::ActivityBin> out;
    for (std::size_t k = 0; k < times.size(); ++k) {
        const auto index = static_cast<std::int64_t>(std::floor(times[k] / width_s));
        if (out.empty() || out.back().index != index) { out.push_back({index, 0, 0}); }
        ++out.back().packets;
        out.back().bytes += bytes[k];
    }
    return out;
}

}  // namespace

trace::Epoch headwater_view(const Cut& cut) {
    const double width_s = std::chrono::duration<double>(flow::kActivityBinWidth).count();
    const trace::EpochShape shape{.bins = std::llround(cut.length_s / width_s)};
    const Interval lived{Time::from_micros(cut.lived_from_us), Time::from_micros(cut.lived_to_us)};
    return trace::Epoch::make(bins_of(cut.commands, cut.command_bytes), bins_of(cut.answers, cut.answer_bytes), lived, 0, shape);
}

}  // namespace hw::bench
