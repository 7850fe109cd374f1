#pragma once

#include "base/time.hpp"
#include "flow/timings.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace hw::flow::read {

/// When a segment came, and what it may have answered.
struct Turn {
    Time now;
    std::optional<Time> prompt;  ///< When the other end's latest new data passed; nothing where it has not spoken yet.
    bool starts = false;         ///< The first data since the other end's.
    bool clean = true;           ///< Neither it nor what it may answer was sent twice or came after a gap.
};

/// What the reading of a handshake gives: round trips to the far end of either side, and what stood in the way of more.
class Findings {
public:
    explicit Findings(ConnectionTimings& timings) : timings_(&timings) {}

    /// The client (or the server) has now answered what passed at `turn.prompt`.
    void answer(bool client, FarMethod method, const Turn& turn) {
        if (!turn.prompt) { return; }
        if (!turn.clean) { return note(Unmeasured::disturbed); }
        const Duration gone = turn.now - *turn.prompt;
        if (gone < Duration(0) || gone > kLongest) { return; }  // a clock set back; a person who thinks
        auto& far = (client ? timings_->client_end : timings_->server_end).far;
        if (far.size() < kFarKept) { far.push_back({.method = method, .micros = static_cast<std::uint32_t>(gone.count())}); }
    }
    /// Likewise, where the question was not the other end's latest word.
    void answer_since(bool client, FarMethod method, Time asked, const Turn& turn) {
        Turn since = turn;
        since.prompt = asked;
        answer(client, method, since);
    }
    void note(Unmeasured reason) { timings_->unmeasured |= static_cast<std::uint16_t>(1U << static_cast<unsigned>(reason)); }
    void software(bool client, std::string name) { (client ? timings_->client_end : timings_->server_end).software = std::move(name); }

private:
    static constexpr Duration kLongest = std::chrono::seconds(30);
    ConnectionTimings* timings_;
};

}  // namespace hw::flow::read
