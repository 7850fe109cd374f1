#include "weigh/import/misp.hpp"

#include "weigh/evidence_json.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace hw;
using namespace hw::weigh;

namespace {

Result<std::vector<casefile::Change>> read(const std::string& text) { return read_misp(parse_json(text, "t").value(), "t"); }

const casefile::Change& change(const std::vector<casefile::Change>& all, std::string_view id, std::string_view kind = kItemKind) {
    return *std::ranges::find_if(all, [&](const auto& one) { return one.id == id && one.kind == kind; });
}

const std::string kEvent = R"({"Event":{"uuid":"e1","info":"Wiper at a company","date":"2014-11-24","extends_uuid":"e0","Orgc":{"uuid":"o1","name":"CERT-X"},
    "Tag":[{"name":"tlp:green"},{"name":"admiralty-scale:source-reliability=\"b\""},{"name":"admiralty-scale:information-credibility=\"2\""}],
    "Attribute":[{"uuid":"a1","category":"Network activity","type":"ip-dst","value":"192.0.2.1"},
                 {"uuid":"a2","category":"Attribution","type":"threat-actor","value":"X","comment":"by reuse of code","timestamp":"1418947200","Tag":[{"name":"tlp:red"}],
                  "Opinion":[{"uuid":"p1","opinion":"20","comment":"code is shared","authors":"Y","orgc_uuid":"o2"},{"uuid":"p2","opinion":90,"authors":"Z"}]}],
    "Object":[{"Attribute":[{"uuid":"a3","category":"Attribution","type":"campaign-name","value":"C"},{"uuid":"a4","category":"Attribution","type":"threat-actor","value":"gone","deleted":true}]}],
    "EventReport":[{"uuid":"r1","name":"Report","content":"text"}],"Note":[{"uuid":"n1","note":"seen elsewhere","authors":"W"}]}})";

}  // namespace

TEST_CASE("an event, its reports and what it says of who did it become claims of its maker") {
    const auto all = read(kEvent).value();
    const auto event = item_from(change(all, "e1").body, "e1", "t").value();
    CHECK(event.words == "Wiper at a company");
    CHECK(event.who == "o1");
    CHECK(event.grade == Grade::b);
    CHECK(event.credibility == 2);
    CHECK(event.cites == std::vector<std::string>{"e0"});
    CHECK(to_rfc3339(*event.seen).starts_with("2014-11-24"));
    CHECK(change(all, "e1").tlp == casefile::Tlp::green);
    const auto actor = item_from(change(all, "a2").body, "a2", "t").value();
    CHECK(actor.words == "threat-actor: X: by reuse of code");
    CHECK(change(all, "a2").tlp == casefile::Tlp::red);
    CHECK(change(all, "a3").body.text("words") == "campaign-name: C");
    CHECK(change(all, "r1").body.text("words") == "Report: text");
    CHECK(change(all, "o1", kOriginKind).body.text("name") == "CERT-X");
    CHECK(std::ranges::none_of(all, [](const auto& one) { return one.id == "a1" || one.id == "a4"; }));
}

TEST_CASE("opinions below the middle are disputes, others repeat; their authors have no grade of the event") {
    const auto all = read(kEvent).value();
    const auto dispute = dispute_from(change(all, "p1", kDisputeKind).body, "p1", "t").value();
    CHECK(dispute.item == "a2");
    CHECK(dispute.who == "o2");
    CHECK(dispute.ground == "20 of 100");
    const auto agrees = item_from(change(all, "p2").body, "p2", "t").value();
    CHECK(agrees.cites == std::vector<std::string>{"a2"});
    CHECK(agrees.grade == Grade::f);
    CHECK(change(all, "p2").tlp == casefile::Tlp::red);
    CHECK(change(all, "n1").body.text("words") == "seen elsewhere");
}

TEST_CASE("events in any wrapping") {
    CHECK(is_misp(parse_json("[" + kEvent + "]", "t").value()));
    CHECK(read("{\"response\":[" + kEvent + "]}").value().size() == read(kEvent).value().size());
    CHECK_FALSE(is_misp(parse_json(R"([{"Event":1}])", "t").value()));
    CHECK_FALSE(is_misp(parse_json(R"({"response":[]})", "t").value()));
}

TEST_CASE("what is broken is told") {
    CHECK(read(R"({"Event":{"info":"x"}})").error().message == "a MISP event without its uuid");
    CHECK(read(R"({"Event":{"uuid":"e1"}})").error().where == "t: e1");
    CHECK(read(R"({"Event":{"uuid":"e1","info":"x","Opinion":[{"uuid":"p","opinion":"many"}]}})").error().code == Errc::malformed);
    CHECK(read(R"({"Event":{"uuid":"e1","info":"x","EventReport":[{"name":"y"}]}})").error().code == Errc::malformed);
}
