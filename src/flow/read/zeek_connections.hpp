#pragma once

#include "flow/flow.hpp"
#include "flow/read/flow_index.hpp"
#include "flow/read/recent_keys.hpp"
#include "flow/read/report.hpp"
#include "flow/read/zeek_record.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace hw::flow::read::zeek {

/// The connections of one observer, each once. Zeek may write a connection several times: long ones while they last
/// (`conn_long`, intermediate records), and in logs that overlap. Records with the same uid and endpoints are one
/// connection, of which the longest record is kept, or the first of equals; without a uid, endpoints, protocol and
/// start tell. Memory grows with the connections, as what is made of them does, unless they are taken as they settle.
class Connections {
public:
    explicit Connections(std::string observer_name);

    /// How many records are likely to come in all. Only a hint: it spares moving what is there as it grows.
    void expect(std::uint64_t records) { expected_ = records; }
    /// Takes a record whose `fault()` is empty. One that adds nothing is counted in `report`, at the latest with the next
    /// call or by `take`; the report must live as long.
    void add(const ConnRecord& record, std::uint64_t offset, ReadReport& report);
    /// All connections, in the order in which they first appeared. Empties the collection.
    [[nodiscard]] std::vector<Flow> take();

    /// Gets connections, which it may move from.
    using Give = std::function<void(std::span<Flow>)>;
    /// The connections that have been held over `kHeld` others, for inputs that are not to be held whole: as often as wanted, by best
    /// when `fresh()` is `kHeld`. Those that Zeek may write down again, longer ones without an end, stay as long as they are no more
    /// than half of that. A record of a connection that was taken is counted and passed over, if it is one of the last `kRemembered`.
    void take_settled(const Give& give);
    /// Gives all that are left.
    void take_rest(const Give& give);
    [[nodiscard]] std::size_t fresh() const { return young_.flows.size(); }
    static constexpr std::size_t kHeld = std::size_t{1} << 15U;
    static constexpr std::size_t kRemembered = std::size_t{1} << 22U;

private:
    /// Connections in the order in which they came, and where they are by their hash.
    struct Generation {
        std::vector<Flow> flows;
        std::vector<std::uint64_t> hashes;
        FlowIndex index;
    };
    void settle();
    void make_room();
    [[nodiscard]] std::uint64_t hash_of(const Flow& flow) const;
    [[nodiscard]] Flow* find(Generation& among, const Flow& flow) const;
    /// Gives the flows of a generation, or lets those that may grow stay with the young.
    void give_all(Generation& of, bool rest, const Give& give);

    std::string observer_name_;
    std::uint64_t hash_key_;  ///< Differs from run to run, so that no log can be made to fill one place of the index.
    std::uint64_t expected_ = 0;
    Generation young_;
    Generation old_;     ///< Empty unless connections are taken as they settle.
    Generation spare_;   ///< Empty: memory for the next.
    RecentKeys taken_{kRemembered};
    // The last flow is looked up in the index only when the next one comes: until then its place has been fetched.
    bool unsettled_ = false;
    std::uint64_t last_hash_ = 0;
    std::uint64_t last_offset_ = 0;
    ReadReport* last_report_ = nullptr;
};

}  // namespace hw::flow::read::zeek
