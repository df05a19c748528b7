/* Promises. One that is made here carries a private mark while it can be settled from outside; the
 * mark goes with the first settling, so that no other promise is ever touched, and none twice. */
#include "value.h"

namespace {

/* The mark's value while the promise is open, and from then on. */
enum { OPEN = 1, SETTLED = 2 };

v8::Local<v8::Private> mark_of(v8::Isolate *isolate) {
  return ist__compat::private_symbol(isolate, "isthmus:resolver");
}

ist_status settle(ist_context *context, ist_value promise, ist_value value, bool resolve) {
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist_isolate *isolate = context->isolate;
  ist_status status = IST_OK;
  {
    ist__entry entry(context);
    v8::Local<v8::Promise> target;
    v8::Local<v8::Value> local, mark;
    status = ist__value_as(isolate, promise, &v8::Value::IsPromise, &target);
    if (status) return status;
    if (!ist__value_to(isolate, value, &local)) return IST_ERR_HANDLE;
    v8::Local<v8::Private> key = mark_of(isolate->v8);
    if (!target->GetPrivate(entry.context, key).ToLocal(&mark))
      return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, nullptr);
    if (!mark->IsInt32()) return IST_ERR_TYPE;
    if (mark.As<v8::Int32>()->Value() != OPEN) return IST_OK;
    if (target->SetPrivate(entry.context, key, v8::Integer::New(isolate->v8, SETTLED)).IsNothing())
      return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, nullptr);
    /* A resolver of V8's is the promise itself. */
    v8::Local<v8::Promise::Resolver> resolver =
        v8::Local<v8::Object>(target).As<v8::Promise::Resolver>();
    status = ist__finish_maybe(context,
                               resolve ? resolver->Resolve(entry.context, local)
                                       : resolver->Reject(entry.context, local),
                               &entry.catcher, nullptr, nullptr);
  }
  return ist__settled(context, status);
}

void throw_again(const v8::FunctionCallbackInfo<v8::Value> &info) {
  info.GetIsolate()->ThrowException(info[0]);
}

ist_status handler_of(ist_isolate *isolate, ist_value value, v8::Local<v8::Function> *to) {
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, value, &local)) return IST_ERR_HANDLE;
  if (local->IsUndefined()) return IST_OK;
  if (!local->IsFunction()) return IST_ERR_TYPE;
  *to = local.As<v8::Function>();
  return IST_OK;
}

} // namespace

ist_status ist_promise_new(ist_context *context, ist_value *promise) {
  if (!promise) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  v8::Isolate *isolate = context->isolate->v8;
  ist__entry entry(context);
  v8::Local<v8::Promise::Resolver> resolver;
  if (!v8::Promise::Resolver::New(entry.context).ToLocal(&resolver))
    return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, nullptr);
  v8::Local<v8::Promise> made = resolver->GetPromise();
  if (made->SetPrivate(entry.context, mark_of(isolate), v8::Integer::New(isolate, OPEN))
          .IsNothing())
    return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, nullptr);
  return ist__give(context->isolate, made, promise);
}

ist_status ist_promise_resolve(ist_context *context, ist_value promise, ist_value value) {
  return settle(context, promise, value, true);
}

ist_status ist_promise_reject(ist_context *context, ist_value promise, ist_value reason) {
  return settle(context, promise, reason, false);
}

ist_status ist_promise_then(ist_context *context, ist_value promise, ist_value fulfilled,
                            ist_value rejected, ist_value *result) {
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist_status status;
  {
    ist__entry entry(context);
    v8::Local<v8::Promise> target;
    v8::Local<v8::Function> on_fulfilled, on_rejected;
    status = ist__value_as(context->isolate, promise, &v8::Value::IsPromise, &target);
    if (!status) status = handler_of(context->isolate, fulfilled, &on_fulfilled);
    if (!status) status = handler_of(context->isolate, rejected, &on_rejected);
    if (status) return status;
    v8::MaybeLocal<v8::Promise> next;
    if (!on_fulfilled.IsEmpty() && !on_rejected.IsEmpty()) {
      next = target->Then(entry.context, on_fulfilled, on_rejected);
    } else if (!on_fulfilled.IsEmpty()) {
      next = target->Then(entry.context, on_fulfilled);
    } else {
      /* V8 wants one function at least; this one does what the lack of one does. */
      if (on_rejected.IsEmpty() &&
          !v8::Function::New(entry.context, throw_again).ToLocal(&on_rejected))
        return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, nullptr);
      next = target->Catch(entry.context, on_rejected);
    }
    status = ist__finish(context, next, &entry.catcher, result, nullptr);
  }
  return ist__settled(context, status);
}

ist_status ist_promise_read(ist_isolate *isolate, ist_value promise, ist_promise_state *state,
                            ist_value *result) {
  if (!state || !result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Promise> local;
  ist_status status = ist__value_as(isolate, promise, &v8::Value::IsPromise, &local);
  if (status) return status;
  v8::Promise::PromiseState is = local->State();
  ist_value value = ist_undefined();
  if (is != v8::Promise::kPending && !ist__value_from(isolate, local->Result(), &value))
    return IST_ERR_MEMORY;
  *state = is == v8::Promise::kPending     ? IST_PROMISE_PENDING
           : is == v8::Promise::kFulfilled ? IST_PROMISE_FULFILLED
                                           : IST_PROMISE_REJECTED;
  *result = value;
  return IST_OK;
}

ist_status ist_promise_mark_handled(ist_isolate *isolate, ist_value promise) {
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Promise> local;
  ist_status status = ist__value_as(isolate, promise, &v8::Value::IsPromise, &local);
  if (status) return status;
  local->MarkAsHandled();
  for (ist__rejection **link = &isolate->rejections; *link; link = &(*link)->next) {
    ist__rejection *pending = *link;
    if (pending->promise != local) continue;
    *link = pending->next;
    if (isolate->last_rejection == &pending->next) isolate->last_rejection = link;
    delete pending;
    break;
  }
  return IST_OK;
}
