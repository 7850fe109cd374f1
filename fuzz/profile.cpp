// A background profile through its parser: what is accepted must come back the same from its own rendering, and give chances.
#include "trace/profile.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw::trace;
    std::string text;
    for (std::size_t i = 0; i < size; ++i) { text += static_cast<char>(data[i]); }
    const auto profile = parse_profile(text, "fuzz");
    if (!profile) { return 0; }
    const auto again = parse_profile(render_profile(*profile), "again");
    if (!again || *again != *profile) { std::abort(); }
    for (const auto& null : profile->classes) {
        double before = 0;
        for (double z = -20; z < 200; z += 0.7) {
            const double now = null.log_p(z);
            if (!(now <= before + 1e-9)) { std::abort(); }
            before = now;
        }
    }
    return 0;
}
