#include "flow/read/input.hpp"

#include "base/input/unpack.hpp"
#include "flow/flow_list.hpp"
#include "flow/read/export_messages.hpp"
#include "flow/read/input_list.hpp"
#include "flow/read/input_names.hpp"
#include "flow/read/pcap_reader.hpp"
#include "flow/read/recognise.hpp"
#include "flow/read/zeek_connections.hpp"
#include "flow/read/zeek_json.hpp"
#include "flow/read/zeek_tsv.hpp"
#include "flow/rejoin.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

namespace hw::flow::read {
namespace {
namespace input_detail {

/// What one observer recorded: the pieces of a rotation, or the one file, in the order in which they are read.
struct Group {
    InputName name;
    std::vector<std::size_t> files;
    std::uint64_t size = 0;
};

/// What became of one file.
struct FileResult {
    ReadReport report;
    std::optional<Error> failure;
    bool other_log = false;  ///< A log of Zeek's other than conn, found in a folder: of no use, and no error.
};

/// What became of a group.
struct GroupResult {
    FlowList flows;
    std::vector<ConnectionTimings> timings;
    std::vector<std::string> exporters;  ///< Flow exports: the observers that `Flow::observer` counts in, instead of the group's own.
    bool usable = false;  ///< At least one file was an input of this observer.
};

/// What readers on several threads tell the user together.
class Progress {
public:
    Progress(const ReadOptions& options, std::uint64_t total) : tell_(options.progress), total_(total) {}

    std::atomic<std::uint64_t>* bytes() { return &bytes_; }
    void add_records(std::uint64_t count) { records_.fetch_add(count, std::memory_order_relaxed); }
    /// Calls back, unless another thread is just doing so.
    void tell() {
        if (!tell_) { return; }
        const std::unique_lock lock(mutex_, std::try_to_lock);
        if (lock.owns_lock()) { tell_(bytes_.load(std::memory_order_relaxed), total_, records_.load(std::memory_order_relaxed)); }
    }

private:
    const std::function<void(std::uint64_t, std::uint64_t, std::uint64_t)>& tell_;
    std::uint64_t total_;
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> records_{0};
    std::mutex mutex_;
};

/// What the files of a group gave so far.
struct Collected {
    FlowList flows;
    std::unique_ptr<CaptureReader> capture;  ///< Lives as long as pieces come, so that flows go on through them.
    zeek::Connections connections;
    std::unique_ptr<ExportInput> exports;  ///< Likewise: templates and sequence numbers hold from piece to piece.
    std::uint64_t records = 0;
    std::string observer;
    bool refused = false;  ///< The sink wants no more.

    /// Gives what is ready to the sink, where there is one; all there is, at the end.
    void hand_over(const ReadOptions& options, ReadReport& report, bool all) {
        if (options.sink == nullptr || refused) { return; }
        const auto give = [&](std::span<Flow> some) { refused = refused || !options.sink->take(some, std::span(&observer, 1)); };
        if (const std::size_t least = all ? 1 : kHandOver; flows.size() >= least) {
            auto some = flows.take();
            give(some);
        }
        if (all) {
            connections.take_rest(give);
        } else if (connections.fresh() >= zeek::Connections::kHeld) {
            connections.take_settled(give);
        }
        if (!all && exports && exports->held() >= options.held) {
            exports->take_settled(report, [&](std::span<Flow> some, std::span<const std::string> names) { refused = refused || !options.sink->take(some, names); });
        }
    }
    static constexpr std::size_t kHandOver = std::size_t{1} << 17U;
};

/// Passes blocks on to a reader, and between them tells of progress and of how many records are to be expected.
class ToldBytes final : public ByteSource {
public:
    ToldBytes(InputBytes& inner, std::uint64_t size, const ReadOptions& options, ReadReport& report, Collected& collected, Progress& progress)
        : inner_(inner), size_(size), options_(options), report_(report), collected_(collected), progress_(progress) {}
    Result<std::span<const std::byte>> next() override {
        collected_.hand_over(options_, report_, false);
        if (collected_.refused) { return std::span<const std::byte>(); }
        const std::uint64_t fresh = report_.records - std::exchange(told_, report_.records);
        collected_.records += fresh;
        progress_.add_records(fresh);
        progress_.tell();
        if (size_ > 0 && inner_.raw_bytes() > 0) {
            const double share = static_cast<double>(inner_.raw_bytes()) / static_cast<double>(size_);
            const double rest = static_cast<double>(report_.records) * std::max(1 / share - 1, 0.0);
            if (options_.sink == nullptr) { collected_.connections.expect(collected_.records + static_cast<std::uint64_t>(rest)); }
        }
        return inner_.next();
    }

private:
    InputBytes& inner_;
    std::uint64_t size_;
    const ReadOptions& options_;
    ReadReport& report_;
    Collected& collected_;
    Progress& progress_;
    std::uint64_t told_ = 0;
};

/// Puts files of one folder and name together: pieces of one recording in time order. Captures and logs do not mix.
std::vector<Group> make_groups(const std::vector<InputFile>& files) {
    using Key = std::pair<std::string, std::string>;
    std::map<Key, std::size_t> index;
    std::vector<Group> groups;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (!files[i].passed_over.empty() || files[i].same_as) { continue; }
        InputName name = name_input(files[i].path);
        const auto [found, fresh] = index.emplace(Key{name.folder, name.stem}, groups.size());
        if (fresh) { groups.push_back({.name = std::move(name), .files = {}}); }
        groups[found->second].files.push_back(i);
    }

