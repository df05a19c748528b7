/* A JavaScript value and all it refers to as CBOR. Getters and proxies run, each property once and
 * in the order of JSON.stringify; nothing that they do changes a length that was already written.
 * What is met again becomes a reference: the marks of shared values are put between the bytes at
 * the end, when it is known which values need one. The depth is bounded by the caller's limit and
 * by the thread's stack, the size by the caller's limit. */
#include "cbor_write.h"
#include "value.h"

#include <cbor.h>
#include <stdlib.h>

namespace {

/* Whole items. */
enum : unsigned char { FALSE = 0xF4, TRUE = 0xF5, NONE = 0xF6, UNDEFINED = 0xF7 };

enum { DENSE = 1 << 16 };

/* What a value in the table counts. */
enum { TABLED_SIZE = 64 };

/* Of objects and symbols. */
uint32_t hash_of(v8::Local<v8::Value> value) {
  int hash = value->IsSymbol() ? value.As<v8::Symbol>()->GetIdentityHash()
                               : value.As<v8::Object>()->GetIdentityHash();
  return static_cast<uint32_t>(hash);
}

/* How an object is written that is neither plain nor an array. */
struct form {
  const char *missing; /* it has none: what refuse() says */
  bool named;          /* by its names, as plain objects are */
};

form form_of(v8::Local<v8::Object> object) {
  constexpr form own = {nullptr, false};
  if (object->IsFunction()) return {"a function has", false};
  if (object->IsProxy()) {
    v8::Local<v8::Value> target = object;
    while (target->IsProxy()) target = target.As<v8::Proxy>()->GetTarget();
    return {target->IsFunction() ? "a function has" : nullptr, false};
  }
  if (object->IsMap() || object->IsSet() || object->IsDate() || object->IsRegExp() ||
      object->IsNativeError() || object->IsNumberObject() || object->IsStringObject() ||
      object->IsBooleanObject() || object->IsBigIntObject())
    return own;
  if (object->IsArrayBufferView() || object->IsArrayBuffer()) {
    v8::Local<v8::Value> buffer = object;
    if (object->IsArrayBufferView()) buffer = object.As<v8::ArrayBufferView>()->Buffer();
    if (buffer->IsSharedArrayBuffer()) return {"memory that threads share has", false};
    if (buffer.As<v8::ArrayBuffer>()->WasDetached()) return {"a detached buffer has", false};
    return own;
  }
  if (object->IsSharedArrayBuffer()) return {"memory that threads share has", false};
  if (object->IsSymbolObject()) return {"a symbol has", false};
  if (object->IsPromise()) return {"a promise has", false};
  if (object->IsWeakMap() || object->IsWeakSet()) return {"a weak collection has", false};
  if (object->IsMapIterator() || object->IsSetIterator() || object->IsGeneratorObject())
    return {"an iterator has", false};
  if (object->IsWasmModuleObject() || object->IsWasmMemoryObject())
    return {"a part of WebAssembly has", false};
  if (object->IsExternal() || object->InternalFieldCount() > 0)
    return {"an object of the host's has", false};
  return {nullptr, true};
}

/* Whether an object that is written by its names is an instance of a class. What has no prototype
 * itself is an Object.prototype, whichever context it is from. */
bool is_instance(v8::Local<v8::Object> object) {
  v8::Local<v8::Value> prototype = object->GetPrototype();
  return prototype->IsObject() && !prototype.As<v8::Object>()->GetPrototype()->IsNull();
}

} // namespace

ist__cbor_writer::~ist__cbor_writer() {
  for (size_t i = 0; i < objects_.count; i++) objects_.items[i].~met();
  ist__free(static_cast<void *>(objects_.items));
  ist__free(insertions_.items);
  ist__free(heads_);
  ist__free(out_);
}

/* ---- What was met ---- */

bool ist__cbor_writer::rehash() {
  uint32_t size = head_mask_ ? (head_mask_ + 1) * 2 : 64;
  uint32_t *made = static_cast<uint32_t *>(ist__calloc(size, sizeof *made));
  if (!made) return false;
  ist__free(heads_);
  heads_ = made;
  head_mask_ = size - 1;
  v8::HandleScope scope(isolate_);
  for (uint32_t i = 1; i < objects_.count; i++) {
    met *entry = &objects_.items[i];
    uint32_t hash = hash_of(entry->value.Get(isolate_));
    entry->next = heads_[hash & head_mask_];
    heads_[hash & head_mask_] = i;
  }
  return true;
}

