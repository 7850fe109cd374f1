#include "app/settings.hpp"

#include "app/shortened.hpp"
#include "base/nearest.hpp"
#include "base/parse.hpp"

#include <algorithm>

namespace hw::app {
namespace {
namespace setting_values {

constexpr std::string_view kAddressForms = "write it as 192.0.2.1 or 2001:db8::1";

std::optional<bool> truth(std::string_view value) {
    if (value == "true" || value == "1" || value == "yes" || value == "on") { return true; }
    if (value == "false" || value == "0" || value == "no" || value == "off") { return false; }
    return std::nullopt;
}

std::vector<std::string_view> comma_parts(std::string_view value) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto comma = value.find(',');
        parts.push_back(value.substr(0, comma));
        if (comma == std::string_view::npos) { return parts; }
        value.remove_prefix(comma + 1);
    }
}

/// The addresses of a list that has been checked.
std::vector<net::Address> address_list(std::string_view value) {
    std::vector<net::Address> found;
    for (const auto part : comma_parts(value)) {
        if (const auto parsed = net::parse_address(part)) { found.push_back(*parsed); }
    }
    return found;
}

Result<flow::DeclaredCoverage> parse_coverage(std::string_view value) {
    flow::DeclaredCoverage declared;
    if (const auto equals = value.rfind('='); equals != std::string_view::npos) {
        if (equals == 0) { return fail(Errc::usage, "the observer's name before \"=\" is empty"); }
        declared.observer = std::string(value.substr(0, equals));
        value.remove_prefix(equals + 1);
    }
    HW_TRY(declared.prefix, net::parse_prefix(value));
    return declared;
}

/// A moment, or a stretch of time; a moment is a stretch of no length.
Result<Interval> parse_moment_or_stretch(std::string_view value, Time now) {
    if (value.find('/') != std::string_view::npos) { return parse_interval(value, now); }
    HW_TRY(const Time moment, parse_time(value, now));
    return Interval{moment, moment};
}

Error bad_value(const std::string& value, std::string expected, std::string hint = {}) {
    return Error{Errc::usage, "\"" + shortened(value) + "\" is not " + std::move(expected), {}, std::move(hint)};
}

/// `hint` says how to write the value; where an address carries a zone, that is what is wrong with it.
template <typename T>
Result<void> accept(const Result<T>& parsed, const std::string& value, const char* expected, std::string hint) {
    if (parsed) { return {}; }
    const std::string& theirs = parsed.error().hint;
    if (theirs.starts_with("leave out the zone") || theirs.starts_with("did you mean")) { hint = theirs; }
    Error error = bad_value(value, expected, std::move(hint));
    // The reader's own reason, but not the same value or the same words twice.
    std::string why = parsed.error().message;
    if (const std::string again = "'" + value + "' "; why.starts_with(again)) { why = "it " + why.substr(again.size()); }
    if (value.size() <= kLongestShown && !why.starts_with("it is not")) { error.message += ": " + why; }
    return std::unexpected(std::move(error));
}

void add_values(Setting& setting, std::vector<std::string> values, Origin origin, std::string where) {
    if (!setting.values.empty()) { return; }
    setting.values = std::move(values);
    setting.origin = origin;
    setting.where = std::move(where);
}

}  // namespace setting_values
}  // namespace

std::string_view to_string(Origin origin) {
    switch (origin) {
        case Origin::flag: return "flag";
        case Origin::environment: return "environment";
        case Origin::config: return "config";
        case Origin::fallback: return "default";
        case Origin::unset: return "not set";
    }
    return "not set";
}

