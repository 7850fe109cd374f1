#include "trace/sequence_contacts.hpp"

#include "trace/sequence_relation.hpp"

#include <algorithm>
#include <utility>

namespace hw::trace {

Result<Contacts> Contacts::build(const flow::FlowSource& source) {
    static constexpr std::size_t kFold = std::size_t{1} << 16U;  // pairs gathered before doubles are thrown out again
    std::vector<std::pair<net::Endpoint, net::Address>> used;    // service, client
    std::vector<std::pair<net::Address, net::Address>> acted;    // client, server
    std::size_t used_limit = kFold;
    std::size_t acted_limit = kFold;
    const auto fold = [](auto& pairs, std::size_t& limit) {
        std::ranges::sort(pairs);
        pairs.erase(std::ranges::unique(pairs).begin(), pairs.end());
        limit = std::max(kFold, 2 * pairs.size());
    };
    HW_CHECK(source.scan(source.interval(), [&](const flow::Flow& f) {
        if (f.reply.packets == 0 || f.request.packets == 0) { return true; }
        const bool turned = is_turned(f);
        const auto& service = turned ? f.client : f.server;
        const auto& client = turned ? f.server.address : f.client.address;
        used.emplace_back(service, client);
        if (used.size() >= used_limit) { fold(used, used_limit); }
        if (is_service_that_acts(service.port)) {
            acted.emplace_back(client, service.address);
            if (acted.size() >= acted_limit) { fold(acted, acted_limit); }
        }
        return true;
    }));
    fold(used, used_limit);
    fold(acted, acted_limit);
    Contacts contacts;
    for (const auto& [service, client] : used) {
        if (contacts.services_.empty() || contacts.services_.back().endpoint != service) { contacts.services_.push_back({service, 0}); }
        ++contacts.services_.back().clients;
    }
    for (const auto& [client, server] : acted) {
        if (contacts.actors_.empty() || contacts.actors_.back().client != client) { contacts.actors_.push_back({client, 0}); }
        ++contacts.actors_.back().servers;
    }
    return contacts;
}

std::size_t Contacts::clients_of(const net::Endpoint& service) const {
    const auto at = std::ranges::lower_bound(services_, service, {}, &Service::endpoint);
    return at != services_.end() && at->endpoint == service ? at->clients : 0;
}

std::size_t Contacts::acted_on_by(const net::Address& client) const {
    const auto at = std::ranges::lower_bound(actors_, client, {}, &Actor::client);
    return at != actors_.end() && at->client == client ? at->servers : 0;
}

}  // namespace hw::trace
