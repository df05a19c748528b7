/* Templates: what objects and functions are made from, in any context of an isolate. V8 aborts on a
 * template that is changed after its use, that contains itself, or that has a name twice; so every
 * template knows its properties and whether it was used, and nothing reaches V8 that it would not
 * take. */
#include "template.h"

#include <type_traits>

namespace {

/* Never destroyed: threads may still use it when the process ends. */
ist__pool<ist_template> &pool() {
  static ist__pool<ist_template> *made = new ist__pool<ist_template>;
  return *made;
}

/* ---- Families ---- */

ist__family *family_new(ist_isolate *isolate, ist__part_kind kind) {
  ist__family *family = new (std::nothrow) ist__family();
  if (!family) return nullptr;
  family->isolate = isolate;
  family->main.kind = kind;
  for (ist__part *part : {&family->main, &family->prototype, &family->instance}) {
    part->family = family;
    part->last_member = &part->members;
  }
  ist__templates *all = isolate->templates;
  ist__chain_add(&all->families, family);
  return family;
}

void members_free(ist__part *part) {
  while (part->members) {
    ist__member *member = part->members;
    part->members = member->next;
    delete member;
  }
}

void family_delete(ist__family *family) {
  for (ist__part *part : {&family->main, &family->prototype, &family->instance}) members_free(part);
  ist__chain_drop(family);
  delete family;
}

/* Gives a reference up. What ends with it may be a long chain, so that it is kept in a list rather
 * than on the stack. */
void family_release(ist__family *family) {
  ist__family *ending = nullptr;
  auto release = [&ending](ist__family *one) {
    if (--one->references) return;
    ist__chain_drop(one);
    ist__chain_add(&ending, one);
  };
  release(family);
  while (ending) {
    ist__family *one = ending;
    ist__chain_drop(one);
    if (one->parent) release(one->parent);
    for (ist__part *part : {&one->main, &one->prototype, &one->instance}) {
      for (ist__member *member = part->members; member; member = member->next)
        if (member->from && member->from->family != one) release(member->from->family);
      members_free(part);
    }
    delete one;
  }
}

/* ---- References ---- */

ist_status record_new(ist__part *part, ist_template **result) {
  ist_template *record = pool().take();
  if (!record) return IST_ERR_MEMORY;
  ist_isolate *isolate = part->family->isolate;
  part->family->references++;
  record->isolate = isolate;
  record->part = part;
  ist__chain_add(&isolate->templates->records, record);
  record->live.store(true, std::memory_order_release);
  *result = record;
  return IST_OK;
}

void record_free(ist_template *record) {
  ist__chain_drop(record);
  record->next = nullptr;
  record->link = nullptr;
  record->part = nullptr;
  pool().put(record);
}

/* The first reference to a new family; the family ends when there is no memory for it. */
ist_status first_record(ist__family *family, ist_template **result) {
  ist_status status = record_new(&family->main, result);
  if (status) family_delete(family);
  return status;
}

v8::Local<v8::Template> base(const ist__part *part) {
  return part->v8.Get(part->family->isolate->v8);
}

template <class T> v8::Local<T> local(const ist__part *part) {
  return base(part).template As<T>();
}

/* Another template of a call: alive, and of the same isolate. */
ist_status other(const ist_isolate *isolate, const ist_template *tmpl) {
  if (!tmpl) return IST_ERR_ARGUMENT;
  return tmpl->live.load(std::memory_order_relaxed) && tmpl->isolate == isolate ? IST_OK
                                                                                : IST_ERR_HANDLE;
}

bool is_object(const ist__part *part) {
  return part->kind != IST__PART_FUNCTION;
}

/* ---- What is made with what ---- */

/* Calls visit(part) for each template that V8 uses when it uses this one, until it says false. */
template <class Visit> bool each_below(const ist__part *part, Visit visit) {
  for (const ist__member *member = part->members; member; member = member->next)
    if (member->from && !visit(member->from)) return false;
  const ist__family *family = part->family;
  if (part->kind == IST__PART_INSTANCE) return visit(&part->family->main);
  if (part->kind != IST__PART_FUNCTION) return true;
  return (!family->prototype.kind || visit(&part->family->prototype)) &&
         (!family->parent || visit(&family->parent->main));
}

/* Whether `wanted` is used when `from` is. */
ist_status reaches(ist__part *from, const ist__part *wanted, uint32_t depth = 0) {
  if (from == wanted) return IST_ERR_ARGUMENT;
  if (depth >= IST_TEMPLATE_DEPTH) return IST_ERR_LIMIT;
  if (from->mark == from->family->isolate->templates->mark) return IST_OK;
  from->mark = from->family->isolate->templates->mark;
  ist_status status = IST_OK;
  each_below(from, [&](ist__part *part) { return !(status = reaches(part, wanted, depth + 1)); });
  return status;
}

/* IST_ERR_ARGUMENT when `upper` would be within itself once it uses `lower`. */
ist_status may_use(const ist__part *upper, ist__part *lower) {
  upper->family->isolate->templates->mark++;
  return reaches(lower, upper);
}

const ist__member *find_member(const ist__part *part, v8::Local<v8::Name> name) {
  v8::Isolate *isolate = part->family->isolate->v8;
  int hash = name->GetIdentityHash();
  for (const ist__member *member = part->members; member; member = member->next)
    if (member->hash == hash && member->name.Get(isolate)->StrictEquals(name)) return member;
  return nullptr;
}

/* Gives a part what the same part of the parent has and it has not itself, as a constructor of the
 * parent would have; V8 does so for native accessors alone. */
ist_status inherit_part(ist__part *part, const ist__part *parent) {
  v8::Isolate *isolate = part->family->isolate->v8;
  for (const ist__member *member = parent->members; member; member = member->next) {
    v8::Local<v8::Name> name = member->name.Get(isolate);
    const ist__member *own = find_member(part, name);
    /* V8 would define it twice. */
    if (own && member->value.IsEmpty() && !own->value.IsEmpty()) return IST_ERR_STATE;
    if (own || member->value.IsEmpty()) continue;
    v8::Local<v8::Data> value = member->value.Get(isolate);
    ist_status status = ist__part_add(part, name, value, member->attributes, member->from);
    if (status) return status;
    base(part)->Set(name, value, member->attributes);
  }
  return IST_OK;
}

ist__part *instance_of(ist__family *family) {
  ist__part *part = &family->instance;
  if (!part->kind) {
    v8::Isolate *isolate = family->isolate->v8;
    part->kind = IST__PART_INSTANCE;
    part->v8.Reset(isolate, local<v8::FunctionTemplate>(&family->main)->InstanceTemplate());
  }
  return part;
}

ist_status inherit_all(ist__family *family) {
  ist__family *parent = family->parent;
  if (!parent) return IST_OK;
  ist_status status = inherit_part(&family->main, &parent->main);
  if (status || !parent->instance.kind) return status;
  ist__part *instance = instance_of(family), *from = &parent->instance;
  if (from->fields > instance->fields) {
    instance->fields = from->fields;
    local<v8::ObjectTemplate>(instance)->SetInternalFieldCount(
        local<v8::ObjectTemplate>(from)->InternalFieldCount());
  }
  if (from->named && !instance->named) ist__part_set_handler(instance, from->named);
  if (from->indexed && !instance->indexed) ist__part_set_handler(instance, from->indexed);
  if (from->call && !instance->call) ist__part_set_call(instance, from->call);
  return inherit_part(instance, from);
}

/* Before V8 makes anything from a part: from now on neither it nor what is made with it changes. */
ist_status freeze(ist__part *part, uint32_t depth = 0) {
  if (part->frozen) return IST_OK;
  if (depth >= IST_TEMPLATE_DEPTH) return IST_ERR_LIMIT;
  ist_status status = IST_OK;
  uint32_t height = 0;
  each_below(part, [&](ist__part *below) {
    status = freeze(below, depth + 1);
    if (below->height >= height) height = below->height + 1;
    return !status;
  });
  if (!status && part->kind == IST__PART_FUNCTION) status = inherit_all(part->family);
  if (!status && height >= IST_TEMPLATE_DEPTH) status = IST_ERR_LIMIT;
  if (status) return status;
  part->height = height;
  part->frozen = true;
  /* V8 makes the shape of a function's instances with the function. */
  if (part->kind == IST__PART_FUNCTION && part->family->instance.kind)
    status = freeze(&part->family->instance, depth + 1);
  return status;
}

void answer_nothing(const v8::FunctionCallbackInfo<v8::Value> &) {}

/* Names that V8 gives to functions and prototypes itself. */
bool taken_by_v8(const ist__part *part, v8::Local<v8::Name> name) {
  static const char *const of_function[] = {"length", "name", "prototype", "arguments", "caller"};
  if (!name->IsString()) return false;
  v8::Isolate *isolate = part->family->isolate->v8;
  if (part->kind == IST__PART_PROTOTYPE)
    return name->StrictEquals(ist__text(isolate, "constructor"));
  if (part->kind == IST__PART_FUNCTION)
    for (const char *taken : of_function)
      if (name->StrictEquals(ist__text(isolate, taken))) return true;
  return false;
}

} // namespace

