/* A library as JavaScript sees it: its templates, made once for an isolate, and its exports, made
 * once for a context.
 *
 * Templates point to plans and classes that live as long as the bridge; the bridge holds each
 * library that it has made templates of. An exports object is frozen before anyone sees it. */
#include "bridge_internal.h"

#include <stdio.h>

using v8::Context;
using v8::FunctionTemplate;
using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Object;
using v8::Value;

/* ---- the bridge ---- */

static void report(void *env, const char *text) {
  auto *bridge = static_cast<ist__bridge *>(env);
  bridge->hooks.report(bridge->hooks.env, text);
}

static void wake(void *env) {
  auto *bridge = static_cast<ist__bridge *>(env);
  /* Inside a collection the second pass wakes; a foreign thread's notice cannot wait for that. */
  if (pthread_equal(pthread_self(), bridge->thread) && bridge->collecting) return;
  bridge->forgotten = true;
  bridge->hooks.wake(bridge->hooks.env);
}

/* The collector need not wait for native memory that is gone. */
static void owner_end(void *env, ist__owner *owner) {
  auto *wrap = static_cast<ist__wrap *>(owner->wrapper);
  if (!wrap) return;
  int64_t reported = wrap->reported;
  wrap->reported = 0;
  static_cast<ist__bridge *>(env)->unreported -= reported;
}

ist__bridge *ist__bridge_new(Isolate *isolate, const ist__bridge_hooks *hooks) {
  auto *bridge = new (std::nothrow) ist__bridge();
  if (!bridge) return nullptr;
  bridge->isolate = isolate;
  bridge->hooks = *hooks;
  bridge->thread = pthread_self();
  ist__domain_hooks domain_hooks = {};
  domain_hooks.env = bridge;
  domain_hooks.report = report;
  domain_hooks.wake = wake;
  domain_hooks.call = ist__closure_call;
  domain_hooks.closure_end = ist__closure_ended;
  domain_hooks.owner_end = owner_end;
  bridge->domain = ist__domain_new(&domain_hooks);
  if (!bridge->domain) {
    delete bridge;
    return nullptr;
  }
  isolate->SetData(IST_BRIDGE_ISOLATE_SLOT, bridge);
  return bridge;
}

static void lib_free(ist__lib *lib) {
  size_t types = lib->library->type_count;
  for (size_t i = 0; lib->classes && i < types; i++) {
    delete[] lib->classes[i].accessors;
    delete[] lib->classes[i].names;
    ist__free(lib->classes[i].label);
  }
  delete[] lib->classes;
  delete[] lib->plans;
  delete[] lib->errors;
  ist__library_release(lib->library);
  delete lib;
}

void ist__bridge_free(ist__bridge *bridge) {
  if (!bridge) return;
  v8::HandleScope scope(bridge->isolate);
  bridge->ending = true;
  ist__wraps_free(bridge);
  ist__domain_free(bridge->domain);
  ist__orphans_free(bridge);
  ist__targets_free(bridge);
  while (ist__lib *lib = bridge->libs) {
    bridge->libs = lib->next;
    lib_free(lib);
  }
  bridge->isolate->AdjustAmountOfExternalAllocatedMemory(bridge->unreported);
  bridge->isolate->SetData(IST_BRIDGE_ISOLATE_SLOT, nullptr);
  delete bridge;
}

ist__bridge *ist__bridge_of(Isolate *isolate) {
  return static_cast<ist__bridge *>(isolate->GetData(IST_BRIDGE_ISOLATE_SLOT));
}

int ist__bridge_errno(ist__bridge *bridge) {
  return bridge->last_errno;
}

/* ---- plans ---- */

static bool plain_scalar(const ist__param *param) {
  return param->role == IST__VALUE && param->dir == IST__IN && ist__is_scalar(param->type) &&
         param->type->size <= 8 && param->arg >= 0 && !param->length_count && !param->min &&
         !param->max && !param->fallback;
}