/* A value that was met before; NULL: it was not. */
ist__cbor_writer::met *ist__cbor_writer::find(v8::Local<v8::Value> value, uint32_t hash,
                                              bool tabled) {
  if (!heads_) return nullptr;
  for (uint32_t i = heads_[hash & head_mask_]; i; i = objects_.items[i].next) {
    met *entry = &objects_.items[i];
    if (entry->tabled == tabled && entry->value == value) return entry;
  }
  return nullptr;
}

/* Remembers a value; NULL after a failure. */
ist__cbor_writer::met *ist__cbor_writer::remember(v8::Local<v8::Value> value, uint32_t hash,
                                                  bool tabled) {
  if (objects_.count >= UINT32_MAX - 1) {
    fail(IST_ERR_LIMIT, "too many objects");
    return nullptr;
  }
  met *entry = nullptr;
  if ((objects_.count || objects_.add()) && (objects_.count <= head_mask_ || rehash()))
    entry = objects_.add();
  if (!entry) {
    fail(IST_ERR_MEMORY, ist_status_text(IST_ERR_MEMORY));
    return nullptr;
  }
  entry->value.Reset(isolate_, value);
  entry->at = tabled ? tabled_++ : length_;
  entry->tabled = tabled;
  entry->next = heads_[hash & head_mask_];
  heads_[hash & head_mask_] = static_cast<uint32_t>(objects_.count - 1);
  return entry;
}

/* Writes the reference to what was written before. */
bool ist__cbor_writer::repeat(met *entry) {
  entry->shared = sharing_ = true;
  insertion *added = insertions_.add();
  if (!added) return fail(IST_ERR_MEMORY, ist_status_text(IST_ERR_MEMORY));
  *added = {length_, static_cast<uint32_t>(entry - objects_.items),
            static_cast<uint32_t>(insertions_.count), true};
  return true;
}

/* Writes the index of a value in the table, where it may be already. */
bool ist__cbor_writer::refer(v8::Local<v8::Value> value) {
  uint32_t hash = hash_of(value);
  met *entry = find(value, hash, true);
  if (!entry) entry = remember(value, hash, true);
  if (!entry) return false;
  size_t index = entry->at;
  if ((limits_.size - length_) / TABLED_SIZE < tabled_)
    return fail(IST_ERR_LIMIT, "the CBOR and its table are larger than max_size");
  return tag(IST_TAG_VALUE) && head(cbor_encode_uint, index);
}

bool ist__cbor_writer::give(ist_isolate *isolate) {
  if (!limits_.table || !tabled_) return true;
  const char *memory = ist_status_text(IST_ERR_MEMORY);
  ist_value *values = static_cast<ist_value *>(ist__calloc(tabled_, sizeof *values));
  if (!values) return fail(IST_ERR_MEMORY, memory);
  size_t count = 0;
  for (size_t i = 1; i < objects_.count; i++) {
    v8::HandleScope scope(isolate_);
    const met *entry = &objects_.items[i];
    if (!entry->tabled) continue;
    if (!ist__value_from(isolate, entry->value.Get(isolate_), &values[count])) {
      while (count--) (void)ist_value_free(isolate, values[count]);
      ist__free(values);
      return fail(IST_ERR_MEMORY, memory);
    }
    count++;
  }
  limits_.table->values = values;
  limits_.table->count = count;
  return true;
}

