#include "flow/read/zeek_tsv.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

namespace {

struct TsvRead {
    Result<void> done;
    ReadReport report;
    std::vector<Flow> flows;
};

TsvRead read_tsv_text(std::string_view text, std::size_t block = 64) {
    const std::vector<char> copy(text.begin(), text.end());
    MemoryBytes bytes(std::as_bytes(std::span(copy)), block);
    zeek::Connections connections("sensor");
    TsvRead result{.done = {}, .report = {}, .flows = {}};
    result.report.path = "conn.log";
    result.done = zeek::read_tsv(bytes, connections, {}, result.report);
    result.flows = connections.take();
    return result;
}

const std::string kTsvHeader =
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2014-11-24-10-00-00\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\t"
    "missed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\t"
    "set[string]\n";
const std::string kTsvRow =
    "1416823200.123456\tC1\t10.0.0.1\t40000\t198.51.100.7\t22\ttcp\tssh\t2.500000\t100\t1000\tSF\tT\tF\t0\tShADadFf\t5\t300\t4\t1200\t-\n";

}  // namespace

TEST_CASE("zeek tsv: a log as Zeek writes it") {
    const auto read = read_tsv_text(kTsvHeader + kTsvRow + "#close\t2014-11-24-11-00-00\n");
    REQUIRE(read.done.has_value());
    REQUIRE(read.flows.size() == 1);
    CHECK(read.report.format == "zeek-tsv");
    CHECK(read.report.records == 1);
    CHECK(read.report.skipped.empty());
    const Flow& flow = read.flows.front();
    CHECK(to_string(flow.client) == "10.0.0.1:40000");
    CHECK(flow.first == Time::from_micros(1'416'823'200'123'456));
    CHECK(flow.reply.bytes == 1200);
    CHECK(flow.uid == "C1");
    CHECK(flow.client_local == true);
}

TEST_CASE("zeek tsv: columns in any order, optional ones missing, unset values, another separator and names") {
    const auto read = read_tsv_text(
        "#separator \\x2c\n#unset_field,nil\n#empty_field,none\n#path,conn\n#fields,id_resp_p,proto,duration,id_resp_h,ts,id_orig_h,id_orig_p,extra\n"
        "53,udp,nil,2001:db8::53,1416823200,2001:db8::1,5353,\\x2c\n");
    REQUIRE(read.done.has_value());
    REQUIRE(read.flows.size() == 1);
    CHECK(to_string(read.flows[0].server) == "[2001:db8::53]:53");
    CHECK(read.flows[0].first == read.flows[0].last);
    CHECK(read.flows[0].request.bytes == 0);
    CHECK_FALSE(read.flows[0].client_local.has_value());
}

TEST_CASE("zeek tsv: a header in the middle of joined files changes all that follows") {
    const auto read = read_tsv_text(kTsvHeader + kTsvRow +
                                    "#separator \\x09\n#path\tconn\n#fields\tuid\tproto\tid.resp_p\tid.resp_h\tid.orig_p\tid.orig_h\tts\n"
                                    "C2\ttcp\t80\t198.51.100.8\t40001\t10.0.0.2\t1416823201.5\n");
    REQUIRE(read.done.has_value());
    REQUIRE(read.flows.size() == 2);
    CHECK(to_string(read.flows[1].client) == "10.0.0.2:40001");
    CHECK(read.flows[1].first == Time::from_micros(1'416'823'201'500'000));
}

TEST_CASE("zeek tsv: other logs in the file are passed over and counted, alone they are an error that names them") {
    const std::string dns = "#separator \\x09\n#path\tdns\n#fields\tts\tuid\tid.orig_h\tid.resp_h\tproto\tquery\n1\tC9\t10.0.0.1\t10.0.0.2\tudp\tx\n";
    const auto both = read_tsv_text(kTsvHeader + kTsvRow + dns);
    REQUIRE(both.done.has_value());
    CHECK(both.flows.size() == 1);
    CHECK(both.report.skipped.at("line of another Zeek log").count == 1);
    const auto alone = read_tsv_text(dns);
    REQUIRE_FALSE(alone.done.has_value());
    CHECK(alone.done.error().code == Errc::unsupported);
    CHECK(alone.done.error().message.find("dns") != std::string::npos);
}

TEST_CASE("zeek tsv: a line that cannot be read is counted by reason with its offset, the others are used") {
    const std::string bad = "1416823200.123456\tC2\tnowhere\t40000\t198.51.100.7\t22\ttcp\t-\t-\t-\t-\tS0\tT\tF\t0\tS\t1\t60\t0\t0\t-\n";
    const auto read = read_tsv_text(kTsvHeader + bad + kTsvRow + "1416823200.1\tC3\n");
    REQUIRE(read.done.has_value());
    CHECK(read.flows.size() == 1);
    REQUIRE(read.report.skipped.contains("unreadable address"));
    CHECK(read.report.skipped.at("unreadable address").first_offsets == std::vector<std::uint64_t>{kTsvHeader.size()});
    CHECK(read.report.skipped.at("too few columns").count == 1);
}

TEST_CASE("zeek tsv: a last line that was cut off is not used with half a number, and told") {
    const std::string cut = "1416823200.5\tC2\t10.0.0.1\t40002\t198.51.100.7\t22\ttcp\tssh\t2.5";
    const auto read = read_tsv_text(kTsvHeader + kTsvRow + cut);
    REQUIRE(read.done.has_value());
    CHECK(read.flows.size() == 1);
    CHECK(read.report.damaged_tail);
    // With its last, unused column begun, the line has all that is needed.
    const auto whole = read_tsv_text(kTsvHeader + kTsvRow.substr(0, kTsvRow.size() - 1));
    CHECK(whole.flows.size() == 1);
    CHECK_FALSE(whole.report.damaged_tail);
    // Where the last column is one that counts, it may have lost digits.
    const auto number = read_tsv_text("#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.resp_h\tproto\torig_bytes\n1\t1.1.1.1\t2.2.2.2\ttcp\t12");
    CHECK(number.flows.empty());
    CHECK(number.report.damaged_tail);
}

TEST_CASE("zeek tsv: escaped bytes are put back") {
    CHECK(zeek::unescape("a\\x09b") == "a\tb");
    CHECK(zeek::unescape("\\\\x09") == "\\x09");
    CHECK(zeek::unescape("\\x") == "\\x");
    CHECK(zeek::unescape("\\xZZ") == "\\xZZ");
    CHECK(zeek::unescape("\\") == "\\");
    const auto read = read_tsv_text(kTsvHeader + "1\tC\\x411\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t\\x2d\t-\t-\t-\tS0\t-\t-\t0\t(empty)\t1\t60\t0\t0\t-\n");
    REQUIRE(read.flows.size() == 1);
    CHECK(read.flows[0].uid == "CA1");
}

TEST_CASE("zeek tsv: a header that cannot serve is an error with the reason") {
    const auto none = read_tsv_text("#separator \\x09\n1\t2\t3\n");
    REQUIRE_FALSE(none.done.has_value());
    CHECK(none.done.error().code == Errc::malformed);
    const auto lacking = read_tsv_text("#separator \\x09\n#path\tconn\n#fields\tts\tuid\tconn_state\n1\tC1\tSF\n");
    REQUIRE_FALSE(lacking.done.has_value());
    CHECK(lacking.done.error().message.find("id.orig_h") != std::string::npos);
    // A column with our name and another type is not ours.
    CHECK_FALSE(read_tsv_text("#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.resp_h\tproto\n#types\ttime\tcount\taddr\tenum\n1\t7\t1.1.1.1\ttcp\n").done.has_value());
    // No line at all below a good header: an hour without traffic.
    CHECK(read_tsv_text(kTsvHeader).done.has_value());
    // Lines below a good header, and none of use.
    CHECK_FALSE(read_tsv_text(kTsvHeader + "nonsense\n").done.has_value());
}

TEST_CASE("zeek tsv: how the bytes come in blocks does not matter") {
    std::string text = kTsvHeader;
    for (int i = 0; i < 50; ++i) { text += kTsvRow.substr(0, kTsvRow.find("C1")) + "D" + std::to_string(i) + kTsvRow.substr(kTsvRow.find("C1") + 2); }
    const auto whole = read_tsv_text(text, 1 << 20);
    CHECK(whole.flows.size() == 50);
    for (const std::size_t block : {1, 7, 64, 150, 1000}) { CHECK(read_tsv_text(text, block).flows == whole.flows); }
}
