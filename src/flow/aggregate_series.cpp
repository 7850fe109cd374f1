#include "flow/aggregate.hpp"

#include <algorithm>
#include <utility>

namespace hw::flow {
namespace {
namespace flow_series {

__extension__ using Wide = unsigned __int128;

/// The part of `total` that `part` of `whole` makes, rounded down: of shares one after the other, taken as differences, none is lost.
std::uint64_t share(std::uint64_t total, std::uint64_t part, std::uint64_t whole) {
    return static_cast<std::uint64_t>(static_cast<Wide>(total) * part / whole);
}
std::uint64_t micros_between(Time a, Time b) { return b <= a ? 0 : static_cast<std::uint64_t>(b.micros()) - static_cast<std::uint64_t>(a.micros()); }

}  // namespace flow_series
}  // namespace

Result<FlowSeries> FlowSeries::make(const Interval& span, Duration width) {
    const std::int64_t first = bin_index(span.from, width);
    const std::int64_t last = bin_index(std::max(span.from, span.to), width);
    const std::uint64_t steps = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first) + 1;
    if (steps > kMostSeriesSteps) {
        return fail(Errc::usage, "the series would have more than " + std::to_string(kMostSeriesSteps) + " steps", "--every", "choose a wider step, or a shorter window");
    }
    return FlowSeries(first, static_cast<std::size_t>(steps), width);
}

FlowSeries::FlowSeries(std::int64_t first_index, std::size_t steps, Duration width)
    : first_index_(first_index), width_(width), steps_(steps), alive_(steps + 1), each_(steps + 1), own_(steps) {
    for (std::size_t i = 0; i < steps; ++i) { steps_[i].begin = Time::from_micros((first_index + static_cast<std::int64_t>(i)) * width.count()); }
}

void FlowSeries::add(const Flow& flow) {
    const Interval life{flow.first, std::max(flow.first, flow.last)};
    const auto last_step = static_cast<std::int64_t>(steps_.size()) - 1;
    const std::int64_t from = bin_index(life.from, width_) - first_index_;
    const std::int64_t to = bin_index(life.to, width_) - first_index_;
    if (to < 0 || from > last_step) { return; }
    if (from >= 0) { ++steps_[static_cast<std::size_t>(from)].started; }
    ++alive_[static_cast<std::size_t>(std::max<std::int64_t>(from, 0))];
    --alive_[static_cast<std::size_t>(std::min(to, last_step)) + 1];
    for (const Direction direction : {Direction::request, Direction::reply}) {
        if (spread_by_activity(flow, direction)) { continue; }
        const std::size_t amount = direction == Direction::request ? 0 : 1;
        spread_evenly(life, amount, scaled_up(flow, flow.half(direction).packets));
        spread_evenly(life, amount + 2, scaled_up(flow, flow.half(direction).bytes));
    }
}

/// The steps in the middle of a life all get the same: two differences tell it, however many they are.
void FlowSeries::spread_evenly(const Interval& life, std::size_t amount, std::uint64_t total) {
    using namespace flow_series;
    const Time begin = steps_.front().begin;
    const Time end = steps_.back().begin + width_;
    const std::uint64_t whole = micros_between(life.from, life.to);
    const auto step_of = [&](Time t) { return static_cast<std::size_t>(bin_index(t, width_) - first_index_); };
    if (whole == 0) {
        own_[step_of(life.from)][amount] += total;
        return;
    }
    const auto until = [&](Time t) { return share(total, micros_between(life.from, std::min(t, life.to)), whole); };
    const Time seen_from = std::max(life.from, begin);
    const Time seen_to = std::min(life.to, end);
    const std::size_t first = step_of(seen_from);
    const std::size_t last = std::min(step_of(seen_to), steps_.size() - 1);
    const std::uint64_t before = until(seen_from);
    const std::uint64_t seen = until(seen_to) - before;
    if (first == last) {
        own_[first][amount] += seen;
        return;
    }
    const std::uint64_t head = until(steps_[first].begin + width_) - before;
    const std::uint64_t tail = before + seen - until(steps_[last].begin);
    own_[first][amount] += head;
    own_[last][amount] += tail;
    const std::uint64_t middle = last - first - 1;
    if (middle == 0) { return; }
    const std::uint64_t rest = seen - head - tail;
    each_[first + 1][amount] += rest / middle;
    each_[last][amount] -= rest / middle;
    if (const std::size_t more = rest % middle; more > 0) {  // one more each for the first ones
        ++each_[first + 1][amount];
        --each_[first + 1 + more][amount];
    }
}

/// By the course that packets gave. False where there is none.
bool FlowSeries::spread_by_activity(const Flow& flow, Direction direction) {
    using namespace flow_series;
    if (flow.activity.empty()) { return false; }
    const auto bins = flow.activity.bins(direction);
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    for (const ActivityBin& bin : bins) {
        packets += bin.packets;
        bytes += bin.bytes;
    }
    if (packets == 0) { return false; }
    const std::uint64_t all_packets = scaled_up(flow, flow.half(direction).packets);
    const std::uint64_t all_bytes = scaled_up(flow, flow.half(direction).bytes);
    const std::size_t amount = direction == Direction::request ? 0 : 1;
    std::uint64_t packets_so_far = 0;
    std::uint64_t bytes_so_far = 0;
    for (const ActivityBin& bin : bins) {
        // Headers and bare acknowledgements are shared out as what they carried or confirmed was; where nothing was, as the packets.
        const auto moved = [&](std::uint64_t total, std::uint64_t part, std::uint64_t more, std::uint64_t whole) {
            return share(total, part + more, whole) - share(total, part, whole);
        };
        const std::uint64_t own_packets = moved(all_packets, packets_so_far, bin.packets, packets);
        const std::uint64_t own_bytes = bytes > 0 ? moved(all_bytes, bytes_so_far, bin.bytes, bytes) : moved(all_bytes, packets_so_far, bin.packets, packets);
        packets_so_far += bin.packets;
        bytes_so_far += bin.bytes;
        const Time begin = std::clamp(Time::from_micros(bin.index * flow.activity.width().count()), flow.first, std::max(flow.first, flow.last));
        const std::int64_t step = bin_index(begin, width_) - first_index_;
        if (step < 0 || step >= static_cast<std::int64_t>(steps_.size())) { continue; }
        own_[static_cast<std::size_t>(step)][amount] += own_packets;
        own_[static_cast<std::size_t>(step)][amount + 2] += own_bytes;
    }
    return true;
}

std::vector<SeriesStep> FlowSeries::take() {
    std::int64_t alive = 0;
    Amounts each{};
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        alive += alive_[i];
        Amounts sum{};
        for (std::size_t k = 0; k < kAmounts; ++k) {
            each[k] += each_[i][k];
            sum[k] = own_[i][k] + each[k];
        }
        SeriesStep& step = steps_[i];
        step.alive = static_cast<std::uint64_t>(alive);
        step.request_packets = sum[0];
        step.reply_packets = sum[1];
        step.request_bytes = sum[2];
        step.reply_bytes = sum[3];
    }
    return std::exchange(steps_, {});
}

}  // namespace hw::flow
