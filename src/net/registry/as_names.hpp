#pragma once

#include "base/error.hpp"
#include "base/input/input_report.hpp"
#include "base/line_splitter.hpp"
#include "net/asn.hpp"
#include "net/country.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::net {

/// Who somebody says runs an AS.
struct AsName {
    Asn asn;
    std::string name;
    Country country;         ///< `ZZ` where none is said.
    std::uint32_t line = 0;  ///< Of the file, from 1.
    friend bool operator==(const AsName&, const AsName&) = default;
};

/// The fields of one line of comma-separated values (RFC 4180); quoted ones may hold commas and doubled quotes, not line ends. Nothing where a quote
/// is left open or text follows a closed one.
[[nodiscard]] std::optional<std::vector<std::string>> csv_fields(std::string_view line);

/// Names of ASes, from one table.
class AsNames {
public:
    [[nodiscard]] const AsName* find(Asn asn) const;
    /// By number.
    [[nodiscard]] std::span<const AsName> all() const { return names_; }

private:
    friend class AsNameReader;
    std::vector<AsName> names_;
};

/// Reads a table of comma-separated values whose header names the columns `asn` and `name`, and `cc` or `country` where it has them; `AS64500` and
/// `64500` are both numbers. Other columns are passed over, and lines that begin with `#`. Of an AS that stands there twice the first line counts.
class AsNameReader {
public:
    static constexpr std::size_t kMaxNames = 2'000'000;
    static constexpr std::size_t kLongestName = 512;

    explicit AsNameReader(InputReport& report) : report_(&report) {}
    /// Fails with `limit` when there are more names than allowed, and with `malformed` where the header lacks a column.
    [[nodiscard]] Result<void> feed(std::string_view block);
    [[nodiscard]] Result<AsNames> finish() &&;

private:
    [[nodiscard]] Result<void> line(std::string_view text, std::uint64_t offset);

    struct Columns {
        std::size_t asn = 0;
        std::size_t name = 0;
        std::optional<std::size_t> country;
    };
    InputReport* report_;
    AsNames out_;
    LineSplitter lines_{4096};
    std::optional<Columns> columns_;
    std::uint32_t line_ = 0;
};

/// Whether a file begins with a header that names `asn` and `name`, comments left out.
[[nodiscard]] bool looks_like_as_names(std::string_view head);

}  // namespace hw::net
