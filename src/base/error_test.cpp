#include "base/error.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <set>

namespace {

using hw::Errc;
using hw::Error;
using hw::Result;

Result<int> half(int number) {
    if (number % 2 != 0) { return hw::fail(Errc::malformed, "odd", "input:3"); }
    return number / 2;
}

Result<int> quarter(int number) {
    HW_TRY(const int once, half(number));
    HW_TRY(int twice, half(once));
    return twice;
}

Result<void> must_be_even(int number) {
    HW_CHECK(half(number));
    return {};
}

Result<std::unique_ptr<int>> boxed(int number) {
    HW_TRY(int value, half(number));
    return std::make_unique<int>(value);
}

Result<int> unboxed(int number) {
    HW_TRY(auto box, boxed(number));
    return *box;
}

}  // namespace

TEST_CASE("error: HW_TRY passes the value on, and the error as it was") {
    CHECK(quarter(12) == 3);
    CHECK(quarter(6).error() == Error{Errc::malformed, "odd", "input:3", ""});
    CHECK(unboxed(8) == 4);
    CHECK(unboxed(7).error().code == Errc::malformed);
}

TEST_CASE("error: HW_CHECK returns the error of what has no value") {
    CHECK(must_be_even(2).has_value());
    CHECK(must_be_even(3).error().message == "odd");
}

TEST_CASE("error: every code has a word of its own") {
    std::set<std::string_view> words;
    for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) { words.insert(to_string(static_cast<Errc>(code))); }
    CHECK(words.size() == 10);
    CHECK(to_string(Errc::not_found) == "not_found");
}

TEST_CASE("error: the text for people has at most three lines, and none that says nothing") {
    CHECK(to_text(Error{Errc::malformed, "no capture", "a.pcap:24", "check the file"}) ==
          "error: no capture\nwhere: a.pcap:24\nhint: check the file\n");
    CHECK(to_text(Error{Errc::internal, "out of luck", "", ""}) == "error: out of luck\n");
}
