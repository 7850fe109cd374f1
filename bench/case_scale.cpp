// case_scale FOLDER [OBSERVATIONS]: fills a case with made observations and times what people wait for: opening, looking up, counting, checking what
// is new, checking all.
#include "casefile/case_file.hpp"
#include "casefile/verify.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace {

using namespace hw;
using namespace hw::casefile;

constexpr Time kNow = Time::from_micros(1'416'823'200'000'000);

class Watch {
public:
    [[nodiscard]] double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }

private:
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

Change observation(std::size_t number) {
    Change change{.act = Act::put, .kind = "item", .id = fmt::format("item-{:016x}-{}", number * 0x9E3779B97F4A7C15U, number), .tlp = {}, .body = {}};
    change.body.set("words", fmt::format("whoever answers through 198.51.100.{} stands within {} km of the observer", number % 256, number % 20'000)).set("kind", "observation");
    change.body.set("who", "own-observation").set("grade", "A2").set("forgeability", 0.02).set("q", 0.5).set("collection", fmt::format("run-{}", number / 1'000));
    return change;
}

template <typename T>
T need(Result<T> result) {
    if (!result) {
        fmt::print(stderr, "{}", to_text(result.error()));
        std::exit(1);
    }
    return *std::move(result);
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) { fmt::print(stderr, "usage: case_scale FOLDER [OBSERVATIONS]\n"); return 2; }
    const std::filesystem::path folder(arguments[1]);
    const std::size_t wanted = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1'000'000;
    std::filesystem::create_directories(folder);
    const std::string path = (folder / "scale.hwcase").string();
    for (const char* ending : {"", "-wal", "-shm"}) { std::filesystem::remove(path + ending); }
    const auto key = need(SigningKey::generate());
    if (auto made = CaseFile::create(path, {.title = "Scale", .owner = {}, .tlp = Tlp::amber, .now = kNow}, key); !made) { return 1; }

    constexpr std::size_t kAtOnce = 1'000;
    Head before_last;
    {
        const Watch watch;
        auto file = need(CaseFile::open(path, Access::write));
        for (std::size_t done = 0; done < wanted; done += kAtOnce) {
            std::vector<Change> changes;
            changes.reserve(kAtOnce);
            for (std::size_t i = done; i < std::min(wanted, done + kAtOnce); ++i) { changes.push_back(observation(i)); }
            before_last = need(file.head());
            static_cast<void>(need(file.append(changes, key, kNow)));
        }
        fmt::print("filed          {:>9} observations in {:8.2f} s, {:.0f} a second, {} at once\n", wanted, watch.seconds(), static_cast<double>(wanted) / watch.seconds(), kAtOnce);
    }
    fmt::print("size           {:>9.1f} MB\n", static_cast<double>(std::filesystem::file_size(path)) / 1e6);
    const auto time = [](const char* what, auto work) {
        const Watch watch;
        work();
        fmt::print("{:<24} {:>9.4f} s\n", what, watch.seconds());
    };
    time("open", [&] { static_cast<void>(need(CaseFile::open(path, Access::read))); });
    auto file = need(CaseFile::open(path, Access::read));
    time("one object by its id", [&] { static_cast<void>(need(file.find("item", observation(wanted / 2).id))); });
    time("objects counted by kind", [&] { static_cast<void>(need(file.counts())); });
    time("verify since last append", [&] { if (need(verify(file, {.since = before_last})).fault) { std::exit(1); } });
    time("verify all", [&] { if (need(verify(file, {})).fault) { std::exit(1); } });
    {
        auto writer = need(CaseFile::open(path, Access::write));
        time("file one more", [&] { static_cast<void>(need(writer.append(std::vector{observation(wanted)}, key, kNow))); });
    }
    return 0;
}
