#include "app/write_file.hpp"

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace hw::app {
namespace {
namespace file_writing {

/// Where the text goes first. A device or a pipe (/dev/stdout) cannot be replaced by a file; it is written to as it is.
struct Place {
    std::string target;
    bool in_place = false;
};

Place place_for(const std::string& path) {
    std::error_code ignored;
    const bool in_place = std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
    return {in_place ? path : path + ".part", in_place};
}

std::unexpected<Error> unwritable(const std::string& path, const std::string& why = {}) {
    return fail(Errc::unreadable, "cannot write the file" + (why.empty() ? "" : ": " + why), path,
                "check that its folder exists and may be written, and that the disk has room");
}

}  // namespace file_writing
}  // namespace

Result<void> check_writable(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        return fail(Errc::unreadable, "cannot write the file: it is a folder", path, "name a file in it");
    }
    const auto place = file_writing::place_for(path);
    if (place.in_place) {
        // Opening a pipe would wait for its reader.
        if (::access(path.c_str(), W_OK) != 0) { return file_writing::unwritable(path); }
        return {};
    }
    const bool was_there = std::filesystem::exists(place.target, ignored);
    const bool opened = std::ofstream(place.target, std::ios::binary | std::ios::app).is_open();
    if (!opened) { return file_writing::unwritable(path); }
    if (!was_there) { std::filesystem::remove(place.target, ignored); }
    return {};
}

Result<void> write_file(const std::string& path, std::string_view text) {
    std::error_code problem;
    const auto place = file_writing::place_for(path);
    {
        std::ofstream stream(place.target, std::ios::binary | std::ios::trunc);
        if (stream) { stream.write(text.data(), static_cast<std::streamsize>(text.size())).flush(); }
        if (!stream) {
            if (!place.in_place) { std::filesystem::remove(place.target, problem); }
            return file_writing::unwritable(path);
        }
    }
    if (place.in_place) { return {}; }
    std::filesystem::rename(place.target, path, problem);
    if (problem) {
        const std::string why = problem.message();
        std::filesystem::remove(place.target, problem);
        return file_writing::unwritable(path, why);
    }
    return {};
}

}  // namespace hw::app
