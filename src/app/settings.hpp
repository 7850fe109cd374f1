#pragma once

#include "app/command_line.hpp"
#include "app/config_file.hpp"
#include "base/time.hpp"
#include "flow/memory_source.hpp"
#include "net/asn.hpp"
#include "net/address.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::app {

/// Where a value came from, the strongest first.
enum class Origin : std::uint8_t { flag, environment, config, fallback, unset };
[[nodiscard]] std::string_view to_string(Origin origin);

/// One option's value in force.
struct Setting {
    const OptionSpec* option = nullptr;
    std::vector<std::string> values;  ///< Empty: not set.
    Origin origin = Origin::unset;
    std::string where;  ///< `--max-lag`, `HEADWATER_MAX_LAG`, `/etc/headwater/config.toml:3`; empty for defaults.
};

/// Checks one value by its option's kind; the message says what was expected.
[[nodiscard]] Result<void> check_value(const OptionSpec& option, const std::string& value, Time now);

/// The values in force for one run: flag over environment over configuration over default. All are checked when they are
/// resolved, so the getters below cannot fail.
class Settings {
public:
    /// `files` the strongest first. For `verb` empty: every setting that can be configured (`config show`).
    /// Fails with `usage`, naming where the bad or missing value stands.
    [[nodiscard]] static Result<Settings> resolve(std::string_view verb, const CommandLine& typed,
                                                  const std::map<std::string, std::string>& environment,
                                                  std::span<const ConfigFile> files, Time now);

    [[nodiscard]] std::span<const Setting> all() const { return settings_; }
    [[nodiscard]] bool is_set(std::string_view option) const;
    /// Whether it stands on the command line: somebody wants it in this run.
    [[nodiscard]] bool is_typed(std::string_view option) const;
    [[nodiscard]] bool flag(std::string_view option) const;
    [[nodiscard]] std::string text(std::string_view option) const;
    [[nodiscard]] std::optional<std::string> optional_text(std::string_view option) const;
    /// All values of an option that may be given several times.
    [[nodiscard]] std::vector<std::string> texts(std::string_view option) const;
    [[nodiscard]] std::uint64_t count(std::string_view option) const;
    [[nodiscard]] Duration duration(std::string_view option) const;
    /// A moment is an interval of no length.
    [[nodiscard]] std::optional<Interval> interval(std::string_view option) const;
    [[nodiscard]] std::vector<net::Address> addresses(std::string_view option) const;
    /// Of all values together.
    [[nodiscard]] std::vector<net::Asn> asns(std::string_view option) const;
    /// One list a time the option was given.
    [[nodiscard]] std::vector<std::vector<net::Address>> address_lists(std::string_view option) const;
    [[nodiscard]] std::optional<net::Endpoint> endpoint(std::string_view option) const;
    [[nodiscard]] std::vector<net::Endpoint> endpoints(std::string_view option) const;
    [[nodiscard]] std::vector<net::Prefix> prefixes(std::string_view option) const;
    [[nodiscard]] std::vector<flow::DeclaredCoverage> coverage(std::string_view option) const;
    /// `--format`, with `--json` taken into account.
    [[nodiscard]] std::string format() const;

private:
    [[nodiscard]] const Setting* find(std::string_view option) const;
    std::vector<Setting> settings_;
    Time now_;
};

}  // namespace hw::app
