#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::read {

/// What a file's path says of where its content comes from.
struct InputName {
    std::string folder;  ///< Without a last part that only names a day (`…/2014-11-24/`, `…/current/`).
    std::string stem;    ///< The file's name without suffixes and without what tells the pieces of a rotation apart.
    std::string piece;   ///< What was taken away for that, day included; empty for a file that is whole in itself.
};

/// Takes the path of an input apart. Suffixes: of packing (`.gz`, `.zst`, `.xz`) and of forms (`.pcap`, `.pcapng`, `.cap`,
/// `.log`, `.json` and their like). Rotations: `x.pcap0`, `x.pcap12` (tcpdump -C), `x.log.3` (logrotate),
/// `x_00001_20141124100000.pcapng` (dumpcap), `conn.10:00:00-11:00:00.log` and `conn_20141124_10:00:00-11:00:00+0000.log`
/// (Zeek), a full date with time at the end (tcpdump -G). A number alone is no rotation: `host-1.pcap` and `host-2.pcap`
/// are two hosts.
[[nodiscard]] InputName name_input(std::string_view path);

/// The path without suffixes of packing: what two files share of which one is the other packed.
[[nodiscard]] std::string_view without_packing_suffix(std::string_view path);

/// Orders names as people count: `x.pcap2` before `x.pcap10`.
[[nodiscard]] bool natural_less(std::string_view a, std::string_view b);

/// A name for each (folder, stem), unique among them: the stem where that does, else with as many folders before it as it
/// takes (`berlin/conn`, `paris/conn`). Entries that share both get ` (2)`, ` (3)` in their order.
[[nodiscard]] std::vector<std::string> unique_names(std::span<const InputName> names);

/// Whether a file found in a folder is plainly no data (hidden, `README`, `.md`, `.html`, `truth.json`, …).
[[nodiscard]] bool is_plainly_no_data(std::string_view file_name);

}  // namespace hw::flow::read
