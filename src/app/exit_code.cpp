#include "app/exit_code.hpp"

namespace hw::app {

ExitCode exit_code(Errc code) {
    switch (code) {
        case Errc::usage: return ExitCode::usage;
        case Errc::not_found:
        case Errc::unreadable:
        case Errc::malformed:
        case Errc::truncated:
        case Errc::unsupported: return ExitCode::bad_input;
        case Errc::limit: return ExitCode::partial;
        case Errc::interrupted: return ExitCode::interrupted;
        case Errc::refused: return ExitCode::refused;
        case Errc::internal: return ExitCode::internal;
    }
    return ExitCode::internal;
}

}  // namespace hw::app
