#include "flow/store/survey.hpp"

#include "base/parse.hpp"
#include "flow/coverage.hpp"
#include "flow/rejoin.hpp"
#include "flow/store/files.hpp"
#include "flow/store/source.hpp"
#include "flow/store/words.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <xxhash.h>

namespace hw::flow::store {
namespace {
namespace survey_detail {

constexpr std::string_view kFirstLine = "headwater survey 1\n";
constexpr std::uintmax_t kLongestSurvey = std::uintmax_t{1} << 30U;

using Words = std::span<const std::string_view>;

std::optional<SegmentNotes::Seen> seen_of(Words w) {
    if (w.size() != 5) { return std::nullopt; }
    auto observer = unescaped(w[1]);
    const auto from = parse_integer<std::int64_t>(w[2]);
    const auto to = parse_integer<std::int64_t>(w[3]);
    if (!observer || !from || !to) { return std::nullopt; }
    return SegmentNotes::Seen{.observer = *std::move(observer), .interval = {Time::from_micros(*from), Time::from_micros(*to)}, .tells = w[4] == "tells"};
}

std::optional<Survey::Covered> covered_of(Words w) {
    if (w.size() != 4) { return std::nullopt; }
    const auto address = net::parse_address(w[1]);
    auto observer = unescaped(w[2]);
    const auto basis = parse_integer<unsigned>(w[3]);
    if (!address || !observer || !basis || *basis > static_cast<unsigned>(CoverageBasis::log_local)) { return std::nullopt; }
    return Survey::Covered{.address = *address, .observer = *std::move(observer), .basis = static_cast<CoverageBasis>(*basis)};
}

std::optional<Survey::Starts> starts_of(Words w) {
    if (w.size() != 5) { return std::nullopt; }
    auto a = unescaped(w[1]);
    auto b = unescaped(w[2]);
    const auto apart = parse_integer<std::int64_t>(w[3]);
    const auto shared = parse_integer<std::uint64_t>(w[4]);
    if (!a || !b || !apart || !shared) { return std::nullopt; }
    return Survey::Starts{.a = *std::move(a), .b = *std::move(b), .apart = Duration(*apart), .shared = *shared};
}

/// Takes one line in; false where it is no line of a survey.
bool take_line(Survey& survey, SegmentNotes*& notes, Words w) {
    if (w.empty()) { return false; }
    if (w[0] == "segment" && w.size() == 3) {
        notes = &survey.segments[std::string(w[1])];
        notes->cut_tcp = w[2] == "tcp" || w[2] == "both";
        notes->cut_other = w[2] == "other" || w[2] == "both";
        return true;
    }
    if (w[0] == "seen" && notes != nullptr) {
        auto seen = seen_of(w);
        if (!seen) { return false; }
        notes->seen.push_back(*std::move(seen));
        return true;
    }
    if (w[0] == "holds" && w.size() == 2) {
        const auto key = parse_integer<std::uint64_t>(w[1], 16);
        survey.holds_of = key.value_or(0);
        return key.has_value();
    }
    if (w[0] == "covered") {
        auto covered = covered_of(w);
        if (!covered) { return false; }
        survey.covered.push_back(*std::move(covered));
        return true;
    }
    if (w[0] == "starts") {
        auto starts = starts_of(w);
        if (!starts) { return false; }
        survey.starts.push_back(*std::move(starts));
        return true;
    }
    return false;
}

void write(const std::string& folder, const Survey& survey) {
    const std::string text = render_survey(survey);
    // Without it readers go over the flows themselves: a full disk must not undo the import.
    [[maybe_unused]] const auto written = write_durably(folder, std::string(kSurveyFile), std::as_bytes(std::span(text)));
}

}  // namespace survey_detail
}  // namespace

void NoteTaker::add(const Flow& flow) {
    if (last_ == nullptr || last_id_ != flow.observer) {
        const auto [at, first] = seen_.try_emplace(flow.observer);
        if (first) { at->second.interval = flow.interval(); }
        last_ = &at->second;
        last_id_ = flow.observer;
    }
    last_->interval = {std::min(last_->interval.from, flow.first), std::max(last_->interval.to, flow.last)};
    last_->tells = last_->tells || CoverageGatherer::tells(flow);
    if (rejoining::was_cut(flow)) { (flow.protocol == Protocol::tcp ? notes_.cut_tcp : notes_.cut_other) = true; }
}

SegmentNotes NoteTaker::take(std::span<const std::string> observers) {
    SegmentNotes notes = std::exchange(notes_, {});
    notes.seen.reserve(seen_.size());
    for (auto& [id, one] : seen_) {
        one.observer = observers[static_cast<std::size_t>(id)];
        notes.seen.push_back(std::move(one));
    }
    seen_.clear();
    last_ = nullptr;
    std::ranges::sort(notes.seen, {}, &SegmentNotes::Seen::observer);
    return notes;
}

SegmentNotes notes_of(std::span<const Flow* const> flows, std::span<const std::string> observers) {
    NoteTaker taker;
    for (const Flow* flow : flows) { taker.add(*flow); }
    return taker.take(observers);
}

std::uint64_t segments_key(const Manifest& manifest) {
    std::vector<std::string_view> names;
    names.reserve(manifest.segments.size());
    for (const SegmentEntry& segment : manifest.segments) { names.push_back(segment.file); }
    std::ranges::sort(names);
    std::string all;
    for (const auto name : names) { all.append(name).push_back('\n'); }
    return std::max<std::uint64_t>(1, XXH3_64bits(all.data(), all.size()));
}

std::string render_survey(const Survey& survey) {
    std::string out(survey_detail::kFirstLine);
    for (const auto& [name, notes] : survey.segments) {
        out += fmt::format("segment {} {}\n", name, notes.cut_tcp ? (notes.cut_other ? "both" : "tcp") : notes.cut_other ? "other" : "-");
        for (const auto& seen : notes.seen) {
            out += fmt::format("seen {} {} {} {}\n", escaped(seen.observer), seen.interval.from.micros(), seen.interval.to.micros(), seen.tells ? "tells" : "-");
        }
    }
    out += fmt::format("holds {:016x}\n", survey.holds_of);
    for (const auto& c : survey.covered) { out += fmt::format("covered {} {} {}\n", net::to_string(c.address), escaped(c.observer), static_cast<unsigned>(c.basis)); }
    for (const auto& s : survey.starts) { out += fmt::format("starts {} {} {} {}\n", escaped(s.a), escaped(s.b), s.apart.count(), s.shared); }
    out += fmt::format("sum {:016x}\n", XXH3_64bits(out.data(), out.size()));
    return out;
}

Survey parse_survey(std::string_view text) {
    using namespace survey_detail;
    const auto last = text.rfind("sum ");
    if (!text.starts_with(kFirstLine) || last == std::string_view::npos || text.substr(last) != fmt::format("sum {:016x}\n", XXH3_64bits(text.data(), last))) { return {}; }
    Survey survey;
    SegmentNotes* notes = nullptr;
    for (std::string_view rest = text.substr(kFirstLine.size(), last - kFirstLine.size()); !rest.empty();) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos || !take_line(survey, notes, words_of(rest.substr(0, end)))) { return {}; }
        rest = rest.substr(end + 1);
    }
    return survey;
}

Survey read_survey(const std::string& folder, const Manifest& manifest) {
    const std::string path = folder + "/" + std::string(kSurveyFile);
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error || size > survey_detail::kLongestSurvey) { return {}; }
    std::ifstream stream(path, std::ios::binary);
    std::string text(size, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, stream.gcount())));
    Survey survey = parse_survey(text);
    std::set<std::string_view> named;
    for (const SegmentEntry& segment : manifest.segments) { named.insert(segment.file); }
    std::erase_if(survey.segments, [&](const auto& one) { return !named.contains(one.first); });
    return survey;
}

void add_notes(const std::string& folder, const Manifest& manifest, const std::map<std::string, SegmentNotes, std::less<>>& notes) {
    Survey survey = read_survey(folder, manifest);
    for (const auto& [name, of] : notes) { survey.segments.insert_or_assign(name, of); }
    survey_detail::write(folder, survey);
}

void keep_survey(const std::string& folder) {
    const auto source = StoreSource::open(folder, {});
    if (source && read_survey(folder, (*source)->store().manifest()) != (*source)->survey()) { survey_detail::write(folder, (*source)->survey()); }
}

}  // namespace hw::flow::store
