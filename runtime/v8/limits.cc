/* Limits: what a run may take of time, and what happens when the heap of an isolate is full. A
 * limit that was reached ends all JavaScript of the isolate until it is taken off, or for good when
 * it was the heap's; it never reaches into a run that begins later, since looking at the limits and
 * taking them off exclude each other. */
#include "limits.h"

#include <inttypes.h>
#include <stdio.h>

namespace {

/* By how much the limit rises when it was reached, so that V8 does not end the process before
 * JavaScript has ended: more than the greatest array and what it is copied from. */
constexpr size_t slack = size_t{2560} << 20;

/* V8's code needs some stack to say that there is none. */
constexpr size_t least_stack = 64 * 1024;

uint64_t read_clock(clockid_t clock) {
  timespec now;
  if (clock_gettime(clock, &now)) return 0;
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t sum(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Of the isolate that is to end; on its thread. */
void spend(ist_isolate *isolate) {
  isolate->spent.store(true, std::memory_order_relaxed);
  isolate->terminating.store(true, std::memory_order_relaxed);
  isolate->v8->TerminateExecution();
}

size_t near_limit(void *data, size_t current, size_t) {
  spend(static_cast<ist_isolate *>(data));
  return current > SIZE_MAX - slack ? SIZE_MAX : current + slack;
}

/* What lies in the heap when V8 has collected all that it can. */
void collected(v8::Isolate *, v8::GCType, v8::GCCallbackFlags, void *data) {
  ist_isolate *isolate = static_cast<ist_isolate *>(data);
  if (isolate->spent.load(std::memory_order_relaxed)) return;
  v8::HeapStatistics heap;
  isolate->v8->GetHeapStatistics(&heap);
  isolate->kept.store(heap.used_heap_size() + heap.external_memory(), std::memory_order_relaxed);
  if (heap.used_heap_size() > isolate->heap_limit) spend(isolate);
}

/* The spaces of V8's heap in which each object has pages of its own. */
struct large_spaces {
  size_t indices[4];
  size_t count;
};

large_spaces find_large_spaces(v8::Isolate *isolate) {
  large_spaces found = {};
  for (size_t i = 0; i < isolate->NumberOfHeapSpaces(); i++) {
    v8::HeapSpaceStatistics space;
    if (isolate->GetHeapSpaceStatistics(&space, i) && strstr(space.space_name(), "large") &&
        !strstr(space.space_name(), "code") && found.count < 4)
      found.indices[found.count++] = i;
  }
  return found;
}

/* Arms or disarms V8's termination by the reasons that there are. Under `reach`. */
void settle_termination(ist_isolate *isolate) {
  isolate->v8->CancelTerminateExecution();
  bool ends = isolate->spent.load(std::memory_order_relaxed) ||
              isolate->expired.load(std::memory_order_relaxed) ||
              isolate->asked.load(std::memory_order_relaxed);
  isolate->terminating.store(ends, std::memory_order_relaxed);
  if (ends) isolate->v8->TerminateExecution();
}

/* When to look at a level next; 0: not. */
uint64_t due(const ist__level *level, uint64_t now) {
  if (level->expired) return 0;
  uint64_t at = level->wall_end;
  if (level->cpu_end) {
    /* Processor time passes no faster than time does. */
    uint64_t used = read_clock(level->clock);
    uint64_t left = level->cpu_end > used ? level->cpu_end - used : 0;
    uint64_t then = sum(now, left);
    if (!at || then < at) at = then;
  }
  return at;
}

bool push(ist_isolate *isolate, const ist_limits *limits, bool entered, ist_status *status) {
  *status = IST_ERR_MEMORY;
  if (isolate->level_count == isolate->level_capacity) {
    uint32_t wanted = isolate->level_capacity ? isolate->level_capacity * 2 : 4;
    std::lock_guard<std::mutex> guard(isolate->reach);
    ist__level *grown =
        static_cast<ist__level *>(ist__realloc(isolate->levels, wanted * sizeof *isolate->levels));
    if (!grown) return false;
    isolate->levels = grown;
    isolate->level_capacity = wanted;
  }
  *status = IST_ERR_RESOURCE;
  if (!isolate->watched && (limits->wall || limits->cpu) && !ist__watch(isolate)) return false;
  ist__level level = {};
  level.wall = limits->wall;
  level.cpu = limits->cpu;
  level.depth = isolate->depth;
  level.over = isolate->over;
  level.entered = entered;
  level.wall_began = ist__now();
  if (level.wall) level.wall_end = sum(level.wall_began, level.wall);
  uint64_t at = level.wall_end;
  if (level.cpu) {
    if (pthread_getcpuclockid(pthread_self(), &level.clock)) return false;
    level.cpu_began = read_clock(level.clock);
    level.cpu_end = sum(level.cpu_began, level.cpu);
    uint64_t then = sum(level.wall_began, level.cpu);
    if (!at || then < at) at = then;
  }
  *status = IST_OK;
  {
    std::lock_guard<std::mutex> guard(isolate->reach);
    isolate->levels[isolate->level_count++] = level;
    uint64_t before = isolate->look_at.load(std::memory_order_relaxed);
    if (!at || (before && before <= at)) return true;
    isolate->look_at.store(at);
  }
  ist__watch_at(at);
  return true;
}

/* Takes the latest level off. */
void take_off(ist_isolate *isolate) {
  std::lock_guard<std::mutex> guard(isolate->reach);
  bool expired = isolate->levels[--isolate->level_count].expired;
  uint64_t next = 0;
  if (isolate->level_count) {
    bool others = false;
    uint64_t now = ist__now();
    for (uint32_t i = 0; i < isolate->level_count; i++) {
      const ist__level *level = &isolate->levels[i];
      others |= level->expired != IST__EXPIRY_NONE;
      uint64_t at = due(level, now);
      if (at && (!next || at < next)) next = at;
    }
    expired = expired && !others;
  }
  /* A later look than the one that is planned needs no waking. */
  isolate->look_at.store(next, std::memory_order_relaxed);
  if (!expired) return;
  isolate->expired.store(false, std::memory_order_relaxed);
  settle_termination(isolate);
}

/* Undoes what was entered for a level. */
void leave(ist_isolate *isolate, bool entered) {
  if (entered) {
    ist__isolate_unlock(isolate);
  } else {
    isolate->depth--;
    if (isolate->finished) ist__finalizers_run(isolate);
  }
}

} // namespace

uint64_t ist__now() {
  return read_clock(CLOCK_MONOTONIC);
}

/* How long others wait at most, in nanoseconds: longer than a thread that can run waits for its
 * turn, as a rule. */
constexpr uint64_t module_wait = 5 * 1000 * 1000;

void ist__module_begin(ist_isolate *isolate) {
  std::lock_guard<std::mutex> guard(isolate->reach);
  isolate->module_began.store(ist__now(), std::memory_order_relaxed);
}

bool ist__module_beginning(const ist_isolate *isolate) {
  return ist__now() - isolate->module_began.load(std::memory_order_relaxed) < module_wait / 2;
}

uint64_t ist__module_begins(const ist_isolate *isolate, uint64_t now) {
  uint64_t began = isolate->module_began.load(std::memory_order_relaxed);
  return began && now < began + module_wait ? began + module_wait : 0;
}

/* ---- What was reached ---- */

ist_status ist__limits_reached(const ist_isolate *isolate, ist_status otherwise) {
  if (isolate->spent.load(std::memory_order_relaxed)) return IST_ERR_MEMORY;
  return isolate->expired.load(std::memory_order_acquire) ? IST_ERR_TIMEOUT : otherwise;
}

size_t ist_isolate_kept(const ist_isolate *isolate) {
  return isolate ? isolate->kept.load(std::memory_order_relaxed) : 0;
}

void ist__limit_text(char text[IST_LIMIT_TEXT], ist_status status, bool cpu, uint64_t amount) {
  if (status == IST_ERR_TIMEOUT)
    snprintf(text, IST_LIMIT_TEXT, "the %s limit of %.12g ms was reached",
             cpu ? "processor time" : "time", static_cast<double>(amount) / 1e6);
  else if (amount % (1 << 20) == 0)
    snprintf(text, IST_LIMIT_TEXT, "the heap limit of %" PRIu64 " MiB was reached", amount >> 20);
  else if (amount % (1 << 10) == 0)
    snprintf(text, IST_LIMIT_TEXT, "the heap limit of %" PRIu64 " KiB was reached", amount >> 10);
  else
    snprintf(text, IST_LIMIT_TEXT, "the heap limit of %" PRIu64 " bytes was reached", amount);
}

ist_error *ist__limits_error(ist_status status) {
  v8::Isolate *current = v8::Isolate::TryGetCurrent();
  ist_isolate *isolate =
      current ? static_cast<ist_isolate *>(current->GetData(IST_ISOLATE_SLOT)) : nullptr;
  if (!isolate || ist__limits_reached(isolate, IST_OK) != status) return nullptr;
  char text[IST_LIMIT_TEXT];
  if (status == IST_ERR_MEMORY) {
    ist__limit_text(text, status, false, isolate->heap_limit);
    return ist_error_new(status, "MemoryError", text);
  }
  /* The innermost that was reached says it best. */
  std::lock_guard<std::mutex> guard(isolate->reach);
  uint32_t at = isolate->level_count;
  while (at && !isolate->levels[at - 1].expired) at--;
  if (!at) return nullptr;
  const ist__level *level = &isolate->levels[at - 1];
  if (level->expired == IST__EXPIRY_CANCEL)
    return ist_error_new(status, "AbortError", "the run was cancelled");
  bool cpu = level->expired == IST__EXPIRY_CPU;
  ist__limit_text(text, status, cpu, cpu ? level->cpu : level->wall);
  return ist_error_new(status, "TimeoutError", text);
}

void ist__isolate_forget_termination(ist_isolate *isolate) {
  std::lock_guard<std::mutex> guard(isolate->reach);
  if (isolate->entries <= 1) isolate->asked.store(false, std::memory_order_relaxed);
  settle_termination(isolate);
}

void ist__limits_locked(ist_isolate *isolate) {
  std::lock_guard<std::mutex> guard(isolate->reach);
  if (isolate->terminating.load(std::memory_order_relaxed)) isolate->v8->TerminateExecution();
}

bool ist_isolate_spent(const ist_isolate *isolate) {
  return isolate && isolate->live.load(std::memory_order_acquire) &&
         isolate->spent.load(std::memory_order_relaxed);
}

/* ---- Time ---- */

uint64_t ist__limits_look(ist_isolate *isolate, uint64_t now) {
  std::lock_guard<std::mutex> guard(isolate->reach);
  if (!isolate->live.load(std::memory_order_relaxed)) return 0;
  uint64_t next = ist__module_begins(isolate, now);
  if (next) {
    isolate->look_at.store(next);
    return next;
  }
  bool reached = false;
  for (uint32_t i = 0; i < isolate->level_count; i++) {
    ist__level *level = &isolate->levels[i];
    if (level->expired) continue;
    if (level->wall_end && level->wall_end <= now)
      level->expired = level->cancelled ? IST__EXPIRY_CANCEL : IST__EXPIRY_WALL;
    else if (level->cpu_end && read_clock(level->clock) >= level->cpu_end)
      level->expired = IST__EXPIRY_CPU;
    reached |= level->expired != IST__EXPIRY_NONE;
    uint64_t at = due(level, now);
    if (at && (!next || at < next)) next = at;
  }
  if (reached) {
    isolate->expired.store(true, std::memory_order_release);
    isolate->terminating.store(true, std::memory_order_relaxed);
    isolate->v8->TerminateExecution();
  }
  isolate->look_at.store(next);
  return next;
}

ist_status ist_limits_begin(ist_isolate *isolate, const ist_limits *given) {
  if (!given || given->size < sizeof given->size) return IST_ERR_ARGUMENT;
  ist_limits limits = {};
  memcpy(&limits, given, given->size < sizeof limits ? given->size : sizeof limits);
  /* Entering V8's isolate once more costs more than all the rest. */
  bool held = isolate && ist__isolate_held(isolate) && isolate->depth;
  ist_status status = held ? IST_OK : ist__isolate_lock(isolate);
  if (status) return status;
  if (held) isolate->depth++;
  if (isolate->spent.load(std::memory_order_relaxed))
    status = IST_ERR_MEMORY;
  else
    (void)push(isolate, &limits, !held, &status);
  if (status) leave(isolate, !held);
  return status;
}

uint32_t ist__limits_depth(const ist_isolate *isolate) {
  return isolate->level_count ? isolate->levels[isolate->level_count - 1].depth : 0;
}

void ist__limits_pop(ist_isolate *isolate) {
  bool entered = isolate->levels[isolate->level_count - 1].entered;
  take_off(isolate);
  leave(isolate, entered);
}

ist_status ist_limits_end(ist_isolate *isolate, ist_usage *usage) {
  if (!isolate || (usage && usage->size < sizeof usage->size)) return IST_ERR_ARGUMENT;
  if (ist__forked()) return IST_ERR_FORKED;
  if (!isolate->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  if (!ist__isolate_held(isolate) || isolate->depth <= isolate->base || !isolate->level_count)
    return IST_ERR_STATE;
  const ist__level *level = &isolate->levels[isolate->level_count - 1];
  if (level->depth != isolate->depth || level->over != isolate->over) return IST_ERR_STATE;
  if (isolate->heap_limited) ist__heap_look(isolate);
  if (usage) {
    ist_usage made = {};
    made.size = usage->size;
    made.ended = ist__limits_reached(isolate, IST_OK);
    made.wall = ist__now() - level->wall_began;
    if (level->cpu) made.cpu = read_clock(level->clock) - level->cpu_began;
    memcpy(usage, &made, made.size < sizeof made ? made.size : sizeof made);
  }
  ist__limits_pop(isolate);
  return IST_OK;
}

ist_status ist_limits_number(ist_isolate *isolate, uint64_t *result) {
  if (!isolate || !result) return IST_ERR_ARGUMENT;
  if (ist__forked()) return IST_ERR_FORKED;
  if (!isolate->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  if (!ist__isolate_held(isolate) || !isolate->level_count) return IST_ERR_STATE;
  if (!isolate->watched && !ist__watch(isolate)) return IST_ERR_RESOURCE;
  static std::atomic<uint64_t> last{0};
  std::lock_guard<std::mutex> guard(isolate->reach);
  ist__level *level = &isolate->levels[isolate->level_count - 1];
  if (!level->number) level->number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  *result = level->number;
  return IST_OK;
}

/* The watchdog does it: it knows when JavaScript may not be interrupted. */
ist_status ist_limits_cancel(ist_isolate *isolate, uint64_t number) {
  constexpr uint64_t past = 1;
  if (!isolate || !number) return IST_ERR_ARGUMENT;
  if (ist__forked()) return IST_ERR_FORKED;
  {
    std::lock_guard<std::mutex> guard(isolate->reach);
    if (!isolate->live.load(std::memory_order_relaxed)) return IST_ERR_HANDLE;
    ist__level *level = nullptr;
    for (uint32_t i = 0; i < isolate->level_count && !level; i++)
      if (isolate->levels[i].number == number) level = &isolate->levels[i];
    if (!level || level->expired) return IST_OK;
    level->cancelled = true;
    level->wall_end = past;
    isolate->look_at.store(past);
  }
  ist__watch_at(past);
  return IST_OK;
}

/* ---- The heap ---- */

bool ist__limits_prepare(ist_isolate *isolate, const ist_isolate_options *options,
                         v8::Isolate::CreateParams *params) {
  ist__buffers *buffers =
      new (std::nothrow) ist__buffers(options->buffer_limit, options->buffer_source);
  if (!buffers) return false;
  isolate->buffers.reset(buffers);
  params->array_buffer_allocator_shared = isolate->buffers;
  isolate->heap_limited = options->heap_limit != 0;
  isolate->heap_limit = options->heap_limit;
  /* V8 rounds up, and would come out at nothing. */
  if (isolate->heap_limit > PTRDIFF_MAX) isolate->heap_limit = PTRDIFF_MAX;
  if (isolate->heap_limit) {
    params->constraints.ConfigureDefaultsFromHeapSize(0, isolate->heap_limit);
    /* Addresses for code are reserved as without a limit: V8 would reserve as many as the limit has
     * bytes, of which it can use few when they are few, and ends the process unless they are whole
     * pages. */
    params->constraints.set_code_range_size_in_bytes(0);
  }
  isolate->stack_limit = options->stack_limit;
  if (isolate->stack_limit && isolate->stack_limit < least_stack)
    isolate->stack_limit = least_stack;
  return true;
}

void ist__limits_attach(ist_isolate *isolate) {
  v8::HeapStatistics heap;
  isolate->v8->GetHeapStatistics(&heap);
  if (isolate->heap_limit < heap.heap_size_limit()) isolate->heap_limit = heap.heap_size_limit();
  isolate->v8->AddNearHeapLimitCallback(near_limit, isolate);
  isolate->v8->AddGCEpilogueCallback(collected, isolate, v8::kGCTypeMarkSweepCompact);
}

void ist__limits_first(ist_isolate *isolate) {
  isolate->v8->RemoveNearHeapLimitCallback(near_limit, 0);
  isolate->v8->AddNearHeapLimitCallback(near_limit, isolate);
}

void ist__heap_look(ist_isolate *isolate) {
  if (isolate->spent.load(std::memory_order_relaxed)) return;
  static const large_spaces spaces = find_large_spaces(isolate->v8);
  size_t used = 0;
  for (size_t i = 0; i < spaces.count; i++) {
    v8::HeapSpaceStatistics space;
    if (isolate->v8->GetHeapSpaceStatistics(&space, spaces.indices[i]))
      used += space.space_used_size();
  }
  if (used > isolate->heap_limit) spend(isolate);
}

void ist__limits_free(ist_isolate *isolate) {
  ist__watch_end(isolate);
  ist__free(isolate->levels);
  isolate->levels = nullptr;
  isolate->level_count = isolate->level_capacity = 0;
  isolate->look_at.store(0, std::memory_order_relaxed);
  isolate->heap_limit = isolate->stack_limit = 0;
  isolate->heap_limited = false;
  isolate->kept.store(0, std::memory_order_relaxed);
  isolate->buffers.reset();
}
