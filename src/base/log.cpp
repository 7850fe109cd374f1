#include "base/log.hpp"

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <type_traits>

namespace hw::log {
namespace {
namespace log_detail {

std::string_view word(Level level) {
    switch (level) {
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warning: return "warning";
        case Level::error: return "error";
    }
    return "error";
}

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warning: return spdlog::level::warn;
        case Level::error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

/// The one logger; lines are made by us, spdlog filters by level and writes whole lines under a lock.
struct State {
    spdlog::logger logger{"headwater", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
    std::atomic<bool> json{false};
    std::atomic<bool> times{false};

    State() {
        logger.set_pattern("%v");
        logger.set_level(spdlog::level::info);
        logger.flush_on(spdlog::level::debug);
    }
};

State& state() {
    static State the_state;
    return the_state;
}

/// Text as the value of a field: bare when it is one plain word, else a JSON string.
void append_field_text(std::string& line, std::string_view text) {
    const bool bare = !text.empty() && text.find_first_of(" =\"\\") == std::string_view::npos && printable(text) == text;
    if (bare) { line += text; }
    else { append_json_string(line, text); }
}

}  // namespace log_detail
}  // namespace

void configure(const Options& options) {
    auto& state = log_detail::state();
    state.json = options.json;
    state.times = options.times;
    state.logger.set_level(log_detail::to_spdlog(options.quiet ? Level::error : options.level));
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    auto& state = log_detail::state();
    const auto weight = log_detail::to_spdlog(level);
    if (!state.logger.should_log(weight)) { return; }
    const Options options{.level = level, .json = state.json, .times = state.times};
    std::string time;
    if (options.json || options.times) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        time = to_rfc3339(Time(std::chrono::duration_cast<Duration>(now)));
    }
    state.logger.log(weight, spdlog::string_view_t(format_line(options, level, message, fields, time)));
}

std::string format_line(const Options& options, Level level, std::string_view message, std::initializer_list<Field> fields,
                        std::string_view time) {
    std::string line;
    if (options.json) {
        JsonWriter json(line);
        json.begin_object();
        if (!time.empty()) { json.member("time", time); }
        json.member("level", log_detail::word(level)).member("message", message);
        for (const Field& field : fields) {
            std::visit([&](const auto& v) { json.member(field.name, v); }, field.value);
        }
        json.end_object();
        return line;
    }
    if (!time.empty()) {
        line += time;
        line += ' ';
    }
    line += log_detail::word(level);
    line += ": ";
    line += printable(message);
    for (const Field& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        std::visit(
            [&](const auto& v) {
                using V = std::decay_t<decltype(v)>;
                if constexpr (std::is_same_v<V, std::string_view>) { log_detail::append_field_text(line, v); }
                else if constexpr (std::is_same_v<V, double>) { line += json_number(v); }
                else { line += std::to_string(v); }
            },
            field.value);
    }
    return line;
}

}  // namespace hw::log
