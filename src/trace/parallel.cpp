#include "trace/parallel.hpp"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

namespace hw::trace {

void for_each_index(std::size_t count, const LinkOptions& options, const std::function<void(std::size_t)>& work) {
    const auto guarded = [&](std::size_t i) {
        if (!options.stop.stop_requested()) { work(i); }
    };
    if (options.threads <= 1 || count < 4) {
        for (std::size_t i = 0; i < count; ++i) { guarded(i); }
        return;
    }
    oneapi::tbb::task_arena arena(static_cast<int>(options.threads));
    arena.execute([&] { oneapi::tbb::parallel_for(std::size_t{0}, count, guarded); });
}

}  // namespace hw::trace
