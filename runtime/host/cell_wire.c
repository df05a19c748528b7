/* Frames between a pool and its cells, written and read. Reading believes nothing: every length is
 * held against what is there, every enum against its values, every text is UTF-8. */
#include "cell_wire.h"

#include <string.h>

#include "../ffi/alloc.h"

/* As many as an error of ours has. */
enum { MOST_FRAMES = 64, MOST_ERRORS = 9 };

/* ---- Writing ---- */

void ist__wire_begin(ist__wire_out *out) {
  static const ist__wire_header blank;
  out->length = 0;
  out->failed = false;
  ist__wire_put(out, &blank, sizeof blank);
}

void ist__wire_put(ist__wire_out *out, const void *bytes, size_t length) {
  if (out->failed || !length) return;
  if (length > out->capacity - out->length) {
    size_t wanted = out->capacity * 2;
    if (wanted < 512) wanted = 512;
    if (length > SIZE_MAX / 4 || wanted > SIZE_MAX / 4) {
      out->failed = true;
      return;
    }
    if (wanted < out->length + length) wanted = out->length + length;
    uint8_t *grown = ist__realloc(out->bytes, wanted);
    if (!grown) {
      out->failed = true;
      return;
    }
    out->bytes = grown;
    out->capacity = wanted;
  }
  memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
}

void ist__wire_put_u32(ist__wire_out *out, uint32_t number) {
  ist__wire_put(out, &number, sizeof number);
}

void ist__wire_put_text(ist__wire_out *out, const char *text, size_t length) {
  /* Longer ones do not come from V8. */
  if (length >= UINT32_MAX) length = UINT32_MAX - 1;
  ist__wire_put_u32(out, text ? (uint32_t)length + 1 : 0);
  if (text) ist__wire_put(out, text, length);
}

static void put_string(ist__wire_out *out, const char *text) {
  ist__wire_put_text(out, text, text ? strlen(text) : 0);
}

void ist__wire_put_error(ist__wire_out *out, const ist_error *error) {
  uint32_t count = 0;
  for (const ist_error *at = error; at && count < MOST_ERRORS; at = at->cause) count++;
  ist__wire_put_u32(out, count);
  for (const ist_error *at = error; count; at = at->cause, count--) {
    const int32_t numbers[] = {(int32_t)at->status, at->line, at->column, at->end_column,
                               at->exit_code};
    const char *const texts[] = {at->name, at->message, at->stack, at->file, at->source_line};
    ist__wire_put(out, numbers, sizeof numbers);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put_string(out, texts[i]);
    size_t frames = at->frame_count < MOST_FRAMES ? at->frame_count : MOST_FRAMES;
    ist__wire_put_u32(out, (uint32_t)frames);
    for (size_t i = 0; i < frames; i++) {
      const ist_frame *frame = &at->frames[i];
      const int32_t place[] = {frame->line, frame->column, (int32_t)frame->flags};
      ist__wire_put(out, place, sizeof place);
      put_string(out, frame->function);
      put_string(out, frame->script);
    }
  }
}

void ist__wire_end(ist__wire_out *out, ist__wire_kind kind, size_t more) {
  if (out->failed) return;
  const ist__wire_header header = {IST_WIRE_MARK, (uint32_t)kind,
                                   out->length - sizeof header + more};
  memcpy(out->bytes, &header, sizeof header);
}

void ist__wire_out_free(ist__wire_out *out) {
  ist__free(out->bytes);
  *out = (ist__wire_out){0};
}

void ist__wire_sent(struct iovec **parts, size_t *count, size_t sent) {
  while (*count && sent >= (*parts)->iov_len) {
    sent -= (*parts)->iov_len;
    (*parts)++;
    (*count)--;
  }
  if (!*count) return;
  (*parts)->iov_base = (char *)(*parts)->iov_base + sent;
  (*parts)->iov_len -= sent;
}

/* ---- Reading ---- */

bool ist__wire_expects(const ist__wire_header *header, ist__wire_kind kind, uint64_t most) {
  return header->mark == IST_WIRE_MARK && header->kind == (uint32_t)kind && header->length <= most;
}

/* The next bytes, or NULL. */
static const uint8_t *take(ist__wire_in *in, size_t length) {
  if (in->bad || length > (size_t)(in->end - in->at)) {
    in->bad = true;
    return NULL;
  }
  const uint8_t *bytes = in->at;
  in->at += length;
  return bytes;
}

void ist__wire_get(ist__wire_in *in, void *bytes, size_t length) {
  const uint8_t *found = take(in, length);
  if (found)
    memcpy(bytes, found, length);
  else
    memset(bytes, 0, length);
}

