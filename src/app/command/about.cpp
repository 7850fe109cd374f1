// The verbs that tell about the program itself: help, version, completion, config.
#include "app/command/invocation.hpp"
#include "app/help.hpp"
#include "app/output/csv.hpp"
#include "app/version.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace hw::app::command {
namespace {

template <typename List>
void json_list(JsonWriter& json, std::string_view name, const List& list) {
    json.key(name).begin_array();
    for (const auto item : list) { json.value(item); }
    json.end_array();
}

std::string version_json(unsigned indent) {
    std::string text;
    JsonWriter json(text, indent);
    json.begin_object().member("schema", "headwater.version/1").member("version", app::version()).member("compiler", compiler());
    json_list(json, "reads", kFormatsRead);
    json_list(json, "unpacks", kCompressionsRead);
    json_list(json, "writes", kFormatsWritten);
    json.end_object();
    return text + "\n";
}

template <typename List>
std::string version_list(const List& list, std::string_view between) {
    std::string text;
    for (const auto item : list) { text += (text.empty() ? "" : std::string(between)) + std::string(item); }
    return text;
}

std::string joined_values(const Setting& setting) {
    std::string text;
    for (const std::string& value : setting.values) { text += (text.empty() ? "" : " ") + value; }
    return text;
}

void write_setting(JsonWriter& json, const Setting& setting) {
    json.begin_object().member("name", setting.option->name).key("values").begin_array();
    for (const std::string& value : setting.values) { json.value(value); }
    json.end_array().member("origin", to_string(setting.origin)).member("where", setting.where);
    json.member("environment", environment_name(*setting.option)).member("key", config_key(*setting.option)).end_object();
}

std::string config_table(const Settings& settings, std::span<const ConfigFile> files, bool origin) {
    constexpr std::size_t kNameColumn = 18;
    constexpr std::size_t kValueColumn = 16;
    const auto padded = [](std::string text, std::size_t width) {
        text.resize(std::max(text.size() + 1, width), ' ');
        return text;
    };
    std::string text;
    const auto line = [&](const std::string& name, const std::string& value, const std::string& from) {
        std::string row = padded(name, kNameColumn);
        row += origin ? padded(value, kValueColumn) + from : value;
        row.erase(row.find_last_not_of(' ') + 1);
        text += row + "\n";
    };
    for (const Setting& setting : settings.all()) {
        const std::string value = setting.values.empty() ? "-" : printable(joined_values(setting));
        line(std::string(setting.option->name), value, setting.where.empty() ? std::string(to_string(setting.origin)) : printable(setting.where));
    }
    for (const ConfigFile& file : files) {
        for (const ConfigEntry& entry : file.entries) {
            if (entry.verb.empty()) { continue; }
            std::string value;
            for (const std::string& each : entry.values) { value += (value.empty() ? "" : " ") + each; }
            line(entry.verb + "." + entry.key, printable(value), printable(file.path + ":" + std::to_string(entry.line)));
        }
    }
    return text;
}

}  // namespace

Result<Outcome> help(const Invocation& invocation) {
    if (invocation.settings.flag("man")) { return Outcome{.out = man_page()}; }
    if (invocation.operands.size() > 1) {
        return fail(Errc::usage, "help explains one topic at a time", {}, "headwater help " + invocation.operands.front());
    }
    HW_TRY(auto text, topic_text(invocation.operands.empty() ? "" : invocation.operands.front()));
    return Outcome{.out = std::move(text)};
}

Result<Outcome> completion(const Invocation& invocation) {
    if (invocation.operands.size() != 1) { return fail(Errc::usage, "completion needs one shell", {}, "headwater completion bash, zsh or fish"); }
    HW_TRY(auto script, completion_script(invocation.operands.front()));
    return Outcome{.out = std::move(script)};
}

Result<Outcome> version(const Invocation& invocation) {
    const std::string format = invocation.settings.format();
    if (format == "json") { return Outcome{.out = version_json(2)}; }
    if (format == "ndjson") { return Outcome{.out = version_json(0)}; }
    if (format == "csv") {
        std::string text;
        output::append_csv(text, {"version", "compiler", "reads", "unpacks", "writes"});
        output::append_csv(text, {std::string(app::version()), std::string(compiler()), version_list(kFormatsRead, " "),
                                  version_list(kCompressionsRead, " "), version_list(kFormatsWritten, " ")});
        return Outcome{.out = std::move(text)};
    }
    std::string text = "headwater " + std::string(app::version()) + "\n";
    text += "built with " + std::string(compiler()) + "\n";
    text += "reads " + version_list(kFormatsRead, ", ") + " (also packed: " + version_list(kCompressionsRead, ", ") + ")\n";
    text += "writes " + version_list(kFormatsWritten, ", ") + "\n";
    return Outcome{.out = std::move(text)};
}

Result<Outcome> config(const Invocation& invocation) {
    if (invocation.operands != std::vector<std::string>{"show"}) {
        return fail(Errc::usage, "config knows one thing to do: show", {}, "headwater config show --origin");
    }
    // The settings of every verb, as they hold where no table of a verb says otherwise. --config itself has chosen the files.
    HW_TRY(auto settings, Settings::resolve("", CommandLine{}, invocation.world.environment, invocation.files, invocation.world.now));
    const std::string format = invocation.settings.format();
    std::string text;
    if (format == "json") {
        JsonWriter json(text, 2);
        json.begin_object().member("schema", "headwater.config/1").key("settings").begin_array();
        for (const Setting& setting : settings.all()) { write_setting(json, setting); }
        json.end_array().key("files").begin_array();
        for (const ConfigFile& file : invocation.files) { json.value(file.path); }
        json.end_array().end_object();
        return Outcome{.out = text + "\n"};
    }
    if (format == "ndjson") {
        for (const Setting& setting : settings.all()) {
            JsonWriter json(text);
            write_setting(json, setting);
            text += '\n';
        }
        return Outcome{.out = std::move(text)};
    }
    if (format == "csv") {
        output::append_csv(text, {"name", "value", "origin", "where"});
        for (const Setting& setting : settings.all()) {
            output::append_csv(text, {std::string(setting.option->name), joined_values(setting), std::string(to_string(setting.origin)), setting.where});
        }
        return Outcome{.out = std::move(text)};
    }
    return Outcome{.out = config_table(settings, invocation.files, invocation.settings.flag("origin"))};
}

}  // namespace hw::app::command
