#include "app/options.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

namespace app = hw::app;

TEST_CASE("options: within a verb every name and letter is used once") {
    for (const app::VerbSpec& verb : app::verb_table()) {
        std::set<std::string_view> names;
        std::set<char> letters;
        for (const app::OptionSpec* option : app::options_of(verb.name)) {
            CAPTURE(verb.name);
            CAPTURE(option->name);
            CHECK(names.insert(option->name).second);
            if (option->letter != 0) { CHECK(letters.insert(option->letter).second); }
        }
    }
}

TEST_CASE("options: every option names verbs that exist, has help, and a metavar where it takes a value") {
    for (const app::OptionSpec& option : app::option_table()) {
        CAPTURE(option.name);
        CHECK_FALSE(option.help.empty());
        CHECK(option.metavar.empty() == (option.kind == app::ValueKind::flag));
        CHECK(option.choices.empty() == (option.kind != app::ValueKind::choice));
        std::string_view rest = option.verbs;
        while (!rest.empty()) {
            const auto start = rest.find_first_not_of(' ');
            if (start == std::string_view::npos) { break; }
            const auto stop = rest.find(' ', start);
            CHECK(app::find_verb(rest.substr(start, stop - start)) != nullptr);
            rest.remove_prefix(stop);
        }
    }
}

TEST_CASE("options: every verb has two worked examples that begin with the program's name") {
    for (const app::VerbSpec& verb : app::verb_table()) {
        for (const app::Example& example : verb.examples) {
            CAPTURE(example.command);
            CHECK(example.command.starts_with("headwater "));
            CHECK_FALSE(example.meaning.empty());
        }
    }
}

TEST_CASE("options: environment and configuration names follow from the option's") {
    const auto& table = app::option_table();
    const auto lag = std::ranges::find(table, "max-lag", &app::OptionSpec::name);
    REQUIRE(lag != table.end());
    CHECK(app::environment_name(*lag) == "HEADWATER_MAX_LAG");
    CHECK(app::config_key(*lag) == "max_lag");
    CHECK(app::applies(*lag, "trace"));
    CHECK_FALSE(app::applies(*lag, "flows"));
    CHECK_FALSE(app::applies(*lag, "trac"));
}
