#include "app/progress.hpp"

#include "base/text.hpp"

#include <cstdio>

namespace hw::app {
namespace {

constexpr auto kQuietStart = std::chrono::milliseconds(500);
constexpr auto kBetweenLines = std::chrono::milliseconds(100);

std::uint64_t per_second(std::uint64_t amount, Duration elapsed) {
    const double seconds = static_cast<double>(elapsed.count()) / 1e6;
    return seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(amount) / seconds) : 0;
}

/// `  18 s left`; nothing where it cannot be told.
std::string time_left(std::uint64_t done, std::uint64_t all, Duration elapsed) {
    if (all <= done || done == 0) { return ""; }
    const double left = static_cast<double>(elapsed.count()) * (static_cast<double>(all - done) / static_cast<double>(done));
    return "  " + human_duration(std::chrono::seconds(static_cast<std::int64_t>(left / 1e6) + 1)) + " left";
}

}  // namespace

std::string reading_line(std::uint64_t done, std::uint64_t total, std::uint64_t records, Duration elapsed) {
    std::string line = "reading  " + human_bytes(done);
    if (total > 0) { line += " of " + human_bytes(total); }
    line += "  " + human_count(per_second(records, elapsed)) + " records/s";
    return line + time_left(done, total, elapsed);
}

std::string comparing_line(std::size_t done, std::size_t all, std::string_view unit, Duration elapsed) {
    return "comparing  " + human_count(done) + " of " + human_count(all) + " " + std::string(unit) + "  " + human_count(per_second(done, elapsed)) + "/s" +
           time_left(done, all, elapsed);
}

std::string tracing_line(std::size_t done, std::size_t waiting, std::uint64_t pairs) {
    return "tracing  " + counted(done, "host") + " done  " + std::to_string(waiting) + " waiting  " + human_count(pairs) +
           " pairs compared";
}

Duration Progress::elapsed() const { return std::chrono::duration_cast<Duration>(Clock::now() - start_); }

bool Progress::due() const {
    if (!shown_) { return false; }
    const auto now = Clock::now();
    return now - start_ >= kQuietStart && (!on_screen_ || now - last_ >= kBetweenLines);
}

void Progress::show(const std::string& line) {
    if (!due()) { return; }
    last_ = Clock::now();
    on_screen_ = true;
    std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
    std::fflush(stderr);
}

void Progress::clear() {
    if (!on_screen_) { return; }
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    on_screen_ = false;
}

}  // namespace hw::app
