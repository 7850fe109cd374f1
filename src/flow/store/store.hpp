#pragma once

#include "flow/read/input.hpp"
#include "flow/source.hpp"
#include "flow/store/files.hpp"
#include "flow/store/host_directory.hpp"
#include "flow/store/segment.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::store {

/// A row of a store.
struct RowRef {
    std::uint32_t segment = 0;
    std::uint32_t row = 0;
    friend auto operator<=>(const RowRef&, const RowRef&) = default;
};

/// One question of many that are asked together.
struct HostWindow {
    net::Address host;
    Interval window;
};

/// Observers of a store that can be told apart; what the others saw is under one name.
inline constexpr std::size_t kMostObservers = 65'534;
inline constexpr std::string_view kOtherObservers = "(other observers)";

/// A store, opened for reading as its manifest stood at that moment; later imports do not change what it sees.
class Store {
public:
    [[nodiscard]] static Result<std::shared_ptr<const Store>> open(const std::string& folder);

    [[nodiscard]] const Manifest& manifest() const { return manifest_; }
    [[nodiscard]] std::span<const std::shared_ptr<const Segment>> segments() const { return segments_; }
    /// Names of all observers, in order of their first appearance; `Flow::observer` of `flow` indexes these.
    [[nodiscard]] std::span<const std::string> observers() const { return observers_; }
    [[nodiscard]] std::uint64_t flows() const { return flows_; }

    /// The segments, rising, that can hold flows of `host` touching `window`: all that do, and few that do not.
    void segments_with(const net::Address& host, Interval window, std::vector<std::uint32_t>& out) const;
    /// Appends the rows of flows of `host` whose lifetime touches `window`, by segment, then in order of first packet.
    [[nodiscard]] Result<void> look_up(const net::Address& host, Interval window, std::vector<RowRef>& out) const;
    /// Answers many questions, segment by segment, so that each is gone to once; `answers[i]` are those of `asked[i]`.
    [[nodiscard]] Result<std::vector<std::vector<RowRef>>> look_up(std::span<const HostWindow> asked) const;
    [[nodiscard]] Result<Flow> flow(RowRef row, bool slim = false) const;

    /// Whether a directory of hosts tells of the segment.
    [[nodiscard]] bool in_directory(std::size_t segment) const { return place_of_[segment].directory != kNone; }
    /// Files of directories that are damaged, or of which most segments are gone.
    [[nodiscard]] std::span<const std::string> useless_directories() const { return useless_; }

private:
    void open_directories(const std::string& folder);
    static constexpr std::uint32_t kNone = 0xffff'ffffU;
    /// Where a directory tells of a segment.
    struct DirectoryPlace {
        std::uint32_t directory = kNone;
        std::uint32_t bit = 0;
    };
    std::vector<std::shared_ptr<const HostDirectory>> directories_;
    std::vector<DirectoryPlace> place_of_;  ///< By segment.
    std::vector<std::string> useless_;

    Manifest manifest_;
    std::vector<std::shared_ptr<const Segment>> segments_;
    std::vector<std::string> observers_;
    std::vector<std::vector<ObserverId>> observer_of_;  ///< By segment, then by the segment's own number.
    std::uint64_t flows_ = 0;
};

/// What an import did.
struct ImportResult {
    std::vector<read::ReadReport> reports;
    std::vector<Error> failures;
    std::uint64_t records = 0;   ///< Of the inputs that are new.
    std::uint64_t flows = 0;     ///< Added to the store.
    std::uint64_t bytes = 0;     ///< Of the segments added.
    std::size_t known = 0;       ///< Inputs that the store had already.
    bool interrupted = false;    ///< Nothing was kept.
};

/// Reads inputs into the store, all or nothing: what was not finished when the machine stopped is as if it had never begun.
/// An input whose content the store has already is passed over. Records that a timeout cut are kept as they came; whoever
/// reads the store joins them (`StoreSource`), so that pieces meet also where they came with different imports.
/// Files that `options.leave_out` names are neither read nor told of. `note` is kept with the inputs and stands over every result that rests on the store.
[[nodiscard]] Result<ImportResult> import_inputs(const std::string& folder, std::span<const std::string> paths, const std::string& note,
                                                 const read::ReadOptions& options);

/// Adds flows that are there already, with the inputs they came from, as one change. Takes the lock itself. `ahead`: the name of the
/// collector's write-ahead that they are of, which the same change says is done with; empty: of none.
[[nodiscard]] Result<std::uint64_t> add_flows(const std::string& folder, std::span<const Flow> flows, std::span<const std::string> observers,
                                              std::span<const ImportedInput> inputs, const std::string& ahead = {});

/// What is wrong with a store.
struct StoreDamage {
    std::string file;          ///< In the store's folder.
    std::uint64_t offset = 0;
    std::uint64_t size = 0;    ///< 0: the whole file is of no use, or it is not there.
    std::string what;
};
struct StoreCheck {
    std::size_t segments = 0;
    std::uint64_t flows = 0;
    std::uint64_t bytes = 0;
    std::vector<StoreDamage> damages;
};
/// Reads every byte of a store and checks it against its sums. Fails only where the manifest cannot be read.
[[nodiscard]] Result<StoreCheck> check_store(const std::string& folder);

/// What became of a damaged segment.
struct RepairedSegment {
    std::string file;
    std::uint64_t flows_before = 0;
    std::uint64_t flows = 0;   ///< That could be read, and are in the segment written in its place.
    std::string written;       ///< Empty: no flow could be read.
    std::string aside;         ///< What the damaged file is called now; empty: it was not there.
};
struct StoreRepair {
    std::vector<RepairedSegment> segments;  ///< Those that were damaged.
};
inline constexpr std::string_view kDamagedEnd = ".damaged";
/// Writes damaged segments anew with the flows that can be read, and keeps the damaged files under another name. Directories of hosts
/// that are damaged are taken away. All or nothing. Fails where the manifest itself cannot be read: nothing else says which segments count.
[[nodiscard]] Result<StoreRepair> repair_store(const std::string& folder);

/// Which flows `retain_store` keeps.
struct Retention {
    std::optional<Time> since;           ///< Segments whose last packet is older go.
    std::optional<std::uint64_t> bytes;  ///< The oldest segments go until the rest is no larger.
    /// Only flows of the observers of these names are dropped: of segments that hold others' too, the others' are written anew. With
    /// neither `since` nor `bytes` all of theirs go. Empty: whole segments, whoever saw them.
    std::vector<std::string> observers = {};
};
/// What a change to a store came to.
struct StoreChange {
    std::size_t segments_before = 0;
    std::size_t segments = 0;
    std::uint64_t flows_before = 0;
    std::uint64_t flows = 0;
    std::uint64_t bytes_before = 0;
    std::uint64_t bytes = 0;
};
/// Drops whole segments, oldest first; inputs stay known, so that what was dropped does not come back with the next import.
[[nodiscard]] Result<StoreChange> retain_store(const std::string& folder, const Retention& keep);
/// Writes neighbouring small segments as one. The flows stay the same.
[[nodiscard]] Result<StoreChange> compact_store(const std::string& folder);

}  // namespace hw::flow::store