uint32_t ist__wire_get_u32(ist__wire_in *in) {
  uint32_t number;
  ist__wire_get(in, &number, sizeof number);
  return number;
}

const char *ist__wire_get_span(ist__wire_in *in, size_t *length) {
  uint32_t size = ist__wire_get_u32(in);
  *length = size ? size - 1 : 0;
  return size ? (const char *)take(in, *length) : NULL;
}

char *ist__wire_get_text(ist__wire_in *in) {
  size_t length;
  const char *text = ist__wire_get_span(in, &length);
  if (!text) return NULL;
  if (memchr(text, '\0', length) || !ist__wire_is_utf8((const uint8_t *)text, length)) {
    in->bad = true;
    return NULL;
  }
  char *copy = ist__strndup(text, length);
  if (!copy) in->bad = in->failed = true;
  return copy;
}

static bool get_frames(ist__wire_in *in, ist_error *error) {
  uint32_t count = ist__wire_get_u32(in);
  if (count > MOST_FRAMES) in->bad = true;
  if (in->bad || !count) return !in->bad;
  /* They lie in one block with their texts: measured first, then copied. */
  ist_frame frames[MOST_FRAMES];
  size_t lengths[MOST_FRAMES][2], size = count * sizeof *frames;
  for (uint32_t i = 0; i < count; i++) {
    int32_t place[3];
    ist__wire_get(in, place, sizeof place);
    const char *function = ist__wire_get_span(in, &lengths[i][0]);
    const char *script = ist__wire_get_span(in, &lengths[i][1]);
    frames[i] = (ist_frame){function, script, place[0], place[1],
                            (uint32_t)place[2] & (IST_FRAME_EVAL | IST_FRAME_CONSTRUCTOR |
                                                  IST_FRAME_ASYNC | IST_FRAME_WASM)};
    if (in->bad || place[0] < 0 || place[1] < 0) {
      in->bad = true;
      return false;
    }
    for (int part = 0; part < 2; part++) {
      const char *text = part ? script : function;
      size_t length = lengths[i][part];
      if (text && (memchr(text, '\0', length) || !ist__wire_is_utf8((const uint8_t *)text, length)))
        in->bad = true;
      size += length + 1;
    }
  }
  if (in->bad) return false;
  char *block = ist__malloc(size);
  if (!block) {
    in->bad = in->failed = true;
    return false;
  }
  char *text = block + count * sizeof *frames;
  for (uint32_t i = 0; i < count; i++)
    for (int part = 0; part < 2; part++) {
      const char **place = part ? &frames[i].script : &frames[i].function;
      if (*place) memcpy(text, *place, lengths[i][part]);
      text[lengths[i][part]] = '\0';
      *place = text;
      text += lengths[i][part] + 1;
    }
  memcpy(block, frames, count * sizeof *frames);
  error->frames = (ist_frame *)(void *)block;
  error->frame_count = count;
  return true;
}

/* What ist_error_free frees piece by piece. */
static ist_error *get_one(ist__wire_in *in) {
  ist_error *error = ist__calloc(1, sizeof *error);
  if (!error) {
    in->bad = in->failed = true;
    return NULL;
  }
  int32_t numbers[5];
  ist__wire_get(in, numbers, sizeof numbers);
  error->size = sizeof *error;
  error->status = (ist_status)numbers[0];
  error->line = numbers[1];
  error->column = numbers[2];
  error->end_column = numbers[3];
  error->exit_code = numbers[4];
  if (numbers[0] <= IST_OK || numbers[0] > IST_ERR_DIED || numbers[1] < 0 || numbers[2] < 0 ||
      numbers[3] < 0)
    in->bad = true;
  error->name = ist__wire_get_text(in);
  error->message = ist__wire_get_text(in);
  error->stack = ist__wire_get_text(in);
  error->file = ist__wire_get_text(in);
  error->source_line = ist__wire_get_text(in);
  (void)get_frames(in, error);
  return error;
}

ist_error *ist__wire_get_error(ist__wire_in *in) {
  uint32_t count = ist__wire_get_u32(in);
  ist_error *first = NULL;
  if (count > MOST_ERRORS) in->bad = true;
  const ist_error **link = (const ist_error **)&first;
  for (uint32_t i = 0; i < count && !in->bad; i++) {
    ist_error *error = get_one(in);
    if (!error) break;
    *link = error;
    link = (const ist_error **)&error->cause;
  }
  if (!in->bad) return first;
  ist_error_free(first);
  return NULL;
}
