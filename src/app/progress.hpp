#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hw::app {

/// `reading  1.20 GB of 2.00 GB  2.10 M records/s  18 s left`, from bytes done, bytes in all (0: unknown), records done
/// and the time it took.
[[nodiscard]] std::string reading_line(std::uint64_t done, std::uint64_t total, std::uint64_t records, Duration elapsed);
/// `tracing  12 hosts done  3 waiting  4.20 k pairs compared`.
[[nodiscard]] std::string tracing_line(std::size_t done, std::size_t waiting, std::uint64_t pairs);

/// `comparing  12.0 k of 40.0 k pairs  3.10 k/s  9 s left`, from done, all, what is counted and the time it took.
[[nodiscard]] std::string comparing_line(std::size_t done, std::size_t all, std::string_view unit, Duration elapsed);

/// One line on standard error that is rewritten as work goes on: not before half a second, at most ten times a second,
/// and gone when the work is done. Not for several threads at once.
class Progress {
public:
    explicit Progress(bool shown) : shown_(shown) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { clear(); }

    [[nodiscard]] Duration elapsed() const;
    /// Whether a line given to `show` now would be written; saves the making of it.
    [[nodiscard]] bool due() const;
    void show(const std::string& line);
    /// Takes the line away.
    void clear();

private:
    using Clock = std::chrono::steady_clock;
    bool shown_;
    bool on_screen_ = false;
    Clock::time_point start_ = Clock::now();
    Clock::time_point last_ = start_;
};

}  // namespace hw::app
