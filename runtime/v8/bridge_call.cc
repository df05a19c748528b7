/* One call: the frame is filled in two phases, C runs, and what it gave is put under records before
 * anything can fail.
 *
 * Between the last check of phase 2 and the entry into C nothing of JavaScript's runs. Failure is
 * tested before any conversion. Whatever way a call ends, its records are left, its closures
 * settled and its memory freed by the destructor of ist__call. */
#include "bridge_internal.h"

#include <stdio.h>

using v8::FunctionCallbackInfo;
using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Object;
using v8::Value;

/* ---- the life of a call ---- */

ist__call::ist__call(const ist__plan *of, Local<v8::Context> inside)
    : bridge(of->bridge), isolate(of->bridge->isolate), context(inside), plan(of),
      function(of->function), label(of->function->label), frame{of->function, nullptr, nullptr, 0},
      arguments(nullptr), outer(of->bridge->top), deferred(nullptr), deferred_end(&deferred),
      held(nullptr), entered(nullptr), releases(nullptr), stored(nullptr), parent(nullptr),
      called(false), failed(false), threw(false), terminated(false) {
  bridge->top = this;
}

static void leave(ist__call *call) {
  for (; call->entered; call->entered = call->entered->next) ist__owner_leave(call->entered->owner);
}

ist__call::~ist__call() {
  leave(this);
  ist__closures_settle(this, !called || failed);
  for (; releases; releases = releases->next) ist__free_with(releases->free, releases->address);
  for (ist__held *next; held; held = next) {
    next = held->next;
    held->~ist__held();
  }
  for (size_t i = 0; arguments && i <= function->param_count; i++) {
    free(arguments[i].memory);
    ist__owner *owner = arguments[i].owner;
    if (arguments[i].fresh && !owner->wrapper) ist__owner_forget(owner);
  }
  bridge->top = outer;
}

static bool no_memory(ist__call *call) {
  return ist__throw(call->site(), IST_RANGE_ERROR, "out of memory");
}

bool ist__call_enter(ist__call *call, const ist__site &site, ist__owner *owner) {
  auto *entered = call->arena.make<ist__entered>();
  if (!entered) return ist__throw(site, IST_RANGE_ERROR, "out of memory");
  entered->owner = owner;
  entered->next = call->entered;
  call->entered = entered;
  ist__owner_enter(owner, call->function);
  return true;
}

/* Whether a function can run now. */
static bool available(const ist__site &site, const ist__plan *plan) {
  const ist__function *function = plan->function;
  if (function->library->closed.load(std::memory_order_relaxed)) {
    return ist__throw(site, IST_PLAIN_ERROR, "the library is closed");
  }
  if (plan->lib->seal) {
    return ist__throw(site, IST_PLAIN_ERROR, "cannot be called while a %s runs",
                      plan->lib->seal->name);
  }
  if (function->address) return true;
  return ist__throw(site, IST_PLAIN_ERROR, "this version of the library has no %s",
                    function->symbol);
}

/* Gives every parameter its place in the frame. */
static bool lay(ist__call *call) {
  const ist__function *function = call->function;
  size_t count = function->param_count;
  size_t result = ist__result_size(function);
  auto **slots = static_cast<void **>(call->arena.take((count + 1) * sizeof(void *)));
  auto *arguments =
      static_cast<ist__argument *>(call->arena.take((count + 1) * sizeof(ist__argument)));
  call->frame.result =
      call->arena.take_zeroed(result < 16 ? 16 : result, function->result.type->align);
  if (!slots || !arguments || !call->frame.result) return no_memory(call);
  for (size_t i = 0; i <= count; i++) new (&arguments[i]) ist__argument();
  call->frame.args = slots;
  call->arguments = arguments;
  for (size_t i = 0; i < count; i++) {
    const ist__param *param = &function->params[i];
    size_t size = param->type->kind == IST__STRUCT ? param->type->size : sizeof(int64_t);
    slots[i] = call->arena.take_zeroed(size, param->type->align);
    if (!slots[i]) return no_memory(call);
    if (param->role != IST__CELL || param->type->to->kind == IST__STRUCT) continue;
    arguments[i].data = static_cast<uint8_t *>(call->arena.take_zeroed(16));
    if (!arguments[i].data) return no_memory(call);
    memcpy(slots[i], &arguments[i].data, sizeof(void *));
  }
  return true;
}

