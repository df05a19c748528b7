/* Start-up snapshots: the state of a context as bytes, from which isolates and contexts start. One
 * is built in an isolate of its own, which V8 then writes and which ends with that. The bytes
 * travel in an envelope of ours that names all that they depend on (V8 and its flags, our release,
 * the libraries) and their hash: V8 believes what it reads, and ends the process where it finds
 * itself wrong. Isolates share the bytes that they were started from, and hold them. */
#include "snapshot.h"

#include "code_cache.h"

#include <stdio.h>

#include <v8-profiler.h>

struct ist_snapshot : ist__record {
  ist__blob *blob;
};

namespace {

ist__pool<ist_snapshot, 64> pool;

/* ---- Bytes that are shared ---- */

void retain(ist__blob *blob) {
  blob->references.fetch_add(1, std::memory_order_relaxed);
}

/* Gives up a list of libraries. */
void drop(ist__library **libraries, size_t count) {
  for (size_t i = 0; libraries && i < count; i++) ist__library_release(libraries[i]);
  ist__free(libraries);
}

void release(ist__blob *blob) {
  if (!blob || blob->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  drop(blob->libraries, blob->library_count);
  ist__free(const_cast<char *>(blob->data.data));
  delete blob;
}

/* The libraries behind the embedder's references, retained. IST_ERR_ARGUMENT when one comes twice,
 * since it would be two globals of one name. */
ist_status libraries_of(ist_library *const *given, size_t count, ist__library ***result) {
  enum { MOST = 4096 };
  if (count && !given) return IST_ERR_ARGUMENT;
  if (count > MOST) return IST_ERR_LIMIT;
  ist__library **made = static_cast<ist__library **>(ist__calloc(count + 1, sizeof *made));
  if (!made) return IST_ERR_MEMORY;
  for (size_t i = 0; i < count; i++) {
    ist_status status = given[i] ? IST_OK : IST_ERR_ARGUMENT;
    if (!status && !(made[i] = ist__library_behind(given[i]))) status = IST_ERR_HANDLE;
    for (size_t j = 0; !status && j < i; j++)
      if (made[j] == made[i] || !strcmp(made[j]->name, made[i]->name)) status = IST_ERR_ARGUMENT;
    if (status) {
      drop(made, made[i] ? i + 1 : i);
      return status;
    }
  }
  *result = made;
  return IST_OK;
}

/* Takes over `bytes` and `libraries`, also when it fails. */
ist_status new_snapshot(char *bytes, size_t length, ist__library **libraries, size_t count,
                        ist_snapshot **result) {
  ist__blob *blob = new (std::nothrow) ist__blob();
  ist_snapshot *made = blob ? pool.take() : nullptr;
  if (!made) {
    delete blob;
    ist__free(bytes);
    drop(libraries, count);
    return IST_ERR_MEMORY;
  }
  blob->references.store(1, std::memory_order_relaxed);
  blob->data.data = bytes;
  blob->data.raw_size = static_cast<int>(length);
  blob->libraries = libraries;
  blob->library_count = count;
  made->blob = blob;
  made->live.store(true, std::memory_order_release);
  *result = made;
  return IST_OK;
}

/* ---- The envelope ---- */

struct head {
  char magic[8];
  uint32_t abi;
  uint32_t tag; /* V8's, for its version and flags */
  char version[32], v8[32];
  uint64_t library_count; /* as many hashes follow, then what V8 wrote */
  uint64_t length;
  uint64_t hash; /* of what follows, and of the fields above */
};

const char magic[8] = {'i', 's', 't', 's', 'n', 'a', 'p', '1'};

void fill(head *to, size_t library_count, size_t length) {
  *to = head();
  memcpy(to->magic, magic, sizeof magic);
  to->abi = IST_ABI_VERSION;
  to->tag = v8::ScriptCompiler::CachedDataVersionTag();
  snprintf(to->version, sizeof to->version, "%s", ist_version());
  snprintf(to->v8, sizeof to->v8, "%s", ist_v8_version());
  to->library_count = library_count;
  to->length = length;
}

uint64_t hash_text(const char *text, uint64_t hash) {
  return text ? ist__hash(text, strlen(text), hash) : ist__hash("", 0, ~hash);
}

uint64_t hash_type(const ist__type *type, uint64_t hash) {
  uint64_t parts[] = {static_cast<uint64_t>(type->kind),
                      type->size,
                      type->field_count,
                      type->constructor_count,
                      type->method_count,
                      type->static_count,
                      type->value_count,
                      type->inline_memory,
                      type->is_union};
  hash = hash_text(type->name, ist__hash(parts, sizeof parts, hash));
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *field = &type->fields[i];
    uint64_t place[] = {field->offset, field->type->size, static_cast<uint64_t>(field->type->kind),
                        field->readonly};
    hash = hash_text(field->name, ist__hash(place, sizeof place, hash));
  }
  for (size_t i = 0; i < type->value_count; i++)
    hash = hash_text(type->values[i].name,
                     ist__hash(&type->values[i].value, sizeof type->values[i].value, hash));
  return hash;
}

uint64_t hash_function(const ist__function *function, uint64_t hash) {
  uint64_t parts[] = {static_cast<uint64_t>(function->kind),
                      function->param_count,
                      function->arg_count,
                      function->required,
                      function->output_count,
                      function->hidden,
                      function->unsafe != nullptr,
                      function->address != nullptr};
  hash = hash_text(function->label, ist__hash(parts, sizeof parts, hash));
  for (size_t i = 0; i < function->param_count; i++) {
    uint64_t param[] = {static_cast<uint64_t>(function->params[i].role),
                        static_cast<uint64_t>(function->params[i].dir),
                        static_cast<uint64_t>(function->params[i].type->kind),
                        function->params[i].type->size};
    hash = ist__hash(param, sizeof param, hash);
  }
  return hash;
}

/* Of all of a library that a snapshot's objects show or point to. */
uint64_t hash_library(const ist__library *library) {
  uint64_t hash = hash_text(library->name, 7);
  uint64_t counts[] = {library->type_count, library->constant_count, library->bundle_count,
                       library->function_count};
  hash = ist__hash(counts, sizeof counts, hash);
  for (size_t i = 0; i < library->type_count; i++) hash = hash_type(library->types[i], hash);
  for (size_t i = 0; i < library->function_count; i++)
    hash = hash_function(library->functions[i], hash);
  for (size_t i = 0; i < library->bundle_count; i++)
    hash = hash_text(library->bundles[i].name, hash);
  for (size_t i = 0; i < library->constant_count; i++) {
    const ist__constant *constant = &library->constants[i];
    ist__value value = ist__expr_literal(constant->value);
    uint64_t low = static_cast<uint64_t>(value.i);
    if (value.kind == IST__V_FLOAT) memcpy(&low, &value.f, sizeof low);
    hash = hash_text(constant->name, ist__hash(&low, sizeof low, hash));
    if (value.kind == IST__V_POINTER && constant->type->kind == IST__STRING)
      hash = hash_text(static_cast<const char *>(value.p), hash);
  }
  return hash;
}

/* ---- Building ---- */

/* A field that holds no value of JavaScript's is about to be written. Buffers have some, which are
 * empty. */
v8::StartupData write_field(v8::Local<v8::Object> object, int index, void *data) {
  if (ist__compat::get_pointer(object, index)) static_cast<ist__creator *>(data)->refused = true;
  return {nullptr, 0};
}

/* The first error that nobody has handled. */
void remember(void *env, ist_context *, const ist_error *error, ist_value) {
  ist_error **first = static_cast<ist_error **>(env);
  if (*first) return;
  *first = ist__error_new_at(IST_ERR_EXCEPTION, error->name, error->message, error->file,
                             error->line, error->column, error->end_column, error->source_line);
}

/* Grants the libraries and runs the scripts. */
ist_status run(ist_context *context, const ist_snapshot_options *options, ist__creator *creator,
               ist_error **error) {
  ist_isolate *isolate = context->isolate;
  ist_error *unhandled = nullptr;
  ist_status status = ist_isolate_set_uncaught(isolate, remember, &unhandled, nullptr);
  for (size_t i = 0; !status && i < creator->library_count; i++) {
    ist__entry entry(context);
    v8::Local<v8::Object> exports;
    if (!ist__bridge_exports(entry.context, creator->libraries[i]).ToLocal(&exports))
      status = ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
    else if (!ist__define_value(entry.context, entry.context->Global(),
                                ist__text(isolate->v8, creator->libraries[i]->name), exports,
                                v8::DontEnum))
      status = ist__fail(error, IST_ERR_MEMORY);
  }
  for (size_t i = 0; !status && i < options->script_count; i++) {
    ist_script *script;
    status = ist_script_compile(context, &options->scripts[i], &script, error);
    if (status) break;
    status = ist_script_run(context, script, nullptr, error);
    ist_script_free(script);
    if (!status) status = ist_isolate_run_microtasks(isolate);
  }
  if (!status && unhandled) {
    status = IST_ERR_EXCEPTION;
    if (error) {
      *error = unhandled;
      unhandled = nullptr;
    }
  }
  ist_error_free(unhandled);
  (void)ist_isolate_set_uncaught(isolate, nullptr, nullptr, nullptr);
  return status;
}

/* Whether V8 can start contexts from what the scripts have left. */
ist_status check_builtins(ist_context *context, ist_value check, ist_error **error) {
  char *what;
  ist_status status = ist__builtins_check(context, check, &what);
  if (status) return ist__fail(error, status);
  if (*what) {
    char text[300];
    snprintf(text, sizeof text, "a snapshot cannot start, since a script has left %.200s", what);
    status = ist__fail(error, IST_ERR_STATE, text);
  }
  ist_free(what);
  return status;
}

/* Whether the context holds nothing that cannot be kept. */
ist_status look_for_natives(ist_isolate *isolate, ist_error **error) {
  for (int i = 0; i < 2; i++) {
    (void)ist_isolate_collect(isolate);
    ist__bridge_drain(isolate->bridge);
  }
  char what[200], text[300];
  if (!ist__bridge_alive(isolate->bridge, what, sizeof what)) return IST_OK;
  snprintf(text, sizeof text, "a snapshot cannot hold native objects, and a script has left %s",
           what);
  return ist__fail(error, IST_ERR_STATE, text);
}

/* V8 puts the name of a method under a symbol together from pieces, one of which is the symbol's
 * description: one of V8's constants, where the symbol is, which no other snapshot names. Has such
 * names written as one piece. */
void join_names(v8::Isolate *isolate) {
  static const char start[] = "Symbol.";
  v8::HandleScope scope(isolate);
  v8::HeapProfiler *profiler = isolate->GetHeapProfiler();
  const v8::HeapSnapshot *heap = profiler->TakeHeapSnapshot();
  for (int i = 0; heap && i < heap->GetNodesCount(); i++) {
    const v8::HeapGraphNode *node = heap->GetNode(i);
    if (node->GetType() != v8::HeapGraphNode::kConsString) continue;
    bool found = false;
    for (int j = 0; !found && j < node->GetChildrenCount(); j++) {
      char text[sizeof start] = "";
      ist__compat::write_utf8(isolate, node->GetChild(j)->GetToNode()->GetName(), text,
                              sizeof start - 1);
      found = !strcmp(text, start);
    }
    v8::Local<v8::Value> name;
    if (found) name = profiler->FindObjectById(node->GetId());
    /* V8 makes a string whole to read it. */
    char text[1];
    if (!name.IsEmpty() && name->IsString())
      ist__compat::write_utf8(isolate, name.As<v8::String>(), text, sizeof text);
  }
  profiler->DeleteAllHeapSnapshots();
}

/* Runs what a snapshot is to hold; the creator has what V8 wrote then, or nothing. */
ist_status build(const ist_snapshot_options *options, ist__creator *creator, ist_error **error) {
  ist_isolate *isolate;
  ist_status status = ist__isolate_make(nullptr, creator, &isolate);
  if (status) return ist__fail(error, status);
  ist_context *context;
  status = ist_isolate_enter(isolate);
  if (!status) {
    {
      v8::HandleScope scope(isolate->v8);
      ist__bridge_make_templates(isolate->bridge);
    }
    status = ist_context_new(isolate, nullptr, &context);
    uint32_t scope = 0;
    ist_value check;
    if (!status) status = ist_scope_open(isolate, &scope);
    ist__compat::single_characters characters;
    if (!status) {
      ist__entry entry(context);
      if (!characters.remember(entry.context)) status = IST_ERR_STATE;
    }
    if (!status) status = ist__builtins_watch(context, &check);
    if (status)
      ist__fail(error, status);
    else
      status = run(context, options, creator, error);
    if (!status) status = check_builtins(context, check, error);
    if (scope) (void)ist_scope_close(isolate, scope);
    if (!status) status = look_for_natives(isolate, error);
    if (!status) {
      v8::HandleScope scope(isolate->v8);
      v8::Local<v8::Context> entered = context->context.Get(isolate->v8);
      creator->get()->SetDefaultContext(entered,
                                        v8::SerializeInternalFieldsCallback(write_field, creator));
      ist__bridge_save(isolate->bridge, creator->get(), entered);
      join_names(isolate->v8);
      characters.restore(isolate->v8);
      creator->keep = true;
    }
    (void)ist_isolate_leave(isolate);
  }
  (void)ist_isolate_free(isolate);
  return status;
}

uint64_t hash_constants(const v8::StartupData &data) {
  size_t length;
  const char *bytes = ist__compat::constants(data, &length);
  return ist__hash(bytes, length, length);
}

/* Whether V8 has written the same constants as into a snapshot in which nothing has run: all
 * isolates of a process share one set of them. They differ by V8's seed for hashes, too, which is
 * the same while any isolate lives. */
ist_status check_constants(const v8::StartupData &data, ist_error **error) {
  ist__creator creator;
  ist_snapshot_options options = {};
  ist_status status = libraries_of(nullptr, 0, &creator.libraries);
  if (status) return ist__fail(error, status);
  status = build(&options, &creator, error);
  if (!status && !creator.result.data) status = ist__fail(error, IST_ERR_MEMORY);
  if (!status && hash_constants(creator.result) != hash_constants(data))
    status = ist__fail(error, IST_ERR_STATE,
                       "a snapshot cannot start beside others, since a script has left a text that "
                       "is the description of one of JavaScript's own symbols");
  delete[] creator.result.data;
  drop(creator.libraries, 0);
  return status;
}

} // namespace

