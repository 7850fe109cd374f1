#include "trace/sequence_contacts.hpp"

#include "trace/sequence_relation.hpp"

#include <set>
#include <utility>

namespace hw::trace {
namespace {
namespace contacts_detail {

/// Who opened an answered conversation, and the service it was opened to; absent where nobody answered.
struct Contact {
    net::Address client;
    net::Endpoint service;
};
std::optional<Contact> contact_of(const flow::Flow& f) {
    if (f.reply.packets == 0 || f.request.packets == 0) { return std::nullopt; }
    return is_turned(f) ? Contact{f.server.address, f.client} : Contact{f.client.address, f.server};
}

}  // namespace contacts_detail
}  // namespace

std::size_t Contacts::clients_of(const net::Endpoint& service) const {
    const auto [known, fresh] = clients_.try_emplace(service, 0);
    if (!fresh) { return known->second; }
    std::set<net::Address> clients;
    const auto asked = source_->visit_flows_of(service.address, [&](const flow::Flow& f) {
        const auto contact = contacts_detail::contact_of(f);
        if (contact && contact->service == service) { clients.insert(contact->client); }
        return clients.size() < kMostClients;
    });
    if (!asked && !failed_) { failed_ = asked.error(); }
    return known->second = clients.size();
}

std::size_t Contacts::acted_on_by(const net::Address& client) const {
    const auto [known, fresh] = acted_on_.try_emplace(client, 0);
    if (!fresh) { return known->second; }
    std::set<net::Address> servers;
    const auto asked = source_->visit_flows_of(client, [&](const flow::Flow& f) {
        const auto contact = contacts_detail::contact_of(f);
        if (contact && contact->client == client && is_service_that_acts(contact->service.port)) { servers.insert(contact->service.address); }
        return servers.size() < kMostServers;
    });
    if (!asked && !failed_) { failed_ = asked.error(); }
    return known->second = servers.size();
}

Result<void> Contacts::failure() const {
    if (failed_) { return std::unexpected(*failed_); }
    return {};
}

}  // namespace hw::trace
