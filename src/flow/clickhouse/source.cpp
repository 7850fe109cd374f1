#include "flow/clickhouse/source.hpp"

#include "flow/clickhouse/flow_row.hpp"
#include "flow/clickhouse/schema.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace hw::flow::clickhouse {
namespace {
namespace source_detail {

constexpr std::uint64_t kFlowsAPiece = 200'000;  ///< Of a scan: about 40 MB of an answer.

bool earlier(const Flow* a, const Flow* b) { return std::tie(a->first, a->id) < std::tie(b->first, b->id); }

net::Address last_address(const net::Prefix& prefix) {
    const unsigned host_bits = (prefix.is_v4() ? 32U : 128U) - prefix.length();
    const auto ones = [](unsigned bits) { return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1; };
    return net::Address::v6(prefix.address().high() | (host_bits > 64 ? ones(host_bits - 64) : 0), prefix.address().low() | ones(std::min(host_bits, 64U)));
}

std::unexpected<Error> damaged(std::string_view table) {
    return fail(Errc::malformed, "the server's answer is no row of the table " + std::string(table), {}, "were its columns changed?");
}

}  // namespace source_detail
}  // namespace

Result<std::unique_ptr<Source>> Source::open(Http http, std::span<const DeclaredCoverage> declared) {
    std::unique_ptr<Source> source(new Source(std::move(http)));
    HW_CHECK(check_tables(source->http_));
    HW_CHECK(source->read_imports());
    HW_CHECK(source->read_observers());
    HW_CHECK(source->declare(declared));
    HW_CHECK(source->read_coverage());
    source->interval_ = source->partitions_.interval().value_or(Interval{});
    for (const Observer& o : source->observers_) {
        source->interval_ = {std::min(source->interval_.from, o.interval.from), std::max(source->interval_.to, o.interval.to)};
    }
    return source;
}

Result<void> Source::read_imports() {
    const std::string& database = http_.url().database;
    HW_TRY(const auto imports, http_.read("SELECT batch, sha256, path, format, note, max(state), max(records), max(flows) FROM " + database +
                                          ".imports GROUP BY batch, sha256, path, format, note ORDER BY batch, path, sha256 FORMAT RowBinary"));
    for (RowReader in(imports); !in.at_end();) {
        const auto batch = in.integer<std::uint64_t>();
        ImportNote note;
        note.sha256 = in.text();
        note.path = in.text();
        note.format = in.text();
        note.note = in.text();
        const auto state = in.integer<std::uint8_t>();
        note.records = in.integer<std::uint64_t>();
        note.flows = in.integer<std::uint64_t>();
        if (!in.good()) { return source_detail::damaged("imports"); }
        if (state == 2) {
            imports_.push_back(std::move(note));
            if (whole_.empty() || whole_.back() != batch) { whole_.push_back(batch); }
        } else {
            unfinished_ += (unfinished_.empty() ? "" : ", ") + std::to_string(batch);
        }
    }
    std::ranges::sort(imports_, {}, [](const ImportNote& n) { return std::tie(n.path, n.sha256); });
    if (!unfinished_.empty()) { unfinished_ = " AND batch NOT IN (" + unfinished_ + ")"; }
    HW_TRY(const auto days, http_.read("SELECT day, batch, flows, min_first, max_last FROM " + database + ".days FORMAT RowBinary"));
    for (RowReader in(days); !in.at_end();) {
        const auto day = in.integer<std::uint16_t>();
        const auto batch = in.integer<std::uint64_t>();
        Partitions::Day part{.flows = in.integer<std::uint64_t>(), .min_first = {}, .max_last = {}};
        part.min_first = Time::from_micros(in.integer<std::int64_t>());
        part.max_last = Time::from_micros(in.integer<std::int64_t>());
        if (!in.good()) { return source_detail::damaged("days"); }
        if (std::ranges::binary_search(whole_, batch)) { partitions_.add(day, part); }
    }
    return {};
}

Result<void> Source::read_observers() {
    HW_TRY(const auto answer, http_.read("SELECT batch, name, from, until FROM " + http_.url().database + ".observers FORMAT RowBinary"));
    std::map<std::string, Interval, std::less<>> known;
    for (RowReader in(answer); !in.at_end();) {
        const auto batch = in.integer<std::uint64_t>();
        const std::string name(in.text());
        Interval seen;
        seen.from = Time::from_micros(in.integer<std::int64_t>());
        seen.to = Time::from_micros(in.integer<std::int64_t>());
        if (!in.good()) { return source_detail::damaged("observers"); }
        if (!std::ranges::binary_search(whole_, batch)) { continue; }
        const auto [at, fresh] = known.try_emplace(name, seen);
        if (!fresh) { at->second = {std::min(at->second.from, seen.from), std::max(at->second.to, seen.to)}; }
    }
    for (auto& [name, seen] : known) { observers_.push_back({.name = name, .interval = seen}); }
    return {};
}

