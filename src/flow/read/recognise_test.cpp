#include "flow/read/recognise.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace hw;
using namespace hw::flow::read;

namespace {

Result<Format> recognise_text(std::string_view text) { return recognise(std::as_bytes(std::span(text)), "some/file"); }

}  // namespace

TEST_CASE("recognise: each form by its first bytes") {
    using namespace std::string_view_literals;
    CHECK(recognise_text("\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0"sv) == Format::pcap);
    CHECK(recognise_text("\xa1\xb2\xc3\xd4\0\x02\0\x04\0\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\x01"sv) == Format::pcap);
    CHECK(recognise_text("\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0"sv) == Format::pcapng);
    CHECK(recognise_text("\x0c\xa5\x01\0"sv) == Format::nfdump);
    CHECK(recognise_text("#separator \\x09\n") == Format::zeek_tsv);
    CHECK(recognise_text("\xef\xbb\xbf#separator \\x09\n") == Format::zeek_tsv);
    CHECK(recognise_text("#fields\tts\tuid\n") == Format::zeek_tsv);
    CHECK(recognise_text("{\"ts\":1}\n") == Format::zeek_json);
    CHECK(recognise_text("\n { \"ts\":1}\n") == Format::zeek_json);
}

TEST_CASE("recognise: what is not read is named where it is known, and told what would be") {
    using namespace std::string_view_literals;
    const auto refused = [](std::string_view text, std::string_view word) {
        const auto format = recognise_text(text);
        REQUIRE_FALSE(format.has_value());
        CAPTURE(format.error().message);
        CHECK(format.error().message.find(word) != std::string::npos);
        CHECK(format.error().where == "some/file");
    };
    refused("%PDF-1.4", "PDF");
    refused("PK\x03\x04....", "ZIP");
    refused("\0\x05\0\x01........"sv, "netflow-v5");
    refused("[{\"ts\":1}]", "one object a line");
    refused("1416823200.123456\tC1\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\n", "without its header");
    refused("hello world, this is text", "hello world");
    refused("\x01\x02\x03\xff", "01 02 03 ff");
    refused("", "empty");
    CHECK(recognise_text("%PDF-").error().hint.find("pcapng") != std::string::npos);
}

TEST_CASE("recognise: terminal controls in the first bytes do not reach the message") {
    const auto format = recognise_text("\x1b[2Jgotcha");
    REQUIRE_FALSE(format.has_value());
    CHECK(format.error().message.find('\x1b') == std::string::npos);
}

TEST_CASE("recognise: the first packet's time from the head of a capture") {
    using namespace std::string_view_literals;
    const std::string micros("\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0\x0a\0\0\0\x07\0\0\0", 32);
    CHECK(first_packet_time(std::as_bytes(std::span(micros)), Format::pcap) == Time::from_micros(10'000'007));
    const std::string nanos("\xa1\xb2\x3c\x4d\0\x02\0\x04\0\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\x01\0\0\0\x0a\0\0\x1b\x58", 32);
    CHECK(first_packet_time(std::as_bytes(std::span(nanos)), Format::pcap) == Time::from_micros(10'000'007));
    CHECK_FALSE(first_packet_time(std::as_bytes(std::span(micros).first(30)), Format::pcap).has_value());
    const std::string section("\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0", 28);
    const std::string interface("\x01\0\0\0\x20\0\0\0\x01\0\0\0\0\0\x04\0\x09\0\x01\0\x09\0\0\0\0\0\0\0\x20\0\0\0", 32);  // nanoseconds
    const std::string packet("\x06\0\0\0\x20\0\0\0\0\0\0\0\x02\0\0\0\0\x68\x6d\x18\0\0\0\0\0\0\0\0\x20\0\0\0", 32);
    const std::string all = section + interface + packet;
    const auto first = first_packet_time(std::as_bytes(std::span(all)), Format::pcapng);
    REQUIRE(first.has_value());
    CHECK(first->micros() == (((std::int64_t{2} << 32) + 0x186d6800) / 1000));
    for (std::size_t size = 0; size < all.size(); ++size) {
        CHECK_FALSE(first_packet_time(std::as_bytes(std::span(all).first(size)), Format::pcapng).has_value());
    }
}
