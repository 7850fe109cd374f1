#pragma once

#include "base/decibans.hpp"
#include "flow/flow.hpp"
#include "trace/sequence_contacts.hpp"

#include <functional>
#include <span>
#include <vector>

namespace hw::trace {

/// Services through which a host is made to act: ssh, telnet, RPC, SMB, rexec, RDP, VNC, WinRM.
[[nodiscard]] bool is_service_that_acts(net::Port port);

/// A connection older than the log whose ends were taken the wrong way round: a service is not offered on a port that clients
/// are given to one that is not.
[[nodiscard]] bool is_turned(const flow::Flow& flow);

/// All flows between a host and one partner over one service that the same side offers: one line of control at most, however
/// many polls it consists of.
struct Relation {
    net::Address partner;
    net::Endpoint service;                  ///< The server's end.
    bool opened = false;                    ///< The host opened them: a call-back, if it is a line of control at all.
    bool as_client = false;                 ///< The records name the host as client; not as `opened` where the log misread an old connection.
    std::vector<const flow::Flow*> flows;   ///< By first packet; never empty; the partner said something in each.

    [[nodiscard]] Time first() const { return flows.front()->first; }
    [[nodiscard]] Time last() const;
    /// The half of these flows in which the host is told something.
    [[nodiscard]] flow::Direction inward() const { return as_client ? flow::Direction::reply : flow::Direction::request; }
};

/// The relations of a host whose flows are given, for the partners that `may_command` accepts; ordered by partner, then service.
/// Flows in which the partner said nothing, and ICMP, are left out.
[[nodiscard]] std::vector<Relation> relations_of(std::span<const net::Address> host, std::span<const flow::Flow* const> flows,
                                                 const std::function<bool(const net::Address&)>& may_command);

/// What a relation's own shape says of its being a line of control, apart from any action: weights against an arbitrary
/// relation of an arbitrary host.
struct RelationKind {
    Decibans service;      ///< Can one command a host through it? SMB and SSH to the host yes, its look-ups in a directory hardly.
    Decibans rarity;       ///< Few use the service, or the partner acts on few hosts; monitoring and backup act on all.
    Decibans persistence;  ///< It lasts, or comes again and again; one page fetched is no leash.
    Decibans delivery;     ///< The partner brought something large through a service that acts.
    Decibans novelty;      ///< It began while the host was watched, later than most of the host's relations.
    /// Call-back: it began just after somebody had a session on the host through a service that acts. Forward: a held session
    /// that began just after its partner had brought something large.
    Decibans planted;
    [[nodiscard]] Decibans total() const { return service + rarity + persistence + delivery + novelty + planted; }
};

/// Judges the relations of one host in one watch.
class RelationJudge {
public:
    /// `all` of the host's relations; `visits`: the flows that others opened to it through services that act, by first packet.
    RelationJudge(std::span<const Relation> all, std::span<const flow::Flow* const> visits, const Contacts& contacts, Interval watch);
    [[nodiscard]] RelationKind kind_of(const Relation& relation) const;

private:
    struct Visit {
        Time first;
        net::Address from;
        double weight = 1;
    };
    [[nodiscard]] double rarity(const Relation& relation) const;
    [[nodiscard]] double novelty(const Relation& relation) const;
    [[nodiscard]] double planted(const Relation& relation) const;

    std::vector<Time> beginnings_;  // of all relations, rising
    std::vector<Visit> visits_;
    double visits_weight_ = 0;
    std::vector<Visit> deliveries_;  // visits that brought much, by first packet
    const Contacts& contacts_;
    Interval watch_;
};

}  // namespace hw::trace
