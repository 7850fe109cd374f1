#pragma once

#include "trace/record_model.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// How usual each outflow is at its host, were it nobody's partner, each row left out of its own count: when it begins and
/// ends, by the rate of starts around its own times the law of durations among flows of its size; and how much it carries, which
/// RecordModel::ratio holds against a link. This is the null of the record channel: unrelated pairs, of like covariates, at the same host.
/// `rows` must be in order of their first packets.
[[nodiscard]] std::vector<Usualness> background_intensity(std::span<const RecordRow> rows);

}  // namespace hw::trace
