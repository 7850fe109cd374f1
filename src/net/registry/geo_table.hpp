#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "net/address.hpp"
#include "net/asn.hpp"
#include "net/country.hpp"
#include "net/prefix.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace hw::net {

/// What a geolocation table says of a network: somebody's guess where it is used, and at times who announces it.
struct GeoRow {
    Prefix network;                  ///< That the row is about.
    std::optional<Country> country;
    std::optional<Asn> asn;
    std::string name;                ///< Of the AS's holder; empty where the table has none.
};

/// A table in the MaxMind DB form (`.mmdb`, format 2.0), read by libmaxminddb. Both the columns of GeoLite2 and DB-IP (`country.iso_code`,
/// `autonomous_system_number`) and the flat ones of IPinfo (`country_code`, `asn`) are understood.
class GeoTable {
public:
    /// Larger tables are refused; the largest in use has some 2 GiB.
    static constexpr std::uint64_t kMaxBytes = std::uint64_t{4} << 30U;

    /// Takes the whole table from `bytes` into a file of its own in memory, so that nobody can change it while it is read. Fails with
    /// `malformed` where it is no such table, and with `limit` where it is too large.
    [[nodiscard]] static Result<GeoTable> read(ByteSource& bytes);
    GeoTable(GeoTable&&) noexcept;
    GeoTable& operator=(GeoTable&&) noexcept;
    ~GeoTable();

    /// The row of an address; nothing where there is none. Fails with `malformed` where the table is damaged there.
    [[nodiscard]] Result<std::optional<GeoRow>> find(const Address& address) const;
    /// What the table calls itself: `GeoLite2-Country`.
    [[nodiscard]] std::string type() const;
    /// The day it was made, as YYYYMMDD; 0 where it does not say a sensible one.
    [[nodiscard]] std::uint32_t date() const;

private:
    class Handle;
    explicit GeoTable(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

}  // namespace hw::net