int ist__cbor_writer::in_order(const void *left, const void *right) {
  const insertion *a = static_cast<const insertion *>(left);
  const insertion *b = static_cast<const insertion *>(right);
  if (a->at != b->at) return a->at < b->at ? -1 : 1;
  /* At one place, references were written before what follows them. */
  if (a->reference != b->reference) return a->reference ? -1 : 1;
  return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

bool ist__cbor_writer::finish() {
  if (!sharing_) return true;
  const char *memory = ist_status_text(IST_ERR_MEMORY);
  /* Objects stand in the order of their bytes, which is that of their marks. */
  uint32_t order = 0;
  for (uint32_t i = 1; i < objects_.count; i++) {
    met *entry = &objects_.items[i];
    if (!entry->shared) continue; /* and so not in the table */
    entry->order = order++;
    insertion *added = insertions_.add();
    if (!added) return fail(IST_ERR_MEMORY, memory);
    *added = {entry->at, i, static_cast<uint32_t>(insertions_.count), false};
  }
  qsort(insertions_.items, insertions_.count, sizeof *insertions_.items, in_order);
  unsigned char made[2 * LONGEST_HEAD];
  size_t total = length_;
  unsigned char *joined = nullptr;
  /* The first time to know how large it becomes. */
  for (int pass = 0; pass < 2; pass++) {
    size_t from = 0, to = 0;
    for (size_t i = 0; i < insertions_.count; i++) {
      const insertion &at = insertions_.items[i];
      size_t size =
          cbor_encode_tag(at.reference ? IST_TAG_REFERENCE : IST_TAG_SHARED, made, sizeof made);
      if (at.reference)
        size += cbor_encode_uint(objects_.items[at.which].order, made + size, sizeof made - size);
      if (joined) {
        memcpy(joined + to, out_ + from, at.at - from);
        memcpy(joined + to + at.at - from, made, size);
      }
      to += at.at - from + size;
      from = at.at;
    }
    if (joined) {
      memcpy(joined + to, out_ + from, length_ - from);
      break;
    }
    total = to + length_ - from;
    if (total > limits_.size) return fail(IST_ERR_LIMIT, "the CBOR is larger than max_size");
    joined = static_cast<unsigned char *>(ist__malloc(total));
    if (!joined) return fail(IST_ERR_MEMORY, memory);
  }
  ist__free(out_);
  out_ = joined;
  length_ = capacity_ = total;
  return true;
}

uint8_t *ist__cbor_writer::take(size_t *length) {
  uint8_t *taken = static_cast<uint8_t *>(ist__realloc(out_, length_));
  if (!taken) taken = out_;
  *length = length_;
  out_ = nullptr;
  return taken;
}

/* ---- Objects ---- */

bool ist__cbor_writer::properties(v8::Local<v8::Object> object, const place *at) {
  v8::Local<v8::Array> names;
  if (!object
           ->GetOwnPropertyNames(
               context_, static_cast<v8::PropertyFilter>(v8::ONLY_ENUMERABLE | v8::SKIP_SYMBOLS),
               v8::KeyConversionMode::kKeepNumbers)
           .ToLocal(&names))
    return false;
  uint32_t count = names->Length();
  if (!head(cbor_encode_map_start, count)) return false;
  for (uint32_t i = 0; i < count; i++) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> name, value;
    if (!names->Get(context_, i).ToLocal(&name) || !key(name) ||
        !object->Get(context_, name).ToLocal(&value))
      return false;
    place inside = {at, nullptr, name, 0};
    if (!name->IsString()) inside.index = static_cast<uint64_t>(name.As<v8::Number>()->Value());
    if (!write(value, &inside)) return false;
  }
  return true;
}

bool ist__cbor_writer::array(v8::Local<v8::Object> object, uint64_t length, const place *at) {
  if (!head(cbor_encode_array_start, length)) return false;
  bool own = object->IsArray();
  for (uint64_t i = 0; i < length; i++) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> value;
    uint32_t index = static_cast<uint32_t>(i);
    if (!object->Get(context_, index).ToLocal(&value)) return false;
    if (value->IsUndefined() && own) {
      v8::Maybe<bool> there = object->HasOwnProperty(context_, index);
      if (there.IsNothing()) return false;
      if (!there.FromJust() && !tag(IST_TAG_HOLE)) return false;
    }
    place inside = {at, nullptr, v8::Local<v8::Value>(), i};
    if (!write(value, &inside)) return false;
  }
  return true;
}

