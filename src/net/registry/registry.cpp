#include "net/registry/registry.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace hw::net {
namespace {
namespace registry_detail {

/// A stretch as one would write it: a prefix where it is one.
std::string text_of(const Address& first, const Address& last) {
    const auto prefixes = prefixes_between(first, last);
    return prefixes.size() == 1 ? to_string(prefixes.front()) : to_string(first) + "-" + to_string(last);
}

std::string text_of(Asn first, Asn last) { return first == last ? to_string(first) : to_string(first) + "-" + to_string(last); }

std::optional<Country> said(const Country& country) { return country.known() ? std::optional(country) : std::nullopt; }

Evidence evidence_of(const std::string& source, const Delegations& of, const Delegation& d, std::string about) {
    return {.kind = EvidenceKind::delegation, .source = source, .line = d.line, .about = std::move(about), .country = said(d.country), .asn = {}, .name = {},
            .registry = std::string(of.registry(d)), .status = std::string(to_string(d.status)), .date = d.date};
}

Evidence evidence_of(const std::string& source, const AsName& name) {
    return {.kind = EvidenceKind::name, .source = source, .line = name.line, .about = to_string(name.asn), .country = said(name.country), .asn = name.asn, .name = name.name,
            .registry = {}, .status = {}, .date = 0};
}

/// The country that all agree on who name one.
class Agreed {
public:
    void add(const std::optional<Country>& country) {
        if (!country) { return; }
        if (country_ && *country_ != *country) { split_ = true; }
        country_ = country;
    }
    [[nodiscard]] bool any() const { return country_.has_value(); }
    [[nodiscard]] std::optional<Country> get() const { return split_ ? std::nullopt : country_; }
    [[nodiscard]] bool split() const { return split_; }

private:
    std::optional<Country> country_;
    bool split_ = false;
};

}  // namespace registry_detail
}  // namespace

std::string_view to_string(EvidenceKind kind) {
    switch (kind) {
        case EvidenceKind::delegation: return "delegation";
        case EvidenceKind::name: return "name";
        case EvidenceKind::announcement: return "announcement";
        case EvidenceKind::geolocation: return "geolocation";
    }
    return "delegation";
}

bool Whose::disagreement() const {
    registry_detail::Agreed agreed;
    for (const Evidence& e : evidence) { agreed.add(e.country); }
    return agreed.split();
}

void Whose::settle() {
    std::ranges::stable_sort(evidence, {}, &Evidence::kind);
    country.reset();
    basis.reset();
    for (const EvidenceKind kind : {EvidenceKind::delegation, EvidenceKind::name}) {
        registry_detail::Agreed agreed;
        for (const Evidence& e : evidence) {
            if (e.kind == kind) { agreed.add(e.country); }
        }
        if (!agreed.any()) { continue; }
        country = agreed.get();
        if (country) { basis = kind; }
        return;
    }
}

void Registry::add(std::string source, Delegations delegations) { delegations_.push_back({std::move(source), std::move(delegations)}); }
void Registry::add(std::string source, AsNames names) { names_.push_back({std::move(source), std::move(names)}); }
void Registry::add(std::string source, GeoTable table) { tables_.push_back({std::move(source), std::move(table)}); }

Whose Registry::of(Asn asn) const {
    using namespace registry_detail;
    Whose whose;
    for (const auto& [source, file] : delegations_) {
        if (const auto* d = file.find(asn)) { whose.evidence.push_back(evidence_of(source, file, d->said, text_of(d->first, d->last))); }
    }
    for (const auto& [source, file] : names_) {
        if (const auto* name = file.find(asn)) { whose.evidence.push_back(evidence_of(source, *name)); }
    }
    whose.settle();
    return whose;
}

void Registry::add_rows(Whose& whose, const Address& address) const {
    for (const auto& [source, table] : tables_) {
        const auto row = table.find(address);
        if (!row) {
            whose.evidence.push_back({.kind = EvidenceKind::geolocation, .source = source, .line = 0, .about = to_string(address), .country = {}, .asn = {}, .name = {}, .registry = {}, .status = "damaged", .date = table.date()});
        } else if (*row) {
            whose.evidence.push_back({.kind = EvidenceKind::geolocation, .source = source, .line = 0, .about = to_string((*row)->network), .country = (*row)->country, .asn = (*row)->asn, .name = (*row)->name,
                                      .registry = {}, .status = {}, .date = table.date()});
        }
    }
}

