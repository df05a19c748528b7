/* The table of handles: what an ist_value that is not a plain number points to.
 * A slot's generation grows whenever it is released, so that a handle to what was there before no
 * longer fits; a handle that does not fit is answered, never followed. */
#include "internal.h"

#include <utility>

namespace {

uint64_t pack(uint32_t index, uint32_t generation) {
  return static_cast<uint64_t>(generation) << 32 | index;
}

ist__slot *slot_at(const ist__handles *handles, uint32_t index) {
  if (index / IST_SLOTS_PER_CHUNK >= handles->chunk_count) return nullptr;
  return &handles->chunks[index / IST_SLOTS_PER_CHUNK][index % IST_SLOTS_PER_CHUNK];
}

bool grow(ist__handles *handles) {
  ist__slot **chunks = static_cast<ist__slot **>(
      ist__realloc(handles->chunks, (handles->chunk_count + 1) * sizeof *chunks));
  if (!chunks) return false;
  handles->chunks = chunks;
  ist__slot *chunk = new (std::nothrow) ist__slot[IST_SLOTS_PER_CHUNK]();
  if (!chunk) return false;
  uint32_t first = handles->chunk_count * IST_SLOTS_PER_CHUNK;
  chunks[handles->chunk_count++] = chunk;
  for (uint32_t i = IST_SLOTS_PER_CHUNK; i-- > 0;) {
    chunk[i].generation = 1;
    if (first + i == 0) continue;
    chunk[i].next_free = handles->free_slot;
    handles->free_slot = first + i;
  }
  return true;
}

/* Room for one more element; false when memory is out. */
template <class T> bool reserve(T **array, uint32_t count, uint32_t *capacity) {
  if (count < *capacity) return true;
  uint32_t wanted = *capacity ? *capacity * 2 : 64;
  T *grown = static_cast<T *>(ist__realloc(static_cast<void *>(*array), wanted * sizeof **array));
  if (!grown) return false;
  *array = grown;
  *capacity = wanted;
  return true;
}

/* What a weak handle waits with. */
struct weak_watch : ist__allocated {
  ist_isolate *isolate;
  ist__slot *slot;
  ist__finalizer *finalizer;
};

void collected(const v8::WeakCallbackInfo<weak_watch> &info) {
  weak_watch *watch = info.GetParameter();
  /* The slot stays taken until the embedder releases the handle: a number is given out once. */
  watch->slot->value.Reset();
  ist__finalizer_owe(watch->isolate, watch->finalizer);
  delete watch;
}

void release(ist_isolate *isolate, ist__slot *slot, uint32_t index) {
  ist__handles *handles = &isolate->handles;
  if (slot->kind == IST__SLOT_WEAK && !slot->value.IsEmpty()) {
    weak_watch *watch = slot->value.ClearWeak<weak_watch>();
    ist__finalizer_owe(isolate, watch->finalizer);
    delete watch;
  }
  if (slot->born < isolate->innermost && slot->kind == IST__SLOT_PLAIN) {
    /* A call that began after the handle was made may read the value where it is. */
    if (!reserve(&handles->retired, handles->retired_count, &handles->retired_capacity)) {
      slot->kind = IST__SLOT_FREE; /* and never used again */
      handles->in_use--;
      return;
    }
    ::new (static_cast<void *>(&handles->retired[handles->retired_count++]))
        ist__retired{std::move(slot->value), slot->born};
  }
  slot->value.Reset();
  slot->kind = IST__SLOT_FREE;
  handles->in_use--;
  /* A slot whose generations are used up is never taken again. */
  if (!++slot->generation) return;
  slot->next_free = handles->free_slot;
  handles->free_slot = index;
}

/* Takes a slot for a value; NULL when memory is out. */
ist__slot *take(ist_isolate *isolate, v8::Local<v8::Value> from, uint32_t type, ist__slot_kind kind,
                ist_value *to) {
  ist__handles *handles = &isolate->handles;
  if (!handles->free_slot && !grow(handles)) return nullptr;
  uint32_t index = handles->free_slot;
  ist__slot *slot = slot_at(handles, index);
  handles->free_slot = slot->next_free;
  handles->in_use++;
  slot->value.Reset(isolate->v8, from);
  slot->type = static_cast<uint8_t>(type);
  slot->kind = kind;
  slot->born = isolate->calls;
  to->type = type;
  to->isolate = isolate->id;
  to->as.handle = pack(index, slot->generation);
  return slot;
}

/* A caller's byte may be neither of the two that a bool can be. */
bool truth(ist_value value) {
  uint8_t byte;
  memcpy(&byte, &value.as, 1);
  return byte != 0;
}

uint32_t type_of(v8::Local<v8::Value> value) {
  if (value->IsString()) return IST_STRING;
  if (value->IsFunction()) return IST_FUNCTION;
  if (value->IsSymbol()) return IST_SYMBOL;
  if (value->IsBigInt()) return IST_BIGINT;
  return IST_OBJECT;
}

} // namespace

