#include "flow/collect/replay.hpp"

#include "flow/read/report.hpp"
#include "flow/store/files.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

namespace hw::flow::collect {

Replay::Replay(std::string folder, const read::ExportLimits& limits, Sealer& sealer) : folder_(std::move(folder)), limits_(limits), sealer_(&sealer) {
    for (std::string& name : store::files_ending(folder_, store::kAheadEnd)) {
        if (store::is_ahead_name(name)) { names_.push_back(std::move(name)); }
    }
    if (!names_.empty()) { thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); }); }
}

Replay::~Replay() { stop(); }

void Replay::stop() {
    thread_.request_stop();
    if (thread_.joinable()) { thread_.join(); }
}

void Replay::add_status(AheadStatus& status) const {
    const std::lock_guard lock(mutex_);
    status.files += status_.files;
    status.torn_bytes += status_.torn_bytes;
    if (status_.trouble) { status.trouble = status_.trouble; }
}

void Replay::run(const std::stop_token& stop) {
    for (const std::string& name : names_) {
        if (stop.stop_requested()) { return; }
        Result<void> done;
        try {
            done = replay(name);
        } catch (const std::exception& thrown) {  // memory
            done = fail(Errc::limit, thrown.what(), folder_ + "/" + name, "give the collector more memory");
        }
        if (!done) {
            const std::lock_guard lock(mutex_);
            status_.trouble = std::move(done).error();
        }
    }
}

Result<void> Replay::replay(const std::string& name) {
    HW_TRY(auto file, AheadFile::adopt(folder_, name));
    if (!file) { return {}; }
    HW_TRY(const auto manifest, store::read_manifest_or_new(folder_));  // under the file's lock: whoever sealed it has said so before letting go
    if (std::ranges::find(manifest.ahead, name) != manifest.ahead.end()) {
        file->remove();
        return {};
    }
    HW_TRY(const auto bytes, file->read());
    read::ExportDecoder decoder(limits_);
    read::ReadReport report;
    std::vector<read::ExportRecord> known;
    Batch batch;
    HW_TRY(auto contents, parse_ahead(bytes, folder_ + "/" + name, [&](const AheadRecord& record) {
        if (record.kind == AheadKind::received) { return decoder.feed(record.sender, record.at, record.bytes, 0, report, batch.exported); }
        decoder.feed(record.sender, record.at, record.bytes, 0, report, known);
        known.clear();
    }));
    {
        const std::lock_guard lock(mutex_);
        ++status_.files;
        status_.torn_bytes += contents.torn_bytes;
        if (contents.damaged_bytes > 0) {
            status_.trouble = Error{Errc::malformed, fmt::format("what was written ahead is damaged: its last {} bytes cannot be read", contents.damaged_bytes), folder_ + "/" + name,
                                    "the rest is put into the store, and the file kept as " + name + std::string(kDamagedAhead)};
        }
    }
    if (contents.damaged_bytes > 0) { file->keep_when_removed(); }
    if (batch.exported.empty()) {
        file->remove();
        return {};
    }
    batch.records = batch.exported.size();
    batch.replayed = true;
    batch.observer = std::move(contents.observer);
    batch.exporters.assign(decoder.exporters().begin(), decoder.exporters().end());
    batch.rates.reserve(batch.exporters.size());
    for (std::uint32_t i = 0; i < batch.exporters.size(); ++i) { batch.rates.push_back(decoder.sampling_of(i)); }
    batch.ahead = std::move(file);
    sealer_->submit(std::move(batch));
    return {};
}

}  // namespace hw::flow::collect
