#include "flow/read/follow.hpp"

#include "flow/read/test_packets.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <unistd.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;

namespace {

/// A file that is gone with the test.
struct Scratch {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("headwater-follow-" + std::to_string(::getpid()) + ".pcap");
    Scratch() { std::filesystem::remove(path); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { std::filesystem::remove(path); }
    void append(const Bytes& bytes, std::size_t from, std::size_t to) const {
        std::ofstream out(path, std::ios::binary | std::ios::app);
        for (std::size_t i = from; i < to; ++i) { out.put(static_cast<char>(bytes[i])); }
    }
};

Bytes recording() {
    PcapFile file;
    for (int i = 0; i < 400; ++i) {
        const auto port = static_cast<std::uint16_t>(4000 + i % 7);
        file.add(at(0.5 * i), ethernet(ipv4({kClient, kServer}, 17, udp(port, 53, zeros(static_cast<std::size_t>(20 + i % 40))))));
        file.add(at(0.5 * i + 0.03), ethernet(ipv4({kServer, kClient}, 17, udp(53, port, zeros(60)))));
    }
    return file.bytes;
}

/// Waits for what another thread will do; the test's time limit is the only one.
template <typename Done>
void wait_for(const Done& done) {
    while (!done()) { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }
}

std::vector<Flow> flows_of(const Inputs& inputs) { return {inputs.source->flows().begin(), inputs.source->flows().end()}; }

}  // namespace

TEST_CASE("follow: a capture that grows in pieces, looked at in between, gives in the end what reading it whole gives") {
    const Scratch file;
    const Bytes bytes = recording();
    const std::size_t half = bytes.size() / 2 + 5;  // inside a record
    file.append(bytes, 0, half);
    ReadOptions options;
    options.timeouts.active = std::chrono::seconds(40);
    const auto follow = Follow::start({{file.path.string()}, {}}, options);
    REQUIRE(follow);
    wait_for([&] { return (*follow)->records() >= 390; });
    const auto first_half = read_bytes(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(half)), options);
    wait_for([&] { return (*follow)->records() == first_half.report.records; });
    options.rejoin = false;
    CHECK(flows_of((*follow)->snapshot()).size() == 7);
    file.append(bytes, half, bytes.size());
    wait_for([&] { return (*follow)->records() == 800; });
    CHECK_FALSE((*follow)->ended());
    const Inputs last = (*follow)->finish();
    const auto whole = read_inputs(std::vector{file.path.string()}, options);
    REQUIRE(whole);
    CHECK(last.reports[0].sha256 == whole->reports[0].sha256);
    CHECK(last.reports[0].records == 800);
    ReadOptions joined = options;
    joined.rejoin = true;
    CHECK(flows_of(last) == flows_of(*read_inputs(std::vector{file.path.string()}, joined)));
}

TEST_CASE("follow: a snapshot is what the packets so far give, and changes nothing") {
    const Scratch file;
    const Bytes bytes = recording();
    file.append(bytes, 0, bytes.size());
    const auto follow = Follow::start({{file.path.string()}, {}}, {});
    REQUIRE(follow);
    wait_for([&] { return (*follow)->records() == 800; });
    const auto first = flows_of((*follow)->snapshot());
    CHECK(first == flows_of((*follow)->snapshot()));
    CHECK(first == flows_of((*follow)->finish()));
}

TEST_CASE("follow: what is no capture, and what is not there, are errors that say so") {
    CHECK(Follow::start({{"/nonexistent/x.pcap"}, {}}, {}).error().code == Errc::not_found);
    CHECK(Follow::start({{"/"}, {}}, {}).error().code == Errc::unreadable);
    const Scratch file;
    file.append(zeros(5000), 0, 5000);
    const auto follow = Follow::start({{file.path.string()}, {}}, {});
    REQUIRE(follow);
    wait_for([&] { return (*follow)->ended(); });
    REQUIRE((*follow)->failures().size() == 1);
    CHECK((*follow)->failures()[0].hint.find("not packed") != std::string::npos);
    const Inputs last = (*follow)->finish();
    REQUIRE(last.failures.size() == 1);
    CHECK(last.failures[0].code == Errc::malformed);
}
