#pragma once

#include "flow/source.hpp"
#include "trace/trail.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace hw::trace {

/// All time: what `Views::know` is told of flows that are all there are.
inline constexpr Interval kAlways{Time::from_micros(std::numeric_limits<std::int64_t>::min()), Time::from_micros(std::numeric_limits<std::int64_t>::max())};

/// The several views of one conversation: which flow of one observer is which flow of another, and how far the
/// observers' clocks are apart.
class Views {
public:
    /// Asks the source for conversations as they are wanted. `source` must outlive the views.
    [[nodiscard]] static Result<Views> build(const flow::FlowSource& source);
    /// The same answers where nearly every flow will be asked about: goes over all flows once, 16 bytes each, and looks nothing up
    /// afterwards.
    [[nodiscard]] static Result<Views> of_all(const flow::FlowSource& source);

    /// The same conversation as `observer` saw it: same endpoints and protocol, first packets within ten seconds of each
    /// other once the clocks are set right. Null when it holds none, or when the look-up failed (`failure`).
    [[nodiscard]] const flow::Flow* seen_by(const flow::Flow& flow, flow::ObserverId observer) const;
    /// Takes flows of `host` that were looked up already, all that touch `when`, so that those of its conversations need not be asked for
    /// one by one.
    void know(const net::Address& host, Interval when, std::span<const flow::Flow* const> flows);
    /// The first look-up that failed, if any: the answers given since are not to be relied on.
    [[nodiscard]] Result<void> failure() const;

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
    struct Known {
        Interval when;
        std::vector<Entry> entries;
    };
    static void sort(std::vector<Entry>& entries);
    void estimate_clocks(std::size_t observers, std::span<const flow::SharedStarts> shared);
    /// Sorted entries among which all views of `flow` are that begin within ten seconds of `expected`; `own` where they had to be asked for.
    [[nodiscard]] std::span<const Entry> views_of(const flow::Flow& flow, Time expected, std::vector<Entry>& own) const;

    const flow::FlowSource* source_ = nullptr;
    std::map<net::Address, Known> known_;
    std::optional<std::vector<Entry>> all_;
    std::vector<ClockOffset> clocks_;
    mutable std::optional<Error> failed_;
};

}  // namespace hw::trace
