// collect: flow exports and packets as they come, into a store.
#include "flow/collect/collector.hpp"

#include "app/command/invocation.hpp"
#include "app/notify.hpp"
#include "app/output/collect_output.hpp"
#include "app/progress.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace hw::app::command {
namespace {
namespace collect_detail {

using Clock = std::chrono::steady_clock;
constexpr auto kLook = std::chrono::milliseconds(100);
constexpr auto kLine = std::chrono::seconds(1);         // between two status lines
constexpr Duration kPatience = std::chrono::seconds(20);  // for the last seal

/// The one clock of the day that a collector reads.
Time time_of_day() { return Time(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())); }

void sleep_until(Clock::time_point when, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_until(lock, stop, when, [] { return false; });
}

Result<flow::collect::CollectorOptions> options_of(const Invocation& invocation) {
    const Settings& settings = invocation.settings;
    flow::collect::CollectorOptions options;
    options.folder = settings.text("store");
    options.observer = settings.text("observer");
    options.udp = settings.endpoints("udp");
    options.interfaces = settings.texts("interface");
    if (options.udp.empty() && options.interfaces.empty()) {
        return fail(Errc::usage, "nothing to collect from", {}, "name an address to listen on (--udp 127.0.0.1:2055) or an interface (--interface eth0)");
    }
    const auto texts = settings.texts("udp");
    for (std::size_t i = 0; i < options.udp.size(); ++i) {
        if (net::number(options.udp[i].port) == 0 && !texts[i].ends_with(":0")) {
            return fail(Errc::usage, "--udp needs a port", texts[i], "2055 is usual for NetFlow, 4739 for IPFIX, 6343 for sFlow; 0 takes one that is free");
        }
    }
    constexpr std::uint64_t kMostReceivers = 64;
    constexpr std::uint64_t kMostBuffer = std::uint64_t{1} << 30U;
    options.receivers = static_cast<unsigned>(std::clamp<std::uint64_t>(settings.count("receivers"), 1, kMostReceivers));
    options.receive_buffer = static_cast<std::size_t>(std::min(settings.count("receive-buffer"), kMostBuffer));
    options.lane.rules.allowed = settings.prefixes("exporter");
    options.lane.rules.rate = settings.count("max-rate");
    const Duration every = settings.duration("seal-every");
    if (every < std::chrono::milliseconds(100) || every > std::chrono::hours(1)) {
        return fail(Errc::usage, "--seal-every must be between 100ms and 1h", settings.text("seal-every"), "60s is what it is without");
    }
    options.lane.seal_every = every;
    options.write_ahead = !settings.flag("no-write-ahead");
    options.capture.seal_every = every;
    options.capture.timeouts.idle = settings.duration("idle-timeout");
    options.capture.now = time_of_day;
    options.now = time_of_day;
    return options;
}

std::string render(const output::Collected& collected, const std::string& format) {
    if (format == "json") { return output::collect_json(collected); }
    if (format == "ndjson") { return output::collect_ndjson(collected); }
    if (format == "csv") { return output::collect_csv(collected); }
    return output::collect_table(collected);
}

/// What a person at the terminal must know at once: where it listens, and with how much room.
void tell_ready(const flow::collect::CollectorStatus& status, std::size_t asked) {
    for (const auto& l : status.listeners) {
        log::info("listening on " + net::to_string(l.address) + ", receive buffer " + human_bytes(l.buffer));
        if (l.buffer < asked) { log::warning("the kernel granted less than the " + human_bytes(asked) + " asked for: raise net.core.rmem_max, or give CAP_NET_ADMIN"); }
    }
    for (const auto& i : status.interfaces) { log::info("capturing from " + printable(i.name)); }
}

}  // namespace collect_detail
}  // namespace

