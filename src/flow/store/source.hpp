#pragma once

#include "flow/coverage.hpp"
#include "flow/read/report.hpp"
#include "flow/source.hpp"
#include "flow/store/store.hpp"
#include "flow/store/survey.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

namespace hw::flow::store {

/// How a store is asked.
struct StoreSourceOptions {
    std::vector<DeclaredCoverage> declared = {};
    bool rejoin = true;  ///< Records that a timeout cut are one flow again (flow/rejoin.hpp), whichever imports they came with.
    std::stop_token stop = {};
    /// Called now and then while all flows are gone over: rows done, rows to do.
    std::function<void(std::uint64_t done, std::uint64_t all)> progress = {};
};

/// The flows that a store holds, looked up through its index as they are asked for. The answers are those that a `MemorySource` of all
/// the store's flows would give, in the same order; observers stand in order of their names.
///
/// What all of the store decides (coverage, the observers' clocks) is kept in its survey; where that is missing or of another state of
/// the store, opening works it out by going over the flows once (`surveyed_anew`).
///
/// Flows once returned by `flows_of` or `keep` stay as long as the source. Rows that are damaged are passed over and counted. Any number of
/// threads may ask, but one at a time may `scan` and `keep`.
class StoreSource final : public FlowSource {
public:
    [[nodiscard]] static Result<std::unique_ptr<StoreSource>> open(const std::string& folder, StoreSourceOptions options);

    [[nodiscard]] Result<std::vector<const Flow*>> flows_of(const net::Address& host, Interval interval) const override;
    [[nodiscard]] Result<void> scan(Interval interval, const std::function<bool(const Flow&)>& visit) const override;
    [[nodiscard]] Result<void> scan_within(const FilterBounds& bounds, Interval interval, const std::function<bool(const Flow&)>& visit) const override;
    [[nodiscard]] const Flow* keep(const Flow& shown) const override;
    [[nodiscard]] Result<void> visit_flows_of(const net::Address& host, const std::function<bool(const Flow&)>& visit) const override;
    [[nodiscard]] Result<std::vector<SharedStarts>> shared_starts() const override;
    [[nodiscard]] std::span<const Observer> observers() const override { return observers_; }
    [[nodiscard]] std::span<const CoveredHost> coverage() const override { return coverage_; }
    [[nodiscard]] Interval interval() const override { return interval_; }

    [[nodiscard]] const Store& store() const { return *store_; }
    [[nodiscard]] const Survey& survey() const { return survey_; }
    /// Whether the survey kept with the store was not of use, so that flows were gone over.
    [[nodiscard]] bool surveyed_anew() const { return surveyed_anew_; }
    /// Damaged rows passed over so far, by reason; `path` is the store's folder.
    [[nodiscard]] read::ReadReport passed_over() const;
    /// Rows read so far, for benchmarks.
    [[nodiscard]] std::uint64_t rows_read() const;

private:
    /// The records of one flow, in order; nearly always one.
    using Records = std::vector<RowRef>;

    StoreSource() = default;
    [[nodiscard]] std::optional<Flow> read(RowRef row, bool slim = false) const;
    static constexpr std::uint32_t kWholeSegment = 0xffff'ffffU;
    void note_damage(RowRef where, const std::string& what) const;
    void look_up(const net::Address& host, Interval window, std::vector<RowRef>& out) const;
    void look_up(std::uint32_t segment, const net::Address& host, Interval window, std::vector<RowRef>& out) const;
    [[nodiscard]] bool may_be_cut(const Interval& window) const;
    [[nodiscard]] std::vector<Records> records_of(const net::Address& host, Interval window) const;
    [[nodiscard]] Records whole_records(const Flow& of, RowRef row) const;
    [[nodiscard]] std::optional<Flow> put_together(const Records& records) const;
    [[nodiscard]] const Flow* keep(const Records& records) const;

    /// Calls `visit` for every row of the segments, unless stopped.
    [[nodiscard]] Result<void> each_row(std::span<const std::uint32_t> segments, bool slim, const std::function<void(RowRef, Flow&&)>& visit) const;
    [[nodiscard]] Result<void> each_flow(const std::function<void(const Flow&)>& visit) const;
    /// Finds the flows of several records in all of the store, once.
    [[nodiscard]] Result<void> find_joins() const;
    [[nodiscard]] Result<void> note_segments();
    [[nodiscard]] Result<void> survey_all();
    [[nodiscard]] Result<void> declare();
    /// One segment's rows that a scan shall show, by first packet.
    struct Stream {
        std::vector<std::pair<Time, std::uint32_t>> rows;
        std::size_t next = 0;
        std::uint32_t segment = 0;
    };
    [[nodiscard]] Stream stream_of(std::uint32_t segment, const Interval& asked, const FilterBounds& bounds) const;
    [[nodiscard]] bool show(std::vector<Records>& some, const std::function<bool(const Flow&)>& visit) const;

    std::string folder_;
    StoreSourceOptions options_;
    std::shared_ptr<const Store> store_;
    std::vector<ObserverId> observer_of_;  ///< By the store's number.
    std::vector<Observer> observers_;      ///< By name.
    std::vector<CoveredHost> coverage_;
    Interval interval_;
    Survey survey_;
    bool surveyed_anew_ = false;
    bool cut_tcp_ = false;
    bool cut_other_ = false;

    mutable std::mutex mutex_;
    mutable std::deque<Flow> kept_;
    mutable std::unordered_map<std::uint64_t, const Flow*> kept_of_;  ///< By row: no address that a stranger chose.
    mutable read::ReadReport damage_;
    mutable std::set<RowRef> damaged_;
    mutable std::atomic<std::uint64_t> rows_read_{0};
    /// Flows of several records, by first packet; and all their rows, sorted. Absent until a scan needs them.
    struct Join {
        Time first;
        Time last;
        Records records;
    };
    mutable std::optional<std::vector<Join>> joins_;
    mutable std::vector<RowRef> joined_rows_;
    mutable const Flow* shown_ = nullptr;   ///< What `scan` is showing, and its records.
    mutable const Records* shown_records_ = nullptr;
};

}  // namespace hw::flow::store
