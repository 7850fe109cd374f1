#include "trace/profile.hpp"

#include <cassert>

namespace hw::trace {

namespace {
/// data/default-profile.json, put here by the build.
constexpr char kDefaultProfileText[] = {
#include "trace/default_profile.inc"
};
}  // namespace

const Profile& default_profile() {
    static const Profile profile = [] {
        auto parsed = parse_profile({kDefaultProfileText, sizeof(kDefaultProfileText)}, "the built-in profile");
        assert(parsed.has_value());  // a test reads it
        return parsed ? *std::move(parsed) : Profile{};
    }();
    return profile;
}

}  // namespace hw::trace
