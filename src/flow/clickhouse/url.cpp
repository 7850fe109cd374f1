#include "flow/clickhouse/url.hpp"

#include "base/parse.hpp"

#include <algorithm>
#include <utility>
#include <optional>

namespace hw::flow::clickhouse {
namespace {
namespace url_detail {

constexpr std::string_view kScheme = "clickhouse://";
constexpr std::string_view kForm = "the form is clickhouse://user@host:8123/database, or with shards clickhouse://user@host1,host2/database?cluster=NAME";

std::unexpected<Error> wrong(std::string message) { return fail(Errc::usage, std::move(message), {}, std::string(kForm)); }

bool is_name(std::string_view text) {
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, fits);
}

std::optional<std::string> unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        const auto byte = i + 3 <= text.size() ? parse_integer<std::uint8_t>(text.substr(i + 1, 2), 16) : std::nullopt;
        if (!byte) { return std::nullopt; }
        out.push_back(static_cast<char>(*byte));
        i += 2;
    }
    return out;
}

std::string escape(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
        if (plain) { out.push_back(c); }
        else {
            out += '%';
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 15U];
        }
    }
    return out;
}

Result<Url::Host> parse_host(std::string_view text, std::uint16_t port) {
    Url::Host host{.name = {}, .port = port};
    std::string_view after;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) { return wrong("a '[' without its ']' in the address of a ClickHouse server"); }
        host.name = text.substr(1, close - 1);
        after = text.substr(close + 1);
    } else {
        const auto colon = text.find(':');
        host.name = text.substr(0, colon);
        after = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    }
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' || c == '_'; };
    if (host.name.empty() || !std::ranges::all_of(host.name, fits)) { return wrong("'" + std::string(text) + "' is no address of a ClickHouse server"); }
    if (!after.empty()) {
        const auto number = after.starts_with(':') ? parse_integer<std::uint16_t>(after.substr(1)) : std::nullopt;
        if (!number || *number == 0) { return wrong("'" + std::string(after) + "' is no port"); }
        host.port = *number;
    }
    return host;
}

Result<void> read_options(std::string_view text, Url& url) {
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const std::string_view option = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto equals = option.find('=');
        const std::string_view name = option.substr(0, equals);
        const std::string_view value = equals == std::string_view::npos ? std::string_view{} : option.substr(equals + 1);
        if (name == "cluster" && is_name(value)) { url.cluster = value; }
        else if (name == "tls" && (value == "yes" || value == "no")) { url.tls = value == "yes"; }
        else if (name == "columns" && is_name(value)) { url.columns = value; }
        else if (name == "from" && !value.empty()) { url.from = value; }
        else if (name == "to" && !value.empty()) { url.to = value; }
        else { return wrong("'" + std::string(option) + "' is no option of a ClickHouse address; there are cluster=NAME, tls=yes, columns=NAME, from=TIME and to=TIME"); }
    }
    return {};
}

}  // namespace url_detail
}  // namespace

bool is_clickhouse_url(std::string_view text) { return text.starts_with(url_detail::kScheme); }

Result<Url> parse_url(std::string_view text) {
    using url_detail::wrong;
    if (!is_clickhouse_url(text)) { return wrong("a ClickHouse address begins with clickhouse://"); }
    text.remove_prefix(url_detail::kScheme.size());
    Url url;
    const auto question = std::min(text.find('?'), text.size());
    HW_CHECK(url_detail::read_options(text.substr(std::min(question + 1, text.size())), url));
    text = text.substr(0, question);

    const auto at = text.rfind('@');
    if (at != std::string_view::npos) {
        const std::string_view who = text.substr(0, at);
        const auto colon = who.find(':');
        auto user = url_detail::unescape(who.substr(0, colon));
        auto password = url_detail::unescape(colon == std::string_view::npos ? std::string_view{} : who.substr(colon + 1));
        if (!user || !password || user->empty()) { return wrong("the user or the password in the ClickHouse address is empty or holds a '%' that is no %XX"); }
        url.user = std::move(*user);
        url.password = std::move(*password);
        text.remove_prefix(at + 1);
    }
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) { return wrong("the ClickHouse address names no database"); }
    url.database = text.substr(slash + 1);
    if (!url_detail::is_name(url.database)) { return wrong("'" + url.database + "' cannot be a database here: letters, digits and _ only"); }
    text = text.substr(0, slash);
    while (true) {
        const auto comma = std::min(text.find(','), text.size());
        HW_TRY(auto host, url_detail::parse_host(text.substr(0, comma), url.tls ? 8443 : 8123));
        url.hosts.push_back(std::move(host));
        if (comma == text.size()) { break; }
        text.remove_prefix(comma + 1);
    }
    if (url.columns.empty() && !(url.from.empty() && url.to.empty())) { return wrong("from and to are for tables that others made: columns=NAME is missing"); }
    if (url.hosts.size() > 1 && url.cluster.empty()) { return wrong("several ClickHouse servers are the shards of a cluster: its name is missing (?cluster=NAME)"); }
    return url;
}

std::string to_string(const Url& url) {
    std::string text(url_detail::kScheme);
    text += url_detail::escape(url.user) + "@";
    for (std::size_t i = 0; i < url.hosts.size(); ++i) {
        const bool v6 = url.hosts[i].name.find(':') != std::string::npos;
        text += (i == 0 ? "" : ",") + (v6 ? "[" + url.hosts[i].name + "]" : url.hosts[i].name) + ":" + std::to_string(url.hosts[i].port);
    }
    text += "/" + url.database;
    char mark = '?';
    const auto add = [&](std::string_view name, std::string_view value) {
        if (value.empty()) { return; }
        text += std::exchange(mark, '&');
        text += std::string(name) + "=" + std::string(value);
    };
    add("cluster", url.cluster);
    add("tls", url.tls ? "yes" : "");
    add("columns", url.columns);
    add("from", url.from);
    add("to", url.to);
    return text;
}

}  // namespace hw::flow::clickhouse
