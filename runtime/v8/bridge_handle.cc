/* Wrappers and the records behind them: brands, identity (one live object per record), and what
 * happens when the collector finds that JavaScript has forgotten one.
 *
 * A weak callback calls no C and no JavaScript: it gives the record back, and the domain's queue
 * does the rest outside the collection. */
#include "bridge_internal.h"

using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Object;
using v8::Value;

alignas(16) static char brand;

/* ---- records of objects ---- */

ist__wrap *ist__wrap_of(Local<Value> value) {
  if (value.IsEmpty() || !value->IsObject()) return nullptr;
  Local<Object> object = value.As<Object>();
  if (!object->IsApiWrapper() || object->InternalFieldCount() != IST_FIELD_COUNT) return nullptr;
  if (ist__compat::get_pointer(object, IST_FIELD_BRAND) != &brand) return nullptr;
  return static_cast<ist__wrap *>(ist__compat::get_pointer(object, IST_FIELD_WRAP));
}

void ist__bridge_report_memory(ist__bridge *bridge, int64_t bytes) {
  const int64_t enough = 1 << 16;
  bridge->unreported += bytes;
  if (bridge->collecting || (bridge->unreported < enough && bridge->unreported > -enough)) return;
  int64_t now = bridge->unreported;
  bridge->unreported = 0;
  bridge->isolate->AdjustAmountOfExternalAllocatedMemory(now);
}

static void pins_free(ist__pin *pins) {
  while (ist__pin *pin = pins) {
    pins = pin->next;
    ist__free(pin->text);
    delete pin;
  }
}

/* Frees the pins of memory that is gone; all of them at the end. */
void ist__orphans_free(ist__bridge *bridge) {
  ist__orphan **at = &bridge->orphans;
  while (ist__orphan *orphan = *at) {
    if (!bridge->ending &&
        ist__owner_find(bridge->domain, orphan->type, orphan->address) == orphan->owner) {
      at = &orphan->next;
      continue;
    }
    *at = orphan->next;
    pins_free(orphan->pins);
    delete orphan;
  }
}

/* Leaves the pins of a collected object until its memory is gone. */
static void orphan_pins(ist__wrap *wrap) {
  auto *orphan = wrap->pins ? new (std::nothrow) ist__orphan() : nullptr;
  if (!orphan) return;
  orphan->pins = wrap->pins;
  orphan->owner = wrap->owner;
  orphan->type = wrap->owner->type;
  orphan->address = wrap->owner->address;
  orphan->next = wrap->bridge->orphans;
  wrap->bridge->orphans = orphan;
  wrap->pins = nullptr;
}

static void adopt_pins(ist__wrap *wrap) {
  for (ist__orphan **at = &wrap->bridge->orphans; *at; at = &(*at)->next) {
    ist__orphan *orphan = *at;
    if (orphan->owner != wrap->owner || orphan->address != wrap->address) continue;
    wrap->pins = orphan->pins;
    *at = orphan->next;
    delete orphan;
    return;
  }
}

void ist__wrap_free(ist__wrap *wrap) {
  *wrap->link = wrap->next;
  if (wrap->next) wrap->next->link = wrap->link;
  pins_free(wrap->pins);
  ist__bridge_report_memory(wrap->bridge, -wrap->reported);
  delete wrap;
}

static void after_collection(const v8::WeakCallbackInfo<ist__wrap> &info) {
  ist__bridge *bridge = ist__bridge_of(info.GetIsolate());
  if (bridge && bridge->forgotten) bridge->hooks.wake(bridge->hooks.env);
}

static void collected(const v8::WeakCallbackInfo<ist__wrap> &info) {
  ist__wrap *wrap = info.GetParameter();
  ist__bridge *bridge = wrap->bridge;
  bool inside = bridge->collecting;
  bridge->collecting = true;
  wrap->object.Reset();
  if (!wrap->view && wrap->owner) {
    wrap->owner->wrapper = nullptr;
    orphan_pins(wrap);
    ist__owner_forget(wrap->owner);
    if (!bridge->forgotten) {
      bridge->forgotten = true;
      info.SetSecondPassCallback(after_collection);
    }
  }
  ist__wrap_free(wrap);
  bridge->collecting = inside;
}

