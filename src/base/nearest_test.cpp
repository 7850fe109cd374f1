#include "base/nearest.hpp"

#include <doctest/doctest.h>

#include <vector>

using hw::nearest;

TEST_CASE("nearest: a slip of the finger finds the word that was meant") {
    const std::vector<std::string> words{"trace", "link", "flows", "version"};
    CHECK(nearest("trcae", words) == "trace");
    CHECK(nearest("lnk", words) == "link");
    CHECK(nearest("flow", words) == "flows");
    CHECK(nearest("vers", words) == "version");
}

TEST_CASE("nearest: a word like none of them finds nothing") {
    const std::vector<std::string> words{"trace", "link"};
    CHECK_FALSE(nearest("banana", words).has_value());
    CHECK_FALSE(nearest("", words).has_value());
    CHECK_FALSE(nearest(std::string(100'000, 'x'), words).has_value());
}
