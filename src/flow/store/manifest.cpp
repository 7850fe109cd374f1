#include "flow/store/manifest.hpp"

#include "base/parse.hpp"
#include "flow/store/words.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <xxhash.h>

namespace hw::flow::store {
namespace {
namespace manifest_detail {

constexpr std::string_view kFirstLine = "headwater store ";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kVersionWithAhead = "2";  // written only where there are such lines: older readers know the first

bool is_segment_name(std::string_view name) {
    constexpr std::string_view kEnd = ".segment";
    if (!name.ends_with(kEnd) || name.size() == kEnd.size()) { return false; }
    return std::ranges::all_of(name.substr(0, name.size() - kEnd.size()), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<SegmentEntry> segment_of(std::span<const std::string_view> w) {
    if (w.size() != 8 || !is_segment_name(w[1])) { return std::nullopt; }
    const auto bytes = parse_integer<std::uint64_t>(w[2]);
    const auto rows = parse_integer<std::uint32_t>(w[3]);
    const auto first = parse_integer<std::int64_t>(w[4]);
    const auto first_last = parse_integer<std::int64_t>(w[5]);
    const auto last = parse_integer<std::int64_t>(w[6]);
    const auto longest = parse_integer<std::int64_t>(w[7]);
    if (!bytes || !rows || !first || !first_last || !last || !longest) { return std::nullopt; }
    return SegmentEntry{.file = std::string(w[1]), .bytes = *bytes,
                        .facts = {.rows = *rows, .first = Time::from_micros(*first), .first_last = Time::from_micros(*first_last), .last = Time::from_micros(*last), .longest = Duration(*longest)}};
}

std::optional<ImportedInput> input_of(std::span<const std::string_view> w) {
    if (w.size() < 6 || w.size() > 7 || w[1].size() != 64) { return std::nullopt; }
    auto format = unescaped(w[2]);
    const auto bytes = parse_integer<std::uint64_t>(w[3]);
    const auto records = parse_integer<std::uint64_t>(w[4]);
    auto path = unescaped(w[5]);
    auto note = w.size() == 7 ? unescaped(w[6]) : std::string();
    if (!format || !bytes || !records || !path || !note) { return std::nullopt; }
    return ImportedInput{.sha256 = std::string(w[1]), .format = *std::move(format), .bytes = *bytes, .records = *records, .path = *std::move(path), .note = *std::move(note)};
}

}  // namespace manifest_detail
}  // namespace

bool is_ahead_name(std::string_view name) {
    if (!name.ends_with(kAheadEnd) || name.size() == kAheadEnd.size() || name.size() > 100) { return false; }
    return std::ranges::all_of(name.substr(0, name.size() - kAheadEnd.size()), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'; });
}

std::string render_manifest(const Manifest& manifest) {
    using namespace manifest_detail;
    std::string out = fmt::format("{}{}\nnext {}\n", kFirstLine, manifest.ahead.empty() ? kVersion : kVersionWithAhead, manifest.next);
    for (const SegmentEntry& s : manifest.segments) {
        out += fmt::format("segment {} {} {} {} {} {} {}\n", s.file, s.bytes, s.facts.rows, s.facts.first.micros(), s.facts.first_last.micros(), s.facts.last.micros(),
                           s.facts.longest.count());
    }
    for (const ImportedInput& i : manifest.inputs) {
        const std::string note = i.note.empty() ? std::string() : " " + escaped(i.note);
        out += fmt::format("input {} {} {} {} {}{}\n", i.sha256, escaped(i.format), i.bytes, i.records, escaped(i.path), note);
    }
    for (const std::string& name : manifest.ahead) { out += fmt::format("ahead {}\n", name); }
    out += fmt::format("sum {:016x}\n", XXH3_64bits(out.data(), out.size()));
    return out;
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& where) {
    using namespace manifest_detail;
    const std::string hint = "the store's other files are as they were; bring the manifest back from a backup";
    if (!text.starts_with(kFirstLine)) { return fail(Errc::malformed, "no manifest of a store", where, hint); }
    const auto version = text.substr(kFirstLine.size(), text.find('\n') - kFirstLine.size());
    if (version != kVersion && version != kVersionWithAhead) { return fail(Errc::unsupported, "a store of another version", where, "a later headwater may have written it"); }
    const auto last = text.rfind("sum ");
    if (last == std::string_view::npos || text.substr(last) != fmt::format("sum {:016x}\n", XXH3_64bits(text.data(), last))) {
        return fail(Errc::malformed, "the manifest of the store is damaged", where, hint);
    }
    Manifest manifest;
    std::string_view rest = text.substr(text.find('\n') + 1, last - text.find('\n') - 1);
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        const auto words = words_of(rest.substr(0, end));
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        bool good = false;
        if (words.size() == 2 && words[0] == "next") {
            const auto next = parse_integer<std::uint64_t>(words[1]);
            good = next.has_value();
            manifest.next = next.value_or(1);
        } else if (!words.empty() && words[0] == "segment") {
            auto segment = segment_of(words);
            good = segment.has_value();
            if (segment) { manifest.segments.push_back(*std::move(segment)); }
        } else if (!words.empty() && words[0] == "input") {
            auto input = input_of(words);
            good = input.has_value();
            if (input) { manifest.inputs.push_back(*std::move(input)); }
        } else if (words.size() == 2 && words[0] == "ahead" && version == kVersionWithAhead && is_ahead_name(words[1])) {
            good = true;
            manifest.ahead.emplace_back(words[1]);
        }
        if (!good) { return fail(Errc::malformed, "the manifest of the store is damaged", where, hint); }
    }
    return manifest;
}

}  // namespace hw::flow::store
