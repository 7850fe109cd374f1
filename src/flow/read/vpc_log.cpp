#include "flow/read/vpc_log.hpp"

#include "flow/read/zeek_lines.hpp"
#include "flow/read/zeek_value.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace hw::flow::read {
namespace {
namespace vpc_detail {

enum class Column : std::uint8_t { other, source, destination, packet_source, packet_destination, source_port, destination_port, protocol, packets, bytes, start, end, action, status, flags, direction };

constexpr std::array<std::pair<std::string_view, Column>, 15> kNames{{
    {"srcaddr", Column::source}, {"dstaddr", Column::destination}, {"pkt-srcaddr", Column::packet_source}, {"pkt-dstaddr", Column::packet_destination},
    {"srcport", Column::source_port}, {"dstport", Column::destination_port}, {"protocol", Column::protocol}, {"packets", Column::packets},
    {"bytes", Column::bytes}, {"start", Column::start}, {"end", Column::end}, {"action", Column::action}, {"log-status", Column::status},
    {"tcp-flags", Column::flags}, {"flow-direction", Column::direction}}};

/// Version 2, which is the default.
const std::vector<Column>& default_columns() {
    static const std::vector<Column> kColumns{Column::other, Column::other, Column::other, Column::source, Column::destination, Column::source_port, Column::destination_port,
                                              Column::protocol, Column::packets, Column::bytes, Column::start, Column::end, Column::action, Column::status};
    return kColumns;
}

constexpr std::size_t kMostColumns = 64;

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> out;
    out.reserve(kMostColumns);
    while (out.size() < kMostColumns) {
        const std::size_t begin = line.find_first_not_of(" \t");
        if (begin == std::string_view::npos) { break; }
        line.remove_prefix(begin);
        const std::size_t end = line.find_first_of(" \t");
        out.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end, line.size()));
    }
    return out;
}

bool is_header(std::string_view line) { return line.find("srcaddr") != std::string_view::npos && line.find("dstaddr") != std::string_view::npos; }

/// A time before the record, as CloudWatch writes it.
bool is_stamp(std::string_view word) { return word.size() > 10 && word[4] == '-' && word.find('T') == 10 && word.ends_with('Z'); }

class Reader {
public:
    Reader(const LogRecordSink& sink, ReadReport& report) : sink_(sink), report_(report), columns_(default_columns()) {}

    void take(const zeek::Line& line) {
        if (line.too_long) { return report_.skip("line longer than 1 MiB", line.offset); }
        if (line.text.find_first_not_of(" \t") == std::string_view::npos) { return; }
        if (is_header(line.text)) { return read_header(line.text); }
        auto fields = words(line.text);
        if (is_stamp(fields.front())) { fields.erase(fields.begin()); }
        if (fields.size() < columns_.size()) {
            if (!line.ended) { report_.damaged_tail = true; }
            return report_.skip(line.ended ? "too few columns" : "last line is cut off", line.offset);
        }
        ExportRecord record;
        std::string_view fault = read(fields, record);
        if (!fault.empty()) { return report_.skip(fault, line.offset); }
        ++report_.records;
        sink_(std::move(record));
    }

    [[nodiscard]] Result<void> finish() const {
        if (report_.records > 0 || good_ > 0 || report_.skipped.empty()) { return {}; }
        return fail(Errc::malformed, "no line could be read as a record of a VPC flow log", report_.path + ":0", "a log in a form of its own needs its header line");
    }

private:
    void read_header(std::string_view line) {
        columns_.clear();
        for (const std::string_view word : words(line)) {
            const auto found = std::ranges::find(kNames, word, &std::pair<std::string_view, Column>::first);
            columns_.push_back(found == kNames.end() ? Column::other : found->second);
        }
    }

    std::string_view read(const std::vector<std::string_view>& fields, ExportRecord& record) {
        std::array<std::string_view, static_cast<std::size_t>(Column::direction) + 1> value;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (fields[i] != "-") { value.at(static_cast<std::size_t>(columns_[i])) = fields[i]; }
        }
        const auto of = [&](Column column) { return value.at(static_cast<std::size_t>(column)); };
        if (const std::string_view status = of(Column::status); status == "NODATA" || status == "SKIPDATA") {
            ++good_;
            return status == "NODATA" ? "record of an interval without traffic" : "record that Amazon has left out (SKIPDATA)";
        }
        const auto address = [&](Column outer, Column inner) { return zeek::parse_host(of(inner).empty() ? of(outer) : of(inner)); };
        const auto source = address(Column::source, Column::packet_source);
        const auto destination = address(Column::destination, Column::packet_destination);
        const auto protocol = zeek::parse_count(of(Column::protocol));
        const auto packets = zeek::parse_count(of(Column::packets));
        const auto bytes = zeek::parse_count(of(Column::bytes));
        const auto start = zeek::parse_count(of(Column::start));
        const auto end = zeek::parse_count(of(Column::end));
        if (!source || !destination) { return "unreadable address"; }
        constexpr std::uint64_t kLastSecond = 253'402'300'799;  // 9999-12-31
        if (!protocol || *protocol > 0xff || !packets || !bytes || !start || *start > kLastSecond) { return "unreadable count"; }
        ++good_;
        if (of(Column::action) == "REJECT") { return "rejected: never arrived"; }
        if (*packets == 0) { return "flow record without packets or bytes"; }
        record.source = *source;
        record.destination = *destination;
        record.protocol = static_cast<std::uint8_t>(*protocol);
        const bool ports = record.protocol != number(Protocol::icmp) && record.protocol != number(Protocol::icmp6);
        const auto port = [&](Column column) { return ports ? net::number(zeek::parse_port(of(column)).value_or(net::Port{})) : std::uint16_t{0}; };
        record.source_port = port(Column::source_port);
        record.destination_port = port(Column::destination_port);
        record.packets = *packets;
        record.bytes = *bytes;
        record.first = Time::from_micros(static_cast<std::int64_t>(*start) * 1'000'000);
        record.last = std::max(record.first, Time::from_micros(static_cast<std::int64_t>(std::min(end.value_or(*start), kLastSecond)) * 1'000'000));
        record.tcp_flags = static_cast<std::uint8_t>(zeek::parse_count(of(Column::flags)).value_or(0) & 0xffU);
        record.leaving = of(Column::direction) == "ingress" ? 0 : of(Column::direction) == "egress" ? 1 : 2;
        record.sampling = 1;
        return {};
    }

    const LogRecordSink& sink_;
    ReadReport& report_;
    std::vector<Column> columns_;
    std::uint64_t good_ = 0;  ///< Lines understood, whatever they told.
};

}  // namespace vpc_detail
}  // namespace

bool looks_like_vpc(std::string_view line) {
    using namespace vpc_detail;
    if (is_header(line)) { return true; }
    auto fields = words(line);
    if (!fields.empty() && is_stamp(fields.front())) { fields.erase(fields.begin()); }
    // Version, account, interface, addresses or nothing, and the words at the end.
    return fields.size() == default_columns().size() && zeek::parse_count(fields[0]) && fields[2].starts_with("eni-") &&
           (fields[13] == "OK" || fields[13] == "NODATA" || fields[13] == "SKIPDATA");
}

Result<void> read_vpc(ByteSource& bytes, const LogRecordSink& sink, const std::stop_token& stop, ReadReport& report) {
    report.format = "aws-vpc";
    vpc_detail::Reader reader(sink, report);
    return zeek::read_lines(bytes, reader, stop);
}

}  // namespace hw::flow::read
