/* The table of handles: what an ist_value that is not a plain number points to.
 * A slot's generation grows whenever it is released, so that a handle to what was there before no
 * longer fits; a handle that does not fit is answered, never followed. */
#include "internal.h"

#include <math.h>
#include <stdlib.h>

#include <new>

namespace {

uint64_t pack(uint32_t index, uint32_t generation) {
  return static_cast<uint64_t>(generation) << 32 | index;
}

ist__slot *slot_at(const ist__handles *handles, uint32_t index) {
  if (index / IST_SLOTS_PER_CHUNK >= handles->chunk_count) return nullptr;
  return &handles->chunks[index / IST_SLOTS_PER_CHUNK][index % IST_SLOTS_PER_CHUNK];
}

/* The live slot of a handle, or NULL. */
ist__slot *find(const ist__handles *handles, uint64_t handle) {
  ist__slot *slot = slot_at(handles, static_cast<uint32_t>(handle));
  return slot && slot->used && slot->generation == handle >> 32 ? slot : nullptr;
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
  T *grown = static_cast<T *>(ist__realloc(*array, wanted * sizeof **array));
  if (!grown) return false;
  *array = grown;
  *capacity = wanted;
  return true;
}

void release(ist__handles *handles, uint64_t handle) {
  ist__slot *slot = find(handles, handle);
  if (!slot) return;
  slot->value.Reset();
  slot->used = false;
  slot->generation++;
  slot->next_free = handles->free_slot;
  handles->free_slot = static_cast<uint32_t>(handle);
}

/* A caller's byte may be neither of the two that a bool can be. */
bool truth(ist_value value) {
  uint8_t byte;
  memcpy(&byte, &value.as, 1);
  return byte != 0;
}

uint32_t type_of(v8::Local<v8::Value> value) {
  if (value->IsString()) return IST_STRING;
  if (value->IsSymbol()) return IST_SYMBOL;
  if (value->IsBigInt()) return IST_BIGINT;
  if (value->IsFunction()) return IST_FUNCTION;
  return IST_OBJECT;
}

} // namespace

bool ist__value_from(ist_isolate *isolate, v8::Local<v8::Value> from, ist_value *to, bool kept) {
  if (from.IsEmpty() || from->IsUndefined()) {
    *to = ist_undefined();
  } else if (from->IsNull()) {
    *to = ist_null();
  } else if (from->IsBoolean()) {
    *to = ist_bool(from->IsTrue());
  } else if (from->IsInt32()) {
    *to = ist_int32(from.As<v8::Int32>()->Value());
  } else if (from->IsNumber()) {
    *to = ist_double(from.As<v8::Number>()->Value());
  } else {
    ist__handles *handles = &isolate->handles;
    bool scoped = !kept && handles->mark_count > 0;
    if (!handles->free_slot && !grow(handles)) return false;
    if (scoped && !reserve(&handles->scoped, handles->scoped_count, &handles->scoped_capacity))
      return false;
    uint32_t index = handles->free_slot;
    ist__slot *slot = slot_at(handles, index);
    handles->free_slot = slot->next_free;
    slot->value.Reset(isolate->v8, from);
    slot->used = true;
    to->type = type_of(from);
    to->isolate = isolate->id;
    to->as.handle = pack(index, slot->generation);
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
  if (from.type > IST_FUNCTION || from.isolate != isolate->id) return false;
  ist__slot *slot = find(&isolate->handles, from.as.handle);
  if (!slot) return false;
  *to = slot->value.Get(isolate->v8);
  return true;
}

void ist__handles_free(ist__handles *handles) {
  for (uint32_t i = 0; i < handles->chunk_count; i++) {
    for (uint32_t j = 0; j < IST_SLOTS_PER_CHUNK; j++) handles->chunks[i][j].value.Reset();
    delete[] handles->chunks[i];
  }
  ist__free(handles->chunks);
  ist__free(handles->scoped);
  ist__free(handles->marks);
  *handles = ist__handles();
}

ist_status ist_scope_open(ist_isolate *isolate, uint32_t *scope) {
  if (!isolate || !scope) return IST_ERR_ARGUMENT;
  ist__handles *handles = &isolate->handles;
  if (!reserve(&handles->marks, handles->mark_count, &handles->mark_capacity))
    return IST_ERR_MEMORY;
  handles->marks[handles->mark_count] = handles->scoped_count;
  *scope = ++handles->mark_count;
  return IST_OK;
}

ist_status ist_scope_close(ist_isolate *isolate, uint32_t scope) {
  if (!isolate) return IST_ERR_ARGUMENT;
  ist__handles *handles = &isolate->handles;
  if (!scope || scope > handles->mark_count) return IST_ERR_ARGUMENT;
  uint32_t from = handles->marks[scope - 1];
  while (handles->scoped_count > from) release(handles, handles->scoped[--handles->scoped_count]);
  handles->mark_count = scope - 1;
  return IST_OK;
}

ist_status ist_value_keep(ist_isolate *isolate, ist_value value, ist_value *result) {
  if (!isolate || !result) return IST_ERR_ARGUMENT;
  ist__isolate_entry entry(isolate);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, value, &local)) return IST_ERR_HANDLE;
  if (value.type < IST_STRING) {
    *result = value;
    return IST_OK;
  }
  return ist__value_from(isolate, local, result, true) ? IST_OK : IST_ERR_MEMORY;
}

ist_status ist_value_free(ist_isolate *isolate, ist_value value) {
  if (!isolate) return IST_ERR_ARGUMENT;
  if (value.type < IST_STRING) return IST_OK;
  if (value.type > IST_FUNCTION || value.isolate != isolate->id) return IST_ERR_HANDLE;
  if (!find(&isolate->handles, value.as.handle)) return IST_ERR_HANDLE;
  release(&isolate->handles, value.as.handle);
  return IST_OK;
}
