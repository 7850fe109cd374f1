#include "net/registry/delegations.hpp"

#include "base/parse.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace hw::net {
namespace {
namespace delegations_detail {

constexpr std::size_t kFieldsMost = 9;

/// The fields of a line between bars; those after the ninth are of no interest.
std::size_t split(std::string_view text, std::array<std::string_view, kFieldsMost>& fields) {
    std::size_t n = 0;
    while (n < kFieldsMost) {
        const std::size_t bar = text.find('|');
        fields[n++] = text.substr(0, bar);
        if (bar == std::string_view::npos) { break; }
        text.remove_prefix(bar + 1);
    }
    return n;
}

bool is_version(std::string_view field) { return !field.empty() && std::ranges::all_of(field, [](char c) { return (c >= '0' && c <= '9') || c == '.'; }); }
bool is_registry(std::string_view field) {
    return !field.empty() && field.size() <= 16 && std::ranges::all_of(field, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}
bool is_type(std::string_view field) { return field == "asn" || field == "ipv4" || field == "ipv6"; }

std::optional<DelegationStatus> status_of(std::string_view word) {
    for (const auto status : {DelegationStatus::allocated, DelegationStatus::assigned, DelegationStatus::available, DelegationStatus::reserved}) {
        if (word == to_string(status)) { return status; }
    }
    return std::nullopt;
}

/// A date as YYYYMMDD; 0 for none (empty, or the `00000000` of some registries); nothing where it is no date.
std::optional<std::uint32_t> date_of(std::string_view text) {
    if (text.empty()) { return 0; }
    const auto value = parse_integer<std::uint32_t>(text);
    if (!value || text.size() != 8) { return std::nullopt; }
    if (*value == 0) { return 0; }
    const std::uint32_t month = *value / 100 % 100, day = *value % 100;
    if (month < 1 || month > 12 || day < 1 || day > 31) { return std::nullopt; }
    return value;
}

bool before(const AddressDelegation& a, const AddressDelegation& b) {
    return std::tuple(!a.first.is_v4(), a.first, b.last, a.said.line) < std::tuple(!b.first.is_v4(), b.first, a.last, b.said.line);
}

}  // namespace delegations_detail
}  // namespace

std::string_view to_string(DelegationStatus status) {
    switch (status) {
        case DelegationStatus::allocated: return "allocated";
        case DelegationStatus::assigned: return "assigned";
        case DelegationStatus::available: return "available";
        case DelegationStatus::reserved: return "reserved";
    }
    return "available";
}

const AddressDelegation* Delegations::find(const Address& address) const {
    const std::uint32_t at = address_index_.find(address);
    return at == Stretches::kNone ? nullptr : &addresses_[at];
}

const AsnDelegation* Delegations::find(Asn asn) const {
    const std::uint32_t at = asn_index_.find(Address::v4(asn.number()));
    return at == Stretches::kNone ? nullptr : &asns_[at];
}

std::vector<const AddressDelegation*> Delegations::touching(const Prefix& prefix) const {
    std::vector<const AddressDelegation*> found;
    const Address last = last_address(prefix);
    for (const AddressDelegation& d : addresses_) {
        if (d.first.is_v4() == prefix.is_v4() && d.first <= last && d.last >= prefix.address()) { found.push_back(&d); }
    }
    return found;
}

Result<void> Delegations::index() {
    std::ranges::sort(addresses_, delegations_detail::before);
    std::ranges::stable_sort(asns_, {}, &AsnDelegation::first);
    std::vector<Stretches::Stretch> stretches;
    stretches.reserve(addresses_.size());
    for (const AddressDelegation& d : addresses_) { stretches.emplace_back(d.first, d.last); }
    HW_TRY(address_index_, Stretches::build(stretches));
    stretches.clear();
    for (const AsnDelegation& d : asns_) { stretches.emplace_back(Address::v4(d.first.number()), Address::v4(d.last.number())); }
    HW_TRY(asn_index_, Stretches::build(stretches));
    return {};
}

std::optional<Delegation> DelegationReader::said_by(std::span<const std::string_view> fields, std::uint64_t offset) {
    using namespace delegations_detail;
    Delegation said{.registry = 0, .status = {}, .country = {}, .date = 0, .line = line_};
    const auto status = status_of(fields[6]);
    if (!status) {
        report_->skip("the status is none of allocated, assigned, available and reserved", offset);
        return std::nullopt;
    }
    said.status = *status;
    const auto date = date_of(fields[5]);
    if (!date) { report_->note("a date is none, and taken as not said", offset); }
    said.date = date.value_or(0);
    if (!fields[1].empty()) {
        const auto country = Country::parse(fields[1]);
        if (!country) {
            report_->skip("the country is not two letters", offset);
            return std::nullopt;
        }
        said.country = *country;
    }
    const auto known = std::ranges::find(out_.registries_, fields[0]);
    if (known == out_.registries_.end() && out_.registries_.size() >= kMaxRegistries) {
        report_->skip("there are not so many registries", offset);
        return std::nullopt;
    }
    said.registry = static_cast<std::uint8_t>(known - out_.registries_.begin());
    if (known == out_.registries_.end()) { out_.registries_.emplace_back(fields[0]); }
    return said;
}

void DelegationReader::record(std::span<const std::string_view> fields, std::uint64_t offset) {
    using namespace delegations_detail;
    const auto value = parse_integer<std::uint64_t>(fields[4]);
    if (fields[2] == "asn") {
        const auto first = parse_integer<std::uint32_t>(fields[3]);
        if (!first || !value || *value == 0 || *value > (std::uint64_t{1} << 32U) - *first) {
            report_->skip("the AS numbers are none", offset);
            return;
        }
        const auto said = said_by(fields, offset);
        if (said) { out_.asns_.push_back({.first = Asn(*first), .last = Asn(static_cast<std::uint32_t>(*first + *value - 1)), .said = *said}); }
        return;
    }
    const bool v4 = fields[2] == "ipv4";
    const auto first = parse_address(fields[3]);
    if (!first || first->is_v4() != v4 || !value) {
        report_->skip("the addresses are none", offset);
        return;
    }
    Address last;
    if (v4) {
        if (*value == 0 || *value > (std::uint64_t{1} << 32U) - first->v4_bits()) {
            report_->skip("so many addresses do not come after the first", offset);
            return;
        }
        last = Address::v4(static_cast<std::uint32_t>(first->v4_bits() + *value - 1));
    } else {
        const auto prefix = *value <= 128 ? Prefix::make(*first, static_cast<unsigned>(*value)) : fail(Errc::malformed, "length");
        if (!prefix || prefix->address() != *first) {
            report_->skip("the first address and the length make no prefix", offset);
            return;
        }
        last = last_address(*prefix);
    }
    const auto said = said_by(fields, offset);
    if (said) { out_.addresses_.push_back({.first = *first, .last = last, .said = *said}); }
}

Result<void> DelegationReader::line(std::string_view text, std::uint64_t offset) {
    using namespace delegations_detail;
    ++line_;
    ends_at_ = offset + text.size();
    if (text.empty() || text.starts_with('#')) { return {}; }
    std::array<std::string_view, kFieldsMost> fields;
    const std::size_t n = split(text, fields);
    if (n >= 6 && is_version(fields[0])) {  // version|registry|serial|records|startdate|enddate|UTCoffset
        promised_ += parse_integer<std::uint64_t>(fields[3]).value_or(0);
        return {};
    }
    if (n >= 6 && fields[1] == "*" && fields[5] == "summary") { return {}; }
    if (n < 7 || !is_registry(fields[0]) || !is_type(fields[2])) {
        report_->skip("not registry|country|type|start|value|date|status", offset);
        return {};
    }
    if (out_.size() >= kMaxRecords) { return fail(Errc::limit, fmt::format("more than {} records", kMaxRecords), fmt::format("byte {}", offset), "give it in several files"); }
    const std::size_t had = out_.size();
    record(std::span(fields).first(n), offset);
    report_->records += out_.size() - had;
    return {};
}

Result<void> DelegationReader::feed(std::string_view block) {
    return lines_.feed(
        block, [this](std::string_view text, std::uint64_t offset) { return line(text, offset); },
        [this](std::uint64_t offset) {
            ++line_;
            report_->skip("the line is too long", offset);
        });
}

Result<Delegations> DelegationReader::finish() && {
    HW_CHECK(lines_.finish([this](std::string_view text, std::uint64_t offset) { return line(text, offset); }));
    if (out_.size() == 0) { return fail(Errc::malformed, "there is no record of a registry", "byte 0", "wanted: delegated-apnic-latest and its like, registry|country|type|start|value|date|status"); }
    if (out_.size() + report_->skipped_total() < promised_) { report_->note("there are fewer records than the first line says; the file may be cut off", ends_at_); }
    HW_CHECK(out_.index());
    return std::move(out_);
}

bool looks_like_delegations(std::string_view head) {
    using namespace delegations_detail;
    while (!head.empty()) {
        const std::size_t end = head.find('\n');
        std::string_view text = head.substr(0, end);
        head = end == std::string_view::npos ? std::string_view{} : head.substr(end + 1);
        if (text.ends_with('\r')) { text.remove_suffix(1); }
        if (text.empty() || text.starts_with('#')) { continue; }
        std::array<std::string_view, kFieldsMost> fields;
        const std::size_t n = split(text, fields);
        if (n >= 6 && is_version(fields[0]) && is_registry(fields[1])) { return true; }
        return n >= 6 && is_registry(fields[0]) && is_type(fields[2]);
    }
    return false;
}

}  // namespace hw::net
