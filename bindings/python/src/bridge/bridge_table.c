/* bridge_table.c: entries in one array, found by number (index and generation) or by the object's
 * identity hash over chains. */
#include "bridge_table.h"

#include <stdlib.h>
#include <string.h>

static int64_t number_of(uint32_t index, uint32_t generation) {
  return (int64_t)((uint64_t)generation << 32 | (index + 1));
}

static ipy__entry *entry_of(const ipy__table *table, int64_t id) {
  uint32_t index = (uint32_t)id - 1;
  if (index >= table->count) return NULL;
  ipy__entry *entry = &table->entries[index];
  return entry->hash && entry->generation == (uint32_t)((uint64_t)id >> 32) ? entry : NULL;
}

static bool grow(ipy__table *table) {
  uint32_t room = table->room ? table->room * 2 : 64;
  if (room > INT32_MAX / 2) return false;
  ipy__entry *entries = realloc(table->entries, room * sizeof *entries);
  if (!entries) return false;
  table->entries = entries;
  uint32_t *chains = calloc(room, sizeof *chains);
  if (!chains) return false;
  free(table->chains);
  table->chains = chains;
  table->room = room;
  table->mask = room - 1;
  for (uint32_t i = 0; i < table->count; i++) {
    ipy__entry *entry = &entries[i];
    if (!entry->hash) continue;
    uint32_t *chain = &chains[(uint32_t)entry->hash & table->mask];
    entry->next = *chain;
    *chain = i + 1;
  }
  return true;
}

/* Links a new entry; NULL when memory is out. The list of free entries survives growing, since that
 * leaves their links alone. */
static ipy__entry *add(ipy__table *table, int32_t hash) {
  uint32_t index;
  if (table->free) {
    index = table->free - 1;
    table->free = table->entries[index].next;
  } else {
    if (table->count == table->room && !grow(table)) return NULL;
    index = table->count++;
    table->entries[index].generation = 0;
  }
  ipy__entry *entry = &table->entries[index];
  uint32_t generation = (entry->generation + 1) & INT32_MAX;
  *entry = (ipy__entry){.hash = hash, .generation = generation ? generation : 1};
  entry->kept = entry->weak = ist_undefined();
  uint32_t *chain = &table->chains[(uint32_t)hash & table->mask];
  entry->next = *chain;
  *chain = index + 1;
  table->live++;
  return entry;
}

static void take_out(ipy__table *table, ist_isolate *isolate, ipy__entry *entry) {
  uint32_t index = (uint32_t)(entry - table->entries);
  uint32_t *link = &table->chains[(uint32_t)entry->hash & table->mask];
  while (*link != index + 1) link = &table->entries[*link - 1].next;
  *link = entry->next;
  ist_value_free(isolate, entry->kept);
  ist_value_free(isolate, entry->weak);
  entry->hash = 0;
  entry->next = table->free;
  table->free = index + 1;
  table->live--;
}

static ist_status hash_of(ist_isolate *isolate, ist_value value, int32_t *hash) {
  /* All symbols are in one chain: few are ever seen. */
  *hash = 1;
  return value.type == IST_SYMBOL ? IST_OK : ist_object_hash(isolate, value, hash);
}

static bool is(ist_isolate *isolate, const ipy__entry *entry, ist_value value) {
  bool same = false;
  ist_value held = entry->references ? entry->kept : entry->weak;
  return !ist_value_same(isolate, held, value, &same) && same;
}

