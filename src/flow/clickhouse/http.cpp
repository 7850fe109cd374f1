#include "flow/clickhouse/http.hpp"

#include "base/parse.hpp"
#include "base/text.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <thread>
#include <utility>

namespace hw::flow::clickhouse {
namespace {
namespace http_detail {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::size_t kLongestReason = 300;

/// libcurl wants to be set up once a process; it takes itself down with the process.
bool curl_ready() {
    static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return ready;
}

struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// What one request takes in and gives out, as the callbacks of libcurl see it.
struct Exchange {
    std::string answer;
    std::size_t cap = 0;
    bool too_long = false;
    unsigned exception = 0;     ///< What `X-ClickHouse-Exception-Code` said; 0: nothing.
    std::string exception_tag;  ///< What `X-ClickHouse-Exception-Tag` said: it marks an error within the answer.
    std::span<const std::byte> body;
    std::size_t sent = 0;
    const std::stop_token* stop = nullptr;
};

std::size_t take_answer(const char* data, std::size_t size, std::size_t count, void* to) {
    auto& exchange = *static_cast<Exchange*>(to);
    const std::size_t bytes = size * count;
    if (bytes > exchange.cap - exchange.answer.size()) {
        exchange.too_long = true;
        return 0;
    }
    exchange.answer.append(data, bytes);
    return bytes;
}

/// One header of the answer. Old servers send none of ours.
std::size_t take_header(const char* data, std::size_t size, std::size_t count, void* to) {
    auto& exchange = *static_cast<Exchange*>(to);
    const std::string_view line(data, size * count);
    const auto value_of = [&](std::string_view name) -> std::optional<std::string_view> {
        if (line.size() <= name.size() || line[name.size()] != ':' || curl_strnequal(line.data(), name.data(), name.size()) == 0) { return std::nullopt; }
        std::string_view value = line.substr(name.size() + 1);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        return value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
    };
    constexpr std::size_t kLongestTag = 64;
    if (const auto code = value_of("x-clickhouse-exception-code")) { exchange.exception = parse_integer<unsigned>(*code).value_or(0); }
    if (const auto tag = value_of("x-clickhouse-exception-tag"); tag && tag->size() <= kLongestTag) { exchange.exception_tag = *tag; }
    return line.size();
}

/// The error that a server put behind the rows of an answer that had begun well: `__exception__`, a tag that servers from
/// 25.11 on tell ahead in a header so that no row can pass for it, then the message. Those before it put no tag there: they
/// are believed only where the transfer broke off too.
std::optional<std::string_view> error_within(std::string_view answer, std::string_view tag, bool broke_off) {
    std::string marker = "__exception__\r\n";
    if (!tag.empty()) { marker += std::string(tag) + "\r\n"; }
    else if (!broke_off) { return std::nullopt; }
    const auto at = answer.rfind(marker);
    if (at == std::string_view::npos) { return std::nullopt; }
    answer.remove_prefix(at + marker.size());
    if (const auto end = tag.empty() ? std::string_view::npos : answer.find(" " + std::string(tag) + "\r\n__exception__"); end != std::string_view::npos) {
        answer = answer.substr(0, answer.rfind('\n', end));  // behind the message stand its length, the tag and the marker once more
    }
    return answer;
}

std::size_t give_body(char* data, std::size_t size, std::size_t count, void* from) {
    auto& exchange = *static_cast<Exchange*>(from);
    const auto piece = exchange.body.subspan(exchange.sent, std::min(size * count, exchange.body.size() - exchange.sent));
    std::ranges::transform(piece, data, [](std::byte b) { return static_cast<char>(b); });
    exchange.sent += piece.size();
    return piece.size();
}

int ask_whether_to_stop(void* from, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto& exchange = *static_cast<const Exchange*>(from);
    return exchange.stop->stop_requested() ? 1 : 0;
}

std::string percent(CURL* handle, std::string_view text) {
    char* escaped = curl_easy_escape(handle, text.data(), static_cast<int>(text.size()));
    std::string out = escaped == nullptr ? "" : escaped;
    curl_free(escaped);
    return out;
}

/// `Code: 60, e.displayText() = DB::Exception: Table hw.x doesn't exist., e.what() = DB::Exception` and its younger forms.
struct ServerError {
    unsigned code = 0;
    std::string reason;
};

ServerError parse_server_error(std::string_view text) {
    ServerError error;
    if (text.starts_with("Code: ")) {
        std::size_t end = 6;
        while (end < text.size() && text[end] >= '0' && text[end] <= '9') { ++end; }
        error.code = parse_integer<unsigned>(text.substr(6, end - 6)).value_or(0);
        constexpr std::string_view kBefore = "DB::Exception: ";
        if (const auto at = text.find(kBefore); at != std::string_view::npos) { text.remove_prefix(at + kBefore.size()); }
        text = text.substr(0, text.find(", e.what() ="));
    }
    text = text.substr(0, text.find_last_not_of("\r\n .") + 1);
    error.reason = printable(text.substr(0, kLongestReason));
    return error;
}

/// Codes of ClickHouse's ErrorCodes.cpp that say: ask again later, or ask another.
bool is_passing(unsigned code) {
    constexpr std::array<unsigned, 7> kPassing{159, 160, 202, 203, 209, 210, 279};  // timeouts, too many queries, no free connection, network
    return std::ranges::find(kPassing, code) != kPassing.end();
}

Error told_by_server(const std::string& where, long status, const ServerError& said) {
    const std::string message = "the ClickHouse server refused the query: " + (said.reason.empty() ? "HTTP status " + std::to_string(status) : said.reason);
    constexpr std::array<unsigned, 6> kAccess{164, 192, 193, 194, 497, 516};  // readonly, unknown user, wrong password, required, denied, authentication
    if (status == 401 || status == 403 || std::ranges::find(kAccess, said.code) != kAccess.end()) {
        return {Errc::refused, message, where, "check the user and the password in the address, and that user's rights on the database"};
    }
    if (said.code == 60) { return {Errc::not_found, message, where, "headwater import --store with this address makes the tables"}; }
    if (said.code == 81) { return {Errc::not_found, message, where, "create the database at every server first: CREATE DATABASE NAME"}; }
    if (said.code == 159 || said.code == 160 || said.code == 241 || said.code == 307 || said.code == 396) {
        return {Errc::limit, message, where, "ask for a shorter stretch of time, or raise the server's limits for this user"};
    }
    if (is_passing(said.code)) { return {Errc::unreadable, message, where, "the server or one of its shards is overloaded or away; try again"}; }
    return {Errc::unreadable, message, where, {}};
}

}  // namespace http_detail
}  // namespace

struct Http::Connection {
    Url url;
    Limits limits;
    std::stop_token stop;
    std::mutex mutex;
    std::unique_ptr<CURL, void (*)(CURL*)> handle{nullptr, &curl_easy_cleanup};
    std::size_t next_host = 0;  ///< The one that answered last.
    bool settings_allowed = true;  ///< Whether this user may set anything: one whose profile says `readonly = 1` may not.

