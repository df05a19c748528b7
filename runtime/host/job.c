/* Programs, jobs and their outcomes: plain memory, which no isolate knows of. What a job ends with
 * is set here alone, so that an outcome is always whole: a value or an error, and a status that
 * agrees with it, even when there is no memory left to say what happened. */
#include "pool.h"

#include <string.h>

/* ---- Programs ---- */

ist__program *ist__program_new(const ist_source *source, ist_format input, ist_format output) {
  static _Atomic uint64_t last_serial;
  size_t name = source->file ? strlen(source->file) + 1 : 0;
  if (source->length > SIZE_MAX / 2 - name) return NULL;
  ist__program *program = ist__malloc(sizeof *program + source->length + 1 + name);
  if (!program) return NULL;
  *program = (ist__program){.length = source->length,
                            .line_offset = source->line_offset,
                            .column_offset = source->column_offset,
                            .input = input,
                            .output = output};
  atomic_init(&program->references, 1);
  program->serial = atomic_fetch_add_explicit(&last_serial, 1, memory_order_relaxed) + 1;
  program->text = (char *)(program + 1);
  if (source->length) memcpy(program->text, source->text, source->length);
  program->text[source->length] = '\0';
  if (name) {
    program->file = program->text + source->length + 1;
    memcpy(program->file, source->file, name);
  }
  return program;
}

ist__program *ist__program_retain(ist__program *program) {
  atomic_fetch_add_explicit(&program->references, 1, memory_order_relaxed);
  return program;
}

void ist__program_release(ist__program *program) {
  if (!program || atomic_fetch_sub_explicit(&program->references, 1, memory_order_acq_rel) != 1)
    return;
  ist__code *code = atomic_load(&program->cache);
  if (code) ist_free(code->bytes);
  ist__free(code);
  ist__free(program);
}

ist_source ist__program_source(const ist__program *program) {
  ist_source source = {.size = sizeof source,
                       .text = program->text,
                       .length = program->length,
                       .file = program->file,
                       .line_offset = program->line_offset,
                       .column_offset = program->column_offset};
  const ist__code *code = atomic_load_explicit(&program->cache, memory_order_acquire);
  if (code) {
    source.cache = code->bytes;
    source.cache_length = code->length;
  }
  return source;
}

/* ---- Jobs ---- */

/* A larger input is a block of its own, so that an outcome that is kept does not hold it; and there
 * is always room for a value of a few words. */
enum { SMALL_INPUT = 1024, SMALL_VALUE = 64 };

ist__job *ist__job_new(ist__program *program, const void *input, size_t length, uint64_t index) {
  bool small = length <= SMALL_INPUT;
  size_t room = small && length + 1 > SMALL_VALUE ? length + 1 : SMALL_VALUE;
  if (length == SIZE_MAX) return NULL;
  ist__job *job = ist__malloc(sizeof *job + room);
  if (!job) return NULL;
  *job = (ist__job){.program = program, .length = length, .capacity = room};
  job->outcome.size = sizeof job->outcome;
  job->outcome.index = index;
  uint8_t *to = job->room;
  if (!small) to = job->input_owned = ist__malloc(length + 1);
  if (!to) {
    ist__free(job);
    return NULL;
  }
  if (length) memcpy(to, input, length);
  to[length] = '\0';
  job->input = to;
  return job;
}

void ist__job_forget_input(ist__job *job) {
  ist__free(job->input_owned);
  job->input_owned = NULL;
  job->input = NULL;
  job->length = 0;
}

void ist__job_free(ist__job *job) {
  if (!job) return;
  ist__job_forget_input(job);
  ist__free(job->value_owned);
  ist_error_free(job->error_owned);
  ist__free(job);
}

void ist_outcome_free(ist_outcome *outcome) {
  ist__job_free((ist__job *)outcome);
}

/* ---- How a job ends ---- */

static const ist_error no_memory = {.size = sizeof no_memory,
                                    .status = IST_ERR_MEMORY,
                                    .name = "Error",
                                    .message = "out of memory",
                                    .exit_code = 1};

static const ist_error cancelled = {.size = sizeof cancelled,
                                    .status = IST_ERR_TERMINATED,
                                    .name = "Error",
                                    .message = "execution was terminated",
                                    .exit_code = 1};

