// Replays files through a fuzz target, where libFuzzer is not linked: each file whole, then cut and with single bits
// turned at places that are the same on every run. So no target rots, and every corpus is a test of every build.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int kVariants = 32;
constexpr std::size_t kVariantsUpTo = 65'536;  // larger files are replayed whole only

void replay(const std::vector<std::uint8_t>& bytes) { LLVMFuzzerTestOneInput(bytes.data(), bytes.size()); }

bool replay_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) { return false; }
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    replay(bytes);
    if (bytes.empty() || bytes.size() > kVariantsUpTo) { return true; }
    std::mt19937_64 random(bytes.size());
    for (int i = 0; i < kVariants; ++i) {
        replay({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(random() % bytes.size())});
        auto turned = bytes;
        turned.at(random() % turned.size()) ^= static_cast<std::uint8_t>(1U << (random() % 8));
        replay(turned);
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t files = 0;
    for (const std::string& argument : std::vector<std::string>(argv + 1, argv + argc)) {
        std::vector<std::filesystem::path> paths;
        std::error_code error;
        if (std::filesystem::is_directory(argument, error)) {
            for (const auto& entry : std::filesystem::recursive_directory_iterator(argument)) {
                if (entry.is_regular_file()) { paths.push_back(entry.path()); }
            }
        } else {
            paths.emplace_back(argument);
        }
        for (const auto& path : paths) {
            if (!replay_file(path)) {
                std::fprintf(stderr, "cannot read %s\n", path.c_str());
                return 1;
            }
            ++files;
        }
    }
    replay({});
    std::printf("replayed %zu files\n", files);
    if (files == 0) { std::fprintf(stderr, "no corpus: every parser has one in fuzz/corpus/<name>/\n"); }
    return files == 0 ? 1 : 0;
}
