// Whose templates and waiting data are kept, and how much of each exporter.
#include "flow/read/export_decoder_state.hpp"

#include <algorithm>
#include <utility>

namespace hw::flow::read {

std::vector<std::uint64_t> ExportDecoder::template_counts() const {
    std::vector<std::uint64_t> counts(state_->exporter_list.size());
    for (const auto& [key, scope] : state_->scopes) { counts[scope.exporter] += scope.templates.size(); }
    return counts;
}

ExportSetKind ExportDecoder::set_kind(const net::Endpoint& exporter, std::uint16_t version, std::uint32_t domain, std::uint16_t id) const {
    using namespace export_detail;
    const ScopeKey key{.address = exporter.address, .domain = domain, .port = net::number(exporter.port), .version = Version{version}};
    const Scope* scope = state_->last_scope != nullptr && key == state_->last_key ? state_->last_scope : nullptr;
    if (scope == nullptr) {
        const auto found = state_->scopes.find(key);
        if (found == state_->scopes.end()) { return ExportSetKind::unknown; }
        scope = &found->second;
    }
    const auto known = scope->templates.find(id);
    if (known == scope->templates.end()) { return ExportSetKind::unknown; }
    return known->second.program.options() ? ExportSetKind::options : ExportSetKind::flows;
}

std::uint32_t ExportDecoder::exporter_of(const net::Address& address) {
    auto& list = state_->exporter_list;
    const auto known = state_->exporter_index.find(address);
    if (known != state_->exporter_index.end()) { return known->second; }
    if (list.size() >= state_->limits.exporters) { return static_cast<std::uint32_t>(list.size() - 1); }
    state_->exporter_index.emplace(address, static_cast<std::uint32_t>(list.size()));
    list.push_back(address);
    state_->exporter_rates.push_back(0);
    state_->held.emplace_back();
    return static_cast<std::uint32_t>(list.size() - 1);
}

void ExportDecoder::State::drop_template(Scope& scope, std::uint16_t id) {
    const auto found = scope.templates.find(id);
    if (found == scope.templates.end()) { return; }
    const std::size_t size = found->second.program.footprint() + (found->second.before ? found->second.before->footprint() : 0);
    template_bytes -= size;
    held[scope.exporter].template_bytes -= size;
    --template_count;
    --held[scope.exporter].templates;
    scope.templates.erase(found);
}

void ExportDecoder::State::forget(std::map<export_detail::ScopeKey, Scope>::iterator scope, ReadReport& report) {
    while (!scope->second.templates.empty()) { drop_template(scope->second, scope->second.templates.begin()->first); }
    for (const auto& waiting : scope->second.waiting) { report.skip("data set without its template", waiting.offset); }
    waiting_bytes -= scope->second.waiting_bytes;
    held[scope->second.exporter].waiting_bytes -= scope->second.waiting_bytes;
    --held[scope->second.exporter].scopes;
    if (last_scope == &scope->second) { last_scope = nullptr; }
    scopes.erase(scope);
}

export_detail::Scope* ExportDecoder::State::scope_of(const export_detail::ScopeKey& key, Time now, std::uint64_t offset, ReadReport& report) {
    if (last_scope != nullptr && key == last_key) {
        last_scope->heard = std::max(last_scope->heard, now);
        return last_scope;
    }
    auto found = scopes.find(key);
    if (found == scopes.end()) {
        if (scopes.size() >= limits.scopes) {
            // Until this moment none can have become idle: made-up senders must not cost a search each.
            if (now < none_idle_before) {
                report.skip("message of one exporter too many", offset);
                return nullptr;
            }
            const auto oldest = std::ranges::min_element(scopes, {}, [](const auto& entry) { return entry.second.heard; });
            if (oldest == scopes.end() || now - oldest->second.heard < limits.idle) {
                if (oldest != scopes.end()) { none_idle_before = oldest->second.heard + limits.idle; }
                report.skip("message of one exporter too many", offset);
                return nullptr;
            }
            forget(oldest, report);
        }
        const auto [index, fresh] = exporter_index.emplace(key.address, static_cast<std::uint32_t>(exporter_list.size()));
        if (fresh) {
            if (exporter_list.size() >= limits.exporters) {
                exporter_index.erase(index);
                report.skip("message of one exporter too many", offset);
                return nullptr;
            }
            exporter_list.push_back(key.address);
            exporter_rates.push_back(0);
            held.emplace_back();
        }
        if (held[index->second].scopes >= limits.exporter_scopes) {
            // Its own oldest goes: a machine that restarts sends from another port each time.
            auto oldest = scopes.end();
            for (auto mine = scopes.lower_bound({.address = key.address}); mine != scopes.end() && mine->first.address == key.address; ++mine) {
                if (oldest == scopes.end() || mine->second.heard < oldest->second.heard) { oldest = mine; }
            }
            report.skip("domain of an exporter forgotten: it sends from too many", offset);
            if (oldest != scopes.end()) { forget(oldest, report); }
        }
        found = scopes.emplace(key, Scope{}).first;
        found->second.exporter = index->second;
        ++held[index->second].scopes;
        found->second.heard = now;
    }
    found->second.heard = std::max(found->second.heard, now);
    last_key = key;
    last_scope = &found->second;
    return last_scope;
}

void ExportDecoder::State::define(Scope& scope, std::uint16_t id, ExportProgram program, std::uint64_t offset, ReadReport& report, std::vector<ExportRecord>& out) {
    // Records without a byte would never end.
    if (program.length() == 0) { return report.skip("template of records without a byte", offset); }
    const auto found = scope.templates.find(id);
    if (found != scope.templates.end() && found->second.program == program) { return; }  // sent again, as it is every few minutes
    const std::size_t size = program.footprint();
    Held& mine = held[scope.exporter];
    if (mine.template_bytes + size > limits.exporter_template_bytes) { return report.skip("template past what is kept of one exporter", offset); }
    if (template_bytes + size > limits.template_bytes) { return report.skip("template past what is kept of all exporters", offset); }
    if (found != scope.templates.end()) {
        if (found->second.before) {
            template_bytes -= found->second.before->footprint();
            mine.template_bytes -= found->second.before->footprint();
        }
        found->second.before = std::exchange(found->second.program, std::move(program));
        template_bytes += size;
        mine.template_bytes += size;
    } else {
        if (scope.templates.size() >= limits.scope_templates || mine.templates >= limits.exporter_templates || template_count >= limits.templates) {
            return report.skip("template past what is kept of one exporter", offset);
        }
        scope.templates.emplace(id, export_detail::Template{.program = std::move(program), .before = {}});
        template_bytes += size;
        mine.template_bytes += size;
        ++template_count;
        ++mine.templates;
    }
    if (scope.waiting.empty()) { return; }
    // Those that have waited for it, in the order in which they came.
    auto waiting = std::exchange(scope.waiting, {});
    for (auto& set : waiting) {
        if (set.id != id) {
            scope.waiting.push_back(std::move(set));
            continue;
        }
        scope.waiting_bytes -= set.bytes.size();
        waiting_bytes -= set.bytes.size();
        mine.waiting_bytes -= set.bytes.size();
        static_cast<void>(data(scope, id, set.bytes, set.clock, set.offset, report, out));
    }
}

void ExportDecoder::State::wait(Scope& scope, std::uint16_t id, Bytes set, const ExportClock& clock, std::uint64_t offset, ReadReport& report) {
    constexpr std::size_t kMostSets = 4096;
    if (scope.waiting_bytes + set.size() > limits.scope_waiting || waiting_bytes + set.size() > limits.waiting_bytes || held[scope.exporter].waiting_bytes + set.size() > limits.exporter_waiting || scope.waiting.size() >= kMostSets) {
        return report.skip("data set without its template", offset);
    }
    scope.waiting.push_back({.id = id, .clock = clock, .offset = offset, .bytes = {set.begin(), set.end()}});
    scope.waiting_bytes += set.size();
    waiting_bytes += set.size();
    held[scope.exporter].waiting_bytes += set.size();
}

}  // namespace hw::flow::read
