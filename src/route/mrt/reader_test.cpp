#include "route/mrt/reader.hpp"

#include "route/mrt/records.hpp"
#include "route/test_messages.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::route;
using namespace hw::route::testing;
using Lines = std::vector<std::string>;

namespace {

struct Read {
    Listed sink;
    InputReport report;
    bool wanted_all = false;
};

void read(const Bytes& file, Read& into, std::size_t block = 7) {
    MemoryBytes source(file.view(), block);
    const auto done = mrt::read_mrt(source, into.sink, {}, into.report);
    REQUIRE(done);
    into.wanted_all = *done;
}

const Bytes kTen = Bytes().u8(8).u8(10);

/// An index of two peers: AS64500 at 198.51.100.1, AS4200000000 at 2001:db8::1.
Bytes peers() {
    Bytes body;
    body.u32(1).u16(4).u32(0x74657374).u16(2).u8(0).u32(1).u32(0xc633'6401).u16(64'500).u8(3).u32(2).u64(0x2001'0db8'0000'0000).u64(1).u32(4'200'000'000);
    return record(13, 1, body);
}

Bytes entry(unsigned peer, const Bytes& attributes) { return Bytes().u16(peer).u32(1'400'000'000).u16(attributes.size()).add(attributes); }

}  // namespace

TEST_CASE("mrt: updates, with two- and four-byte numbers, with microseconds, with path identifiers, and of type 5") {
    Bytes file;
    file.add(record(16, 4, session().add(message(update_of(Bytes().u8(0), usual_attributes(), kTen)))));
    Bytes two;
    two.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path2({64'500}))).add(attribute(0x40, 3, Bytes().u32(1)));
    file.add(record(16, 1, session(false).add(message(update_of(Bytes(), two, kTen)))));
    file.add(record(17, 4, Bytes().u32(250'000).add(session()).add(message(update_of(kTen, Bytes(), Bytes())))));
    file.add(record(16, 9, session().add(message(update_of(Bytes(), usual_attributes(), Bytes().u32(5).add(kTen))))));
    file.add(record(5, 1, Bytes().u16(64'500).u32(0xc633'6401).u16(64'499).u32(0xc633'64fe).add(update_of(Bytes(), two, kTen))));
    file.add(record(16, 4, session().add(message(Bytes(), 4))));  // a KEEPALIVE
    for (const std::size_t block : {std::size_t{1}, std::size_t{19}, std::size_t{4096}}) {
        Read got;
        read(file, got, block);
        CHECK(got.sink.lines == Lines{"withdraw AS64500 0.0.0.0/0", "announce AS64500 10.0.0.0/8 [64500 64501]", "announce AS64500 10.0.0.0/8 [64500]", "withdraw AS64500 10.0.0.0/8",
                                      "announce AS64500 10.0.0.0/8 #5 [64500 64501]", "announce AS64500 10.0.0.0/8 [64500]"});
        CHECK(got.report.records == 6);
        CHECK(got.report.skipped_total() == 0);
        CHECK(got.report.format == "mrt");
    }
}

TEST_CASE("mrt: changes of a session's state") {
    Bytes file;
    file.add(record(16, 0, session(false).u16(6).u16(1))).add(record(16, 5, session().u16(1).u16(3))).add(record(5, 3, Bytes().u16(64'500).u32(0xc633'6401).u16(5).u16(6)));
    Read got;
    read(file, got);
    CHECK(got.sink.lines == Lines{"state 198.51.100.1 6>1", "state 198.51.100.1 1>3", "state 198.51.100.1 5>6"});
}

TEST_CASE("mrt: tables of both versions, each peer's route by its index") {
    Bytes file;
    const Bytes attributes = usual_attributes();
    file.add(peers()).add(record(13, 2, Bytes().u32(0).add(kTen).u16(2).add(entry(0, attributes)).add(entry(1, attributes))));
    Bytes v6;
    v6.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path4({64'500}))).add(attribute(0x80, 14, Bytes().u8(16).u64(0x2001'0db8'0000'0000).u64(9)));
    file.add(record(13, 4, Bytes().u32(1).u8(32).u32(0x2001'0db8).u16(1).add(entry(1, v6))));
    file.add(record(13, 8, Bytes().u32(2).add(kTen).u16(1).u16(0).u32(1'400'000'000).u32(77).u16(attributes.size()).add(attributes)));
    file.add(record(13, 6, Bytes().u32(3).u16(2).u8(1).u8(32).u32(0x2001'0db9).u16(1).add(entry(1, v6))));
    Bytes two;
    two.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path2({64'500}))).add(attribute(0x40, 3, Bytes().u32(1)));
    file.add(record(12, 1, Bytes().u16(0).u16(1).u32(0x0a00'0000).u8(8).u8(1).u32(1'400'000'000).u32(0xc633'6401).u16(64'500).u16(two.size()).add(two)));
    file.add(record(16, 2, session(false).u16(0).u16(0).u32(1'400'000'000).u16(1).u8(1).u8(4).u32(1).add(kTen).u16(two.size()).add(two)));
    Read got;
    read(file, got);
    CHECK(got.sink.lines == Lines{"table AS64500 10.0.0.0/8 [64500 64501]", "table AS4200000000 10.0.0.0/8 [64500 64501]", "table AS4200000000 2001:db8::/32 [64500]",
                                  "table AS64500 10.0.0.0/8 #77 [64500 64501]", "table AS4200000000 2001:db9::/32 [64500]", "table AS64500 10.0.0.0/8 [64500]", "table AS64500 10.0.0.0/8 [64500]"});
    CHECK(got.report.skipped_total() == 0);
}

TEST_CASE("mrt: what cannot be used is counted with its place, and what follows is read") {
    Bytes file;
    file.add(record(99, 0, Bytes().u32(0)));
    file.add(record(16, 4, Bytes().u32(64'500)));                                            // without its session
    file.add(record(16, 4, session().add(Bytes().u64(0).u64(0).u16(5).u8(2))));              // shorter than its header
    file.add(record(16, 4, session().add(Bytes().u64(0).u64(0).u16(500).u8(2))));            // longer than its record
    file.add(record(16, 6, session().add(message(update_of(kTen, Bytes(), Bytes())))));      // the collector's own
    file.add(record(13, 2, Bytes().u32(0).add(kTen).u16(1).add(entry(5, usual_attributes()))));  // of no peer
    file.add(record(13, 2, Bytes().u32(0).u8(40).u8(0).u8(0).u8(0).u8(0).u8(0)));            // a prefix that cannot be
    const std::size_t place = file.size();
    file.add(record(16, 4, session().add(message(update_of(Bytes(), attribute(0x40, 1, Bytes().u8(9)), kTen)))));
    file.add(record(16, 4, session().add(message(update_of(kTen, Bytes(), Bytes())))));
    Read got;
    read(file, got);
    CHECK(got.sink.lines == Lines{"malformed AS64500 10.0.0.0/8 []", "withdraw AS64500 10.0.0.0/8"});
    CHECK(got.report.skipped_total() == 8);
    REQUIRE(got.report.skipped.contains("ORIGIN is malformed"));
    CHECK(got.report.skipped.at("ORIGIN is malformed").first_offsets.front() == place + 12 + session().size() + 19 + 4);
    CHECK(got.report.skipped.at("a record of a type that is not read").first_offsets.front() == 0);
    CHECK(got.wanted_all);
}

TEST_CASE("mrt: a file that ends inside a record gives what came before, with the place") {
    Bytes file;
    const Bytes good = record(16, 4, session().add(message(update_of(kTen, Bytes(), Bytes()))));
    file.add(good).add(good);
    for (std::size_t cut = good.size() + 1; cut < 2 * good.size(); ++cut) {
        Bytes part;
        part.raw().assign(file.view().begin(), file.view().begin() + static_cast<std::ptrdiff_t>(cut));
        Read got;
        read(part, got);
        CHECK(got.sink.lines.size() == 1);
        CHECK(got.report.damaged_tail);
        CHECK(got.report.skipped.begin()->second.first_offsets.front() == good.size());
    }
}

TEST_CASE("mrt: a record that says it has gigabytes ends the reading, without memory for it") {
    Bytes file;
    file.add(record(16, 4, session().add(message(update_of(kTen, Bytes(), Bytes()))))).u32(0).u16(16).u16(4).u32(0xffff'ffff);
    Read got;
    read(file, got);
    CHECK(got.sink.lines.size() == 1);
    CHECK(got.report.skipped.begin()->first == "a record longer than 16 MiB: this is no MRT record");
    MemoryBytes source(std::as_bytes(std::span("this is a text")));
    Listed sink;
    InputReport report;
    const auto none = mrt::read_mrt(source, sink, {}, report);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Errc::malformed);
}

TEST_CASE("mrt: path identifiers in a record for those without are read, and noted") {
    Bytes file;
    file.add(record(16, 4, session().add(message(update_of(Bytes(), usual_attributes(), Bytes().u32(1).add(kTen).u32(2).add(kTen))))));
    Read got;
    read(file, got);
    CHECK(got.sink.lines == Lines{"announce AS64500 10.0.0.0/8 #1 [64500 64501]", "announce AS64500 10.0.0.0/8 #2 [64500 64501]"});
    CHECK(got.report.noted.size() == 1);
    CHECK(got.report.skipped_total() == 0);
}

TEST_CASE("mrt: a sink that wants no more ends the reading") {
    Bytes file;
    const Bytes good = record(16, 4, session().add(message(update_of(kTen, Bytes(), Bytes()))));
    file.add(good).add(good).add(good);
    Read got;
    got.sink.most = 2;
    read(file, got);
    CHECK(got.sink.lines.size() == 2);
    CHECK_FALSE(got.wanted_all);
}

TEST_CASE("mrt: its files are known by their first record") {
    CHECK(mrt::looks_like_mrt(peers().view()));
    CHECK_FALSE(mrt::looks_like_mrt(std::as_bytes(std::span("this is a text file"))));
    CHECK_FALSE(mrt::looks_like_mrt({}));
}
