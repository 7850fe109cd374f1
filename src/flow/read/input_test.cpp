#include "flow/read/input.hpp"

#include "base/sha256.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
namespace fs = std::filesystem;

namespace {

/// A folder that is gone when the test ends.
class TemporaryFolder {
public:
    TemporaryFolder() : path_(fs::temp_directory_path() / ("headwater-input-" + std::to_string(::getpid()))) {
        fs::remove_all(path_);
        fs::create_directories(path_);
    }
    ~TemporaryFolder() { fs::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string write(const std::string& name, std::string_view content) const {
        const fs::path file = path_ / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
        return file.string();
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    fs::path path_;
};

std::string conn_line(int second, int port) {
    return fmt::format(R"({{"ts":{},"uid":"C{}","id.orig_h":"10.0.0.1","id.orig_p":{},"id.resp_h":"10.0.0.2","id.resp_p":22,"proto":"tcp","conn_state":"SF","duration":1}})"
                       "\n",
                       1'416'823'200 + second, port, port);
}

template <typename T>
void put(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) { out.push_back(static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xffU)); }
}

/// A pcap file of empty UDP packets from 10.0.0.1:`port` to 10.0.0.2:53, one a second from `first` on, raw IP.
std::string capture(std::uint32_t first, int packets, std::uint16_t port) {
    std::string out;
    put<std::uint32_t>(out, 0xa1b2c3d4);
    put<std::uint16_t>(out, 2);
    put<std::uint16_t>(out, 4);
    put<std::uint64_t>(out, 0);
    put<std::uint32_t>(out, 65535);
    put<std::uint32_t>(out, 101);
    for (int i = 0; i < packets; ++i) {
        put<std::uint32_t>(out, first + static_cast<std::uint32_t>(i));
        put<std::uint32_t>(out, 0);
        put<std::uint32_t>(out, 28);
        put<std::uint32_t>(out, 28);
        out += std::string("\x45\x00\x00\x1c\x00\x01\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02", 20);
        out.push_back(static_cast<char>(port >> 8U));
        out.push_back(static_cast<char>(port & 0xffU));
        out += std::string("\x00\x35\x00\x08\x00\x00", 6);
    }
    return out;
}

std::vector<std::string> observer_names(const Inputs& inputs) {
    std::vector<std::string> names;
    for (const Observer& observer : inputs.source->observers()) { names.push_back(observer.name); }
    return names;
}

Result<Inputs> read_paths(const std::vector<std::string>& paths, unsigned threads = 1) {
    ReadOptions options;
    options.threads = threads;
    return read_inputs(paths, options);
}

}  // namespace

TEST_CASE("input: a folder means all its files, each with a report and its hash, the observers named for them") {
    const TemporaryFolder folder;
    const std::string log = conn_line(0, 1) + conn_line(1, 2);
    folder.write("b/sensor.json", log);
    folder.write("a/victim.pcap", capture(100, 3, 1000));
    folder.write("README.md", "# no data");
    folder.write(".hidden", "no data");
    const auto inputs = read_paths({folder.path()});
    REQUIRE(inputs.has_value());
    CHECK(observer_names(*inputs) == std::vector<std::string>{"victim", "sensor"});
    CHECK(inputs->failures.empty());
    REQUIRE(inputs->reports.size() == 4);
    CHECK(inputs->reports[0].skipped.contains("not a capture or log, by its name"));
    CHECK(inputs->reports[2].format == "pcap");
    CHECK(inputs->reports[2].records == 3);
    CHECK(inputs->reports[3].sha256 == *sha256_hex(std::as_bytes(std::span(log))));
    CHECK(inputs->reports[3].bytes == log.size());
    CHECK(inputs->source->flows().size() == 3);
    CHECK(inputs->source->observers()[1].interval.from == Time::from_micros(1'416'823'200'000'000));
}

TEST_CASE("input: the result does not depend on the number of threads") {
    const TemporaryFolder folder;
    for (int i = 0; i < 12; ++i) {
        folder.write(fmt::format("s{:02}.json", i), conn_line(i, 1) + conn_line(i + 1, 2) + "bad\n");
        folder.write(fmt::format("c{:02}.pcap", i), capture(static_cast<std::uint32_t>(100 + i), 1 + i, 1000));
    }
    const auto one = read_paths({folder.path()}, 1);
    const auto many = read_paths({folder.path()}, 5);
    REQUIRE(one.has_value());
    REQUIRE(many.has_value());
    CHECK(observer_names(*one) == observer_names(*many));
    CHECK(std::ranges::equal(one->source->flows(), many->source->flows()));
    REQUIRE(one->reports.size() == many->reports.size());
    for (std::size_t i = 0; i < one->reports.size(); ++i) {
        CHECK(one->reports[i].path == many->reports[i].path);
        CHECK(one->reports[i].sha256 == many->reports[i].sha256);
        CHECK(one->reports[i].skipped_total() == many->reports[i].skipped_total());
    }
}

TEST_CASE("input: the same content is read once, whether named twice, copied, or packed beside itself") {
    const TemporaryFolder folder;
    const std::string first = folder.write("a.json", conn_line(0, 1));
    const std::string copy = folder.write("copy/of/a.json", conn_line(0, 1));
    const std::string other = folder.write("b.json", conn_line(5, 3));  // as many bytes, not the same
    const auto inputs = read_paths({first, first, copy, other});
    REQUIRE(inputs.has_value());
    CHECK(inputs->source->flows().size() == 2);
    REQUIRE(inputs->reports.size() == 4);
    CHECK(inputs->reports[1].skipped.contains("same content as " + first));
    CHECK(inputs->reports[2].skipped.contains("same content as " + first));
    CHECK(inputs->reports[2].sha256 == inputs->reports[0].sha256);
    CHECK(inputs->reports[3].skipped.empty());
    CHECK(observer_names(*inputs) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("input: pieces of a rotation are one observer, and a connection in two of them is one flow") {
    const TemporaryFolder folder;
    folder.write("logs/2014-11-24/conn.10:00:00-11:00:00.json", conn_line(0, 1) + conn_line(1, 2));
    folder.write("logs/2014-11-24/conn.11:00:00-12:00:00.json", conn_line(1, 2) + conn_line(3600, 3));
    folder.write("cap/x.pcap", capture(100, 2, 1000));
    folder.write("cap/x.pcap1", capture(110, 2, 1001));
    folder.write("cap/x.pcap2", capture(105, 2, 1002));
    const auto inputs = read_paths({folder.path() + "/logs", folder.path() + "/cap"});
    REQUIRE(inputs.has_value());
    CHECK(observer_names(*inputs) == std::vector<std::string>{"conn", "x"});
    CHECK(inputs->source->flows().size() == 6);
    CHECK(inputs->failures.empty());
}

TEST_CASE("input: a flow goes on from one piece of a rotated capture to the next") {
    const TemporaryFolder folder;
    folder.write("x.pcap", capture(100, 5, 1000));
    folder.write("x.pcap1", capture(105, 5, 1000));
    const auto inputs = read_paths({folder.path()});
    REQUIRE(inputs.has_value());
    REQUIRE(inputs->source->flows().size() == 1);
    CHECK(inputs->source->flows()[0].request.packets == 10);
    CHECK(inputs->reports[0].records == 5);
    CHECK(inputs->reports[1].records == 5);
}

TEST_CASE("input: files that cannot be used do not stop the others, and are told") {
    const TemporaryFolder folder;
    const std::string good = folder.write("good.json", conn_line(0, 1));
    const std::string pdf = folder.write("bad.bin", "%PDF-1.4");
    const auto inputs = read_paths({pdf, good, folder.path() + "/goood.json"});
    REQUIRE(inputs.has_value());
    CHECK(inputs->source->flows().size() == 1);
    REQUIRE(inputs->failures.size() == 2);
    CHECK(inputs->failures[0].code == Errc::not_found);
    CHECK(inputs->failures[0].hint.find("good.json") != std::string::npos);
    CHECK(inputs->failures[1].message.find("PDF") != std::string::npos);
}

TEST_CASE("input: nothing that can be used is an error with the reason of the first") {
    const TemporaryFolder folder;
    const auto missing = read_paths({folder.path() + "/nothing/here.pcap"});
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == Errc::not_found);
    CHECK(missing.error().hint.find("there is no folder") != std::string::npos);
    folder.write("README", "x");
    const auto empty = read_paths({folder.path()});
    REQUIRE_FALSE(empty.has_value());
    CHECK(empty.error().message == "no capture or log to read");
}

TEST_CASE("input: Zeek's other logs in a folder are no errors, but one that was named is") {
    const TemporaryFolder folder;
    folder.write("conn.log", "#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.resp_h\tproto\textra\n1\t1.1.1.1\t2.2.2.2\ttcp\t-\n");
    const std::string dns = folder.write("dns.log", "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tid.resp_h\tproto\n1\t1.1.1.1\t2.2.2.2\ttcp\n");
    const auto inputs = read_paths({folder.path()});
    REQUIRE(inputs.has_value());
    CHECK(inputs->failures.empty());
    CHECK(observer_names(*inputs) == std::vector<std::string>{"conn"});
    CHECK(inputs->reports[1].skipped.at("line of another Zeek log").count == 1);
    const auto named = read_paths({dns});
    REQUIRE_FALSE(named.has_value());
    CHECK(named.error().message.find("dns") != std::string::npos);
}

TEST_CASE("input: progress ends at all bytes and records; a request to stop keeps what was read") {
    const TemporaryFolder folder;
    std::string log;
    for (int i = 0; i < 20000; ++i) { log += conn_line(i, 1 + i); }
    const std::string path = folder.write("big.json", log);
    ReadOptions options;
    std::stop_source stop;
    options.stop = stop.get_token();
    std::uint64_t last = 0;
    std::uint64_t seen_total = 0;
    options.progress = [&](std::uint64_t done, std::uint64_t total, std::uint64_t) {
        CHECK(done >= last);
        last = done;
        seen_total = total;
    };
    const std::vector<std::string> paths{path};
    const auto whole = read_inputs(paths, options);
    REQUIRE(whole.has_value());
    CHECK(last == log.size());
    CHECK(seen_total == log.size());
    CHECK_FALSE(whole->interrupted);
    options.progress = [&](std::uint64_t, std::uint64_t, std::uint64_t records) {
        if (records > 0) { stop.request_stop(); }
    };
    const auto part = read_inputs(paths, options);
    REQUIRE(part.has_value());
    CHECK(part->interrupted);
    CHECK(part->source->flows().size() > 0);
    CHECK(part->source->flows().size() < 20000);
    CHECK_FALSE(part->reports[0].damaged_tail);
    CHECK(part->reports[0].sha256.empty());
}
