#include "app/help.hpp"

#include <doctest/doctest.h>

#include <sstream>

namespace app = hw::app;

TEST_CASE("help: text is wrapped at blanks, a word too long is kept whole, an empty line stays") {
    CHECK(app::wrapped("one two three", 2, 10) == "  one two\n  three\n");
    CHECK(app::wrapped("incomprehensibility now", 0, 5) == "incomprehensibility\nnow\n");
    CHECK(app::wrapped("a\n\nb", 1, 10) == " a\n\n b\n");
    CHECK(app::wrapped("", 3).empty());
}

TEST_CASE("help: every verb and topic has a page of at most 100 columns that shows all its options") {
    for (const app::VerbSpec& verb : app::verb_table()) {
        const auto page = app::topic_text(verb.name);
        REQUIRE(page.has_value());
        for (const app::OptionSpec* option : app::options_of(verb.name)) { CHECK(page->find("--" + std::string(option->name)) != std::string::npos); }
        std::istringstream lines(*page);
        for (std::string line; std::getline(lines, line);) {
            CAPTURE(line);
            CHECK((line.size() <= 100 || line.starts_with("  headwater ")));
        }
    }
    for (const char* topic : {"", "exit-codes", "formats", "environment"}) { CHECK(app::topic_text(topic).has_value()); }
    CHECK(app::topic_text("trase").error().hint == "did you mean \"trace\"?");
}

TEST_CASE("help: the manual page names every verb and option, and no line of text poses as a request") {
    const std::string page = app::man_page();
    for (const app::VerbSpec& verb : app::verb_table()) { CHECK(page.find(".SS \"" + std::string(verb.name)) != std::string::npos); }
    CHECK(page.find("\\-\\-max\\-lag") != std::string::npos);
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('.')) { CHECK_MESSAGE((line.size() > 2 && line[1] >= 'A' && line[1] <= 'n'), line); }
        CHECK_FALSE(line.starts_with('\''));
    }
}

TEST_CASE("help: there are completions for three shells and no others") {
    for (const char* shell : {"bash", "zsh", "fish"}) { CHECK(app::completion_script(shell)->find("max-lag") != std::string::npos); }
    CHECK(app::completion_script("tcsh").error().code == hw::Errc::usage);
}
