#include "app/output/collect_output.hpp"

#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/version.hpp"
#include "base/text.hpp"

#include <chrono>

namespace hw::app::output {
namespace {
namespace collect_view {

using flow::collect::CollectorStatus;
using flow::collect::ExporterStatus;

double seconds(Duration duration) { return rounded(std::chrono::duration<double>(duration).count()); }

/// Everything that came and was not used, or is known not to have come, by reason.
std::map<std::string, std::uint64_t, std::less<>> skipped_of(const CollectorStatus& status) {
    auto skipped = status.skipped;
    std::uint64_t too_fast = 0;
    for (const auto& e : status.exporters) { too_fast += e.too_fast; }
    std::uint64_t sockets = 0;
    for (const auto& l : status.listeners) { sockets += l.kernel_dropped; }
    const auto add = [&](const char* reason, std::uint64_t count) {
        if (count > 0) { skipped[reason] += count; }
    };
    add("datagram of a sender that is not on the list", status.strangers);
    add("datagram of one exporter too many", status.exporters_too_many);
    add("datagram past its exporter's rate", too_fast);
    add("datagram dropped: the queue was full", status.queue_dropped);
    add("datagram dropped by the kernel: the receive buffer was full", sockets);
    return skipped;
}

void write_counts(JsonWriter& json, const CollectorStatus& status) {
    json.member("records", status.records).member("bytes", status.bytes).member("seconds", seconds(status.running));
    json.member("flows", status.sealed.flows).member("seals", status.sealed.seals).member("sealed_records", status.sealed.records).member("sealed_bytes", status.sealed.bytes);
    json.member("replayed_records", status.sealed.replayed);
    json.member("lost", status.lost).member("kernel_dropped", status.kernel_dropped).member("queue_dropped", status.queue_dropped).member("strangers", status.strangers);
}

void write_listeners(JsonWriter& json, const CollectorStatus& status) {
    json.key("listeners").begin_array();
    for (const auto& l : status.listeners) {
        json.begin_object().member("address", net::to_string(l.address)).member("receive_buffer", l.buffer).member("datagrams", l.datagrams);
        json.member("bytes", l.bytes).member("kernel_dropped", l.kernel_dropped);
        if (l.failure) { json.member("failure", l.failure->message); }
        json.end_object();
    }
    json.end_array().key("interfaces").begin_array();
    for (const auto& i : status.interfaces) {
        json.begin_object().member("name", i.name).member("packets", i.packets).member("bytes", i.bytes).member("kernel_dropped", i.kernel_dropped);
        if (i.failure) { json.member("failure", i.failure->message); }
        json.end_object();
    }
    json.end_array();
}

void write_exporter(JsonWriter& json, const ExporterStatus& e) {
    json.begin_object().member("address", net::to_string(e.address)).member("datagrams", e.datagrams).member("bytes", e.bytes).member("records", e.records);
    json.member("lost", e.lost).member("restarts", e.restarts).member("templates", e.templates).member("unknown_template_sets", e.untemplated);
    json.member("refused_templates", e.refused_templates).member("too_fast", e.too_fast).member("queue_dropped", e.queue_dropped).member("off_times", e.off_times);
    json.key("clock_ahead_s");
    if (e.ahead) { json.value(seconds(*e.ahead)); } else { json.null(); }
    json.member("last_seen", to_rfc3339(e.last_seen)).key("skipped").begin_object();
    for (const auto& [reason, count] : e.skipped) { json.member(reason, count); }
    json.end_object().end_object();
}

void write_collected(JsonWriter& json, const Collected& collected) {
    const CollectorStatus& status = collected.status;
    json.begin_object().member("schema", "headwater.collect/1").member("version", app::version()).member("store", collected.store);
    write_counts(json, status);
    json.member("unsealed_records", collected.unsealed).member("unsealed_written_ahead", collected.left_ahead);
    if (status.ahead.on || status.ahead.files > 0) {
        json.key("write_ahead").begin_object().member("bytes", status.ahead.bytes).member("unwritten_datagrams", status.ahead.unwritten);
        json.member("replayed_files", status.ahead.files).member("torn_bytes", status.ahead.torn_bytes).key("trouble");
        if (status.ahead.trouble) { json.value(status.ahead.trouble->message); } else { json.null(); }
        json.end_object();
    }
    json.key("skipped").begin_object();
    for (const auto& [reason, count] : skipped_of(status)) { json.member(reason, count); }
    json.end_object();
    write_listeners(json, status);
    json.key("exporters").begin_array();
    for (const auto& e : status.exporters) { write_exporter(json, e); }
    json.end_array().end_object();
}

}  // namespace collect_view
}  // namespace

std::string collect_json(const Collected& collected) {
    std::string out;
    JsonWriter json(out, 2);
    collect_view::write_collected(json, collected);
    return out + "\n";
}

std::string collect_ndjson(const Collected& collected) {
    std::string out;
    JsonWriter json(out);
    collect_view::write_collected(json, collected);
    return out + "\n";
}

std::string collect_csv(const Collected& collected) {
    std::string out;
    append_csv(out, {"exporter", "datagrams", "bytes", "records", "lost", "restarts", "templates", "unknown_template_sets", "refused_templates", "too_fast", "queue_dropped",
                     "last_seen"});
    for (const auto& e : collected.status.exporters) {
        append_csv(out, {net::to_string(e.address), std::to_string(e.datagrams), std::to_string(e.bytes), std::to_string(e.records), std::to_string(e.lost),
                         std::to_string(e.restarts), std::to_string(e.templates), std::to_string(e.untemplated), std::to_string(e.refused_templates),
                         std::to_string(e.too_fast), std::to_string(e.queue_dropped), to_rfc3339(e.last_seen)});
    }
    return out;
}

std::string collect_table(const Collected& collected) {
    const auto& status = collected.status;
    std::string out = "collected " + counted(status.records, "record") + " (" + human_bytes(status.bytes) + ") in " + human_duration(status.running) + ": " +
                      counted(status.sealed.flows, "flow") + " in " + printable(collected.store) + "\n";
    if (collected.unsealed > 0) { out += "NOT in the store: " + counted(collected.unsealed, "record") + "\n"; }
    if (collected.left_ahead > 0) { out += "not yet in the store, but written ahead for the next run: " + counted(collected.left_ahead, "record") + "\n"; }
    if (status.sealed.replayed > 0) { out += "and of an earlier run that was killed: " + counted(status.sealed.replayed, "record") + "\n"; }
    for (const auto& e : status.exporters) {
        out += "  " + net::to_string(e.address) + "  " + counted(e.records, "record") + "  " + human_bytes(e.bytes);
        const auto tell = [&](std::uint64_t count, const char* what) {
            if (count > 0) { out += "  " + human_count(count) + " " + what; }
        };
        tell(e.lost, "lost on the way");
        tell(e.restarts, "restarts");
        tell(e.untemplated, "sets without a template");
        tell(e.refused_templates, "templates refused");
        tell(e.too_fast, "past its rate");
        tell(e.queue_dropped, "dropped for want of room");
        out += "\n";
    }
    for (const auto& i : status.interfaces) { out += "  " + printable(i.name) + "  " + counted(i.packets, "packet") + "  " + human_bytes(i.bytes) + "\n"; }
    for (const auto& [reason, count] : collect_view::skipped_of(status)) { out += "  " + reason + ": " + human_count(count) + "\n"; }
    return out;
}

std::string collect_ready_ndjson(const flow::collect::CollectorStatus& status) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("schema", "headwater.collect.ready/1");
    collect_view::write_listeners(json, status);
    json.end_object();
    return out;
}

