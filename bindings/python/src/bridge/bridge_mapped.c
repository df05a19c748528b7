/* bridge_mapped.c: files in memory, and their mappings, which JavaScript's collector gives back. */
#include "bridge_mapped.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bridge_internal.h"
#include "bridge_table.h"

typedef struct mapping {
  void *at;
  size_t length;
} mapping;

int ipy_file_new(const char *bytes, size_t length) {
  int file = memfd_create("isthmus", MFD_CLOEXEC);
  while (file >= 0 && length) {
    ssize_t written = write(file, bytes, length);
    if (written <= 0) {
      close(file);
      return -1;
    }
    bytes += written;
    length -= (size_t)written;
  }
  return file;
}

void ipy_file_free(int file) {
  close(file);
}

static void unmap(void *env) {
  mapping *made = env;
  munmap(made->at, made->length);
  free(made);
}

int ipy_map(uintptr_t place, int file, size_t length, uintptr_t frame) {
  ipy__operation op;
  int answer = ipy__begin(&op, place, frame);
  if (answer) return answer;
  mapping *made = malloc(sizeof *made);
  void *at = made ? mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0) : MAP_FAILED;
  if (at == MAP_FAILED) {
    free(made);
    return ipy__give_up(&op, ipy__failed(op.frame, IST_ERR_MEMORY));
  }
  *made = (mapping){at, length};
  ist_value value;
  int64_t host = 0;
  ist_status status = ist_bytes_adopt(op.context, at, length, unmap, made, &value);
  if (!status)
    status = ipy__table_find(op.core, op.context, value, &op.frame->result.integer, &host);
  return ipy__give_up(&op, status ? ipy__failed(op.frame, status) : IPY_OBJECT);
}
