#include "flow/read/zeek_tsv.hpp"

#include "base/parse.hpp"
#include "base/text.hpp"
#include "flow/read/zeek_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace hw::flow::read::zeek {
namespace {
namespace tsv_detail {

constexpr std::size_t kMostColumns = 1024;

/// A column that means something to us.
struct Column {
    std::size_t index = 0;
    Field field = Field::ignored;
};

/// What the header lines said last.
struct Header {
    char separator = '\t';
    std::string empty = "(empty)";
    std::string unset = "-";
    std::string path;
    std::vector<std::string> fields;
    std::vector<std::string> types;
    std::vector<Column> used;  ///< In order of the columns.
    bool known = false;        ///< There was a `#fields` line.
    bool usable = false;       ///< The columns are there without which there is no connection.

    [[nodiscard]] bool is_connections() const;
    void work_out();
};

bool Header::is_connections() const {
    if (!path.empty()) { return is_connection_log(path); }
    // No `#path` line (cut away): the columns tell.
    return std::ranges::find(fields, "conn_state") != fields.end() || std::ranges::find(fields, "orig_pkts") != fields.end();
}

/// Whether a column of Zeek type `type` can hold what we would read from it.
bool type_fits(Field field, std::string_view type) {
    switch (field) {
        case Field::orig_h:
        case Field::resp_h: return type == "addr" || type == "string";
        case Field::local_orig:
        case Field::local_resp: return type == "bool";
        case Field::uid:
        case Field::proto:
        case Field::conn_state:
        case Field::history:
        case Field::log_name: return type == "string" || type == "enum";
        default: return type == "time" || type == "interval" || type == "count" || type == "int" || type == "port" || type == "double";
    }
}

void Header::work_out() {
    used.clear();
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const Field field = field_by_name(fields[i]);
        if (field == Field::ignored || field == Field::log_name || (i < types.size() && !type_fits(field, types[i]))) { continue; }
        used.push_back({i, field});
    }
    const auto has = [&](Field field) { return std::ranges::any_of(used, [&](const Column& column) { return column.field == field; }); };
    usable = (has(Field::ts) || has(Field::timestamp)) && has(Field::orig_h) && has(Field::resp_h) && (has(Field::proto) || has(Field::ip_proto));
}

/// The ends of the first `ends.size()` fields of a line, of which `kLinePadding` bytes past the end may be read. Returns
/// how many there are.
std::size_t split(std::string_view line, char separator, std::span<std::uint32_t> ends) {
    std::size_t count = 0;
    std::size_t at = 0;
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi8(separator);
    for (; at + 16 <= line.size(); at += 16) {
        const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(line.data() + at)));
        auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
        for (; mask != 0; mask &= mask - 1) {
            ends[count++] = static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(std::countr_zero(mask));
            if (count == ends.size()) { return count; }
        }
    }
#endif
    for (; at < line.size(); ++at) {
        if (line[at] == separator) {
            ends[count++] = static_cast<std::uint32_t>(at);
            if (count == ends.size()) { return count; }
        }
    }
    ends[count++] = static_cast<std::uint32_t>(line.size());
    return count;
}

std::vector<std::string> split_names(std::string_view text, char separator) {
    std::vector<std::string> names;
    while (names.size() < kMostColumns) {
        const std::size_t end = text.find(separator);
        names.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) { break; }
        text.remove_prefix(end + 1);
    }
    return names;
}

/// Reads one file.
class Reader {
public:
    Reader(Connections& connections, ReadReport& report) : connections_(connections), report_(report) {}

    void take(const Line& line) {
        if (line.too_long) {
            report_.skip("line longer than 1 MiB", line.offset);
        } else if (line.text.starts_with('#')) {
            read_header(line.text);
        } else if (!line.text.empty()) {
            read_row(line);
        }
    }

