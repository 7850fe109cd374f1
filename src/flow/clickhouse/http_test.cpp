#include "flow/clickhouse/http.hpp"

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace hw;
namespace ch = hw::flow::clickhouse;

namespace {

/// A server on loopback that gives each request, in turn, one of the answers put into it, byte for byte, and closes the connection.
class RecordedServer {
public:
    explicit RecordedServer(std::vector<std::string> answers) : answers_(std::move(answers)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        auto* generic = static_cast<sockaddr*>(static_cast<void*>(&at));
        REQUIRE(::bind(socket_, generic, size) == 0);
        REQUIRE(::listen(socket_, 8) == 0);
        REQUIRE(::getsockname(socket_, generic, &size) == 0);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    RecordedServer(const RecordedServer&) = delete;
    RecordedServer& operator=(const RecordedServer&) = delete;
    ~RecordedServer() { stop(); }

    [[nodiscard]] ch::Http client() const {
        ch::Limits limits;
        limits.tries = 1;
        return ch::Http(*ch::parse_url("clickhouse://u:secret@127.0.0.1:" + std::to_string(port_) + "/d"), limits);
    }
    /// The first lines of the requests, once no more are waited for.
    const std::vector<std::string>& asked() {
        stop();
        return asked_;
    }

private:
    void stop() {
        if (socket_ < 0) { return; }
        ::shutdown(socket_, SHUT_RDWR);
        thread_.join();
        ::close(socket_);
        socket_ = -1;
    }
    void serve() {
        asked_.reserve(answers_.size());
        for (const std::string& answer : answers_) {
            const int peer = ::accept(socket_, nullptr, nullptr);
            if (peer < 0) { return; }
            std::string request;
            std::array<char, 4096> some{};
            while (!request.ends_with("SELECT 1")) {
                const auto count = ::recv(peer, some.data(), some.size(), 0);
                if (count <= 0) { break; }
                request.append(some.data(), static_cast<std::size_t>(count));
            }
            asked_.push_back(request.substr(0, request.find("\r\n")));
            (void)::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
            ::close(peer);
        }
    }

    std::vector<std::string> answers_;
    std::vector<std::string> asked_;
    int socket_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

std::string answer(std::string_view status, std::string_view headers, std::string_view body) {
    return "HTTP/1.1 " + std::string(status) + "\r\nConnection: Close\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace

// The bytes are those of the servers' documentation and of their reported issues, not of a run here: only 18.16 was at hand.

TEST_CASE("clickhouse http: errors are known as old servers word them, as young ones do, and by their header alone") {
    const auto in = [](const std::string& bytes) {
        RecordedServer server({bytes});
        const auto got = server.client().read("SELECT 1");
        REQUIRE_FALSE(got);
        CHECK(got.error().where.find("secret") == std::string::npos);
        return got.error();
    };
    const Error old = in(answer("500 Internal Server Error", "", "Code: 60, e.displayText() = DB::Exception: Table d.flows doesn't exist., e.what() = DB::Exception\n"));
    CHECK(old.code == Errc::not_found);
    CHECK(old.message == "the ClickHouse server refused the query: Table d.flows doesn't exist");
    const Error young = in(answer("404 Not Found", "X-ClickHouse-Exception-Code: 60\r\n", "Code: 60. DB::Exception: Table d.flows does not exist. (UNKNOWN_TABLE) (version 23.9.1.1761 (official build))\n"));
    CHECK(young.code == Errc::not_found);
    CHECK(in(answer("403 Forbidden", "x-clickhouse-exception-code: 516\r\n", "Code: 516. DB::Exception: u: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)\n")).code == Errc::refused);
    CHECK(in(answer("408 Request Time-out", "X-ClickHouse-Exception-Code: 159\r\n", "")).code == Errc::limit);
    CHECK(in(answer("200 OK", "X-ClickHouse-Exception-Code: 241\r\n", "Code: 241. DB::Exception: Memory limit exceeded")).code == Errc::limit);
}

TEST_CASE("clickhouse http: an error behind the first rows is an error, with the tag told ahead or in an answer that broke off") {
    const std::string message = "Code: 241. DB::Exception: Memory limit (for query) exceeded. (MEMORY_LIMIT_EXCEEDED)";
    RecordedServer tagged({answer("200 OK", "X-ClickHouse-Exception-Tag: dngjzjnxkvlwkeua\r\n",
                                  "rows\r\n__exception__\r\ndngjzjnxkvlwkeua\r\n" + message + "\r\n84 dngjzjnxkvlwkeua\r\n__exception__\r\n")});
    const auto first = tagged.client().read("SELECT 1");
    REQUIRE_FALSE(first);
    CHECK(first.error().code == Errc::limit);
    CHECK(first.error().message == "the ClickHouse server refused the query: Memory limit (for query) exceeded. (MEMORY_LIMIT_EXCEEDED)");
    RecordedServer broken({answer("200 OK", "Content-Length: 9999\r\n", "rows\r\n__exception__\r\n" + message)});
    CHECK(broken.client().read("SELECT 1").error().code == Errc::limit);
    // Rows that hold the marker are rows.
    RecordedServer rows({answer("200 OK", "X-ClickHouse-Exception-Tag: dngjzjnxkvlwkeua\r\n", "__exception__\r\nCode: 1")});
    CHECK(rows.client().read("SELECT 1") == "__exception__\r\nCode: 1");
}

TEST_CASE("clickhouse http: a user who may set nothing is asked without settings; others may change nothing by a read") {
    RecordedServer server({answer("500 Internal Server Error", "", "Code: 164, e.displayText() = DB::Exception: Cannot override setting (max_execution_time) in readonly mode, e.what() = DB::Exception"),
                           answer("200 OK", "", "1\n"), answer("200 OK", "", "2\n")});
    const auto client = server.client();
    CHECK(client.read("SELECT 1") == "1\n");
    CHECK(client.read("SELECT 1") == "2\n");
    const auto& asked = server.asked();
    REQUIRE(asked.size() == 3);
    CHECK(asked[0].find("readonly=2") != std::string::npos);
    CHECK(asked[1].find("max_execution_time") == std::string::npos);
    CHECK(asked[2].find("readonly") == std::string::npos);
    CHECK(asked[2].find("wait_end_of_query=1") != std::string::npos);
}