static bool is_simple(const ist__plan *plan) {
  const ist__function *function = plan->function;
  const ist__param *result = &function->result;
  if (plan->may_call_back || function->self >= 0 || function->throws || function->captures_errno ||
      function->ends_borrows || function->param_count > IST_SIMPLE_PARAMS ||
      function->param_count != function->arg_count) {
    return false;
  }
  for (size_t i = 0; i < function->param_count; i++) {
    if (!plain_scalar(&function->params[i])) return false;
  }
  if (result->type->kind == IST__VOID) return function->output_count == 0;
  return function->output_count == 1 && result->role == IST__VALUE && ist__is_scalar(result->type);
}

static bool has_options(const ist__function *function) {
  for (size_t i = 0; i < function->param_count; i++) {
    const ist__param *param = &function->params[i];
    if (param->dir != IST__OUT || param->error_text) continue;
    const ist__type *of = param->type->to;
    if (param->role == IST__BUFFER && param->text == IST__BYTES) return true;
    if (of && of->kind == IST__STRUCT && (param->role == IST__CELL || param->role == IST__VALUE))
      return true;
  }
  return false;
}

static bool calls_back(const ist__library *library) {
  for (size_t i = 0; i < library->function_count; i++) {
    const ist__function *function = library->functions[i];
    for (size_t j = 0; j < function->param_count; j++) {
      const ist__param *param = &function->params[j];
      if (param->role == IST__VALUE && param->type->kind == IST__CALLBACK &&
          param->scope != IST__SCOPE_CALL) {
        return true;
      }
    }
  }
  for (size_t i = 0; i < library->type_count; i++) {
    const ist__type *type = library->types[i];
    for (size_t j = 0; j < type->field_count; j++) {
      const ist__param *use = type->fields[j].use;
      if (use && use->scope != IST__SCOPE_CALL) return true;
    }
  }
  return false;
}

static void plan_fill(ist__lib *lib, ist__plan *plan, const ist__function *function) {
  plan->bridge = lib->bridge;
  plan->lib = lib;
  plan->function = function;
  plan->may_call_back = function->has_callbacks || lib->calls_back;
  plan->simple = is_simple(plan);
  plan->options = has_options(function);
  for (size_t i = 0; i < function->param_count; i++) {
    const ist__param *param = &function->params[i];
    bool self = static_cast<int32_t>(i) == function->self;
    plan->has_lengths |= param->length_count != 0;
    plan->has_fixed |= param->role == IST__FIXED;
    plan->has_bounds |= param->min || param->max;
    plan->has_buffers |= param->role == IST__BUFFER;
    plan->has_takes |= param->take;
    plan->has_error_text |= param->error_text;
    plan->has_omitted |= param->own_always && !param->error_text;
    plan->has_hidden |= !self && param->arg < 0 && param->fallback;
  }
}

static Local<FunctionTemplate> function_shape(const ist__plan *plan, const char *name) {
  Isolate *isolate = plan->bridge->isolate;
  const ist__function *function = plan->function;
  Local<v8::External> data = ist__compat::external_new(isolate, const_cast<ist__plan *>(plan));
  Local<FunctionTemplate> shape = FunctionTemplate::New(
      isolate, plan->simple ? ist__call_simple : ist__call_general, data, Local<v8::Signature>(),
      static_cast<int>(function->required), v8::ConstructorBehavior::kThrow);
  shape->SetClassName(ist__text_of(isolate, name));
  return shape;
}

/* ---- classes ---- */

static void add_methods(ist__lib *lib, Local<v8::Template> to, const ist__function **functions,
                        size_t first, size_t count) {
  Isolate *isolate = lib->bridge->isolate;
  for (size_t i = first; i < count; i++) {
    const ist__function *function = functions[i];
    to->Set(ist__text_of(isolate, function->name),
            function_shape(&lib->plans[function->index], function->name), v8::DontEnum);
  }
}

