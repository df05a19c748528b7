/* Compartments: programs that share one context and find nothing of each other. A program is given
 * to the `eval` that the context began with, called from here and thus indirectly: its `let`,
 * `const` and classes are its own, and V8 keeps the compiled code of texts that it has seen. What a
 * program has given to the global object of a frozen context is deleted by the sweep, which runs no
 * JavaScript of anybody's. */
#include "code_cache.h"
#include "compartment.h"
#include "value.h"

#include <stdlib.h>

namespace {

/* A program with more globals than this is not cleaned up after: another context costs less. */
enum { MOST_GLOBALS = 4096 };

/* Texts longer than this are not remembered. */
enum { LONGEST_KNOWN = 1 << 20 };

const char url_mark[] = "\n//# sourceURL=";

/* Whether V8 ends the name of a text at this character, which is as white space is there. Gives the
 * length of the character. */
size_t space_at(const unsigned char *at) {
  static const char *const wide[] = {"\u00a0", "\u1680", "\u2000", "\u2001", "\u2002",
                                     "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
                                     "\u2008", "\u2009", "\u200a", "\u2028", "\u2029",
                                     "\u202f", "\u205f", "\u3000", "\ufeff"};
  if (*at <= ' ' || *at == 0x7f) return 1;
  if (*at < 0xc2) return 0;
  for (const char *space : wide)
    if (!strncmp(reinterpret_cast<const char *>(at), space, strlen(space))) return strlen(space);
  return 0;
}

/* How long a file's name is once such characters are written as in URLs. */
size_t url_length(const char *file) {
  size_t length = 0;
  for (const unsigned char *at = reinterpret_cast<const unsigned char *>(file); *at;) {
    size_t space = space_at(at);
    length += space ? space * 3 : 1;
    at += space ? space : 1;
  }
  return length;
}

char *put_url(const char *file, char *to) {
  static const char digits[] = "0123456789ABCDEF";
  for (const unsigned char *at = reinterpret_cast<const unsigned char *>(file); *at;) {
    size_t space = space_at(at);
    if (!space) *to++ = static_cast<char>(*at++);
    for (; space; space--, at++) {
      *to++ = '%';
      *to++ = digits[*at >> 4];
      *to++ = digits[*at & 15];
    }
  }
  return to;
}

/* Forgets the text that was evaluated last, and the memory that it took. */
void forget(ist__compartment *compartment) {
  ist__free(compartment->bytes);
  ist__free(compartment->file);
  compartment->bytes = nullptr;
  compartment->file = nullptr;
  compartment->length = compartment->capacity = 0;
  compartment->known.Reset();
}

bool is_known(const ist__compartment *compartment, const ist_source *source) {
  return !compartment->known.IsEmpty() && compartment->text_length == source->length &&
         compartment->line_offset == source->line_offset &&
         compartment->column_offset == source->column_offset &&
         !strcmp(compartment->file, source->file) &&
         (!source->length ||
          !memcmp(compartment->bytes + compartment->text, source->text, source->length));
}

/* The text as V8's eval takes it: where it begins in its file is said by what stands before it, and
 * the file by a comment behind it. */
ist_status text_of(ist_isolate *isolate, ist__compartment *compartment, const ist_source *source,
                   v8::Local<v8::String> *result) {
  if (is_known(compartment, source)) {
    *result = compartment->known.Get(isolate->v8);
    return IST_OK;
  }
  compartment->known.Reset();
  size_t lines = static_cast<size_t>(source->line_offset);
  size_t columns = static_cast<size_t>(source->column_offset);
  size_t around = lines + columns + sizeof url_mark - 1 + url_length(source->file);
  /* UTF-8 may shrink to a third. */
  if (around > static_cast<size_t>(v8::String::kMaxLength) ||
      source->length > static_cast<size_t>(v8::String::kMaxLength) * 3)
    return IST_ERR_LIMIT;
  size_t length = around + source->length;
  if (length > compartment->capacity) {
    size_t wanted = length + length / 4;
    char *grown = static_cast<char *>(ist__realloc(compartment->bytes, wanted));
    if (!grown) return IST_ERR_MEMORY;
    compartment->bytes = grown;
    compartment->capacity = wanted;
  }
  if (!compartment->file || strcmp(compartment->file, source->file)) {
    char *file = ist__strdup(source->file);
    if (!file) return IST_ERR_MEMORY;
    ist__free(compartment->file);
    compartment->file = file;
  }
  char *at = compartment->bytes;
  memset(at, '\n', lines);
  memset(at + lines, ' ', columns);
  at += lines + columns;
  if (source->length) memcpy(at, source->text, source->length);
  /* Only the very first line of a text may begin with a path of an interpreter. */
  if (source->length > 1 && at[0] == '#' && at[1] == '!') at[0] = at[1] = '/';
  at += source->length;
  memcpy(at, url_mark, sizeof url_mark - 1);
  at = put_url(source->file, at + sizeof url_mark - 1);
  compartment->length = static_cast<size_t>(at - compartment->bytes);
  compartment->text = lines + columns;
  compartment->text_length = source->length;
  compartment->line_offset = source->line_offset;
  compartment->column_offset = source->column_offset;
  v8::Local<v8::String> made;
  bool ok = ist__string(isolate->v8, compartment->bytes, compartment->length).ToLocal(&made);
  if (ok && compartment->length <= LONGEST_KNOWN)
    compartment->known.Reset(isolate->v8, made);
  else
    forget(compartment);
  *result = made;
  return ok ? IST_OK : IST_ERR_LIMIT;
}

/* Whether a text does not parse at all, which V8's eval tells in the same way as an error that the
 * program has thrown; its place is then that in the text as it was given. */
bool refused(ist_context *context, ist__entry *entry, const ist_source *source, ist_status *status,
             ist_error **error) {
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Value> exception = entry->catcher.Exception();
  if (entry->catcher.HasTerminated() || exception.IsEmpty() || !exception->IsNativeError())
    return false;
  v8::String::Utf8Value kind(isolate, exception.As<v8::Object>()->GetConstructorName());
  if (!*kind || strcmp(*kind, "SyntaxError")) return false;
  v8::TryCatch catcher(isolate);
  v8::Local<v8::String> text, name;
  if (!ist__source_strings(isolate, source, nullptr, &text, &name)) return false;
  v8::ScriptOrigin origin =
      ist__compat::origin(isolate, name, false, source->line_offset, source->column_offset);
  v8::ScriptCompiler::Source input(text, origin);
  if (!v8::ScriptCompiler::CompileUnboundScript(isolate, &input).IsEmpty()) return false;
  if (catcher.HasTerminated() || catcher.Exception().IsEmpty()) return false;
  ist__error_place_by(entry->context, catcher.Exception(), catcher.Message());
  entry->catcher.Reset();
  *status = ist__caught(context, &catcher, IST_ERR_SYNTAX, error);
  return true;
}

/* In contexts where eval and Function are refused, the one text that C asks for is not. */
v8::ModifyCodeGenerationFromStringsResult may_evaluate(v8::Local<v8::Context> context,
                                                       v8::Local<v8::Value> source, bool) {
  ist_context *owner = ist__context_of(context);
  bool allowed = ist__context_alive(owner) && owner->compartment && owner->compartment->asked &&
                 source->StrictEquals(*owner->compartment->asked);
  if (allowed) owner->compartment->asked = nullptr;
  return {allowed, v8::MaybeLocal<v8::String>()};
}

} // namespace