Result<void> check_value(const OptionSpec& option, const std::string& value, Time now) {
    using namespace setting_values;
    switch (option.kind) {
        case ValueKind::flag:
            if (truth(value)) { return {}; }
            return std::unexpected(bad_value(value, "true or false"));
        case ValueKind::text:
        case ValueKind::file:
        case ValueKind::folder:
            if (!value.empty()) { return {}; }
            return fail(Errc::usage, "the value is empty", {}, "give one, or leave the setting out");
        case ValueKind::count:
            if (parse_integer<std::uint64_t>(value)) { return {}; }
            return std::unexpected(bad_value(value, "a whole number", "write 0 or more, in digits only, such as 3"));
        case ValueKind::duration: {
            const char* how = "write a number with us, ms, s, m, h or d";
            const auto parsed = parse_duration(value);
            if (parsed && *parsed <= Duration::zero()) { return std::unexpected(bad_value(value, "a length of time above zero", how)); }
            return accept(parsed, value, "a length of time such as 250ms, 6s, 10m or 7d", how);
        }
        case ValueKind::time:
            return accept(parse_moment_or_stretch(value, now), value, "a time such as 2014-11-24T10:00Z, 1416823200 or -2h",
                          "write a moment, or a stretch as FROM/TO or 2014-11-24T10:00Z/+15m");
        case ValueKind::endpoint:
            return accept(net::parse_endpoint(value), value, "an address, with or without a port", "write it as 192.0.2.1:22 or [2001:db8::1]:22");
        case ValueKind::coverage:
            return accept(parse_coverage(value), value, "[OBSERVER=]PREFIX", "write it as 192.0.2.0/24, 192.0.2.7 or border-1=192.0.2.0/24");
        case ValueKind::prefix:
            return accept(net::parse_prefix(value), value, "an IP address or a network", "write it as 192.0.2.1 or 192.0.2.0/24");
        case ValueKind::address: return accept(net::parse_address(value), value, "an IP address", std::string(kAddressForms));
        case ValueKind::addresses:
            for (const std::string_view part : comma_parts(value)) {
                HW_CHECK(accept(net::parse_address(part), std::string(part), "an IP address", std::string(kAddressForms)));
            }
            return {};
        case ValueKind::asns:
            for (const std::string_view part : comma_parts(value)) { HW_CHECK(accept(net::parse_asn(part), std::string(part), "the number of an AS", "write it as AS64500, several with commas between")); }
            return {};
        case ValueKind::choice: {
            std::vector<std::string> names;
            for (const auto choice : choices_of(option)) { names.emplace_back(choice); }
            if (std::ranges::find(names, value) != names.end()) { return {}; }
            std::string list;
            for (const auto& name : names) { list += (list.empty() ? "" : ", ") + name; }
            auto error = bad_value(value, "one of " + list);
            if (const auto near = nearest(value, names)) { error.hint = "did you mean \"" + *near + "\"?"; }
            return std::unexpected(std::move(error));
        }
    }
    return {};
}

Result<Settings> Settings::resolve(std::string_view verb, const CommandLine& typed,
                                   const std::map<std::string, std::string>& environment, std::span<const ConfigFile> files,
                                   Time now) {
    using namespace setting_values;
    Settings settings;
    settings.now_ = now;
    for (const OptionSpec& option : option_table()) {
        if (verb.empty() ? !option.configurable : !applies(option, verb)) { continue; }
        // One setting for several verbs, each with its own words: listed once.
        if (verb.empty() && settings.find(option.name) != nullptr) { continue; }
        Setting setting{.option = &option, .values = {}, .origin = Origin::unset, .where = {}};
        if (const auto found = typed.options.find(&option); found != typed.options.end()) {
            add_values(setting, found->second, Origin::flag, "--" + std::string(option.name));
        }
        if (option.configurable) {
            const std::string name = environment_name(option);
            if (const auto found = environment.find(name); found != environment.end() && !found->second.empty()) {
                add_values(setting, {found->second}, Origin::environment, name);
            }
            // Within one file the verb's own table is stronger than the top.
            for (const ConfigFile& file : files) {
                for (const std::string_view table : {verb, std::string_view{}}) {
                    for (const ConfigEntry& entry : file.entries) {
                        if (entry.verb != table || entry.key != config_key(option)) { continue; }
                        add_values(setting, entry.values, Origin::config, file.path + ":" + std::to_string(entry.line));
                    }
                }
            }
        }
        if (!option.fallback.empty()) { add_values(setting, {std::string(option.fallback)}, Origin::fallback, ""); }
        if (!option.repeatable && setting.values.size() > 1) {
            return fail(Errc::usage, "only one value is allowed for " + std::string(option.name), setting.where);
        }
        for (const std::string& value : setting.values) {
            if (auto checked = check_value(option, value, now); !checked) {
                Error error = std::move(checked).error();
                error.where = setting.where;
                return std::unexpected(std::move(error));
            }
        }
        settings.settings_.push_back(std::move(setting));
    }
    if (settings.flag("json") && settings.find("format")->origin == Origin::flag && settings.text("format") != "json") {
        return fail(Errc::usage, "--json and --format " + shortened(settings.text("format")) + " contradict each other", "--json", "give one of them");
    }
    if (!verb.empty() && !settings.flag("help")) {
        for (const Setting& setting : settings.settings_) {
            if (!setting.option->required || !setting.values.empty()) { continue; }
            const std::string name(setting.option->name);
            return fail(Errc::usage, std::string(verb) + " needs --" + name + " " + std::string(setting.option->metavar), "--" + name,
                        "headwater help " + std::string(verb) + " shows its options, with examples");
        }
    }
    return settings;
}

