#include "flow/store/host_directory.hpp"

#include "base/byte_cursor.hpp"
#include "flow/store/files.hpp"
#include "flow/store/radix.hpp"
#include "flow/store/store.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <xxhash.h>

namespace hw::flow::store {
namespace {
namespace directory_detail {

constexpr char kMagic[9] = "HWDIRECT";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kFixed = 24;
constexpr auto kOrder = std::endian::little;
/// Hosts of all segments together, one counted as often as it has segments: bounds the memory of making a directory at some 600 MB.
constexpr std::size_t kMostEntries = 24'000'000;

std::unexpected<Error> damaged(const std::string& name, const char* what) {
    return fail(Errc::malformed, std::string("a directory of hosts is damaged: ") + what, name, "headwater store compact makes it anew; no flow is lost by it");
}

/// A host and what is known of it so far.
struct Hosts {
    std::vector<net::Address> addresses;
    std::vector<HostRows> holders;  ///< The 64 bits in the two numbers of an entry.
    void add(const net::Address& host, std::size_t segment) {
        if (addresses.empty() || addresses.back() != host) {
            addresses.push_back(host);
            holders.push_back({.begin = 0, .list = 0});
        }
        (segment < 32 ? holders.back().begin : holders.back().list) |= 1U << (segment % 32);
    }
};

}  // namespace directory_detail
}  // namespace

Result<std::shared_ptr<const HostDirectory>> HostDirectory::open(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) { return fail(Errc::not_found, "a directory of hosts cannot be opened", path); }
    struct stat status {};
    const bool known = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
    const bool empty = !known && S_ISREG(status.st_mode);
    const auto size = known ? static_cast<std::size_t>(status.st_size) : 0;
    void* at = known ? ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
    ::close(file);
    if (empty) { return directory_detail::damaged(path, "it is empty"); }
    if (at == MAP_FAILED) { return fail(Errc::unreadable, "a directory of hosts cannot be read", path); }
    std::shared_ptr<HostDirectory> directory(new HostDirectory);
    directory->name_ = path;
    directory->bytes_ = {static_cast<const std::byte*>(at), size};
    directory->mapped_ = size;
    ::madvise(at, size, MADV_RANDOM);
    HW_CHECK(directory->read_front());
    return directory;
}

Result<std::shared_ptr<const HostDirectory>> HostDirectory::parse(std::span<const std::byte> bytes, const std::string& name) {
    std::shared_ptr<HostDirectory> directory(new HostDirectory);
    directory->name_ = name;
    directory->bytes_ = bytes;
    HW_CHECK(directory->read_front());
    return directory;
}

HostDirectory::~HostDirectory() {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): munmap takes what mmap gave
    if (mapped_ != 0) { ::munmap(const_cast<std::byte*>(bytes_.data()), mapped_); }
}

Result<void> HostDirectory::read_front() {
    using namespace directory_detail;
    ByteCursor fixed(bytes_);
    const auto magic = fixed.take(8);
    const auto version = fixed.u32(kOrder);
    const auto front_size = fixed.u32(kOrder);
    const auto sum = fixed.u64(kOrder);
    if (!sum || !std::ranges::equal(*magic, std::as_bytes(std::span(kMagic)).first(8))) { return damaged(name_, "none begins here"); }
    if (*version != kVersion) { return fail(Errc::unsupported, "a directory of hosts of version " + std::to_string(*version), name_, "a later headwater may have written it"); }
    if (*front_size < kFixed || *front_size > bytes_.size()) { return damaged(name_, "the front's size"); }
    const auto body = bytes_.subspan(kFixed, *front_size - kFixed);
    if (XXH3_64bits(body.data(), body.size()) != *sum) { return damaged(name_, "the front"); }
    pages_ = bytes_.subspan(*front_size);
    ByteCursor in(body);
    const auto count = in.u32(kOrder);
    if (!count || *count == 0 || *count > kMostSegments) { return damaged(name_, "the number of segments"); }
    segments_.reserve(*count);
    for (std::uint32_t i = 0; i < *count; ++i) {
        const auto length = in.u16(kOrder);
        const auto text = length ? in.take(*length) : std::nullopt;
        if (!text) { return damaged(name_, "the name of a segment"); }
        std::string& name = segments_.emplace_back(text->size(), '\0');
        std::ranges::transform(*text, name.begin(), [](std::byte b) { return static_cast<char>(b); });
    }
    const auto fences_size = in.u32(kOrder);
    const auto fences = fences_size ? in.take(*fences_size) : std::nullopt;
    const std::size_t chunks = (pages_.size() + kHostPage - 1) / kHostPage;
    const auto sums = fences ? in.take(chunks * 8) : std::nullopt;
    const auto hosts = sums ? HostPages::open(pages_, *fences) : std::nullopt;
    if (!hosts) { return damaged(name_, "the number of hosts"); }
    hosts_ = *hosts;
    sums_ = *sums;
    checked_ = std::make_unique<std::atomic<bool>[]>(chunks);  // NOLINT(*-avoid-c-arrays)
    return {};
}

bool HostDirectory::verified(std::size_t page) const {
    if (checked_[page].load(std::memory_order_relaxed)) { return true; }
    const auto bytes = pages_.subspan(page * kHostPage, std::min(kHostPage, pages_.size() - page * kHostPage));
    if (XXH3_64bits(bytes.data(), bytes.size()) != load_little<std::uint64_t>(sums_.data() + page * 8)) { return false; }
    checked_[page].store(true, std::memory_order_relaxed);
    return true;
}

