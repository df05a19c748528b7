/* From C to JavaScript. First every address that C has given is put under a record, so that nothing
 * can be lost; then values are made of what the frame holds, which may fail. Text and bytes are
 * copied at once.
 *
 * A number that JavaScript cannot hold exactly is an error, never a wrong digit. */
#include "bridge_internal.h"

#include <stdio.h>

using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Object;
using v8::String;
using v8::Value;

/* ---- scalars and text ---- */

static MaybeLocal<Value> lift_integer(const ist__site &site, const ist__type *type,
                                      const void *from) {
  Isolate *isolate = site.bridge->isolate;
  int64_t number = 0;
  switch (type->size) {
  case 1:
    number =
        type->is_signed ? *static_cast<const int8_t *>(from) : *static_cast<const uint8_t *>(from);
    break;
  case 2: {
    uint16_t bits;
    memcpy(&bits, from, 2);
    number = type->is_signed ? static_cast<int16_t>(bits) : bits;
    break;
  }
  case 4: {
    uint32_t bits;
    memcpy(&bits, from, 4);
    number = type->is_signed ? static_cast<int32_t>(bits) : static_cast<int64_t>(bits);
    break;
  }
  default: memcpy(&number, from, 8); break;
  }
  if (type->bigint) {
    if (type->is_signed || number >= 0) return v8::BigInt::New(isolate, number).As<Value>();
    return v8::BigInt::NewFromUnsigned(isolate, static_cast<uint64_t>(number)).As<Value>();
  }
  if (number >= INT32_MIN && number <= INT32_MAX && (type->is_signed || number >= 0)) {
    return v8::Integer::New(isolate, static_cast<int32_t>(number)).As<Value>();
  }
  const int64_t safe = 9007199254740991;
  if (number > safe || number < -safe || (number < 0 && !type->is_signed)) {
    char digits[32];
    snprintf(digits, sizeof digits, type->is_signed ? "%lld" : "%llu",
             static_cast<long long>(number));
    ist__throw(site, IST_RANGE_ERROR, "C gave %s, which is beyond what a number holds exactly",
               digits);
    return {};
  }
  return v8::Number::New(isolate, static_cast<double>(number)).As<Value>();
}

MaybeLocal<Value> ist__lift_scalar(const ist__site &site, const ist__type *type, const void *from) {
  Isolate *isolate = site.bridge->isolate;
  switch (type->kind) {
  case IST__INT:
  case IST__ENUM: return lift_integer(site, type, from);
  case IST__BOOL: return v8::Boolean::New(isolate, !ist__is_zero(from, type->size)).As<Value>();
  case IST__FLOAT: {
    if (type->size == 4) {
      float number;
      memcpy(&number, from, 4);
      return v8::Number::New(isolate, number).As<Value>();
    }
    double number;
    memcpy(&number, from, 8);
    return v8::Number::New(isolate, number).As<Value>();
  }
  default: return v8::Undefined(isolate).As<Value>();
  }
}

size_t ist__text_bounded(ist__encoding encoding, const void *data, size_t most) {
  if (encoding == IST__UTF16) {
    auto *units = static_cast<const uint16_t *>(data);
    size_t length = 0;
    while (length < most && units[length]) length++;
    return length;
  }
  const void *end = memchr(data, 0, most);
  return end ? static_cast<size_t>(static_cast<const char *>(end) - static_cast<const char *>(data))
             : most;
}

size_t ist__text_length(ist__encoding encoding, const void *data) {
  if (encoding == IST__UTF16) return ist__text_bounded(encoding, data, SIZE_MAX);
  return strlen(static_cast<const char *>(data));
}

