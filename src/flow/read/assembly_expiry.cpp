// The expiry wheel of the assembler: when a flow's silence has lasted too long, found without touching the wheel for
// every packet. A flow hangs in the slot of the time when it may end at the earliest; when the capture's clock gets there it
// is ended, or hung where it may end by now. That costs one visit a flow and timeout, whatever the packets.

#include "flow/read/assembly.hpp"

#include <algorithm>

namespace hw::flow::read {
namespace {
namespace expiry_detail {
constexpr std::uint32_t kNobody = FlowIndex::kNone;
constexpr unsigned kEvictionTries = 32;
}  // namespace expiry_detail
}  // namespace

std::int64_t Assembler::slot_time(Time time) const { return bin_index(time, slot_width_); }

void Assembler::hang(std::uint32_t number, Time when) {
    const auto turn = static_cast<std::int64_t>(slots_.size());
    const std::int64_t at = std::clamp(slot_time(when) + 1, clock_ + 1, clock_ + turn - 1);
    std::uint32_t& slot = slots_[static_cast<std::size_t>(at) % slots_.size()];
    flows_[number].next_in_slot = slot;
    slot = number;
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

void Assembler::visit(std::size_t slot, Time now) {
    std::uint32_t number = std::exchange(slots_[slot], expiry_detail::kNobody);
    while (number != expiry_detail::kNobody) {
        LiveFlow& flow = flows_[number];
        const std::uint32_t next = flow.next_in_slot;
        if (next != expiry_detail::kNobody) { __builtin_prefetch(&flows_[next]); }
        const Time deadline = flow.last + patience(flow);
        if (deadline < now) {
            emit(flow, flow.closed() ? FlowEnd::end_of_flow : FlowEnd::idle_timeout);
            remove(number);
        } else {
            hang(number, deadline);
        }
        number = next;
    }
}

void Assembler::evict(const Packet& packet) {
    report_.skip("flow ended early: too many alive at a time", packet.offset);
    unsigned tries = 0;
    for (std::int64_t at = clock_ + 1; at <= clock_ + static_cast<std::int64_t>(slots_.size()); ++at) {
        std::uint32_t& slot = slots_[static_cast<std::size_t>(at) % slots_.size()];
        while (slot != expiry_detail::kNobody) {
            const std::uint32_t number = slot;
            LiveFlow& flow = flows_[number];
            slot = flow.next_in_slot;
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
    for (std::uint32_t& slot : slots_) {
        std::uint32_t number = std::exchange(slot, expiry_detail::kNobody);
        while (number != expiry_detail::kNobody) {
            LiveFlow& flow = flows_[number];
            const std::uint32_t next = flow.next_in_slot;
            emit(flow, flow.closed() ? FlowEnd::end_of_flow : FlowEnd::forced_end);
            remove(number);
            number = next;
        }
    }
}

}  // namespace hw::flow::read
