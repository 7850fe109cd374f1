#pragma once

#include "flow/source.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>

namespace hw::trace {

/// Who speaks to whom in all the data given, whoever observed it: what tells an edge that everybody has (the directory, the
/// update server, monitoring) from one that hardly anybody has. Looked up in the source as it is asked for, once each, and counted
/// no further than it matters; conversations that were never answered do not count. Not for several threads at once.
class Contacts {
public:
    /// Counts end here: beyond it no weight changes (RelationJudge).
    static constexpr std::size_t kMostClients = 128;
    static constexpr std::size_t kMostServers = 1024;

    /// `source` must outlive this.
    explicit Contacts(const flow::FlowSource& source) : source_(&source) {}

    /// How many addresses opened connections to this service and were answered, `kMostClients` at most.
    [[nodiscard]] std::size_t clients_of(const net::Endpoint& service) const;
    /// On how many hosts the address used services through which a host is made to act, `kMostServers` at most.
    [[nodiscard]] std::size_t acted_on_by(const net::Address& client) const;
    /// The first look-up that failed, if any: the answers given since are not to be relied on.
    [[nodiscard]] Result<void> failure() const;

private:
    void count_clients(const net::Endpoint& service) const;
    void note(const Result<void>& asked) const;

    const flow::FlowSource* source_;
    mutable std::map<net::Endpoint, std::size_t> clients_;
    mutable std::set<net::Address> counted_;  ///< Hosts all of whose services are in `clients_`.
    mutable std::map<net::Address, std::size_t> acted_on_;
    mutable std::optional<Error> failed_;
};

}  // namespace hw::trace