void ist__compartment_hooks(v8::Isolate *isolate) {
  isolate->SetModifyCodeGenerationFromStringsCallback(may_evaluate);
}

bool ist__compartment_frame(char *frame) {
  static const char word[] = "eval";
  const size_t length = sizeof word - 1;
  if (!strcmp(frame, "eval (<anonymous>)")) return false;
  /* What V8 names so is the text itself, or a function without a name. */
  char *at = frame;
  for (const char *before : {"async ", "new "})
    if (!strncmp(at, before, strlen(before))) at += strlen(before);
  char *open = strstr(at, " (");
  if (!open || !strncmp(open, " (eval at ", 10) || open[strlen(open) - 1] != ')') return true;
  if (open == at + length && !strncmp(at, word, length)) {
    if (at > frame && at[-2] == 'w') return true;
    size_t rest = strlen(open + 2) - 1;
    memmove(at, open + 2, rest);
    at[rest] = '\0';
  }
  return true;
}

std::unique_ptr<v8::MicrotaskQueue> ist__compartment_queue(ist_isolate *isolate) {
  return v8::MicrotaskQueue::New(isolate->v8, isolate->microtasks == IST_MICROTASKS_AUTO
                                                  ? v8::MicrotasksPolicy::kAuto
                                                  : v8::MicrotasksPolicy::kExplicit);
}

