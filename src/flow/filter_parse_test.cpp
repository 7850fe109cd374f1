#include "flow/filter.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow;

namespace {

std::string read(std::string_view text) {
    const auto filter = parse_filter(text);
    return filter ? to_string(*filter) : filter.error().message;
}
Error refused(std::string_view text) {
    const auto filter = parse_filter(text);
    REQUIRE_FALSE(filter.has_value());
    return filter.error();
}

}  // namespace

TEST_CASE("filter: what people know from pcap and nfdump means the same here") {
    CHECK(read("host 192.0.2.1") == "host 192.0.2.1");
    CHECK(read("src 192.0.2.1 and dst port 22") == "src host 192.0.2.1 and dst port 22");
    CHECK(read("tcp dst port 80") == "proto tcp and dst port 80");
    CHECK(read("src host 192.0.2.1 && !(udp || icmp)") == "src host 192.0.2.1 and not (proto udp or proto icmp)");
    CHECK(read("net 10.0.0.0/8 AND PORT > 1023") == "net 10.0.0.0/8 and port >= 1024");
    CHECK(read("proto 6 and port in [ 22, 443 8000-8080 ]") == "proto tcp and port in [22, 443, 8000-8080]");
    CHECK(read("ip in [192.0.2.7 192.0.2.1]") == "host in [192.0.2.1, 192.0.2.7]");
    CHECK(read("client host 192.0.2.1") == read("src host 192.0.2.1"));
    CHECK(read("out bytes > 1k") == "reply bytes >= 1001");
    CHECK(read("src as 64500") == "src asn 64500");
    CHECK(read("geo de") == "country DE");
    CHECK(read("portrange 1-1024") == "port 1-1024");
}

TEST_CASE("filter: and binds closer than or, not closest, and parentheses decide") {
    CHECK(read("tcp or udp and port 53") == "proto tcp or (proto udp and port 53)");
    CHECK(read("(tcp or udp) and port 53") == "(proto tcp or proto udp) and port 53");
    CHECK(read("not tcp and port 53") == "not proto tcp and port 53");
    CHECK(parse_filter("tcp and (port 53 and host 192.0.2.1)") == parse_filter("(tcp and port 53) and host 192.0.2.1"));
}

TEST_CASE("filter: amounts take units, whole and fractional, decimal and binary") {
    CHECK(read("bytes = 20k") == "bytes 20000");
    CHECK(read("bytes = 1.5M") == "bytes 1500000");
    CHECK(read("bytes = 1Gi") == "bytes 1073741824");
    CHECK(read("bytes 1k-2k") == "bytes 1000-2000");
    CHECK(read("packets < 3") == "packets <= 2");
    CHECK(read("bytes = 18446744073709551615") == "bytes 18446744073709551615");
    CHECK(read("duration > 500") == "duration >= 500001us");  // nfdump: milliseconds
    CHECK(read("duration >= 90s") == "duration >= 90s");
    CHECK(read("duration 1m-2h") == "duration 1m-2h");
    for (const auto* bad : {"bytes = 18446744073709551616", "bytes = 99999999999T", "bytes = 1.2345k", "bytes = k", "bytes = 1.", "bytes = -1", "bytes = 1x", "port 65536",
                            "port 5-4", "proto 256", "duration 5 parsecs", "asn 4294967296", "duration = 99999999999999999999"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_filter(bad).has_value());
    }
}

TEST_CASE("filter: flags are all of the letters, and not flags is none of them, as nfdump has it") {
    CHECK(read("flags S and not flags AFRPU") == "flags S and not flags UAPRF");
    CHECK(read("flags X") == "flags UAPRSF");
    CHECK(parse_filter("not flags SA") != parse_filter("not (flags SA)"));
    CHECK(read("request flags S") == "request flags S");
    CHECK(read("not flags != S") == "not (not (flags S))");
}

TEST_CASE("filter: nothing typed passes everything") {
    CHECK(read("") == "any");
    CHECK(read("  \t ") == "any");
    CHECK(both(*parse_filter(""), *parse_filter("tcp")) == parse_filter("tcp"));
}

TEST_CASE("filter: a name is any text, quoted where it is no word of its own") {
    CHECK(read("observer border-1") == "observer border-1");
    CHECK(read("observer \"and\"") == "observer \"and\"");
    CHECK(read("observer 'a \"b\"'") == "observer 'a \"b\"'");
    CHECK(read("observer in [b, a, b]") == "observer in [a, b]");
}

TEST_CASE("filter: what is not understood is named, with its column, what was expected and the nearest word") {
    const Error slip = refused("tcp and prot 22");
    CHECK(slip.code == Errc::usage);
    CHECK(slip.where == "filter, column 9");
    CHECK(slip.message.find("found \"prot\"") != std::string::npos);
    CHECK(slip.hint == "did you mean \"port\"?");

    CHECK(refused("host 192.0.2.1 adn tcp").hint == "did you mean \"and\"?");
    CHECK(refused("host 192.0.2.1 tcp").hint == "join tests by and or or");
    CHECK(refused("host 192.0.2.1 or 192.0.2.2").hint.find("host 192.0.2.2") != std::string::npos);
    CHECK(refused("192.0.2.2").hint.find("host 192.0.2.2") != std::string::npos);
    CHECK(refused("host").where == "filter, column 5");
    CHECK(refused("host").message == "expected an address or a prefix, found the end");
    CHECK(refused("(tcp and (udp)").message == "expected the \")\" for the \"(\" of column 1, found the end");
    CHECK(refused("port in [1 2").message == "expected the \"]\" for the \"[\" of column 9, found the end");
    CHECK(refused("port in []").message.find("found \"]\"") != std::string::npos);
    CHECK(refused("src prt 22").hint == "did you mean \"port\"?");
    CHECK(refused("src proto tcp").message.find("expected host, net, port") == 0);
    CHECK(refused("request host 192.0.2.1").message.find("expected bytes") == 0);
    CHECK(refused("host > 192.0.2.1").hint == "only = and != compare this");
    CHECK(refused("bytes < 0").message == "nothing is less than 0");
    CHECK(refused("tcp & udp").where == "filter, column 5");
    CHECK(refused("observer \"x").message == "a quote is opened and not closed");
    CHECK(refused("observer \"\xc3\xa4\xc3\xb6\" xx").where == "filter, column 15");  // characters are counted, not bytes
    CHECK(refused("host 300.1.1.1").message.find("found \"300.1.1.1\"") != std::string::npos);
    CHECK(refused("net 192.0.2.1/24").where == "filter, column 5");
    CHECK(refused("tcp )").where == "filter, column 5");
}

TEST_CASE("filter: depth and length have bounds, breadth has only the length") {
    const std::string deep(100'000, '(');
    CHECK(refused(deep).message.find("deeper") != std::string::npos);
    std::string nots;
    for (int i = 0; i < 50'000; ++i) { nots += "not "; }
    CHECK(refused(nots + "tcp").message.find("deeper") != std::string::npos);
    CHECK(refused(std::string(kLongestFilter + 1, ' ')).message.find("longer") != std::string::npos);
    std::string wide = "tcp";
    for (int i = 0; i < 20'000; ++i) { wide += " or udp"; }
    CHECK(parse_filter(wide).has_value());
}
