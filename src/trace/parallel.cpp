#include "trace/parallel.hpp"

#include <atomic>
#include <mutex>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

namespace hw::trace {

void for_each_index(std::size_t count, const LinkOptions& options, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> done = 0;
    std::mutex telling;
    const auto guarded = [&](std::size_t i) {
        if (options.stop.stop_requested()) { return; }
        work(i);
        if (!options.progress) { return; }
        const std::size_t now = ++done;
        // Whoever finds another thread telling need not: that one's figure is as good.
        if (const std::unique_lock lock(telling, std::try_to_lock); lock) { options.progress(now, count); }
    };
    if (options.threads <= 1 || count < 4) {
        for (std::size_t i = 0; i < count; ++i) { guarded(i); }
        return;
    }
    oneapi::tbb::task_arena arena(static_cast<int>(options.threads));
    arena.execute([&] { oneapi::tbb::parallel_for(std::size_t{0}, count, guarded); });
}

}  // namespace hw::trace
