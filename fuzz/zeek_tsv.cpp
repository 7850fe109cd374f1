// A whole Zeek log in its own form through the reader.
#include "flow/read/zeek_tsv.hpp"
#include "zeek_target.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    read_as_zeek_log(std::as_bytes(std::span(data, size)), hw::flow::read::zeek::read_tsv);
    return 0;
}