static void fail(ist__job *job, const ist_error *error) {
  ist__job_forget_input(job);
  job->outcome.status = error->status;
  job->outcome.error = error;
}

void ist__job_give(ist__job *job, const void *value, size_t length) {
  uint8_t *to = job->room;
  ist__job_forget_input(job);
  if (length >= job->capacity) {
    to = length == SIZE_MAX ? NULL : ist__malloc(length + 1);
    if (!to) {
      fail(job, &no_memory);
      return;
    }
    job->value_owned = to;
  }
  if (length) memmove(to, value, length);
  to[length] = '\0';
  job->outcome.value = to;
  job->outcome.length = length;
}

void ist__job_give_owned(ist__job *job, uint8_t *value, size_t length) {
  ist__job_forget_input(job);
  job->outcome.value = job->value_owned = value;
  job->outcome.length = length;
}

void ist__job_take_back(ist__job *job) {
  ist__free(job->value_owned);
  job->value_owned = NULL;
  job->outcome.value = NULL;
  job->outcome.length = 0;
}

void ist__job_fail(ist__job *job, ist_status status, ist_error *error) {
  fail(job, error ? error : &no_memory);
  job->error_owned = error;
  if (!error) return;
  error->status = job->outcome.status = status;
}

void ist__job_fail_with(ist__job *job, ist_status status, const char *name, const char *message) {
  ist__job_fail(job, status, ist_error_new(status, name, message));
}

void ist__job_cancelled(ist__job *job) {
  fail(job, &cancelled);
}

/* ---- Errors without handles ---- */

void ist__error_detach(ist_isolate *isolate, ist_error *error) {
  for (; error; error = (ist_error *)error->cause) {
    (void)ist_value_free(isolate, error->value);
    error->value = ist_undefined();
    error->host = NULL;
  }
}

static bool copy_text(const char **to, const char *from) {
  *to = from ? ist__strdup(from) : NULL;
  return *to || !from;
}

static size_t text_size(const char *text) {
  return text ? strlen(text) + 1 : 1;
}

static const char *put_text(char **to, const char *text) {
  char *start = *to;
  size_t size = text_size(text);
  memcpy(start, text ? text : "", size);
  *to = start + size;
  return start;
}

/* The frames and their texts in one block, as ist_error_free takes them. */
static bool copy_frames(ist_error *to, const ist_error *from) {
  if (!from->frame_count) return true;
  size_t size = from->frame_count * sizeof(ist_frame);
  for (size_t i = 0; i < from->frame_count; i++)
    size += text_size(from->frames[i].function) + text_size(from->frames[i].script);
  ist_frame *frames = ist__malloc(size);
  if (!frames) return false;
  char *text = (char *)(frames + from->frame_count);
  for (size_t i = 0; i < from->frame_count; i++) {
    frames[i] = from->frames[i];
    frames[i].function = put_text(&text, from->frames[i].function);
    frames[i].script = put_text(&text, from->frames[i].script);
  }
  to->frames = frames;
  to->frame_count = from->frame_count;
  return true;
}

static ist_error *copy_one(const ist_error *from) {
  ist_error *to = ist__calloc(1, sizeof *to);
  if (!to) return NULL;
  to->size = sizeof *to;
  to->status = from->status;
  to->line = from->line;
  to->column = from->column;
  to->end_column = from->end_column;
  to->exit_code = from->exit_code;
  to->value = ist_undefined();
  if (copy_text(&to->name, from->name) && copy_text(&to->message, from->message) &&
      copy_text(&to->stack, from->stack) && copy_text(&to->file, from->file) &&
      copy_text(&to->source_line, from->source_line) && copy_frames(to, from))
    return to;
  ist_error_free(to);
  return NULL;
}

ist_error *ist__error_copy(const ist_error *error) {
  ist_error *first = NULL;
  const ist_error **link = (const ist_error **)&first;
  for (; error; error = error->cause) {
    ist_error *copy = copy_one(error);
    if (!copy) {
      ist_error_free(first);
      return NULL;
    }
    *link = copy;
    link = &copy->cause;
  }
  return first;
}
