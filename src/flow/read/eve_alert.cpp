#include "flow/read/eve_alert.hpp"

#include "flow/read/zeek_lines.hpp"
#include "flow/read/zeek_value.hpp"

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace hw::flow::read {
namespace {
namespace alert_detail {

namespace dom = simdjson::dom;
constexpr std::uint64_t kNoSeverity = 255;

std::string_view text_of(const dom::element& object, std::string_view key) {
    std::string_view text;
    return object[key].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}
std::uint64_t number_of(const dom::element& object, std::string_view key, std::uint64_t otherwise) {
    std::uint64_t value = 0;
    return object[key].get_uint64().get(value) == simdjson::SUCCESS ? value : otherwise;
}
/// Suricata writes its zone without a colon (`+0000`).
std::optional<Time> moment(std::string_view text) {
    constexpr std::size_t kZone = 5;
    if (text.size() > kZone && (text[text.size() - kZone] == '+' || text[text.size() - kZone] == '-')) {
        std::string with_colon(text);
        with_colon.insert(with_colon.size() - 2, ":");
        return zeek::parse_moment(with_colon);
    }
    return zeek::parse_moment(text);
}

class Reader {
public:
    explicit Reader(ReadReport& into) : report(into) {}
    ReadReport& report;
    std::vector<EveAlert> alerts;
    dom::parser parser;
    std::uint64_t events = 0;

    void take(const zeek::Line& line) {
        if (line.too_long) { return report.skip("line longer than 1 MiB", line.offset); }
        if (line.text.find_first_not_of(" \t") == std::string_view::npos) { return; }
        dom::element event;
        if (parser.parse(line.text.data(), line.text.size(), false).get(event) != simdjson::SUCCESS || !event.is_object()) {
            return report.skip("not a JSON object", line.offset);
        }
        const std::string_view type = text_of(event, "event_type");
        if (!type.empty()) { ++events; }
        if (type != "alert") { return; }
        const auto source = zeek::parse_host(text_of(event, "src_ip"));
        const auto destination = zeek::parse_host(text_of(event, "dest_ip"));
        const auto at = moment(text_of(event, "timestamp"));
        if (!source || !destination || !at) { return report.skip("alert that lacks addresses or its time", line.offset); }
        if (alerts.size() >= kMostAlerts) { return report.skip("alert past the first million", line.offset); }
        const auto port = [&](std::string_view key) { return net::Port{static_cast<std::uint16_t>(std::min<std::uint64_t>(number_of(event, key, 0), 0xffff))}; };
        EveAlert alert{.at = *at, .flow_began = *at, .source = {*source, port("src_port")}, .destination = {*destination, port("dest_port")}, .severity = kNoSeverity, .rule = 0,
                       .signature = {}};
        dom::element inner;
        if (event["flow"].get(inner) == simdjson::SUCCESS) { alert.flow_began = std::min(*at, moment(text_of(inner, "start")).value_or(*at)); }
        if (event["alert"].get(inner) == simdjson::SUCCESS) {
            alert.severity = number_of(inner, "severity", kNoSeverity);
            alert.rule = number_of(inner, "signature_id", 0);
            alert.signature = text_of(inner, "signature");
        }
        ++report.records;
        alerts.push_back(std::move(alert));
    }

    [[nodiscard]] Result<void> finish() const {
        if (events > 0) { return {}; }
        return fail(Errc::malformed, "no line could be read as an event of Suricata's", report.path + ":0", "a line must be one JSON object with an event_type");
    }
};

}  // namespace alert_detail
}  // namespace

Result<std::vector<EveAlert>> read_eve_alerts(ByteSource& bytes, const std::stop_token& stop, ReadReport& report) {
    report.format = "suricata-eve";
    alert_detail::Reader reader(report);
    HW_CHECK(zeek::read_lines(bytes, reader, stop));
    return std::move(reader.alerts);
}

}  // namespace hw::flow::read