/* ["Array", length, {index: element}] */
bool ist__cbor_writer::sparse(v8::Local<v8::Array> object, v8::Local<v8::Array> indices,
                              uint32_t count, const place *at) {
  if (!tag(IST_TAG_OBJECT) || !head(cbor_encode_array_start, 3) || !text("Array") ||
      !number(object->Length()) || !head(cbor_encode_map_start, count))
    return false;
  for (uint32_t i = 0; i < count; i++) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> index, value;
    if (!indices->Get(context_, i).ToLocal(&index)) return false;
    double at_index = index.As<v8::Number>()->Value();
    if (!number(at_index) ||
        !object->Get(context_, static_cast<uint32_t>(at_index)).ToLocal(&value))
      return false;
    place inside = {at, nullptr, v8::Local<v8::Value>(), static_cast<uint64_t>(at_index)};
    if (!write(value, &inside)) return false;
  }
  return true;
}

/* A large array is written by what is in it when that is less than half of it. */
bool ist__cbor_writer::elements(v8::Local<v8::Array> object, const place *at) {
  uint32_t length = object->Length();
  if (length <= DENSE) return array(object, length, at);
  v8::Local<v8::Array> names;
  if (!object
           ->GetPropertyNames(
               context_, v8::KeyCollectionMode::kOwnOnly,
               static_cast<v8::PropertyFilter>(v8::ONLY_ENUMERABLE | v8::SKIP_SYMBOLS),
               v8::IndexFilter::kIncludeIndices, v8::KeyConversionMode::kKeepNumbers)
           .ToLocal(&names))
    return false;
  /* Names follow the indices. */
  uint32_t count = names->Length();
  for (; count; count--) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> last;
    if (!names->Get(context_, count - 1).ToLocal(&last)) return false;
    if (last->IsNumber()) break;
  }
  return count > length / 2 ? array(object, length, at) : sparse(object, names, count, at);
}

/* As JSON does: an array when there is one behind it, else an object. */
bool ist__cbor_writer::proxy(v8::Local<v8::Object> object, const place *at) {
  v8::Local<v8::Value> target = object;
  while (target->IsProxy()) target = target.As<v8::Proxy>()->GetTarget();
  if (target->IsNull()) {
    isolate_->ThrowException(
        v8::Exception::TypeError(ist__text(isolate_, "a revoked proxy cannot be read")));
    return false;
  }
  if (!target->IsArray()) return properties(object, at);
  v8::Local<v8::Value> given;
  double length;
  if (!object->Get(context_, ist__text(isolate_, "length")).ToLocal(&given) ||
      !given->NumberValue(context_).To(&length))
    return false;
  length = length > 0 ? trunc(length) : 0;
  if (!(length <= UINT32_MAX)) return fail(IST_ERR_LIMIT, "a proxy says that it is too long");
  return array(object, static_cast<uint64_t>(length), at);
}

bool ist__cbor_writer::map(v8::Local<v8::Map> value, const place *at) {
  v8::Local<v8::Array> entries = value->AsArray();
  uint32_t count = entries->Length();
  if (!tag(IST_TAG_MAP) || !head(cbor_encode_map_start, count / 2)) return false;
  for (uint32_t i = 0; i < count; i++) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> part;
    if (!entries->Get(context_, i).ToLocal(&part)) return false;
    place inside = {at, i % 2 ? "value" : "key", v8::Local<v8::Value>(), i / 2};
    if (!write(part, &inside)) return false;
  }
  return true;
}

bool ist__cbor_writer::set(v8::Local<v8::Set> value, const place *at) {
  v8::Local<v8::Array> members = value->AsArray();
  uint32_t count = members->Length();
  if (!tag(IST_TAG_SET) || !head(cbor_encode_array_start, count)) return false;
  for (uint32_t i = 0; i < count; i++) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> member;
    if (!members->Get(context_, i).ToLocal(&member)) return false;
    place inside = {at, "member", v8::Local<v8::Value>(), i};
    if (!write(member, &inside)) return false;
  }
  return true;
}

/* ["Error", name, message, stack, cause], of data properties alone; undefined where there is
 * none, and no fifth where there is no cause. */
