#include "app/stop_signal.hpp"

#include <atomic>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace hw::app {
namespace {
namespace stop_handling {

// A handler may do next to nothing: it writes the signal's number to a pipe, and a thread does the rest.
std::atomic<int> write_end{-1};

extern "C" void headwater_on_stop_signal(int number) {
    std::signal(number, SIG_DFL);
    const unsigned char byte = 1;
    const int end = write_end.load(std::memory_order_relaxed);
    if (end >= 0) { [[maybe_unused]] const auto written = ::write(end, &byte, 1); }
}

}  // namespace stop_handling
}  // namespace

struct StopSignal::State {
    std::stop_source source;
    int ends[2] = {-1, -1};
    std::jthread watcher;
};

StopSignal::StopSignal() : state_(std::make_unique<State>()) {
    if (::pipe2(state_->ends, O_CLOEXEC) != 0) { return; }  // Then the signals end the program, as by default.
    stop_handling::write_end = state_->ends[1];
    state_->watcher = std::jthread([state = state_.get()] {
        unsigned char byte = 0;
        if (::read(state->ends[0], &byte, 1) == 1 && byte == 1) { state->source.request_stop(); }
    });
    std::signal(SIGINT, stop_handling::headwater_on_stop_signal);
    std::signal(SIGTERM, stop_handling::headwater_on_stop_signal);
}

StopSignal::~StopSignal() {
    if (state_->ends[0] < 0) { return; }
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    stop_handling::write_end = -1;
    ::close(state_->ends[1]);  // The watcher reads the end of the pipe and leaves.
    state_->watcher.join();
    ::close(state_->ends[0]);
}

std::stop_token StopSignal::token() const { return state_->source.get_token(); }

}  // namespace hw::app
