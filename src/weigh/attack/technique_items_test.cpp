#include "weigh/attack/technique_items.hpp"

#include "weigh/attack/test_library.hpp"
#include "weigh/ledger.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace hw;
using namespace hw::weigh;
using namespace hw::weigh::attack;

namespace {

Item found(std::string id, std::string who, std::vector<std::string> techniques) {
    Item item;
    item.id = std::move(id);
    item.words = item.id;
    item.kind = ItemKind::observation;
    item.who = std::move(who);
    item.grade = Grade::a;
    item.finding = Finding{.kind = Finding::Kind::techniques, .techniques = std::move(techniques)};
    return item;
}

Evidence evidence_of(std::vector<Item> items) {
    Evidence evidence;
    evidence.hypotheses = {{.id = "H1", .statement = "one", .attack_group = "G0001"}, {.id = "H2", .statement = "two", .attack_group = "G0002"}, {.id = "H3", .statement = "an insider"}, {.id = std::string(kNone), .statement = "none"}};
    evidence.items = std::move(items);
    return evidence;
}

const Library& library() {
    static const Library made = read_library(made_bundle(), "made").value();
    return made;
}

}  // namespace

TEST_CASE("techniques become one item, whose weight is capped however many agree") {
    auto evidence = evidence_of({found("a", "us", {"T0011", "T0012", "S0001"}), found("b", "us", {"T0013", "T0014", "T7777"})});
    const auto matches = match_techniques(evidence, library());
    REQUIRE(matches.size() == 1);
    CHECK(matches[0].item == "a");
    CHECK(matches[0].others == std::vector<std::string>{"b"});
    CHECK(matches[0].known == 5);
    CHECK(matches[0].unknown == std::vector<std::string>{"T7777"});
    CHECK(matches[0].nearest.front().id == "G0001");
    CHECK(evidence.items[1].likelihood.empty());
    CHECK(evidence.items[0].likelihood.at("H1") == doctest::Approx(0.98));
    CHECK(evidence.items[0].likelihood.at("H3") == evidence.items[0].likelihood.at("H0"));
    CHECK(evidence.items[0].frames == "H1");
    const auto chances = posterior(make_ledger(evidence));
    for (const std::size_t other : {1U, 2U, 3U}) {
        const double moved = 10 * std::log10(chances[0] / chances[other]);
        CHECK(moved > 1);
        CHECK(moved <= -10 * std::log10(kUsualForgeability) + 1e-9);
    }
}

TEST_CASE("nobody states the cap away") {
    auto item = found("a", "us", {"T0011", "T0012", "T0013", "T0014", "S0001"});
    item.forgeability = 0.01;
    auto evidence = evidence_of({item});
    match_techniques(evidence, library());
    CHECK(evidence.items[0].forgeability == kLeastForgeability);
}

TEST_CASE("a likelihood that a person stated stands") {
    auto item = found("a", "us", {"T0011"});
    item.likelihood = {{"H0", 0.5}};
    auto evidence = evidence_of({item});
    CHECK(match_techniques(evidence, library()).empty());
    CHECK(evidence.items[0].likelihood.size() == 1);
}

TEST_CASE("where ATT&CK knows nothing of it, or no hypothesis names a group, the item says nothing") {
    auto strange = evidence_of({found("a", "us", {"T7777"})});
    CHECK(match_techniques(strange, library()).front().none == 1);
    CHECK(strange.items[0].likelihood.empty());
    auto nobody = evidence_of({found("a", "us", {"T0011"})});
    for (auto& hypothesis : nobody.hypotheses) { hypothesis.attack_group.clear(); }
    match_techniques(nobody, library());
    CHECK(nobody.items[0].likelihood.empty());
    CHECK(nobody.items[0].derived.find("no hypothesis names") != std::string::npos);
}

TEST_CASE("two parties that saw the same lean on the same reports") {
    auto evidence = evidence_of({found("a", "us", {"T0011", "T0012"}), found("b", "them", {"T0011", "T0012"})});
    match_techniques(evidence, library());
    const auto ledger = make_ledger(evidence);
    CHECK(ledger.lines[0].lambda == kIndependent);
    CHECK(ledger.lines[1].lambda == kShared);
}