    /// One request at one host. `passing` tells whether it may go better another time.
    /// `writes` asks for what a statement that changes something needs; the rest is asked for with `readonly = 2`.
    Result<std::string> request(std::string_view sql, std::span<const std::byte> body, std::size_t host, bool writes, bool& passing);
    [[nodiscard]] std::string base(std::size_t host) const;
};

Http::Http(Url url, Limits limits, std::stop_token stop) : connection_(std::make_unique<Connection>()) {
    connection_->url = std::move(url);
    connection_->limits = limits;
    connection_->stop = std::move(stop);
    if (http_detail::curl_ready()) { connection_->handle.reset(curl_easy_init()); }
}
Http::~Http() = default;
Http::Http(Http&&) noexcept = default;
Http& Http::operator=(Http&&) noexcept = default;

const Url& Http::url() const { return connection_->url; }

std::string Http::Connection::base(std::size_t host) const {
    const auto& at = url.hosts[host];
    const bool v6 = at.name.find(':') != std::string::npos;
    return std::string(url.tls ? "https://" : "http://") + (v6 ? "[" + at.name + "]" : at.name) + ":" + std::to_string(at.port) + "/";
}

Result<std::string> Http::Connection::request(std::string_view sql, std::span<const std::byte> body, std::size_t host, bool writes, bool& passing) {
    using namespace http_detail;
    passing = false;
    CURL* curl = handle.get();
    if (curl == nullptr) { return fail(Errc::internal, "libcurl could not be set up"); }
    const std::string where = base(host);
    curl_easy_reset(curl);  // keeps the connections
    // The whole answer is ready before the first byte comes, so that an error in the middle cannot pass for an end.
    std::string address = where + "?wait_end_of_query=1&database=" + percent(curl, url.database);
    if (settings_allowed) {
        address += "&max_execution_time=" + std::to_string(limits.query.count()) + (writes ? "&insert_distributed_sync=1" : "&readonly=2");
    }
    std::string_view post = sql;
    Exchange exchange;
    exchange.cap = limits.max_answer;
    exchange.body = body;
    exchange.stop = &stop;
    if (!body.empty()) { address += "&query=" + percent(curl, sql); }
    std::array<char, CURL_ERROR_SIZE> reason{};
    const std::unique_ptr<curl_slist, FreeList> headers(curl_slist_append(nullptr, "Expect:"));
    curl_easy_setopt(curl, CURLOPT_URL, address.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_USERNAME, url.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, url.password.c_str());
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason.data());
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(std::max(limits.stall, limits.query).count()));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>((limits.query + limits.stall).count()));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &ask_whether_to_stop);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
    if (body.empty()) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post.data());
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.size()));
    } else {
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, &give_body);
        curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    }
    const CURLcode code = curl_easy_perform(curl);
    if (stop.stop_requested()) { return fail(Errc::interrupted, "interrupted while a ClickHouse server was asked", where); }
    if (exchange.too_long) {
        return fail(Errc::limit, "the ClickHouse server's answer is longer than " + human_bytes(limits.max_answer), where, "ask for a shorter stretch of time");
    }
    const auto within = error_within(exchange.answer, exchange.exception_tag, code != CURLE_OK);
    if (code != CURLE_OK && !within) {
        passing = true;
        const std::string what = reason[0] != '\0' ? std::string(reason.data()) : std::string(curl_easy_strerror(code));
        return fail(Errc::unreadable, "no answer from the ClickHouse server: " + printable(what), where,
                    "is it running, and is this the port of its HTTP interface (8123 unless set otherwise)?");
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 || within || exchange.exception != 0) {
        ServerError said = parse_server_error(within.value_or(exchange.answer));
        if (exchange.exception != 0) { said.code = exchange.exception; }
        constexpr unsigned kReadonly = 164;
        if (said.code == kReadonly && settings_allowed && !writes && said.reason.find("setting") != std::string::npos) {
            settings_allowed = false;  // its own limits hold, then
            return request(sql, body, host, writes, passing);
        }
        passing = status == 502 || status == 503 || status == 504 || is_passing(said.code);
        return std::unexpected(told_by_server(where, status, said));
    }
    return std::move(exchange.answer);
}

Result<std::string> Http::read(std::string_view sql) const {
    Connection& c = *connection_;
    const std::scoped_lock lock(c.mutex);
    const std::size_t tries = std::max<std::size_t>(c.limits.tries, c.url.hosts.size());
    auto pause = http_detail::kFirstPause;
    for (std::size_t attempt = 1;; ++attempt) {
        bool passing = false;
        auto answer = c.request(sql, {}, c.next_host, false, passing);
        if (answer || !passing || attempt >= tries) { return answer; }
        c.next_host = (c.next_host + 1) % c.url.hosts.size();
        if (c.next_host == 0) {  // every host was asked once more
            std::this_thread::sleep_for(pause);
            pause *= 4;
        }
    }
}

Result<void> Http::write(std::string_view sql, std::span<const std::byte> body, std::size_t host) const {
    Connection& c = *connection_;
    const std::scoped_lock lock(c.mutex);
    bool passing = false;
    HW_TRY(auto answer, c.request(sql, body, host, true, passing));
    if (!answer.empty()) { return fail(Errc::unreadable, "the ClickHouse server said something unexpected: " + printable(answer.substr(0, http_detail::kLongestReason)), c.base(host)); }
    return {};
}

}  // namespace hw::flow::clickhouse