static ist__wrap *attach(ist__bridge *bridge, Local<Object> object, const ist__type *type,
                         ist__owner *owner, uint8_t *address, bool view) {
  auto *wrap = new (std::nothrow) ist__wrap();
  if (!wrap) return nullptr;
  wrap->bridge = bridge;
  wrap->type = type;
  wrap->owner = owner;
  wrap->address = address;
  wrap->view = view;
  wrap->next = bridge->wraps;
  wrap->link = &bridge->wraps;
  if (wrap->next) wrap->next->link = &wrap->next;
  bridge->wraps = wrap;
  ist__compat::set_pointer(object, IST_FIELD_WRAP, wrap);
  ist__compat::set_pointer(object, IST_FIELD_BRAND, &brand);
  wrap->object.Reset(bridge->isolate, object);
  wrap->object.SetWeak(wrap, collected, v8::WeakCallbackType::kParameter);
  return wrap;
}

ist__wrap *ist__wrap_attach(ist__bridge *bridge, Local<Object> object, const ist__type *type,
                            ist__owner *owner) {
  ist__wrap *wrap =
      attach(bridge, object, type, owner, static_cast<uint8_t *>(owner->address), false);
  if (!wrap) return nullptr;
  owner->wrapper = wrap;
  if (bridge->orphans && type->pointers) adopt_pins(wrap);
  if (owner->kind != IST__BORROWED) {
    wrap->reported = static_cast<int64_t>(owner->bytes + sizeof *wrap + sizeof *owner);
    ist__bridge_report_memory(bridge, wrap->reported);
  }
  return wrap;
}

MaybeLocal<Object> ist__wrap_owner(ist__bridge *bridge, Local<v8::Context> context,
                                   ist__owner *owner) {
  Isolate *isolate = bridge->isolate;
  if (owner->wrapper) return static_cast<ist__wrap *>(owner->wrapper)->object.Get(isolate);
  Local<v8::FunctionTemplate> shape = ist__class_of(bridge, owner->type)->shape.Get(isolate);
  Local<Object> object;
  if (!shape->InstanceTemplate()->NewInstance(context).ToLocal(&object)) return {};
  if (!ist__wrap_attach(bridge, object, owner->type, owner)) return {};
  return object;
}

MaybeLocal<Object> ist__wrap_view(ist__bridge *bridge, Local<v8::Context> context,
                                  const ist__type *type, Local<Object> container, ist__wrap *of,
                                  uint8_t *address) {
  Isolate *isolate = bridge->isolate;
  Local<v8::FunctionTemplate> shape = type->kind == IST__ARRAY
                                          ? ist__array_shape(bridge)
                                          : ist__class_of(bridge, type)->shape.Get(isolate);
  Local<Object> object;
  if (!shape->InstanceTemplate()->NewInstance(context).ToLocal(&object)) return {};
  ist__wrap *view = attach(bridge, object, type, of->owner, address, true);
  if (!view) return {};
  view->frozen = of->frozen;
  view->guard_type = of->guard_type;
  view->guard = of->guard;
  view->guard_member = of->guard_member;
  view->guard_base = of->guard_base;
  object->SetInternalField(IST_FIELD_CONTAINER, container);
  return object;
}

