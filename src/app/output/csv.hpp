#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace hw::app::output {

/// Appends one line of comma-separated values (RFC 4180, but with a bare line feed): fields with a comma, a quote or a
/// line end are quoted. Text that a spreadsheet would take for a formula (`=`, `+`, `-`, `@` in front, unless it is a
/// number) gets an apostrophe before it, and control characters are escaped as by `printable`.
void append_csv(std::string& out, std::span<const std::string> fields);
inline void append_csv(std::string& out, std::initializer_list<std::string> fields) { append_csv(out, std::span(fields.begin(), fields.size())); }

}  // namespace hw::app::output
