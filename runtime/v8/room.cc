/* Whether the process has room for one more isolate. V8 ends the process when the kernel refuses it
 * a memory mapping, so that the question is asked before. The mappings are counted exactly (a read
 * of /proc/self/maps, which takes milliseconds when there are many) only when an estimate comes
 * near the kernel's limit; a part of the limit is always left for the heaps to grow. */
#include "internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

/* What an isolate takes at first, rounded up, and what its heap reserves: V8's range for machine
 * code and the first pages. */
constexpr size_t mappings_each = 16;
constexpr size_t reservation = size_t{192} << 20;

std::mutex mutex;
size_t limit;   /* vm.max_map_count; 0: not read yet */
size_t known;   /* as last counted */
size_t taken;   /* for isolates made since then */
size_t next_at; /* how many may be taken until the next count */

size_t read_limit() {
  size_t value = 0;
  FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
  if (!file) return 65530;
  if (fscanf(file, "%zu", &value) != 1 || !value) value = 65530;
  fclose(file);
  return value;
}

/* The process's mappings, or `known` when the kernel does not say. */
size_t count_mappings() {
  int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return known;
  char text[16384];
  size_t lines = 0;
  ssize_t got;
  while ((got = read(file, text, sizeof text)) > 0)
    for (const char *at = text;
         (at = static_cast<const char *>(memchr(at, '\n', static_cast<size_t>(text + got - at))));
         at++)
      lines++;
  close(file);
  return lines;
}

bool room_for_heap() {
  void *probe =
      mmap(nullptr, reservation, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (probe == MAP_FAILED) return false;
  munmap(probe, reservation);
  return true;
}

} // namespace

bool ist__room_take() {
  std::lock_guard<std::mutex> guard(mutex);
  if (!limit) limit = read_limit();
  if (taken >= next_at) {
    size_t usable = limit - limit / 8;
    known = count_mappings();
    taken = next_at = 0;
    size_t left = known < usable ? usable - known : 0;
    if (left < mappings_each) return false;
    /* Others map memory too, so that it is not long until the next count: as long as counting takes
     * a small part of the time, and half of what is left suffices. */
    size_t share = mappings_each * (64 + known / 64);
    next_at = share < left / 2 ? share : left / 2;
  }
  if (!room_for_heap()) return false;
  taken += mappings_each;
  return true;
}

void ist__room_give() {
  std::lock_guard<std::mutex> guard(mutex);
  /* A count since then has not seen it. */
  if (taken) taken -= mappings_each;
}
