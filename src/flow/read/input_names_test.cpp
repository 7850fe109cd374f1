#include "flow/read/input_names.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace hw::flow::read;

namespace {

std::vector<std::string> names_of(const std::vector<std::string>& paths) {
    std::vector<InputName> names;
    for (const std::string& path : paths) { names.push_back(name_input(path)); }
    return unique_names(names);
}

}  // namespace

TEST_CASE("input names: an observer is called as its file, without folder and suffixes") {
    for (const char* path : {"berlin.pcap", "a/b/berlin.pcapng", "berlin.cap", "berlin.log", "berlin.json", "berlin.pcap.gz", "x/berlin.log.zst", "berlin.json.xz", "berlin.PCAP"}) {
        CAPTURE(path);
        CHECK(name_input(path).stem == "berlin");
        CHECK(name_input(path).piece.empty());
    }
    CHECK(name_input("-").stem == "stdin");
    CHECK(name_input("noext").stem == "noext");
    CHECK(name_input(".pcap").stem == ".pcap");
}

TEST_CASE("input names: pieces of a rotation share their name") {
    for (const char* path : {"d/x.pcap0", "d/x.pcap12", "d/x.pcap3.gz", "d/x.log.1", "d/x.log.2.gz", "d/x_00001_20141124100000.pcapng", "d/x.10:00:00-11:00:00.log.gz",
                             "d/x_20141124_10:00:00-11:00:00+0000.log.gz", "d/x-20141124-100000.pcap", "d/x.2014-11-24-10-00-00.log", "d/x-14-11-24_10.00.00.log",
                             "d/2014-11-24/x.log", "d/2014-11-24/x.10:00:00-11:00:00.log.gz", "d/current/x.log"}) {
        CAPTURE(path);
        const InputName name = name_input(path);
        CHECK(name.stem == "x");
        CHECK(name.folder == "d");
        CHECK_FALSE(name.piece.empty());
    }
    CHECK(name_input("logs/conn_long.log").stem == "conn");
    CHECK(name_input("site/20141124100000.pcap").stem == "site");
    CHECK(name_input("site/2014-11-24-10-00-00.pcap").stem == "site");
}

TEST_CASE("input names: what nfcapd wrote in turn is one recording") {
    const auto name = name_input("flows/2026/11/22/nfcapd.202611221835");
    CHECK(name.stem == "nfcapd");
    CHECK(name.piece == "/.202611221835");
    CHECK(name_input("flows/2026/11/22/nfcapd.202611221840").folder == name.folder);
    CHECK(name_input("nfcapd.current").stem == "nfcapd.current");
}

TEST_CASE("input names: a number alone does not make pieces of two hosts") {
    CHECK(name_input("host-1.pcap").stem == "host-1");
    CHECK(name_input("10.0.0.1.pcap").stem == "10.0.0.1");
    CHECK(name_input("relay2.pcap").stem == "relay2");
    CHECK(name_input("relay2").stem == "relay2");
}

TEST_CASE("input names: equal names get as many folders as it takes") {
    CHECK(names_of({"a/conn.log", "b/conn.log", "b/other.log"}) == std::vector<std::string>{"a/conn", "b/conn", "other"});
    CHECK(names_of({"x/a/conn.log", "y/a/conn.log"}) == std::vector<std::string>{"x/a/conn", "y/a/conn"});
    CHECK(names_of({"conn.log", "a/conn.log"}) == std::vector<std::string>{"conn", "a/conn"});
    CHECK(names_of({"a/x.pcap", "a/x.log"}) == std::vector<std::string>{"a/x", "a/x (2)"});
    CHECK(names_of({"/a/x.pcap", "/b/x.pcap"}) == std::vector<std::string>{"a/x", "b/x"});
}

TEST_CASE("input names: numbers in names order as numbers") {
    CHECK(natural_less("x.pcap2", "x.pcap10"));
    CHECK_FALSE(natural_less("x.pcap10", "x.pcap2"));
    CHECK(natural_less("", "0"));
    CHECK(natural_less("a9b", "a10a"));
    CHECK_FALSE(natural_less("a", "a"));
    CHECK(natural_less("a1", "a01") != natural_less("a01", "a1"));
}

TEST_CASE("input names: what is plainly no data") {
    for (const char* name : {".hidden", "README", "README.md", "truth.json", "first.truth.json", "report.html", "scenario.toml", "victim.args", "notes.txt", "x.pcap~"}) { CHECK(is_plainly_no_data(name)); }
    for (const char* name : {"x.pcap", "conn.log", "conn.log.gz", "x", "capture.json", "x.pcap0"}) { CHECK_FALSE(is_plainly_no_data(name)); }
}
