#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "flow/collect/datagram_queue.hpp"
#include "flow/collect/state_keeper.hpp"
#include "flow/collect/status.hpp"
#include "net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::collect {

/// A file of datagrams that are in no segment yet. While it is open it is locked (flock): who else looks at the folder leaves it alone.
class AheadFile {
public:
    /// Fails where there is a file of this name, or it cannot be written.
    [[nodiscard]] static Result<std::unique_ptr<AheadFile>> create(const std::string& folder, const std::string& name, std::string_view observer);
    /// One that is left from earlier; null where another has it open, or it has just gone. Fails where it cannot be opened.
    [[nodiscard]] static Result<std::unique_ptr<AheadFile>> adopt(const std::string& folder, const std::string& name);
    ~AheadFile();
    AheadFile(const AheadFile&) = delete;
    AheadFile& operator=(const AheadFile&) = delete;

    /// All of it in one write, or nothing: what a full disk cut off is taken back. Returns what went wrong, 0 for nothing.
    [[nodiscard]] int append(std::span<const std::byte> bytes);
    /// Removes the file; one that is damaged is kept under another name (`kDamagedAhead`) for whoever wants to look at it.
    void remove();
    void keep_when_removed() { damaged_ = true; }
    /// Everything in it; fails for one that is longer than any that is written.
    [[nodiscard]] Result<std::vector<std::byte>> read() const;
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }

private:
    AheadFile(int file, const std::string& folder, std::string name) : file_(file), path_(folder + "/" + name), name_(std::move(name)) {}
    int file_;
    std::string path_;
    std::string name_;
    std::uint64_t size_ = 0;
    bool damaged_ = false;
    bool torn_ = false;  ///< Ends in half a record that could not be taken off: nothing is appended any more.
};

/// What a record of a write-ahead is.
enum class AheadKind : std::uint8_t {
    state = 1,     ///< Brings the decoder to where it was; what it yields is in a segment already.
    received = 2,  ///< A datagram that is in no segment.
};
struct AheadRecord {
    AheadKind kind = AheadKind::received;
    net::Endpoint sender;
    Time at;
    std::span<const std::byte> bytes;
};
struct AheadContents {
    std::string observer;         ///< What exporters' names begin with.
    std::uint64_t torn_bytes = 0; ///< At the end, of a record that was being written.
    std::uint64_t damaged_bytes = 0;  ///< From the first record on that is whole and not as its sum says, to the end.
};
inline constexpr std::string_view kDamagedAhead = ".damaged";
/// The front of a file, and one record behind the others. Docs: docs/store-format.md.
void append_ahead_front(std::string_view observer, std::vector<std::byte>& out);
void append_ahead_record(const AheadRecord& record, std::vector<std::byte>& out);
/// Gives the records of a file up to the first that is not whole. Fails (`unsupported`) for a file of another version, (`malformed`) for another file.
[[nodiscard]] Result<AheadContents> parse_ahead(std::span<const std::byte> file, const std::string& where, const std::function<void(const AheadRecord&)>& give);

/// Where write-aheads lie and what they are called. Names never come again: they begin with a time and the number of the process.
struct AheadPlace {
    std::string folder;
    std::string observer;
    std::string name_begin;
    std::uint64_t most_bytes = std::uint64_t{256} << 20U;  ///< Of one file; one that is full is to be sealed.
};

/// Writes down what one lane has received until it is sealed: one file for each batch, that begins with what the decoder must know. It
/// survives the end of the process, however it comes; against loss of power it is not flushed. One thread's.
class AheadWriter {
public:
    explicit AheadWriter(AheadPlace place) : place_(std::move(place)) {}

    /// Before the chunk is decoded.
    void write(const DatagramChunk& chunk);
    /// After each datagram has been decoded.
    void note(const net::Endpoint& sender, Time at, std::span<const std::byte> message, const read::ExportDecoder& decoder) { keeper_.see(sender, at, message, decoder); }
    [[nodiscard]] bool full() const { return file_ && file_->size() >= place_.most_bytes; }
    /// The file of all since the last call, nothing where there is none. `goes_on`: a new one is begun before.
    [[nodiscard]] std::unique_ptr<AheadFile> hand_over(bool goes_on);
    [[nodiscard]] const AheadStatus& status() const { return status_; }

private:
    bool begin();
    bool flush();

    AheadPlace place_;
    StateKeeper keeper_;
    std::unique_ptr<AheadFile> file_;
    std::uint64_t number_ = 0;
    std::vector<std::byte> buffer_;
    AheadStatus status_;
};

}  // namespace hw::flow::collect
