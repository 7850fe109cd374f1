#include "net/registry/as_names.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hw;

namespace {

Result<net::AsNames> read(std::string_view text, InputReport& report) {
    net::AsNameReader reader(report);
    for (std::size_t at = 0; at < text.size(); at += 5) { HW_CHECK(reader.feed(text.substr(at, 5))); }
    return std::move(reader).finish();
}

}  // namespace

TEST_CASE("as names: columns are found by the header; commas and quotes within quotes belong to the name") {
    InputReport report;
    const auto names = read("# conditions\nasn,name,class,cc\nAS64500,\"Example, \"\"Net\"\"\",Eyeball,KE\n64501,Plain,Unknown,\n64500,Again,Unknown,FR\n", report);
    REQUIRE(names);
    CHECK(report.records == 3);
    REQUIRE(names->find(net::Asn(64'500)));
    CHECK(names->find(net::Asn(64'500))->name == "Example, \"Net\"");
    CHECK(net::to_string(names->find(net::Asn(64'500))->country) == "KE");
    CHECK(names->find(net::Asn(64'500))->line == 3);
    CHECK_FALSE(names->find(net::Asn(64'501))->country.known());
    CHECK_FALSE(names->find(net::Asn(64'502)));
    CHECK(names->all().size() == 2);
}

TEST_CASE("as names: what is wrong is passed over and counted; a table without the columns is refused") {
    InputReport report;
    const auto names = read("name,asn,country\nA,64500,XYZ\n\"open,64501,FR\nB\nC,none,FR\n\"D\"x,64502,FR\n", report);
    REQUIRE(names);
    CHECK(names->all().size() == 1);
    CHECK(report.skipped_total() == 4);
    CHECK(report.noted.size() == 1);
    InputReport other;
    CHECK(read("a,b\n1,2\n", other).error().code == Errc::malformed);
    CHECK(read("asn,name\n", other).error().code == Errc::malformed);
    CHECK(net::looks_like_as_names("# x\nasn,name\n"));
    CHECK_FALSE(net::looks_like_as_names("asn;name\n"));
}