MaybeLocal<String> ist__lift_text(const ist__site &site, ist__encoding encoding, const void *data,
                                  size_t units) {
  Isolate *isolate = site.bridge->isolate;
  MaybeLocal<String> result;
  if (units <= static_cast<size_t>(String::kMaxLength)) {
    auto length = static_cast<int>(units);
    if (encoding == IST__UTF16) {
      result = String::NewFromTwoByte(isolate, static_cast<const uint16_t *>(data),
                                      v8::NewStringType::kNormal, length);
    } else if (encoding == IST__LATIN1) {
      result = String::NewFromOneByte(isolate, static_cast<const uint8_t *>(data),
                                      v8::NewStringType::kNormal, length);
    } else {
      result = String::NewFromUtf8(isolate, static_cast<const char *>(data),
                                   v8::NewStringType::kNormal, length);
    }
  }
  if (result.IsEmpty())
    ist__throw(site, IST_RANGE_ERROR, "a text of %zu units is too long for a string", units);
  return result;
}

/* ---- records ---- */

static ist__owner *owner_of(ist__call *call, uint32_t index) {
  return call->arguments[index].owner;
}

/* Whether a struct's pointers lead to what somebody else owns. */
static bool is_bound(const ist__param *param) {
  return param->keep_count || param->until_count || param->parent >= 0;
}

static void bind_keeps(ist__call *call, const ist__param *param, ist__owner *child) {
  for (size_t i = 0; i < param->keep_count; i++) {
    ist__owner *kept = owner_of(call, param->keeps[i]);
    if (kept && kept != child) ist__owner_keep(child, kept);
  }
}

static void bind(ist__call *call, const ist__param *param, ist__owner *child) {
  bind_keeps(call, param, child);
  if (param->own) return;
  ist__owner *parent =
      param->parent >= 0 ? owner_of(call, static_cast<uint32_t>(param->parent)) : nullptr;
  if (parent && parent != child) {
    bool already = false;
    for (size_t i = 0; i < param->keep_count; i++)
      already |= owner_of(call, param->keeps[i]) == parent;
    if (!already) ist__owner_keep(child, parent);
  }
  if (param->until_count) {
    if (!parent) parent = call->parent;
    ist__owner_until(child, parent == child ? nullptr : parent, param->until, param->until_count);
  }
}

ist__owner *ist__lift_borrow(ist__call *call, const ist__param *param, const ist__type *ref,
                             void *address, bool *fresh) {
  ist__owner *owner = ist__borrow(call->bridge, ref, address, fresh);
  /* The same object, got through another one, ends with that one too. */
  if (owner && owner->kind == IST__BORROWED) bind(call, param, owner);
  return owner;
}

static ist__owner *adopt_owned(ist__call *call, const ist__param *param, const ist__type *to,
                               void *address, bool *fresh) {
  ist__domain *domain = call->bridge->domain;
  ist__owner *owner = ist__owner_find(domain, to, address);
  const ist__function *destroy = param->free ? param->free : to->destructor;
  if (owner && owner->kind != IST__BORROWED) return owner;
  if (owner) {
    if (destroy) ist__owner_adopt(owner, destroy);
  } else {
    owner = ist__owner_new(domain, to, address, destroy ? IST__OWNED : IST__BORROWED, destroy);
    *fresh = owner != nullptr;
    for (size_t i = 0; owner && to->depth && i < call->function->param_count; i++) {
      ist__owner *from = call->arguments[i].owner;
      if (from && from != owner) ist__owner_inherit_height(owner, from);
    }
  }
  if (owner) bind(call, param, owner);
  return owner;
}

static void release_later(ist__call *call, const ist__function *function, void *address) {
  if (!function || !address) return;
  auto *release = call->arena.make<ist__release>();
  if (!release) return;
  release->free = function;
  release->address = address;
  release->next = call->releases;
  call->releases = release;
}

/* What `new` constructs is the receiver itself. */
static void attach_receiver(ist__call *call, ist__owner *owner) {
  if (call->receiver.IsEmpty() || !owner || owner->wrapper || owner->type != call->function->owner)
    return;
  ist__wrap_attach(call->bridge, call->receiver, owner->type, owner);
  call->receiver.Clear();
}

