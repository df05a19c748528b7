/* Errors on their way from JavaScript to C: what was thrown becomes an ist_error with its place,
 * stack, frames and causes. Reading an error never runs user code beyond what V8 itself runs to
 * format a stack. An error is complete or, when memory is out, not there at all. */
#include "internal.h"

namespace {

/* Frames beyond V8's own limit come only from a stack that a program has made longer. */
enum { MOST_FRAMES = 64, CAPTURED_FRAMES = 10 };

/* How runtime/js is named in stacks. */
const char own_files[] = "isthmus:js/";

/* A copy, or NULL for NULL; `failed` is set when memory is out. */
char *copy_text(const char *text, bool *failed) {
  if (!text) return nullptr;
  char *copy = ist__strdup(text);
  if (!copy) *failed = true;
  return copy;
}

ist_error *drop_if(bool failed, ist_error *error) {
  if (!failed) return error;
  ist_error_free(error);
  return nullptr;
}

void free_one(ist_error *error) {
  if (error->value.type >= IST_STRING) {
    ist_isolate *isolate = ist__isolate_by_id(error->value.isolate);
    if (isolate) ist_value_free(isolate, error->value);
  }
  ist__free(const_cast<char *>(error->name));
  ist__free(const_cast<char *>(error->message));
  ist__free(const_cast<char *>(error->stack));
  ist__free(const_cast<char *>(error->file));
  ist__free(const_cast<char *>(error->source_line));
  ist__free(const_cast<ist_frame *>(error->frames));
  ist__free(error);
}

/* Reads the errors of one chain. */
struct reader {
  ist_context *owner;
  v8::Isolate *isolate;
  v8::Local<v8::Context> context;
  bool failed; /* memory is out */

  const char *copy(v8::Local<v8::Value> value) {
    if (value.IsEmpty() || !value->IsString()) return nullptr;
    const char *text = ist__string_copy(isolate, value.As<v8::String>(), nullptr);
    if (!text) failed = true;
    return text;
  }

  v8::Local<v8::Value> peek(v8::Local<v8::Object> object, v8::Local<v8::String> name) {
    v8::Local<v8::Value> value;
    if (ist__peek(context, object, name).ToLocal(&value)) return value;
    return v8::Local<v8::Value>();
  }

  int32_t int_at(v8::Local<v8::Array> array, uint32_t index) {
    v8::Local<v8::Value> value;
    if (!array->Get(context, index).ToLocal(&value) || !value->IsInt32()) return 0;
    return value.As<v8::Int32>()->Value();
  }

  /* V8 does not see that an object has the usual toString where that is an accessor of a frozen
   * context's, and would call the object by its class otherwise. */
  const char *class_of(v8::Local<v8::Object> object, char *text) {
    v8::Local<v8::Value> own = peek(object, ist__text(isolate, "toString"));
    v8::Local<v8::Value> usual = peek(v8::Object::New(isolate), ist__text(isolate, "toString"));
    if (own.IsEmpty() || usual.IsEmpty() || !own->StrictEquals(usual)) return text;
    v8::Local<v8::String> name = object->GetConstructorName();
    size_t length = ist__compat::utf8_length(isolate, name);
    char *made = static_cast<char *>(ist__malloc(length + sizeof "#<>"));
    if (!made) {
      failed = true;
      return text;
    }
    memcpy(made, "#<", 2);
    length = ist__compat::write_utf8(isolate, name, made + 2, length);
    memcpy(made + 2 + length, ">", 2);
    ist__free(text);
    return made;
  }