bool ist__cbor_writer::error(v8::Local<v8::Object> value, const place *at) {
  static const char *const names[] = {"name", "message", "stack", "cause"};
  v8::Local<v8::String> cause_key = ist__text(isolate_, names[3]);
  v8::Local<v8::Value> cause;
  v8::Maybe<bool> caused = value->HasOwnProperty(context_, cause_key);
  if (caused.IsNothing()) return false;
  bool follows = caused.FromJust() && ist__peek(context_, value, cause_key).ToLocal(&cause);
  if (!tag(IST_TAG_OBJECT) || !head(cbor_encode_array_start, follows ? 5 : 4) || !text("Error"))
    return false;
  for (int i = 0; i < 3; i++) {
    v8::Local<v8::Value> part;
    bool there = ist__peek(context_, value, ist__text(isolate_, names[i])).ToLocal(&part);
    if (!there || !part->IsString()) {
      if (!simple(UNDEFINED)) return false;
    } else if (!string(part.As<v8::String>())) {
      return false;
    }
  }
  place inside = {at, ".cause", v8::Local<v8::Value>(), 0};
  return !follows || write(cause, &inside);
}

bool ist__cbor_writer::regexp(v8::Local<v8::RegExp> value) {
  static const char letters[] = "gimyusd"; /* by the bits of v8::RegExp::Flags */
  static const v8::RegExp::Flags bits[] = {
      v8::RegExp::kGlobal,  v8::RegExp::kIgnoreCase, v8::RegExp::kMultiline, v8::RegExp::kSticky,
      v8::RegExp::kUnicode, v8::RegExp::kDotAll,     v8::RegExp::kHasIndices};
  char flags[16] = "";
  size_t length = 0;
  for (size_t i = 0; letters[i]; i++)
    if (value->GetFlags() & bits[i]) flags[length++] = letters[i];
  return tag(IST_TAG_REGEXP) && head(cbor_encode_array_start, 2) && string(value->GetSource()) &&
         text(flags);
}

bool ist__cbor_writer::buffer(v8::Local<v8::ArrayBuffer> value) {
  std::shared_ptr<v8::BackingStore> store = value->GetBackingStore();
  size_t length = value->ByteLength();
  return tag(IST_TAG_OBJECT) && head(cbor_encode_array_start, 2) && text("ArrayBuffer") &&
         head(cbor_encode_bytestring_start, length) && bytes(store->Data(), length);
}

namespace {

/* The tag of a typed array; 0 for bytes, which need none. */
uint64_t tag_of(v8::Local<v8::ArrayBufferView> value) {
  enum { LITTLE = IST_ARRAY_LITTLE };
  if (value->IsUint8ClampedArray()) return IST_TAG_UINT8_CLAMPED;
  if (value->IsUint16Array()) return IST_TAG_UINT8 | LITTLE | 1;
  if (value->IsUint32Array()) return IST_TAG_UINT8 | LITTLE | 2;
  if (value->IsBigUint64Array()) return IST_TAG_UINT8 | LITTLE | 3;
  if (value->IsInt8Array()) return IST_TAG_UINT8 | IST_ARRAY_SIGNED;
  if (value->IsInt16Array()) return IST_TAG_UINT8 | IST_ARRAY_SIGNED | LITTLE | 1;
  if (value->IsInt32Array()) return IST_TAG_UINT8 | IST_ARRAY_SIGNED | LITTLE | 2;
  if (value->IsBigInt64Array()) return IST_TAG_UINT8 | IST_ARRAY_SIGNED | LITTLE | 3;
  if (value->IsFloat32Array()) return IST_TAG_UINT8 | IST_ARRAY_FLOAT | LITTLE | 1;
  if (value->IsFloat64Array()) return IST_TAG_UINT8 | IST_ARRAY_FLOAT | LITTLE | 2;
  return 0;
}

} // namespace

/* The bytes that a view shows; whose buffer they are is not kept. */
bool ist__cbor_writer::view(v8::Local<v8::ArrayBufferView> value) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "typed arrays are written as they are");
  uint64_t kind = tag_of(value);
  if (kind ? !tag(kind)
           : value->IsDataView() &&
                 (!tag(IST_TAG_OBJECT) || !head(cbor_encode_array_start, 2) || !text("DataView")))
    return false;
  size_t length = value->ByteLength();
  if (!head(cbor_encode_bytestring_start, length)) return false;
  unsigned char *to = room(length);
  if (!to) return false;
  if (length) value->CopyContents(to, length);
  length_ += length;
  return true;
}

