#include "flow/clickhouse/column_mapping.hpp"

#include "base/nearest.hpp"
#include "flow/clickhouse/row_binary.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hw::flow::clickhouse {
namespace {
namespace mapping_detail {

constexpr std::array<std::string_view, kTold> kColumns{"time",   "first",     "last",     "source", "destination", "source_port", "destination_port", "protocol",
                                                       "packets", "bytes", "tcp_flags", "sampling", "exporter"};
constexpr std::array<std::string_view, kTold + 2> kKeys{"time",     "first",   "last",  "source",    "destination", "source_port", "destination_port", "protocol",
                                                        "packets", "bytes", "tcp_flags", "sampling", "exporter",    "table",       "time_unit"};
constexpr std::size_t kLongestName = 256;

std::string quoted(std::string_view name) {
    std::string out = "`";
    for (const char c : name) {
        if (c == '`' || c == '\\') { out += '\\'; }
        out += c;
    }
    return out + "`";
}

/// What stands in the brackets of `WRAPPER(...)`, or nothing.
std::optional<std::string_view> inside(std::string_view text, std::string_view wrapper) {
    if (!text.starts_with(wrapper) || !text.ends_with(')') || text.size() < wrapper.size() + 2 || text[wrapper.size()] != '(') { return std::nullopt; }
    return text.substr(wrapper.size() + 1, text.size() - wrapper.size() - 2);
}

bool can_tell(Told what, const ColumnType& type) {
    using Kind = ColumnType::Kind;
    const Kind kind = type.kind;
    switch (what) {
        case Told::time:
        case Told::first:
        case Told::last: return kind == Kind::date_time || kind == Kind::date_time64 || kind == Kind::integer;
        case Told::source:
        case Told::destination: return kind == Kind::ipv4 || kind == Kind::ipv6 || kind == Kind::bytes16 || kind == Kind::text || type.holds_ipv4;
        case Told::exporter: return kind != Kind::other && kind != Kind::date_time && kind != Kind::date_time64;
        default: return kind == Kind::integer;
    }
}

std::string_view wanted(Told what) {
    switch (what) {
        case Told::time:
        case Told::first:
        case Told::last: return "DateTime, DateTime64 or a whole number";
        case Told::source:
        case Told::destination: return "IPv4, IPv6, FixedString(16), String or UInt32";
        case Told::exporter: return "an address or a String";
        default: return "a whole number";
    }
}

net::Address last_in(const net::Prefix& prefix) {
    const unsigned host_bits = (prefix.is_v4() ? 32U : 128U) - prefix.length();
    const auto ones = [](unsigned bits) { return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1; };
    return net::Address::v6(prefix.address().high() | (host_bits > 64 ? ones(host_bits - 64) : 0), prefix.address().low() | ones(std::min(host_bits, 64U)));
}

/// The address as a value of the column, or nothing where the column cannot hold it.
std::optional<std::string> literal(ColumnType::Kind kind, const net::Address& address) {
    using Kind = ColumnType::Kind;
    switch (kind) {
        case Kind::ipv6: return std::string("toIPv6('") + (address.is_v4() ? "::ffff:" : "") + net::to_string(address) + "')";
        case Kind::bytes16: return "toFixedString(" + address_literal(address) + ", 16)";
        case Kind::ipv4: return address.is_v4() ? std::optional("toIPv4('" + net::to_string(address) + "')") : std::nullopt;
        case Kind::integer: return address.is_v4() ? std::optional(std::to_string(address.v4_bits())) : std::nullopt;
        default: return std::nullopt;
    }
}

}  // namespace mapping_detail
}  // namespace

std::span<const std::string_view> mapping_keys() { return mapping_detail::kKeys; }

Result<void> ColumnMapping::set(std::string_view key, std::string_view value) {
    using namespace mapping_detail;
    if (value.empty() || value.size() > kLongestName || std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
        return fail(Errc::usage, "the value of \"" + std::string(key) + "\" cannot be the name of a column or table");
    }
    if (key == "table") {
        table = value;
        return {};
    }
    if (key == "time_unit") {
        if (value != "s" && value != "ms" && value != "us" && value != "ns") { return fail(Errc::usage, "time_unit is s, ms, us or ns"); }
        time_unit = value;
        return {};
    }
    const auto found = std::ranges::find(kColumns, key);
    if (found == kColumns.end()) {
        const std::vector<std::string> known(kKeys.begin(), kKeys.end());
        return fail(Errc::usage, "\"" + std::string(key) + "\" is nothing that a column can tell", {}, did_you_mean(std::string(key), known, "the keys are in docs/clickhouse.md"));
    }
    columns[static_cast<std::size_t>(found - kColumns.begin())] = value;
    return {};
}

