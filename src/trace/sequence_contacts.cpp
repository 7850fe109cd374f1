#include "trace/sequence_contacts.hpp"

#include "trace/sequence_relation.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

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

void Contacts::note(const Result<void>& asked) const {
    if (!asked && !failed_) { failed_ = asked.error(); }
}

void Contacts::count_clients(const net::Endpoint& service) const {
    constexpr std::size_t kFold = std::size_t{1} << 16U;
    std::set<net::Address> clients;
    std::vector<std::pair<net::Port, net::Address>> others;  // who goes over all of a host's flows counts its other services too
    std::size_t limit = kFold;
    const auto fold = [&] {
        std::ranges::sort(others);
        others.erase(std::ranges::unique(others).begin(), others.end());
        limit = std::max(kFold, 2 * others.size());
    };
    note(source_->visit_flows_of(service.address, [&](const flow::Flow& f) {
        const auto contact = contacts_detail::contact_of(f);
        if (!contact || contact->service.address != service.address) { return true; }
        if (contact->service == service) { clients.insert(contact->client); }
        else { others.emplace_back(contact->service.port, contact->client); }
        if (others.size() >= limit) { fold(); }
        return clients.size() < kMostClients;
    }));
    clients_[service] = clients.size();
    if (clients.size() == kMostClients) { return; }
    fold();
    for (const auto& [port, client] : others) {
        std::size_t& count = clients_[{service.address, port}];
        count = std::min(count + 1, kMostClients);
    }
    counted_.insert(service.address);
}

std::size_t Contacts::clients_of(const net::Endpoint& service) const {
    const auto known = clients_.find(service);
    if (known != clients_.end()) { return known->second; }
    if (counted_.contains(service.address)) { return 0; }
    count_clients(service);
    return clients_[service];
}

std::size_t Contacts::acted_on_by(const net::Address& client) const {
    const auto [known, fresh] = acted_on_.try_emplace(client, 0);
    if (!fresh) { return known->second; }
    std::set<net::Address> servers;
    note(source_->visit_flows_of(client, [&](const flow::Flow& f) {
        const auto contact = contacts_detail::contact_of(f);
        if (contact && contact->client == client && is_service_that_acts(contact->service.port)) { servers.insert(contact->service.address); }
        return servers.size() < kMostServers;
    }));
    return known->second = servers.size();
}

Result<void> Contacts::failure() const {
    if (failed_) { return std::unexpected(*failed_); }
    return {};
}

}  // namespace hw::trace