void ist__handles_forget_retired(ist__handles *handles, uint32_t count, uint64_t outer) {
  uint32_t kept = count;
  for (uint32_t i = count; i < handles->retired_count; i++) {
    ist__retired *retired = &handles->retired[i];
    if (retired->born >= outer)
      retired->value.Reset();
    else if (kept++ != i)
      handles->retired[kept - 1] = std::move(*retired);
  }
  handles->retired_count = kept;
}

void ist__handles_close(ist_isolate *isolate, uint32_t count, uint32_t from) {
  ist__handles *handles = &isolate->handles;
  while (handles->scoped_count > from) {
    uint64_t handle = handles->scoped[--handles->scoped_count];
    uint32_t index = static_cast<uint32_t>(handle);
    ist__slot *slot = slot_at(handles, index);
    if (slot->generation == handle >> 32 && slot->kind != IST__SLOT_FREE)
      release(isolate, slot, index);
  }
  handles->mark_count = count;
}

bool ist__value_from_any(ist_isolate *isolate, v8::Local<v8::Value> from, ist_value *to,
                         bool kept) {
  if (from.IsEmpty()) {
    *to = ist_undefined();
  } else if (from->IsUndefined()) {
    *to = ist_undefined();
  } else if (from->IsNull()) {
    *to = ist_null();
  } else if (from->IsBoolean()) {
    *to = ist_bool(from->IsTrue());
  } else {
    if (isolate->spent.load(std::memory_order_relaxed)) return false;
    ist__handles *handles = &isolate->handles;
    bool scoped = !kept && (handles->mark_count > 0 || isolate->outward);
    if (scoped && !reserve(&handles->scoped, handles->scoped_count, &handles->scoped_capacity))
      return false;
    if (!take(isolate, from, type_of(from), IST__SLOT_PLAIN, to)) return false;
    if (scoped) handles->scoped[handles->scoped_count++] = to->as.handle;
  }
  return true;
}

bool ist__value_to(ist_isolate *isolate, ist_value from, v8::Local<v8::Value> *to) {
  switch (from.type) {
  case IST_UNDEFINED: *to = v8::Undefined(isolate->v8); return true;
  case IST_NULL: *to = v8::Null(isolate->v8); return true;
  case IST_BOOL: *to = v8::Boolean::New(isolate->v8, truth(from)); return true;
  case IST_INT32: *to = v8::Integer::New(isolate->v8, from.as.int32); return true;
  case IST_DOUBLE: *to = v8::Number::New(isolate->v8, from.as.number); return true;
  default: break;
  }
  ist__slot *slot = ist__slot_of(isolate, from);
  if (!slot || slot->value.IsEmpty()) return false;
  *to = slot->value.Get(isolate->v8);
  return true;
}

void ist__handles_free(ist_isolate *isolate) {
  ist__handles *handles = &isolate->handles;
  for (uint32_t i = 0; i < handles->chunk_count; i++) {
    for (uint32_t j = 0; j < IST_SLOTS_PER_CHUNK; j++)
      if (handles->chunks[i][j].kind != IST__SLOT_FREE)
        release(isolate, &handles->chunks[i][j], i * IST_SLOTS_PER_CHUNK + j);
    delete[] handles->chunks[i];
  }
  ist__free(handles->chunks);
  ist__free(handles->scoped);
  ist__free(handles->retired);
  ist__free(handles->marks);
  *handles = ist__handles();
}

ist_status ist_scope_open(ist_isolate *isolate, uint32_t *scope) {
  if (!scope) return IST_ERR_ARGUMENT;
  ist_status status = ist__isolate_lock(isolate);
  if (status) return status;
  ist__handles *handles = &isolate->handles;
  if (!reserve(&handles->marks, handles->mark_count, &handles->mark_capacity)) {
    ist__isolate_unlock(isolate);
    return IST_ERR_MEMORY;
  }
  if (!++handles->last_id) handles->last_id = 1;
  handles->marks[handles->mark_count++] = {handles->scoped_count, handles->last_id, isolate->depth,
                                           isolate->over};
  *scope = handles->last_id;
  return IST_OK;
}

