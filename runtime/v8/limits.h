/* What the files about limits share: the time limits of an isolate, the watchdog that looks at
 * them, and the count of its buffers' bytes. */
#ifndef IST_V8_LIMITS_H
#define IST_V8_LIMITS_H

#include "internal.h"

#include <time.h>

/* ---- Time ---- */

enum ist__expiry : uint8_t {
  IST__EXPIRY_NONE,
  IST__EXPIRY_WALL,
  IST__EXPIRY_CPU,
  IST__EXPIRY_CANCEL
};

/* The limits of one ist_limits_begin. Changed under the isolate's `reach`, where the watchdog may
 * read it. Times are nanoseconds, of the monotonic clock or that of the thread's processor time. */
struct ist__level {
  uint64_t wall, cpu; /* as asked for; 0: no limit */
  uint64_t wall_began, cpu_began;
  uint64_t wall_end, cpu_end; /* 0: no limit */
  clockid_t clock;            /* of the thread's processor time, where `cpu` is set */
  uint32_t depth, over;       /* of the isolate within it */
  uint64_t number;            /* of ist_limits_number; 0: nobody has asked */
  ist__expiry expired;
  bool cancelled; /* `wall_end` is past for that reason */
  bool entered;   /* V8's isolate was entered for it; it was the current one otherwise */
};

/* The monotonic clock. */
uint64_t ist__now();
/* Until when nobody may interrupt JavaScript from another thread, or 0. */
uint64_t ist__module_begins(const ist_isolate *isolate, uint64_t now);

/* Looks at an isolate's limits and ends its JavaScript if one was reached. When to look next; 0:
 * there is nothing to look at. On the watchdog's thread. */
uint64_t ist__limits_look(ist_isolate *isolate, uint64_t now);

/* Has the heap limit be ours to answer. V8 asks only whoever was added last, and its debugger
 * raises the limit to a few times what it was, once. */
void ist__limits_first(ist_isolate *isolate);

/* ---- The watchdog ---- */

/* Has the watchdog look at the isolate whenever its `look_at` says so, from now on; starts it for
 * the process. False when it cannot be started. */
bool ist__watch(ist_isolate *isolate);
void ist__watch_end(ist_isolate *isolate);
/* `look_at` was set to `at`: wakes the watchdog if it would sleep longer. Not under `reach`. */
void ist__watch_at(uint64_t at);

/* ---- Buffers ---- */

/* V8's allocator of the buffers of one isolate, and their count. Buffers may outlive the isolate:
 * each shares it. */
class ist__buffers final : public v8::ArrayBuffer::Allocator, public ist__allocated {
public:
  ist__buffers(size_t limit, const ist_buffer_source *source);
  void *Allocate(size_t length) override;
  void *AllocateUninitialized(size_t length) override;
  void Free(void *memory, size_t length) override;

  /* Counts bytes; false when they would pass the limit. Any thread. */
  bool take(size_t length);
  void give(size_t length) { used_.fetch_sub(length, std::memory_order_relaxed); }
  size_t used() const { return used_.load(std::memory_order_relaxed); }

private:
  static constexpr size_t most_in_heap = 64; /* bytes; V8's own choice */
  void *fetch(size_t length, bool zeroed);
  const size_t limit_;
  ist_buffer_source source_ = {}; /* `least` is SIZE_MAX when there is none */
  std::atomic<size_t> used_{0};
};

/* V8's source of memory pages for the process, which counts those of WebAssembly memories and
 * resizable buffers. `inner` is where they come from. */
v8::PageAllocator *ist__pages_new(v8::PageAllocator *inner);

#endif