    std::vector<Group> split;
    for (Group& group : groups) {
        if (group.files.size() == 1) {
            split.push_back(std::move(group));
            continue;
        }
        struct Piece {
            int kind;  // 0 pcap, 1 pcapng, 2 a log, 3 export messages, 4 a capture of such, 5 nfdump
            std::optional<Time> first;
            InputName name;
            std::size_t file;
        };
        std::vector<Piece> pieces;
        for (const std::size_t i : group.files) {
            Piece piece{.kind = 2, .first = {}, .name = name_input(files[i].path), .file = i};
            if (const auto input = InputBytes::open(files[i].path)) {
                if (const auto format = recognise((*input)->head(), files[i].path)) {
                    piece.kind = *format == Format::pcap              ? 0
                                 : *format == Format::pcapng          ? 1
                                 : *format == Format::export_messages ? 3
                                 : *format == Format::export_capture  ? 4
                                 : *format == Format::nfdump          ? 5
                                                                      : 2;
                    piece.first = first_packet_time((*input)->head(), *format);
                }
            }
            pieces.push_back(std::move(piece));
        }
        // By time where the pieces tell it, else by name; a piece that does not tell (an empty one) goes first.
        std::ranges::sort(pieces, [](const Piece& a, const Piece& b) {
            if (a.kind != b.kind) { return a.kind < b.kind; }
            if (a.first != b.first) { return a.first < b.first; }
            if (a.name.piece != b.name.piece) { return natural_less(a.name.piece, b.name.piece); }
            return a.file < b.file;
        });
        for (std::size_t k = 0; k < pieces.size(); ++k) {
            // Files of one name that are not pieces of one recording (`x.pcap`, `x.cap`) stay apart.
            const bool joins = k > 0 && pieces[k].kind == pieces[k - 1].kind && (!pieces[k].name.piece.empty() || !pieces[k - 1].name.piece.empty());
            if (!joins) { split.push_back({.name = group.name, .files = {}}); }
            split.back().files.push_back(pieces[k].file);
        }
    }
    std::ranges::sort(split, {}, [](const Group& group) { return std::ranges::min(group.files); });
    for (Group& group : split) {
        for (const std::size_t i : group.files) { group.size += files[i].size; }
    }
    return split;
}

Result<void> read_exports(Format format, ByteSource& bytes, ExportInput& input, const std::stop_token& stop, ReadReport& report) {
    switch (format) {
        case Format::export_messages: return input.read_messages(bytes, stop, report);
        case Format::nfdump: return input.read_nfdump_file(bytes, stop, report);
        case Format::suricata_eve: return input.read_eve_log(bytes, stop, report);
        case Format::aws_vpc: return input.read_vpc_log(bytes, stop, report);
        case Format::azure_log: return input.read_azure_log(bytes, stop, report);
        case Format::gcp_vpc: return input.read_gcp_log(bytes, stop, report);
        default: return input.read_capture(bytes, stop, report);
    }
}

/// Reads one file. A log of Zeek's other than conn is an error only where the user named it: folders are full of them.
void read_file(const InputFile& file, const std::string& observer, const ReadOptions& options, Progress& progress, Collected& collected,
               FileResult& result) {
    ReadReport& report = result.report;
    std::optional<Error>& failure = result.failure;
    auto opened = InputBytes::open(file.path, options.stop, progress.bytes());
    if (!opened) {
        failure = std::move(opened).error();
        return;
    }
    InputBytes& input = **opened;
    if (const auto format = recognise(input.head(), file.path); !format) {
        if (!options.stop.stop_requested()) { failure = format.error(); }
    } else {
        report.format = to_string(*format);
        ToldBytes told(input, file.size, options, report, collected, progress);
        Result<void> done;
        switch (*format) {
            case Format::pcap:
            case Format::pcapng:
                if (!collected.capture) {
                    collected.capture = std::make_unique<CaptureReader>(
                        observer, ObserverId{}, options, [&collected](Flow&& flow) { collected.flows.add(std::move(flow)); });
                }
                done = collected.capture->read(told, report);
                break;
            case Format::zeek_tsv: done = zeek::read_tsv(told, collected.connections, options.stop, report); break;
            case Format::zeek_json: done = zeek::read_json(told, collected.connections, options.stop, report); break;
            case Format::export_messages:
            case Format::export_capture:
            case Format::nfdump:
            case Format::suricata_eve:
            case Format::aws_vpc:
            case Format::azure_log:
            case Format::gcp_vpc:
                if (!collected.exports) { collected.exports = std::make_unique<ExportInput>(observer); }
                done = read_exports(*format, told, *collected.exports, options.stop, report);
                break;
        }
        result.other_log = !done && !file.named && done.error().code == Errc::unsupported && report.format.starts_with("zeek");
        if (!done && !result.other_log) { failure = std::move(done).error(); }
    }
    if (failure && failure->where.empty()) { failure->where = file.path; }
    if (options.stop.stop_requested()) {
        report.damaged_tail = false;  // that it ended early is our doing
    } else {
        for (const UnpackDamage& damage : input.damages()) {
            report.skip(damage.what, damage.offset);
            report.damaged_tail = true;
        }
    }
    if (auto hash = input.finish_sha256()) {
        report.sha256 = *std::move(hash);
    } else if (!failure) {
        failure = std::move(hash).error();
    }
    report.bytes = input.raw_bytes();
    progress.tell();
}

/// Fills in the hash of a file that is not read because another has its content. Hashed again rather than taken over: it
/// may be the packed twin of the other.
void hash_twin(ReadReport& report, const std::stop_token& stop) {
    if (report.path == "-") { return; }  // standard input named twice; it is at its end
    if (const auto twin = InputBytes::open(report.path, stop)) {
        report.sha256 = (*twin)->finish_sha256().value_or(std::string());
        report.bytes = (*twin)->raw_bytes();
    }
}

/// Runs `work` for a file; what a library throws (memory) becomes its failure.
template <typename Work>
void guarded(FileResult& result, const Work& work) {
    try {
        work();
    } catch (const std::bad_alloc&) {
        result.failure = Error{Errc::limit, "not enough memory", result.report.path, "read fewer inputs at a time, or cut them by time"};
    } catch (const std::exception& thrown) { result.failure = Error{Errc::internal, thrown.what(), result.report.path, {}}; }
}

/// Reads the files of a group one after the other.
GroupResult read_group(const Group& group, const std::string& observer, const std::vector<InputFile>& files, const ReadOptions& options,
                       Progress& progress, std::vector<FileResult>& results) {
    GroupResult read;
    Collected collected{.flows = {}, .capture = {}, .connections = zeek::Connections(observer), .exports = {}, .observer = observer};
    std::size_t last = group.files.front();
    for (const std::size_t i : group.files) {
        FileResult& result = results[i];
        if (options.stop.stop_requested()) {
            result.report.skip("not read: interrupted", 0);
            continue;
        }
        guarded(result, [&] { read_file(files[i], observer, options, progress, collected, result); });
        last = i;
        read.usable = read.usable || result.report.records > 0 || (!result.failure && !result.other_log);
    }
    if (collected.capture) {
        guarded(results[last], [&] {
            collected.capture->finish(results[last].report);
            read.timings = collected.capture->timings();
        });
    }
    if (collected.exports) {
        guarded(results[last], [&] {
            const auto give = [&](std::span<Flow> some, std::span<const std::string> names) {
                if (options.sink == nullptr) {
                    for (Flow& flow : some) { collected.flows.add(std::move(flow)); }
                } else {
                    collected.refused = collected.refused || !options.sink->take(some, names);
                }
            };
            auto names = collected.exports->take(results[last].report, give);
            if (options.sink == nullptr) { read.exporters = std::move(names); }
        });
    }
    guarded(results[last], [&] {
        if (options.sink == nullptr) { collected.flows.add(collected.connections.take()); }
        collected.hand_over(options, results[last].report, true);
    });
    if (options.sink == nullptr) { read.flows = std::move(collected.flows); }
    return read;
}

/// Reads all groups, the largest first, on as many threads as asked for; each writes only what is its own.
std::vector<GroupResult> read_groups(const std::vector<Group>& groups, const std::vector<std::string>& names, const std::vector<InputFile>& files,
                                     const ReadOptions& options, std::vector<FileResult>& results) {
    std::uint64_t total = 0;
    bool known = true;
    for (const Group& group : groups) {
        for (const std::size_t i : group.files) {
            total += files[i].size;
            known = known && files[i].size > 0;
        }
    }
    Progress progress(options, known ? total : 0);
    std::vector<std::size_t> order(groups.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (options.sink == nullptr) {
        std::ranges::stable_sort(order, std::greater{}, [&](std::size_t g) { return groups[g].size; });
    }
    const std::size_t threads = options.sink != nullptr ? 1 : std::min<std::size_t>(options.threads, groups.size());

    std::vector<GroupResult> read(groups.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t k = next++; k < order.size(); k = next++) {
            const std::size_t g = order[k];
            read[g] = read_group(groups[g], names[g], files, options, progress, results);
        }
    };
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < threads; ++t) { others.emplace_back(work); }
    work();
    others.clear();
    return read;
}

}  // namespace input_detail
}  // namespace

