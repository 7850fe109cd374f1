#pragma once

#include "base/error.hpp"
#include "flow/flow.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow {

/// What flows are put together by.
enum class GroupField : std::uint8_t {
    host,         ///< Each end: a flow counts for both.
    client,
    server,
    port,         ///< The server's: the service.
    client_port,
    protocol,
    observer,
};

/// One field of the key: addresses by the prefix of so many bits.
struct GroupBy {
    GroupField field{};
    unsigned v4_bits = 32;
    unsigned v6_bits = 128;
    friend bool operator==(const GroupBy&, const GroupBy&) = default;
};
inline constexpr std::size_t kMostGroupFields = 4;

/// Reads `host,port`, `src/24,dst`, `client/24/48`, ...: one to four different fields, addresses with the bits of an IPv4 and an IPv6
/// prefix where wanted. Fails with `usage`.
[[nodiscard]] Result<std::vector<GroupBy>> parse_group_by(std::string_view text);
/// `host`, `client`, `server`, `port`, `client_port`, `protocol`, `observer`: as the output names it.
[[nodiscard]] std::string_view to_string(GroupField field);

/// A count of a flow scaled up by its sampling: an estimate where that is not 1. Stops at the greatest number.
[[nodiscard]] std::uint64_t scaled_up(const Flow& flow, std::uint64_t counted);

/// What a number of flows carried together, each scaled up by its sampling. Sums stop at the greatest number instead of wrapping around.
struct FlowTotals {
    std::uint64_t flows = 0;
    std::uint64_t request_packets = 0;
    std::uint64_t reply_packets = 0;
    std::uint64_t request_bytes = 0;
    std::uint64_t reply_bytes = 0;
    Time first;  ///< The earliest first and the latest last packet; meaningless without flows.
    Time last;
    std::uint64_t sampled_flows = 0;  ///< Of `flows`: those of which not every packet was counted, so that the sums are estimates.

    [[nodiscard]] std::uint64_t packets() const;
    [[nodiscard]] std::uint64_t bytes() const;
    void add(const Flow& flow);
    void add(const FlowTotals& other);
    friend bool operator==(const FlowTotals&, const FlowTotals&) = default;
};

/// Which total counts, for order and pictures.
enum class FlowMeasure : std::uint8_t { bytes, packets, flows };
[[nodiscard]] std::uint64_t measured(const FlowTotals& totals, FlowMeasure measure);

/// One value of a key: an address's two halves, or a number in `low`.
struct GroupValue {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend auto operator<=>(const GroupValue&, const GroupValue&) = default;
};
using GroupKey = std::array<GroupValue, kMostGroupFields>;

/// The value in words: an address, a prefix where bits were cut, a port, a protocol, an observer's index.
[[nodiscard]] std::string group_text(const GroupBy& by, const GroupValue& value);

struct FlowGroup {
    GroupKey key{};
    FlowTotals totals;
    friend bool operator==(const FlowGroup&, const FlowGroup&) = default;
};

/// Sums flows by a key. Sorts and merges instead of hashing, so that nobody can slow it down by the choice of addresses; memory
/// grows with the groups, not with the flows.
class FlowGroups {
public:
    /// `most_groups`: more than so many different keys are a `limit` error.
    explicit FlowGroups(std::vector<GroupBy> by, std::size_t most_groups = 20'000'000);

    /// False when there are too many groups: the rest is not worth reading.
    [[nodiscard]] bool add(const Flow& flow);
    /// The groups, greatest first, those alike by key; `top` of them, 0: all. Fails with `limit` when there were too many. Once, last.
    [[nodiscard]] Result<std::vector<FlowGroup>> take(FlowMeasure order, std::size_t top);

    [[nodiscard]] const FlowTotals& all() const { return all_; }
    /// Different keys; after `take`.
    [[nodiscard]] std::size_t groups() const { return merged_; }
    [[nodiscard]] std::span<const GroupBy> by() const { return by_; }

private:
    void add(const GroupKey& key, const FlowTotals& one);
    void add_row(const FlowGroup& row);
    void merge();

    std::vector<GroupBy> by_;
    std::size_t most_;
    std::size_t merged_ = 0;          // of rows_, those in front that are sorted, each key once
    std::vector<FlowGroup> rows_;
    std::vector<FlowGroup> recent_;   // one group a place, by a hash: what comes often is added up here, and the rest passes through
    FlowTotals all_;
};

/// One step of a series.
struct SeriesStep {
    Time begin;
    std::uint64_t started = 0;  ///< Flows whose first packet lies in it.
    std::uint64_t alive = 0;    ///< Flows whose lifetime touches it.
    std::uint64_t request_packets = 0;
    std::uint64_t reply_packets = 0;
    std::uint64_t request_bytes = 0;
    std::uint64_t reply_bytes = 0;
    friend bool operator==(const SeriesStep&, const SeriesStep&) = default;
};
inline constexpr std::size_t kMostSeriesSteps = 100'000;

/// Traffic over time, in steps that begin at whole multiples of their width since 1970 (UTC). A flow's packets and bytes are spread
/// over the steps as its activity shows; where the input gives totals only, evenly over its lifetime, to the last unit: nothing is
/// lost to rounding.
class FlowSeries {
public:
    /// The steps that `span` touches. Fails with `usage` when they are more than `kMostSeriesSteps`.
    [[nodiscard]] static Result<FlowSeries> make(const Interval& span, Duration width);

    void add(const Flow& flow);
    /// All steps in order, also the empty ones. Once, last.
    [[nodiscard]] std::vector<SeriesStep> take();
    [[nodiscard]] Duration width() const { return width_; }

private:
    /// Amounts by direction: packets of requests and replies, then their bytes.
    static constexpr std::size_t kAmounts = 4;
    using Amounts = std::array<std::uint64_t, kAmounts>;

    FlowSeries(std::int64_t first_index, std::size_t steps, Duration width);
    void spread_evenly(const Interval& life, std::size_t amount, std::uint64_t total);
    bool spread_by_activity(const Flow& flow, Direction direction);

    std::int64_t first_index_;
    Duration width_;
    std::vector<SeriesStep> steps_;
    std::vector<std::int64_t> alive_;   // differences from step to step
    std::vector<Amounts> each_;         // the same, modulo 2^64: what every step gets from where it stands on
    std::vector<Amounts> own_;          // what one step gets
};

}  // namespace hw::flow
