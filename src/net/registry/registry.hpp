#pragma once

#include "net/registry/as_names.hpp"
#include "net/registry/delegations.hpp"
#include "net/registry/geo_table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hw::net {

/// What a piece of evidence is, the weightiest first.
enum class EvidenceKind : std::uint8_t {
    delegation,    ///< A registry's own record of whom it gave the numbers to.
    name,          ///< Somebody's table of names of ASes.
    announcement,  ///< Who tells the world that the way to it leads to him: whose network it is in fact, not on paper.
    geolocation,   ///< A guess where it is used. Never settles a country.
};
/// `delegation`, `name`, `announcement`, `geolocation`.
[[nodiscard]] std::string_view to_string(EvidenceKind kind);

/// One thing that one source says about whose an address or AS is.
struct Evidence {
    EvidenceKind kind = EvidenceKind::delegation;
    std::string source;              ///< The file.
    std::uint32_t line = 0;          ///< In it, from 1; 0 where it has none.
    std::string about;               ///< The network, stretch or AS that it speaks of: `192.0.2.0/24`.
    std::optional<Country> country;
    std::optional<Asn> asn;
    std::string name;                ///< Of the AS's holder.
    std::string registry;            ///< `apnic`.
    std::string status;              ///< `allocated`, `assigned`, `available`, `reserved`.
    std::uint32_t date = 0;          ///< Of the record or the table, as YYYYMMDD; 0: not said.
    friend bool operator==(const Evidence&, const Evidence&) = default;
};

/// Whose an address, a prefix or an AS is.
struct Whose {
    std::vector<Evidence> evidence;            ///< The weightiest kind first, within a kind by file as they were given.
    /// By the registries where one knows, of ASes else by the tables of names; nothing where those that count do not agree.
    std::optional<Country> country;
    std::optional<EvidenceKind> basis;         ///< What `country` rests on.
    /// Pieces of evidence name different countries.
    [[nodiscard]] bool disagreement() const;
    /// To be called when the evidence has grown: the weightiest first.
    void settle();
};

/// A stretch of addresses that a registry has recorded for a country.
struct CountryRange {
    Address first;
    Address last;
    Evidence evidence;
};

/// An AS that is counted to a country.
struct CountryAs {
    Asn asn;
    Evidence evidence;
};

/// What registries, tables of names and geolocation tables say, each on its own: they are asked together and what they say is shown side by side.
///
/// A country is the ASes and addresses that registries have recorded for it. Where no registry's file has an AS, a table of names counts.
/// Geolocation is shown and never counts: free tables place whole networks of uninvolved hosters in small countries.
class Registry {
public:
    void add(std::string source, Delegations delegations);
    void add(std::string source, AsNames names);
    void add(std::string source, GeoTable table);

    [[nodiscard]] bool empty() const { return delegations_.empty() && names_.empty() && tables_.empty(); }
    /// Whether countries of addresses can be told: a registry's file was given.
    [[nodiscard]] bool knows_countries() const { return !delegations_.empty(); }
    [[nodiscard]] bool knows_tables() const { return !tables_.empty(); }

    [[nodiscard]] Whose of(Asn asn) const;
    [[nodiscard]] Whose of(const Address& address) const;
    /// Of a prefix: every record that touches it, `most` at most of one file; of geolocation the row of its first address.
    [[nodiscard]] Whose of(const Prefix& prefix, std::size_t most = 100) const;

    /// The same as `of(...).country`, without its evidence.
    [[nodiscard]] std::optional<Country> country(const Address& address) const;
    [[nodiscard]] std::optional<Country> country(Asn asn) const;
    /// Who runs an AS; empty where no table says.
    [[nodiscard]] std::string_view name(Asn asn) const;
    /// Who announces an address by the first geolocation table that says so.
    [[nodiscard]] std::optional<Asn> located_asn(const Address& address) const;

    /// More ASes than this are no country's.
    static constexpr std::size_t kMaxCountryAses = 1'000'000;
    /// The ASes of a country by number, each once. Fails with `limit` where there are too many.
    [[nodiscard]] Result<std::vector<CountryAs>> ases_of(Country country) const;
    /// The addresses of a country, IPv4 first.
    [[nodiscard]] std::vector<CountryRange> ranges_of(Country country) const;

private:
    template <typename T>
    struct Sourced {
        std::string source;
        T of;
    };
    void add_rows(Whose& whose, const Address& address) const;

    std::vector<Sourced<Delegations>> delegations_;
    std::vector<Sourced<AsNames>> names_;
    std::vector<Sourced<GeoTable>> tables_;
};

}  // namespace hw::net
