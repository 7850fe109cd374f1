#pragma once

#include "base/error.hpp"
#include "flow/clickhouse/url.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace hw::flow::clickhouse {

/// How long servers are waited for, and how much is taken from them.
struct Limits {
    std::chrono::milliseconds connect{5'000};
    std::chrono::seconds stall{60};                      ///< Without a byte either way for this long, a request is given up.
    std::chrono::seconds query{600};                     ///< The servers are told to end a query after this long.
    std::size_t max_answer = std::size_t{1} << 30U;      ///< Bytes of one answer.
    unsigned tries = 3;                                  ///< Of a request that may be repeated, all hosts together at least one each.
};

/// The HTTP interface of ClickHouse servers. Connections are kept open. Safe to call from several threads; requests go one after the other.
///
/// Errors tell the server (without password), what it said, and what to do. Error codes: `refused` for a wrong user, password or
/// right, `not_found` for a database or table that is not there, `limit` for time, memory or size, `unreadable` for the rest.
class Http {
public:
    explicit Http(Url url, Limits limits = {}, std::stop_token stop = {});
    ~Http();
    Http(Http&&) noexcept;
    Http& operator=(Http&&) noexcept;

    /// The answer to a query that changes nothing. Tried again, at the next host in turn, when a server cannot be reached, closes
    /// the connection or is overloaded.
    [[nodiscard]] Result<std::string> read(std::string_view sql) const;
    /// A statement that changes something, with the rows of an INSERT as `body`, at host number `host` of the URL. Done once.
    [[nodiscard]] Result<void> write(std::string_view sql, std::span<const std::byte> body = {}, std::size_t host = 0) const;

    [[nodiscard]] const Url& url() const;

private:
    struct Connection;
    std::unique_ptr<Connection> connection_;
};

}  // namespace hw::flow::clickhouse
