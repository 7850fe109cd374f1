// A whole pcap file through the reader and the assembler.
#include "capture_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    read_as_capture(std::as_bytes(std::span(data, size)));
    return 0;
}
