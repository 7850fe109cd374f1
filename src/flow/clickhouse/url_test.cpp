#include "flow/clickhouse/url.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow::clickhouse;

TEST_CASE("clickhouse url: what is left out has the usual values") {
    const auto url = parse_url("clickhouse://db.example/flows");
    REQUIRE(url);
    CHECK(url->hosts == std::vector<Url::Host>{{"db.example", 8123}});
    CHECK(url->user == "default");
    CHECK(url->database == "flows");
    CHECK(url->cluster.empty());
    CHECK_FALSE(url->tls);
    CHECK(parse_url("clickhouse://db.example/flows?tls=yes")->hosts[0].port == 8443);
}

TEST_CASE("clickhouse url: shards, an IPv6 address and an escaped password are read") {
    const auto url = parse_url("clickhouse://ann:p%40ss%2fw@[2001:db8::1]:9,b:81/hw?cluster=two&tls=yes");
    REQUIRE(url);
    CHECK(url->hosts == std::vector<Url::Host>{{"2001:db8::1", 9}, {"b", 81}});
    CHECK(url->user == "ann");
    CHECK(url->password == "p@ss/w");
    CHECK(url->cluster == "two");
    CHECK(url->tls);
}

TEST_CASE("clickhouse url: the text form never shows the password and reads back") {
    auto url = *parse_url("clickhouse://a%20b:secret@[::1],h:1/d?cluster=c&tls=yes");
    CHECK(to_string(url) == "clickhouse://a%20b@[::1]:8443,h:1/d?cluster=c&tls=yes");
    url.password.clear();
    CHECK(parse_url(to_string(url)) == url);
}

TEST_CASE("clickhouse url: what would end up inside a query is letters, digits and _ only") {
    for (const char* text : {"clickhouse://h/a;drop", "clickhouse://h/", "clickhouse://h", "clickhouse://h/a?cluster=x'y", "clickhouse://h/a?cluster=",
                             "clickhouse://h:0/a", "clickhouse://h:x/a", "clickhouse:///a", "clickhouse://h h/a", "clickhouse://[::1/a", "clickhouse://@h/a",
                             "clickhouse://%4@h/a", "clickhouse://a,b/d", "http://h/a", "clickhouse://h/a?colour=red"}) {
        CAPTURE(text);
        const auto url = parse_url(text);
        REQUIRE_FALSE(url);
        CHECK(url.error().code == Errc::usage);
        CHECK_FALSE(url.error().hint.empty());
    }
}
