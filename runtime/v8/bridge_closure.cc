/* Callbacks: JavaScript functions that C calls. What C passes is copied or lent for the length of
 * the call; what JavaScript answers is taken as strictly as an argument.
 *
 * An exception never crosses C: it waits in the call that C was entered by, C gets `on_throw`, and
 * so it does for every further callback of that call, without JavaScript being entered again. */
#include "bridge_internal.h"

#include <stdio.h>

using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Object;
using v8::Value;

/* ---- passing a function ---- */

static void target_free(ist__target *target) {
  ist__bridge *bridge = target->bridge;
  auto *stale =
      target->holder.IsEmpty() || bridge->ending ? nullptr : new (std::nothrow) ist__stale();
  if (stale) {
    stale->holder = std::move(target->holder);
    stale->number = target->number;
    stale->next = bridge->stale;
    bridge->stale = stale;
  }
  *target->link = target->next;
  if (target->next) target->next->link = target->link;
  ist__free(target->text);
  delete target;
}

static void store_pointer(ist__call *call, int32_t index, void *pointer) {
  if (index >= 0) memcpy(call->frame.args[index], &pointer, sizeof pointer);
}

static ist__closure *make_closure(ist__call *call, const ist__site &site, const ist__param *use,
                                  Local<Value> function, ist__target **made) {
  ist__bridge *bridge = call->bridge;
  auto *target = new (std::nothrow) ist__target();
  if (!target) {
    ist__throw(site, IST_RANGE_ERROR, "out of memory");
    return nullptr;
  }
  target->bridge = bridge;
  target->next = bridge->targets;
  target->link = &bridge->targets;
  if (target->next) target->next->link = &target->next;
  bridge->targets = target;
  target->number = bridge->target_count++;
  target->function.Reset(call->isolate, function.As<v8::Function>());
  target->context.Reset(call->isolate, call->context);
  ist__fault fault;
  ist__closure *closure = ist__closure_new(bridge->domain, use, &call->frame, target, &fault);
  if (!closure) {
    target_free(target);
    ist__throw(site, IST_PLAIN_ERROR, "%s", fault.text);
    return nullptr;
  }
  *made = target;
  return closure;
}

bool ist__closure_lower(ist__call *call, const ist__param *param) {
  ist__argument &argument = call->arguments[param->index];
  if (argument.absent || argument.value.IsEmpty()) return true;
  ist__place place = {nullptr, param->name, 0};
  argument.closure =
      make_closure(call, call->site(&place), param, argument.value, &argument.target);
  if (!argument.closure) return false;
  store_pointer(call, static_cast<int32_t>(param->index), ist__closure_code(argument.closure));
  store_pointer(call, param->data, ist__closure_data(argument.closure));
  store_pointer(call, param->destroy, ist__closure_destroy_code(argument.closure));
  return true;
}

/* Functions of one struct that share user data are ended by one notice: the first of them leads. */
bool ist__closure_store(ist__call *call, const ist__site &site, const ist__deferred *later) {
  const ist__param *use = later->field->use;
  auto *stored = call->arena.make<ist__stored>();
  if (!stored) return ist__throw(site, IST_RANGE_ERROR, "out of memory");
  stored->field = later->field;
  stored->base = later->base;
  if (!later->value->IsNull()) {
    stored->closure = make_closure(call, site, use, later->value, &stored->target);
    if (!stored->closure) return false;
    void *code = ist__closure_code(stored->closure), *data = ist__closure_data(stored->closure);
    void *notice = ist__closure_destroy_code(stored->closure);
    memcpy(later->to, &code, sizeof code);
    const ist__stored *leader = nullptr; /* the list begins with the last */
    for (const ist__stored *other = call->stored; other; other = other->next) {
      if (other->base == later->base && other->closure && other->field->use->data == use->data)
        leader = other;
    }
    const ist__field *fields = later->of->fields;
    if (use->data >= 0 && leader) {
      ist__closure_join(stored->closure, leader->closure);
    } else if (use->data >= 0) {
      memcpy(later->base + fields[use->data].offset, &data, sizeof data);
      if (use->destroy >= 0)
        memcpy(later->base + fields[use->destroy].offset, &notice, sizeof notice);
    }
  }
  stored->next = call->stored;
  call->stored = stored;
  return true;
}

