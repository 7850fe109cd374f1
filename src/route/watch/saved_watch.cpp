#include "route/watch/saved_watch.hpp"

#include "base/byte_cursor.hpp"

#include <cstring>
#include <map>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <xxhash.h>

namespace hw::route {
namespace {
namespace saving {

constexpr std::string_view kMagic = "HWWATCH";
constexpr char kVersion = 1;
constexpr std::size_t kFront = 8 + 16;  // magic and version, length, checksum

template <typename T>
concept HasMembers = requires(T& t) { t.each_member([](auto&) {}); };

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};
template <typename T>
struct IsMap : std::false_type {};
template <typename K, typename V>
struct IsMap<std::map<K, V>> : std::true_type {};
template <typename T>
struct IsSet : std::false_type {};
template <typename T>
struct IsSet<std::set<T>> : std::true_type {};
template <typename T>
struct IsTuple : std::false_type {};
template <typename... T>
struct IsTuple<std::tuple<T...>> : std::true_type {};
template <typename A, typename B>
struct IsTuple<std::pair<A, B>> : std::true_type {};

class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}
    template <typename T>
    void operator()(const T& value) {
        if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) { plain(value); }
        else if constexpr (std::is_same_v<T, Time>) { plain(value.micros()); }
        else if constexpr (std::is_same_v<T, Duration>) { plain(value.count()); }
        else if constexpr (std::is_same_v<T, net::Asn>) { plain(value.number()); }
        else if constexpr (std::is_same_v<T, net::Address>) { plain(value.high()); plain(value.low()); }
        else if constexpr (std::is_same_v<T, net::Prefix>) { (*this)(value.address()); plain(static_cast<std::uint8_t>(value.length())); plain(value.is_v4()); }
        else if constexpr (std::is_same_v<T, Peer>) { (*this)(value.address); (*this)(value.asn); (*this)(value.router); }
        else if constexpr (std::is_same_v<T, std::string>) { size(value.size()); out_ += value; }
        else if constexpr (std::is_same_v<T, Signal>) { (*this)(value.name); (*this)(value.value); (*this)(value.text); }
        else if constexpr (std::is_same_v<T, Cause>) { (*this)(value.name); (*this)(value.fit); (*this)(value.because); }
        else if constexpr (std::is_same_v<T, Event>) {
            (*this)(value.kind); (*this)(value.target); (*this)(value.subject); (*this)(value.start); (*this)(value.end); (*this)(value.severity); (*this)(value.signals); (*this)(value.causes); (*this)(value.part_of);
        }
        else if constexpr (std::is_same_v<T, WatchTarget>) { (*this)(value.name); (*this)(value.ases); (*this)(value.prefixes); }
        else if constexpr (IsOptional<T>::value) { plain(value.has_value()); if (value) { (*this)(*value); } }
        else if constexpr (IsTuple<T>::value) { std::apply([this](const auto&... part) { ((*this)(part), ...); }, value); }
        else if constexpr (IsVector<T>::value || IsMap<T>::value || IsSet<T>::value) {
            size(value.size());
            for (const auto& each : value) {
                if constexpr (IsMap<T>::value) { (*this)(each.first); (*this)(each.second); }
                else { (*this)(each); }
            }
        }
        else { const_cast<T&>(value).each_member([this](auto& member) { (*this)(member); }); }  // visited for reading and for writing by one function
    }

private:
    template <typename T>
    void plain(const T& value) {
        char bytes[sizeof(T)];
        std::memcpy(bytes, &value, sizeof(T));
        out_.append(bytes, sizeof(T));
    }
    void size(std::size_t n) { plain(static_cast<std::uint64_t>(n)); }
    std::string& out_;
};

/// Stops at the first thing that cannot be; what was read then means nothing.
class Reader {
public:
    explicit Reader(std::span<const std::byte> bytes) : left_(bytes) {}
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool at_end() const { return left_.empty(); }

