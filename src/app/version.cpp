#include "app/version.hpp"

namespace hw::app {

std::string_view version() { return HW_VERSION; }
std::string_view compiler() {
#ifdef __clang__
    return "clang " __clang_version__;
#else
    return "g++ " __VERSION__;
#endif
}

}  // namespace hw::app
