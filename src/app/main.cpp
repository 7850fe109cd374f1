#include "app/exit_code.hpp"
#include "app/run.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    // We throw nothing ourselves; what a library or a full memory throws ends here, in words.
    try {
        const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        return hw::app::run(arguments, hw::app::process_world());
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "error: internal error: %s\nhint: please report it, with the command that led to it\n", problem.what());
        return static_cast<int>(hw::app::ExitCode::internal);
    }
}