void ist__lift_adopt(ist__call *call, const ist__param *param) {
  ist__argument &argument = *ist__argument_of(call, param);
  const ist__type *type = param->type;
  void *address = nullptr;
  if (param == &call->function->result) {
    if (type->kind != IST__REF && type->kind != IST__STRING && type->kind != IST__POINTER) return;
    memcpy(&address, call->frame.result, sizeof address);
  } else if (param->role == IST__CELL || (param->role == IST__VALUE && param->dir == IST__OUT)) {
    type = param->role == IST__CELL ? type->to : type;
    if (type->kind == IST__STRUCT || param->role == IST__VALUE) {
      /* Memory that we gave, which C has filled. */
      if (!argument.memory || argument.absent) return;
      const ist__type *of = type->kind == IST__STRUCT ? type : type->to;
      uint8_t *memory = argument.memory;
      argument.memory = nullptr;
      ist__owner_kind kind = is_bound(param) ? IST__LENT : IST__MEMORY;
      argument.owner = ist__owner_new(call->bridge->domain, of, memory, kind, nullptr);
      argument.fresh = argument.owner != nullptr;
      if (argument.owner && is_bound(param)) bind(call, param, argument.owner);
      if (!argument.owner) free(memory);
      return;
    }
    if (type->kind != IST__REF && type->kind != IST__STRING && type->kind != IST__POINTER) return;
    if (argument.absent) return;
    memcpy(&address, argument.data, sizeof address);
  } else {
    return;
  }
  if (!address || param->within >= 0) return;
  if (type->kind == IST__REF && !param->copy) {
    argument.owner = param->own ? adopt_owned(call, param, type->to, address, &argument.fresh)
                                : ist__lift_borrow(call, param, type, address, &argument.fresh);
    attach_receiver(call, argument.owner);
  } else if (param->own) {
    const ist__function *destroy = param->free;
    if (!destroy && type->kind == IST__REF) destroy = type->to->destructor;
    release_later(call, destroy, address);
  }
}

/* ---- outputs ---- */

MaybeLocal<Value> ist__lift_missing(ist__call *call, const ist__param *param) {
  if (param->null) return v8::Null(call->isolate).As<Value>();
  bool result = param == &call->function->result;
  ist__place place = {nullptr, param->name, 0};
  ist__throw(call->site(result ? nullptr : &place), IST_PLAIN_ERROR,
             result ? "the result is NULL" : "is NULL");
  return {};
}

static MaybeLocal<Value> lift_within(ist__call *call, const ist__param *param,
                                     const uint8_t *pointer) {
  const ist__param *whole = &call->function->params[param->within];
  const ist__argument &argument = call->arguments[whole->index];
  if (!pointer) return ist__lift_missing(call, param);
  ist__encoding encoding = whole->type->kind == IST__STRING ? whole->type->encoding : whole->text;
  size_t size = whole->type->kind == IST__STRING ? (encoding == IST__UTF16 ? 2 : 1)
                                                 : ist__element_size(whole->type->to);
  if (argument.unit) size = argument.unit;
  if (pointer < argument.data || pointer > argument.data + argument.bytes) {
    ist__throw(call->site(), IST_RANGE_ERROR, "C gave a pointer that is not within %s",
               whole->name);
    return {};
  }
  auto bytes = static_cast<size_t>(pointer - argument.data);
  size_t index = bytes / size;
  if (argument.from_string && encoding != IST__UTF16 && encoding != IST__LATIN1) {
    index = 0;
    for (size_t i = 0; i < bytes; i++) {
      if ((argument.data[i] & 0xC0) != 0x80) index += argument.data[i] >= 0xF0 ? 2 : 1;
    }
  }
  return v8::Number::New(call->isolate, static_cast<double>(index)).As<Value>();
}

/* A copy of a struct, bound to what its pointers need. */
static MaybeLocal<Object> copy_struct(ist__call *call, const ist__param *param,
                                      const ist__site &site, const ist__type *type,
                                      const void *from) {
  if (!is_bound(param)) return ist__struct_copy(site, call->context, type, from);
  ist__owner *owner = ist__owner_new(call->bridge->domain, type, nullptr, IST__LENT, nullptr);
  if (!owner) {
    ist__throw(site, IST_RANGE_ERROR, "out of memory");
    return {};
  }
  memcpy(owner->address, from, type->size);
  bind(call, param, owner);
  Local<Object> object;
  if (!ist__wrap_owner(call->bridge, call->context, owner).ToLocal(&object)) {
    ist__owner_forget(owner);
    return {};
  }
  ist__wrap_hold(call, param, object);
  return object;
}