void ist__compartment_free(ist__compartment *compartment) {
  if (!compartment) return;
  forget(compartment);
  delete compartment;
}

void ist__compartment_end(ist_context *context) {
  ist__compartment *compartment = context->compartment;
  context->compartment = nullptr;
  if (!compartment) return;
  if (compartment->queue) {
    context->isolate->frozen_contexts--;
    /* Nobody runs its microtasks any more, but V8 looks at the queue until it has collected the
     * context. What cannot be dropped while JavaScript is on the stack is dropped later. */
    ist_isolate *isolate = context->isolate;
    if (isolate->entries) {
      context->remains->undropped = true;
      isolate->undropped++;
    } else {
      ist__jobs_drop(isolate, compartment->queue.get());
    }
    context->remains->queue = std::move(compartment->queue);
  }
  ist__compartment_free(compartment);
}

bool ist__context_frozen(const ist_context *context) {
  return context->compartment && context->compartment->frozen;
}

void ist__compartments_run(ist_isolate *isolate) {
  if (!isolate->frozen_contexts && !isolate->undropped) return;
  for (ist__remains *remains = isolate->remains; remains && isolate->undropped;) {
    if (!remains->undropped) {
      remains = remains->next;
      continue;
    }
    v8::HandleScope scope(isolate->v8);
    v8::Local<v8::Context> kept = remains->context.Get(isolate->v8);
    remains->undropped = false;
    isolate->undropped--;
    if (!kept.IsEmpty()) ist__jobs_drop(isolate, remains->queue.get());
    remains = isolate->remains;
  }
  /* What is freed meanwhile stays in the list while it is held. */
  ist_context *context = isolate->contexts;
  if (context) context->busy++;
  while (context) {
    if (ist__context_alive(context) && ist__context_frozen(context))
      context->compartment->queue->PerformCheckpoint(isolate->v8);
    ist_context *next = context->next;
    if (next) next->busy++;
    if (!--context->busy && !ist__context_alive(context)) ist__context_end(context);
    context = next;
  }
}

ist_status ist_compartment_eval(ist_context *context, const ist_source *given, ist_value *result,
                                ist_error **error) {
  if (error) *error = nullptr;
  ist_source source;
  ist_status status = ist__source_read(given, &source);
  if (!status && source.cache) status = IST_ERR_ARGUMENT;
  if (status) return ist__fail(error, status);
  if (!source.file || !*source.file) source.file = "<script>";
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist_isolate *isolate = context->isolate;
  ist__entry entry(context);
  if (!context->compartment) context->compartment = new (std::nothrow) ist__compartment();
  ist__compartment *compartment = context->compartment;
  if (!compartment) return ist__fail(error, IST_ERR_MEMORY);
  v8::Local<v8::Function> eval;
  if (!ist__intrinsic_of(entry.context, IST_EVAL).ToLocal(&eval))
    return ist__fail(error, IST_ERR_STATE, "the context has no eval");
  v8::Local<v8::String> text;
  status = text_of(isolate, compartment, &source, &text);
  if (status) return ist__fail(error, status);
  v8::Local<v8::Value> args[] = {text}, value;
  compartment->asked = &text;
  bool ran = eval->Call(entry.context, v8::Undefined(isolate->v8), 1, args).ToLocal(&value);
  compartment->asked = nullptr;
  if (ran) entry.jobs.run();
  if (isolate->heap_limited) ist__heap_look(isolate);
  if (!ran && refused(context, &entry, &source, &status, error)) {
    /* It is told. */
  } else if (!ran || ist__ended(isolate, entry.catcher)) {
    status = ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
  } else if (result && !ist__value_from(isolate, value, result)) {
    status = ist__fail(error, IST_ERR_MEMORY);
  }
  ist__code_ran(isolate);
  return status;
}

