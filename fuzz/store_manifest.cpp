// Text as a store's manifest, its sum put right: what is read is written as it was read.
#include "flow/store/manifest.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#define XXH_INLINE_ALL  // the target links no more than the program does
#include <xxhash.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw::flow::store;
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) { text[i] = static_cast<char>(data[i]); }
    for (const bool mended : {false, true}) {
        if (mended) {
            const std::size_t at = text.rfind("sum ");
            if (at == std::string::npos) { break; }
            text.resize(at);
            const std::uint64_t sum = XXH3_64bits(text.data(), text.size());
            constexpr char kDigits[] = "0123456789abcdef";
            text += "sum ";
            for (unsigned shift = 64; shift > 0; shift -= 4) { text += kDigits[sum >> (shift - 4) & 0xfU]; }
            text += '\n';
        }
        const auto manifest = parse_manifest(text, "fuzz");
        if (!manifest) { continue; }
        const auto again = parse_manifest(render_manifest(*manifest), "again");
        if (!again || *again != *manifest) { std::abort(); }
    }
    return 0;
}
