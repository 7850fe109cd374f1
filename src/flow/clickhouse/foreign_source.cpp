#include "flow/clickhouse/foreign_source.hpp"

#include "flow/clickhouse/row_binary.hpp"
#include "flow/read/export_flows.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace hw::flow::clickhouse {
namespace {
namespace foreign_detail {

constexpr Duration kDay = std::chrono::hours(24);
constexpr Duration kLongRecord = std::chrono::hours(1);  ///< Those that last longer are asked for apart, or each question would reach back as far.
constexpr Duration kOneConversation = std::chrono::seconds(5);  ///< Records so far apart are joined.
constexpr Duration kLate = std::chrono::minutes(10);    ///< Records come this long after their flow's end, and clocks differ.
constexpr Duration kMargin = std::chrono::minutes(1);   ///< More than what decides on which records are joined.
constexpr Duration kStep = std::chrono::minutes(10);    ///< By which the table's course is counted.
constexpr std::uint64_t kRecordsAPiece = 400'000;       ///< Of a scan.

std::unexpected<Error> damaged() { return fail(Errc::malformed, "the server's answer is not what was asked for", {}, "is something between it and us that changes answers?"); }

net::Address read_address(RowReader& in, ColumnType::Kind kind) {
    switch (kind) {
        case ColumnType::Kind::ipv6:
        case ColumnType::Kind::bytes16: return in.address();
        case ColumnType::Kind::text: {
            const auto parsed = net::parse_address(in.text());
            return parsed ? *parsed : net::Address();
        }
        default: return net::Address::v4(in.integer<std::uint32_t>());
    }
}

/// Orders flows, and tells those that are alike apart by how many came before them.
void put_in_order(std::vector<Flow>& flows) {
    std::ranges::sort(flows, [](const Flow& a, const Flow& b) {
        return std::tuple(a.first, a.id, a.last, a.request.packets, a.reply.packets, a.request.bytes, a.reply.bytes) <
               std::tuple(b.first, b.id, b.last, b.request.packets, b.reply.packets, b.request.bytes, b.reply.bytes);
    });
}

bool alike(const Flow& a, const Flow& b) { return a.id == b.id && a.last == b.last && a.request.packets == b.request.packets && a.reply.packets == b.reply.packets; }

}  // namespace foreign_detail
}  // namespace

Result<std::unique_ptr<ForeignSource>> ForeignSource::open(Http http, ColumnMapping mapping, std::optional<Interval> window, std::span<const DeclaredCoverage> declared) {
    using namespace foreign_detail;
    HW_CHECK(mapping.check());
    const std::string& database = http.url().database;
    std::string table_name;
    for (const char c : mapping.table) { table_name += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c); }
    HW_TRY(const auto answer, http.read("SELECT name, type FROM system.columns WHERE database = '" + database + "' AND table = '" + table_name + "' FORMAT RowBinary"));
    std::vector<std::pair<std::string, std::string>> types;
    for (RowReader in(answer); !in.at_end();) {
        std::string name(in.text());
        std::string type(in.text());
        if (!in.good()) { return damaged(); }
        types.emplace_back(std::move(name), std::move(type));
    }
    HW_TRY(auto table, MappedTable::make(std::move(mapping), database, types));
    std::unique_ptr<ForeignSource> source(new ForeignSource(std::move(http), std::move(table)));
    HW_CHECK(source->find_window(window));
    HW_CHECK(source->read_exporters());
    HW_CHECK(source->read_course());
    HW_CHECK(source->declare(declared));
    return source;
}

Result<void> ForeignSource::find_window(std::optional<Interval> window) {
    using namespace foreign_detail;
    if (window) {
        window_ = *window;
        return {};
    }
    HW_TRY(const auto answer, http_.read("SELECT max(" + table_.micros(Told::time) + ") FROM " + table_.from() + " FORMAT RowBinary"));
    RowReader in(answer);
    const Time newest = Time::from_micros(in.integer<std::int64_t>());
    if (!in.good()) { return damaged(); }
    window_ = {newest - kDay, newest};
    return {};
}

std::string ForeignSource::observer_name(std::string_view exporter) const {
    if (exporter.empty()) { return table_.mapping().name; }
    const auto address = net::parse_address(exporter);
    return table_.mapping().name + "/" + (address ? net::to_string(*address) : std::string(exporter));
}

