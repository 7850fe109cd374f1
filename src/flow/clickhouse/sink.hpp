#pragma once

#include "flow/clickhouse/http.hpp"
#include "flow/clickhouse/row_binary.hpp"
#include "flow/source.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace hw::flow::clickhouse {

/// What an import says of one of its inputs.
struct ImportNote {
    std::string sha256;  ///< Of the input's bytes: what makes the same input known again.
    std::string path;
    std::string format;
    std::uint64_t records = 0;
    std::uint64_t flows = 0;
    std::string note;  ///< What must be said of every result that rests on it, such as "synthetic traffic"; empty: nothing.
    friend bool operator==(const ImportNote&, const ImportNote&) = default;
};

/// Writes one import to a cluster: all of it becomes visible at once when `commit` returns, or nothing does.
///
/// Rows carry the import's number. Its beginning is noted before the first row and its end after the last; readers leave
/// out what begins and does not end, so that a crash at any moment leaves nothing to be seen, and the same input can be imported again.
class Sink {
public:
    /// Whether an input of this hash has been imported. Fails when the tables are not there.
    [[nodiscard]] static Result<bool> has(const Http& http, const std::string& sha256);
    /// Notes the beginning of an import. `http` must outlive the sink.
    [[nodiscard]] static Result<Sink> begin(const Http& http, std::vector<ImportNote> inputs, Time now);

    /// Sends flows, in pieces; `flow.observer` indexes `observers`.
    [[nodiscard]] Result<void> add(std::span<const Flow> flows, std::span<const Observer> observers);
    /// Sends what is left, the coverage, and the note that the import is whole.
    [[nodiscard]] Result<void> commit(std::span<const Observer> observers, std::span<const CoveredHost> coverage, Time now);

private:
    struct Day {
        std::uint64_t flows = 0;
        Time min_first;
        Time max_last;
        Duration max_duration{0};
    };
    Sink(const Http& http, std::vector<ImportNote> inputs, std::uint64_t batch) : http_(&http), inputs_(std::move(inputs)), batch_(batch) {}
    [[nodiscard]] Result<void> send(const std::string& table, const std::string& columns, const RowWriter& rows) const;
    [[nodiscard]] Result<void> flush();
    [[nodiscard]] Result<void> note_state(std::uint8_t state, Time now) const;

    const Http* http_;
    std::vector<ImportNote> inputs_;
    std::uint64_t batch_;
    std::uint32_t next_row_ = 0;
    RowWriter pending_;
    std::map<std::uint16_t, std::uint64_t> pending_days_;
    std::map<std::uint16_t, Day> days_;
};

}  // namespace hw::flow::clickhouse
