#include "app/output/csv.hpp"

#include <doctest/doctest.h>

namespace {

std::string line(std::initializer_list<std::string> fields) {
    std::string text;
    hw::app::output::append_csv(text, fields);
    return text;
}

}  // namespace

TEST_CASE("csv: commas and quotes are quoted, an empty field stays empty") {
    CHECK(line({"a", "", "b,c", "say \"x\""}) == "a,,\"b,c\",\"say \"\"x\"\"\"\n");
}

TEST_CASE("csv: what a spreadsheet would run is led by an apostrophe, a number is not") {
    CHECK(line({"=1+1", "@x", "+x", "-x"}) == "'=1+1,'@x,'+x,'-x\n");
    CHECK(line({"-7.5", "1e-07"}) == "-7.5,1e-07\n");
}

TEST_CASE("csv: a line stays a line, and control characters stay off the terminal") {
    CHECK(line({"a\nb", "\x1b[2J"}) == "a\\x0ab,\\x1b[2J\n");
}