void ist__targets_release(ist__bridge *bridge) {
  Isolate *isolate = bridge->isolate;
  v8::HandleScope scope(isolate);
  while (ist__stale *stale = bridge->stale) {
    bridge->stale = stale->next;
    Local<v8::Map> holder = stale->holder.Get(isolate);
    Local<v8::Context> context;
    if (!holder.IsEmpty() && holder->GetCreationContext().ToLocal(&context)) {
      (void)holder->Delete(context, v8::Integer::NewFromUnsigned(isolate, stale->number))
          .FromMaybe(false);
    }
    delete stale;
  }
}

/* Gives a function to the wrapper of the object that it lives as long as. */
static void hold_by(ist__call *call, ist__target *target, ist__owner *parent) {
  Isolate *isolate = call->isolate;
  auto *wrap = parent ? static_cast<ist__wrap *>(parent->wrapper) : nullptr;
  if (!wrap || call->terminated || isolate->IsExecutionTerminating()) return;
  /* A borrowed object's wrapper may go before what it is borrowed from: its functions stay. */
  if (parent->kind == IST__BORROWED) return;
  ist__targets_release(call->bridge);
  Local<Object> object = wrap->object.Get(isolate);
  Local<v8::Private> name = ist__compat::private_symbol(isolate, "isthmus.callbacks");
  Local<Value> known;
  if (object.IsEmpty() || !object->GetPrivate(call->context, name).ToLocal(&known)) return;
  if (!known->IsMap()) {
    known = v8::Map::New(isolate);
    if (!object->SetPrivate(call->context, name, known).FromMaybe(false)) return;
  }
  Local<v8::Map> holder = known.As<v8::Map>();
  Local<Value> number = v8::Integer::NewFromUnsigned(isolate, target->number);
  if (holder->Set(call->context, number, target->function.Get(isolate)).IsEmpty()) return;
  target->holder.Reset(isolate, holder);
  target->holder.SetWeak();
  target->function.SetWeak();
}

static void settle(ist__call *call, const ist__param *use, ist__closure *closure,
                   ist__target *target, bool failed) {
  if (!closure->alive || closure->language != target) return;
  if (failed || use->scope == IST__SCOPE_CALL) {
    ist__closure_end(closure);
  } else {
    if (use->scope == IST__SCOPE_UNTIL) hold_by(call, target, call->parent);
    ist__closure_bind(closure, call->parent);
  }
}

/* After C has returned, or was never entered: what was lent for the call ends, what C accepted is
 * bound. */
void ist__closures_settle(ist__call *call, bool failed) {
  const ist__function *function = call->function;
  if (!function->has_callbacks || !call->arguments) return;
  while (const ist__stored *stored = call->stored) {
    call->stored = stored->next;
    const ist__param *use = stored->field->use;
    if (stored->closure) {
      settle(call, use, stored->closure, stored->target, failed);
    } else if (!failed && use->replaced) {
      ist__closure_replaced(call->bridge->domain, use, call->parent);
    }
  }
  for (size_t i = 0; i < function->param_count; i++) {
    const ist__param *param = &function->params[i];
    ist__argument &argument = call->arguments[i];
    if (param->type->kind != IST__CALLBACK) continue;
    ist__closure *closure = argument.closure;
    argument.closure = nullptr;
    if (!closure) {
      if (!failed && argument.absent && param->replaced) {
        ist__closure_replaced(call->bridge->domain, param, call->parent);
      }
      continue;
    }
    settle(call, param, closure, argument.target, failed);
  }
}

void ist__closure_ended(void *env, void *target) {
  (void)env;
  if (target) target_free(static_cast<ist__target *>(target));
}

void ist__targets_free(ist__bridge *bridge) {
  while (bridge->targets) target_free(bridge->targets);
}

/* ---- being called ---- */

/* Records that expire with the call of the callback that they were made for. */
struct lent_owners {
  ist__owner *few[8];
  ist__owner **all = few;
  size_t count = 0, room = 8;