/* ---- Of the isolate ---- */

ist__templates *ist__isolate_templates(ist_isolate *isolate) {
  if (!isolate->templates) isolate->templates = new (std::nothrow) ist__templates();
  return isolate->templates;
}

void ist__templates_free(ist_isolate *isolate) {
  ist__templates *all = isolate->templates;
  if (!all) return;
  while (all->records) {
    ist_template *record = all->records;
    record_free(record);
  }
  while (all->families) family_delete(all->families);
  while (all->responders) {
    ist__responder *responder = static_cast<ist__responder *>(all->responders);
    all->responders = responder->next;
    ist__finalizer_owe(isolate, responder->finalizer);
    delete responder;
  }
  while (all->externals) {
    ist__external *external = all->externals;
    all->externals = external->next;
    ist__finalizer_owe(isolate, external->finalizer);
    delete external;
  }
  delete all;
  isolate->templates = nullptr;
}

/* ---- Members ---- */

ist_status ist__template_name(ist_isolate *isolate, const char *name, v8::Local<v8::Name> *result) {
  size_t length = strlen(name);
  if (length > static_cast<size_t>(v8::String::kMaxLength)) return IST_ERR_LIMIT;
  v8::Local<v8::String> made;
  if (!v8::String::NewFromUtf8(isolate->v8, name, v8::NewStringType::kInternalized,
                               static_cast<int>(length))
           .ToLocal(&made))
    return IST_ERR_LIMIT;
  *result = made;
  return IST_OK;
}