Result<void> ColumnMapping::check() const {
    using namespace mapping_detail;
    if (table.empty()) { return fail(Errc::usage, "the columns \"" + name + "\" are of no table: table = \"...\" is missing"); }
    for (const Told what : {Told::time, Told::source, Told::destination, Told::protocol}) {
        if (column(what).empty()) {
            return fail(Errc::usage, "the columns \"" + name + "\" do not say which one tells the " + std::string(kColumns[static_cast<std::size_t>(what)]));
        }
    }
    if (column(Told::packets).empty() && column(Told::bytes).empty()) { return fail(Errc::usage, "the columns \"" + name + "\" name neither packets nor bytes"); }
    return {};
}

ColumnMapping akvorado_mapping() {
    ColumnMapping m;
    m.name = "akvorado";
    m.table = "flows";
    const auto set = [&](Told what, const char* column) { m.columns[static_cast<std::size_t>(what)] = column; };
    set(Told::time, "TimeReceived");
    set(Told::source, "SrcAddr");
    set(Told::destination, "DstAddr");
    set(Told::source_port, "SrcPort");
    set(Told::destination_port, "DstPort");
    set(Told::protocol, "Proto");
    set(Told::packets, "Packets");
    set(Told::bytes, "Bytes");
    set(Told::sampling, "SamplingRate");
    set(Told::exporter, "ExporterAddress");
    return m;
}

ColumnType ColumnType::of(std::string_view text) {
    using namespace mapping_detail;
    ColumnType type;
    if (const auto inner = inside(text, "LowCardinality")) { text = *inner; }
    if (const auto inner = inside(text, "Nullable")) {
        text = *inner;
        type.nullable = true;
    }
    constexpr std::array<std::string_view, 8> kIntegers{"UInt8", "UInt16", "UInt32", "UInt64", "Int8", "Int16", "Int32", "Int64"};
    if (text == "DateTime" || inside(text, "DateTime")) { type.kind = Kind::date_time; }
    else if (inside(text, "DateTime64")) { type.kind = Kind::date_time64; }
    else if (text == "IPv4") { type.kind = Kind::ipv4; }
    else if (text == "IPv6") { type.kind = Kind::ipv6; }
    else if (text == "FixedString(16)") { type.kind = Kind::bytes16; }
    else if (text == "String") { type.kind = Kind::text; }
    else if (std::ranges::find(kIntegers, text) != kIntegers.end()) {
        type.kind = Kind::integer;
        type.holds_ipv4 = text == "UInt32";
    }
    return type;
}

Result<MappedTable> MappedTable::make(ColumnMapping mapping, std::string_view database, std::span<const std::pair<std::string, std::string>> types) {
    using namespace mapping_detail;
    HW_CHECK(mapping.check());
    MappedTable table;
    table.from_ = quoted(database) + "." + quoted(mapping.table);
    if (types.empty()) { return fail(Errc::not_found, "there is no table " + table.from_ + " at the server", {}, "the table and its columns are named under [columns." + mapping.name + "] in the configuration"); }
    for (std::size_t i = 0; i < kTold; ++i) {
        const std::string& column = mapping.columns[i];
        if (column.empty()) { continue; }
        const auto found = std::ranges::find(types, column, [](const auto& t) { return t.first; });
        if (found == types.end()) {
            return fail(Errc::not_found, fmt::format("the table {} has no column {}, which is to tell the {}", table.from_, quoted(column), kColumns[i]), {},
                        "the columns are named under [columns." + mapping.name + "] in the configuration");
        }
        table.types_[i] = ColumnType::of(found->second);
        if (!can_tell(static_cast<Told>(i), table.types_[i])) {
            return fail(Errc::unsupported, fmt::format("the column {} of {} is {}, which cannot tell the {}", quoted(column), table.from_, found->second, kColumns[i]), {},
                        "what is taken is " + std::string(wanted(static_cast<Told>(i))));
        }
    }
    table.mapping_ = std::move(mapping);
    table.row_ = table.micros(Told::time) + ", " + table.micros(Told::first) + ", " + table.micros(Told::last) + ", " + table.value(Told::source) + ", " + table.value(Told::destination) + ", " +
                 table.number(Told::source_port, "UInt16") + ", " + table.number(Told::destination_port, "UInt16") + ", " + table.number(Told::protocol, "UInt8") + ", " +
                 table.number(Told::packets, "UInt64") + ", " + table.number(Told::bytes, "UInt64") + ", " + table.number(Told::tcp_flags, "UInt8") + ", " +
                 table.number(Told::sampling, "UInt32") + ", " + table.exporter();
    return table;
}

std::string MappedTable::name(Told what) const { return mapping_detail::quoted(mapping_.column(what)); }

std::string MappedTable::value(Told what) const {
    return types_[static_cast<std::size_t>(what)].nullable ? "assumeNotNull(" + name(what) + ")" : name(what);
}

