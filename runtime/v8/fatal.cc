/* What happens when V8 has no memory left and would end the process with a report: in a cell, which
 * is made to be lost, the process ends at once with an exit code that its pool knows. Everywhere
 * else V8's way stays what it is. */
#include "internal.h"

#include <unistd.h>

namespace {

std::atomic<int> exit_code{0};

/* Who cannot be told is not told. */
void ignore(ssize_t) {}

void die() {
  static const char text[] = IST_NO_MEMORY_TEXT "\n";
  ignore(write(STDERR_FILENO, text, sizeof text - 1));
  _exit(exit_code.load(std::memory_order_relaxed));
}

} // namespace

void ist__die_of_memory(int code) {
  exit_code.store(code, std::memory_order_relaxed);
  std::set_new_handler(die);
}

void ist__fatal_hooks(v8::Isolate *isolate) {
  if (exit_code.load(std::memory_order_relaxed)) ist__compat::set_out_of_memory<die>(isolate);
}