Result<Outcome> collect(const Invocation& invocation) {
    using namespace collect_detail;
    HW_TRY(const auto options, options_of(invocation));
    const ServiceNotifier service(invocation.world.environment);
    HW_TRY(const auto collector, flow::collect::Collector::start(options));
    const std::string format = invocation.settings.format();
    bool tells = format == "ndjson" && invocation.tell;
    tell_ready(collector->status(), options.receive_buffer);
    if (tells) { tells = invocation.tell(output::collect_ready_ndjson(collector->status())); }
    service.tell("READY=1\nSTATUS=listening");

    Progress progress(invocation.progress());
    const auto began = Clock::now();
    const auto end = invocation.settings.is_set("for") ? began + invocation.settings.duration("for") : Clock::time_point::max();
    auto line_due = began + kLine;
    auto watchdog_due = began;
    std::uint64_t seals = 0;
    std::uint64_t records = 0;
    auto counted_at = began;
    std::string trouble;
    std::string ahead_trouble;
    bool ended = false;
    while (!invocation.stop.stop_requested() && Clock::now() < end && !ended) {
        sleep_until(std::min(end, Clock::now() + kLook), invocation.stop);
        const auto now = Clock::now();
        if (service.watchdog() && now >= watchdog_due) {
            service.tell("WATCHDOG=1");
            watchdog_due = now + *service.watchdog();
        }
        const auto sealed = collector->sealed();
        const std::string wrong = sealed.trouble ? sealed.trouble->message : "";
        if (wrong != trouble && !wrong.empty()) { log::warning(printable("cannot seal, trying again: " + wrong)); }
        const bool news = sealed.seals != seals || wrong != trouble;
        trouble = wrong;
        if (!news && now < line_due) { continue; }
        const auto status = collector->status();
        if (news && tells) { tells = invocation.tell(output::collect_seal_ndjson(status)); }
        seals = sealed.seals;
        if (now < line_due) { continue; }
        line_due = now + kLine;
        ended = status.ended();
        const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - counted_at).count();
        const std::uint64_t rate = passed > 0 ? (status.records - records) * 1000 / static_cast<std::uint64_t>(passed) : 0;
        const std::string ahead_wrong = status.ahead.trouble ? status.ahead.trouble->message : "";
        if (ahead_wrong != ahead_trouble && !ahead_wrong.empty()) { log::warning(printable(ahead_wrong + ": " + status.ahead.trouble->where)); }
        ahead_trouble = ahead_wrong;
        records = status.records;
        counted_at = now;
        const std::string line = output::collecting_line(status, rate, time_of_day());
        progress.show(line);
        service.status(line);
    }
    service.tell("STOPPING=1\nSTATUS=sealing the rest");
    progress.clear();
    const auto finished = collector->finish(kPatience);
    if (tells && finished.status.sealed.seals != seals) { invocation.tell(output::collect_seal_ndjson(finished.status)); }
    if (finished.unsealed > 0) {
        log::error(counted(finished.unsealed, "record") + " could not be put into the store: " + printable(finished.status.sealed.trouble ? finished.status.sealed.trouble->message : ""));
    }
    if (finished.left_ahead > 0) {
        log::warning(counted(finished.left_ahead, "record") + " could not be put into the store, and will be when the next collector of this store starts: " +
                     printable(finished.status.sealed.trouble ? finished.status.sealed.trouble->message : ""));
    }
    if (finished.status.sealed.replayed > 0) { log::info(counted(finished.status.sealed.replayed, "record") + " of an earlier run, which had been killed, were put into the store"); }
    for (const auto& l : finished.status.listeners) {
        if (l.failure) { log::warning("no longer listened on " + net::to_string(l.address) + ": " + l.failure->message); }
    }
    for (const auto& i : finished.status.interfaces) {
        if (i.failure) { log::warning(printable("no longer captured from " + i.name + ": " + i.failure->message)); }
    }
    Outcome outcome;
    const bool partial = finished.unsealed > 0 || finished.left_ahead > 0 || finished.status.any_failure();
    outcome.code = partial ? ExitCode::partial : finished.status.records == 0 ? ExitCode::nothing_found : ExitCode::done;
    outcome.out = render({.store = options.folder, .status = finished.status, .unsealed = finished.unsealed, .left_ahead = finished.left_ahead}, format);
    return outcome;
}

}  // namespace hw::app::command
