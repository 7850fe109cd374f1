#pragma once

#include "app/output/context.hpp"
#include "app/output/words.hpp"
#include "trace/trail.hpp"

#include <string>

/// The sections of the HTML report; each returns finished, escaped markup.
namespace hw::app::output {

/// The victim as it was asked for.
[[nodiscard]] std::string victim_name(const Context& context);
/// One relay: its two flows, the weight of the link, the course of both.
[[nodiscard]] std::string hop_section(std::size_t number, const trace::Hop& hop, const Context& context, const Clock& clock);
/// The other trails.
[[nodiscard]] std::string alternatives_section(const trace::TraceResult& result);
/// Which hosts of the trails were watched by whom, and which were not.
[[nodiscard]] std::string blind_spots_section(const trace::TraceResult& result, const Context& context);
/// The inputs with hashes and what was passed over.
[[nodiscard]] std::string inputs_section(const Context& context);
/// How it was found, and what it cannot tell.
/// Whose data would decide most, best first; empty where none would.
[[nodiscard]] std::string asks_section(const trace::TraceResult& result, const Clock& clock, const Context& context);
[[nodiscard]] std::string method_section(const trace::TraceResult& result);
/// What one needs to get the same result again.
[[nodiscard]] std::string repeat_section(const trace::TraceResult& result, const Context& context);

}  // namespace hw::app::output
