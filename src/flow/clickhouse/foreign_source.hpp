#pragma once

#include "flow/clickhouse/column_mapping.hpp"
#include "flow/clickhouse/http.hpp"
#include "flow/memory_source.hpp"
#include "flow/source.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace hw::flow::clickhouse {

/// The flows of a table of flow records that others made, read by a mapping of its columns and never changed. Every query names a
/// stretch of the table's own time and, where a host is asked for, its address, so that the servers leave out what they can.
///
/// Records are of one direction; the two directions of a conversation are joined, and copies merged, as for exports in files
/// (`read::ExportFlows`). Pieces that an active timeout cut stay apart. A flow that was shown or found once is the same object when it is
/// found again.
class ForeignSource final : public FlowSource {
public:
    /// `window`: what of the table is looked at; absent: its last day. Fails where the table or a column is not there.
    [[nodiscard]] static Result<std::unique_ptr<ForeignSource>> open(Http http, ColumnMapping mapping, std::optional<Interval> window, std::span<const DeclaredCoverage> declared = {});

    [[nodiscard]] Result<std::vector<const Flow*>> flows_of(const net::Address& host, Interval interval) const override;
    [[nodiscard]] Result<void> scan(Interval interval, const std::function<bool(const Flow&)>& visit) const override;
    [[nodiscard]] const Flow* keep(const Flow& shown) const override;
    [[nodiscard]] std::span<const Observer> observers() const override { return observers_; }
    [[nodiscard]] std::span<const CoveredHost> coverage() const override { return coverage_; }
    [[nodiscard]] Interval interval() const override { return interval_; }

    /// What of the table is looked at.
    [[nodiscard]] Interval window() const { return window_; }
    [[nodiscard]] const MappedTable& table() const { return table_; }
    [[nodiscard]] std::uint64_t records() const { return records_; }
    /// Coverage was declared of which nothing could be found out, because addresses are text.
    [[nodiscard]] bool coverage_unknown() const { return coverage_unknown_; }

private:
    ForeignSource(Http http, MappedTable table) : http_(std::move(http)), table_(std::move(table)) {}
    [[nodiscard]] Result<void> find_window(std::optional<Interval> window);
    [[nodiscard]] Result<void> read_exporters();
    [[nodiscard]] Result<void> read_course();
    [[nodiscard]] Result<void> declare(std::span<const DeclaredCoverage> declared);
    /// The flows of the rows that `where` names, in order.
    [[nodiscard]] Result<std::vector<Flow>> ask(const std::string& where) const;
    [[nodiscard]] std::optional<std::size_t> observer_of(std::string_view exporter) const;
    [[nodiscard]] std::string observer_name(std::string_view exporter) const;
    /// Rows whose flows can touch the stretch.
    [[nodiscard]] std::string rows_near(Interval interval) const;

    struct Stretch {
        Time from;
        std::uint64_t records = 0;
    };
    using Key = std::tuple<FlowId, Time, std::uint64_t, std::uint64_t, std::uint64_t>;  ///< With both packet counts and which of those alike.

    Http http_;
    MappedTable table_;
    Interval window_;
    Interval interval_;
    Duration longest_{0};             ///< Of records up to an hour.
    std::uint64_t long_records_ = 0;  ///< Longer ones.
    std::uint64_t records_ = 0;
    bool coverage_unknown_ = false;
    std::vector<Observer> observers_;                     ///< By name.
    std::map<std::string, std::size_t, std::less<>> places_;  ///< By exporter.
    std::vector<CoveredHost> coverage_;
    std::vector<Stretch> course_;                         ///< Records by when they begin, in time order.
    mutable std::mutex mutex_;
    mutable std::map<Key, std::unique_ptr<Flow>> kept_;
};

}  // namespace hw::flow::clickhouse