  /* V8's text for a thrown value, without its "Uncaught ". */
  const char *message_of(v8::Local<v8::Value> exception, v8::Local<v8::Message> message) {
    static const char prefix[] = "Uncaught ";
    if (message.IsEmpty()) message = v8::Exception::CreateMessage(isolate, exception);
    char *text = ist__string_copy(isolate, message->Get(), nullptr);
    if (!text) failed = true;
    if (text && !strncmp(text, prefix, sizeof prefix - 1))
      memmove(text, text + sizeof prefix - 1, strlen(text + sizeof prefix - 1) + 1);
    static const char tag[] = "[object ";
    if (text && !strncmp(text, tag, sizeof tag - 1) && ist__context_frozen(owner) &&
        exception->IsObject() && !exception->IsNativeError())
      return class_of(exception.As<v8::Object>(), text);
    return text;
  }

  ist_error *begin(ist_status status, v8::Local<v8::Value> exception);
  void read_short(ist_error *error, v8::Local<v8::Object> object);
  ist_error *read(ist_status status, v8::Local<v8::Value> exception,
                  v8::Local<v8::Message> message);
  void read_frames(ist_error *error, v8::Local<v8::StackTrace> trace);
};

/* The same with the context entered, whatever it throws caught, and handles of its own. */
struct reading {
  v8::HandleScope scope;
  v8::Local<v8::Context> context;
  v8::Context::Scope entered;
  v8::TryCatch catcher;
  reader from;