Result<void> ForeignSource::read_exporters() {
    using namespace foreign_detail;
    const std::string first = table_.micros(Told::first);
    const std::string last = table_.micros(Told::last);
    const std::string lasts = fmt::format("({} - {})", last, first);
    const std::string is_long = fmt::format("({} > {})", lasts, kLongRecord.count());
    HW_TRY(const auto answer, http_.read(fmt::format("SELECT {} AS who, min({}), max({}), max(if({}, toInt64(0), {})), sum(toUInt64({})), count() FROM {} WHERE {}{} GROUP BY who ORDER BY who FORMAT RowBinary",
                                                     table_.exporter(), first, last, is_long, lasts, is_long, table_.from(), table_.in_time(window_), table_.complete())));
    struct Seen {
        std::vector<std::string> exporters;  // an address may be written in several ways
        Interval interval;
    };
    std::map<std::string, Seen> by_name;
    for (RowReader in(answer); !in.at_end();) {
        std::string who(in.text());
        Interval seen;
        seen.from = Time::from_micros(in.integer<std::int64_t>());
        seen.to = std::max(seen.from, Time::from_micros(in.integer<std::int64_t>()));
        longest_ = std::max(longest_, Duration(in.integer<std::int64_t>()));
        long_records_ += in.integer<std::uint64_t>();
        records_ += in.integer<std::uint64_t>();
        if (!in.good()) { return damaged(); }
        const auto [at, fresh] = by_name.try_emplace(observer_name(who));
        at->second.interval = fresh ? seen : Interval{std::min(at->second.interval.from, seen.from), std::max(at->second.interval.to, seen.to)};
        at->second.exporters.push_back(std::move(who));
    }
    if (by_name.size() > std::numeric_limits<std::uint16_t>::max()) { return fail(Errc::limit, "more than 65535 exporters in the table", {}, "look at a shorter window, or map no column to exporter"); }
    for (auto& [name, seen] : by_name) {
        for (std::string& who : seen.exporters) { places_.emplace(std::move(who), observers_.size()); }
        interval_ = observers_.empty() ? seen.interval : Interval{std::min(interval_.from, seen.interval.from), std::max(interval_.to, seen.interval.to)};
        observers_.push_back({.name = name, .interval = seen.interval});
    }
    return {};
}

Result<void> ForeignSource::read_course() {
    using namespace foreign_detail;
    HW_TRY(const auto answer, http_.read(fmt::format("SELECT toInt64(intDiv({}, {})) AS step, count() FROM {} WHERE {}{} GROUP BY step ORDER BY step FORMAT RowBinary", table_.micros(Told::first),
                                                     kStep.count(), table_.from(), table_.in_time(window_), table_.complete())));
    for (RowReader in(answer); !in.at_end();) {
        const auto step = in.integer<std::int64_t>();
        const auto count = in.integer<std::uint64_t>();
        if (!in.good()) { return damaged(); }
        course_.push_back({.from = Time::from_micros(step * kStep.count()), .records = count});
    }
    return {};
}

Result<void> ForeignSource::declare(std::span<const DeclaredCoverage> declared) {
    using namespace foreign_detail;
    for (const DeclaredCoverage& word : declared) {
        for (const Told what : {Told::source, Told::destination}) {
            const auto in_prefix = table_.in_prefix(what, word.prefix);
            if (!in_prefix) {
                coverage_unknown_ = true;
                return {};
            }
            HW_TRY(const auto answer, http_.read(fmt::format("SELECT DISTINCT {} AS who, {} AS host FROM {} WHERE {} AND {}{} FORMAT RowBinary", table_.exporter(),
                                                             "`" + table_.mapping().column(what) + "`", table_.from(), table_.in_time(window_), *in_prefix, table_.complete())));
            for (RowReader in(answer); !in.at_end();) {
                const auto observer = observer_of(in.text());
                const net::Address host = read_address(in, table_.kind_of(what));
                if (!in.good()) { return damaged(); }
                if (!observer || (word.observer && *word.observer != observers_[*observer].name) || !word.prefix.contains(host)) { continue; }
                coverage_.push_back({.address = host, .observer = static_cast<ObserverId>(*observer), .interval = observers_[*observer].interval, .basis = CoverageBasis::declared});
            }
        }
    }
    const auto order = [](const CoveredHost& h) { return std::tuple(h.address, h.observer); };
    std::ranges::sort(coverage_, {}, order);
    const auto twice = std::ranges::unique(coverage_, {}, order);
    coverage_.erase(twice.begin(), twice.end());
    return {};
}

std::optional<std::size_t> ForeignSource::observer_of(std::string_view exporter) const {
    const auto found = places_.find(exporter);
    return found == places_.end() ? std::nullopt : std::optional(found->second);
}

