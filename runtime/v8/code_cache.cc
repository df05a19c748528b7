/* Code caches: what V8 has compiled, as bytes. V8 checks its own bytes only in part, and trusts the
 * rest; so they travel in an envelope of ours with hashes of themselves and of the text that they
 * belong to. V8 is never given bytes whose hash is wrong, and never code of another text. */
#include "code_cache.h"

#include <new>

namespace {

/* The head of a cache's bytes; what V8 wrote follows. */
struct head {
  char magic[8];
  uint32_t kind;
  uint32_t tag;    /* V8's, for its version and flags */
  uint64_t source; /* ist__source_hash */
  uint64_t length; /* of what follows */
  uint64_t hash;   /* of what follows, and of the fields above */
};

const char magic[8] = {'i', 's', 't', 'c', 'o', 'd', 'e', '1'};

uint64_t hash_of(const head *from, const uint8_t *payload) {
  uint64_t fields = ist__hash(from, offsetof(head, hash), 0);
  return ist__hash(payload, static_cast<size_t>(from->length), fields);
}

} // namespace

uint64_t ist__hash(const void *bytes, size_t length, uint64_t seed) {
  /* Every step can be undone, so that two texts of one length that differ in a single word never
   * have the same hash. */
  const uint64_t factor = 0x9e3779b97f4a7c15u;
  const unsigned char *at = static_cast<const unsigned char *>(bytes);
  uint64_t hash = (seed ^ length) * factor;
  for (; length >= 8; at += 8, length -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    hash = (hash ^ word) * factor;
    hash ^= hash >> 29;
  }
  uint64_t word = 0;
  if (length) memcpy(&word, at, length);
  hash = (hash ^ word) * factor;
  return hash ^ hash >> 32;
}

uint64_t ist__source_hash(const ist_source *source) {
  const char *file = source->file ? source->file : "";
  int32_t offsets[] = {source->line_offset, source->column_offset};
  uint64_t hash = ist__hash(file, strlen(file), 1);
  hash = ist__hash(offsets, sizeof offsets, hash);
  return ist__hash(source->text, source->length, hash);
}

ist_status ist__source_read(const ist_source *given, ist_source *source) {
  enum { MOST = 1 << 29 };
  if (!given || given->size < sizeof given->size) return IST_ERR_ARGUMENT;
  *source = ist_source();
  memcpy(source, given, given->size < sizeof *source ? given->size : sizeof *source);
  if ((!source->text && source->length) || (!source->cache && source->cache_length))
    return IST_ERR_ARGUMENT;
  if (source->line_offset < 0 || source->line_offset > MOST || source->column_offset < 0 ||
      source->column_offset > MOST)
    return IST_ERR_ARGUMENT;
  return IST_OK;
}

v8::ScriptCompiler::CachedData *ist__cache_open(const ist_source *source, ist__cache_kind kind,
                                                uint64_t hash) {
  head from;
  if (!source->cache || source->cache_length < sizeof from) return nullptr;
  memcpy(&from, source->cache, sizeof from);
  const uint8_t *payload = source->cache + sizeof from;
  size_t length = source->cache_length - sizeof from;
  if (memcmp(from.magic, magic, sizeof magic) || from.kind != static_cast<uint32_t>(kind) ||
      from.tag != v8::ScriptCompiler::CachedDataVersionTag() || from.source != hash ||
      from.length != length || length > INT32_MAX || from.hash != hash_of(&from, payload))
    return nullptr;
  return new (std::nothrow) v8::ScriptCompiler::CachedData(payload, static_cast<int>(length));
}

ist_status ist__cache_write(v8::ScriptCompiler::CachedData *data, ist__cache_kind kind,
                            uint64_t hash, uint8_t **bytes, size_t *length) {
  /* V8 has none for code that it cannot write, asm.js for one. */
  if (!data) return IST_ERR_STATE;
  size_t payload = static_cast<size_t>(data->length);
  head to = {};
  memcpy(to.magic, magic, sizeof magic);
  to.kind = static_cast<uint32_t>(kind);
  to.tag = v8::ScriptCompiler::CachedDataVersionTag();
  to.source = hash;
  to.length = payload;
  to.hash = hash_of(&to, data->data);
  uint8_t *made = static_cast<uint8_t *>(ist__malloc(sizeof to + payload));
  if (made) {
    memcpy(made, &to, sizeof to);
    memcpy(made + sizeof to, data->data, payload);
    *bytes = made;
    *length = sizeof to + payload;
  }
  delete data;
  return made ? IST_OK : IST_ERR_MEMORY;
}
