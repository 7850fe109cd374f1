#include "net/registry/delegations.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hw;

namespace {

Result<net::Delegations> read(std::string_view text, InputReport& report, std::size_t block = 7) {
    net::DelegationReader reader(report);
    for (std::size_t at = 0; at < text.size(); at += block) { HW_CHECK(reader.feed(text.substr(at, block))); }
    return std::move(reader).finish();
}

net::Address address(const char* text) { return net::parse_address(text).value(); }

constexpr std::string_view kFile =
    "2|apnic|20141222|4|19830101|20141221|+1000\n"
    "# comment\n"
    "apnic|*|asn|*|1|summary\n"
    "apnic|KP|asn|64500|2|20091221|allocated\n"
    "apnic|KP|ipv4|192.0.2.0|256|20091221|allocated|A918F9C2\n"
    "apnic|FR|ipv4|198.51.100.0|768||assigned\r\n"
    "apnic|JP|ipv6|2001:db8::|32|19990813|allocated\n";

}  // namespace

TEST_CASE("delegations: addresses and AS numbers are found with what the registry said of them, and where") {
    InputReport report;
    const auto file = read(kFile, report);
    REQUIRE(file);
    CHECK(report.records == 4);
    CHECK(report.skipped.empty());
    CHECK(report.noted.empty());
    const auto* four = file->find(address("192.0.2.77"));
    REQUIRE(four);
    CHECK(four->said.country == net::Country::parse("KP").value());
    CHECK(four->said.date == 20'091'221);
    CHECK(four->said.line == 5);
    CHECK(file->registry(four->said) == "apnic");
    // 768 addresses are no one prefix
    const auto* odd = file->find(address("198.51.102.255"));
    REQUIRE(odd);
    CHECK(odd->said.status == net::DelegationStatus::assigned);
    CHECK(odd->said.date == 0);
    CHECK_FALSE(file->find(address("198.51.103.0")));
    REQUIRE(file->find(address("2001:db8:ffff::1")));
    CHECK_FALSE(file->find(address("2001:db9::1")));
    REQUIRE(file->find(net::Asn(64'501)));
    CHECK(file->find(net::Asn(64'501))->first == net::Asn(64'500));
    CHECK_FALSE(file->find(net::Asn(64'502)));
    CHECK(file->touching(net::parse_prefix("192.0.0.0/8").value()).size() == 1);
    CHECK(file->touching(net::parse_prefix("198.51.101.0/24").value()).size() == 1);
}

TEST_CASE("delegations: of records inside one another the innermost counts, of equal ones the last") {
    InputReport report;
    const auto file = read("ripencc|NL|ipv4|10.0.0.0|65536|20000101|allocated\nripencc|DE|ipv4|10.0.7.0|512|20000101|assigned\nripencc|FR|ipv4|10.0.7.0|512|20000101|assigned\n"
                           "ripencc|NL|asn|100|50|20000101|allocated\nripencc|BE|asn|120|1|20000101|allocated\n",
                           report);
    REQUIRE(file);
    CHECK(net::to_string(file->find(address("10.0.6.1"))->said.country) == "NL");
    CHECK(net::to_string(file->find(address("10.0.7.1"))->said.country) == "FR");
    CHECK(net::to_string(file->find(address("10.0.9.1"))->said.country) == "NL");
    CHECK(net::to_string(file->find(net::Asn(119))->said.country) == "NL");
    CHECK(net::to_string(file->find(net::Asn(120))->said.country) == "BE");
    CHECK(net::to_string(file->find(net::Asn(149))->said.country) == "NL");
}

TEST_CASE("delegations: what is wrong is passed over with its place, and the rest is read") {
    InputReport report;
    const auto file = read("2|apnic|20141222|90|19830101|20141221|+1000\n"
                           "nonsense\n"
                           "apnic|KP|ipv4|192.0.2.0|0|20091221|allocated\n"
                           "apnic|KP|ipv4|255.255.255.0|257|20091221|allocated\n"
                           "apnic|KP|ipv4|2001:db8::|32|20091221|allocated\n"
                           "apnic|KP|ipv6|2001:db8::1|32|20091221|allocated\n"
                           "apnic|KP|ipv6|2001:db8::|129|20091221|allocated\n"
                           "apnic|KP|asn|4294967295|2|20091221|allocated\n"
                           "apnic|KPX|asn|64500|1|20091221|allocated\n"
                           "apnic|KP|asn|64500|1|20091221|lent\n"
                           "apnic|KP|asn|64500|1|20091399|allocated\n",
                           report);
    REQUIRE(file);
    CHECK(file->size() == 1);
    CHECK(report.skipped_total() == 9);
    CHECK(report.skipped.at("not registry|country|type|start|value|date|status").first_offsets.front() == 44);
    CHECK(report.noted.contains("a date is none, and taken as not said"));
    CHECK(report.noted.contains("there are fewer records than the first line says; the file may be cut off"));
    InputReport none;
    const auto refused = read("hello\n", none);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::malformed);
}

TEST_CASE("delegations: recognised by the first line that says something") {
    CHECK(net::looks_like_delegations(kFile));
    CHECK(net::looks_like_delegations("# c\n\napnic|KP|asn|64500|1|20091221|allocated\n"));
    CHECK_FALSE(net::looks_like_delegations("1|2|-1\n"));
    CHECK_FALSE(net::looks_like_delegations("asn,name,cc\n"));
    CHECK_FALSE(net::looks_like_delegations(""));
}