/* ---- Isolates ---- */

bool ist__snapshot_usable(ist_snapshot *snapshot) {
  return snapshot->live.load(std::memory_order_acquire);
}

bool ist__snapshot_prepare(ist_isolate *isolate, ist_snapshot *snapshot, ist__creator *creator,
                           v8::Isolate::CreateParams *params) {
  ist__bridge *bridge = ist__isolate_bridge(isolate);
  if (!bridge) return false;
  ist__blob *blob = snapshot ? snapshot->blob : nullptr;
  ist__library **libraries = blob ? blob->libraries : creator->libraries;
  size_t count = blob ? blob->library_count : creator->library_count;
  for (size_t i = 0; i < count; i++)
    if (!ist__bridge_add(bridge, libraries[i])) return false;
  isolate->table = ist__bridge_references(bridge);
  if (!isolate->table) return false;
  isolate->creator = creator;
  if (!blob) return true;
  retain(blob);
  isolate->blob = blob;
  params->snapshot_blob = &blob->data;
  params->external_references = isolate->table;
  return true;
}

void ist__creator_begin(ist_isolate *isolate) {
  ist__creator *creator = isolate->creator;
  ::new (static_cast<void *>(creator->room)) v8::SnapshotCreator(isolate->v8, isolate->table);
  /* It has entered the isolate for as long as it lives, which is longer than any lock is held. */
  isolate->v8->Exit();
}