Result<Inputs> read_inputs(std::span<const std::string> paths, const ReadOptions& options) {
    using namespace input_detail;
    InputList list = list_inputs(paths);
    for (InputFile& file : list.files) {
        if (std::ranges::find(options.leave_out, file.path) != options.leave_out.end()) { file.passed_over = "imported before"; }
    }
    mark_same_content(list.files, options.stop);
    const std::vector<Group> groups = make_groups(list.files);
    if (groups.size() > std::numeric_limits<std::uint16_t>::max()) {
        return fail(Errc::limit, "more than 65535 observers", {}, "give fewer inputs at a time");
    }
    std::vector<InputName> group_names;
    group_names.reserve(groups.size());
    for (const Group& group : groups) { group_names.push_back(group.name); }
    const std::vector<std::string> names = unique_names(group_names);

    std::vector<FileResult> results(list.files.size());
    for (std::size_t i = 0; i < list.files.size(); ++i) {
        results[i].report.path = list.files[i].path;
        if (!list.files[i].passed_over.empty()) { results[i].report.skip(list.files[i].passed_over, 0); }
    }
    std::vector<GroupResult> read = read_groups(groups, names, list.files, options, results);

    Inputs inputs;
    inputs.interrupted = options.stop.stop_requested();
    inputs.failures = std::move(list.failures);
    for (std::size_t i = 0; i < results.size(); ++i) {
        FileResult& result = results[i];
        if (const auto earlier = list.files[i].same_as) {
            result.report.format = inputs.reports[*earlier].format;
            result.report.skip("same content as " + list.files[*earlier].path, 0);
            hash_twin(result.report, options.stop);
        }
        if (result.failure) { inputs.failures.push_back(*std::move(result.failure)); }
        inputs.reports.push_back(std::move(result.report));
    }

    std::vector<Observer> observers;
    FlowList flows;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        if (!read[g].usable) { continue; }
        const std::size_t base = observers.size();
        const auto id = static_cast<ObserverId>(base);
        if (read[g].exporters.empty()) {
            read[g].flows.for_each([&](Flow& flow) { flow.observer = id; });
            observers.push_back({.name = names[g], .interval = {}});  // the source works the interval out
        } else {
            if (base + read[g].exporters.size() > std::numeric_limits<std::uint16_t>::max()) {
                return fail(Errc::limit, "more than 65535 observers", {}, "give fewer inputs at a time");
            }
            read[g].flows.for_each([&](Flow& flow) { flow.observer = static_cast<ObserverId>(base + static_cast<std::size_t>(flow.observer)); });
            for (std::string& name : read[g].exporters) { observers.push_back({.name = std::move(name), .interval = {}}); }
        }
        flows.add(std::move(read[g].flows));
        for (ConnectionTimings& timings : read[g].timings) { timings.observer = id; }
        std::ranges::move(read[g].timings, std::back_inserter(inputs.timings));
    }
    if (observers.empty() && !inputs.interrupted) {
        if (!inputs.failures.empty()) { return std::unexpected(std::move(inputs.failures.front())); }
        return fail(Errc::not_found, "no capture or log to read", paths.empty() ? std::string() : paths.front(), "name the files themselves, if they have unusual names");
    }
    std::vector<Flow> all = flows.take();
    if (options.rejoin) { all = rejoin(std::move(all)); }
    inputs.source = std::make_unique<MemorySource>(std::move(observers), std::move(all), options.declared);
    return inputs;
}

}  // namespace hw::flow::read
