// The expiry wheel of the assembler: when a flow's silence has lasted too long, found without touching the wheel for
// every packet. A flow hangs in the slot of the time when it may end at the earliest; when the capture's clock gets there it
// is ended, or hung where it may end by now. That costs one visit a flow and timeout, whatever the packets.

#include "flow/read/assembly.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace hw::flow::read {
namespace {
namespace expiry_detail {
constexpr unsigned kEvictionTries = 32;
}  // namespace expiry_detail
}  // namespace

std::int64_t Assembler::slot_time(Time time) const { return bin_index(time, slot_width_); }

void Assembler::hang(std::uint32_t number, Time when) {
    const auto turn = static_cast<std::int64_t>(slots_.size());
    const std::int64_t at = std::clamp(slot_time(when) + 1, clock_ + 1, clock_ + turn - 1);
    slots_[static_cast<std::size_t>(at) % slots_.size()].push_back(number);
}

void Assembler::advance(Time now) {
    const std::int64_t at = slot_time(now);
    if (at == clock_) {
        doubting_ = false;
        return;
    }
    if (!clock_set_) {
        clock_set_ = true;
        clock_ = at;
        return;
    }
    const std::int64_t idle = slot_time(Time(options_.timeouts.idle)) + 1;
    const std::int64_t step = at - clock_;
    if (step > idle || step < -idle) {
        // One packet with an odd time must not end everything: the next has to agree.
        const bool agrees = doubting_ && at - doubted_ <= idle && doubted_ - at <= idle;
        doubting_ = true;
        doubted_ = at;
        if (!agrees) { return; }
    }
    doubting_ = false;
    if (step < 0) {
        if (step < -idle) { clock_ = at; }  // the slots keep their flows; each is judged by its own time when visited
        return;
    }
    const std::int64_t turn = static_cast<std::int64_t>(slots_.size());
    if (step > turn) { clock_ = at - turn; }
    while (clock_ < at) {
        ++clock_;
        visit(static_cast<std::size_t>(clock_) % slots_.size(), now);
    }
}

template <typename Ends>
void Assembler::settle(const std::vector<std::uint32_t>& numbers, const Ends& ends) {
    constexpr std::size_t kAhead = 16;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (i + kAhead < numbers.size()) {
            const LiveFlow& ahead = flows_[numbers[i + kAhead]];
            __builtin_prefetch(&ahead.key, 1);
            __builtin_prefetch(ahead.half.data(), 1);
            __builtin_prefetch(ahead.half.data() + 1, 1);
        }
        if (i + kAhead / 2 < numbers.size()) {
            prefetch_cold(numbers[i + kAhead / 2]);
            index_.prefetch(flows_[numbers[i + kAhead / 2]].hash);
        }
        LiveFlow& flow = flows_[numbers[i]];
        if (const std::optional<FlowEnd> end = ends(flow)) {
            emit(flow, *end);
            remove(numbers[i]);
        } else {
            hang(numbers[i], flow.last + patience(flow));
        }
    }
}

void Assembler::visit(std::size_t slot, Time now) {
    settle(std::exchange(slots_[slot], {}), [&](const LiveFlow& flow) -> std::optional<FlowEnd> {
        if (flow.last + patience(flow) >= now) { return std::nullopt; }
        return flow.closed != 0 ? FlowEnd::end_of_flow : FlowEnd::idle_timeout;
    });
}

void Assembler::evict(const Packet& packet) {
    report_->skip("flow ended early: too many alive at a time", packet.offset);
    unsigned tries = 0;
    for (std::int64_t at = clock_ + 1; at <= clock_ + static_cast<std::int64_t>(slots_.size()); ++at) {
        auto& slot = slots_[static_cast<std::size_t>(at) % slots_.size()];
        while (!slot.empty()) {
            const std::uint32_t number = slot.back();
            LiveFlow& flow = flows_[number];
            slot.pop_back();
            const Time deadline = flow.last + patience(flow);
            if (slot_time(deadline) > at && ++tries < expiry_detail::kEvictionTries) {
                hang(number, deadline);  // it has been busy since it was hung here
                continue;
            }
            emit(flow, FlowEnd::lack_of_resources);
            return remove(number);
        }
    }
}

void Assembler::finish() {
    for (auto& slot : slots_) {
        settle(std::exchange(slot, {}), [](const LiveFlow& flow) -> std::optional<FlowEnd> {
            return flow.closed != 0 ? FlowEnd::end_of_flow : FlowEnd::forced_end;
        });
    }
}

}  // namespace hw::flow::read
