#pragma once

#include "flow/collect/collector.hpp"

#include <string>

namespace hw::app::output {

/// What a collector did from begin to end.
struct Collected {
    std::string store;
    flow::collect::CollectorStatus status;
    std::uint64_t unsealed = 0;  ///< Records that could not be put into the store, and are lost.
    std::uint64_t left_ahead = 0;  ///< The same, but written ahead for the next run.
};

/// `headwater.collect/1`: `records`, `skipped` by reason, `bytes`, `seconds`, `flows`, what was lost where, and `exporters[]`,
/// `listeners[]`, `interfaces[]`.
[[nodiscard]] std::string collect_json(const Collected& collected);
/// The same, on one line.
[[nodiscard]] std::string collect_ndjson(const Collected& collected);
/// One exporter a line.
[[nodiscard]] std::string collect_csv(const Collected& collected);
[[nodiscard]] std::string collect_table(const Collected& collected);

/// One line when it begins to listen, `headwater.collect.ready/1`, and one with each seal, `headwater.collect.seal/1`; without a line end.
[[nodiscard]] std::string collect_ready_ndjson(const flow::collect::CollectorStatus& status);
[[nodiscard]] std::string collect_seal_ndjson(const flow::collect::CollectorStatus& status);

/// `collecting  812 k records/s  12 exporters  0 lost  last seal 12 s ago`: `rate` records came in the last second or so.
[[nodiscard]] std::string collecting_line(const flow::collect::CollectorStatus& status, std::uint64_t rate, Time now);

}  // namespace hw::app::output
