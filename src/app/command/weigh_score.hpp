#pragma once

#include "app/command/invocation.hpp"
#include "weigh/track_record.hpp"

#include <span>
#include <string>

/// `weigh score`, and what `weigh --record` learns from.
namespace hw::app::command {

/// What a case published, and how it turned out. `head` becomes the case's head.
[[nodiscard]] Result<weigh::PastCase> past_case(const std::string& path, std::string& head);

/// `weigh score CASE...`: operands after the word.
[[nodiscard]] Result<Outcome> weigh_score(const Invocation& invocation, std::span<const std::string> paths);

}  // namespace hw::app::command
