#pragma once

#include "flow/flow.hpp"

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

}  // namespace hw::flow
