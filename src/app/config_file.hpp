#pragma once

#include "base/error.hpp"
#include "flow/clickhouse/column_mapping.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hw::app {

/// One setting of a configuration file.
struct ConfigEntry {
    std::string verb;  ///< The table it stands in (`[trace]`); empty at the top, where it holds for every verb.
    std::string key;
    std::vector<std::string> values;
    unsigned line = 0;
};

/// A configuration file, read and checked against the option table.
struct ConfigFile {
    std::string path;
    std::vector<ConfigEntry> entries;
    std::vector<flow::clickhouse::ColumnMapping> columns;  ///< The tables `[columns.NAME]`.
};

/// Reads TOML. Fails with `usage` where it is no TOML, or names a verb or key that does not exist (with the nearest one).
[[nodiscard]] Result<ConfigFile> parse_config(std::string path, std::string_view text);

/// Reads a configuration file; at most 1 MiB.
[[nodiscard]] Result<ConfigFile> load_config(const std::string& path);

/// The files to read, the strongest first: `--config FILE` alone where given, else the user's
/// (`$XDG_CONFIG_HOME/headwater/config.toml`, by default in `~/.config`) and the machine's (`/etc/headwater/config.toml`),
/// as far as they exist.
[[nodiscard]] Result<std::vector<ConfigFile>> load_configs(const std::optional<std::string>& chosen,
                                                           const std::map<std::string, std::string>& environment);

}  // namespace hw::app
