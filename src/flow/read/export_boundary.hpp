#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace hw::flow::read {

/// The size of the export message at the front of `bytes`; nothing where there is none, or where it goes on past their end.
/// NetFlow v9 does not write its size: its sets are walked until something else begins. Strict enough that bytes which are no
/// export message hardly ever pass.
[[nodiscard]] std::optional<std::size_t> export_message_size(std::span<const std::byte> bytes);

/// As in a report: `netflow-v5`, `netflow-v7`, `netflow-v9`, `ipfix`, `sflow`; empty where the bytes are none of them.
[[nodiscard]] std::string_view export_message_kind(std::span<const std::byte> bytes);

}  // namespace hw::flow::read