std::string MappedTable::number(Told what, std::string_view type) const {
    if (!has(what)) { return fmt::format("to{}(0)", type); }
    const bool nullable = types_[static_cast<std::size_t>(what)].nullable;
    return fmt::format("to{}({})", type, nullable ? "ifNull(" + name(what) + ", 0)" : name(what));
}

std::string MappedTable::moment(Told what) const {
    const std::string column = value(what);
    switch (kind_of(what)) {
        case ColumnType::Kind::date_time: return "toInt64(toUInt32(" + column + ")) * 1000000";
        case ColumnType::Kind::date_time64: return "toUnixTimestamp64Micro(toDateTime64(" + column + ", 6))";
        default: break;
    }
    const std::string& unit = mapping_.time_unit;
    if (unit == "ns") { return "intDiv(toInt64(" + column + "), 1000)"; }
    return "toInt64(" + column + ") * " + (unit == "s" ? "1000000" : unit == "ms" ? "1000" : "1");
}

std::string MappedTable::micros(Told what) const {
    if (what == Told::time) { return moment(what); }
    const Told instead = what == Told::first ? Told::last : Told::time;
    if (!has(what)) { return micros(instead); }
    if (!types_[static_cast<std::size_t>(what)].nullable) { return moment(what); }
    return fmt::format("if(isNull({}), {}, {})", name(what), micros(instead), moment(what));
}

std::string MappedTable::exporter() const {
    if (!has(Told::exporter)) { return "''"; }
    std::string column = value(Told::exporter);
    switch (kind_of(Told::exporter)) {
        case ColumnType::Kind::bytes16: return "IPv6NumToString(" + column + ")";
        case ColumnType::Kind::text: return column;
        default: return "toString(" + column + ")";
    }
}

std::string MappedTable::in_time(Interval interval) const {
    constexpr std::int64_t kSecond = 1'000'000;
    const auto floored = [](std::int64_t micros, std::int64_t by) { return micros / by - (micros % by < 0 ? 1 : 0); };
    const std::string column = name(Told::time);
    if (kind_of(Told::time) != ColumnType::Kind::integer) {
        const auto clamped = [](std::int64_t s) { return std::clamp<std::int64_t>(s, 0, 0xffff'ffff); };
        return fmt::format("{0} >= toDateTime({1}) AND {0} <= toDateTime({2})", column, clamped(floored(interval.from.micros(), kSecond)), clamped(floored(interval.to.micros(), kSecond) + 1));
    }
    const std::string& unit = mapping_.time_unit;
    if (unit == "ns") {
        constexpr std::int64_t kMost = 9'000'000'000'000'000;  // microseconds: times a thousand they still fit
        return fmt::format("{0} >= {1} AND {0} <= {2}", column, std::clamp<std::int64_t>(interval.from.micros(), 0, kMost) * 1000, std::clamp<std::int64_t>(interval.to.micros(), 0, kMost) * 1000 + 999);
    }
    const std::int64_t by = unit == "s" ? kSecond : unit == "ms" ? 1000 : 1;
    return fmt::format("{0} >= {1} AND {0} <= {2}", column, std::max<std::int64_t>(floored(interval.from.micros(), by), 0), std::max<std::int64_t>(floored(interval.to.micros(), by) + 1, 0));
}

std::string MappedTable::equals(Told what, const net::Address& host) const {
    if (kind_of(what) == ColumnType::Kind::text) {
        const std::string text = net::to_string(host);
        return host.is_v4() ? fmt::format("{0} IN ('{1}', '::ffff:{1}')", name(what), text) : fmt::format("{} = '{}'", name(what), text);
    }
    const auto wanted = mapping_detail::literal(kind_of(what), host);
    return wanted ? name(what) + " = " + *wanted : "0";
}

std::string MappedTable::of_host(const net::Address& host) const { return "(" + equals(Told::source, host) + " OR " + equals(Told::destination, host) + ")"; }

std::optional<std::string> MappedTable::in_prefix(Told what, const net::Prefix& prefix) const {
    if (kind_of(what) == ColumnType::Kind::text) { return std::nullopt; }
    const auto low = mapping_detail::literal(kind_of(what), prefix.address());
    const auto high = mapping_detail::literal(kind_of(what), mapping_detail::last_in(prefix));
    if (!low || !high) { return "0"; }
    return fmt::format("{0} >= {1} AND {0} <= {2}", name(what), *low, *high);
}

std::string MappedTable::complete() const {
    std::string out;
    for (const Told what : {Told::time, Told::source, Told::destination}) {
        if (types_[static_cast<std::size_t>(what)].nullable) { out += " AND isNotNull(" + name(what) + ")"; }
    }
    return out;
}

}  // namespace hw::flow::clickhouse
