#include "flow/read/export_boundary.hpp"

#include "flow/read/test_exports.hpp"

#include <doctest/doctest.h>

namespace {

using namespace hw::flow::read;
using namespace hw::flow::read::test;

ExportBytes plain_template(std::uint64_t id) { return export_template(id, {{8, 4, 0}, {12, 4, 0}, {2, 4, 0}, {1, 4, 0}}); }
ExportBytes plain_record() { return ExportBytes().u32(0x0a000001).u32(0xc6336401).u32(3).u32(300); }

TEST_CASE("export message size: whole messages are told, also where NetFlow v9 does not write their size") {
    const auto one = v9_message(0, {export_set(0, plain_template(256)), export_set(256, plain_record())});
    const auto two = ExportBytes().add(one.bytes()).add(one.bytes());
    CHECK(export_message_size(two.bytes()) == one.size());
    CHECK(export_message_size(one.bytes()) == one.size());
    const auto ipfix = ipfix_message(0, {export_set(2, plain_template(256))});
    CHECK(export_message_size(ipfix.bytes()) == ipfix.size());
    CHECK_FALSE(export_message_size(ipfix.bytes().first(ipfix.size() - 1)));
    CHECK_FALSE(export_message_size(ExportBytes().u64(0x0005'0000'0000'0000).u64(0).u64(0).bytes()));
}

}  // namespace
