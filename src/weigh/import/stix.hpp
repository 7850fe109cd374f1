#pragma once

#include "base/json_value.hpp"
#include "casefile/entry.hpp"

#include <string>
#include <vector>

namespace hw::weigh {

/// Whether it is a STIX bundle (`"type": "bundle"` with objects).
[[nodiscard]] bool is_stix(const JsonValue& value);

/// What a STIX 2.1 bundle says of others' words (OASIS STIX 2.1, sections 4.13 to 4.15): reports and notes become claims of who made them, which cite the reports and
/// notes that they refer to; opinions that disagree become disputes, others claims that cite what they agree with. Identities become origins. Of an object in several
/// versions the newest counts, revoked ones are passed over, as is all else. TLP 1 and 2 markings hold. Fails with `malformed` where such an object lacks what it must have.
[[nodiscard]] Result<std::vector<casefile::Change>> read_stix(const JsonValue& bundle, const std::string& where);

}  // namespace hw::weigh
