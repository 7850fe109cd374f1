#pragma once

#include "base/error.hpp"
#include "flow/memory_source.hpp"
#include "flow/read/input.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hw::flow::read {

/// Where packets are still coming from.
struct FollowedInputs {
    std::vector<std::string> captures;    ///< Files that are being written, `-` for a pipe.
    std::vector<std::string> interfaces;  ///< Network interfaces of this machine.
};

/// Reads captures and interfaces as their packets come, each on a thread of its own, and gives all flows so far whenever it
/// is asked. A packet costs the same as from a file, whatever is asked in between; what is given after `finish` is what
/// `read_inputs` gives for the same packets.
class Follow {
public:
    /// Of `options` it uses `timeouts`, `max_live_flows`, `declared` and `rejoin`. Fails when an input cannot be opened.
    [[nodiscard]] static Result<std::unique_ptr<Follow>> start(const FollowedInputs& inputs, const ReadOptions& options);
    ~Follow();

    /// All flows so far; those still going on as if they ended here. Takes time and memory by their number.
    [[nodiscard]] Inputs snapshot() const;
    /// Packets understood so far, all inputs together.
    [[nodiscard]] std::uint64_t records() const;
    /// What went wrong so far, in the inputs' order. An input that failed is read no further.
    [[nodiscard]] std::vector<Error> failures() const;
    /// Whether all inputs have ended by themselves: pipes closed, or damage met.
    [[nodiscard]] bool ended() const;
    /// Stops listening, ends all flows and gives them. Once, last.
    [[nodiscard]] Inputs finish();

private:
    class Input;
    Follow() = default;
    [[nodiscard]] Inputs gather(bool last) const;

    ReadOptions options_;
    std::vector<std::unique_ptr<Input>> inputs_;
};

}  // namespace hw::flow::read