void ist__creator_end(ist_isolate *isolate) {
  ist__creator *creator = isolate->creator;
  if (creator->keep) {
    v8::Locker locker(isolate->v8);
    isolate->v8->Enter();
    creator->result = creator->get()->CreateBlob(v8::SnapshotCreator::FunctionCodeHandling::kKeep);
    isolate->v8->Exit();
  }
  isolate->v8->Enter();
  creator->get()->~SnapshotCreator();
}

void ist__snapshot_leave(ist_isolate *isolate) {
  release(isolate->blob);
  ist__free(isolate->table);
  isolate->blob = nullptr;
  isolate->table = nullptr;
  isolate->creator = nullptr;
}

/* ---- The interface ---- */

ist_status ist_snapshot_new(const ist_snapshot_options *given, ist_snapshot **result,
                            ist_error **error) {
  if (error) *error = nullptr;
  if (!result || (given && given->size < sizeof given->size))
    return ist__fail(error, IST_ERR_ARGUMENT);
  if (ist__forked()) return ist__fail(error, IST_ERR_FORKED);
  ist_snapshot_options options = {};
  if (given) memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  if (options.script_count && !options.scripts) return ist__fail(error, IST_ERR_ARGUMENT);
  ist_source source;
  for (size_t i = 0; i < options.script_count; i++)
    if (ist__source_read(&options.scripts[i], &source)) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__creator creator;
  ist_status status = ist__builtins_list();
  if (!status) status = libraries_of(options.libraries, options.library_count, &creator.libraries);
  if (status) return ist__fail(error, status);
  creator.library_count = options.library_count;
  ist_isolate *beside;
  status = ist_isolate_new(nullptr, &beside);
  if (status) {
    drop(creator.libraries, creator.library_count);
    return ist__fail(error, status);
  }
  status = build(&options, &creator, error);

  char *bytes = nullptr;
  size_t length = 0;
  if (!status && (creator.refused || !creator.result.data)) {
    status = ist__fail(error, IST_ERR_STATE, "a script has left what a snapshot cannot hold");
  } else if (!status) {
    status = check_constants(creator.result, error);
  }
  (void)ist_isolate_free(beside);
  if (!status) {
    length = static_cast<size_t>(creator.result.raw_size);
    bytes = static_cast<char *>(ist__malloc(length));
    if (bytes)
      memcpy(bytes, creator.result.data, length);
    else
      status = ist__fail(error, IST_ERR_MEMORY);
  }
  delete[] creator.result.data;
  if (status) {
    drop(creator.libraries, creator.library_count);
    return status;
  }
  status = new_snapshot(bytes, length, creator.libraries, creator.library_count, result);
  return status ? ist__fail(error, status) : IST_OK;
}

