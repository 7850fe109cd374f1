#include "app/output/profile_output.hpp"

#include "app/help.hpp"
#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hw::app::output {
namespace {
namespace profile_views {

/// The score that an unrelated pair reaches with this chance.
double score_at(const trace::ClassNull& null, double chance) {
    double low = null.knots.front().first;
    double high = low + 1;
    while (null.log_p(high) > std::log(chance) && high < 1e6) { high += high - low; }
    for (int i = 0; i < 60; ++i) {
        const double middle = (low + high) / 2;
        (null.log_p(middle) > std::log(chance) ? low : high) = middle;
    }
    return high;
}

void write_class(JsonWriter& json, const trace::ClassNull& null) {
    const auto of = trace::words_of(null.of);
    json.member("protocol", of.protocol).member("length", of.length).member("pace", of.pace).member("burst", of.burst);
    json.member("likeness", of.likeness).member("pairs", null.pairs).member("flows", null.flows);
    json.member("used", null.pairs >= trace::kFewestOfClass);
    for (const auto& [name, chance] : {std::pair("z_at_1e2", 1e-2), {"z_at_1e3", 1e-3}, {"z_at_1e5", 1e-5}}) {
        json.member(name, rounded(score_at(null, chance)));
    }
}

}  // namespace profile_views
}  // namespace

std::string calibrate_json(const trace::Profile& profile, const std::string& path, const Context& context) {
    std::string text;
    JsonWriter json(text, 2);
    json.begin_object().member("schema", "headwater.calibrate/1");
    write_run_members(json, context);
    json.member("profile", path).member("hosts", profile.hosts).member("pairs", profile.pairs).member("excluded", profile.excluded);
    json.key("classes").begin_array();
    for (const auto& null : profile.classes) {
        json.begin_object();
        profile_views::write_class(json, null);
        json.end_object();
    }
    json.end_array();
    write_input_members(json, context);
    json.end_object();
    return text + "\n";
}

std::string calibrate_ndjson(const trace::Profile& profile) {
    std::string text;
    for (const auto& null : profile.classes) {
        JsonWriter json(text);
        json.begin_object().member("schema", "headwater.calibrate.class/1");
        profile_views::write_class(json, null);
        json.end_object();
        text += '\n';
    }
    return text;
}

std::string calibrate_csv(const trace::Profile& profile) {
    std::string text;
    append_csv(text, {"protocol", "length", "pace", "burst", "likeness", "pairs", "flows", "used", "z_at_1e2", "z_at_1e3", "z_at_1e5"});
    for (const auto& null : profile.classes) {
        const auto of = trace::words_of(null.of);
        const auto at = [&](double chance) { return json_number(rounded(profile_views::score_at(null, chance))); };
        const auto word = [](std::string_view view) { return std::string(view); };
        append_csv(text, {word(of.protocol), word(of.length), word(of.pace), word(of.burst), word(of.likeness), std::to_string(null.pairs), std::to_string(null.flows),
                          null.pairs >= trace::kFewestOfClass ? "true" : "false", at(1e-2), at(1e-3), at(1e-5)});
    }
    return text;
}

std::string calibrate_table(const trace::Profile& profile, const std::string& path, const Context& context) {
    std::string text = context.note.empty() ? "" : wrapped("NOTE: " + printable(context.note), 0, 98) + "\n";
    text += fmt::format("Background profile written to {}: {} unrelated pairs of flows of {} hosts ({} excluded as too strong).\n\n", printable(path),
                        grouped(profile.pairs), grouped(profile.hosts), grouped(profile.excluded));
    text += fmt::format("  {:<8} {:<7} {:<7} {:<7} {:<8} {:>10} {:>8}   {}\n", "protocol", "length", "pace", "burst", "likeness", "pairs", "flows",
                        "score of 1 in 100, 1,000, 100,000");
    std::size_t few = 0;
    for (const auto& null : profile.classes) {
        if (null.pairs < trace::kFewestOfClass) {
            ++few;
            continue;
        }
        const auto of = trace::words_of(null.of);
        text += fmt::format("  {:<8} {:<7} {:<7} {:<7} {:<8} {:>10} {:>8}   {:.2f}  {:.2f}  {:.2f}\n", of.protocol, of.length, of.pace, of.burst, of.likeness,
                            grouped(null.pairs), grouped(null.flows), profile_views::score_at(null, 1e-2), profile_views::score_at(null, 1e-3),
                            profile_views::score_at(null, 1e-5));
    }
    if (few > 0) {
        text += fmt::format("\n{} more {} on fewer than {} pairs: for these the profile that ships with headwater is used.\n", few,
                            few == 1 ? "class rests" : "classes rest", grouped(trace::kFewestOfClass));
    }
    return text;
}

}  // namespace hw::app::output
