#include "route/graph/relationships.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hw;
using namespace hw::route;
using net::Asn;

TEST_CASE("relationships: serial-1 lines become links, the clique comment a clique") {
    const auto read = parse_relationships("# source:topology|BGP|20150201\n# inferred clique: 174 209 174 x 0 286\n1|2|-1\n3|2|0\n4|5|-1|bgp\r\n\n");
    REQUIRE(read);
    CHECK(read->links == std::vector<AsLink>{{Asn(1), Asn(2), Relation::provider_customer}, {Asn(2), Asn(3), Relation::peer}, {Asn(4), Asn(5), Relation::provider_customer}});
    CHECK(read->clique == std::vector{Asn(174), Asn(209), Asn(286)});
    CHECK(read->report.lines == 5);
    CHECK(read->report.comments == 2);
}

TEST_CASE("relationships: what is no link is counted by reason, with the offsets of the first") {
    const auto read = parse_relationships("1|2|-1\n1|2\n7|7|0\nx|2|0\n0|2|0\n1|3|2\n1|3|\n2|1|1\n1|2|-1\n2|1|-1\n2|1|0\n99999999999|1|0\n1|2|3|4|5\n");
    REQUIRE(read);
    CHECK(read->links.size() == 1);
    const auto& report = read->report;
    CHECK(report.of(LinkFault::form).lines == 2);
    CHECK(report.of(LinkFault::form).first_offsets[0] == 7);
    CHECK(report.of(LinkFault::self_link).lines == 1);
    CHECK(report.of(LinkFault::number).lines == 3);
    CHECK(report.of(LinkFault::number).first_offsets[1] == 23);
    CHECK(report.of(LinkFault::relation).lines == 2);
    CHECK(report.of(LinkFault::mirrored).lines == 1);
    CHECK(report.of(LinkFault::duplicate).lines == 1);
    CHECK(report.of(LinkFault::conflict).lines == 2);
}

TEST_CASE("relationships: a file that lists each link from both sides gives each once") {
    const auto read = parse_relationships("1|2|-1\n2|1|1\n1|3|-1\n3|1|1\n4|5|0\n5|4|0\n");
    REQUIRE(read);
    CHECK(read->links.size() == 3);
    CHECK(read->report.of(LinkFault::mirrored).lines == 2);
    CHECK(read->report.of(LinkFault::duplicate).lines == 1);
    CHECK(read->report.of(LinkFault::conflict).lines == 0);
}

TEST_CASE("relationships: the size of the blocks makes no difference") {
    const std::string text = "# inferred clique: 1 2\n1|2|0\n1|30|-1\nbad\n" + std::string(300, 'y') + "\n2|30|-1";
    const auto whole = parse_relationships(text, {.links = 10, .line_bytes = 100});
    REQUIRE(whole);
    CHECK(whole->report.of(LinkFault::line_length).lines == 1);
    CHECK(whole->report.of(LinkFault::line_length).first_offsets[0] == 41);
    for (std::size_t block = 1; block < 50; ++block) {
        CAPTURE(block);
        RelationshipReader reader({.links = 10, .line_bytes = 100});
        for (std::size_t at = 0; at < text.size(); at += block) { REQUIRE(reader.feed(std::string_view(text).substr(at, block))); }
        const auto pieces = std::move(reader).finish();
        REQUIRE(pieces);
        CHECK(pieces->links == whole->links);
        CHECK(pieces->clique == whole->clique);
        CHECK(pieces->report.faults == whole->report.faults);
        CHECK(pieces->report.lines == whole->report.lines);
    }
}

TEST_CASE("relationships: too many links is an error, as is a file of something else; an empty one is not") {
    const auto many = parse_relationships("1|2|0\n1|3|0\n", {.links = 1});
    REQUIRE_FALSE(many);
    CHECK(many.error().code == Errc::limit);
    CHECK(many.error().where == "byte 6");
    const auto other = parse_relationships("ip,as\n1.2.3.4,5\n");
    REQUIRE_FALSE(other);
    CHECK(other.error().code == Errc::malformed);
    CHECK(parse_relationships("").value().links.empty());
    CHECK(parse_relationships("# nothing\n").value().links.empty());
}

TEST_CASE("relationships: what is written reads back as the same") {
    const auto read = parse_relationships("# inferred clique: 9 8\n1|2|-1\n3|2|0\n4|5|-1\n").value();
    const auto again = parse_relationships(to_text(read)).value();
    CHECK(again.links == read.links);
    CHECK(again.clique == read.clique);
}