/* What is neither a plain object nor an array, and has a form. */
bool ist__cbor_writer::odd(v8::Local<v8::Object> object, const place *at) {
  if (object->IsProxy()) return proxy(object, at);
  if (object->IsMap()) return map(object.As<v8::Map>(), at);
  if (object->IsSet()) return set(object.As<v8::Set>(), at);
  if (object->IsDate()) {
    double time = object.As<v8::Date>()->ValueOf();
    return tag(IST_TAG_DATE) && number(time / 1000);
  }
  if (object->IsRegExp()) return regexp(object.As<v8::RegExp>());
  if (object->IsNativeError()) return error(object, at);
  if (object->IsArrayBufferView()) return view(object.As<v8::ArrayBufferView>());
  if (object->IsArrayBuffer()) return buffer(object.As<v8::ArrayBuffer>());
  if (object->IsNumberObject()) return number(object.As<v8::NumberObject>()->ValueOf());
  if (object->IsStringObject()) return string(object.As<v8::StringObject>()->ValueOf());
  if (object->IsBooleanObject())
    return simple(object.As<v8::BooleanObject>()->ValueOf() ? TRUE : FALSE);
  if (object->IsBigIntObject()) return bigint(object.As<v8::BigIntObject>()->ValueOf());
  return properties(object, at);
}

bool ist__cbor_writer::container(v8::Local<v8::Object> object, const place *at) {
  bool plain = ist__compat::is_plain_object(object), list = !plain && object->IsArray();
  bool named = plain;
  if (!plain && !list) {
    form is = form_of(object);
    if (is.missing) return limits_.table ? refer(object) : refuse(at, is.missing);
    if (limits_.references & IST_CBOR_PROXIES && object->IsProxy()) return refer(object);
    named = is.named;
  }
  if (named && limits_.references & IST_CBOR_INSTANCES && is_instance(object)) return refer(object);
  uint32_t hash = hash_of(object);
  met *before = find(object, hash, false);
  if (before) return repeat(before);
  bool deep = depth_ >= limits_.depth;
  if (deep || !ist__cbor_stack_left()) {
    if (limits_.references & IST_CBOR_DEEPER) return refer(object);
    return fail(IST_ERR_LIMIT, deep ? "the value is nested deeper than max_depth"
                                    : "the value is nested deeper than the stack allows");
  }
  if (!remember(object, hash, false)) return false;
  depth_++;
  bool done;
  if (plain) {
    done = properties(object, at);
  } else if (list) {
    done = elements(object.As<v8::Array>(), at);
  } else {
    done = odd(object, at);
  }
  depth_--;
  return done;
}

bool ist__cbor_writer::write(v8::Local<v8::Value> value, const place *at) {
  int32_t small;
  if (ist__compat::is_small_integer(value, &small)) return number(small);
  if (value->IsString()) return string(value.As<v8::String>());
  if (value->IsObject()) return container(value.As<v8::Object>(), at);
  if (value->IsNumber()) return number(value.As<v8::Number>()->Value());
  if (value->IsBigInt()) return bigint(value.As<v8::BigInt>());
  if (value->IsSymbol()) return limits_.table ? refer(value) : refuse(at, "a symbol has");
  return simple(value->IsNull()    ? NONE
                : value->IsTrue()  ? TRUE
                : value->IsFalse() ? FALSE
                                   : UNDEFINED);
}

ist_status ist_cbor_write(ist_context *context, ist_value value, const ist_cbor_options *options,
                          uint8_t **result, size_t *length, ist_error **error) {
  if (error) *error = nullptr;
  ist__cbor_limits limits;
  if (!result || !length || !ist__cbor_limits_of(options, &limits))
    return ist__fail(error, IST_ERR_ARGUMENT);
  if (limits.table) {
    limits.table->values = nullptr;
    limits.table->count = 0;
  }
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist_status status = IST_OK;
  {
    ist__entry entry(context);
    v8::Local<v8::Value> local;
    if (!ist__value_to(context->isolate, value, &local)) return ist__fail(error, IST_ERR_HANDLE);
    ist__cbor_writer to(context, entry.context, limits);
    ist__cbor_writer::place root = {nullptr, nullptr, v8::Local<v8::Value>(), 0};
    if (to.write(local, &root) && to.finish() && to.give(context->isolate)) {
      *result = to.take(length);
    } else if (to.status) {
      entry.catcher.Reset();
      status = ist__fail(error, to.status, to.message);
    } else {
      status = ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
    }
  }
  return ist__settled(context, status);
}