ist_status ipy__table_find(ipy_isolate *core, ist_context *context, ist_value value, int64_t *id,
                           int64_t *host) {
  ipy__table *table = &core->table;
  ist_isolate *isolate = core->isolate;
  int32_t hash;
  *host = 0;
  ist_status status = hash_of(isolate, value, &hash);
  if (status) return status;
  uint32_t at = table->chains ? table->chains[(uint32_t)hash & table->mask] : 0;
  while (at) {
    ipy__entry *entry = &table->entries[at - 1];
    uint32_t next = entry->next;
    if (entry->hash == hash && is(isolate, entry, value)) {
      if (entry->host) {
        *host = entry->host;
        return IST_OK;
      }
      if (!entry->references) {
        status = ist_value_keep(isolate, value, &entry->kept);
        if (status) return status;
      }
      entry->references++;
      *id = number_of(at - 1, entry->generation);
      return IST_OK;
    }
    at = next;
  }
  ist_value kept;
  status = ist_value_keep(isolate, value, &kept);
  if (status) return status;
  ipy__entry *entry = add(table, hash);
  if (!entry) {
    ist_value_free(isolate, kept);
    return IST_ERR_MEMORY;
  }
  entry->kept = kept;
  entry->context = context;
  entry->references = 1;
  *id = number_of((uint32_t)(entry - table->entries), entry->generation);
  return IST_OK;
}

/* JavaScript has forgotten what an entry stood with. */
typedef struct watcher {
  ipy_isolate *core;
  int64_t id;
  int64_t owned; /* the Python object that goes with it, or 0 */
} watcher;

static void collected(void *env) {
  watcher *made = env;
  ipy_drop(made->core, made->id);
  if (made->owned) ipy_release(made->core, made->owned);
  ipy__core_give(made->core);
  free(made);
}

static int64_t stand(ipy_isolate *core, ist_context *context, ist_value value, int64_t host,
                     bool owned) {
  ipy__table *table = &core->table;
  int32_t hash;
  ist_value kept;
  if (hash_of(core->isolate, value, &hash) || ist_value_keep(core->isolate, value, &kept)) return 0;
  watcher *made = malloc(sizeof *made);
  ipy__entry *entry = made ? add(table, hash) : NULL;
  if (!entry) {
    ist_value_free(core->isolate, kept);
    free(made);
    return 0;
  }
  entry->kept = kept;
  entry->context = context;
  entry->host = host;
  entry->references = 1;
  int64_t id = number_of((uint32_t)(entry - table->entries), entry->generation);
  *made = (watcher){core, id, owned ? host : 0};
  ipy__core_hold(core);
  ist_value weak;
  if (ist_value_weak(core->isolate, value, collected, made, &weak)) {
    take_out(table, core->isolate, entry);
    return 0;
  }
  entry->weak = weak;
  return id;
}

int64_t ipy__table_stand(ipy_isolate *core, ist_context *context, ist_value value, int64_t host) {
  return stand(core, context, value, host, false);
}

int64_t ipy__table_own(ipy_isolate *core, ist_context *context, ist_value value, int64_t host) {
  return stand(core, context, value, host, true);
}

bool ipy__table_value(const ipy_isolate *core, int64_t id, ist_value *value) {
  const ipy__entry *entry = entry_of(&core->table, id);
  if (!entry) return false;
  *value = entry->references ? entry->kept : entry->weak;
  return true;
}

int ipy__table_pin(ipy_isolate *core, int64_t id) {
  ipy__entry *entry = entry_of(&core->table, id);
  if (!entry) return 0;
  if (!entry->references && ist_value_keep(core->isolate, entry->weak, &entry->kept)) {
    take_out(&core->table, core->isolate, entry);
    return 0;
  }
  entry->references++;
  return 1;
}

void ipy__table_drop(ipy_isolate *core, int64_t id) {
  ipy__entry *entry = entry_of(&core->table, id);
  if (!entry) return;
  if (!entry->references) {
    ist_class kind;
    if (ist_value_class(core->isolate, entry->weak, &kind))
      take_out(&core->table, core->isolate, entry);
    return;
  }
  if (--entry->references) return;
  if (entry->weak.type == IST_UNDEFINED) return take_out(&core->table, core->isolate, entry);
  ist_value_free(core->isolate, entry->kept);
  entry->kept = ist_undefined();
}

void ipy__table_forget(ipy_isolate *core, const ist_context *context) {
  for (uint32_t i = 0; i < core->table.count; i++) {
    ipy__entry *entry = &core->table.entries[i];
    if (entry->hash && entry->context == context) take_out(&core->table, core->isolate, entry);
  }
}

void ipy__table_free(ipy__table *table) {
  free(table->entries);
  free(table->chains);
  memset(table, 0, sizeof *table);
}