/* The record of a class, without anything of V8's; false when memory is out. */
static bool class_fill(ist__lib *lib, const ist__type *type) {
  ist__class *of = &lib->classes[type->index];
  of->bridge = lib->bridge;
  of->lib = lib;
  of->type = type;
  of->accessors = new (std::nothrow) ist__accessor[type->field_count + 1]();
  of->names = new (std::nothrow) v8::Global<v8::Name>[type->field_count + 1];
  size_t size = strlen(lib->library->name) + strlen(type->name) + 2;
  of->label = static_cast<char *>(ist__malloc(size));
  if (!of->accessors || !of->names || !of->label) return false;
  snprintf(of->label, size, "%s.%s", lib->library->name, type->name);
  for (size_t i = 0; i < type->field_count; i++) of->accessors[i] = {of, &type->fields[i]};
  if (type->destructor && type->destructor->kind == IST__DESTRUCTOR) {
    ist__plan *plan = &lib->plans[lib->library->function_count + type->index];
    plan_fill(lib, plan, type->destructor);
    plan->disposer = true;
  }
  return true;
}

static void class_shape(ist__lib *lib, const ist__type *type) {
  Isolate *isolate = lib->bridge->isolate;
  ist__class *of = &lib->classes[type->index];
  bool handle = type->kind == IST__HANDLE;
  size_t length = handle && type->constructor_count ? type->constructors[0]->required : 0;
  Local<FunctionTemplate> shape = FunctionTemplate::New(
      isolate, handle ? ist__call_construct : ist__struct_construct,
      ist__compat::external_new(isolate, of), Local<v8::Signature>(), static_cast<int>(length));
  shape->SetClassName(ist__text_of(isolate, type->name));
  shape->InstanceTemplate()->SetInternalFieldCount(IST_FIELD_COUNT);
  shape->ReadOnlyPrototype();
  ist__struct_members(of, shape);
  Local<v8::ObjectTemplate> prototype = shape->PrototypeTemplate();
  add_methods(lib, prototype, type->methods, 0, type->method_count);
  if (type->destructor && type->destructor->kind == IST__DESTRUCTOR) {
    add_methods(lib, prototype, const_cast<const ist__function **>(&type->destructor), 0, 1);
  }
  add_methods(lib, shape, type->statics, 0, type->static_count);
  add_methods(lib, shape, type->constructors, 1, type->constructor_count);
  of->shape.Reset(isolate, shape);
}

ist__lib *ist__lib_add(ist__bridge *bridge, ist__library *library) {
  auto *lib = new (std::nothrow) ist__lib();
  if (!lib) return nullptr;
  ist__library_retain(library);
  lib->bridge = bridge;
  lib->library = library;
  lib->index = bridge->lib_count;
  lib->calls_back = calls_back(library);
  lib->plans = new (std::nothrow) ist__plan[library->function_count + library->type_count + 1]();
  lib->classes = new (std::nothrow) ist__class[library->type_count + 1]();
  lib->errors = new (std::nothrow) v8::Global<FunctionTemplate>[library->bundle_count + 1];
  bool made = lib->plans && lib->classes && lib->errors;
  lib->all_safe = true;
  for (size_t i = 0; made && i < library->function_count; i++) {
    plan_fill(lib, &lib->plans[i], library->functions[i]);
    if (library->functions[i]->unsafe) lib->all_safe = false;
  }
  for (size_t i = 0; made && i < library->type_count; i++) {
    const ist__type *type = library->types[i];
    if (type->kind == IST__STRUCT || type->kind == IST__HANDLE) made = class_fill(lib, type);
  }
  if (!made) {
    lib_free(lib);
    return nullptr;
  }
  bridge->lib_count++;
  lib->next = bridge->libs;
  bridge->libs = lib;
  return lib;
}

static void make_templates(ist__lib *lib) {
  for (size_t i = 0; i < lib->library->type_count; i++) {
    const ist__type *type = lib->library->types[i];
    if (type->kind == IST__STRUCT || type->kind == IST__HANDLE) class_shape(lib, type);
  }
}

ist__lib *ist__lib_find(ist__bridge *bridge, ist__library *library) {
  for (ist__lib *lib = bridge->libs; lib; lib = lib->next) {
    if (lib->library == library) return lib;
  }
  ist__lib *lib = ist__lib_add(bridge, library);
  if (lib) make_templates(lib);
  return lib;
}

