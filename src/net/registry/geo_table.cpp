#include "net/registry/geo_table.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

namespace hw::net {

/// The library's handle, and the file in memory that it maps.
class GeoTable::Handle {
public:
    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (open_) { MMDB_close(&db_); }
        if (file_ >= 0) { ::close(file_); }
    }

    Result<void> fill(ByteSource& bytes) {
        file_ = ::memfd_create("table", MFD_CLOEXEC);
        if (file_ < 0) { return fail(Errc::unreadable, std::string("no room in memory for the table: ") + std::strerror(errno)); }
        std::uint64_t total = 0;
        while (true) {
            HW_TRY(auto block, bytes.next());
            if (block.empty()) { break; }
            total += block.size();
            if (total > kMaxBytes) { return fail(Errc::limit, fmt::format("the table has more than {} GiB", kMaxBytes >> 30U), {}, "only tables in the MaxMind DB form are read"); }
            while (!block.empty()) {
                const ssize_t written = ::write(file_, block.data(), block.size());
                if (written < 0 && errno == EINTR) { continue; }
                if (written <= 0) { return fail(Errc::unreadable, std::string("no room in memory for the table: ") + std::strerror(errno)); }
                block = block.subspan(static_cast<std::size_t>(written));
            }
        }
        const int status = total == 0 ? MMDB_INVALID_METADATA_ERROR : MMDB_open(fmt::format("/proc/self/fd/{}", file_).c_str(), MMDB_MODE_MMAP, &db_);
        if (status != MMDB_SUCCESS) { return fail(Errc::malformed, std::string("this is no sound table in the MaxMind DB form: ") + MMDB_strerror(status), fmt::format("byte {}", total), "fetch it anew; wanted: a .mmdb file of format 2.0"); }
        open_ = true;
        return {};
    }

    [[nodiscard]] const MMDB_s& db() const { return db_; }

private:
    MMDB_s db_{};
    int file_ = -1;
    bool open_ = false;
};

namespace {
namespace geo_table_detail {

using Path = std::array<const char*, 3>;

std::optional<MMDB_entry_data_s> value(MMDB_entry_s entry, const Path& path) {
    MMDB_entry_data_s data{};
    if (MMDB_aget_value(&entry, &data, path.data()) != MMDB_SUCCESS || !data.has_data) { return std::nullopt; }
    return data;
}

std::optional<std::string_view> text(MMDB_entry_s entry, const Path& path) {
    const auto data = value(entry, path);
    if (!data || data->type != MMDB_DATA_TYPE_UTF8_STRING) { return std::nullopt; }
    return std::string_view(data->utf8_string, data->data_size);
}

std::optional<Country> country(MMDB_entry_s entry) {
    static constexpr std::array kPaths = {Path{"country", "iso_code", nullptr}, Path{"country_code", nullptr, nullptr}, Path{"country", nullptr, nullptr}, Path{"registered_country", "iso_code", nullptr}};
    for (const Path& path : kPaths) {
        if (const auto code = text(entry, path)) {
            if (const auto parsed = Country::parse(*code)) { return *parsed; }
        }
    }
    return std::nullopt;
}

std::optional<Asn> asn(MMDB_entry_s entry) {
    for (const Path& path : {Path{"autonomous_system_number", nullptr, nullptr}, Path{"asn", nullptr, nullptr}}) {
        const auto data = value(entry, path);
        if (!data) { continue; }
        if (data->type == MMDB_DATA_TYPE_UINT32) { return Asn(data->uint32); }
        if (data->type == MMDB_DATA_TYPE_UTF8_STRING) {
            if (const auto parsed = parse_asn(std::string_view(data->utf8_string, data->data_size))) { return *parsed; }
        }
    }
    return std::nullopt;
}

std::string name(MMDB_entry_s entry) {
    for (const Path& path : {Path{"autonomous_system_organization", nullptr, nullptr}, Path{"as_name", nullptr, nullptr}}) {
        if (const auto found = text(entry, path)) { return std::string(found->substr(0, 512)); }
    }
    return {};
}

}  // namespace geo_table_detail
}  // namespace

GeoTable::GeoTable(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
GeoTable::GeoTable(GeoTable&&) noexcept = default;
GeoTable& GeoTable::operator=(GeoTable&&) noexcept = default;
GeoTable::~GeoTable() = default;

Result<GeoTable> GeoTable::read(ByteSource& bytes) {
    auto handle = std::make_unique<Handle>();
    HW_CHECK(handle->fill(bytes));
    return GeoTable(std::move(handle));
}

Result<std::optional<GeoRow>> GeoTable::find(const Address& address) const {
    const MMDB_s& db = handle_->db();
    const bool v4_table = db.metadata.ip_version == 4;
    if (v4_table && !address.is_v4()) { return std::optional<GeoRow>(); }
    sockaddr_storage storage{};
    if (address.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_addr.s_addr = htonl(address.v4_bits());
        std::memcpy(&storage, &in, sizeof in);
    } else {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        for (unsigned i = 0; i < 16; ++i) { in.sin6_addr.s6_addr[i] = static_cast<std::uint8_t>((i < 8 ? address.high() : address.low()) >> (56U - 8U * (i % 8U))); }
        std::memcpy(&storage, &in, sizeof in);
    }
    int status = MMDB_SUCCESS;
    const auto found = MMDB_lookup_sockaddr(&db, static_cast<const sockaddr*>(static_cast<const void*>(&storage)), &status);
    if (status != MMDB_SUCCESS) { return fail(Errc::malformed, std::string("the table is damaged: ") + MMDB_strerror(status), to_string(address), "fetch it anew"); }
    if (!found.found_entry) { return std::optional<GeoRow>(); }
    // In a table of both families IPv4 lies below ::/96, and the length counts from there.
    unsigned length = found.netmask;
    if (address.is_v4() && !v4_table) { length = length > 96 ? length - 96 : 0; }
    HW_TRY(const auto network, Prefix::make(address, std::min(length, address.is_v4() ? 32U : 128U)));
    using namespace geo_table_detail;
    return GeoRow{.network = network, .country = country(found.entry), .asn = asn(found.entry), .name = name(found.entry)};
}

std::string GeoTable::type() const {
    const char* type = handle_->db().metadata.database_type;
    return type == nullptr ? std::string() : std::string(type).substr(0, 100);
}

std::uint32_t GeoTable::date() const {
    const std::uint64_t seconds = handle_->db().metadata.build_epoch;
    if (seconds == 0 || seconds > 253'402'300'799) { return 0; }  // to the year 9999
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(seconds)))};
    return static_cast<std::uint32_t>(static_cast<int>(day.year())) * 10'000 + static_cast<unsigned>(day.month()) * 100 + static_cast<unsigned>(day.day());
}

}  // namespace hw::net
