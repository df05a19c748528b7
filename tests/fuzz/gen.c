// Any bytes at all, as an interface file: the compiler reports or emits, and never crashes, hangs
// or leaks. What it emits is JSON again, and there are declarations for what there is a descriptor
// of.
#include <cJSON.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

// Reads every byte that a diagnostic shows, so that the sanitizers see a place out of bounds.
static void read_diagnostic(void *env, const ist__diag *d) {
  volatile size_t *sum = env;
  *sum += strlen(d->message) + (d->file ? strlen(d->file) : 0);
  if (!d->source) return;
  if (d->line < 1 || d->column < 1 || (size_t)d->column > strlen(d->source) + 1) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t sum = 0;
  // The first byte chooses the machine, so that both layouts are seen.
  ist__gen_options options = {.diag = read_diagnostic, .diag_env = &sum};
  options.target = size && data[0] % 2 ? IST__GEN_X86_64 : IST__GEN_AARCH64;
  char *json = NULL;
  if (ist__gen_descriptor((const char *)data, size, &options, &json) != 0) return 0;
  cJSON *parsed = cJSON_Parse(json);
  if (!parsed) abort();
  cJSON_Delete(parsed);
  ist__gen_free(json);
  for (int mode = IST__GEN_CFFI_API; mode <= IST__GEN_CFFI_ABI; mode++) {
    char *cdef = NULL;
    if (ist__gen_cdef((const char *)data, size, (ist__gen_cffi)mode, &options, &cdef) != 0) abort();
    sum += strlen(cdef);
    ist__gen_free(cdef);
  }
  // A Go package may be refused.
  char *go = NULL;
  if (ist__gen_go((const char *)data, size, &options, &go) == 0) sum += strlen(go);
  ist__gen_free(go);
  return 0;
}
