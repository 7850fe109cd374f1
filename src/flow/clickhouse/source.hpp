#pragma once

#include "flow/clickhouse/http.hpp"
#include "flow/clickhouse/partitions.hpp"
#include "flow/clickhouse/sink.hpp"
#include "flow/memory_source.hpp"
#include "flow/source.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace hw::flow::clickhouse {

struct FlowRow;

/// The flows that a ClickHouse database holds (`Sink` wrote them). Every query names its partitions, so that no day is read that
/// the window does not touch; every look-up reads the table that is ordered by the role asked for.
///
/// Flows once read are kept as long as the source: the same flow is the same object in every answer.
class Source final : public FlowSource {
public:
    /// Reads what was imported, by whom and from when to when. Fails when the tables are not there or of another version.
    /// `declared` is the operator's word on what observers see, as for `MemorySource`.
    [[nodiscard]] static Result<std::unique_ptr<Source>> open(Http http, std::span<const DeclaredCoverage> declared = {});

    [[nodiscard]] Result<std::vector<const Flow*>> flows_of(const net::Address& host, Interval interval) const override;
    [[nodiscard]] Result<void> scan(Interval interval, const std::function<bool(const Flow&)>& visit) const override;
    [[nodiscard]] std::span<const Observer> observers() const override { return observers_; }
    [[nodiscard]] std::span<const CoveredHost> coverage() const override { return coverage_; }
    [[nodiscard]] Interval interval() const override { return interval_; }
    /// What was imported, by path, then by hash.
    [[nodiscard]] std::span<const ImportNote> imports() const { return imports_; }

private:
    explicit Source(Http http) : http_(std::move(http)) {}
    [[nodiscard]] Result<void> read_imports();
    [[nodiscard]] Result<void> read_observers();
    [[nodiscard]] Result<void> read_coverage();
    [[nodiscard]] Result<void> declare(std::span<const DeclaredCoverage> declared);
    [[nodiscard]] Result<std::vector<const Flow*>> ask(const std::string& sql) const;
    [[nodiscard]] std::string select(std::string_view table, std::string_view where) const;
    [[nodiscard]] const Flow* store_row(FlowRow&& row) const;
    [[nodiscard]] ObserverId observer_of(const std::string& name) const;

    Http http_;
    Partitions partitions_;
    std::string unfinished_;  ///< ` AND batch NOT IN (…)`, or empty.
    std::vector<std::uint64_t> whole_;  ///< Imports that are whole, sorted.
    std::vector<ImportNote> imports_;
    std::vector<Observer> observers_;   ///< By name.
    std::vector<CoveredHost> coverage_;
    Interval interval_;
    mutable std::mutex mutex_;
    mutable std::map<std::pair<std::uint64_t, std::uint32_t>, std::unique_ptr<Flow>> kept_;
};

}  // namespace hw::flow::clickhouse
