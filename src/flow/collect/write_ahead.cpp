#include "flow/collect/write_ahead.hpp"

#include "base/byte_cursor.hpp"
#include "flow/store/manifest.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

namespace hw::flow::collect {
namespace {
namespace ahead_detail {

constexpr std::string_view kMagic = "HWAHEAD\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kLongest = std::uint64_t{1} << 30U;  // no file is written so long
constexpr std::size_t kBodyFront = 1 + 2 + 16 + 8;
constexpr std::size_t kLongestDatagram = 65'535;
constexpr std::size_t kLongestObserver = 4096;

template <typename T>
void put_little(std::vector<std::byte>& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) { out.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xffU)); }
}

template <typename T>
void set_little(std::vector<std::byte>& out, std::size_t at, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) { out[at + i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xffU); }
}

Error trouble_of(int code, const std::string& where) {
    const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
    return Error{full ? Errc::limit : Errc::unreadable, full ? "no room to write ahead: what is not sealed is in memory only" : std::string("cannot write ahead: ") + std::strerror(code),
                 where, full ? "make room on the disk" : "check the folder's permissions"};
}

}  // namespace ahead_detail
}  // namespace

void append_ahead_front(std::string_view observer, std::vector<std::byte>& out) {
    using namespace ahead_detail;
    const std::size_t begin = out.size();
    observer = observer.substr(0, kLongestObserver);
    const auto words = [&out](std::string_view text) {
        const auto bytes = std::as_bytes(std::span(text));
        out.insert(out.end(), bytes.begin(), bytes.end());
    };
    words(kMagic);
    put_little(out, kVersion);
    put_little(out, static_cast<std::uint32_t>(observer.size()));
    words(observer);
    put_little(out, std::uint64_t{XXH3_64bits(out.data() + begin, out.size() - begin)});
}

void append_ahead_record(const AheadRecord& record, std::vector<std::byte>& out) {
    using namespace ahead_detail;
    const std::size_t begin = out.size();
    out.resize(begin + 12 + kBodyFront + record.bytes.size());
    const std::size_t body = begin + 12;
    set_little(out, begin, static_cast<std::uint32_t>(kBodyFront + record.bytes.size()));
    out[body] = static_cast<std::byte>(record.kind);
    set_little(out, body + 1, net::number(record.sender.port));
    set_little(out, body + 3, record.sender.address.high());
    set_little(out, body + 11, record.sender.address.low());
    set_little(out, body + 19, record.at.micros());
    if (!record.bytes.empty()) { std::memcpy(out.data() + body + kBodyFront, record.bytes.data(), record.bytes.size()); }
    set_little(out, begin + 4, std::uint64_t{XXH3_64bits(out.data() + body, out.size() - body)});
}

Result<AheadContents> parse_ahead(std::span<const std::byte> file, const std::string& where, const std::function<void(const AheadRecord&)>& give) {
    using namespace ahead_detail;
    constexpr auto kLittle = std::endian::little;
    ByteCursor cursor(file);
    AheadContents contents;
    const auto magic = cursor.take(std::min(kMagic.size(), file.size()));
    if (!magic || !std::ranges::equal(*magic, std::as_bytes(std::span(kMagic)).first(magic->size()))) { return fail(Errc::malformed, "no write-ahead of a collector", where, "it is left as it is"); }
    const auto version = cursor.u32(kLittle);
    if (version && *version != kVersion) { return fail(Errc::unsupported, "a write-ahead of another version", where, "it is left for the headwater that wrote it"); }
    const auto length = cursor.u32(kLittle);
    const std::size_t observer_size = length.value_or(0);
    const auto observer = cursor.take(std::min(observer_size, kLongestObserver));
    const std::size_t front = cursor.offset();
    const auto front_sum = cursor.u64(kLittle);
    if (!version || !length || (observer_size <= kLongestObserver && (!observer || !front_sum))) {  // killed before it was whole: nothing is in it
        contents.torn_bytes = file.size();
        return contents;
    }
    if (observer_size > kLongestObserver || *front_sum != XXH3_64bits(file.data(), front)) { return fail(Errc::malformed, "a write-ahead whose front is damaged", where, "it is left as it is"); }
    contents.observer.reserve(observer->size());
    for (const std::byte b : *observer) { contents.observer.push_back(static_cast<char>(b)); }
    while (!cursor.empty()) {
        contents.torn_bytes = cursor.remaining();
        const auto size = cursor.u32(kLittle);
        const auto sum = cursor.u64(kLittle);
        if (!size || !sum) { return contents; }
        // A kill cuts the file short; bytes that are there and wrong are the disk's doing.
        const bool can_be = *size >= kBodyFront && *size <= kBodyFront + kLongestDatagram;
        const auto body = can_be ? cursor.take(*size) : std::nullopt;
        if (can_be && !body) { return contents; }
        if (!can_be || XXH3_64bits(body->data(), body->size()) != *sum) {
            contents.damaged_bytes = std::exchange(contents.torn_bytes, 0);
            return contents;
        }
        ByteCursor fields(*body);
        const auto kind = fields.u8();
        const auto port = fields.u16(kLittle);
        const auto high = fields.u64(kLittle);
        const auto low = fields.u64(kLittle);
        const auto at = fields.u64(kLittle);
        if (!kind || !port || !high || !low || !at || *kind < 1 || *kind > 2) {
            contents.damaged_bytes = std::exchange(contents.torn_bytes, 0);
            return contents;
        }
        give({.kind = AheadKind{*kind}, .sender = {.address = net::Address::v6(*high, *low), .port = net::Port{*port}}, .at = Time::from_micros(static_cast<std::int64_t>(*at)),
              .bytes = fields.rest()});
    }
    contents.torn_bytes = 0;
    return contents;
}

