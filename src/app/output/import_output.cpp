#include "app/output/import_output.hpp"

#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <chrono>
#include <map>

namespace hw::app::output {
namespace {
namespace import_view {

std::map<std::string, std::uint64_t> skipped_of(const Context& context) {
    std::map<std::string, std::uint64_t> skipped;
    for (const auto& report : context.inputs) {
        if (!not_read_because(report).empty()) { continue; }
        for (const auto& [reason, what] : report.skipped) { skipped[reason] += what.count; }
    }
    return skipped;
}

void write_import(JsonWriter& json, const Imported& imported, const Context& context) {
    json.begin_object().member("schema", "headwater.import/1").member("store", imported.store);
    json.member("records", imported.records).member("flows", imported.flows).member("bytes", imported.bytes).key("stored_bytes");
    if (imported.stored_bytes) { json.value(*imported.stored_bytes); }
    else { json.null(); }
    json.member("known_inputs", imported.known);
    json.key("skipped").begin_object();
    for (const auto& [reason, count] : skipped_of(context)) { json.member(reason, count); }
    json.end_object();
    json.member("seconds", rounded(std::chrono::duration<double>(imported.took).count()));
    write_run_members(json, context);
    write_read_members(json, context);
    json.end_object();
}

}  // namespace import_view
}  // namespace

std::string import_json(const Imported& imported, const Context& context) {
    std::string out;
    JsonWriter json(out, 2);
    import_view::write_import(json, imported, context);
    return out + "\n";
}

std::string import_ndjson(const Imported& imported, const Context& context) {
    std::string out;
    JsonWriter json(out);
    import_view::write_import(json, imported, context);
    return out + "\n";
}

std::string import_csv(const Imported& imported, const Context& context) {
    std::string out;
    append_csv(out, {"path", "format", "sha256", "records", "flows", "skipped", "store"});
    for (const auto& report : context.inputs) {
        const std::string why = not_read_because(report);
        append_csv(out, {report.path, report.format, report.sha256, std::to_string(report.records), std::to_string(report.flows),
                         why.empty() ? std::to_string(report.skipped_total()) : why, imported.store});
    }
    return out;
}

std::string import_table(const Imported& imported, const Context& context) {
    std::string out;
    if (!context.note.empty()) { out += "NOTE: " + printable(context.note) + "\n\n"; }
    out += "Imported " + counted(imported.flows, "flow") + " of " + counted(imported.records, "record") + " (" + human_bytes(imported.bytes) + ") into " + printable(imported.store) +
           (imported.stored_bytes ? ": " + human_bytes(*imported.stored_bytes) : std::string()) + "\n";
    if (imported.known > 0) { out += counted(imported.known, "input") + " had been imported before and " + (imported.known == 1 ? "was" : "were") + " passed over\n"; }
    for (const auto& report : context.inputs) {
        const std::string why = not_read_because(report);
        out += "  " + printable(report.path) + "  " + (why.empty() ? report.format + ", " + counted(report.records, "record") + ", " + counted(report.flows, "flow") : printable(why)) + "\n";
        if (const std::string skipped = skipped_words(report); why.empty() && !skipped.empty()) { out += "    skipped: " + printable(skipped) + "\n"; }
    }
    return out;
}

std::string import_text(const Imported& imported, const Context& context, std::string_view format) {
    if (format == "json") { return import_json(imported, context); }
    if (format == "ndjson") { return import_ndjson(imported, context); }
    if (format == "csv") { return import_csv(imported, context); }
    return import_table(imported, context);
}

}  // namespace hw::app::output