std::uint64_t HostDirectory::holders(const net::Address& host) const {
    const auto [low, high] = hosts_.page_of(host);
    if (low == high) { return 0; }
    if (!verified(hosts_.place_of(low) / kHostPage)) { return ~std::uint64_t{0}; }
    const auto found = hosts_.find(host, low, high);
    if (!found) { return 0; }
    const HostRows bits = hosts_.rows(*found);
    return std::uint64_t{bits.list} << 32U | bits.begin;
}

bool HostDirectory::sound() const {
    for (std::size_t page = 0; page * kHostPage < pages_.size(); ++page) {
        if (!verified(page)) { return false; }
    }
    return true;
}

Result<std::vector<std::byte>> write_directory(std::span<const std::shared_ptr<const Segment>> segments, std::span<const std::string> names) {
    using namespace directory_detail;
    std::vector<std::uint64_t> v4;
    std::vector<std::pair<net::Address, std::uint32_t>> others;
    std::size_t all = 0;
    for (const auto& segment : segments) { all += segment->host_count(); }
    v4.reserve(all);
    for (std::uint32_t s = 0; s < segments.size(); ++s) {
        for (std::size_t h = 0; h < segments[s]->host_count(); ++h) {
            HW_TRY(const auto host, segments[s]->host(h));
            if (host.is_v4()) { v4.push_back(std::uint64_t{host.v4_bits()} << 32U | s); }
            else { others.emplace_back(host, s); }
        }
    }
    sort_by_upper(v4);
    std::ranges::sort(others);
    Hosts hosts;
    for (const std::uint64_t v : v4) { hosts.add(net::Address::v4(static_cast<std::uint32_t>(v >> 32U)), static_cast<std::size_t>(v & 0xffff'ffffU)); }
    for (const auto& [host, s] : others) { hosts.add(host, s); }
    const HostPagesBytes pages = write_host_pages(hosts.addresses, hosts.holders);

    std::vector<std::byte> body;
    append_little(body, static_cast<std::uint32_t>(segments.size()));
    for (const std::string& name : names) {
        append_little(body, static_cast<std::uint16_t>(name.size()));
        const auto text = std::as_bytes(std::span(name));
        body.insert(body.end(), text.begin(), text.end());
    }
    append_little(body, static_cast<std::uint32_t>(pages.fences.size()));
    body.insert(body.end(), pages.fences.begin(), pages.fences.end());
    for (std::size_t at = 0; at < pages.pages.size(); at += kHostPage) {
        append_little(body, std::uint64_t{XXH3_64bits(pages.pages.data() + at, std::min(kHostPage, pages.pages.size() - at))});
    }
    body.resize((kFixed + body.size() + kHostPage - 1) / kHostPage * kHostPage - kFixed);
    std::vector<std::byte> out;
    out.reserve(kFixed + body.size() + pages.pages.size());
    const auto magic = std::as_bytes(std::span(kMagic)).first(8);
    out.insert(out.end(), magic.begin(), magic.end());
    append_little(out, kVersion);
    append_little(out, static_cast<std::uint32_t>(kFixed + body.size()));
    append_little(out, std::uint64_t{XXH3_64bits(body.data(), body.size())});
    out.insert(out.end(), body.begin(), body.end());
    out.insert(out.end(), pages.pages.begin(), pages.pages.end());
    return out;
}

void drop_damaged_directories(const std::string& folder) {
    std::error_code error;
    for (const std::string& file : files_ending(folder, kDirectoryEnd)) {
        const std::string path = fmt::format("{}/{}", folder, file);
        const auto directory = HostDirectory::open(path);
        // One that cannot be opened now (no more files may be, or a later headwater wrote it) may be sound.
        if (directory ? !(*directory)->sound() : directory.error().code == Errc::malformed) { std::filesystem::remove(path, error); }
    }
}

void keep_directories(const std::string& folder) {
    using namespace directory_detail;
    const auto store = Store::open(folder);
    if (!store) { return; }
    std::error_code error;
    for (const std::string& file : (*store)->useless_directories()) { std::filesystem::remove(fmt::format("{}/{}", folder, file), error); }
    std::vector<std::shared_ptr<const Segment>> group;
    std::vector<std::string> names;
    std::size_t hosts = 0;
    const auto write = [&] {
        if (group.size() >= HostDirectory::kFewestSegments) {
            const auto bytes = write_directory(group, names);
            const std::string file = names.front().substr(0, names.front().rfind('.')) + std::string(kDirectoryEnd);
            // Without it readers ask every segment: a full disk must not undo the change.
            if (bytes) { [[maybe_unused]] const auto written = write_durably(folder, file, *bytes); }
        }
        group.clear();
        names.clear();
        hosts = 0;
    };
    const auto entries = std::span((*store)->manifest().segments);
    for (std::size_t s = 0; s < entries.size(); ++s) {
        const auto& segment = (*store)->segments()[s];
        if ((*store)->in_directory(s) || segment->host_count() == 0) { continue; }
        if (group.size() == HostDirectory::kMostSegments || hosts + segment->host_count() > kMostEntries) { write(); }
        group.push_back(segment);
        names.push_back(entries[s].file);
        hosts += segment->host_count();
    }
    write();
}

}  // namespace hw::flow::store
