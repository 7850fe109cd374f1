#include "weigh/attack/library_file.hpp"

#include "base/input/whole.hpp"

namespace hw::weigh::attack {

Result<Library> read_library(InputBytes& input, const std::string& where) {
    const JsonLimits limits;
    HW_TRY(const auto text, read_whole(input, limits.bytes));
    if (const auto damages = input.damages(); !damages.empty()) { return fail(Errc::malformed, "the bundle ends early: " + damages.front().what, where, "fetch it again"); }
    HW_TRY(const auto bundle, parse_json(text, where, limits));
    return read_library(bundle, where);
}

}  // namespace hw::weigh::attack