void ist__bridge_make_templates(ist__bridge *bridge) {
  for (ist__lib *lib = bridge->libs; lib; lib = lib->next) make_templates(lib);
}

/* ---- exports ---- */

static bool export_as(Local<Context> context, Local<Object> exports, const char *name,
                      Local<Value> value) {
  Isolate *isolate = context->GetIsolate();
  Local<v8::String> key = ist__text_of(isolate, name);
  bool there;
  if (!exports->HasOwnProperty(context, key).To(&there)) return false;
  return there || exports->CreateDataProperty(context, key, value).FromMaybe(false);
}

static Local<Value> integer(Isolate *isolate, __int128 number, bool bigint) {
  const __int128 safe = 9007199254740991;
  if (!bigint && number <= safe && number >= -safe) {
    return v8::Number::New(isolate, static_cast<double>(number));
  }
  if (number > INT64_MAX)
    return v8::BigInt::NewFromUnsigned(isolate, static_cast<uint64_t>(number));
  return v8::BigInt::New(isolate, static_cast<int64_t>(number));
}

/* Symbol.dispose, which the host's JavaScript defines where V8 does not. */
static Local<v8::Symbol> dispose_symbol(Local<Context> context) {
  Isolate *isolate = context->GetIsolate();
  v8::TryCatch quiet(isolate);
  Local<Value> symbol, dispose;
  if (context->Global()->Get(context, ist__text_of(isolate, "Symbol")).ToLocal(&symbol) &&
      symbol->IsObject() &&
      symbol.As<Object>()->Get(context, ist__text_of(isolate, "dispose")).ToLocal(&dispose) &&
      dispose->IsSymbol()) {
    return dispose.As<v8::Symbol>();
  }
  return v8::Symbol::ForApi(isolate, ist__text_of(isolate, "Symbol.dispose"));
}

static void dispose_struct(const v8::FunctionCallbackInfo<Value> &info) {
  auto *of = static_cast<ist__class *>(ist__compat::external_value(info.Data()));
  ist__site site = {of->bridge, of->lib->library, of->label, nullptr};
  ist__wrap *wrap = ist__wrap_of(info.This());
  if (!wrap || wrap->type != of->type) {
    ist__throw_type(site, IST_TYPE_ERROR, of->type, false, info.This());
    return;
  }
  ist__owner *owner = wrap->owner;
  ist__fault fault;
  if (wrap->view || owner->state != IST__LIVE || owner->kind == IST__BORROWED) return;
  if (!ist__owner_idle(owner, &fault)) {
    ist__throw(site, IST_PLAIN_ERROR, "%s", fault.text);
  } else if (ist__owner_dispose(owner, nullptr)) {
    if (owner->kind == IST__OWNED && owner->free) ist__free_with(owner->free, owner->address);
    ist__owner_gone(owner, nullptr);
  }
}

void ist__library_callbacks(ist__references *to) {
  to->add(ist__call_simple);
  to->add(ist__call_general);
  to->add(ist__call_construct);
  to->add(ist__struct_construct);
  to->add(dispose_struct);
}

static bool export_class(Local<Context> context, Local<Object> exports, ist__lib *lib,
                         const ist__type *type, const char *grant) {
  Isolate *isolate = context->GetIsolate();
  ist__class *of = &lib->classes[type->index];
  Local<v8::Function> made, dispose;
  Local<Value> prototype;
  if (!of->shape.Get(isolate)->GetFunction(context).ToLocal(&made) ||
      !made->Get(context, ist__text_of(isolate, "prototype")).ToLocal(&prototype) ||
      !ist__grant_class(context, grant, type, made, prototype.As<Object>())) {
    return false;
  }
  Local<v8::Symbol> symbol = dispose_symbol(context);
  if (type->kind == IST__STRUCT) {
    if (!v8::Function::New(context, dispose_struct, ist__compat::external_new(isolate, of), 0,
                           v8::ConstructorBehavior::kThrow)
             .ToLocal(&dispose)) {
      return false;
    }
  } else if (type->destructor) {
    ist__plan *plan = &lib->plans[lib->library->function_count + type->index];
    if (plan->function &&
        !function_shape(plan, "[Symbol.dispose]")->GetFunction(context).ToLocal(&dispose)) {
      return false;
    }
  }
  if (!dispose.IsEmpty() && prototype.As<Object>()
                                ->DefineOwnProperty(context, symbol, dispose, v8::DontEnum)
                                .IsNothing()) {
    return false;
  }
  return export_as(context, exports, type->name, made);
}

