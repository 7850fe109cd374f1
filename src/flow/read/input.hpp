#pragma once

#include "base/error.hpp"
#include "flow/memory_source.hpp"
#include "flow/read/report.hpp"
#include "flow/timings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace hw::flow::read {

/// When a flow's record ends (IPFIX, RFC 5102 5.11.1 and 5.11.2).
struct Timeouts {
    Duration idle = std::chrono::seconds(300);     ///< TCP and the rest alike: silence that ends a flow.
    Duration active = std::chrono::hours(24 * 7);  ///< Age at which a record is cut and a new one begun.
};

/// Takes flows as they become known, for inputs that are not to be held whole.
class BatchSink {
public:
    BatchSink() = default;
    BatchSink(const BatchSink&) = delete;
    BatchSink& operator=(const BatchSink&) = delete;
    virtual ~BatchSink() = default;
    /// `observers[flow.observer]` is the name of a flow's observer. The flows may be changed, and moved from. False: no more are
    /// wanted, and none will come.
    virtual bool take(std::span<Flow> flows, std::span<const std::string> observers) = 0;
};

/// How inputs are read; the defaults are those of the documentation.
struct ReadOptions {
    Timeouts timeouts;
    std::size_t max_live_flows = 4'000'000;  ///< Past this the oldest idle flows are ended early and counted.
    unsigned threads = 1;                    ///< Inputs read side by side; the result does not depend on it.
    std::vector<DeclaredCoverage> declared;
    bool rejoin = true;  ///< Records that a timeout cut are joined again (flow/rejoin.hpp).
    bool timings = false;                    ///< Also time the connections of captures, for the relay test.
    /// Where flows go instead of into `Inputs::source`; inputs are then read one after the other, so that the sink sees them in
    /// one order. They come as they were cut. What is held at a time: the live flows of a capture, about `held` records of an
    /// export and some hundred thousand connections of a log.
    BatchSink* sink = nullptr;
    std::size_t held = 1'000'000;
    std::vector<std::string> leave_out = {};  ///< Files (as `list_inputs` names them) that are passed over, as `imported before`.
    std::stop_token stop;
    /// Called now and then, from any one thread at a time, with bytes read so far, bytes in all (0: unknown) and records so far.
    std::function<void(std::uint64_t done, std::uint64_t total, std::uint64_t records)> progress;
};

/// All inputs as one source of flows, with a report an input in the order given (a directory's files sorted by name).
struct Inputs {
    std::unique_ptr<MemorySource> source;
    std::vector<ReadReport> reports;
    std::vector<ConnectionTimings> timings;  ///< Where asked for: by observer, then by time.
    std::vector<Error> failures;   ///< Inputs that could not be used at all, when others could (exit 5).
    bool interrupted = false;      ///< `stop` was requested: holds what was read until then.
};

/// Reads files, directories (all their files, recursively, sorted) and `-` (standard input). Formats and compression
/// (gzip, zstd, xz, bzip2) are recognised by content. Fails only when no input could be used.
[[nodiscard]] Result<Inputs> read_inputs(std::span<const std::string> paths, const ReadOptions& options);

}  // namespace hw::flow::read