ist_status ist__template_key(ist_isolate *isolate, ist_value key, v8::Local<v8::Name> *result) {
  v8::Local<v8::Value> made;
  if (!ist__value_to(isolate, key, &made)) return IST_ERR_HANDLE;
  if (!made->IsName()) return IST_ERR_TYPE;
  *result = made.As<v8::Name>();
  return IST_OK;
}

ist_status ist__part_add(ist__part *part, v8::Local<v8::Name> name, v8::Local<v8::Data> value,
                         v8::PropertyAttribute attributes, ist__part *from) {
  if (find_member(part, name) || taken_by_v8(part, name)) return IST_ERR_STATE;
  ist__member *member = new (std::nothrow) ist__member();
  if (!member) return IST_ERR_MEMORY;
  v8::Isolate *isolate = part->family->isolate->v8;
  member->name.Reset(isolate, name);
  member->hash = name->GetIdentityHash();
  if (!value.IsEmpty()) member->value.Reset(isolate, value);
  member->attributes = attributes;
  member->from = from;
  if (from && from->family != part->family) from->family->references++;
  *part->last_member = member;
  part->last_member = &member->next;
  return IST_OK;
}

namespace {

ist_status set_value(ist_template *tmpl, v8::Local<v8::Name> name, ist_value value,
                     uint32_t flags) {
  ist_isolate *isolate = tmpl->isolate;
  v8::Local<v8::Value> given;
  if (!ist__value_to(isolate, value, &given)) return IST_ERR_HANDLE;
  if (given->IsObject()) return IST_ERR_TYPE;
  if (tmpl->part->frozen) return IST_ERR_STATE;
  v8::PropertyAttribute attributes = ist__attributes(flags);
  ist_status status = ist__part_add(tmpl->part, name, given, attributes, nullptr);
  if (!status) base(tmpl->part)->Set(name, given, attributes);
  return status;
}

ist_status set_template(ist_template *tmpl, v8::Local<v8::Name> name, ist_template *value,
                        uint32_t flags) {
  ist_status status = other(tmpl->isolate, value);
  if (status) return status;
  if (tmpl->part->frozen) return IST_ERR_STATE;
  status = may_use(tmpl->part, value->part);
  if (status) return status;
  v8::PropertyAttribute attributes = ist__attributes(flags);
  v8::Local<v8::Template> made = base(value->part);
  status = ist__part_add(tmpl->part, name, made, attributes, value->part);
  if (!status) base(tmpl->part)->Set(name, made, attributes);
  return status;
}

} // namespace