/* ---- phase 1 ---- */

static bool takes_object(const ist__param *param) {
  const ist__type *type = param->role == IST__CELL ? param->type->to : param->type;
  return type->kind == IST__REF || type->kind == IST__STRUCT;
}

/* The struct that an output fills, or NULL. */
static const ist__type *filled_struct(const ist__param *param) {
  if (param->dir != IST__OUT) return nullptr;
  if (param->role == IST__CELL && param->type->to->kind == IST__STRUCT) return param->type->to;
  if (param->role == IST__VALUE && param->type->kind == IST__REF &&
      param->type->to->kind == IST__STRUCT) {
    return param->type->to;
  }
  return nullptr;
}

static bool takes_into(const ist__param *param) {
  if (filled_struct(param)) return true;
  return param->role == IST__BUFFER && param->dir == IST__OUT && param->text == IST__BYTES &&
         (ist__is_scalar(param->type->to) || param->type->to->kind == IST__VOID);
}

struct into_names {
  const ist__function *function;
};

static const char *into_name(const void *env, size_t index) {
  const ist__param *param = &static_cast<const into_names *>(env)->function->params[index];
  return takes_into(param) ? param->name : nullptr;
}

static const char *option_name(const void *, size_t) {
  return "into";
}

/* Refuses keys that mean nothing. */
static bool keys_known(ist__call *call, const ist__site &site, Local<Object> object,
                       const char *what, const char *(*candidate)(const void *env, size_t index),
                       const void *env, size_t count) {
  Local<v8::Array> keys;
  auto filter = static_cast<v8::PropertyFilter>(v8::ONLY_ENUMERABLE | v8::SKIP_SYMBOLS);
  if (!object->GetOwnPropertyNames(call->context, filter, v8::KeyConversionMode::kConvertToString)
           .ToLocal(&keys)) {
    return false;
  }
  for (uint32_t i = 0; i < keys->Length(); i++) {
    Local<Value> key;
    if (!keys->Get(call->context, i).ToLocal(&key)) return false;
    char name[80];
    name[ist__compat::write_utf8(call->isolate, key.As<v8::String>(), name, sizeof name - 1)] = 0;
    bool known = false;
    for (size_t j = 0; j < count && !known; j++) {
      const char *one = candidate(env, j);
      known = one && !strcmp(one, name);
    }
    if (known) continue;
    const char *near = ist__nearest(name, candidate, env, count);
    return ist__throw(site, IST_TYPE_ERROR, "there is no %s \"%s\"%s%s%s", what, name,
                      near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
  }
  return true;
}

static bool read_options(ist__call *call, Local<Value> given) {
  const ist__function *function = call->function;
  ist__place place = {nullptr, "options", 0};
  ist__site site = call->site(&place);
  if (!ist__is_literal(given)) return ist__throw_expected(site, IST_TYPE_ERROR, "an object", given);
  Local<Object> options = given.As<Object>();
  Local<Value> into;
  if (!keys_known(call, site, options, "option", option_name, nullptr, 1)) return false;
  if (!options->Get(call->context, ist__text_of(call->isolate, "into")).ToLocal(&into))
    return false;
  if (into->IsUndefined()) return true;
  ist__place inner = {nullptr, "into", 0};
  site.place = &inner;
  if (!ist__is_literal(into)) return ist__throw_expected(site, IST_TYPE_ERROR, "an object", into);
  into_names names = {function};
  if (!keys_known(call, site, into.As<Object>(), "output", into_name, &names,
                  function->param_count))
    return false;
  for (size_t i = 0; i < function->param_count; i++) {
    const ist__param *param = &function->params[i];
    Local<Value> value;
    if (!takes_into(param)) continue;
    if (!into.As<Object>()
             ->Get(call->context, ist__text_of(call->isolate, param->name))
             .ToLocal(&value)) {
      return false;
    }
    if (value->IsUndefined()) continue;
    const ist__type *of = filled_struct(param);
    if (of && of->pointers && (param->keep_count || param->until_count || param->parent >= 0)) {
      ist__place filled = {nullptr, param->name, 0};
      return ist__throw(call->site(&filled), IST_TYPE_ERROR,
                        "cannot be the caller's: what a new %s points to is lent to it alone",
                        of->name);
    }
    call->arguments[i].into = value;
  }
  return true;
}

static bool lower_arguments(ist__call *call, const FunctionCallbackInfo<Value> &info) {
  const ist__function *function = call->function;
  auto given = static_cast<size_t>(info.Length());
  Local<Value> options;
  if (call->plan->options && given) {
    size_t last = given - 1;
    if (given > function->arg_count) {
      last = function->arg_count;
      if (!info[static_cast<int>(last)]->IsUndefined()) options = info[static_cast<int>(last)];
      given = last;
    } else if (last >= function->required && ist__is_literal(info[static_cast<int>(last)]) &&
               !takes_object(&function->params[function->args[last]])) {
      options = info[static_cast<int>(last)];
      given = last;
    }
  }
  if (given < function->required) {
    bool exact = function->required == function->arg_count;
    return ist__throw(call->site(), IST_TYPE_ERROR, "expected %s%zu argument%s, got %zu",
                      exact ? "" : "at least ", function->required,
                      function->required == 1 ? "" : "s", given);
  }
  for (size_t i = 0; i < function->arg_count; i++) {
    const ist__param *param = &function->params[function->args[i]];
    Local<Value> value;
    if (i < given) value = info[static_cast<int>(i)];
    bool left_out =
        value.IsEmpty() || (value->IsUndefined() && (i >= function->required || param->fallback));
    if (left_out && !param->fallback && param->null) {
      value = v8::Null(call->isolate);
    } else if (left_out) {
      value.Clear();
    }
    if (!ist__lower_phase1(call, param, value)) return false;
  }
  for (size_t i = 0; call->plan->has_hidden && i < function->param_count; i++) {
    const ist__param *param = &function->params[i];
    if (param->arg >= 0 || static_cast<int32_t>(i) == function->self || !param->fallback) continue;
    if (param->role == IST__FIXED || param->length_count || param->dir == IST__OUT) continue;
    if (!ist__lower_phase1(call, param, Local<Value>())) return false;
  }
  return options.IsEmpty() || read_options(call, options);
}

/* ---- phase 2 ---- */

static void set_pointer(ist__call *call, const ist__param *param, void *pointer) {
  memcpy(call->frame.args[param->index], &pointer, sizeof pointer);
}

/* A record that C will destroy or own: nothing may be inside it, and it must be ours to give. */
static bool may_end(const ist__site &site, ist__owner *owner, const char *verb) {
  ist__fault fault;
  if (!ist__owner_idle(owner, &fault)) return ist__throw(site, IST_PLAIN_ERROR, "%s", fault.text);
  if (owner->kind != IST__BORROWED) return true;
  return ist__throw(site, IST_PLAIN_ERROR, "the %s is borrowed and cannot be %s", owner->type->name,
                    verb);
}

static bool resolve_ref(ist__call *call, const ist__param *param, const ist__type *to) {
  ist__argument &argument = call->arguments[param->index];
  bool self = static_cast<int32_t>(param->index) == call->function->self;
  ist__place place = {nullptr, param->name, 0};
  ist__site site = call->site(self ? nullptr : &place);
  if (param->take) {
    ist__wrap *wrap = ist__wrap_of(argument.value);
    if (wrap && wrap->owner && wrap->owner->state == IST__LIVE) {
      if (!may_end(site, wrap->owner, "given away")) return false;
      ist__fault needed;
      if (!ist__owner_childless(wrap->owner, &needed)) {
        return ist__throw(site, IST_PLAIN_ERROR, "%s", needed.text);
      }
      ist__wrap *into = call->function->self >= 0
                            ? ist__wrap_of(call->arguments[call->function->self].value)
                            : nullptr;
      ist__fault fault;
      if (into && into != wrap && !ist__owner_nest(into->owner, wrap->owner, &fault)) {
        return ist__throw(site, IST_PLAIN_ERROR, "%s", fault.text);
      }
    }
  }
  void *address = nullptr;
  if (!ist__lower_ref(call, site, to, argument.value, param->null, &address, &argument.wrap))
    return false;
  if (param->dir == IST__INOUT && argument.wrap && !ist__wrap_writable(site, argument.wrap))
    return false;
  argument.owner = argument.wrap ? argument.wrap->owner : nullptr;
  argument.absent = !address;
  argument.data = static_cast<uint8_t *>(address);
  set_pointer(call, param, address);
  if (argument.owner && to->kind == IST__HANDLE && (self || !call->parent))
    call->parent = argument.owner;
  return true;
}

static bool resolve_string(ist__call *call, const ist__param *param) {
  ist__argument &argument = call->arguments[param->index];
  ist__place place = {nullptr, param->name, 0};
  ist__site site = call->site(&place);
  Local<v8::Uint8Array> bytes = argument.value.As<v8::Uint8Array>();
  if (bytes->HasBuffer() && bytes->Buffer().As<Value>()->IsSharedArrayBuffer()) {
    return ist__throw(site, IST_TYPE_ERROR, "a SharedArrayBuffer cannot be used here");
  }
  if (bytes->HasBuffer() && bytes->Buffer()->WasDetached()) {
    return ist__throw(site, IST_TYPE_ERROR, "the buffer is detached");
  }
  size_t length = bytes->ByteLength();
  auto *copy = static_cast<uint8_t *>(call->arena.take(length + 1));
  if (!copy) return no_memory(call);
  length = bytes->CopyContents(copy, length);
  copy[length] = 0;
  if (memchr(copy, 0, length))
    return ist__throw(site, IST_TYPE_ERROR, "expected bytes without NUL");
  argument.data = copy;
  argument.count = argument.bytes = length;
  set_pointer(call, param, copy);
  return true;
}

static bool resolve_filled(ist__call *call, const ist__param *param, const ist__type *to) {
  ist__argument &argument = call->arguments[param->index];
  if (!argument.into.IsEmpty()) {
    ist__place place = {nullptr, param->name, 0};
    void *address;
    if (!ist__lower_ref(call, call->site(&place), to, argument.into, false, &address,
                        &argument.wrap) ||
        !ist__wrap_writable(call->site(&place), argument.wrap))
      return false;
    set_pointer(call, param, address);
    return true;
  }
  size_t align = to->align < 16 ? 16 : to->align, size = (to->size + align) / align * align;
  argument.memory = static_cast<uint8_t *>(aligned_alloc(align, size));
  if (!argument.memory) return no_memory(call);
  memset(argument.memory, 0, size);
  ist__type_prepare(to, argument.memory);
  set_pointer(call, param, argument.memory);
  return true;
}

static bool resolve(ist__call *call, const ist__param *param) {
  ist__argument &argument = call->arguments[param->index];
  const ist__type *type = param->type;
  if (argument.absent) {
    if (param->role == IST__CELL) set_pointer(call, param, nullptr);
    return true;
  }
  if (const ist__type *to = filled_struct(param)) return resolve_filled(call, param, to);
  if (param->role == IST__BUFFER) return param->dir == IST__OUT || ist__buffer_lower(call, param);
  if (argument.done || argument.value.IsEmpty()) return true;
  if (param->role == IST__CELL && type->to->kind == IST__STRUCT)
    return resolve_ref(call, param, type->to);
  if (param->role != IST__VALUE) return true;
  if (type->kind == IST__REF) return resolve_ref(call, param, type->to);
  if (type->kind == IST__STRING) return resolve_string(call, param);
  return true;
}

static bool store_fixed(ist__call *call, const ist__param *param) {
  ist__value value;
  ist__fault fault;
  if (!ist__expr_eval(param->value, &call->frame, &value, &fault)) {
    ist__place place = {nullptr, param->name, 0};
    return ist__throw(call->site(&place), IST_RANGE_ERROR, "%s", fault.text);
  }
  ist__store_value(param->type, call->frame.args[param->index], value);
  return true;
}

static double as_double(const ist__value &value) {
  return value.kind == IST__V_FLOAT ? value.f : static_cast<double>(value.i);
}

static bool in_bounds(ist__call *call, const ist__param *param) {
  ist__argument &argument = call->arguments[param->index];
  ist__place place = {nullptr, param->name, 0};
  ist__site site = call->site(&place);
  ist__value now, min = {}, max = {};
  ist__fault fault;
  const ist__type *type = param->role == IST__CELL ? param->type->to : param->type;
  if (!ist__is_scalar(type) || argument.absent) return true;
  now = ist__scalar_load(type,
                         param->role == IST__CELL ? argument.data : call->frame.args[param->index]);
  if ((param->min && !ist__expr_eval(param->min, &call->frame, &min, &fault)) ||
      (param->max && !ist__expr_eval(param->max, &call->frame, &max, &fault))) {
    return ist__throw(site, IST_RANGE_ERROR, "%s", fault.text);
  }
  bool low, high;
  if (now.kind == IST__V_INT && min.kind == IST__V_INT && max.kind == IST__V_INT) {
    low = param->min && now.i < min.i;
    high = param->max && now.i > max.i;
  } else {
    double number = as_double(now);
    low = param->min && !(number >= as_double(min));
    high = param->max && !(number <= as_double(max));
  }
  if (!low && !high) return true;
  char expected[128];
  const char *what = now.kind == IST__V_INT ? "an integer" : "a number";
  if (param->min && param->max) {
    snprintf(expected, sizeof expected, "%s from %.17g to %.17g", what, as_double(min),
             as_double(max));
  } else {
    snprintf(expected, sizeof expected, "%s of at %s %.17g", what, param->min ? "least" : "most",
             as_double(param->min ? min : max));
  }
  if (!argument.value.IsEmpty())
    return ist__throw_expected(site, IST_RANGE_ERROR, expected, argument.value);
  return ist__throw(site, IST_RANGE_ERROR, "expected %s, got %.17g", expected, as_double(now));
}

static bool resolve_all(ist__call *call) {
  const ist__function *function = call->function;
  size_t count = function->param_count;
  const ist__param *params = function->params;
  for (size_t i = 0; i < count; i++) {
    if (!resolve(call, &params[i])) return false;
  }
  if (call->deferred && !ist__lower_deferred(call)) return false;
  const ist__plan *plan = call->plan;
  for (size_t i = 0; plan->has_lengths && i < count; i++) {
    if (params[i].length_count && !ist__buffer_lengths(call, &params[i])) return false;
  }
  for (size_t i = 0; plan->has_fixed && i < count; i++) {
    if (params[i].role == IST__FIXED && !store_fixed(call, &params[i])) return false;
  }
  for (size_t i = 0; plan->has_bounds && i < count; i++) {
    const ist__param *param = &params[i];
    if ((param->min || param->max) && !in_bounds(call, param)) return false;
  }
  for (size_t i = 0; plan->has_buffers && i < count; i++) {
    const ist__param *param = &params[i];
    if (param->role != IST__BUFFER) continue;
    if (param->dir == IST__OUT ? !ist__buffer_allocate(call, param)
                               : !ist__buffer_check(call, param))
      return false;
  }
  for (size_t i = 0; plan->has_lengths && i < count; i++) {
    if (params[i].length_count && !ist__buffer_lengths(call, &params[i])) return false;
  }
  for (size_t i = 0; function->has_callbacks && i < count; i++) {
    if (params[i].type->kind == IST__CALLBACK && params[i].role == IST__VALUE &&
        !ist__closure_lower(call, &params[i])) {
      return false;
    }
  }
  return true;
}

/* ---- after C ---- */

static void copy_back(ist__call *call) {
  for (const ist__held *held = call->held; held; held = held->next) {
    if (!held->copy || held->buffer->WasDetached()) continue;
    size_t now = held->buffer->ByteLength();
    if (held->offset > now || held->bytes > now - held->offset) continue;
    memcpy(static_cast<uint8_t *>(held->buffer->Data()) + held->offset, held->copy, held->bytes);
  }
  for (const ist__deferred *later = call->deferred; later; later = later->next) {
    ist__wrap *wrap = later->back ? ist__wrap_of(later->value) : nullptr;
    if (wrap && wrap->owner->state == IST__LIVE)
      memcpy(wrap->address, later->to, later->type->size);
  }
}

/* Pointers that are freed whether the call failed or not, and the text among them that says why. */
static const char *error_text(ist__call *call) {
  const char *text = nullptr;
  for (size_t i = 0; i < call->function->param_count; i++) {
    const ist__param *param = &call->function->params[i];
    if (!param->error_text || call->arguments[i].absent || !call->arguments[i].data) continue;
    char *given;
    memcpy(&given, call->arguments[i].data, sizeof given);
    if (!given) continue;
    text = given;
    auto *release = param->free ? call->arena.make<ist__release>() : nullptr;
    if (!release) continue;
    *release = {call->releases, param->free, given};
    call->releases = release;
  }
  return text;
}

static bool is_output(const ist__function *function, size_t index) {
  for (size_t i = 0; i < function->output_count; i++) {
    if (function->outputs[i] == static_cast<int32_t>(index)) return true;
  }
  return false;
}

/* After a failure only what is owned always is ours, and it is so even where nobody wants it. */
static void release_owned_always(ist__call *call) {
  const ist__function *function = call->function;
  for (size_t i = 0; i <= function->param_count; i++) {
    const ist__param *param = i < function->param_count ? &function->params[i] : &function->result;
    if (!param->own_always || param->error_text || call->arguments[i].absent) continue;
    if (!call->failed && (i == function->param_count || is_output(function, i))) continue;
    if (i < function->param_count && (param->role != IST__CELL || !call->arguments[i].data))
      continue;
    void *address;
    memcpy(&address, i < function->param_count ? call->arguments[i].data : call->frame.result,
           sizeof address);
    const ist__type *type = i < function->param_count ? param->type->to : param->type;
    const ist__function *destroy = param->free;
    if (!destroy && type->kind == IST__REF) destroy = type->to->destructor;
    if (address && destroy) ist__free_with(destroy, address);
  }
}

static MaybeLocal<Value> outputs(ist__call *call) {
  const ist__function *function = call->function;
  if (!function->output_count) return v8::Undefined(call->isolate).As<Value>();
  Local<Object> several;
  if (function->output_count > 1) several = Object::New(call->isolate);
  for (size_t i = 0; i < function->output_count; i++) {
    int32_t index = function->outputs[i];
    const ist__param *param = index < 0 ? &function->result : &function->params[index];
    Local<Value> value;
    if (!ist__lift_output(call, param).ToLocal(&value)) return {};
    if (several.IsEmpty()) return value;
    Local<v8::String> name = ist__text_of(call->isolate, index < 0 ? "result" : param->name);
    if (several->CreateDataProperty(call->context, name, value).IsNothing()) return {};
  }
  return several.As<Value>();
}

/* C has returned: failure first, then records, then values. Empty: thrown, or terminated. */
static MaybeLocal<Value> finish(ist__call *call, ist__owner *constructed) {
  const ist__function *function = call->function;
  ist__bridge *bridge = call->bridge;
  if (function->captures_errno) bridge->last_errno = call->frame.error;
  copy_back(call);
  for (size_t i = 0; call->plan->has_takes && i < function->param_count; i++) {
    if (function->params[i].take && call->arguments[i].owner) {
      ist__owner_taken(call->arguments[i].owner, function);
    }
  }
  ist__fault fault;
  bool evaluated = true, has_code = false;
  char *message = nullptr;
  ist__value code = {};
  if (function->throws) {
    evaluated = ist__frame_failed(&call->frame, &call->failed, &fault);
    if (!evaluated) call->failed = true;
    if (evaluated && call->failed) ist__frame_failure(&call->frame, &has_code, &code, &message);
  }
  const char *text = call->plan->has_error_text ? error_text(call) : nullptr;
  if (call->failed || call->plan->has_omitted) release_owned_always(call);
  if (call->failed) {
    if (constructed) ist__owner_gone(constructed, nullptr);
  } else {
    for (size_t i = 0; i < function->output_count; i++) {
      int32_t index = function->outputs[i];
      ist__lift_adopt(call, index < 0 ? &function->result : &function->params[index]);
    }
  }
  ist__closures_settle(call, call->failed);
  MaybeLocal<Value> result;
  if (call->terminated) {
    call->isolate->TerminateExecution();
  } else if (call->threw) {
    call->isolate->ThrowException(call->exception.Get(call->isolate));
  } else if (!evaluated) {
    ist__throw(call->site(), IST_PLAIN_ERROR, "%s", fault.text);
  } else if (call->failed) {
    ist__throw_bundle(call->site(), call->plan->lib, function->throws, has_code, &code,
                      text ? text : message);
  } else if (!constructed) {
    result = outputs(call);
  } else {
    result = v8::Undefined(call->isolate).As<Value>();
  }
  ist__free(message);
  return result;
}

/* The destructor as a method. What is destroyed otherwise, or later, is not called here. */
static MaybeLocal<Value> destroy(ist__call *call, const FunctionCallbackInfo<Value> &info) {
  const ist__function *function = call->function;
  ist__wrap *wrap = ist__wrap_of(info.This());
  ist__owner *owner = wrap->owner;
  if (!may_end(call->site(), owner, "closed")) return {};
  ist__argument &self = call->arguments[function->self];
  set_pointer(call, &function->params[function->self], wrap->address);
  self.done = true;
  self.owner = owner;
  self.data = wrap->address;
  call->parent = owner;
  if (!lower_arguments(call, info) || !ist__wrap_live(call->site(), wrap)) return {};
  if (!may_end(call->site(), owner, "closed") || !resolve_all(call)) return {};
  if (!available(call->site(), call->plan)) return {};
  MaybeLocal<Value> result = v8::Undefined(call->isolate).As<Value>();
  if (function->ends_borrows) ist__function_ends(call->bridge->domain, function, owner);
  call->called = true;
  if (!ist__owner_dispose(owner, function)) return result;
  if (owner->free && owner->free != function) {
    ist__free_with(owner->free, owner->address);
  } else {
    ist__frame_call(&call->frame);
    leave(call);
    result = finish(call, nullptr);
  }
  ist__owner_gone(owner, function);
  if (call->plan->disposer && !result.IsEmpty()) return v8::Undefined(call->isolate).As<Value>();
  return result;
}

static ist__wrap *receiver(ist__call *call, Local<Value> self) {
  const ist__function *function = call->function;
  const ist__type *type = function->params[function->self].type->to;
  ist__wrap *wrap = ist__wrap_of(self);
  if (wrap && wrap->type == type) return wrap;
  char expected[96];
  snprintf(expected, sizeof expected, "this to be %s %s", ist__article(type->name), type->name);
  /* V8 puts the global object where a function is called without a receiver. */
  if (self->StrictEquals(call->context->Global())) self = v8::Undefined(call->isolate);
  ist__throw_expected(call->site(), IST_TYPE_ERROR, expected, self);
  return nullptr;
}

/* The whole of a call. `made`, for a constructor: the record of what was constructed. */
static MaybeLocal<Value> run(ist__call *call, const FunctionCallbackInfo<Value> &info,
                             ist__owner **made) {
  const ist__function *function = call->function;
  if (!available(call->site(), call->plan) || !lay(call)) return {};
  ist__owner *constructed = nullptr;
  bool inside = function->self >= 0;
  if (inside && function->kind == IST__CONSTRUCTOR) {
    const ist__type *type = function->owner;
    constructed = ist__owner_new(call->bridge->domain, type, nullptr,
                                 type->destructor ? IST__OWNED : IST__MEMORY, type->destructor);
    if (!constructed) {
      no_memory(call);
      return {};
    }
    ist__argument &self = call->arguments[function->self];
    self.owner = constructed;
    self.fresh = self.done = true;
    set_pointer(call, &function->params[function->self], constructed->address);
  } else if (inside) {
    ist__wrap *wrap = receiver(call, info.This());
    if (!wrap) return {};
    if (call->plan->disposer &&
        (wrap->owner->state != IST__LIVE || wrap->owner->kind == IST__BORROWED)) {
      return v8::Undefined(call->isolate).As<Value>();
    }
    if (!ist__wrap_live(call->site(), wrap)) return {};
    if (function->kind == IST__DESTRUCTOR) return destroy(call, info);
    call->arguments[function->self].value = info.This();
  }
  if (!lower_arguments(call, info) || !resolve_all(call)) {
    if (constructed) ist__owner_gone(constructed, nullptr);
    return {};
  }
  if (!available(call->site(), call->plan)) {
    if (constructed) ist__owner_gone(constructed, nullptr);
    return {};
  }
  if (function->ends_borrows) ist__function_ends(call->bridge->domain, function, call->parent);
  call->called = true;
  ist__frame_call(&call->frame);
  leave(call);
  MaybeLocal<Value> result = finish(call, constructed);
  if (result.IsEmpty()) return {};
  if (constructed) {
    if (made) {
      *made = constructed;
      return result;
    }
    Local<Object> object;
    if (!ist__wrap_owner(call->bridge, call->context, constructed).ToLocal(&object)) return {};
    return object.As<Value>();
  }
  return result;
}

void ist__call_general(const FunctionCallbackInfo<Value> &info) {
  auto *plan = static_cast<const ist__plan *>(ist__compat::external_value(info.Data()));
  if (plan->bridge->forgotten && !plan->bridge->top) ist__bridge_drain(plan->bridge);
  ist__call call(plan, info.GetIsolate()->GetCurrentContext());
  Local<Value> result;
  if (run(&call, info, nullptr).ToLocal(&result)) info.GetReturnValue().Set(result);
}

/* ---- classes of handles ---- */

void ist__call_construct(const FunctionCallbackInfo<Value> &info) {
  auto *of = static_cast<ist__class *>(ist__compat::external_value(info.Data()));
  const ist__type *type = of->type;
  ist__site site = {of->bridge, of->lib->library, of->label, nullptr};
  if (!info.IsConstructCall()) {
    ist__throw(site, IST_TYPE_ERROR, "a class is called with new");
    return;
  }
  if (!type->constructor_count) {
    ist__throw(site, IST_TYPE_ERROR,
               "has no constructor: the library's functions give its instances");
    return;
  }
  const ist__plan *plan = &of->lib->plans[type->constructors[0]->index];
  Local<v8::Context> context = info.GetIsolate()->GetCurrentContext();
  if (of->lib->narrowed &&
      !ist__grant_has(context, ist__known_exports(context), of->lib, plan->function)) {
    ist__throw(site, IST_TYPE_ERROR, "its constructor was not granted");
    return;
  }
  if (of->bridge->forgotten && !of->bridge->top) ist__bridge_drain(of->bridge);
  Isolate *isolate = info.GetIsolate();
  ist__call call(plan, isolate->GetCurrentContext());
  ist__owner *made = nullptr;
  call.label = of->label;
  call.receiver = info.This();
  if (plan->function->self >= 0) {
    if (run(&call, info, &made).IsEmpty()) return;
    if (!ist__wrap_attach(of->bridge, info.This(), type, made)) no_memory(&call);
    return;
  }
  /* The object that the outputs name is the receiver: see ist__call::receiver. */
  Local<Value> result;
  if (!run(&call, info, nullptr).ToLocal(&result)) return;
  ist__wrap *wrap = ist__wrap_of(result);
  if (!wrap && result->IsObject()) {
    for (size_t i = 0; i <= plan->function->param_count && !wrap; i++) {
      ist__owner *owner = call.arguments[i].owner;
      if (owner && owner->type == type && call.arguments[i].fresh)
        wrap = static_cast<ist__wrap *>(owner->wrapper);
    }
  }
  if (!wrap) {
    ist__throw(site, IST_PLAIN_ERROR, "the constructor gave nothing");
    return;
  }
  info.GetReturnValue().Set(wrap->object.Get(isolate));
}

/* ---- the short way ---- */

/* Scalars in, a scalar or nothing out, and nothing else can happen: no arena, no records. */
void ist__call_simple(const FunctionCallbackInfo<Value> &info) {
  auto *plan = static_cast<const ist__plan *>(ist__compat::external_value(info.Data()));
  const ist__function *function = plan->function;
  ist__site site = {plan->bridge, function->library, function->label, nullptr};
  if (!available(site, plan)) return;
  auto given = static_cast<size_t>(info.Length());
  if (given < function->required) {
    ist__throw(site, IST_TYPE_ERROR, "expected %zu argument%s, got %zu", function->required,
               function->required == 1 ? "" : "s", given);
    return;
  }
  uint64_t slots[IST_SIMPLE_PARAMS];
  void *args[IST_SIMPLE_PARAMS];
  alignas(16) uint64_t result[2] = {0, 0};
  for (size_t i = 0; i < function->arg_count; i++) {
    const ist__param *param = &function->params[function->args[i]];
    ist__place place = {nullptr, param->name, 0};
    site.place = &place;
    uint64_t *slot = &slots[param->index];
    *slot = 0;
    args[param->index] = slot;
    if (!ist__lower_scalar(site, param->type, info[static_cast<int>(i)], slot)) return;
  }
  site.place = nullptr;
  ist__frame frame = {function, args, result, 0};
  ist__frame_call(&frame);
  const ist__type *type = function->result.type;
  switch (type->kind) {
  case IST__VOID: return;
  case IST__FLOAT:
    if (type->size == 8) {
      double number;
      memcpy(&number, result, sizeof number);
      info.GetReturnValue().Set(number);
      return;
    }
    break;
  case IST__INT:
    if (type->size == 4 && type->is_signed) {
      int32_t number;
      memcpy(&number, result, sizeof number);
      info.GetReturnValue().Set(number);
      return;
    }
    break;
  default: break;
  }
  Local<Value> value;
  if (ist__lift_scalar(site, type, result).ToLocal(&value)) info.GetReturnValue().Set(value);
}