  ~lent_owners() {
    if (all != few) ist__free(all);
  }
  bool add(ist__owner *owner) {
    if (count == room) {
      auto **more = static_cast<ist__owner **>(ist__malloc(2 * room * sizeof *all));
      if (!more) return false;
      memcpy(more, all, count * sizeof *all);
      if (all != few) ist__free(all);
      all = more;
      room *= 2;
    }
    all[count++] = owner;
    return true;
  }
};

/* What one argument of a callback needs afterwards. */
struct lent {
  Local<v8::ArrayBuffer> view;
  void *back; /* where an inout view goes */
  size_t bytes;
};

static MaybeLocal<Value> lift_ref(ist__bridge *bridge, Local<v8::Context> context,
                                  const ist__type *ref, void *address, lent_owners *owners) {
  if (!address) return v8::Null(bridge->isolate).As<Value>();
  bool fresh;
  ist__owner *owner = ist__borrow(bridge, ref, address, &fresh);
  if (!owner) return {};
  Local<Object> object;
  if (!ist__wrap_owner(bridge, context, owner).ToLocal(&object) || (fresh && !owners->add(owner))) {
    if (!owner->wrapper) ist__owner_forget(owner);
    return {};
  }
  return object.As<Value>();
}

static MaybeLocal<Value> lift_one(const ist__site &site, Local<v8::Context> context,
                                  const ist__type *type, const void *from, lent_owners *owners) {
  void *pointer;
  Local<Object> object;
  Local<v8::String> text;
  switch (type->kind) {
  case IST__STRING:
    memcpy(&pointer, from, sizeof pointer);
    if (!pointer) return v8::Null(site.bridge->isolate).As<Value>();
    if (!ist__lift_text(site, type->encoding, pointer, ist__text_length(type->encoding, pointer))
             .ToLocal(&text)) {
      return {};
    }
    return text.As<Value>();
  case IST__REF:
    memcpy(&pointer, from, sizeof pointer);
    return lift_ref(site.bridge, context, type, pointer, owners);
  case IST__STRUCT:
    if (!ist__struct_copy(site, context, type, from).ToLocal(&object)) return {};
    return object.As<Value>();
  default: return ist__lift_scalar(site, type, from);
  }
}

static MaybeLocal<Value> lift_counted(const ist__site &site, Local<v8::Context> context,
                                      ist__closure *closure, const ist__param *param, void **args,
                                      lent *lend, lent_owners *owners) {
  Isolate *isolate = site.bridge->isolate;
  uint8_t *data;
  memcpy(&data, args[param->index], sizeof data);
  if (!data) return v8::Null(isolate).As<Value>();
  const ist__type *of = param->type->to;
  size_t size = ist__element_size(of), count = 0;
  if (param->terminated) {
    while (!ist__is_zero(data + count * size, size)) count++;
  } else {
    ist__value value;
    ist__fault fault;
    if (!ist__expr_eval_callback(param->count, closure, args, &value, &fault)) {
      ist__throw(site, IST_RANGE_ERROR, "%s", fault.text);
      return {};
    }
    if (!ist__size_of_value(value, &count)) {
      ist__throw(site, IST_RANGE_ERROR, "the length is out of range");
      return {};
    }
  }
  if (param->text != IST__BYTES) {
    Local<v8::String> text;
    if (!ist__lift_text(site, param->text, data, count).ToLocal(&text)) return {};
    return text.As<Value>();
  }
  if (ist__is_scalar(of) || of->kind == IST__VOID) {
    Local<Value> array;
    if (!ist__array_copy(site, of, data, count).ToLocal(&array)) return {};
    if (param->role == IST__VIEW) {
      lend->view = array.As<v8::ArrayBufferView>()->Buffer();
      lend->back = param->dir == IST__INOUT ? data : nullptr;
      lend->bytes = count * size;
    }
    return array;
  }
  Local<v8::Array> array = v8::Array::New(isolate, static_cast<int>(count));
  for (size_t i = 0; i < count; i++) {
    v8::HandleScope scope(isolate);
    Local<Value> element;
    if (!lift_one(site, context, of, data + i * size, owners).ToLocal(&element) ||
        array->CreateDataProperty(context, static_cast<uint32_t>(i), element).IsNothing()) {
      return {};
    }
  }
  return array.As<Value>();
}

