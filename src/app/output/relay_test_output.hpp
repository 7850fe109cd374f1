#pragma once

#include "app/output/context.hpp"
#include "trace/relay_verdict.hpp"

#include <span>
#include <string>

namespace hw::app::output {

/// `headwater.relay-test/1`.
[[nodiscard]] std::string relay_test_json(std::span<const trace::TestedPeer> peers, const Context& context);
/// One peer a line, each with `"schema": "headwater.relay-test.peer/1"`.
[[nodiscard]] std::string relay_test_ndjson(std::span<const trace::TestedPeer> peers, const Context& context);
/// One peer a line.
[[nodiscard]] std::string relay_test_csv(std::span<const trace::TestedPeer> peers, const Context& context);
[[nodiscard]] std::string relay_test_table(std::span<const trace::TestedPeer> peers, const Context& context, Colour colour);

}  // namespace hw::app::output