static bool export_enum(Local<Context> context, Local<Object> exports, const ist__type *type) {
  Isolate *isolate = context->GetIsolate();
  Local<Object> whole = Object::New(isolate);
  for (size_t i = 0; i < type->value_count; i++) {
    int64_t bits = type->values[i].value;
    __int128 number = bits;
    if (!type->is_signed && bits < 0) number = static_cast<uint64_t>(bits);
    Local<Value> value = integer(isolate, number, false);
    if (whole->CreateDataProperty(context, ist__text_of(isolate, type->values[i].name), value)
            .IsNothing() ||
        !export_as(context, exports, type->values[i].name, value)) {
      return false;
    }
  }
  if (!whole->SetIntegrityLevel(context, v8::IntegrityLevel::kFrozen).FromMaybe(false))
    return false;
  if (!type->name || !*type->name) return true;
  return export_as(context, exports, type->name, whole);
}

static bool export_constant(Local<Context> context, Local<Object> exports,
                            const ist__constant *constant) {
  Isolate *isolate = context->GetIsolate();
  ist__value literal = ist__expr_literal(constant->value);
  Local<Value> value;
  switch (literal.kind) {
  case IST__V_FLOAT: value = v8::Number::New(isolate, literal.f); break;
  case IST__V_INT:
    if (constant->type->kind == IST__BOOL) {
      value = v8::Boolean::New(isolate, literal.i != 0);
    } else if (constant->type->kind == IST__FLOAT) {
      value = v8::Number::New(isolate, static_cast<double>(literal.i));
    } else {
      value = integer(isolate, literal.i, constant->type->bigint);
    }
    break;
  default:
    value = literal.p ? ist__text_of(isolate, static_cast<const char *>(literal.p)).As<Value>()
                      : v8::Null(isolate).As<Value>();
    break;
  }
  return export_as(context, exports, constant->name, value);
}

static bool export_all(Local<Context> context, Local<Object> exports, ist__lib *lib,
                       const char *grant) {
  const ist__library *library = lib->library;
  for (size_t i = 0; i < library->type_count; i++) {
    const ist__type *type = library->types[i];
    if (type->kind == IST__STRUCT || type->kind == IST__HANDLE) {
      if (!export_class(context, exports, lib, type, grant)) return false;
    } else if (type->kind == IST__ENUM) {
      if (!export_enum(context, exports, type)) return false;
    }
  }
  for (size_t i = 0; i < library->bundle_count; i++) {
    Local<v8::Function> made;
    if (!ist__error_class(context, lib, &library->bundles[i]).ToLocal(&made) ||
        !export_as(context, exports, library->bundles[i].name, made)) {
      return false;
    }
  }
  for (size_t i = 0; i < library->constant_count; i++) {
    if (!export_constant(context, exports, &library->constants[i])) return false;
  }
  for (size_t i = 0; i < library->function_count; i++) {
    const ist__function *function = library->functions[i];
    Local<v8::Function> made;
    if (function->kind != IST__FUNCTION || function->hidden || !ist__granted(grant, function))
      continue;
    if (!function_shape(&lib->plans[i], function->name)->GetFunction(context).ToLocal(&made) ||
        !export_as(context, exports, function->name, made)) {
      return false;
    }
  }
  return true;
}

/* The exports that a context has, by the library's number. It hangs on the context and dies with
 * it. */
