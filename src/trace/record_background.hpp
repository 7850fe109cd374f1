#pragma once

#include "trace/record_row.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// How usual each outflow is at its host, were it nobody's partner: for every row, the intensity of outflows like it in
/// 1/(s²·byte²): the rate of starts around its own, times the law of durations among flows of its size, times the law of
/// sizes. A size that many flows have (the same object fetched by everybody) is usual to the byte; each row is left out of its
/// own count. This is the null of the record channel: unrelated pairs, of like covariates, at the same host.
/// `rows` must be in order of their first packets.
[[nodiscard]] std::vector<double> background_intensity(std::span<const RecordRow> rows);

}  // namespace hw::trace
