#include "flow/store/files.hpp"

#include "flow/store/bits.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace hw::flow::store {
namespace {
namespace files_detail {

constexpr std::uintmax_t kLongestManifest = std::uintmax_t{1} << 30U;
constexpr std::string_view kNew = ".new";

std::unexpected<Error> write_failure(const std::string& path, int code) {
    const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
    return fail(full ? Errc::limit : Errc::unreadable, full ? "the disk is full: nothing of this import was kept" : std::string("cannot write: ") + std::strerror(code), path,
                full ? "make room and import again; the store is as it was before" : "check the folder's permissions");
}

bool write_all(int file, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) { continue; }
        if (written <= 0) { return false; }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

void flush_folder(const std::string& folder) {
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) { return; }
    ::fsync(file);
    ::close(file);
}

}  // namespace files_detail
}  // namespace

bool is_store(const std::string& path) {
    std::error_code ignored;
    const auto manifest = std::filesystem::path(path) / kManifestFile;
    if (!std::filesystem::is_regular_file(manifest, ignored)) { return false; }
    std::ifstream stream(manifest, std::ios::binary);
    std::string begin(16, '\0');
    stream.read(begin.data(), 16);
    return begin == "headwater store " || !files_ending(path, kSegmentEnd).empty();
}

Result<void> write_durably(const std::string& folder, const std::string& name, std::span<const std::byte> bytes) { return write_durably(folder, name, bytes, {}); }

Result<void> write_durably(const std::string& folder, const std::string& name, std::span<const std::byte> first, std::span<const std::byte> second) {
    using namespace files_detail;
    const std::string path = folder + "/" + name;
    const std::string fresh = path + std::string(kNew);
    const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) { return write_failure(fresh, errno); }
    const bool written = write_all(file, first) && write_all(file, second) && ::fsync(file) == 0;
    const int code = errno;
    const bool closed = ::close(file) == 0;
    if (!written || !closed || ::rename(fresh.c_str(), path.c_str()) != 0) {
        const int why = written ? errno : code;
        ::unlink(fresh.c_str());
        return write_failure(path, why);
    }
    flush_folder(folder);
    return {};
}

Result<std::string> write_next_segment(const std::string& folder, Manifest& manifest, std::span<const std::byte> front, std::span<const std::byte> data) {
    constexpr std::size_t kSumAt = 16;  // of the front
    // Digits only: manifests of version 1 know no other names.
    std::string name = fmt::format("{:010}{:020}{}", manifest.next++, load_little<std::uint64_t>(front.data() + kSumAt), kSegmentEnd);
    HW_CHECK(write_durably(folder, name, front, data));
    return name;
}

std::vector<std::string> files_ending(const std::string& folder, std::string_view end) {
    std::vector<std::string> found;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), none; !error && at != none; at.increment(error)) {
        if (std::string name = at->path().filename().string(); name.ends_with(end)) { found.push_back(std::move(name)); }
    }
    std::ranges::sort(found);
    return found;
}

Result<Manifest> read_manifest(const std::string& folder) {
    const std::string path = folder + "/" + std::string(kManifestFile);
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error) { return fail(Errc::not_found, "no store in this folder", folder, "headwater import INPUT... --store DIR makes one"); }
    if (size > files_detail::kLongestManifest) { return fail(Errc::limit, "the manifest is too long", path, {}); }
    std::ifstream stream(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(stream), {});
    if (!stream) { return fail(Errc::unreadable, "the manifest cannot be read", path, "check its permissions"); }
    return parse_manifest(text, path);
}

Result<Manifest> read_manifest_or_new(const std::string& folder) {
    const std::string path = folder + "/" + std::string(kManifestFile);
    struct stat found {};
    if (::lstat(path.c_str(), &found) == 0) { return read_manifest(folder); }
    if (errno != ENOENT && errno != ENOTDIR) { return fail(Errc::unreadable, std::string("the manifest cannot be read: ") + std::strerror(errno), path, "check its permissions"); }
    if (const auto segments = files_ending(folder, kSegmentEnd); !segments.empty()) {
        return fail(Errc::malformed, fmt::format("{} segments lie here without their manifest: nothing was changed", segments.size()), folder,
                    "bring the manifest back from a backup, or take another folder");
    }
    return Manifest{};
}

Result<void> write_manifest(const std::string& folder, const Manifest& manifest) {
    const std::string text = render_manifest(manifest);
    return write_durably(folder, std::string(kManifestFile), std::as_bytes(std::span(text)));
}

Result<std::unique_ptr<WriteLock>> WriteLock::take(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) { return fail(Errc::unreadable, "the store's folder cannot be made: " + error.message(), folder, "check the permissions of the folder above it"); }
    const std::string path = folder + "/lock";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) { return files_detail::write_failure(path, errno); }
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        ::close(file);
        return fail(Errc::refused, "another headwater is writing to this store", folder, "wait until it has ended; reading needs no waiting");
    }
    return std::unique_ptr<WriteLock>(new WriteLock(file));
}

WriteLock::~WriteLock() { ::close(file_); }

void remove_leftovers(const std::string& folder, const Manifest& manifest) {
    std::error_code error;
    std::set<std::string_view> live;
    for (const SegmentEntry& s : manifest.segments) { live.insert(s.file); }
    for (const std::string& name : files_ending(folder, {})) {
        const bool segment = name.ends_with(kSegmentEnd) && !live.contains(name);
        if (segment || name.ends_with(".segment.new") || name.ends_with(".directory.new") || name == "manifest.new") { std::filesystem::remove(fmt::format("{}/{}", folder, name), error); }
    }
}

}  // namespace hw::flow::store