ist_status ist_scope_close(ist_isolate *isolate, uint32_t scope) {
  if (!isolate || !scope) return IST_ERR_ARGUMENT;
  if (ist__forked()) return IST_ERR_FORKED;
  if (!isolate->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  /* Who opened a scope still holds the isolate; for any other thread it is not open. */
  if (!ist__isolate_held(isolate)) return IST_ERR_ARGUMENT;
  ist__handles *handles = &isolate->handles;
  uint32_t at = handles->mark_count, base = isolate->outward ? isolate->outward->marks : 0;
  while (at > base && handles->marks[at - 1].id != scope) at--;
  if (at == base) return IST_ERR_ARGUMENT;
  const ist__mark *mark = &handles->marks[at - 1];
  if (mark->depth <= isolate->base) return IST_ERR_ARGUMENT;
  uint32_t entered = handles->mark_count - (at - 1);
  if (isolate->depth != mark->depth + entered - 1 || isolate->over != mark->over)
    return IST_ERR_STATE;
  ist__handles_close(isolate, at - 1, mark->scoped);
  while (entered-- > 0) ist__isolate_unlock(isolate);
  return IST_OK;
}

void ist__outward::tidy() {
  /* What was entered and not left, of this isolate or of others. */
  while (isolate_->depth > depth || v8::Isolate::TryGetCurrent() != isolate_->v8)
    ist__isolate_undo(
        static_cast<ist_isolate *>(v8::Isolate::TryGetCurrent()->GetData(IST_ISOLATE_SLOT)));
  ist__handles_close(isolate_, marks, scoped_);
}

ist_status ist_value_keep(ist_isolate *isolate, ist_value value, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, value, &local)) return IST_ERR_HANDLE;
  if (value.type < IST_STRING) {
    *result = value;
    return IST_OK;
  }
  return ist__value_from(isolate, local, result, true) ? IST_OK : IST_ERR_MEMORY;
}

ist_status ist_value_weak(ist_isolate *isolate, ist_value value, ist_finalizer finalize, void *env,
                          ist_value *result) {
  ist_status status = result ? IST_OK : IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (!status) status = gate.status;
  if (status) {
    if (finalize) finalize(env);
    return status;
  }
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  weak_watch *watch = nullptr;
  ist__finalizer *finalizer = nullptr;
  if (!ist__value_to(isolate, value, &local))
    status = IST_ERR_HANDLE;
  else if (!local->IsObject())
    status = IST_ERR_TYPE;
  else if (!(watch = new (std::nothrow) weak_watch))
    status = IST_ERR_MEMORY;
  if (status) {
    if (finalize) finalize(env);
    return status;
  }
  if (finalize) finalizer = ist__finalizer_new(finalize, env);
  ist_value made;
  ist__slot *slot = nullptr;
  if (!finalize || finalizer) slot = take(isolate, local, value.type, IST__SLOT_WEAK, &made);
  if (!slot) {
    ist__finalizer_owe(isolate, finalizer);
    delete watch;
    return IST_ERR_MEMORY;
  }
  watch->isolate = isolate;
  watch->slot = slot;
  watch->finalizer = finalizer;
  slot->value.SetWeak(watch, collected, v8::WeakCallbackType::kParameter);
  *result = made;
  return IST_OK;
}

ist_status ist_value_eternal(ist_isolate *isolate, ist_value value, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, value, &local)) return IST_ERR_HANDLE;
  if (value.type < IST_STRING) {
    *result = value;
    return IST_OK;
  }
  return take(isolate, local, value.type, IST__SLOT_ETERNAL, result) ? IST_OK : IST_ERR_MEMORY;
}

ist_status ist_value_free(ist_isolate *isolate, ist_value value) {
  if (!isolate) return IST_ERR_ARGUMENT;
  if (value.type < IST_STRING) return IST_OK;
  ist__gate gate(isolate, ist__gate::TAKEN);
  if (gate.status) return gate.status;
  ist__slot *slot = ist__slot_of(isolate, value);
  if (!slot) return IST_ERR_HANDLE;
  if (slot->kind == IST__SLOT_ETERNAL) return IST_ERR_STATE;
  release(isolate, slot, static_cast<uint32_t>(value.as.handle));
  return IST_OK;
}