Whose Registry::of(const Address& address) const {
    using namespace registry_detail;
    Whose whose;
    for (const auto& [source, file] : delegations_) {
        if (const auto* d = file.find(address)) { whose.evidence.push_back(evidence_of(source, file, d->said, text_of(d->first, d->last))); }
    }
    add_rows(whose, address);
    whose.settle();
    return whose;
}

Whose Registry::of(const Prefix& prefix, std::size_t most) const {
    using namespace registry_detail;
    Whose whose;
    for (const auto& [source, file] : delegations_) {
        const auto touching = file.touching(prefix);
        for (std::size_t i = 0; i < std::min(most, touching.size()); ++i) {
            const auto& d = *touching[i];
            whose.evidence.push_back(evidence_of(source, file, d.said, text_of(d.first, d.last)));
        }
    }
    add_rows(whose, prefix.address());
    whose.settle();
    return whose;
}

std::optional<Country> Registry::country(const Address& address) const {
    registry_detail::Agreed agreed;
    for (const auto& [source, file] : delegations_) {
        if (const auto* d = file.find(address)) { agreed.add(registry_detail::said(d->said.country)); }
    }
    return agreed.get();
}

std::optional<Country> Registry::country(Asn asn) const {
    registry_detail::Agreed agreed;
    for (const auto& [source, file] : delegations_) {
        if (const auto* d = file.find(asn)) { agreed.add(registry_detail::said(d->said.country)); }
    }
    if (agreed.any()) { return agreed.get(); }
    for (const auto& [source, file] : names_) {
        if (const auto* name = file.find(asn)) { agreed.add(registry_detail::said(name->country)); }
    }
    return agreed.get();
}

std::string_view Registry::name(Asn asn) const {
    for (const auto& [source, file] : names_) {
        const auto* name = file.find(asn);
        if (name != nullptr && !name->name.empty()) { return name->name; }
    }
    return {};
}

std::optional<Asn> Registry::located_asn(const Address& address) const {
    for (const auto& [source, table] : tables_) {
        const auto row = table.find(address);
        if (row && *row && (*row)->asn) { return (*row)->asn; }
    }
    return std::nullopt;
}

Result<std::vector<CountryAs>> Registry::ases_of(Country country) const {
    using namespace registry_detail;
    std::vector<CountryAs> out;
    std::set<Asn> taken;
    std::size_t looked_at = 0;
    for (const auto& [source, file] : delegations_) {
        for (const AsnDelegation& d : file.asns()) {
            if (d.said.country != country) { continue; }
            for (std::uint32_t n = d.first.number();; ++n) {
                const Asn asn(n);
                if (++looked_at > kMaxCountryAses) {
                    return fail(Errc::limit, fmt::format("more than {} ASes are recorded for {}", kMaxCountryAses, to_string(country)), fmt::format("{}:{}", source, d.said.line), "no country has so many: check the file");
                }
                // Another registry may say otherwise of the same number, or the file of a stretch in this one: then it is nobody's.
                if (this->country(asn) == country && taken.insert(asn).second) { out.push_back({asn, evidence_of(source, file, d.said, text_of(d.first, d.last))}); }
                if (n == d.last.number()) { break; }
            }
        }
    }
    for (const auto& [source, file] : names_) {
        for (const AsName& name : file.all()) {
            if (name.country == country && this->country(name.asn) == country && taken.insert(name.asn).second) { out.push_back({name.asn, evidence_of(source, name)}); }
        }
    }
    std::ranges::sort(out, {}, &CountryAs::asn);
    return out;
}

std::vector<CountryRange> Registry::ranges_of(Country country) const {
    using namespace registry_detail;
    std::vector<CountryRange> out;
    for (const auto& [source, file] : delegations_) {
        for (const AddressDelegation& d : file.addresses()) {
            if (d.said.country == country) { out.push_back({.first = d.first, .last = d.last, .evidence = evidence_of(source, file, d.said, text_of(d.first, d.last))}); }
        }
    }
    std::ranges::stable_sort(out, {}, [](const CountryRange& r) { return std::tuple(!r.first.is_v4(), r.first, r.last); });
    return out;
}

}  // namespace hw::net