/* ---- Sweeping ---- */

namespace {

/* Deletes the properties of the global object that it did not begin with. Those that it began with
 * cannot be deleted, so that they are there in the order of their making, and as many keys as they
 * are the same ones. The others come last, most of the time. */
bool delete_all_globals(v8::Local<v8::Context> context, const ist__compartment *compartment) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::Local<v8::Object> global = context->Global();
  v8::Local<v8::Array> keys;
  if (!global->GetOwnPropertyNames(context, v8::ALL_PROPERTIES, v8::KeyConversionMode::kKeepNumbers)
           .ToLocal(&keys))
    return false;
  uint32_t count = keys->Length(), left = compartment->base_count;
  if (count < left || count - left > MOST_GLOBALS) return false;
  v8::Local<v8::Array> base = compartment->base.Get(isolate);
  v8::Local<v8::Value> key, expected;
  while (count > left) {
    if (!keys->Get(context, --count).ToLocal(&key)) return false;
    if (left && !base->Get(context, left - 1).ToLocal(&expected)) return false;
    if (left && key->StrictEquals(expected))
      left--;
    else if (!global->Delete(context, key).FromMaybe(false))
      return false;
  }
  return true;
}

/* The same when all that programs have added can be deleted, which nothing is that the global
 * object began with. */
bool delete_globals(v8::Local<v8::Context> context) {
  v8::Local<v8::Object> global = context->Global();
  v8::Local<v8::Array> keys;
  v8::Local<v8::Value> key;
  if (!global
           ->GetOwnPropertyNames(context, v8::ONLY_CONFIGURABLE,
                                 v8::KeyConversionMode::kKeepNumbers)
           .ToLocal(&keys) ||
      keys->Length() > MOST_GLOBALS)
    return false;
  for (uint32_t i = 0; i < keys->Length(); i++)
    if (!keys->Get(context, i).ToLocal(&key) || !global->Delete(context, key).FromMaybe(false))
      return false;
  return true;
}

bool sweep(ist__entry *entry, ist__compartment *compartment, bool all) {
  v8::Isolate *isolate = entry->context->GetIsolate();
  v8::Local<v8::Context> context = entry->context;
  /* A match of nothing in nothing: all that RegExp tells of the last one is "". */
  if (compartment->nothing.Get(isolate)->Exec(context, v8::String::Empty(isolate)).IsEmpty())
    return false;
  v8::Local<v8::Value> inner = ist__compat::inner_global(context);
  v8::Local<v8::Value> prototype = compartment->prototype.Get(isolate);
  if (!inner->IsObject()) return false;
  if (!inner.As<v8::Object>()->GetPrototype()->StrictEquals(prototype) &&
      !inner.As<v8::Object>()->SetPrototype(context, prototype).FromMaybe(false))
    return false;
  v8::Local<v8::Function> extensible;
  v8::Local<v8::Value> args[] = {context->Global()}, open;
  return ist__intrinsic_of(context, IST_IS_EXTENSIBLE).ToLocal(&extensible) &&
         extensible->Call(context, v8::Undefined(isolate), 1, args).ToLocal(&open) &&
         open->IsTrue() &&
         (all ? delete_all_globals(context, compartment) : delete_globals(context));
}

} // namespace

ist_status ist_compartment_sweep(ist_context *context) {
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist_isolate *isolate = context->isolate;
  ist__compartment *compartment = context->compartment;
  if (!ist__context_frozen(context) || isolate->entries ||
      compartment->queue->IsRunningMicrotasks())
    return IST_ERR_STATE;
  ist__jobs_drop(isolate, compartment->queue.get());
  ist__entry entry(context);
  if (isolate->rejections) ist__isolate_drop_rejections(context);
  /* Another context's functions, if somebody has given them to a program, are not watched. */
  enum { SELDOM = 64 };
  bool all = compartment->defined || compartment->wary || context->inspected ||
             ++compartment->sweeps % SELDOM == 0;
  if (sweep(&entry, compartment, all)) {
    if (all) compartment->defined = false;
    return ist__ran(isolate);
  }
  return ist__caught(context, &entry.catcher, IST_ERR_STATE, nullptr);
}
