#pragma once

#include "flow/source.hpp"

#include <cstddef>
#include <vector>

namespace hw::trace {

/// Who speaks to whom in all the data given, whoever observed it: what tells an edge that everybody has (the directory, the
/// update server, monitoring) from one that hardly anybody has.
class Contacts {
public:
    /// Goes over all flows once; conversations that were never answered do not count. 24 bytes of working memory a flow's
    /// distinct (client, server, port).
    [[nodiscard]] static Result<Contacts> build(const flow::FlowSource& source);

    /// How many addresses opened connections to this service and were answered.
    [[nodiscard]] std::size_t clients_of(const net::Endpoint& service) const;
    /// On how many hosts the address used services through which a host is made to act.
    [[nodiscard]] std::size_t acted_on_by(const net::Address& client) const;

private:
    struct Service {
        net::Endpoint endpoint;
        std::size_t clients = 0;
    };
    struct Actor {
        net::Address client;
        std::size_t servers = 0;
    };
    std::vector<Service> services_;  // both in order, for look-up by halves
    std::vector<Actor> actors_;
};

}  // namespace hw::trace