    /// The verdict on the file, once all lines are taken.
    [[nodiscard]] Result<void> finish() const {
        if (report_.records > 0 || (connection_headers_ > 0 && report_.skipped.empty())) { return {}; }
        if (connection_headers_ > 0 && other_log_.empty()) {
            const auto& [reason, skipped] = *report_.skipped.begin();
            return fail(Errc::malformed, fmt::format("no line could be read as a Zeek conn record ({})", reason),
                        fmt::format("{}:{}", report_.path, skipped.first_offsets.front()), "the lines must have the columns that #fields names");
        }
        if (!other_log_.empty()) {
            return fail(Errc::unsupported, fmt::format("this is a Zeek {} log; only conn logs tell of connections", printable(other_log_)), report_.path,
                        "give the conn.log of the same sensor");
        }
        if (headers_ == 0) {
            return fail(Errc::malformed, "a Zeek log without a #fields line, so its columns are not known", report_.path + ":0",
                        "put the header lines of the same log before it");
        }
        return fail(Errc::malformed, "the #fields line does not name ts, id.orig_h, id.resp_h and proto", report_.path + ":0",
                    "a conn log must hold these columns");
    }

private:
    void read_header(std::string_view line) {
        constexpr std::string_view kSeparator = "#separator ";
        if (line.starts_with(kSeparator)) {
            header_ = Header();
            const std::string text = unescape(line.substr(kSeparator.size()));
            if (text.size() == 1) { header_.separator = text.front(); }
            return;
        }
        const std::size_t end = line.find(header_.separator);
        const std::string_view name = line.substr(0, end);
        const std::string_view value = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
        if (name == "#empty_field") {
            header_.empty = unescape(value);
        } else if (name == "#unset_field") {
            header_.unset = unescape(value);
        } else if (name == "#path") {
            header_.path = unescape(value);
        } else if (name == "#fields") {
            header_.fields = split_names(value, header_.separator);
            header_.types.clear();
            header_.known = true;
            header_.work_out();
            ++headers_;
        } else if (name == "#types") {
            header_.types = split_names(value, header_.separator);
            header_.work_out();
        }
        if (name == "#fields" || name == "#path") {
            if (header_.known && !header_.is_connections()) { other_log_ = header_.path.empty() ? "other" : header_.path.substr(0, 64); }
            if (header_.known && header_.is_connections() && header_.usable) { ++connection_headers_; }
        }
    }

    void read_row(const Line& line) {
        if (!header_.known) { return report_.skip("line before any header", line.offset); }
        if (!header_.is_connections()) { return report_.skip("line of another Zeek log", line.offset); }
        if (!header_.usable) { return report_.skip("line under a header without the columns needed", line.offset); }
        const std::size_t wanted = header_.used.back().index + 1;
        const std::size_t found = split(line.text, header_.separator, std::span(ends_).first(wanted));
        // A last line without its end may have lost the rest of its last value.
        const bool cut = !line.ended && (found < wanted || wanted == header_.fields.size());
        if (cut) {
            report_.damaged_tail = true;
            return report_.skip("last line is cut off", line.offset);
        }
        if (found < wanted) { return report_.skip("too few columns", line.offset); }

        const bool escapes = line.text.find('\\') != std::string_view::npos;
        if (escapes) { unescaped_.assign(header_.used.size(), {}); }
        ConnRecord record;
        for (std::size_t i = 0; i < header_.used.size(); ++i) {
            const Column column = header_.used[i];
            const std::size_t start = column.index == 0 ? 0 : ends_[column.index - 1] + 1;
            std::string_view text = line.text.substr(start, ends_[column.index] - start);
            if (text == header_.unset || text == header_.empty) { continue; }
            if (escapes && text.find('\\') != std::string_view::npos) {
                unescaped_[i] = unescape(text);
                text = unescaped_[i];
            }
            record.set(column.field, text);
        }
        if (const std::string_view fault = record.fault(); !fault.empty()) { return report_.skip(fault, line.offset); }
        connections_.add(record, line.offset, report_);
    }

    Connections& connections_;
    ReadReport& report_;
    Header header_;
    std::size_t headers_ = 0;
    std::size_t connection_headers_ = 0;
    std::string other_log_;
    std::array<std::uint32_t, kMostColumns> ends_{};
    std::vector<std::string> unescaped_;
};

}  // namespace tsv_detail
}  // namespace

std::string unescape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        if (text.starts_with("\\x") && text.size() >= 4) {
            if (const auto byte = parse_integer<std::uint8_t>(text.substr(2, 2), 16)) {
                out.push_back(static_cast<char>(*byte));
                text.remove_prefix(4);
                continue;
            }
        }
        if (text.starts_with("\\\\")) { text.remove_prefix(1); }
        out.push_back(text.front());
        text.remove_prefix(1);
    }
    return out;
}

Result<void> read_tsv(ByteSource& bytes, Connections& connections, const std::stop_token& stop, ReadReport& report) {
    report.format = "zeek-tsv";
    tsv_detail::Reader reader(connections, report);
    return read_lines(bytes, reader, stop);
}

}  // namespace hw::flow::read::zeek
