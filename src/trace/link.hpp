#pragma once

#include "base/decibans.hpp"
#include "base/time.hpp"
#include "flow/source.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

namespace hw::trace {

/// Who opened the control flow: the master (`forward`), or the relay itself (`call_back`: reverse shell, `ssh -R`).
enum class Control : std::uint8_t { forward, call_back };

/// What each channel says of a link, in decibans; absent where it has nothing to go by (DESIGN, section 5).
struct Channels {
    std::optional<Decibans> activity;
    std::optional<Decibans> record;
    std::optional<Decibans> sequence;
    std::optional<Decibans> shape;
};

/// What a link's weight was made of: for those who fit the calibration and check it (docs/calibration.md).
struct Evidence {
    double z_fair = 0;      ///< The activity score that counts; see ActivityScore for this and the next six.
    double z_self = 0;
    double log_null = 0;
    double shared_s = 0;
    double busy = 0;
    double burst = 0;
    double unlike = 0;
    double log_p_local = 0; ///< ln of p by this host's own shifted pairs alone.
    Decibans timing;        ///< The record channel's two parts.
    Decibans volume;
};

/// A claimed cause at one relay: what came in on the control flow left on the action flow.
struct Link {
    const flow::Flow* inbound = nullptr;   ///< The control flow, towards the master.
    const flow::Flow* outbound = nullptr;  ///< The action flow, towards the victim.
    Control control = Control::forward;
    Channels channels;
    Decibans llr;             ///< The channels' sum, their dependence discounted.
    double p = 1;             ///< Chance that an unrelated pair scores as high.
    double q = 1;             ///< Least false discovery rate at which this pair is accused, over all pairs tested (q_values).
    double p_none = 0;        ///< Posterior that none of the candidates feeds the action flow.
    double posterior = 0;     ///< Posterior of this link among all candidates for its action flow, and none of them.
    double z = 0;             ///< Cohort-normalised score of the activity channel.
    Duration lag_request{0};  ///< How much later requests leave than they came in, at the best match.
    Duration lag_reply{0};    ///< How much later replies are passed on than they came back.
    double scale_s = 0;       ///< The activity channel's best bin width, seconds.
    Evidence evidence;
};

struct Profile;

/// The parameters of the search; the defaults are those of the documentation.
struct LinkOptions {
    Duration max_lag = std::chrono::seconds(6);       ///< Longest delay in a relay that is searched.
    Duration lookback = std::chrono::seconds(600);    ///< How long before an action an order may have come.
    std::uint64_t seed = 1;
    /// How unrelated pairs score in the user's own traffic; none: as in the profile that ships with the program.
    std::shared_ptr<const Profile> profile;
    unsigned threads = 1;
    std::stop_token stop;
    /// Called now and then, by one thread at a time: pairs compared at the host that is being worked on, and all of them.
    std::function<void(std::size_t done, std::size_t all)> progress;
};

/// The candidates for one action flow at one host, best first, with the mass left to "none of them".
struct LinkedFlow {
    const flow::Flow* flow = nullptr;
    std::vector<Link> candidates;
    double none = 1;  ///< Posterior that no flow seen at this host is its partner.
    std::size_t scored = 0;  ///< Flows it was compared with; not all of them are kept where there are very many.
};

/// A flow whose course is the sum of others': `ssh -D`, a VPN, TLS that is multiplexed.
struct Tunnel {
    struct Stream {
        const flow::Flow* flow = nullptr;
        double weight = 0;  ///< Tunnel bytes a byte of the stream: near 1 for a stream that is inside.
    };
    const flow::Flow* flow = nullptr;
    bool opened = false;    ///< The relay opened it: its streams came in. Else they left.
    double explained = 0;   ///< Share of its variation over time that the streams account for together.
    double by_chance = 0;   ///< The most that they account for when moved in time.
    std::vector<Stream> streams;  ///< The heaviest weight first.
};

/// Pairs the flows of one relay (several addresses are one box): for each inflow its candidate outflows.
struct RelayLinks {
    std::vector<LinkedFlow> inflows;  ///< In order of first packet; those without a candidate have an empty list.
    std::vector<Tunnel> tunnels;  ///< In order of first packet; only where there are courses over time.
    std::uint64_t pairs_tested = 0;
    /// pairs_tested × the largest p among links that are more likely than not: how many unrelated pairs would score as high
    /// as the weakest link accused.
    double expected_false_accusations = 0;
    bool interrupted = false;
};

/// Pairs the flows that others opened to the relay with those that it opened itself, as its best observer timed them. Where
/// the input has totals only, by the record channel alone, each flow matched at most once (trace/record_link.hpp).
/// A relay without flows gives no links and no error; a stop gives those found until then, marked `interrupted`.
[[nodiscard]] Result<RelayLinks> link_relay(const flow::FlowSource& source, std::span<const net::Address> relay,
                                            const LinkOptions& options);

}  // namespace hw::trace
