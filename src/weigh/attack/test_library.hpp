#pragma once

#include "base/json_value.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

/// A made library for tests, as a STIX bundle.
namespace hw::weigh::attack {

class MadeBundle {
public:
    MadeBundle& object(const std::string& type, const std::string& id, const std::string& more = {}) {
        return raw(fmt::format(R"({{"type":"{}","id":"{}--{}","name":"made {}","external_references":[{{"source_name":"mitre-attack","external_id":"{}"}}]{}}})", type, type, id, id, id, more));
    }
    /// `from` and `to` as `intrusion-set--G0001`.
    MadeBundle& link(const std::string& how, const std::string& from, const std::string& to, const std::vector<std::string>& sources = {}, const std::string& date = "(2014, November 24)") {
        std::string references;
        for (const auto& source : sources) { fmt::format_to(std::back_inserter(references), R"({}{{"source_name":"{}","description":"Nobody. {}. Made."}})", references.empty() ? "" : ",", source, date); }
        return raw(fmt::format(R"({{"type":"relationship","relationship_type":"{}","source_ref":"{}","target_ref":"{}","external_references":[{}]}})", how, from, to, references));
    }
    MadeBundle& raw(const std::string& object) {
        objects_ += (objects_.empty() ? "" : ",") + object;
        return *this;
    }
    [[nodiscard]] JsonValue done() const { return parse_json(R"({"type":"bundle","objects":[)" + objects_ + "]}", "made").value(); }

private:
    std::string objects_;
};

/// Three groups: G0001 and G0002 with four techniques each and T0000 in common, in two reports each, and G0003 with T0000 alone. S0001 is G0001's.
inline JsonValue made_bundle() {
    MadeBundle bundle;
    for (const char* group : {"G0001", "G0002", "G0003"}) { bundle.object("intrusion-set", group); }
    for (const char* technique : {"T0000", "T0011", "T0012", "T0013", "T0014", "T0021", "T0022", "T0023", "T0024", "T0024.001"}) { bundle.object("attack-pattern", technique); }
    bundle.object("malware", "S0001");
    for (const std::string group : {"1", "2"}) {
        for (const std::string number : {"1", "2", "3", "4"}) {
            bundle.link("uses", "intrusion-set--G000" + group, "attack-pattern--T00" + group + number, {"report " + group + (number < "3" ? "a" : "b")});
        }
    }
    for (const std::string group : {"1", "2", "3"}) { bundle.link("uses", "intrusion-set--G000" + group, "attack-pattern--T0000", {"report " + group + "a"}); }
    bundle.link("uses", "intrusion-set--G0001", "malware--S0001", {"report 1a", "report 1b"});
    return bundle.done();
}

}  // namespace hw::weigh::attack