Local<v8::Map> ist__known_exports(Local<Context> context) {
  if (context->GetNumberOfEmbedderDataFields() > IST_BRIDGE_CONTEXT_SLOT) {
    Local<Value> known = context->GetEmbedderData(IST_BRIDGE_CONTEXT_SLOT);
    if (!known.IsEmpty() && known->IsMap()) return known.As<v8::Map>();
  }
  Local<v8::Map> fresh = v8::Map::New(context->GetIsolate());
  context->SetEmbedderData(IST_BRIDGE_CONTEXT_SLOT, fresh);
  return fresh;
}

static Local<Value> getter_of(Local<Context> context, Local<Value> object, const char *name) {
  Isolate *isolate = context->GetIsolate();
  Local<Value> descriptor, getter;
  if (object->IsObject() &&
      object.As<Object>()
          ->GetOwnPropertyDescriptor(context, ist__text_of(isolate, name))
          .ToLocal(&descriptor) &&
      descriptor->IsObject() &&
      descriptor.As<Object>()->Get(context, ist__text_of(isolate, "get")).ToLocal(&getter) &&
      getter->IsFunction()) {
    return getter;
  }
  return v8::Undefined(isolate);
}

/* What tells how long a resizable buffer's views are, where V8's interface does not. */
static void capture_getters(Local<Context> context, ist__bridge *bridge) {
  Isolate *isolate = bridge->isolate;
  if (!bridge->array_length.IsEmpty()) return;
  v8::TryCatch quiet(isolate);
  Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(isolate, 0);
  Local<Value> array = v8::Uint8Array::New(buffer, 0, 0)->GetPrototype();
  Local<Value> view = v8::DataView::New(buffer, 0, 0)->GetPrototype();
  if (array->IsObject()) array = array.As<Object>()->GetPrototype();
  Local<Value> resizable = getter_of(context, buffer->GetPrototype(), "resizable");
  Local<Value> array_length = getter_of(context, array, "byteLength");
  Local<Value> view_length = getter_of(context, view, "byteLength");
  if (!array_length->IsFunction() || !view_length->IsFunction()) return;
  bridge->array_length.Reset(isolate, array_length.As<v8::Function>());
  bridge->view_length.Reset(isolate, view_length.As<v8::Function>());
  if (resizable->IsFunction()) bridge->resizable.Reset(isolate, resizable.As<v8::Function>());
}

bool ist__buffer_resizable(ist__bridge *bridge, Local<v8::ArrayBuffer> buffer) {
  /* What can be resized has pages of its own. */
  const uintptr_t page = 4095;
  if (bridge->resizable.IsEmpty() || (reinterpret_cast<uintptr_t>(buffer->Data()) & page) != 0)
    return false;
  Isolate *isolate = bridge->isolate;
  v8::HandleScope scope(isolate);
  Local<Value> answer;
  return bridge->resizable.Get(isolate)
             ->Call(isolate->GetCurrentContext(), buffer, 0, nullptr)
             .ToLocal(&answer) &&
         answer->IsTrue();
}

size_t ist__buffer_view_length(ist__bridge *bridge, Local<v8::ArrayBufferView> view) {
  Isolate *isolate = bridge->isolate;
  v8::HandleScope scope(isolate);
  v8::TryCatch quiet(isolate);
  const v8::Global<v8::Function> &getter =
      view->IsDataView() ? bridge->view_length : bridge->array_length;
  Local<Value> answer;
  if (!getter.Get(isolate)->Call(isolate->GetCurrentContext(), view, 0, nullptr).ToLocal(&answer) ||
      !answer->IsNumber()) {
    return 0;
  }
  return static_cast<size_t>(answer.As<v8::Number>()->Value());
}

static MaybeLocal<Object> refuse(Local<Context> context, const char *text, ist__grant_refusal why,
                                 ist__grant_refusal *refusal) {
  Isolate *isolate = context->GetIsolate();
  isolate->ThrowException(v8::Exception::Error(ist__text_of(isolate, text)));
  if (refusal) *refusal = why;
  return {};
}