std::string ForeignSource::rows_near(Interval interval) const {
    using namespace foreign_detail;
    // What a record joins decides on what another joins: the two halves of a conversation reach back and on by a record each.
    const Duration reach = 2 * longest_ + kOneConversation;
    const Interval near{std::max(window_.from, std::max(interval.from, window_.from) - reach - kMargin), std::min(window_.to, std::min(interval.to, window_.to) + reach + kLate)};
    std::string rows = table_.in_time({near.from, std::max(near.from, near.to)});
    if (long_records_ > 0) {
        const std::string first = table_.micros(Told::first);
        const std::string last = table_.micros(Told::last);
        rows = fmt::format("({} OR ({} AND {} - {} > {} AND {} <= {} AND {} >= {}))", rows, table_.in_time(window_), last, first, kLongRecord.count(), first, near.to.micros(), last, near.from.micros());
    }
    return rows + table_.complete();
}

Result<std::vector<Flow>> ForeignSource::ask(const std::string& where) const {
    using namespace foreign_detail;
    HW_TRY(const auto answer, http_.read("SELECT " + table_.row() + " FROM " + table_.from() + " WHERE " + where + " FORMAT RowBinary"));
    read::ExportFlows joined(table_.mapping().name);
    for (RowReader in(answer); !in.at_end();) {
        read::ExportRecord r;
        (void)in.integer<std::int64_t>();  // when it was received
        r.first = Time::from_micros(in.integer<std::int64_t>());
        r.last = std::max(r.first, Time::from_micros(in.integer<std::int64_t>()));
        r.source = read_address(in, table_.kind_of(Told::source));
        r.destination = read_address(in, table_.kind_of(Told::destination));
        r.source_port = in.integer<std::uint16_t>();
        r.destination_port = in.integer<std::uint16_t>();
        r.protocol = in.integer<std::uint8_t>();
        r.packets = in.integer<std::uint64_t>();
        r.bytes = in.integer<std::uint64_t>();
        r.tcp_flags = in.integer<std::uint8_t>();
        r.sampling = in.integer<std::uint32_t>();
        const auto observer = observer_of(in.text());
        if (!in.good()) { return damaged(); }
        if (!observer || (r.packets == 0 && r.bytes == 0)) { continue; }  // of an exporter that came after this source was opened
        if (r.packets == 0) { r.packets = 1; }                            // no column tells: there was one at least
        if (r.protocol == number(Protocol::icmp) || r.protocol == number(Protocol::icmp6)) { r.source_port = r.destination_port = 0; }
        r.exporter = static_cast<std::uint32_t>(*observer);
        joined.add(r);
    }
    std::vector<std::string> names;
    names.reserve(observers_.size());
    for (const Observer& o : observers_) { names.push_back(o.name); }
    read::ReadReport report;
    auto flows = joined.take({.addresses = {}, .late_rates = {}, .names = names}, report);
    put_in_order(flows);
    return flows;
}

Result<std::vector<const Flow*>> ForeignSource::flows_of(const net::Address& host, Interval interval) const {
    using namespace foreign_detail;
    if (!interval.overlaps(window_)) { return std::vector<const Flow*>{}; }
    HW_TRY(auto flows, ask(rows_near(interval) + " AND " + table_.of_host(host)));
    std::vector<const Flow*> out;
    const std::scoped_lock lock(mutex_);
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < flows.size(); ++i) {
        before = i > 0 && alike(flows[i - 1], flows[i]) ? before + 1 : 0;
        if (!flows[i].interval().overlaps(interval)) { continue; }
        auto& place = kept_[{flows[i].id, flows[i].last, flows[i].request.packets, flows[i].reply.packets, before}];
        if (!place) { place = std::make_unique<Flow>(flows[i]); }
        out.push_back(place.get());
    }
    return out;
}

const Flow* ForeignSource::keep(const Flow& shown) const {
    const std::scoped_lock lock(mutex_);
    auto& place = kept_[{shown.id, shown.last, shown.request.packets, shown.reply.packets, 0}];
    if (!place) { place = std::make_unique<Flow>(shown); }
    return place.get();
}

Result<void> ForeignSource::scan(Interval interval, const std::function<bool(const Flow&)>& visit) const {
    using namespace foreign_detail;
    for (std::size_t begin = 0, end = 0; begin < course_.size(); begin = end) {
        std::uint64_t records = course_[begin].records;
        for (end = begin + 1; end < course_.size() && records + course_[end].records <= kRecordsAPiece; ++end) { records += course_[end].records; }
        // Each flow is shown by the piece in which it begins.
        const Interval piece{course_[begin].from, end < course_.size() ? course_[end].from : course_[end - 1].from + kStep};
        if (piece.from > interval.to || (long_records_ == 0 && piece.to + 2 * longest_ + kOneConversation < interval.from)) { continue; }
        HW_TRY(const auto flows, ask(rows_near(piece)));
        for (const Flow& flow : flows) {
            const bool here = flow.first >= piece.from && (flow.first < piece.to || end == course_.size());
            if (here && flow.interval().overlaps(interval) && !visit(flow)) { return {}; }
        }
    }
    return {};
}

}  // namespace hw::flow::clickhouse