const Setting* Settings::find(std::string_view option) const {
    const auto found = std::ranges::find_if(settings_, [&](const Setting& s) { return s.option->name == option; });
    return found == settings_.end() ? nullptr : &*found;
}

bool Settings::is_set(std::string_view option) const {
    const Setting* setting = find(option);
    return setting != nullptr && !setting->values.empty();
}

bool Settings::is_typed(std::string_view option) const {
    const Setting* setting = find(option);
    return setting != nullptr && setting->origin == Origin::flag;
}

std::optional<std::string> Settings::optional_text(std::string_view option) const {
    if (!is_set(option)) { return std::nullopt; }
    return find(option)->values.back();
}

std::string Settings::text(std::string_view option) const { return optional_text(option).value_or(""); }

std::vector<std::string> Settings::texts(std::string_view option) const {
    const Setting* setting = find(option);
    return setting == nullptr ? std::vector<std::string>{} : setting->values;
}

bool Settings::flag(std::string_view option) const { return setting_values::truth(text(option)).value_or(false); }

std::uint64_t Settings::count(std::string_view option) const { return parse_integer<std::uint64_t>(text(option)).value_or(0); }

Duration Settings::duration(std::string_view option) const { return parse_duration(text(option)).value_or(Duration::zero()); }

std::optional<Interval> Settings::interval(std::string_view option) const {
    if (!is_set(option)) { return std::nullopt; }
    const auto parsed = setting_values::parse_moment_or_stretch(text(option), now_);
    return parsed ? std::optional(*parsed) : std::nullopt;
}

std::vector<net::Address> Settings::addresses(std::string_view option) const {
    return is_set(option) ? setting_values::address_list(text(option)) : std::vector<net::Address>{};
}

std::vector<net::Asn> Settings::asns(std::string_view option) const {
    std::vector<net::Asn> found;
    for (const std::string& value : texts(option)) {
        for (const std::string_view part : setting_values::comma_parts(value)) {
            if (const auto parsed = net::parse_asn(part)) { found.push_back(*parsed); }
        }
    }
    return found;
}

std::vector<std::vector<net::Address>> Settings::address_lists(std::string_view option) const {
    std::vector<std::vector<net::Address>> found;
    if (!is_set(option)) { return found; }
    for (const std::string& value : find(option)->values) { found.push_back(setting_values::address_list(value)); }
    return found;
}

std::optional<net::Endpoint> Settings::endpoint(std::string_view option) const {
    if (!is_set(option)) { return std::nullopt; }
    const auto parsed = net::parse_endpoint(text(option));
    return parsed ? std::optional(*parsed) : std::nullopt;
}

std::vector<net::Endpoint> Settings::endpoints(std::string_view option) const {
    std::vector<net::Endpoint> found;
    const Setting* setting = find(option);
    if (setting == nullptr) { return found; }
    for (const std::string& value : setting->values) {
        if (const auto parsed = net::parse_endpoint(value)) { found.push_back(*parsed); }
    }
    return found;
}

std::vector<net::Prefix> Settings::prefixes(std::string_view option) const {
    std::vector<net::Prefix> found;
    for (const std::string& value : texts(option)) {
        if (const auto parsed = net::parse_prefix(value)) { found.push_back(*parsed); }
    }
    return found;
}

std::vector<flow::DeclaredCoverage> Settings::coverage(std::string_view option) const {
    std::vector<flow::DeclaredCoverage> found;
    if (!is_set(option)) { return found; }
    for (const std::string& value : find(option)->values) {
        if (auto parsed = setting_values::parse_coverage(value)) { found.push_back(std::move(*parsed)); }
    }
    return found;
}

std::string Settings::format() const { return flag("json") ? "json" : text("format"); }

}  // namespace hw::app
