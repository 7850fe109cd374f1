#pragma once

#include <memory>
#include <stop_token>

namespace hw::app {

/// Turns SIGINT and SIGTERM into a stop token while it lives; there may be one at a time. The first signal asks the
/// work to stop and say what it knows; a second one ends the program at once, as the system does by default.
class StopSignal {
public:
    StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;
    ~StopSignal();

    [[nodiscard]] std::stop_token token() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hw::app