  explicit reading(ist_context *owner)
      : scope(owner->isolate->v8), context(owner->context.Get(owner->isolate->v8)),
        entered(context),
        catcher(owner->isolate->v8), from{owner, owner->isolate->v8, context, false} {}
};

bool is_text(v8::Isolate *isolate, v8::Local<v8::String> string, const char *text) {
  char start[16] = "";
  if (!string.IsEmpty() && string->Length() < 15)
    ist__compat::write_utf8(isolate, string, start, sizeof start - 1);
  return !strcmp(start, text);
}

/* A frame before its texts are copied: V8's strings, or a piece of a stack's text. */
struct found_frame {
  v8::Local<v8::String> function, script;
  const char *function_text, *script_text;
  size_t function_length, script_length;
  int32_t line, column;
  uint32_t flags;
};

/* Takes a number from the end of a text, with the colon before it. */
bool take_number(const char *text, size_t *length, int32_t *number) {
  size_t at = *length;
  int32_t value = 0, digit = 1;
  while (at && text[at - 1] >= '0' && text[at - 1] <= '9' && *length - at < 9) {
    value += (text[--at] - '0') * digit;
    digit *= 10;
  }
  if (at == *length || !at || text[at - 1] != ':') return false;
  *length = at - 1;
  *number = value;
  return true;
}

/* V8 tells awaiting callers in the text of a stack alone: "    at async name (file:1:2)". */
size_t async_frames(const char *stack, found_frame *frames, size_t room) {
  static const char mark[] = "\n    at async ";
  size_t count = 0;
  for (const char *at = strstr(stack, mark); at && count < room; at = strstr(at, mark)) {
    at += sizeof mark - 1;
    size_t length = strcspn(at, "\n");
    found_frame *frame = &frames[count];
    *frame = {};
    frame->flags = IST_FRAME_ASYNC;
    frame->function_text = frame->script_text = at;
    const char *open = static_cast<const char *>(memmem(at, length, " (", 2));
    if (open && at[length - 1] == ')') {
      frame->function_length = static_cast<size_t>(open - at);
      frame->script_text = open + 2;
      length -= frame->function_length + 3;
    }
    if (take_number(frame->script_text, &length, &frame->column) &&
        take_number(frame->script_text, &length, &frame->line))
      frame->script_length = length;
    if (frame->script_length >= sizeof own_files - 1 &&
        !memcmp(frame->script_text, own_files, sizeof own_files - 1))
      continue;
    count++;
  }
  return count;
}

size_t text_size(v8::Isolate *isolate, v8::Local<v8::String> string, size_t otherwise) {
  return (string.IsEmpty() ? otherwise : ist__compat::utf8_length(isolate, string)) + 1;
}

const char *put_text(v8::Isolate *isolate, v8::Local<v8::String> string, const char *otherwise,
                     size_t length, char **to) {
  char *start = *to;
  size_t size = text_size(isolate, string, length) - 1;
  if (!string.IsEmpty())
    size = ist__compat::write_utf8(isolate, string, start, size);
  else if (size)
    memcpy(start, otherwise, size);
  start[size] = '\0';
  *to = start + size + 1;
  return start;
}

/* Where the frames begin in a stack's text. */
const char *below_header(const ist_error *error) {
  const char *at = error->stack;
  size_t length = strlen(error->name);
  if (!strncmp(at, error->name, length)) at += length;
  if (*error->message && !strncmp(at, ": ", 2) &&
      !strncmp(at + 2, error->message, strlen(error->message)))
    at += 2 + strlen(error->message);
  return at;
}

/* All texts lie behind the frames, in one block. */
void reader::read_frames(ist_error *error, v8::Local<v8::StackTrace> trace) {
  found_frame found[MOST_FRAMES];
  size_t count = 0, size = 0;
  int captured = trace.IsEmpty() ? 0 : trace->GetFrameCount();
  for (int i = 0; i < captured && count < MOST_FRAMES; i++) {
    v8::Local<v8::StackFrame> from = trace->GetFrame(isolate, static_cast<uint32_t>(i));
    found_frame *to = &found[count];
    *to = {};
    to->function = from->GetFunctionName();
    to->script = from->GetScriptNameOrSourceURL();
    if (!to->script.IsEmpty()) {
      char start[sizeof own_files] = "";
      ist__compat::write_utf8(isolate, to->script, start, sizeof start - 1);
      if (!strcmp(start, own_files)) continue;
    }
    to->line = from->GetLineNumber();
    to->column = from->GetColumn();
    if (from->IsEval()) to->flags |= IST_FRAME_EVAL;
    /* V8 calls the nameless functions of evaluated texts so. */
    if (owner->compartment && from->IsEval() && !to->script.IsEmpty() && to->script->Length()) {
      to->flags &= ~IST_FRAME_EVAL;
      if (is_text(isolate, to->function, "eval")) to->function = v8::Local<v8::String>();
    }
    if (from->IsConstructor()) to->flags |= IST_FRAME_CONSTRUCTOR;
    if (from->IsWasm()) to->flags |= IST_FRAME_WASM;
    count++;
  }
  if (error->stack && error->name && error->message)
    count += async_frames(below_header(error), found + count, MOST_FRAMES - count);
  if (!count) return;
  for (size_t i = 0; i < count; i++)
    size += text_size(isolate, found[i].function, found[i].function_length) +
            text_size(isolate, found[i].script, found[i].script_length);
  char *block = static_cast<char *>(ist__malloc(count * sizeof(ist_frame) + size));
  if (!block) {
    failed = true;
    return;
  }
  ist_frame *frames = reinterpret_cast<ist_frame *>(block);
  char *text = block + count * sizeof(ist_frame);
  for (size_t i = 0; i < count; i++) {
    const found_frame &from = found[i];
    const char *function =
        put_text(isolate, from.function, from.function_text, from.function_length, &text);
    const char *script =
        put_text(isolate, from.script, from.script_text, from.script_length, &text);
    frames[i] = {function, script, from.line, from.column, from.flags};
  }
  error->frames = frames;
  error->frame_count = count;
}

/* An error that holds what was thrown. */
ist_error *reader::begin(ist_status status, v8::Local<v8::Value> exception) {
  ist_error *error = static_cast<ist_error *>(ist__calloc(1, sizeof *error));
  if (!error) {
    failed = true;
    return nullptr;
  }
  error->size = sizeof *error;
  error->status = status;
  error->exit_code = 1;
  if (!ist__value_from(owner->isolate, exception, &error->value, true)) {
    error->value = ist_undefined();
    failed = true;
  }
  return error;
}

/* What a brief error has of an Error. */
void reader::read_short(ist_error *error, v8::Local<v8::Object> object) {
  error->name = copy(peek(object, ist__word_of(isolate, IST_WORD_NAME)));
  error->message = copy(peek(object, ist__word_of(isolate, IST_WORD_MESSAGE)));
  error->host = ist__error_host(context, object);
  if (!error->name) error->name = copy_text("Error", &failed);
}

ist_error *reader::read(ist_status status, v8::Local<v8::Value> exception,
                        v8::Local<v8::Message> message) {
  ist_error *error = begin(status, exception);
  if (failed) return error;
  v8::Local<v8::Array> where;
  bool placed = ist__error_where(context, exception, message).ToLocal(&where);
  v8::Local<v8::StackTrace> trace;
  if (exception->IsNativeError()) {
    v8::Local<v8::Object> object = exception.As<v8::Object>();
    read_short(error, object);
    error->stack = copy(peek(object, ist__word_of(isolate, IST_WORD_STACK)));
    trace = v8::Exception::GetStackTrace(exception);
  } else if (!message.IsEmpty()) {
    trace = message->GetStackTrace();
  }
  if (!error->message) error->message = message_of(exception, message);
  if (placed) {
    v8::Local<v8::Value> part;
    if (where->Get(context, 0).ToLocal(&part)) error->file = copy(part);
    if (where->Get(context, 4).ToLocal(&part)) error->source_line = copy(part);
    error->line = int_at(where, 1);
    error->column = int_at(where, 2);
    error->end_column = int_at(where, 3);
  }
  read_frames(error, trace);
  /* Code from strings has no file; then the place is where that was run from. */
  for (size_t i = 0; !error->file && i < error->frame_count; i++) {
    const ist_frame *frame = &error->frames[i];
    if (!*frame->script || frame->line <= 0) continue;
    error->file = copy_text(frame->script, &failed);
    error->line = frame->line;
    error->column = frame->column;
    break;
  }
  return error;
}

} // namespace