Result<std::unique_ptr<AheadFile>> AheadFile::create(const std::string& folder, const std::string& name, std::string_view observer) {
    const std::string path = folder + "/" + name;
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) { return std::unexpected(ahead_detail::trouble_of(errno, path)); }
    auto made = std::unique_ptr<AheadFile>(new AheadFile(file, folder, name));
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {  // without it another collector would take the file for one that was left
        const int code = errno;
        made->remove();
        return std::unexpected(ahead_detail::trouble_of(code, path));
    }
    std::vector<std::byte> front;
    append_ahead_front(observer, front);
    if (const int code = made->append(front); code != 0) {
        made->remove();
        return std::unexpected(ahead_detail::trouble_of(code, path));
    }
    return made;
}

Result<std::unique_ptr<AheadFile>> AheadFile::adopt(const std::string& folder, const std::string& name) {
    const std::string path = folder + "/" + name;
    const auto told = [&path](int code) { return fail(Errc::unreadable, std::string("cannot open what was written ahead: ") + std::strerror(code), path, "it is left as it is; check its permissions"); };
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);  // for writing: else NFS grants no lock of its own
    if (file < 0) {
        if (errno == ENOENT) { return nullptr; }
        return told(errno);
    }
    auto found = std::unique_ptr<AheadFile>(new AheadFile(file, folder, name));
    struct stat facts {};
    // The lock first: whoever had it may have sealed and removed the file just before.
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) { return nullptr; }
        return told(errno);
    }
    if (::fstat(file, &facts) != 0) { return told(errno); }
    if (facts.st_nlink == 0 || !S_ISREG(facts.st_mode)) { return nullptr; }
    found->size_ = static_cast<std::uint64_t>(facts.st_size);
    return found;
}

AheadFile::~AheadFile() { ::close(file_); }

int AheadFile::append(std::span<const std::byte> bytes) {
    if (torn_) { return EIO; }
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t written = ::write(file_, bytes.data() + done, bytes.size() - done);
        if (written < 0 && errno == EINTR) { continue; }
        if (written <= 0) {
            const int code = written < 0 ? errno : ENOSPC;
            // What stays behind ends in the middle of a record: whoever reads it stops there, so that nothing more may come after it.
            torn_ = done > 0 && ::ftruncate(file_, static_cast<off_t>(size_)) != 0;
            return code;
        }
        done += static_cast<std::size_t>(written);
    }
    size_ += done;
    return 0;
}

void AheadFile::remove() {
    if (damaged_) { static_cast<void>(::rename(path_.c_str(), (path_ + std::string(kDamagedAhead)).c_str())); }
    else { ::unlink(path_.c_str()); }
}

Result<std::vector<std::byte>> AheadFile::read() const {
    if (size_ > ahead_detail::kLongest) { return fail(Errc::limit, "a write-ahead that is too long", path_, "it is left as it is"); }
    std::vector<std::byte> bytes(size_);
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::pread(file_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) { continue; }
        if (got < 0) { return fail(Errc::unreadable, std::string("cannot read a write-ahead: ") + std::strerror(errno), path_, "it is left as it is"); }
        if (got == 0) { break; }
        done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
}

bool AheadWriter::begin() {
    auto made = AheadFile::create(place_.folder, place_.name_begin + fmt::format("-{:08}", number_++) + std::string(store::kAheadEnd), place_.observer);
    if (!made) {
        status_.trouble = std::move(made).error();
        return false;
    }
    file_ = *std::move(made);
    buffer_.clear();
    keeper_.each([this](const net::Endpoint& sender, Time at, std::span<const std::byte> message) {
        append_ahead_record({.kind = AheadKind::state, .sender = sender, .at = at, .bytes = message}, buffer_);
    });
    if (flush()) { return true; }
    file_->remove();  // without what its data are to be read by it is of no use
    file_.reset();
    return false;
}

bool AheadWriter::flush() {
    const int code = file_->append(buffer_);
    if (code != 0) {
        status_.trouble = ahead_detail::trouble_of(code, place_.folder);
        return false;
    }
    status_.bytes += buffer_.size();
    return true;
}

void AheadWriter::write(const DatagramChunk& chunk) {
    if (chunk.datagrams.empty()) { return; }
    bool written = file_ || begin();
    if (written) {
        buffer_.clear();
        for (const QueuedDatagram& d : chunk.datagrams) {
            append_ahead_record({.kind = AheadKind::received, .sender = d.sender, .at = d.at, .bytes = chunk.bytes_of(d)}, buffer_);
        }
        written = flush();
    }
    if (written) {
        status_.trouble.reset();
    } else {
        status_.unwritten += chunk.datagrams.size();
    }
}

std::unique_ptr<AheadFile> AheadWriter::hand_over(bool goes_on) {
    auto done = std::exchange(file_, nullptr);
    if (goes_on && done) { begin(); }
    return done;
}

}  // namespace hw::flow::collect
