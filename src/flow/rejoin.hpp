#pragma once

#include "flow/flow.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::flow {

/// Joins the records of one conversation that a timeout had cut (IPFIX flowEndReason 1 and 2, RFC 5102 5.11.3) into one
/// flow again, because what began before the cut explains what came after it.
///
/// A record continues an earlier one of the same observer, endpoints, protocol and tunnel depth when that was cut by an
/// active timeout, or for TCP by an idle one (or by a log that does not say why it ended), and the later record shows no
/// opening of a connection of its own. The joined flow has the first record's identity, roles and handshake, the sum of the
/// counts, the courses one after the other and the last record's end. UDP after an idle timeout stays apart: nothing says that it is the
/// same conversation.
///
/// Records without a course of their own that an active timeout cut into three pieces or more give a coarse one: the
/// pieces' totals in bins as wide as the exporter's timeout, spread evenly where a piece lies across two.
///
/// The order of the result is that of the first records. Flows that nothing cut come back as they are.
[[nodiscard]] std::vector<Flow> rejoin(std::vector<Flow> flows);

/// What `rejoin` is made of, for who cannot hold all flows at once.
namespace rejoining {
/// No silence inside a conversation is longer: a record that begins later continues nothing that ended before.
inline constexpr Duration kLongestSilence = std::chrono::hours(24);
/// Whether a timeout may have cut this record, so that another may continue it.
[[nodiscard]] bool was_cut(const Flow& flow);
/// Whether the record shows the opening of a connection, so that it continues no other.
[[nodiscard]] bool opens_anew(const Flow& flow);
/// Equal for the records of one conversation, and nearly always only for them.
[[nodiscard]] std::uint64_t conversation_hash(const Flow& flow);
/// Which of the flows are records of one: by their places, first record first, two or more each.
[[nodiscard]] std::vector<std::vector<std::size_t>> records_of_one(std::span<const Flow> flows);
/// The one flow of which these are the records, in order.
[[nodiscard]] Flow joined(std::vector<Flow> records);
}  // namespace rejoining

}  // namespace hw::flow