void ist__wrap_hold(ist__call *call, const ist__param *param, Local<Object> object) {
  Isolate *isolate = call->isolate;
  Local<Object> held[8];
  int count = 0;
  auto add = [&](ist__owner *owner) {
    auto *wrap = owner ? static_cast<ist__wrap *>(owner->wrapper) : nullptr;
    if (!wrap || count == 8) return;
    Local<Object> other = wrap->object.Get(isolate);
    if (other.IsEmpty() || other == object) return;
    for (int i = 0; i < count; i++) {
      if (held[i] == other) return;
    }
    held[count++] = other;
  };
  for (size_t i = 0; i < param->keep_count; i++) add(call->arguments[param->keeps[i]].owner);
  if (!param->own && param->parent >= 0) add(call->arguments[param->parent].owner);
  if (!param->own && param->until_count && param->parent < 0) add(call->parent);
  if (count == 1) {
    object->SetInternalField(IST_FIELD_CONTAINER, held[0]);
  } else if (count > 1) {
    Local<Value> elements[8];
    for (int i = 0; i < count; i++) elements[i] = held[i];
    object->SetInternalField(IST_FIELD_CONTAINER,
                             v8::Array::New(isolate, elements, static_cast<size_t>(count)));
  }
}

bool ist__wrap_there(const ist__wrap *wrap) {
  const ist__field *member;
  return !wrap->guard ||
         (ist__field_there(wrap->guard_type, wrap->guard, wrap->guard_base, &member) &&
          member == wrap->guard_member);
}

bool ist__wrap_live(const ist__site &site, const ist__wrap *wrap) {
  if (wrap->owner && wrap->owner->state == IST__LIVE) {
    if (ist__wrap_there(wrap)) return true;
    return ist__throw(site, IST_TYPE_ERROR, "is no longer there: %s has changed",
                      wrap->guard_type->fields[wrap->guard->tag].name);
  }
  if (!wrap->owner) return ist__throw(site, IST_PLAIN_ERROR, "was never constructed");
  ist__fault fault;
  ist__owner_fault(wrap->owner, &fault);
  return ist__throw(site, IST_PLAIN_ERROR, "%s", fault.text);
}

bool ist__wrap_writable(const ist__site &site, const ist__wrap *wrap) {
  if (!ist__wrap_live(site, wrap)) return false;
  const ist__type *type = wrap->owner->type;
  /* What lies in a handle's memory is the library's, and perhaps where nobody may write. */
  bool inside = type->kind == IST__HANDLE && !type->inline_memory && wrap->view;
  if (wrap->frozen && !inside && !wrap->owner->is_const) {
    return ist__throw(site, IST_TYPE_ERROR, "is read-only");
  }
  if (!wrap->owner->is_const && !inside) return true;
  return ist__throw(site, IST_TYPE_ERROR, "the %s is %s and cannot be changed", type->name,
                    inside ? "the library's" : "const");
}

ist__owner *ist__borrow(ist__bridge *bridge, const ist__type *ref, void *address, bool *fresh) {
  ist__owner *owner = ist__owner_find(bridge->domain, ref->to, address);
  *fresh = !owner;
  if (owner) {
    owner->is_const = owner->is_const && ref->is_const;
    return owner;
  }
  owner = ist__owner_new(bridge->domain, ref->to, address, IST__BORROWED, nullptr);
  if (owner) owner->is_const = ref->is_const;
  return owner;
}

/* At the end of the bridge: the objects stay, without records. */
void ist__wraps_free(ist__bridge *bridge) {
  v8::HandleScope scope(bridge->isolate);
  while (ist__wrap *wrap = bridge->wraps) {
    Local<Object> object = wrap->object.Get(bridge->isolate);
    if (!object.IsEmpty()) ist__compat::set_pointer(object, IST_FIELD_BRAND, nullptr);
    wrap->object.Reset();
    if (!wrap->view && wrap->owner) {
      wrap->owner->wrapper = nullptr;
      orphan_pins(wrap);
      ist__owner_forget(wrap->owner);
    }
    ist__wrap_free(wrap);
  }
}

/* ---- the queue ---- */

void ist__bridge_drain(ist__bridge *bridge) {
  if (bridge->top || bridge->draining || bridge->collecting) return;
  bridge->draining = true;
  bridge->forgotten = false;
  ist__domain_drain(bridge->domain);
  ist__targets_release(bridge);
  ist__orphans_free(bridge);
  bridge->draining = false;
  ist__bridge_report_memory(bridge, 0);
}
