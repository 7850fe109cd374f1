#include "app/output/csv.hpp"

#include "base/parse.hpp"
#include "base/text.hpp"

namespace hw::app::output {
namespace {

std::string csv_field(const std::string& text) {
    std::string safe = printable(text);
    if (!safe.empty() && std::string_view("=+-@").find(safe.front()) != std::string_view::npos && !parse_double(safe)) {
        safe.insert(safe.begin(), '\'');
    }
    if (safe.find_first_of(",\"\n") == std::string::npos) { return safe; }
    std::string quoted = "\"";
    for (const char c : safe) {
        if (c == '"') { quoted += '"'; }
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace

void append_csv(std::string& out, std::span<const std::string> fields) {
    bool first = true;
    for (const std::string& field : fields) {
        if (!first) { out += ','; }
        first = false;
        out += csv_field(field);
    }
    out += '\n';
}

}  // namespace hw::app::output
