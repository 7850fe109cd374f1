#include "app/write_file.hpp"

#include <filesystem>
#include <fstream>

namespace hw::app {

Result<void> write_file(const std::string& path, std::string_view text) {
    std::error_code problem;
    // A device or a pipe (/dev/stdout) cannot be replaced by a file; it is written to as it is.
    const bool in_place = std::filesystem::exists(path, problem) && !std::filesystem::is_regular_file(path, problem);
    const std::string target = in_place ? path : path + ".part";
    {
        std::ofstream stream(target, std::ios::binary | std::ios::trunc);
        if (stream) { stream.write(text.data(), static_cast<std::streamsize>(text.size())).flush(); }
        if (!stream) {
            if (!in_place) { std::filesystem::remove(target, problem); }
            return fail(Errc::unreadable, "cannot write the file", path, "check that its folder exists and may be written");
        }
    }
    if (in_place) { return {}; }
    std::filesystem::rename(target, path, problem);
    if (problem) { return fail(Errc::unreadable, "cannot write the file: " + problem.message(), path); }
    return {};
}

}  // namespace hw::app
