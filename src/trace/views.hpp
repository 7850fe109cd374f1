#pragma once

#include "flow/source.hpp"
#include "trace/trail.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// The several views of one conversation: which flow of one observer is which flow of another, and how far the
/// observers' clocks are apart.
class Views {
public:
    /// Goes over all flows once.
    [[nodiscard]] static Result<Views> build(const flow::FlowSource& source);

    /// The same conversation as `observer` saw it: same endpoints and protocol, first packets within ten seconds of each
    /// other once the clocks are set right. Null when it holds none.
    [[nodiscard]] const flow::Flow* seen_by(const flow::Flow& flow, flow::ObserverId observer) const;

    /// One entry an observer, in order.
    [[nodiscard]] const std::vector<ClockOffset>& clocks() const { return clocks_; }
    /// `time` on one observer's clock as the other's would show it.
    [[nodiscard]] Time translate(Time time, flow::ObserverId from, flow::ObserverId to) const;

private:
    /// Sixteen bytes a flow, sorted by key, then observer, then time: flows of one conversation stand together.
    struct Entry {
        std::uint64_t key = 0;
        const flow::Flow* flow = nullptr;
    };
    [[nodiscard]] std::span<const Entry> same_key(std::uint64_t key) const;
    void estimate_clocks(std::size_t observers);

    std::vector<Entry> entries_;  // empty where there is but one observer
    std::vector<ClockOffset> clocks_;
};

}  // namespace hw::trace