    template <typename T>
    void operator()(T& value) {
        if (!good_) { return; }
        if constexpr (std::is_same_v<T, bool>) { value = number<std::uint8_t>() != 0; }
        else if constexpr (std::is_arithmetic_v<T>) { value = number<T>(); }
        else if constexpr (std::is_enum_v<T>) { enumeration(value); }
        else if constexpr (std::is_same_v<T, Time>) { value = Time::from_micros(number<std::int64_t>()); }
        else if constexpr (std::is_same_v<T, Duration>) { value = Duration(number<Duration::rep>()); }
        else if constexpr (std::is_same_v<T, net::Asn>) { value = net::Asn(number<std::uint32_t>()); }
        else if constexpr (std::is_same_v<T, net::Address>) {
            const auto high = number<std::uint64_t>();
            value = net::Address::v6(high, number<std::uint64_t>());
        }
        else if constexpr (std::is_same_v<T, net::Prefix>) { prefix(value); }
        else if constexpr (std::is_same_v<T, Peer>) { (*this)(value.address); (*this)(value.asn); (*this)(value.router); }
        else if constexpr (std::is_same_v<T, std::string>) { text(value); }
        else if constexpr (std::is_same_v<T, Signal>) { (*this)(value.name); (*this)(value.value); (*this)(value.text); }
        else if constexpr (std::is_same_v<T, Cause>) { (*this)(value.name); (*this)(value.fit); (*this)(value.because); }
        else if constexpr (std::is_same_v<T, Event>) {
            (*this)(value.kind); (*this)(value.target); (*this)(value.subject); (*this)(value.start); (*this)(value.end); (*this)(value.severity); (*this)(value.signals); (*this)(value.causes); (*this)(value.part_of);
        }
        else if constexpr (std::is_same_v<T, WatchTarget>) { (*this)(value.name); (*this)(value.ases); (*this)(value.prefixes); }
        else if constexpr (IsOptional<T>::value) {
            value.reset();
            if (number<std::uint8_t>() != 0) { (*this)(value.emplace()); }
        }
        else if constexpr (IsTuple<T>::value) { std::apply([this](auto&... part) { ((*this)(part), ...); }, value); }
        else if constexpr (IsVector<T>::value) {
            value.clear();
            for (std::size_t n = size(); n > 0 && good_; --n) { (*this)(value.emplace_back()); }
        }
        else if constexpr (IsMap<T>::value) {
            value.clear();
            for (std::size_t n = size(); n > 0 && good_; --n) {
                typename T::key_type key{};
                (*this)(key);
                (*this)(value[key]);
            }
        }
        else if constexpr (IsSet<T>::value) {
            value.clear();
            for (std::size_t n = size(); n > 0 && good_; --n) {
                typename T::value_type each{};
                (*this)(each);
                value.insert(std::move(each));
            }
        }
        else { value.each_member([this](auto& member) { (*this)(member); }); }
    }

private:
    template <typename T>
    T number() {
        T value{};
        if (left_.size() < sizeof(T)) { good_ = false; }
        if (!good_) { return value; }
        std::memcpy(&value, left_.data(), sizeof(T));
        left_ = left_.subspan(sizeof(T));
        return value;
    }
    /// Each element takes a byte at least: no room is made for more than can follow.
    std::size_t size() {
        const auto n = number<std::uint64_t>();
        good_ = good_ && n <= left_.size();
        return good_ ? static_cast<std::size_t>(n) : 0;
    }
    template <typename T>
    void enumeration(T& value) {
        const auto n = number<std::underlying_type_t<T>>();
        std::uint64_t most = 3;
        if constexpr (std::is_same_v<T, EventKind>) { most = kEventKinds - 1; }
        else if constexpr (std::is_same_v<T, Fit>) { most = 2; }
        else if constexpr (std::is_same_v<T, PrefixWatch::State>) { most = 1; }
        good_ = good_ && n <= most;
        if (good_) { value = static_cast<T>(n); }
    }
    void prefix(net::Prefix& value) {
        net::Address address;
        (*this)(address);
        const auto length = number<std::uint8_t>();
        const bool v4 = number<std::uint8_t>() != 0;
        good_ = good_ && length <= (v4 ? 32 : 128) && (!v4 || address.is_v4());
        if (!good_) { return; }
        value = v4 ? net::Prefix::v4(address.v4_bits(), length) : net::Prefix::v6(address.high(), address.low(), length);
    }
    void text(std::string& value) {
        const std::size_t n = size();
        value.assign(n, '\0');
        if (n > 0) { std::memcpy(value.data(), left_.data(), n); }
        left_ = left_.subspan(n);
    }
    std::span<const std::byte> left_;
    bool good_ = true;
};

std::vector<WatchTarget> targets_of(const Watcher& watcher) {
    std::vector<WatchTarget> out;
    out.reserve(watcher.targets().size());
    for (const auto& t : watcher.targets()) { out.push_back(t.target()); }
    return out;
}

}  // namespace saving
}  // namespace

std::string save_watch(Watcher& watcher, const SavedWatch& saved) {
    using namespace saving;
    std::string out(kMagic);
    out += kVersion;
    out.resize(kFront);
    Writer writer(out);
    writer(targets_of(watcher));
    writer(saved.files);
    watcher.each_member([&](auto& member) { writer(member); });
    const std::uint64_t front[2] = {out.size() - kFront, XXH3_64bits(out.data() + kFront, out.size() - kFront)};
    std::memcpy(out.data() + 8, front, sizeof front);
    return out;
}

Result<SavedWatch> load_watch(std::span<const std::byte> bytes, Watcher& watcher) {
    using namespace saving;
    const auto no_state = [](std::string what, std::size_t offset) { return fail(Errc::malformed, std::move(what), fmt::format("byte {}", offset), "name another file with --state, or move this one away and begin anew with --rib"); };
    if (bytes.size() < kFront || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) { return no_state("this is no state of a watch", 0); }
    if (std::to_integer<char>(bytes[7]) != kVersion) { return no_state(fmt::format("this state is of version {}, read is {}", std::to_integer<int>(bytes[7]), int{kVersion}), 7); }
    std::uint64_t front[2];
    std::memcpy(front, &bytes[8], sizeof front);
    const auto payload = bytes.subspan(kFront);
    if (front[0] != payload.size()) { return no_state(fmt::format("the state is cut short: {} of {} bytes", payload.size(), front[0]), bytes.size()); }
    if (front[1] != XXH3_64bits(payload.data(), payload.size())) { return no_state("the state is damaged: its checksum differs", kFront); }
    Reader reader(payload);
    std::vector<WatchTarget> targets;
    SavedWatch saved;
    reader(targets);
    reader(saved.files);
    if (!reader.good()) { return no_state("the state is malformed", kFront); }
    if (targets != targets_of(watcher)) { return fail(Errc::usage, "the state is of other targets", "--state", "name the same targets in the same order, or another file with --state"); }
    watcher.each_member([&](auto& member) { reader(member); });
    if (!reader.good() || !reader.at_end() || targets_of(watcher) != targets || !watcher.restore()) { return no_state("the state is malformed", kFront); }
    return saved;
}

}  // namespace hw::route
