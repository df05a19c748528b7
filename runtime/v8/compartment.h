/* What a context has for texts whose declarations are their own, and, when it is frozen, for
 * sweeping away what programs leave. A frozen context has a queue of microtasks to itself, so that
 * what is in it can be dropped without anybody else's. */
#ifndef IST_V8_COMPARTMENT_H
#define IST_V8_COMPARTMENT_H

#include "internal.h"

struct ist__compartment : ist__allocated {
  bool frozen = false;

  /* The text that was evaluated last, as it was given to V8: running it again needs neither a new
   * string nor a new hash of it. */
  char *bytes = nullptr;
  size_t length = 0, capacity = 0;  /* of `bytes` */
  size_t text = 0, text_length = 0; /* where the program lies in them */
  char *file = nullptr;
  int32_t line_offset = 0, column_offset = 0;
  v8::Global<v8::String> known;
  /* The text that V8 is asked to evaluate, where nothing else may be; NULL: it has begun. */
  const v8::Local<v8::String> *asked = nullptr;

  /* Of frozen contexts: what the global object began with, and what cleans. */
  /* Properties of the global object are found faster when only those can be there that can be
   * deleted. `defined`: something may have defined another one since the last sweep; `wary`: it
   * always may. */
  bool defined = false, wary = false;
  uint32_t sweeps = 0;
  v8::Global<v8::Array> base;
  uint32_t base_count = 0;
  v8::Global<v8::Value> prototype;
  v8::Global<v8::RegExp> nothing;
  std::unique_ptr<v8::MicrotaskQueue> queue;
};

/* Something that runs in a context may define properties that cannot be deleted. */
inline void ist__compartment_defines(ist_context *context) {
  if (context->compartment) context->compartment->defined = true;
}

void ist__compartment_free(ist__compartment *compartment);

/* An empty queue, as the isolate's own is. */
std::unique_ptr<v8::MicrotaskQueue> ist__compartment_queue(ist_isolate *isolate);

/* The template of a frozen context's global object. IST_ERR_STATE for one whose properties C
 * answers for, which cannot be frozen. */
ist_status ist__compartment_global(ist_isolate *isolate, const ist_template *given,
                                   v8::Local<v8::ObjectTemplate> *global);

/* Freezes what a context has, before any program runs in it. IST_ERR_STATE when it cannot be. */
ist_status ist__compartment_freeze(ist_context *context);

#endif
