#pragma once

#include "base/byte_cursor.hpp"
#include "base/error.hpp"
#include "base/input/input_report.hpp"
#include "route/routes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hw::route::bmp {

inline constexpr std::size_t kHeader = 6;  ///< Version, length, type (RFC 7854, 4.1).
/// Longer messages are refused: two OPENs of 64 KiB each and what stands around them are the most there can be.
inline constexpr std::size_t kLongestMessage = std::size_t{256} * 1024;

/// Whether bytes may be the beginning of a BMP stream.
[[nodiscard]] bool looks_like_bmp(std::span<const std::byte> head);

/// What one monitored router tells of its peers' routes: a BMP session (RFC 7854; Adj-RIB-Out RFC 8671; Loc-RIB RFC 9069), fed as its bytes come.
///
/// A router may tell several views of one peer's routes. The first of these that it sends routes of is the one that is taken, for all of its peers, and the others are counted
/// and passed over, so that a route is never counted twice: what came in before policy, what came in after it, the router's own choice (Loc-RIB, its peer being the router itself).
/// What goes out to a peer (Adj-RIB-Out), and the instances of VPNs, are always passed over.
///
/// Times are those of the router (the per-peer header), where they are within a day of the clock given; else the clock's. Of a recorded stream no clock is given: a message without a time then has
/// that of the one before.
class Decoder {
public:
    Decoder(RouteSink& sink, InputReport& report, net::Address router) : sink_(sink), report_(report), router_(router) {}

    /// The next bytes of the stream, in pieces of any size. Returns whether the sink wants more. Fails with `malformed` and the byte's offset where the stream is none of BMP any more: it
    /// cannot be found into again.
    [[nodiscard]] Result<bool> feed(std::span<const std::byte> block, std::optional<Time> now);
    /// The stream ended: the sessions of all peers that were up are told as down.
    void end(std::optional<Time> now);

    [[nodiscard]] const std::string& name() const { return name_; }  ///< sysName; empty where it was not told.
    [[nodiscard]] bool waiting() const { return !waiting_.empty(); }  ///< For the rest of a message.
    [[nodiscard]] std::size_t peers_up() const { return peers_.size(); }
    [[nodiscard]] std::uint64_t offset() const { return offset_; }    ///< Of the next byte.

private:
    enum class View : std::uint8_t { before_policy, after_policy, own_choice };
    /// What the header in front of most messages says (RFC 7854, 4.2).
    struct Front {
        Peer peer;
        View view = View::before_policy;
        bool out = false;       ///< Of an Adj-RIB-Out.
        bool instance = false;  ///< Of a VPN or another instance.
        std::size_t as_width = 4;
        Time time;
    };
    /// What the two OPENs of a session agreed on.
    struct Session {
        std::array<bool, 2> paths{};  ///< Path identifiers in IPv4 and IPv6 routes (RFC 7911).
    };
    bool take(std::span<const std::byte> message, std::optional<Time> now);
    std::optional<Front> take_front(ByteCursor& in, std::optional<Time> now);
    bool take_routes(const Front& front, std::span<const std::byte> bytes, std::size_t at);
    bool take_up(const Front& front, std::span<const std::byte> bytes);
    bool take_down(const Front& front);
    void take_names(std::span<const std::byte> tlvs);
    bool skip(std::string_view why);

    RouteSink& sink_;
    InputReport& report_;
    net::Address router_;
    std::vector<std::byte> waiting_;   ///< The beginning of a message whose end has not come.
    std::uint64_t offset_ = 0;
    std::uint64_t message_at_ = 0;
    Time last_;                        ///< Of the message before.
    std::optional<View> view_;
    std::map<Peer, Session> peers_;
    std::string name_;
};

}  // namespace hw::route::bmp
