#include "weigh/import/stix.hpp"

#include "weigh/evidence_json.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace hw;
using namespace hw::weigh;

namespace {

Result<std::vector<casefile::Change>> read(const std::string& objects) { return read_stix(parse_json(R"({"type":"bundle","id":"bundle--1","objects":[)" + objects + "]}", "t").value(), "t"); }

const casefile::Change& change(const std::vector<casefile::Change>& all, std::string_view id) {
    return *std::ranges::find(all, id, &casefile::Change::id);
}

const std::string kIdentity = R"({"type":"identity","id":"identity--1","name":"A paper"})";
const std::string kReport = R"({"type":"report","id":"report--1","created_by_ref":"identity--1","name":"Who did it","description":"They say it was X","published":"2014-12-19T00:00:00Z","created":"2014-12-18T00:00:00Z","confidence":85,
    "object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],"object_refs":["report--0","malware--1"],"external_references":[{"source_name":"x","url":"https://paper.example/1"}]})";

}  // namespace

TEST_CASE("reports and notes become claims of who made them, which cite what they refer to") {
    const auto all = read(kIdentity + "," + kReport + R"(,{"type":"note","id":"note--1","abstract":"Beside","content":"not so sure","object_refs":["report--1"]})").value();
    const auto item = item_from(change(all, "report--1").body, "report--1", "t").value();
    CHECK(item.kind == ItemKind::claim);
    CHECK(item.words == "Who did it: They say it was X");
    CHECK(item.who == "identity--1");
    CHECK(item.published == "https://paper.example/1");
    CHECK(item.cites == std::vector<std::string>{"report--0"});
    CHECK(item.likelihood.empty());
    CHECK(item.grade == Grade::f);
    CHECK(to_rfc3339(*item.seen).starts_with("2014-12-19"));
    CHECK(change(all, "report--1").tlp == casefile::Tlp::green);
    CHECK(change(all, "identity--1").body.text("name") == "A paper");
    const auto note = item_from(change(all, "note--1").body, "note--1", "t").value();
    CHECK(note.words == "Beside: not so sure");
    CHECK(note.cites == std::vector<std::string>{"report--1"});
    CHECK(note.who == "unnamed");
    CHECK_FALSE(change(all, "note--1").tlp);
}

TEST_CASE("an opinion that disagrees is a dispute, one that agrees repeats") {
    const auto all = read(kReport + R"(,{"type":"opinion","id":"opinion--1","opinion":"strongly-disagree","explanation":"no proof","object_refs":["report--1"]})"
                                    R"(,{"type":"opinion","id":"opinion--2","opinion":"agree","object_refs":["report--1"]},{"type":"opinion","id":"opinion--3","opinion":"disagree","object_refs":["indicator--1"]})").value();
    CHECK(change(all, "opinion--1").kind == kDisputeKind);
    CHECK(change(all, "opinion--1").body.text("ground") == "strongly-disagree");
    CHECK(change(all, "opinion--2").kind == kItemKind);
    CHECK(change(all, "opinion--2").body.texts("cites") == std::vector<std::string>{"report--1"});
    CHECK(change(all, "opinion--3").kind == kItemKind);
    CHECK(change(all, "opinion--3").body.text("words") == "disagree with indicator--1");
}

TEST_CASE("the newest version counts, and the revoked not at all; the strictest marking holds") {
    const auto all = read(R"({"type":"report","id":"report--1","name":"old","modified":"2014-01-01T00:00:00Z"},{"type":"report","id":"report--1","name":"new","modified":"2015-01-01T00:00:00Z",
        "object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da","marking-definition--own"]},
        {"type":"marking-definition","id":"marking-definition--own","name":"TLP:AMBER+STRICT"},{"type":"report","id":"report--2","name":"gone","revoked":true})").value();
    CHECK(change(all, "report--1").body.text("words") == "new");
    CHECK(change(all, "report--1").tlp == casefile::Tlp::amber_strict);
    CHECK(std::ranges::none_of(all, [](const auto& one) { return one.id == "report--2"; }));
}

TEST_CASE("long words are cut at a character's end") {
    std::string text;
    for (int i = 0; i < 3000; ++i) { text += "ä"; }
    const auto all = read(R"({"type":"note","id":"note--1","content":")" + text + "\"}").value();
    const auto words = change(all, "note--1").body.text("words").value();
    CHECK(words.size() == 4000 + 4);
    CHECK(words.ends_with("ä …"));
}

TEST_CASE("what is broken is told by its id") {
    CHECK(read(R"({"type":"report","id":"report--1"})").error().where == "t: report--1");
    CHECK(read(R"({"type":"note","id":"note--1"})").error().code == Errc::malformed);
    CHECK(read(R"({"type":"note","id":"bad id","content":"x"})").error().code == Errc::malformed);
    CHECK(read(R"({"type":"opinion","id":"opinion--1","opinion":"maybe"})").error().code == Errc::malformed);
    CHECK(read(R"({"type":"report","id":"report--1","name":"x","published":"yesterday"})").error().code == Errc::malformed);
    CHECK(read(R"(1,null,[],{"id":7})").value().empty());
}
