#include "app/shortened.hpp"

#include <doctest/doctest.h>

using hw::app::shortened;

TEST_CASE("shortened: what is short stays, what is long is cut and says so") {
    CHECK(shortened("") == "");
    CHECK(shortened("abcd", 4) == "abcd");
    CHECK(shortened("abcde", 4) == "abcd...");
    CHECK(shortened(std::string(100'000, 'x')).size() == hw::app::kLongestShown + 3);
}

TEST_CASE("shortened: a character is not cut in half") {
    CHECK(shortened("abc\xc3\xa9!", 4) == "abc...");
    CHECK(shortened("\x80\x80\x80\x80\x80\x80", 4).size() <= 7);
}
