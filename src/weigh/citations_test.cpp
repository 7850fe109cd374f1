#include "weigh/citations.hpp"

#include <doctest/doctest.h>

using namespace hw::weigh;
using Names = std::vector<std::string>;

namespace {
Item item(std::string id, std::string who, Names cites, Names basis = {}) {
    Item made;
    made.id = std::move(id);
    made.who = std::move(who);
    made.cites = std::move(cites);
    made.basis = std::move(basis);
    return made;
}
}  // namespace

TEST_CASE("citations: roots are where citing ends, through any number of hands") {
    const auto told = follow_citations({item("paper", "press", {"agency"}), item("agency", "wire", {"official"}), item("official", "us", {}), item("both", "tv", {"official", "nyt"})});
    CHECK(told.roots[0] == Names{"official"});
    CHECK(told.origins[0] == Names{"us"});
    CHECK(told.roots[3] == Names{"nyt", "official"});
    CHECK(told.origins[3] == Names{"nyt", "us"});
    CHECK(told.unseen == Names{"nyt"});
    CHECK(told.rings.empty());
}

TEST_CASE("citations: those who cite each other in a ring are one root") {
    const auto told = follow_citations({item("c", "x", {"a"}), item("a", "y", {"b"}), item("b", "z", {"c"}), item("d", "w", {"b"})});
    CHECK(told.rings == std::vector<Names>{{"a", "b", "c"}});
    CHECK(told.roots[3] == Names{"a"});
    CHECK(told.origins[3] == Names{"x", "y", "z"});
}

TEST_CASE("citations: a ring that cites somebody else has his roots") {
    const auto told = follow_citations({item("a", "x", {"b"}), item("b", "y", {"a", "c"}), item("c", "z", {})});
    CHECK(told.roots[0] == Names{"c"});
    CHECK(told.rings.size() == 1);
}

TEST_CASE("citations: what rests on items that are here has their roots; what is withheld leaves it a root of its own") {
    const auto told = follow_citations({item("a", "x", {}), item("i", "y", {}, {"a"}), item("j", "y", {}, {"a", "hidden"}), item("k", "y", {}, {"hidden"})});
    CHECK(told.roots[1] == Names{"a"});
    CHECK(told.roots[2] == Names{"a", "j"});
    CHECK(told.roots[3] == Names{"k"});
    CHECK(told.origins[3] == Names{"y"});
    CHECK(told.unseen == Names{"hidden"});
}

TEST_CASE("citations: a chain of a hundred thousand is followed to its end") {
    std::vector<Item> items;
    for (int i = 0; i < 100'000; ++i) { items.push_back(item("i" + std::to_string(i), "o", i == 0 ? Names{} : Names{"i" + std::to_string(i - 1)})); }
    CHECK(follow_citations(items).roots.back() == Names{"i0"});
}
