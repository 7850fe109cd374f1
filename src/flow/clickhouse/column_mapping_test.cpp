#include "flow/clickhouse/column_mapping.hpp"

#include <doctest/doctest.h>

namespace {

using namespace hw;
using namespace hw::flow::clickhouse;
using Types = std::vector<std::pair<std::string, std::string>>;

const Types kAkvorado{{"TimeReceived", "DateTime"}, {"SamplingRate", "UInt64"}, {"ExporterAddress", "LowCardinality(IPv6)"}, {"SrcAddr", "IPv6"}, {"DstAddr", "IPv6"},
                      {"SrcPort", "UInt16"},        {"DstPort", "UInt16"},      {"Proto", "UInt32"},                        {"Bytes", "UInt64"}, {"Packets", "UInt64"}};

ColumnMapping small() {
    ColumnMapping m;
    m.name = "own";
    for (const auto& [key, value] : {std::pair("table", "t"), {"time", "at"}, {"source", "a"}, {"destination", "b"}, {"protocol", "p"}, {"bytes", "n"}}) { REQUIRE(m.set(key, value)); }
    return m;
}

TEST_CASE("column mapping: that of Akvorado fits its table, and asks for bare columns so that partitions are left out") {
    const auto table = MappedTable::make(akvorado_mapping(), "default", kAkvorado);
    REQUIRE(table);
    CHECK(table->from() == "`default`.`flows`");
    CHECK(table->kind_of(Told::source) == ColumnType::Kind::ipv6);
    CHECK(table->in_time({Time::from_micros(1'700'000'000'500'000), Time::from_micros(1'700'000'060'000'001)}) ==
          "`TimeReceived` >= toDateTime(1700000000) AND `TimeReceived` <= toDateTime(1700000061)");
    CHECK(table->of_host(net::Address::v4(0xc0000201)) == "(`SrcAddr` = toIPv6('::ffff:192.0.2.1') OR `DstAddr` = toIPv6('::ffff:192.0.2.1'))");
    CHECK(table->in_prefix(Told::source, *net::parse_prefix("192.0.2.0/24")) == "`SrcAddr` >= toIPv6('::ffff:192.0.2.0') AND `SrcAddr` <= toIPv6('::ffff:192.0.2.255')");
    CHECK(table->row().find("toUInt32(`SamplingRate`)") != std::string::npos);
    CHECK(table->row().find("toUInt8(0)") != std::string::npos);  // no flags
    CHECK_FALSE(table->has(Told::first));
    CHECK(table->micros(Told::first) == "toInt64(toUInt32(`TimeReceived`)) * 1000000");
}

TEST_CASE("column mapping: each type of address is asked for in its own words, and a kind that it cannot hold for nothing") {
    const auto v4 = net::Address::v4(0xc0000201);
    const auto v6 = *net::parse_address("2001:db8::1");
    const auto condition = [&](const std::string& type, const net::Address& host) {
        const auto table = MappedTable::make(small(), "d", Types{{"at", "UInt64"}, {"a", type}, {"b", type}, {"p", "UInt8"}, {"n", "Nullable(UInt64)"}});
        REQUIRE(table);
        return table->of_host(host);
    };
    CHECK(condition("String", v4) == "(`a` IN ('192.0.2.1', '::ffff:192.0.2.1') OR `b` IN ('192.0.2.1', '::ffff:192.0.2.1'))");
    CHECK(condition("LowCardinality(String)", v6) == "(`a` = '2001:db8::1' OR `b` = '2001:db8::1')");
    CHECK(condition("UInt32", v4) == "(`a` = 3221225985 OR `b` = 3221225985)");
    CHECK(condition("IPv4", v6) == "(0 OR 0)");
    CHECK(condition("FixedString(16)", v4) == "(`a` = toFixedString(unhex('00000000000000000000ffffc0000201'), 16) OR `b` = toFixedString(unhex('00000000000000000000ffffc0000201'), 16))");
}

TEST_CASE("column mapping: an integer that is not as wide as an address tells none") {
    for (const char* type : {"UInt16", "Int32", "UInt64", "Nullable(Int32)"}) {
        const auto table = MappedTable::make(small(), "d", Types{{"at", "UInt64"}, {"a", type}, {"b", type}, {"p", "UInt8"}, {"n", "UInt64"}});
        REQUIRE_FALSE(table);
        CHECK(table.error().code == Errc::unsupported);
    }
}

TEST_CASE("column mapping: whole numbers are times of the unit that was said") {
    auto mapping = small();
    REQUIRE(mapping.set("time_unit", "ms"));
    REQUIRE(mapping.set("first", "began"));
    const auto table = MappedTable::make(mapping, "d", Types{{"at", "Int64"}, {"began", "Nullable(UInt64)"}, {"a", "IPv6"}, {"b", "IPv6"}, {"p", "UInt8"}, {"n", "UInt64"}});
    REQUIRE(table);
    CHECK(table->in_time({Time::from_micros(1'500), Time::from_micros(2'000)}) == "`at` >= 1 AND `at` <= 3");
    CHECK(table->micros(Told::first) == "if(isNull(`began`), toInt64(`at`) * 1000, toInt64(assumeNotNull(`began`)) * 1000)");
    CHECK(table->micros(Told::last) == "toInt64(`at`) * 1000");
    CHECK_FALSE(mapping.set("time_unit", "minutes"));
}

TEST_CASE("column mapping: no name of a column can end its quotation") {
    auto mapping = small();
    REQUIRE(mapping.set("source", "a` = 1; DROP TABLE x; --\\"));
    const auto table = MappedTable::make(mapping, "d", Types{{"at", "DateTime"}, {"a` = 1; DROP TABLE x; --\\", "IPv6"}, {"b", "IPv6"}, {"p", "UInt8"}, {"n", "UInt64"}});
    REQUIRE(table);
    CHECK(table->of_host(net::Address::v4(1)).starts_with("(`a\\` = 1; DROP TABLE x; --\\\\` = toIPv6("));
    CHECK_FALSE(mapping.set("source", "line\nend"));
    CHECK_FALSE(mapping.set("source", ""));
}

TEST_CASE("column mapping: what is missing or of no use is named, with a way out") {
    ColumnMapping m = small();
    CHECK(m.set("sorce", "x").error().hint == "did you mean \"source\"?");
    const auto missing = MappedTable::make(m, "d", Types{{"at", "DateTime"}, {"a", "IPv6"}, {"p", "UInt8"}, {"n", "UInt64"}});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::not_found);
    CHECK(missing.error().message == "the table `d`.`t` has no column `b`, which is to tell the destination");
    const auto odd = MappedTable::make(m, "d", Types{{"at", "Float64"}, {"a", "IPv6"}, {"b", "IPv6"}, {"p", "UInt8"}, {"n", "UInt64"}});
    REQUIRE_FALSE(odd);
    CHECK(odd.error().code == Errc::unsupported);
    CHECK(odd.error().hint == "what is taken is DateTime, DateTime64 or a whole number");
    CHECK(MappedTable::make(m, "d", {}).error().code == Errc::not_found);
    m.columns[static_cast<std::size_t>(Told::bytes)].clear();
    CHECK(m.check().error().message == "the columns \"own\" name neither packets nor bytes");
}

TEST_CASE("column mapping: types are read through what wraps them") {
    CHECK(ColumnType::of("LowCardinality(Nullable(String))") == ColumnType{.kind = ColumnType::Kind::text, .nullable = true});
    CHECK(ColumnType::of("DateTime('UTC')").kind == ColumnType::Kind::date_time);
    CHECK(ColumnType::of("DateTime64(3, 'UTC')").kind == ColumnType::Kind::date_time64);
    CHECK(ColumnType::of("Array(UInt8)").kind == ColumnType::Kind::other);
    CHECK(ColumnType::of("FixedString(2)").kind == ColumnType::Kind::other);
}

}  // namespace
