#include "flow/read/growing_bytes.hpp"

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hw::flow::read {
namespace {
namespace growing_detail {
constexpr std::size_t kBlock = std::size_t{256} * 1024;
constexpr int kPatienceMs = 100;  // how soon growth and a request to stop are seen
}  // namespace growing_detail
}  // namespace

GrowingBytes::GrowingBytes(int descriptor, std::string path, bool file, std::stop_token stop)
    : descriptor_(descriptor), path_(std::move(path)), file_(file), stop_(std::move(stop)), block_(growing_detail::kBlock) {}

GrowingBytes::~GrowingBytes() {
    if (descriptor_ > STDERR_FILENO) { ::close(descriptor_); }
}

Result<std::unique_ptr<GrowingBytes>> GrowingBytes::open(const std::string& path, std::stop_token stop) {
    const int descriptor = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        const auto code = errno == ENOENT ? Errc::not_found : Errc::unreadable;
        return fail(code, std::string("cannot open: ") + std::strerror(errno), path, "start the capture first, or check the name");
    }
    struct stat what {};
    const bool known = ::fstat(descriptor, &what) == 0;
    if (known && S_ISDIR(what.st_mode)) {
        ::close(descriptor);
        return fail(Errc::unreadable, "a folder cannot be followed", path, "name the capture that is being written");
    }
    return std::unique_ptr<GrowingBytes>(new GrowingBytes(descriptor, path, known && S_ISREG(what.st_mode), std::move(stop)));
}

Result<std::span<const std::byte>> GrowingBytes::next() {
    while (!stop_.stop_requested()) {
        if (!file_) {
            pollfd wait{.fd = descriptor_, .events = POLLIN, .revents = 0};
            if (::poll(&wait, 1, growing_detail::kPatienceMs) <= 0) { continue; }
        }
        const ssize_t got = ::read(descriptor_, block_.data(), block_.size());
        if (got > 0) {
            const auto block = std::span<const std::byte>(block_).first(static_cast<std::size_t>(got));
            hash_.update(block);
            bytes_ += block.size();
            return block;
        }
        if (got < 0 && errno != EINTR && errno != EAGAIN) {
            return fail(Errc::unreadable, std::string("cannot read: ") + std::strerror(errno), path_ + ":" + std::to_string(bytes_));
        }
        if (got == 0 && !file_) { break; }  // the writer has closed the pipe
        struct stat what {};
        if (file_ && ::fstat(descriptor_, &what) == 0 && static_cast<std::uint64_t>(what.st_size) < bytes_) {
            return fail(Errc::malformed, "the capture became shorter while it was followed", path_ + ":" + std::to_string(bytes_),
                        "is it rotated? follow the interface instead, or trace the pieces when they are complete");
        }
        if (file_) { std::this_thread::sleep_for(std::chrono::milliseconds(growing_detail::kPatienceMs)); }
    }
    return std::span<const std::byte>{};
}

}  // namespace hw::flow::read