ist_status ist_template_set(ist_template *tmpl, const char *name, ist_value value, uint32_t flags) {
  if (!name || flags > IST_PROP_ALL) return IST_ERR_ARGUMENT;
  ist__template_gate entered(tmpl);
  if (entered.status) return entered.status;
  v8::HandleScope scope(tmpl->isolate->v8);
  v8::Local<v8::Name> key;
  ist_status status = ist__template_name(tmpl->isolate, name, &key);
  return status ? status : set_value(tmpl, key, value, flags);
}

ist_status ist_template_set_key(ist_template *tmpl, ist_value key, ist_value value,
                                uint32_t flags) {
  if (flags > IST_PROP_ALL) return IST_ERR_ARGUMENT;
  ist__template_gate entered(tmpl);
  if (entered.status) return entered.status;
  v8::HandleScope scope(tmpl->isolate->v8);
  v8::Local<v8::Name> name;
  ist_status status = ist__template_key(tmpl->isolate, key, &name);
  return status ? status : set_value(tmpl, name, value, flags);
}

ist_status ist_template_set_template(ist_template *tmpl, const char *name, ist_template *value,
                                     uint32_t flags) {
  if (!name || flags > IST_PROP_ALL) return IST_ERR_ARGUMENT;
  ist__template_gate entered(tmpl);
  if (entered.status) return entered.status;
  v8::HandleScope scope(tmpl->isolate->v8);
  v8::Local<v8::Name> key;
  ist_status status = ist__template_name(tmpl->isolate, name, &key);
  return status ? status : set_template(tmpl, key, value, flags);
}

ist_status ist_template_set_template_key(ist_template *tmpl, ist_value key, ist_template *value,
                                         uint32_t flags) {
  if (flags > IST_PROP_ALL) return IST_ERR_ARGUMENT;
  ist__template_gate entered(tmpl);
  if (entered.status) return entered.status;
  v8::HandleScope scope(tmpl->isolate->v8);
  v8::Local<v8::Name> name;
  ist_status status = ist__template_key(tmpl->isolate, key, &name);
  return status ? status : set_template(tmpl, name, value, flags);
}

/* ---- Making templates ---- */

ist_status ist_template_new_object(ist_isolate *isolate, ist_template **result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  if (!ist__isolate_templates(isolate)) return IST_ERR_MEMORY;
  v8::HandleScope scope(isolate->v8);
  ist__family *family = family_new(isolate, IST__PART_OBJECT);
  if (!family) return IST_ERR_MEMORY;
  family->main.v8.Reset(isolate->v8, v8::ObjectTemplate::New(isolate->v8));
  return first_record(family, result);
}

