#include "route/graph/relationships.hpp"

#include "base/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace hw::route {
namespace {
namespace relationships_detail {

constexpr std::size_t kCliqueMost = 1'000;
enum Kind : std::uint8_t { lower_sells, higher_sells, peers };

std::optional<net::Asn> number_of(std::string_view text) {
    const auto value = parse_integer<std::uint32_t>(text);
    if (!value || *value == 0) { return std::nullopt; }
    return net::Asn(*value);
}

std::string_view field(std::string_view& rest) {
    const std::size_t bar = rest.find('|');
    const std::string_view out = rest.substr(0, bar);
    rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
    return out;
}

}  // namespace relationships_detail
}  // namespace

std::string_view to_string(LinkFault fault) {
    switch (fault) {
        case LinkFault::form: return "form";
        case LinkFault::number: return "number";
        case LinkFault::relation: return "relation";
        case LinkFault::self_link: return "self_link";
        case LinkFault::mirrored: return "mirrored";
        case LinkFault::duplicate: return "duplicate";
        case LinkFault::conflict: return "conflict";
        case LinkFault::line_length: return "line_length";
    }
    return "form";
}

void RelationshipReader::count(LinkFault fault, std::uint64_t offset) {
    auto& counted = out_.report.faults[static_cast<std::size_t>(fault)];
    if (counted.lines < RelationshipReport::kOffsets) { counted.first_offsets[counted.lines] = offset; }
    ++counted.lines;
}

void RelationshipReader::comment(std::string_view text) {
    ++out_.report.comments;
    constexpr std::string_view kInferred = "# inferred clique:";
    constexpr std::string_view kInput = "# input clique:";
    if (text.starts_with(kInferred)) {
        text.remove_prefix(kInferred.size());
    } else if (text.starts_with(kInput)) {
        text.remove_prefix(kInput.size());
    } else {
        return;
    }
    while (!text.empty() && out_.clique.size() < relationships_detail::kCliqueMost) {
        const std::size_t blank = text.find(' ');
        const auto asn = relationships_detail::number_of(text.substr(0, blank));
        if (asn && std::ranges::find(out_.clique, *asn) == out_.clique.end()) { out_.clique.push_back(*asn); }
        text = blank == std::string_view::npos ? std::string_view{} : text.substr(blank + 1);
    }
}

Result<void> RelationshipReader::link(std::string_view text, std::uint64_t offset) {
    using namespace relationships_detail;
    std::string_view rest = text;
    const auto bars = std::ranges::count(text, '|');
    if (bars != 2 && bars != 3) {
        count(LinkFault::form, offset);
        return {};
    }
    const auto first = number_of(field(rest));
    const auto second = number_of(field(rest));
    const auto relation = parse_integer<int>(field(rest));
    if (!first || !second) {
        count(LinkFault::number, offset);
        return {};
    }
    if (!relation || *relation < -1 || *relation > 1) {
        count(LinkFault::relation, offset);
        return {};
    }
    if (*first == *second) {
        count(LinkFault::self_link, offset);
        return {};
    }
    if (*relation == 1) {
        count(LinkFault::mirrored, offset);
        return {};
    }
    const auto [lower, higher] = std::minmax(*first, *second);
    const std::uint64_t key = (std::uint64_t{lower.number()} << 32U) | higher.number();
    const Kind kind = *relation == 0 ? peers : *first == lower ? lower_sells : higher_sells;
    if (const auto found = seen_.find(key); found != seen_.end()) {
        count(found->second == kind ? LinkFault::duplicate : LinkFault::conflict, offset);
        return {};
    }
    if (out_.links.size() >= limits_.links) {
        return fail(Errc::limit, fmt::format("more than {} links between ASes", limits_.links), fmt::format("byte {}", offset));
    }
    seen_.emplace(key, kind);
    out_.links.push_back(kind == peers ? AsLink{lower, higher, Relation::peer} : AsLink{*first, *second, Relation::provider_customer});
    return {};
}

Result<void> RelationshipReader::line(std::string_view text, std::uint64_t offset) {
    if (text.empty()) { return {}; }
    ++out_.report.lines;
    if (text.starts_with('#')) {
        comment(text);
        return {};
    }
    return link(text, offset);
}

Result<void> RelationshipReader::feed(std::string_view block) {
    return lines_.feed(
        block, [this](std::string_view text, std::uint64_t offset) { return line(text, offset); },
        [this](std::uint64_t offset) {
            ++out_.report.lines;
            count(LinkFault::line_length, offset);
        });
}

Result<Relationships> RelationshipReader::finish() && {
    HW_CHECK(lines_.finish([this](std::string_view text, std::uint64_t offset) { return line(text, offset); }));
    if (out_.links.empty() && out_.report.lines > out_.report.comments) {
        return fail(Errc::malformed, "no line is a link between two ASes", "byte 0", "CAIDA's serial-1 form is wanted: provider|customer|-1 or peer|peer|0");
    }
    return std::move(out_);
}

Result<Relationships> parse_relationships(std::string_view text, RelationshipLimits limits) {
    RelationshipReader reader(limits);
    HW_CHECK(reader.feed(text));
    return std::move(reader).finish();
}

std::string to_text(const Relationships& relationships) {
    std::string out;
    auto to = std::back_inserter(out);
    if (!relationships.clique.empty()) {
        out += "# inferred clique:";
        for (const net::Asn asn : relationships.clique) { fmt::format_to(to, " {}", asn.number()); }
        out += '\n';
    }
    for (const AsLink& link : relationships.links) {
        fmt::format_to(to, "{}|{}|{}\n", link.first.number(), link.second.number(), link.relation == Relation::peer ? 0 : -1);
    }
    return out;
}

}  // namespace hw::route