static bool lower_text(const ist__site &site, ist__target *target, const ist__type *type,
                       Local<Value> value, void *result) {
  Isolate *isolate = site.bridge->isolate;
  if (!value->IsString()) return ist__throw_type(site, IST_TYPE_ERROR, type, false, value);
  ist__encoding encoding = type->encoding;
  Local<v8::String> string = value.As<v8::String>();
  auto length = static_cast<size_t>(string->Length());
  size_t bytes = encoding == IST__UTF16 ? length * 2 : ist__compat::utf8_length(isolate, string);
  auto *text = static_cast<char *>(ist__calloc(1, bytes + 2));
  if (!text) return ist__throw(site, IST_RANGE_ERROR, "out of memory");
  if (encoding == IST__UTF16) {
    ist__compat::write_two_byte(isolate, string, reinterpret_cast<uint16_t *>(text), 0,
                                static_cast<uint32_t>(length));
  } else if (encoding == IST__LATIN1 && string->ContainsOnlyOneByte()) {
    ist__compat::write_one_byte(isolate, string, reinterpret_cast<uint8_t *>(text), 0,
                                static_cast<uint32_t>(length));
  } else {
    ist__compat::write_utf8(isolate, string, text, bytes);
  }
  ist__free(target->text);
  target->text = text;
  memcpy(result, &text, sizeof text);
  return true;
}

/* `target` is NULL when the closure has ended meanwhile: nothing would keep a text. */
static bool lower_answer(const ist__site &site, const ist__type *callback, ist__target *target,
                         Local<Value> value, void *result) {
  const ist__param *answer = callback->result;
  const ist__type *type = answer->type;
  switch (type->kind) {
  case IST__VOID: return true;
  case IST__STRING:
    if (!target) return true;
    if (!value->IsNull() || !answer->null) return lower_text(site, target, type, value, result);
    memset(result, 0, sizeof(void *));
    return true;
  case IST__REF: {
    void *address = nullptr;
    ist__wrap *wrap = ist__wrap_of(value);
    if (!value->IsNull() || !answer->null) {
      if (!wrap || wrap->type != type->to) {
        return ist__throw_type(site, IST_TYPE_ERROR, type->to, answer->null, value);
      }
      if (!ist__wrap_live(site, wrap)) return false;
      address = wrap->address;
    }
    memcpy(result, &address, sizeof address);
    return true;
  }
  case IST__STRUCT: {
    auto *copy = static_cast<uint8_t *>(ist__calloc(1, type->size + 1));
    bool ok =
        copy && !type->pointers && ist__lower_struct(nullptr, site, type, value, copy, nullptr);
    if (ok) memcpy(result, copy, type->size);
    if (copy && type->pointers) ist__throw(site, IST_TYPE_ERROR, "%s holds pointers", type->name);
    ist__free(copy);
    return ok;
  }
  default: {
    uint64_t bits = 0;
    if (!ist__lower_scalar(site, type, value, &bits)) return false;
    memcpy(result, &bits, type->size);
    return true;
  }
  }
}

static void give_back(lent *lends, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (lends[i].view.IsEmpty()) continue;
    if (!lends[i].view->WasDetached() && lends[i].view->ByteLength() == lends[i].bytes) {
      if (lends[i].back && lends[i].bytes)
        memcpy(lends[i].back, lends[i].view->Data(), lends[i].bytes);
      ist__compat::detach(lends[i].view);
    }
  }
}

/* What was thrown, as V8 says it without running user code. */
static void message_words(Isolate *isolate, v8::TryCatch *catcher, char *words, size_t size) {
  static const char usual[] = "Uncaught ";
  snprintf(words, size, "an exception");
  Local<v8::Message> message = catcher->Message();
  if (message.IsEmpty()) return;
  words[ist__compat::write_utf8(isolate, message->Get(), words, size - 1)] = 0;
  if (!strncmp(words, usual, sizeof usual - 1)) {
    memmove(words, words + sizeof usual - 1, strlen(words) - sizeof usual + 2);
  }
}

