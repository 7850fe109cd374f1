#include "flow/read/known_inputs.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

using namespace hw;
using namespace hw::flow::read;

namespace {
struct TwoFiles {
    TwoFiles() : folder(std::filesystem::temp_directory_path() / ("headwater-known-" + std::to_string(::getpid()))) {
        std::filesystem::create_directory(folder);
        std::ofstream(folder / "a") << "abc";
        std::ofstream(folder / "b") << "other";
    }
    TwoFiles(const TwoFiles&) = delete;
    TwoFiles& operator=(const TwoFiles&) = delete;
    ~TwoFiles() { std::filesystem::remove_all(folder); }
    [[nodiscard]] std::string path(const char* name) const { return (folder / name).string(); }
    std::filesystem::path folder;
};
// FIPS 180-4's example: the digest of "abc".
constexpr const char* kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
Result<bool> has_abc(const std::string& sha256) { return sha256 == kOfAbc; }
}  // namespace

TEST_CASE("known inputs: a file is known by its content, whatever its name, and told with its digest and size") {
    const TwoFiles files;
    const std::vector<std::string> both{files.path("a"), files.path("b")};
    const auto found = find_known_inputs(both, has_abc, "seen");
    REQUIRE(found);
    REQUIRE(found->known.size() == 1);
    CHECK(found->paths() == std::vector<std::string>{files.path("a")});
    CHECK(found->known[0].sha256 == kOfAbc);
    CHECK(found->known[0].bytes == 3);
    CHECK(found->known[0].skipped.contains("seen"));
    CHECK(found->others);
    const std::vector<std::string> one{files.path("a")};
    CHECK_FALSE(find_known_inputs(one, has_abc, "seen")->others);
}

TEST_CASE("known inputs: nothing is known where nobody knows anything, and standard input is not known before it is read") {
    const TwoFiles files;
    const std::vector<std::string> paths{files.path("a"), "-"};
    const auto none = find_known_inputs(paths, {}, "seen");
    REQUIRE(none);
    CHECK(none->known.empty());
    CHECK(none->others);
    const auto found = find_known_inputs(paths, has_abc, "seen");
    REQUIRE(found);
    CHECK(found->known.size() == 1);
    CHECK(found->others);
}

TEST_CASE("known inputs: a path that is not there is a failure, and whoever cannot tell makes the whole fail") {
    const TwoFiles files;
    const std::vector<std::string> absent{files.path("c")};
    const auto found = find_known_inputs(absent, has_abc, "seen");
    REQUIRE(found);
    CHECK(found->failures.size() == 1);
    CHECK_FALSE(found->others);
    const std::vector<std::string> one{files.path("a")};
    CHECK_FALSE(find_known_inputs(one, [](const std::string&) -> Result<bool> { return fail(Errc::unreadable, "no answer", {}, "ask again"); }, "seen"));
}

TEST_CASE("known inputs: a file of a size that no known input has is not read, one of such a size is") {
    const TwoFiles files;
    const std::vector<std::string> both{files.path("a"), files.path("b")};
    std::size_t asked = 0;
    const auto has = [&asked](const std::string& sha256) -> Result<bool> {
        ++asked;
        return has_abc(sha256);
    };
    const auto found = find_known_inputs(both, has, "seen", {}, [](std::uint64_t bytes) { return bytes == 3; });
    REQUIRE(found);
    CHECK(asked == 1);
    CHECK(found->paths() == std::vector<std::string>{files.path("a")});
    CHECK(found->others);
    CHECK(find_known_inputs(both, has, "seen", {}, [](std::uint64_t) { return false; })->known.empty());
    CHECK(asked == 1);
}

TEST_CASE("known inputs: a file of which the size tells nothing is read all the same") {
    const TwoFiles files;
    const std::string empty = files.path("empty");
    const std::ofstream made(empty);
    const std::vector<std::string> one{empty};
    std::size_t asked = 0;
    const auto has = [&asked](const std::string&) -> Result<bool> { return ++asked == 1; };
    const auto found = find_known_inputs(one, has, "seen", {}, [](std::uint64_t) { return false; });
    REQUIRE(found);
    CHECK(found->known.size() == 1);
}
