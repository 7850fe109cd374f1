#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "route/rpki/authorisations.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hw::route::rpki {

/// How often a cache wants to be asked (RFC 8210, 6), kept between a second and the bounds given there.
struct RtrIntervals {
    Duration refresh = std::chrono::hours(1);
    Duration retry = std::chrono::minutes(10);
    Duration expire = std::chrono::hours(2);
};

/// A router's side of the RPKI to Router protocol, version 1 (RFC 8210) or 0 (RFC 6810), without the connection: bytes that came in go in, bytes to be sent come out.
/// What a cache tells counts when it has told all of it (End of Data); until then the former data do. Router keys and what later versions add are passed over.
class RtrSession {
public:
    static constexpr std::size_t kMaxAuthorisations = 8'000'000;  ///< The world has some 700,000.
    static constexpr std::uint32_t kMaxMessage = 65'536;

    /// A new connection: what was told before stays until the cache has told anew. Asks for what has changed where that is known, else for all.
    void begin();
    /// What came over the connection, in blocks of any size. Fails where the cache does not speak the protocol or says that something is wrong: the connection is of
    /// no more use then.
    [[nodiscard]] Result<void> feed(std::span<const std::byte> bytes);
    /// Asks for what has changed.
    void refresh();
    /// The cache has been away for too long: what it told is let go (RFC 8210, 6).
    void forget();

    /// Bytes to be sent, which are then taken as sent.
    [[nodiscard]] std::vector<std::byte> take_output() { return std::exchange(output_, {}); }
    [[nodiscard]] const Authorisations& authorisations() const { return held_; }
    /// How often all or all changes have been told: more than before where the data may be others.
    [[nodiscard]] std::uint64_t completed() const { return completed_; }
    [[nodiscard]] const RtrIntervals& intervals() const { return intervals_; }
    [[nodiscard]] unsigned version() const { return version_; }

private:
    struct Change {
        bool announced = false;
        Authorisation of;
    };
    [[nodiscard]] Result<void> message(std::span<const std::byte> bytes);
    [[nodiscard]] Result<void> prefix(std::span<const std::byte> bytes, bool v4);
    [[nodiscard]] Result<void> end_of_data(std::span<const std::byte> bytes, std::uint16_t session);
    [[nodiscard]] std::unexpected<Error> wrong(const std::string& what) const;
    void ask_for_all();
    void put(std::uint8_t type, std::uint16_t session, std::optional<std::uint32_t> serial = {});

    std::vector<std::byte> input_;   ///< The beginning of a message.
    std::vector<std::byte> output_;
    Authorisations held_;
    std::vector<Change> changes_;
    RtrIntervals intervals_;
    std::uint8_t version_ = 1;
    bool version_agreed_ = false;
    bool asked_for_all_ = true;      ///< What comes replaces what is held.
    bool answering_ = false;         ///< Between Cache Response and End of Data.
    std::optional<std::uint16_t> session_;
    std::uint32_t serial_ = 0;
    std::uint64_t completed_ = 0;
    std::uint64_t offset_ = 0;       ///< Of this connection's bytes.
};

}  // namespace hw::route::rpki