static void uncaught(ist__bridge *bridge, const ist__site &site, const char *words) {
  char text[800];
  snprintf(text, sizeof text, "%s: in a callback that nobody waits for: %s", site.label, words);
  bridge->hooks.report(bridge->hooks.env, text);
}

void ist__closure_call(void *env, ist__closure *closure, void *result, void **args) {
  auto *bridge = static_cast<ist__bridge *>(env);
  auto *target = static_cast<ist__target *>(closure->language);
  ist__call *call = bridge->top;
  Isolate *isolate = bridge->isolate;
  if (!target || bridge->ending || bridge->collecting) return;
  if (call && (call->threw || call->terminated)) {
    if (call->threw) ist__closure_threw(closure, args, "an earlier callback threw");
    return;
  }
  if (isolate->IsExecutionTerminating()) {
    if (call) call->terminated = true;
    return;
  }
  v8::HandleScope scope(isolate);
  Local<v8::Context> context = target->context.Get(isolate);
  Local<v8::Function> callee = target->function.Get(isolate);
  if (callee.IsEmpty()) return; /* collected with its object, which waits to be destroyed */
  v8::Context::Scope inside(context);
  v8::TryCatch catcher(isolate);
  const ist__function *function = closure->function;
  const ist__type *type = closure->type;
  const ist__param *use = closure->use;
  ist__place place = {nullptr, use->name, 0};
  ist__site site = {bridge, function->library, function->label, &place};
  enum { FEW = 8 };
  Local<Value> few_values[FEW], *values = few_values;
  lent few_lends[FEW], *lends = few_lends;
  lent_owners owners;
  size_t count = type->arg_count;
  std::unique_ptr<Local<Value>[]> more_values;
  std::unique_ptr<lent[]> more_lends;
  if (count > FEW) {
    more_values.reset(values = new Local<Value>[count]);
    more_lends.reset(lends = new lent[count]);
  }
  bool ok = true;
  size_t converted = 0;
  for (size_t i = 0; i < count && ok; i++, converted++) {
    const ist__param *param = &type->params[type->args[i]];
    MaybeLocal<Value> value;
    lends[i] = lent();
    site.about = param->name;
    if (param->role == IST__BUFFER || param->role == IST__VIEW) {
      value = lift_counted(site, context, closure, param, args, &lends[i], &owners);
    } else {
      value = lift_one(site, context, param->type, args[param->index], &owners);
    }
    ok = value.ToLocal(&values[i]);
  }
  Local<Value> answer;
  ist__lib *sealed = type->no_reenter ? ist__lib_find(bridge, function->library) : nullptr;
  const ist__type *seal = sealed ? sealed->seal : nullptr;
  if (sealed) sealed->seal = type;
  ok = ok && callee->Call(context, v8::Undefined(isolate), static_cast<int>(count), values)
                 .ToLocal(&answer);
  if (sealed) sealed->seal = seal;
  give_back(lends, converted);
  for (size_t i = 0; i < owners.count; i++) {
    if (owners.all[i]->state == IST__LIVE) ist__owner_expire(owners.all[i], nullptr);
  }
  /* The function may have ended its own closure; its answer counts all the same. */
  if (ok && type->result->type->kind != IST__VOID) {
    site.about = "the result";
    bool ended = closure->language != target;
    ok = lower_answer(site, type, ended ? nullptr : target, answer, result);
  }
  if (ok && !catcher.HasCaught()) return;
  if (catcher.HasTerminated() || isolate->IsExecutionTerminating()) {
    if (call) {
      call->terminated = true;
    } else {
      isolate->TerminateExecution();
    }
  } else {
    char words[512];
    message_words(isolate, &catcher, words, sizeof words);
    if (call) {
      call->threw = true;
      call->exception.Reset(isolate, catcher.Exception());
    } else {
      uncaught(bridge, site, words);
    }
    if (closure->use == use) ist__closure_threw(closure, args, words);
  }
}
