#include "app/output/store_output.hpp"

#include "app/output/csv.hpp"
#include "app/output/words.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace hw::app::output {

std::string store_json(const flow::store::StoreCheck& check, const std::string& folder, bool indented) {
    std::string out;
    JsonWriter json(out, indented ? 2 : 0);
    json.begin_object().member("schema", "headwater.store/1").member("store", folder).member("segments", check.segments).member("flows", check.flows).member("bytes", check.bytes);
    json.key("damages").begin_array();
    for (const auto& d : check.damages) { json.begin_object().member("file", d.file).member("offset", d.offset).member("size", d.size).member("what", d.what).end_object(); }
    json.end_array().end_object();
    return out + "\n";
}

std::string store_json(const flow::store::StoreChange& change, const std::string& folder, bool indented) {
    std::string out;
    JsonWriter json(out, indented ? 2 : 0);
    json.begin_object().member("schema", "headwater.store/1").member("store", folder);
    json.member("segments_before", change.segments_before).member("segments", change.segments).member("flows_before", change.flows_before);
    json.member("flows", change.flows).member("bytes_before", change.bytes_before).member("bytes", change.bytes).end_object();
    return out + "\n";
}

std::string store_csv(const flow::store::StoreCheck& check) {
    std::string out;
    append_csv(out, {"file", "offset", "size", "what"});
    for (const auto& d : check.damages) { append_csv(out, {d.file, std::to_string(d.offset), std::to_string(d.size), d.what}); }
    return out;
}

std::string store_csv(const flow::store::StoreChange& change) {
    std::string out;
    append_csv(out, {"segments_before", "segments", "flows_before", "flows", "bytes_before", "bytes"});
    append_csv(out, {std::to_string(change.segments_before), std::to_string(change.segments), std::to_string(change.flows_before), std::to_string(change.flows),
                     std::to_string(change.bytes_before), std::to_string(change.bytes)});
    return out;
}

std::string store_table(const flow::store::StoreCheck& check) {
    std::string out = counted(check.flows, "flow") + " in " + counted(check.segments, "segment") + ", " + human_bytes(check.bytes) + ": " +
                      (check.damages.empty() ? "all sums are right" : counted(check.damages.size(), "damaged piece")) + "\n";
    for (const auto& d : check.damages) {
        out += "  " + printable(d.file) + (d.size == 0 ? "" : " bytes " + std::to_string(d.offset) + " to " + std::to_string(d.offset + d.size - 1)) + ": " + printable(d.what) + "\n";
    }
    return out;
}

std::string store_table(const flow::store::StoreChange& change) {
    return "from " + counted(change.flows_before, "flow") + " in " + counted(change.segments_before, "segment") + " (" + human_bytes(change.bytes_before) + ") to " +
           counted(change.flows, "flow") + " in " + counted(change.segments, "segment") + " (" + human_bytes(change.bytes) + ")\n";
}

std::string store_json(const flow::store::StoreRepair& repair, const std::string& folder, bool indented) {
    std::string out;
    JsonWriter json(out, indented ? 2 : 0);
    json.begin_object().member("schema", "headwater.store/1").member("store", folder).key("repaired").begin_array();
    for (const auto& s : repair.segments) {
        json.begin_object().member("file", s.file).member("flows_before", s.flows_before).member("flows", s.flows);
        json.member("written", s.written).member("aside", s.aside).end_object();
    }
    json.end_array().end_object();
    return out + "\n";
}

std::string store_csv(const flow::store::StoreRepair& repair) {
    std::string out;
    append_csv(out, {"file", "flows_before", "flows", "written", "aside"});
    for (const auto& s : repair.segments) { append_csv(out, {s.file, std::to_string(s.flows_before), std::to_string(s.flows), s.written, s.aside}); }
    return out;
}

std::string store_table(const flow::store::StoreRepair& repair) {
    if (repair.segments.empty()) { return "no segment is damaged: nothing was changed\n"; }
    std::string out = counted(repair.segments.size(), "damaged segment") + ":\n";
    for (const auto& s : repair.segments) {
        out += "  " + printable(s.file) + ": " + counted(s.flows, "flow") + " of " + std::to_string(s.flows_before) + " could be read" + (s.written.empty() ? "" : ", now in " + printable(s.written)) +
               (s.aside.empty() ? "; the file was not there" : "; the damaged file is kept as " + printable(s.aside)) + "\n";
    }
    return out + "What could not be read is gone from this store; its inputs count as imported. To have it again, import them into a new store.\n";
}

}  // namespace hw::app::output