ist_status ist_template_new_function(ist_isolate *isolate, const ist_function_options *given,
                                     ist_template **result) {
  ist_function_options options = {};
  ist_status status = IST_OK;
  if (given && given->size < sizeof given->size)
    status = IST_ERR_ARGUMENT;
  else if (given)
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  if (!result || options.length < 0 || options.length > INT16_MAX) status = IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (!status) status = gate.status;
  if (!status && options.signature) status = other(isolate, options.signature);
  if (!status && options.signature && options.signature->part->kind != IST__PART_FUNCTION)
    status = IST_ERR_TYPE;
  if (!status && !ist__isolate_templates(isolate)) status = IST_ERR_MEMORY;
  if (status) {
    if (options.finalize) options.finalize(options.env);
    return status;
  }
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> data;
  v8::Local<v8::Signature> signature;
  v8::Local<v8::Name> name;
  if (options.name) status = ist__template_name(isolate, options.name, &name);
  if (!status) {
    ist__responder *responder = ist__responder_new(isolate, options.env, options.finalize);
    if (!responder) return IST_ERR_MEMORY;
    responder->fn = options.fn;
    data = responder->anchor.Get(isolate->v8);
  } else {
    if (options.finalize) options.finalize(options.env);
    return status;
  }
  ist__family *family = family_new(isolate, IST__PART_FUNCTION);
  if (!family) return IST_ERR_MEMORY;
  if (options.signature)
    signature =
        v8::Signature::New(isolate->v8, local<v8::FunctionTemplate>(options.signature->part));
  v8::Local<v8::FunctionTemplate> made = v8::FunctionTemplate::New(
      isolate->v8, options.fn ? ist__template_invoke : answer_nothing, data, signature,
      options.length,
      options.no_construct ? v8::ConstructorBehavior::kThrow : v8::ConstructorBehavior::kAllow);
  if (options.name) made->SetClassName(name.As<v8::String>());
  family->no_construct = options.no_construct;
  family->main.v8.Reset(isolate->v8, made);
  return first_record(family, result);
}

void ist_template_free(ist_template *tmpl) {
  if (!tmpl) return;
  ist__template_gate entered(tmpl, ist__gate::TAKEN);
  if (entered.status) return;
  ist__family *family = tmpl->part->family;
  record_free(tmpl);
  family_release(family);
}

ist_status ist_template_prototype(ist_template *function, ist_template **result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__template_gate entered(function);
  if (entered.status) return entered.status;
  ist__family *family = function->part->family;
  if (function->part->kind != IST__PART_FUNCTION) return IST_ERR_TYPE;
  if (family->no_construct) return IST_ERR_STATE;
  ist__part *part = &family->prototype;
  if (!part->kind) {
    v8::HandleScope scope(family->isolate->v8);
    part->kind = IST__PART_PROTOTYPE;
    part->frozen = function->part->frozen;
    part->v8.Reset(family->isolate->v8,
                   local<v8::FunctionTemplate>(function->part)->PrototypeTemplate());
  }
  return record_new(part, result);
}

ist_status ist_template_instance(ist_template *function, ist_template **result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__template_gate entered(function);
  if (entered.status) return entered.status;
  ist__family *family = function->part->family;
  if (function->part->kind != IST__PART_FUNCTION) return IST_ERR_TYPE;
  /* V8 crashes when it makes an object of a function that is no constructor. */
  if (family->no_construct) return IST_ERR_STATE;
  v8::HandleScope scope(family->isolate->v8);
  bool made_now = !family->instance.kind;
  ist__part *part = instance_of(family);
  if (made_now) part->frozen = function->part->frozen;
  return record_new(part, result);
}

