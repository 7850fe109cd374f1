#pragma once

#include "route/routes.hpp"

#include <functional>
#include <string>

namespace hw::app::output {

/// Writes routes as lines in the form of `bgpdump -m`, which scripts and other tools read: fields between `|`,
/// `TABLE_DUMP2|TIME|B|PEER|AS|PREFIX|PATH|ORIGIN|NEXTHOP|LOCAL_PREF|MED|COMMUNITIES|AG or NAG|AGGREGATOR|`, `BGP4MP|TIME|A|...` likewise,
/// `BGP4MP|TIME|W|PEER|AS|PREFIX`, `BGP4MP|TIME|STATE|PEER|AS|OLD|NEW`; with microseconds `BGP4MP_ET`, with path
/// identifiers `BGP4MP_AP` and `TABLE_DUMP2_AP`, of type 5 `BGP`. A next hop that is not told is `255.255.255.255`, and large
/// communities are left out, as there.
class RouteDump final : public route::RouteSink {
public:
    /// `give` takes some lines, without the last one's end; false where nobody wants more.
    explicit RouteDump(std::function<bool(const std::string&)> give) : give_(std::move(give)) {}

    bool table(const route::TableRoute& route) override;
    bool update(const route::PeerUpdate& update) override;
    bool state(const route::StateChange& change) override;
    /// Gives what is left. Last.
    bool finish();
    [[nodiscard]] std::uint64_t lines() const { return lines_; }

private:
    void begin_line();
    void put_time(route::MessageForm form, Time time, bool with_path);
    void put_route(char what, const route::Peer& peer, const route::bgp::Nlri& nlri);
    void put_attributes(const route::bgp::Attributes& attributes, bool other_family);
    bool give_some();

    std::function<bool(const std::string&)> give_;
    std::string text_;
    std::string shown_attributes_;
    route::bgp::AsPath path_;
    std::uint64_t lines_ = 0;
};

}  // namespace hw::app::output
