#include "net/registry/as_names.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::net {

namespace {
namespace as_names_detail {

std::optional<std::size_t> column(const std::vector<std::string>& header, std::string_view name) {
    const auto at = std::ranges::find(header, name);
    return at == header.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - header.begin()));
}

}  // namespace as_names_detail
}  // namespace

std::optional<std::vector<std::string>> csv_fields(std::string_view line) {
    std::vector<std::string> fields(1);
    bool quoted = false, closed = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        std::string& field = fields.back();
        if (quoted) {
            if (c != '"') { field += c; }
            else if (i + 1 < line.size() && line[i + 1] == '"') { field += line[++i]; }
            else {
                quoted = false;
                closed = true;
            }
        } else if (c == ',') {
            fields.emplace_back();
            closed = false;
        } else if (closed) {
            return std::nullopt;
        } else if (c == '"' && field.empty()) {
            quoted = true;
        } else {
            field += c;
        }
    }
    if (quoted) { return std::nullopt; }
    return fields;
}

const AsName* AsNames::find(Asn asn) const {
    const auto at = std::ranges::lower_bound(names_, asn, {}, &AsName::asn);
    return at != names_.end() && at->asn == asn ? &*at : nullptr;
}

Result<void> AsNameReader::line(std::string_view text, std::uint64_t offset) {
    using as_names_detail::column;
    ++line_;
    if (text.empty() || text.starts_with('#')) { return {}; }
    auto fields = csv_fields(text);
    if (!columns_) {
        const auto header = fields.value_or(std::vector<std::string>{});
        const auto asn = column(header, "asn"), name = column(header, "name"), cc = column(header, "cc");
        if (!asn || !name) { return fail(Errc::malformed, "the first line does not name the columns asn and name", fmt::format("byte {}", offset), "wanted: asn,name,cc"); }
        columns_ = Columns{.asn = *asn, .name = *name, .country = cc ? cc : column(header, "country")};
        return {};
    }
    if (!fields || fields->size() <= std::max({columns_->asn, columns_->name, columns_->country.value_or(0)})) {
        report_->skip("not as many fields as the first line names", offset);
        return {};
    }
    const auto asn = parse_asn((*fields)[columns_->asn]);
    if (!asn) {
        report_->skip("the AS number is none", offset);
        return {};
    }
    std::string& name = (*fields)[columns_->name];
    if (name.size() > kLongestName) {
        report_->skip("the name is too long", offset);
        return {};
    }
    Country country;
    if (columns_->country && !(*fields)[*columns_->country].empty()) {
        const auto parsed = Country::parse((*fields)[*columns_->country]);
        if (!parsed) { report_->note("a country is not two letters, and taken as not said", offset); }
        country = parsed.value_or(Country());
    }
    if (out_.names_.size() >= kMaxNames) { return fail(Errc::limit, fmt::format("more than {} names", kMaxNames), fmt::format("byte {}", offset)); }
    out_.names_.push_back({.asn = *asn, .name = std::move(name), .country = country, .line = line_});
    ++report_->records;
    return {};
}

Result<void> AsNameReader::feed(std::string_view block) {
    return lines_.feed(
        block, [this](std::string_view text, std::uint64_t offset) { return line(text, offset); },
        [this](std::uint64_t offset) {
            ++line_;
            report_->skip("the line is too long", offset);
        });
}

Result<AsNames> AsNameReader::finish() && {
    HW_CHECK(lines_.finish([this](std::string_view text, std::uint64_t offset) { return line(text, offset); }));
    if (out_.names_.empty()) { return fail(Errc::malformed, "there is no AS in it", "byte 0", "wanted: a line asn,name,cc and one such line an AS"); }
    std::ranges::stable_sort(out_.names_, {}, &AsName::asn);
    const auto twice = std::ranges::unique(out_.names_, {}, &AsName::asn);
    out_.names_.erase(twice.begin(), twice.end());
    return std::move(out_);
}

bool looks_like_as_names(std::string_view head) {
    while (!head.empty()) {
        const std::size_t end = head.find('\n');
        std::string_view text = head.substr(0, end);
        head = end == std::string_view::npos ? std::string_view{} : head.substr(end + 1);
        if (text.ends_with('\r')) { text.remove_suffix(1); }
        if (text.empty() || text.starts_with('#')) { continue; }
        const auto fields = text.size() <= 4096 ? csv_fields(text) : std::nullopt;
        return fields && as_names_detail::column(*fields, "asn") && as_names_detail::column(*fields, "name");
    }
    return false;
}

}  // namespace hw::net
