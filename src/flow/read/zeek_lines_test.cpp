#include "flow/read/zeek_lines.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hw::flow::read;
using namespace hw::flow::read::zeek;

namespace {

struct Seen {
    std::string text;
    std::uint64_t offset;
    bool too_long;
    bool ended;
    friend bool operator==(const Seen&, const Seen&) = default;
};

std::vector<Seen> lines_of(std::string_view text, std::size_t block) {
    // Copied to a heap block of just this size, so that a sanitizer sees any reading past it.
    const std::vector<char> copy(text.begin(), text.end());
    hw::MemoryBytes bytes(std::as_bytes(std::span(copy)), block);
    Lines lines(bytes);
    std::vector<Seen> seen;
    while (const auto line = *lines.next()) {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < kLinePadding && !line->too_long; ++i) { sum += static_cast<unsigned char>(line->text.data()[line->text.size() + i]); }
        CHECK(sum <= 255 * kLinePadding);
        seen.push_back({std::string(line->text), line->offset, line->too_long, line->ended});
    }
    return seen;
}

}  // namespace

TEST_CASE("zeek lines: how the bytes are cut into blocks does not matter") {
    std::string text = "first\nsecond\r\n\nfourth " + std::string(300, 'x') + "\n" + std::string(100, 'y') + "\nlast";
    const auto whole = lines_of(text, 1 << 20);
    REQUIRE(whole.size() == 6);
    CHECK(whole[0] == Seen{"first", 0, false, true});
    CHECK(whole[1] == Seen{"second", 6, false, true});
    CHECK(whole[2] == Seen{"", 14, false, true});
    CHECK(whole[5].text == "last");
    CHECK_FALSE(whole[5].ended);
    for (std::size_t block = 1; block < 200; ++block) { CHECK(lines_of(text, block) == whole); }
}

TEST_CASE("zeek lines: a line over 1 MiB is passed over in bounded memory, the next one is read") {
    const std::string text = std::string(kLongestLine + 1, 'a') + "\nnext\n" + std::string(kLongestLine, 'b') + "\n";
    for (const std::size_t block : {std::size_t{1000}, std::size_t{1} << 30U}) {
        const auto seen = lines_of(text, block);
        REQUIRE(seen.size() == 3);
        CHECK(seen[0].too_long);
        CHECK(seen[0].text.empty());
        CHECK(seen[1] == Seen{"next", kLongestLine + 2, false, true});
        CHECK_FALSE(seen[2].too_long);
    }
}

TEST_CASE("zeek lines: no bytes, no lines") { CHECK(lines_of("", 10).empty()); }