ist_status ist_template_inherit(ist_template *function, ist_template *parent) {
  ist__template_gate entered(function);
  if (entered.status) return entered.status;
  ist_status status = other(function->isolate, parent);
  if (status) return status;
  ist__part *part = function->part;
  if (part->kind != IST__PART_FUNCTION || parent->part->kind != IST__PART_FUNCTION)
    return IST_ERR_TYPE;
  ist__family *family = part->family, *above = parent->part->family;
  if (part->frozen || family->parent || family->no_construct || above->no_construct)
    return IST_ERR_STATE;
  status = may_use(part, parent->part);
  if (status) return status;
  v8::HandleScope scope(function->isolate->v8);
  local<v8::FunctionTemplate>(part)->Inherit(local<v8::FunctionTemplate>(parent->part));
  family->parent = above;
  above->references++;
  return IST_OK;
}

ist_status ist_template_set_fields(ist_template *object, uint32_t count) {
  ist__template_gate entered(object);
  if (entered.status) return entered.status;
  if (!is_object(object->part)) return IST_ERR_TYPE;
  if (object->part->frozen) return IST_ERR_STATE;
  if (count > IST__FIELDS_MAX) return IST_ERR_LIMIT;
  v8::HandleScope scope(object->isolate->v8);
  object->part->fields = count;
  local<v8::ObjectTemplate>(object->part)->SetInternalFieldCount(ist__fields_in_v8(count));
  return IST_OK;
}

/* ---- Using them ---- */

namespace {

v8::MaybeLocal<v8::Object> made_of(v8::Local<v8::Context> context,
                                   v8::Local<v8::ObjectTemplate> object) {
  return object->NewInstance(context);
}

v8::MaybeLocal<v8::Function> made_of(v8::Local<v8::Context> context,
                                     v8::Local<v8::FunctionTemplate> function) {
  return function->GetFunction(context);
}

/* What a template of V8's class `From` is for. */
template <class From>
ist_status make(ist_context *context, ist_template *given, ist_value *result, ist_error **error) {
  if (error) *error = nullptr;
  if (!result) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist_status status = other(context->isolate, given);
  if (!status && is_object(given->part) != std::is_same<From, v8::ObjectTemplate>::value)
    status = IST_ERR_TYPE;
  if (status) return ist__fail(error, status);
  ist__entry entry(context);
  status = freeze(given->part);
  if (status) return ist__fail(error, status);
  v8::Local<v8::Object> made;
  if (!made_of(entry.context, local<From>(given->part)).ToLocal(&made))
    return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
  return ist__value_from(context->isolate, made, result) ? IST_OK
                                                         : ist__fail(error, IST_ERR_MEMORY);
}

} // namespace

ist_status ist_template_make(ist_context *context, ist_template *object, ist_value *result,
                             ist_error **error) {
  return make<v8::ObjectTemplate>(context, object, result, error);
}

ist_status ist_template_function(ist_context *context, ist_template *function, ist_value *result,
                                 ist_error **error) {
  return make<v8::FunctionTemplate>(context, function, result, error);
}

ist_status ist_template_has_instance(ist_template *function, ist_value value, bool *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__template_gate entered(function);
  if (entered.status) return entered.status;
  if (is_object(function->part)) return IST_ERR_TYPE;
  v8::HandleScope scope(function->isolate->v8);
  v8::Local<v8::Value> given;
  if (!ist__value_to(function->isolate, value, &given)) return IST_ERR_HANDLE;
  *result = local<v8::FunctionTemplate>(function->part)->HasInstance(given);
  return IST_OK;
}

ist_status ist__template_global(ist_isolate *isolate, ist_template *given,
                                v8::Local<v8::ObjectTemplate> *result) {
  ist_status status = other(isolate, given);
  if (status) return status;
  if (!is_object(given->part)) return IST_ERR_TYPE;
  status = freeze(given->part);
  if (status) return status;
  isolate->templates->global = true;
  *result = local<v8::ObjectTemplate>(given->part);
  return IST_OK;
}