ist_status ist_snapshot_write(const ist_snapshot *snapshot, uint8_t **bytes, size_t *length) {
  if (!snapshot || !bytes || !length) return IST_ERR_ARGUMENT;
  if (ist__forked()) return IST_ERR_FORKED;
  if (!snapshot->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  const ist__blob *blob = snapshot->blob;
  size_t payload = static_cast<size_t>(blob->data.raw_size);
  size_t hashes = blob->library_count * sizeof(uint64_t);
  size_t whole = sizeof(head) + hashes + payload;
  uint8_t *made = static_cast<uint8_t *>(ist__malloc(whole));
  if (!made) return IST_ERR_MEMORY;
  head to;
  fill(&to, blob->library_count, payload);
  for (size_t i = 0; i < blob->library_count; i++) {
    uint64_t hash = hash_library(blob->libraries[i]);
    memcpy(made + sizeof to + i * sizeof hash, &hash, sizeof hash);
  }
  memcpy(made + sizeof to + hashes, blob->data.data, payload);
  to.hash = ist__hash(made + sizeof to, hashes + payload, ist__hash(&to, offsetof(head, hash), 0));
  memcpy(made, &to, sizeof to);
  *bytes = made;
  *length = whole;
  return IST_OK;
}

ist_status ist_snapshot_read(const uint8_t *bytes, size_t length, ist_library *const *given,
                             size_t library_count, ist_snapshot **result, ist_error **error) {
  if (error) *error = nullptr;
  if (!bytes || !result) return ist__fail(error, IST_ERR_ARGUMENT);
  if (ist__forked()) return ist__fail(error, IST_ERR_FORKED);
  /* V8's tag depends on its flags, which are set at its start. */
  ist__platform_start();
  head from, ours;
  if (length < sizeof from) return ist__fail(error, IST_ERR_FORMAT);
  memcpy(&from, bytes, sizeof from);
  size_t rest = length - sizeof from;
  if (memcmp(from.magic, magic, sizeof magic) || from.library_count > rest / sizeof(uint64_t) ||
      from.length != rest - from.library_count * sizeof(uint64_t) || from.length > INT32_MAX ||
      from.hash != ist__hash(bytes + sizeof from, rest, ist__hash(&from, offsetof(head, hash), 0)))
    return ist__fail(error, IST_ERR_FORMAT);
  fill(&ours, static_cast<size_t>(from.library_count), static_cast<size_t>(from.length));
  ours.hash = from.hash;
  if (memcmp(&ours, &from, sizeof from))
    return ist__fail(error, IST_ERR_STATE, "the snapshot is of another version of Isthmus or V8");
  if (from.library_count != library_count)
    return ist__fail(error, IST_ERR_STATE, "the snapshot was built with other libraries");
  ist__library **libraries;
  ist_status status = libraries_of(given, library_count, &libraries);
  if (status) return ist__fail(error, status);
  const uint8_t *at = bytes + sizeof from;
  for (size_t i = 0; i < library_count; i++, at += sizeof(uint64_t)) {
    uint64_t hash;
    memcpy(&hash, at, sizeof hash);
    if (hash == hash_library(libraries[i])) continue;
    char text[200];
    snprintf(text, sizeof text, "the snapshot was built with another library in place of %.100s",
             libraries[i]->name);
    drop(libraries, library_count);
    return ist__fail(error, IST_ERR_STATE, text);
  }
  char *copy = static_cast<char *>(ist__malloc(static_cast<size_t>(from.length)));
  if (!copy) {
    drop(libraries, library_count);
    return ist__fail(error, IST_ERR_MEMORY);
  }
  memcpy(copy, at, static_cast<size_t>(from.length));
  status = new_snapshot(copy, static_cast<size_t>(from.length), libraries, library_count, result);
  return status ? ist__fail(error, status) : IST_OK;
}

void ist_snapshot_free(ist_snapshot *snapshot) {
  if (!snapshot || !snapshot->live.exchange(false, std::memory_order_acq_rel)) return;
  ist__blob *blob = snapshot->blob;
  snapshot->blob = nullptr;
  pool.put(snapshot);
  release(blob);
}
