/* What scripts, functions and modules share: reading an ist_source, and the envelope that their
 * code caches travel in. Nothing here runs JavaScript. */
#ifndef IST_V8_CODE_CACHE_H
#define IST_V8_CODE_CACHE_H

#include "internal.h"

enum ist__cache_kind : uint32_t { IST__CACHE_SCRIPT = 1, IST__CACHE_FUNCTION, IST__CACHE_MODULE };

/* A 64-bit hash that tells bytes that were changed by accident; no defence against intent. */
uint64_t ist__hash(const void *bytes, size_t length, uint64_t seed);

/* A whole ist_source of what the caller gave. IST_ERR_ARGUMENT. */
ist_status ist__source_read(const ist_source *given, ist_source *source);

/* Of all that the compiled code depends on: the text, the name, where the text begins. */
uint64_t ist__source_hash(const ist_source *source);

/* What V8 can be given of a source's cache; NULL when there is none that fits. The bytes stay the
 * caller's. */
v8::ScriptCompiler::CachedData *ist__cache_open(const ist_source *source, ist__cache_kind kind,
                                                uint64_t hash);

/* Wraps what V8 wrote, and deletes it. IST_ERR_STATE for NULL. */
ist_status ist__cache_write(v8::ScriptCompiler::CachedData *data, ist__cache_kind kind,
                            uint64_t hash, uint8_t **bytes, size_t *length);

/* A source made ready for V8's compilers. */
struct ist__compilation {
  ist__compilation(ist_isolate *isolate, const ist_source *source, v8::Local<v8::String> text,
                   v8::Local<v8::String> name, ist__cache_kind kind, uint64_t hash)
      : isolate_(isolate), given_(source->cache != nullptr),
        cached_(ist__cache_open(source, kind, hash)),
        input(text,
              ist__compat::origin(isolate->v8, name, kind == IST__CACHE_MODULE, source->line_offset,
                                  source->column_offset),
              cached_),
        options(cached_ ? v8::ScriptCompiler::kConsumeCodeCache
                        : v8::ScriptCompiler::kNoCompileOptions) {}

  /* Once V8 has compiled: remembers whether it has taken the cache. */
  void compiled() {
    if (given_)
      isolate_->cache_used.store(cached_ && !input.GetCachedData()->rejected,
                                 std::memory_order_relaxed);
  }

private:
  ist_isolate *isolate_;
  bool given_;
  v8::ScriptCompiler::CachedData *cached_;

public:
  v8::ScriptCompiler::Source input;
  v8::ScriptCompiler::CompileOptions options;
};

/* The text and the name of a source as V8 takes them. False when one is too long. */
inline bool ist__source_strings(v8::Isolate *isolate, const ist_source *source, const char *unnamed,
                                v8::Local<v8::String> *text, v8::Local<v8::String> *name) {
  const char *file = source->file ? source->file : unnamed;
  return ist__string(isolate, source->text, source->length).ToLocal(text) &&
         ist__string(isolate, file, strlen(file)).ToLocal(name);
}

/* At the end of what may have run JavaScript: where microtasks run by themselves, they have run
 * now, and the rejections that nobody handled are told. */
inline void ist__code_ran(ist_isolate *isolate) {
  if (isolate->rejections && isolate->microtasks == IST_MICROTASKS_AUTO)
    ist__isolate_settle(isolate);
}

#endif