static MaybeLocal<Value> lift_pointer(ist__call *call, const ist__param *param,
                                      const ist__type *type, void *const *from) {
  ist__argument &argument = *ist__argument_of(call, param);
  bool result = param == &call->function->result;
  ist__place place = {nullptr, param->name, 0};
  ist__site site = call->site(result ? nullptr : &place);
  void *pointer;
  memcpy(&pointer, from, sizeof pointer);
  if (param->within >= 0) return lift_within(call, param, static_cast<const uint8_t *>(pointer));
  if (!pointer) return ist__lift_missing(call, param);
  if (type->kind == IST__STRING || (type->kind == IST__POINTER && param->text != IST__BYTES)) {
    ist__encoding encoding = type->kind == IST__STRING ? type->encoding : param->text;
    Local<String> text;
    if (!ist__lift_text(site, encoding, pointer, ist__text_length(encoding, pointer))
             .ToLocal(&text))
      return {};
    return text.As<Value>();
  }
  if (type->kind == IST__POINTER) {
    ist__throw(site, IST_TYPE_ERROR, "a bare pointer has no meaning in JavaScript");
    return {};
  }
  Local<Object> object;
  if (param->copy) {
    if (!copy_struct(call, param, site, type->to, pointer).ToLocal(&object)) return {};
    return object.As<Value>();
  }
  if (!argument.owner) {
    ist__throw(site, IST_RANGE_ERROR, "out of memory");
    return {};
  }
  ist__fault fault;
  if (argument.fresh && argument.owner->kind == IST__BORROWED &&
      !ist__owner_depth_ok(argument.owner, &fault)) {
    ist__throw(site, IST_PLAIN_ERROR, "%s", fault.text);
    return {};
  }
  if (!ist__wrap_owner(call->bridge, call->context, argument.owner).ToLocal(&object)) return {};
  if (argument.fresh) ist__wrap_hold(call, param, object);
  return object.As<Value>();
}

MaybeLocal<Value> ist__lift_output(ist__call *call, const ist__param *param) {
  ist__argument &argument = *ist__argument_of(call, param);
  bool result = param == &call->function->result;
  if (param->role == IST__BUFFER) return ist__buffer_lift(call, param);
  ist__place place = {nullptr, param->name, 0};
  ist__site site = call->site(result ? nullptr : &place);
  const ist__type *type = param->type;
  const void *from = call->frame.result;
  if (!result) {
    if (argument.absent) return v8::Null(call->isolate).As<Value>();
    const ist__type *of = param->role == IST__CELL ? type->to
                          : type->kind == IST__REF ? type->to
                                                   : type;
    if (of->kind == IST__STRUCT && param->role != IST__FIXED) {
      if (!argument.into.IsEmpty()) return argument.into;
      if (param->dir == IST__INOUT) return argument.value;
      Local<Object> object;
      if (!argument.owner) {
        ist__throw(site, IST_RANGE_ERROR, "out of memory");
        return {};
      }
      if (!ist__wrap_owner(call->bridge, call->context, argument.owner).ToLocal(&object)) return {};
      if (is_bound(param)) ist__wrap_hold(call, param, object);
      return object.As<Value>();
    }
    from = param->role == IST__CELL ? argument.data : call->frame.args[param->index];
    type = of;
  }
  switch (type->kind) {
  case IST__VOID: return v8::Undefined(call->isolate).As<Value>();
  case IST__STRUCT: {
    Local<Object> copy;
    if (!copy_struct(call, param, site, type, from).ToLocal(&copy)) return {};
    return copy.As<Value>();
  }
  case IST__STRING:
  case IST__REF:
  case IST__POINTER: return lift_pointer(call, param, type, static_cast<void *const *>(from));
  default: return ist__lift_scalar(site, type, from);
  }
}
