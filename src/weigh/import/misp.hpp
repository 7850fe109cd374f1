#pragma once

#include "base/json_value.hpp"
#include "casefile/entry.hpp"

#include <string>
#include <vector>

namespace hw::weigh {

/// Whether it is a MISP event, or several: `{"Event": …}`, `{"response": […]}` or a list of such.
[[nodiscard]] bool is_misp(const JsonValue& value);

/// What MISP events say (MISP core format): the event's summary, its reports, its notes, and each attribute of the category Attribution become claims of the organisation that
/// made the event; opinions below 50 become disputes, others claims that cite what they agree with. Tags `tlp:` and `admiralty-scale:` hold. All other attributes
/// stay in the file. Fails with `malformed` where an event lacks its `uuid` or `info`.
[[nodiscard]] Result<std::vector<casefile::Change>> read_misp(const JsonValue& value, const std::string& where);

}  // namespace hw::weigh
