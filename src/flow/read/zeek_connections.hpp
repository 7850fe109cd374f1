#pragma once

#include "flow/flow.hpp"
#include "flow/read/flow_index.hpp"
#include "flow/read/report.hpp"
#include "flow/read/zeek_record.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hw::flow::read::zeek {

/// The connections of one observer, each once. Zeek may write a connection several times: long ones while they last
/// (`conn_long`, intermediate records), and in logs that overlap. Records with the same uid and endpoints are one
/// connection, of which the longest record is kept, or the first of equals; without a uid, endpoints, protocol and
/// start tell. Memory grows with the connections, as what is made of them does.
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

private:
    void settle();
    void make_room();

    std::string observer_name_;
    std::uint64_t hash_key_;  ///< Differs from run to run, so that no log can be made to fill one place of the index.
    std::uint64_t expected_ = 0;
    std::vector<Flow> flows_;
    FlowIndex index_;
    // The last flow is looked up in the index only when the next one comes: until then its place has been fetched.
    bool unsettled_ = false;
    std::uint64_t last_hash_ = 0;
    std::uint64_t last_offset_ = 0;
    ReadReport* last_report_ = nullptr;
};

}  // namespace hw::flow::read::zeek
