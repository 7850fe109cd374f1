#include "flow/read/growing_bytes.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

using namespace hw;
using namespace hw::flow::read;

namespace {

/// A file that is gone with the test.
struct GrowingFile {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("headwater-growing-" + std::to_string(::getpid()));
    GrowingFile() { std::filesystem::remove(path); }
    GrowingFile(const GrowingFile&) = delete;
    GrowingFile& operator=(const GrowingFile&) = delete;
    ~GrowingFile() { std::filesystem::remove(path); }
    void append(const std::string& text) const { std::ofstream(path, std::ios::binary | std::ios::app) << text; }
};

std::string text_of(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte b : bytes) { text.push_back(static_cast<char>(b)); }
    return text;
}

}  // namespace

TEST_CASE("growing bytes: what is appended later is given too, each byte once and in order") {
    const GrowingFile file;
    file.append("first");
    const std::stop_source stop;
    const auto bytes = GrowingBytes::open(file.path.string(), stop.get_token());
    REQUIRE(bytes);
    CHECK(text_of((*bytes)->next().value()) == "first");
    std::string later;
    std::jthread writer([&] { file.append("second"); });
    while (later.size() < 6) { later += text_of((*bytes)->next().value()); }
    CHECK(later == "second");
    CHECK((*bytes)->bytes() == 11);
    const std::string all = "firstsecond";
    CHECK((*bytes)->finish_sha256().value() == sha256_hex(std::as_bytes(std::span(all))).value());
}

TEST_CASE("growing bytes: a stop ends the wait, and the stream with it") {
    const GrowingFile file;
    file.append("x");
    std::stop_source stop;
    const auto bytes = GrowingBytes::open(file.path.string(), stop.get_token());
    REQUIRE(bytes);
    REQUIRE((*bytes)->next().value().size() == 1);
    std::jthread stopper([&] { stop.request_stop(); });
    CHECK((*bytes)->next().value().empty());
}

TEST_CASE("growing bytes: a file that becomes shorter is an error that says where and what to do") {
    const GrowingFile file;
    file.append("0123456789");
    const std::stop_source stop;
    const auto bytes = GrowingBytes::open(file.path.string(), stop.get_token());
    REQUIRE(bytes);
    REQUIRE((*bytes)->next().value().size() == 10);
    std::filesystem::resize_file(file.path, 3);
    const auto after = (*bytes)->next();
    REQUIRE_FALSE(after);
    CHECK(after.error().code == Errc::malformed);
    CHECK(after.error().where == file.path.string() + ":10");
    CHECK(after.error().hint.find("rotated") != std::string::npos);
}

TEST_CASE("growing bytes: a named pipe ends when its writer closes it") {
    const GrowingFile pipe;
    REQUIRE(::mkfifo(pipe.path.c_str(), 0600) == 0);
    const std::stop_source stop;
    std::jthread writer([&] { std::ofstream(pipe.path, std::ios::binary) << "through the pipe"; });
    const auto bytes = GrowingBytes::open(pipe.path.string(), stop.get_token());
    REQUIRE(bytes);
    std::string got;
    for (auto block = (*bytes)->next(); block && !block->empty(); block = (*bytes)->next()) { got += text_of(*block); }
    CHECK(got == "through the pipe");
}

TEST_CASE("growing bytes: what is not there and a folder are refused with a way out") {
    const auto missing = GrowingBytes::open("/nonexistent/capture.pcap", {});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::not_found);
    CHECK_FALSE(missing.error().hint.empty());
    CHECK(GrowingBytes::open("/", {}).error().code == Errc::unreadable);
}