ist_error *ist_error_new(ist_status status, const char *name, const char *message) {
  ist_error *error = static_cast<ist_error *>(ist__calloc(1, sizeof *error));
  if (!error) return nullptr;
  bool failed = false;
  error->size = sizeof *error;
  error->status = status;
  error->exit_code = 1;
  error->name = copy_text(name ? name : "Error", &failed);
  error->message = copy_text(message ? message : ist_status_text(status), &failed);
  return drop_if(failed, error);
}

ist_error *ist__error_new_at(ist_status status, const char *name, const char *message,
                             const char *file, int line, int column, int end_column,
                             const char *source_line) {
  ist_error *error = ist_error_new(status, name, message);
  if (!error) return nullptr;
  bool failed = false;
  error->file = copy_text(file, &failed);
  error->line = line;
  error->column = column;
  error->end_column = end_column;
  error->source_line = copy_text(source_line, &failed);
  return drop_if(failed, error);
}

void ist_error_free(ist_error *error) {
  while (error) {
    ist_error *cause = const_cast<ist_error *>(error->cause);
    free_one(error);
    error = cause;
  }
}

/* V8 shares what it captures for the text of a stack when the limit is no greater than that of the
 * text, Error.stackTraceLimit, which is ten at first. */
void ist__error_hooks(v8::Isolate *isolate) {
  isolate->SetCaptureStackTraceForUncaughtExceptions(true, CAPTURED_FRAMES,
                                                     v8::StackTrace::kDetailed);
}

ist_status ist__fail(ist_error **error, ist_status status, const char *message) {
  if (!error) return status;
  *error = nullptr;
  if (!message && (status == IST_ERR_MEMORY || status == IST_ERR_TIMEOUT))
    *error = ist__limits_error(status);
  if (!*error) *error = ist_error_new(status, nullptr, message);
  return status;
}

