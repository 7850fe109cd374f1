// The one place that includes toml++.
#include "app/config_file.hpp"
#include "app/options.hpp"
#include "base/nearest.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace hw::app {
namespace {

constexpr std::size_t kLargestConfig = 1U << 20U;
constexpr const char* kMachineConfig = "/etc/headwater/config.toml";

std::string place_in(const std::string& path, unsigned line) { return path + ":" + std::to_string(line); }

std::vector<std::string> configurable_keys(std::string_view verb) {
    std::vector<std::string> keys;
    for (const OptionSpec& option : option_table()) {
        if (option.configurable && (verb.empty() || applies(option, verb))) { keys.push_back(config_key(option)); }
    }
    return keys;
}

std::optional<std::string> scalar_text(const toml::node& node) {
    if (const auto text = node.value<std::string>(); node.is_string()) { return text; }
    if (node.is_boolean()) { return *node.value<bool>() ? "true" : "false"; }
    if (node.is_integer()) { return std::to_string(*node.value<std::int64_t>()); }
    return std::nullopt;
}

Result<ConfigEntry> read_entry(const std::string& path, const std::string& verb, std::string key, const toml::node& node) {
    ConfigEntry entry{.verb = verb, .key = std::move(key), .values = {}, .line = static_cast<unsigned>(node.source().begin.line)};
    const auto keys = configurable_keys(verb);
    if (std::ranges::find(keys, entry.key) == keys.end()) {
        return fail(Errc::usage, "unknown setting \"" + entry.key + "\"" + (verb.empty() ? "" : " for " + verb),
                    place_in(path, entry.line), did_you_mean(entry.key, keys, "headwater config show lists the settings"));
    }
    if (const auto one = scalar_text(node)) {
        entry.values.push_back(*one);
        return entry;
    }
    if (const toml::array* list = node.as_array()) {
        for (const toml::node& element : *list) {
            const auto text = scalar_text(element);
            if (!text) { break; }
            entry.values.push_back(*text);
        }
        if (entry.values.size() == list->size()) { return entry; }
    }
    return fail(Errc::usage, "the value of \"" + entry.key + "\" is neither text, whole number, true or false, nor a list of these",
                place_in(path, entry.line));
}

/// Reads the tables below `[columns]`: each says what the columns of a table of others tell.
Result<void> read_columns(ConfigFile& file, const toml::table& tables) {
    for (const auto& [name, node] : tables) {
        const std::string place = place_in(file.path, static_cast<unsigned>(node.source().begin.line));
        const toml::table* table = node.as_table();
        const bool fits = !name.empty() && std::ranges::all_of(name.str(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
        if (table == nullptr || !fits) {
            return fail(Errc::usage, "below columns there are tables, [columns.NAME], the name of letters, digits and _", place, "docs/clickhouse.md has an example");
        }
        flow::clickhouse::ColumnMapping mapping;
        mapping.name = name.str();
        for (const auto& [key, value] : *table) {
            const std::string where = place_in(file.path, static_cast<unsigned>(value.source().begin.line));
            const auto text = value.value<std::string>();
            if (!text || !value.is_string()) { return fail(Errc::usage, "the value of \"" + std::string(key.str()) + "\" is no text", where); }
            if (auto set = mapping.set(key.str(), *text); !set) {
                Error error = std::move(set).error();
                error.where = where;
                return std::unexpected(std::move(error));
            }
        }
        if (auto whole = mapping.check(); !whole) {
            Error error = std::move(whole).error();
            error.where = place;
            return std::unexpected(std::move(error));
        }
        file.columns.push_back(std::move(mapping));
    }
    return {};
}

}  // namespace

Result<ConfigFile> parse_config(std::string path, std::string_view text) {
    ConfigFile file{.path = std::move(path), .entries = {}, .columns = {}};
    toml::table root;
    try {
        root = toml::parse(text, file.path);
    } catch (const toml::parse_error& problem) {
        return fail(Errc::usage, "not TOML: " + std::string(problem.description()),
                    place_in(file.path, static_cast<unsigned>(problem.source().begin.line)));
    }
    for (const auto& [name, node] : root) {
        const std::string key(name.str());
        const toml::table* table = node.as_table();
        if (table == nullptr) {
            HW_TRY(auto entry, read_entry(file.path, "", key, node));
            file.entries.push_back(std::move(entry));
            continue;
        }
        if (key == "columns") {
            HW_CHECK(read_columns(file, *table));
            continue;
        }
        if (find_verb(key) == nullptr) {
            std::vector<std::string> verbs;
            for (const VerbSpec& verb : verb_table()) { verbs.emplace_back(verb.name); }
            verbs.emplace_back("columns");
            return fail(Errc::usage, "there is no verb \"" + key + "\" to set anything for",
                        place_in(file.path, static_cast<unsigned>(node.source().begin.line)),
                        did_you_mean(key, verbs, "headwater help lists the verbs"));
        }
        for (const auto& [inner, value] : *table) {
            HW_TRY(auto entry, read_entry(file.path, key, std::string(inner.str()), value));
            file.entries.push_back(std::move(entry));
        }
    }
    std::ranges::sort(file.entries, {}, &ConfigEntry::line);
    return file;
}

Result<ConfigFile> load_config(const std::string& path) {
    std::error_code problem;
    if (std::filesystem::is_directory(path, problem)) { return fail(Errc::unreadable, "the configuration file is a folder", path); }
    std::ifstream stream(path, std::ios::binary);
    if (!stream) { return fail(Errc::not_found, "cannot open the configuration file", path); }
    std::string text(kLargestConfig + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (stream.bad()) { return fail(Errc::unreadable, "cannot read the configuration file", path); }
    if (text.size() > kLargestConfig) { return fail(Errc::usage, "the configuration file is larger than 1 MiB", path); }
    return parse_config(path, text);
}

Result<std::vector<ConfigFile>> load_configs(const std::optional<std::string>& chosen,
                                             const std::map<std::string, std::string>& environment) {
    std::vector<std::string> paths;
    if (chosen) {
        HW_TRY(auto file, load_config(*chosen));
        return std::vector{std::move(file)};
    }
    const auto set = [&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::string() : found->second;
    };
    if (const std::string home = set("XDG_CONFIG_HOME"); !home.empty()) {
        paths.push_back(home + "/headwater/config.toml");
    } else if (const std::string user = set("HOME"); !user.empty()) {
        paths.push_back(user + "/.config/headwater/config.toml");
    }
    paths.emplace_back(kMachineConfig);
    std::vector<ConfigFile> files;
    for (const std::string& path : paths) {
        std::error_code ignored;
        if (!std::filesystem::exists(path, ignored)) { continue; }
        HW_TRY(auto file, load_config(path));
        files.push_back(std::move(file));
    }
    return files;
}

}  // namespace hw::app