std::string collect_seal_ndjson(const flow::collect::CollectorStatus& status) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("schema", "headwater.collect.seal/1");
    json.key("sealed_at");
    if (status.sealed.last) { json.value(to_rfc3339(*status.sealed.last)); } else { json.null(); }
    collect_view::write_counts(json, status);
    json.member("exporters", status.exporters.size()).key("trouble");
    if (status.sealed.trouble) { json.value(status.sealed.trouble->message); } else { json.null(); }
    json.end_object();
    return out;
}

std::string collecting_line(const flow::collect::CollectorStatus& status, std::uint64_t rate, Time now) {
    std::string line = "collecting  " + human_count(rate) + " records/s";
    if (!status.listeners.empty()) {
        line += "  " + counted(status.exporters.size(), "exporter") + "  " + human_count(status.lost) + " lost on the way";
    }
    line += "  " + human_count(status.kernel_dropped + status.queue_dropped) + " dropped";
    if (status.ahead.trouble) { line += "  NOT WRITTEN AHEAD"; }
    if (status.sealed.trouble) { return line + "  NOT SEALED: " + status.sealed.trouble->message; }
    return line + (status.sealed.last ? "  last seal " + human_duration(std::chrono::floor<std::chrono::seconds>(std::max(now - *status.sealed.last, Duration(0)))) + " ago" : "  nothing sealed yet");
}

}  // namespace hw::app::output
