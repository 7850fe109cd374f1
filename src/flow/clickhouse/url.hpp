#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::clickhouse {

/// Where a cluster is and who we are there: `clickhouse://[user[:password]@]host[:port][,host[:port]...]/database[?cluster=NAME][&tls=yes][&columns=NAME][&from=TIME][&to=TIME]`.
///
/// Several hosts are the shards of one cluster: each gets the tables of its own, and look-ups go to the first that answers.
struct Url {
    struct Host {
        std::string name;  ///< A name, an IPv4 address or an IPv6 address without its brackets.
        std::uint16_t port = 8123;
        friend bool operator==(const Host&, const Host&) = default;
    };
    std::vector<Host> hosts;  ///< One at least.
    std::string user = "default";
    std::string password;     ///< Never to be printed.
    std::string database;
    std::string cluster;      ///< As the servers' `remote_servers` calls it; empty: one server, no `Distributed` tables.
    bool tls = false;         ///< HTTPS, the certificate checked (port 8443 where none is named).
    std::string columns;      ///< The mapping of columns by which a table that others made is read; empty: the tables are ours.
    std::string from;         ///< With `columns`: what of the table is looked at, as times are written on the command line; may be empty.
    std::string to;
    friend bool operator==(const Url&, const Url&) = default;
};

/// Whether `text` names a cluster rather than a file.
[[nodiscard]] bool is_clickhouse_url(std::string_view text);

/// Reads one. `%XX` stands for a byte in the user and the password. Names of databases and clusters are letters, digits and
/// `_`: they become parts of queries.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// The URL without the password: what messages and results may show. `parse_url` reads it back, but for the password.
[[nodiscard]] std::string to_string(const Url& url);

}  // namespace hw::flow::clickhouse
