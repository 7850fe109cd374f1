// make_pcap FILE [packets=N] [flows=N] [snap=N] [seconds=N] [seed=N]: writes a synthetic capture, the same for the same
// arguments. What it is like: synthetic_capture.hpp.
#include "synthetic_capture.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
    bench::CaptureShape shape;
    if (argc < 2) {
        std::fprintf(stderr, "usage: make_pcap FILE [packets=N] [flows=N] [snap=N] [seconds=N] [seed=N]\n");
        return 2;
    }
    for (int i = 2; i < argc; ++i) {
        const std::string argument = argv[i];
        const std::size_t equals = argument.find('=');
        const std::string name = argument.substr(0, equals);
        const double value = equals == std::string::npos ? 0 : std::atof(argument.c_str() + equals + 1);
        if (name == "packets") { shape.packets = static_cast<std::uint64_t>(value); }
        else if (name == "flows") { shape.flows = static_cast<std::uint64_t>(value); }
        else if (name == "snap") { shape.snap = static_cast<std::uint32_t>(value); }
        else if (name == "seconds") { shape.seconds = value; }
        else if (name == "seed") { shape.seed = static_cast<std::uint64_t>(value); }
        else {
            std::fprintf(stderr, "make_pcap: no such argument: %s\n", argument.c_str());
            return 2;
        }
    }
    std::FILE* file = std::fopen(argv[1], "wb");
    if (file == nullptr) {
        std::perror(argv[1]);
        return 1;
    }
    bool good = true;
    bench::SyntheticCapture capture(shape, [&](const char* data, std::size_t size) { good = good && std::fwrite(data, 1, size, file) == size; });
    const std::uint64_t packets = capture.run();
    good = std::fclose(file) == 0 && good;
    if (!good) {
        std::perror(argv[1]);
        return 1;
    }
    std::printf("%llu\n", static_cast<unsigned long long>(packets));
}
