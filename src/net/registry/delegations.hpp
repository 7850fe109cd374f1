#pragma once

#include "base/error.hpp"
#include "base/input/input_report.hpp"
#include "base/line_splitter.hpp"
#include "net/address.hpp"
#include "net/asn.hpp"
#include "net/country.hpp"
#include "net/prefix.hpp"
#include "net/registry/stretches.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::net {

/// What a registry did with numbers that it looks after.
enum class DelegationStatus : std::uint8_t { allocated, assigned, available, reserved };
[[nodiscard]] std::string_view to_string(DelegationStatus status);

/// What a registry says of a stretch of numbers.
struct Delegation {
    std::uint8_t registry = 0;  ///< Which of `Delegations::registries`.
    DelegationStatus status = DelegationStatus::available;
    Country country;            ///< Where its holder is registered, not where it is used; `ZZ` where none is said.
    std::uint32_t date = 0;     ///< As YYYYMMDD; 0: none.
    std::uint32_t line = 0;     ///< Of the file, from 1.
    friend bool operator==(const Delegation&, const Delegation&) = default;
};

/// AS numbers from `first` to `last`.
struct AsnDelegation {
    Asn first;
    Asn last;
    Delegation said;
    friend bool operator==(const AsnDelegation&, const AsnDelegation&) = default;
};

/// Addresses of one family from `first` to `last`; of IPv4 not always what one prefix holds.
struct AddressDelegation {
    Address first;
    Address last;
    Delegation said;
    friend bool operator==(const AddressDelegation&, const AddressDelegation&) = default;
};

/// The numbers that registries have given out, from one statistics file.
class Delegations {
public:
    /// The record of an address or AS; nothing where the file has none. Of several the smallest stretch counts, of equal ones the last in the file.
    [[nodiscard]] const AddressDelegation* find(const Address& address) const;
    [[nodiscard]] const AsnDelegation* find(Asn asn) const;
    /// Records that touch a prefix, by address.
    [[nodiscard]] std::vector<const AddressDelegation*> touching(const Prefix& prefix) const;

    /// By first address, IPv4 first; likewise by number.
    [[nodiscard]] std::span<const AddressDelegation> addresses() const { return addresses_; }
    [[nodiscard]] std::span<const AsnDelegation> asns() const { return asns_; }
    /// The registry's name as it stands in the file: `apnic`.
    [[nodiscard]] std::string_view registry(const Delegation& said) const { return registries_[said.registry]; }
    [[nodiscard]] std::size_t size() const { return addresses_.size() + asns_.size(); }

private:
    friend class DelegationReader;
    [[nodiscard]] Result<void> index();

    std::vector<std::string> registries_;
    std::vector<AddressDelegation> addresses_;
    std::vector<AsnDelegation> asns_;
    Stretches address_index_;
    Stretches asn_index_;  ///< AS numbers as if they were IPv4 addresses, being 32 bits too.
};

/// Reads the "RIR statistics exchange format", plain (`delegated-apnic-latest`) or extended (`delegated-ripencc-extended-latest`), in blocks of any size:
/// `registry|cc|type|start|value|date|status`, value being a count of addresses (IPv4), a prefix length (IPv6) or a count of AS numbers. Lines that are
/// not so are passed over and counted with their place. Where there are fewer records than the file's first line says, that is noted.
class DelegationReader {
public:
    /// All five registries have some 600,000 records together.
    static constexpr std::size_t kMaxRecords = 4'000'000;
    static constexpr std::size_t kMaxRegistries = 32;

    /// What is passed over is counted in `report`, which must outlive the reader.
    explicit DelegationReader(InputReport& report) : report_(&report) {}
    /// Fails with `limit` when there are more records than allowed.
    [[nodiscard]] Result<void> feed(std::string_view block);
    /// Fails with `malformed` when there is no record.
    [[nodiscard]] Result<Delegations> finish() &&;

private:
    [[nodiscard]] Result<void> line(std::string_view text, std::uint64_t offset);
    void record(std::span<const std::string_view> fields, std::uint64_t offset);
    [[nodiscard]] std::optional<Delegation> said_by(std::span<const std::string_view> fields, std::uint64_t offset);

    InputReport* report_;
    Delegations out_;
    LineSplitter lines_{4096};
    std::uint32_t line_ = 0;
    std::uint64_t promised_ = 0;  ///< Records by the first line; 0: it does not say.
    std::uint64_t ends_at_ = 0;
};

/// Whether a file begins as statistics of a registry do: with the version line or a record, comments left out.
[[nodiscard]] bool looks_like_delegations(std::string_view head);

}  // namespace hw::net
