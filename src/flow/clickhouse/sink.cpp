#include "flow/clickhouse/sink.hpp"

#include "base/parse.hpp"
#include "base/sha256.hpp"
#include "flow/clickhouse/flow_row.hpp"

#include <algorithm>
#include <limits>

namespace hw::flow::clickhouse {
namespace {
namespace sink_detail {

constexpr std::size_t kPieceBytes = std::size_t{32} << 20U;  ///< Of an INSERT: large enough that a server merges few parts.
constexpr std::size_t kPieceDays = 50;                       ///< Servers refuse an INSERT into more than 100 partitions.
constexpr std::uint8_t kBegun = 1;
constexpr std::uint8_t kWhole = 2;

bool is_sha256(std::string_view text) {
    return text.size() == 64 && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace sink_detail
}  // namespace

Result<bool> Sink::has(const Http& http, const std::string& sha256) {
    if (!sink_detail::is_sha256(sha256)) { return fail(Errc::internal, "an import needs the SHA-256 of its input"); }
    HW_TRY(const auto count, http.read("SELECT count() FROM " + http.url().database + ".imports WHERE state = 2 AND sha256 = '" + sha256 + "' FORMAT TSV"));
    return count != "0\n";
}

Result<Sink> Sink::begin(const Http& http, std::vector<ImportNote> inputs, Time now) {
    std::string seed;
    for (const ImportNote& input : inputs) {
        if (!sink_detail::is_sha256(input.sha256)) { return fail(Errc::internal, "an import needs the SHA-256 of its inputs"); }
        seed += input.sha256 + " ";
    }
    if (inputs.empty()) { return fail(Errc::internal, "an import needs an input"); }
    // A number of its own for each try: rows of one that failed must not become visible with the next.
    HW_TRY(const auto tries, http.read("SELECT count() FROM " + http.url().database + ".imports WHERE state = 1 AND sha256 = '" + inputs.front().sha256 + "' FORMAT TSV"));
    seed += tries;
    HW_TRY(const auto hash, sha256_hex(std::as_bytes(std::span(seed))));
    Sink sink(http, std::move(inputs), parse_integer<std::uint64_t>(std::string_view(hash).substr(0, 16), 16).value_or(0));
    HW_CHECK(sink.note_state(sink_detail::kBegun, now));
    return sink;
}

Result<void> Sink::send(const std::string& table, const std::string& columns, const RowWriter& rows) const {
    if (rows.bytes().empty()) { return {}; }
    return http_->write("INSERT INTO " + http_->url().database + "." + table + " (" + columns + ") FORMAT RowBinary", rows.bytes());
}

Result<void> Sink::note_state(std::uint8_t state, Time now) const {
    RowWriter rows;
    for (const ImportNote& input : inputs_) {
        rows.integer(day_of(now)).integer(batch_).integer(state).integer(now.micros()).text(input.sha256).text(input.path).text(input.format).text(input.note);
        rows.integer(input.records).integer(input.flows);
    }
    return send("imports", "day, batch, state, at, sha256, path, format, note, records, flows", rows);
}

Result<void> Sink::flush() {
    HW_CHECK(send("flows", flow_column_names(), pending_));
    pending_.clear();
    pending_days_.clear();
    return {};
}

Result<void> Sink::add(std::span<const Flow> flows, std::span<const Observer> observers) {
    for (const Flow& flow : flows) {
        if (next_row_ == std::numeric_limits<std::uint32_t>::max()) { return fail(Errc::limit, "more than 4 billion flows in one import", inputs_.front().path, "import them in parts"); }
        const std::uint16_t day = day_of(flow.last);
        if (!pending_days_.contains(day) && pending_days_.size() == sink_detail::kPieceDays) { HW_CHECK(flush()); }
        ++pending_days_[day];
        write_flow_row(pending_, flow, observers[static_cast<std::size_t>(flow.observer)].name, batch_, next_row_++);
        auto [at, first] = days_.try_emplace(day, Day{.flows = 0, .min_first = flow.first, .max_last = flow.last});
        Day& known = at->second;
        ++known.flows;
        known.min_first = std::min(known.min_first, flow.first);
        known.max_last = std::max(known.max_last, flow.last);
        known.max_duration = std::max(known.max_duration, flow.last - flow.first);
        if (pending_.bytes().size() >= sink_detail::kPieceBytes) { HW_CHECK(flush()); }
    }
    return {};
}

Result<void> Sink::commit(std::span<const Observer> observers, std::span<const CoveredHost> coverage, Time now) {
    HW_CHECK(flush());
    RowWriter days;
    for (const auto& [day, known] : days_) {
        days.integer(day).integer(batch_).integer(known.flows).integer(known.min_first.micros()).integer(known.max_last.micros()).integer(static_cast<std::int64_t>(known.max_duration.count()));
    }
    HW_CHECK(send("days", "day, batch, flows, min_first, max_last, max_duration", days));
    RowWriter seen;
    for (const Observer& observer : observers) {
        seen.integer(day_of(observer.interval.to)).integer(batch_).text(observer.name).integer(observer.interval.from.micros()).integer(observer.interval.to.micros());
    }
    HW_CHECK(send("observers", "day, batch, name, from, until", seen));
    RowWriter covered;
    for (const CoveredHost& host : coverage) {
        covered.integer(day_of(host.interval.to)).integer(batch_).address(host.address).text(observers[static_cast<std::size_t>(host.observer)].name);
        covered.integer(host.interval.from.micros()).integer(host.interval.to.micros()).integer(static_cast<std::uint8_t>(host.basis));
    }
    HW_CHECK(send("coverage", "day, batch, address, observer, from, until, basis", covered));
    return note_state(sink_detail::kWhole, now);
}

}  // namespace hw::flow::clickhouse