Result<void> Source::read_coverage() {
    HW_TRY(const auto answer, http_.read("SELECT batch, address, observer, from, until, basis FROM " + http_.url().database + ".coverage FORMAT RowBinary"));
    for (RowReader in(answer); !in.at_end();) {
        const auto batch = in.integer<std::uint64_t>();
        CoveredHost host{.address = in.address(), .observer = {}, .interval = {}, .basis = {}};
        const std::string name(in.text());
        host.interval.from = Time::from_micros(in.integer<std::int64_t>());
        host.interval.to = Time::from_micros(in.integer<std::int64_t>());
        const auto basis = in.integer<std::uint8_t>();
        if (!in.good() || basis > static_cast<std::uint8_t>(CoverageBasis::log_local)) { return source_detail::damaged("coverage"); }
        if (!std::ranges::binary_search(whole_, batch)) { continue; }
        host.basis = CoverageBasis{basis};
        host.observer = observer_of(name);
        coverage_.push_back(host);
    }
    std::ranges::sort(coverage_, {}, [](const CoveredHost& h) { return std::tuple(h.address, h.observer, h.basis, h.interval.from, h.interval.to); });
    // What the operator says of a host at an observer stands before what was inferred.
    std::vector<CoveredHost> kept;
    for (const CoveredHost& host : coverage_) {
        const bool said = !kept.empty() && kept.back().address == host.address && kept.back().observer == host.observer && kept.back().basis == CoverageBasis::declared;
        if (!said && (kept.empty() || kept.back() != host)) { kept.push_back(host); }
    }
    coverage_ = std::move(kept);
    return {};
}

Result<void> Source::declare(std::span<const DeclaredCoverage> declared) {
    for (const DeclaredCoverage& word : declared) {
        const std::string from = address_literal(word.prefix.address());
        const std::string to = address_literal(source_detail::last_address(word.prefix));
        for (const auto& [table, role] : {std::pair("flows", "client"), std::pair("flows_by_server", "server")}) {
            HW_TRY(const auto answer, http_.read(fmt::format("SELECT DISTINCT observer, {0} FROM {1}.{2} WHERE {0} >= {3} AND {0} <= {4}{5} FORMAT RowBinary", role,
                                                             http_.url().database, table, from, to, unfinished_)));
            for (RowReader in(answer); !in.at_end();) {
                const std::string name(in.text());
                const net::Address host = in.address();
                if (!in.good()) { return source_detail::damaged(table); }
                const auto observer = std::ranges::lower_bound(observers_, name, {}, &Observer::name);
                if (observer == observers_.end() || observer->name != name || (word.observer && *word.observer != name) || !word.prefix.contains(host)) { continue; }
                coverage_.push_back({.address = host, .observer = observer_of(name), .interval = observer->interval, .basis = CoverageBasis::declared});
            }
        }
    }
    return {};
}

ObserverId Source::observer_of(const std::string& name) const {
    // Every import that is whole names its observers; the first stands for one that another hand took away.
    auto at = std::ranges::lower_bound(observers_, name, {}, &Observer::name);
    if (at == observers_.end() || at->name != name) { at = observers_.begin(); }
    return ObserverId{static_cast<std::uint16_t>(at - observers_.begin())};
}

std::string Source::select(std::string_view table, std::string_view where) const {
    return "SELECT " + flow_column_names() + " FROM " + http_.url().database + "." + std::string(table) + " WHERE " + std::string(where) + unfinished_;
}

const Flow* Source::store_row(FlowRow&& row) const {
    auto& place = kept_[{row.batch, row.row}];
    if (!place) {
        row.flow.observer = observer_of(row.observer);
        place = std::make_unique<Flow>(std::move(row.flow));
    }
    return place.get();
}

Result<std::vector<const Flow*>> Source::ask(const std::string& sql) const {
    HW_TRY(const auto answer, http_.read(sql + " FORMAT RowBinary"));
    std::vector<const Flow*> out;
    const std::scoped_lock lock(mutex_);
    for (RowReader in(answer); !in.at_end();) {
        auto row = read_flow_row(in);
        if (!row) { return std::unexpected(std::move(row).error()); }
        if (!std::ranges::binary_search(whole_, row->batch)) { continue; }  // of an import that began after this source was opened
        out.push_back(store_row(std::move(*row)));
    }
    std::ranges::sort(out, source_detail::earlier);
    return out;
}

Result<std::vector<const Flow*>> Source::flows_of(const net::Address& host, Interval interval) const {
    const auto window = partitions_.condition(interval);
    if (!window) { return std::vector<const Flow*>{}; }
    const std::string literal = address_literal(host);
    return ask(select("flows", "client = " + literal + " AND " + *window) + " UNION ALL " +
               select("flows_by_server", "server = " + literal + " AND client != " + literal + " AND " + *window));
}

Result<void> Source::scan(Interval interval, const std::function<bool(const Flow&)>& visit) const {
    for (const Interval& piece : partitions_.pieces(interval, source_detail::kFlowsAPiece)) {
        // What touches the window and begins in this piece touches this stretch, which opens fewer partitions than the window.
        const Time from = std::max(piece.from, interval.from);
        const auto touching = partitions_.condition({from, std::max(from, std::min(piece.to, interval.to))});
        if (!touching) { continue; }
        HW_TRY(const auto flows, ask(select("flows", *touching + " AND first >= " + std::to_string(piece.from.micros()) + " AND first <= " + std::to_string(piece.to.micros()))));
        for (const Flow* flow : flows) {
            if (!visit(*flow)) { return {}; }
        }
    }
    return {};
}

}  // namespace hw::flow::clickhouse