ist_error *ist__error_of(ist_context *context, ist_status status, v8::Local<v8::Value> exception,
                         v8::Local<v8::Message> message) {
  reading here(context);
  reader &from = here.from;
  ist_error *first = from.read(status, exception, message);
  /* Each error once: causes may go in a circle. */
  v8::Local<v8::Value> seen[IST__MOST_CAUSES + 1] = {exception};
  ist_error *last = first;
  for (int depth = 1; depth <= IST__MOST_CAUSES && !from.failed; depth++) {
    if (!seen[depth - 1]->IsNativeError()) break;
    v8::Local<v8::Value> cause =
        from.peek(seen[depth - 1].As<v8::Object>(), ist__text(from.isolate, "cause"));
    if (cause.IsEmpty() || !cause->IsNativeError()) break;
    bool again = false;
    for (int i = 0; i < depth; i++) again |= seen[i]->StrictEquals(cause);
    if (again) break;
    seen[depth] = cause;
    ist_error *next = from.read(IST_ERR_EXCEPTION, cause, v8::Local<v8::Message>());
    last->cause = next;
    last = next;
  }
  return drop_if(from.failed, first);
}

namespace {

/* The same for an Error, with the rest left out; the message may be one that V8 would have to make.
 */
ist_error *brief_error(ist_context *context, ist_status status, v8::Local<v8::Object> exception) {
  reading here(context);
  reader &from = here.from;
  ist_error *error = from.begin(status, exception);
  if (!from.failed) from.read_short(error, exception);
  if (error && !error->message && !from.failed)
    error->message = from.message_of(exception, v8::Local<v8::Message>());
  if (error) error->brief = true;
  return drop_if(from.failed, error);
}

} // namespace

ist_status ist_error_complete(ist_context *context, ist_error *error) {
  if (!error) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  if (!error->brief) return IST_OK;
  ist__entry entry(context);
  v8::Local<v8::Value> thrown;
  if (!ist__value_to(context->isolate, error->value, &thrown)) return IST_ERR_HANDLE;
  ist_error *full = ist__error_of(context, error->status, thrown, v8::Local<v8::Message>());
  if (!full) return IST_ERR_MEMORY;
  error->stack = full->stack;
  error->file = full->file;
  error->source_line = full->source_line;
  error->line = full->line;
  error->column = full->column;
  error->end_column = full->end_column;
  error->frames = full->frames;
  error->frame_count = full->frame_count;
  error->cause = full->cause;
  error->brief = false;
  full->stack = full->file = full->source_line = nullptr;
  full->frames = nullptr;
  full->cause = nullptr;
  ist_error_free(full);
  return IST_OK;
}

ist_status ist__caught(ist_context *context, v8::TryCatch *catcher, ist_status usual,
                       ist_error **error) {
  ist_isolate *isolate = context->isolate;
  bool ending = isolate->terminating.load(std::memory_order_relaxed);
  if (catcher->HasTerminated() || !catcher->CanContinue() ||
      (ending && ist__limits_reached(isolate, IST_OK))) {
    ist_status status = ist__limits_reached(isolate, IST_ERR_TERMINATED);
    catcher->Reset();
    /* What has called this one from JavaScript ends as well, if a limit says so. */
    if (isolate->entries <= 1) isolate->run_ended = true;
    if (isolate->entries <= 1 || status != IST_ERR_TERMINATED)
      ist__isolate_forget_termination(isolate);
    return ist__fail(error, status);
  }
  if (!catcher->HasCaught()) return ist__fail(error, usual);
  v8::Local<v8::Value> thrown = catcher->Exception();
  if (error)
    *error = isolate->brief_errors && usual == IST_ERR_EXCEPTION && thrown->IsNativeError()
                 ? brief_error(context, usual, thrown.As<v8::Object>())
                 : ist__error_of(context, usual, thrown, catcher->Message());
  catcher->Reset();
  return usual;
}
