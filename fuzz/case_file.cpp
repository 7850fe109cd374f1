// Case files: any bytes are refused, or read and verified, without a crash; no more than the file is read, nothing is run.
#include "casefile/case_file.hpp"
#include "casefile/verify.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw::casefile;
    constexpr std::size_t kLargest = std::size_t{1} << 20U;
    if (size > kLargest) { return 0; }
    const int file = ::memfd_create("case", MFD_CLOEXEC);
    if (file < 0) { return 0; }
    if (::write(file, data, size) == static_cast<ssize_t>(size)) {
        if (auto opened = CaseFile::open("/proc/self/fd/" + std::to_string(file), Access::read)) {
            static_cast<void>(opened->keys());
            static_cast<void>(opened->counts());
            static_cast<void>(opened->all("item"));
            static_cast<void>(verify(*opened, {}));
            static_cast<void>(verify(*opened, {.since = Head{.seq = 2, .hash = {}}}));
        }
    }
    ::close(file);
    return 0;
}