MaybeLocal<Object> ist__bridge_exports(Local<Context> context, ist__library *library,
                                       const char *const *tags, ist__grant_refusal *refusal) {
  Isolate *isolate = context->GetIsolate();
  v8::EscapableHandleScope scope(isolate);
  ist__bridge *bridge = ist__bridge_of(isolate);
  ist__grant grant;
  ist__fault fault;
  if (refusal) *refusal = IST_GRANT_OTHER;
  if (!ist__grant_read(library, tags, &grant, &fault))
    return refuse(context, fault.text, IST_GRANT_TAG, refusal);
  if (!grant.text) return refuse(context, "out of memory", IST_GRANT_OTHER, refusal);
  ist__lib *lib = ist__lib_find(bridge, library);
  if (!lib) return refuse(context, "out of memory", IST_GRANT_OTHER, refusal);
  Local<v8::Map> known = ist__known_exports(context);
  Local<Value> key = v8::Integer::NewFromUnsigned(isolate, lib->index), there;
  if (!known->Get(context, key).ToLocal(&there)) return {};
  if (there->IsObject()) {
    if (ist__grant_same(context, known, lib, grant.text)) return scope.Escape(there.As<Object>());
    char text[200];
    snprintf(text, sizeof text, "%.100s: this context has the library by other tags",
             library->name);
    return refuse(context, text, IST_GRANT_AGAIN, refusal);
  }
  capture_getters(context, bridge);
  lib->narrowed = lib->narrowed || !lib->all_safe || *grant.text != '*';
  Local<Object> exports = Object::New(isolate);
  if (!exports->SetPrototype(context, v8::Null(isolate)).FromMaybe(false) ||
      !ist__grant_record(context, known, lib, grant.text) ||
      !export_all(context, exports, lib, grant.text)) {
    return {};
  }
  Local<v8::Private> brand = ist__compat::private_symbol(isolate, "isthmus.library");
  if (!exports->SetPrivate(context, brand, ist__compat::external_new(isolate, lib))
           .FromMaybe(false) ||
      !exports->SetIntegrityLevel(context, v8::IntegrityLevel::kFrozen).FromMaybe(false) ||
      known->Set(context, key, exports).IsEmpty()) {
    return {};
  }
  return scope.Escape(exports);
}

bool ist__bridge_close(Local<Context> context, Local<Value> exports) {
  Isolate *isolate = context->GetIsolate();
  v8::HandleScope scope(isolate);
  Local<Value> external;
  if (!exports->IsObject() ||
      !exports.As<Object>()
           ->GetPrivate(context, ist__compat::private_symbol(isolate, "isthmus.library"))
           .ToLocal(&external) ||
      !external->IsExternal()) {
    return false;
  }
  ist__library_close(static_cast<ist__lib *>(ist__compat::external_value(external))->library);
  return true;
}

/* ---- inspection ---- */

bool ist__bridge_describe(Local<Context> context, Local<Value> value,
                          ist__bridge_description *out) {
  ist__wrap *wrap = ist__wrap_of(value);
  if (!wrap || !wrap->owner) return false;
  Isolate *isolate = context->GetIsolate();
  v8::TryCatch quiet(isolate);
  const ist__type *type = wrap->type;
  bool array = type->kind == IST__ARRAY;
  out->name = ist__text_of(isolate, array ? "StructArray" : type->name);
  out->fields = v8::Undefined(isolate);
  ist__owner_state state = wrap->owner->state;
  out->state = state == IST__LIVE ? "" : state == IST__EXPIRED ? "expired" : "closed";
  if (state != IST__LIVE || !ist__wrap_there(wrap) || (!array && !type->field_count)) return true;
  ist__site site = {wrap->bridge, type->library, type->library->name, nullptr};
  Local<Value> fields;
  if ((array ? ist__plain(site, type, wrap->address, false)
             : ist__plain_struct(site, type, wrap->address, false))
          .ToLocal(&fields)) {
    out->fields = fields;
  }
  return true;
}
