/* Functions across the border: JavaScript functions that call back into C, calls from C, and what
 * callbacks throw. A callback's record dies after V8 has collected the function; its finalizer then
 * runs at the next safe place, never inside the collector. */
#include "internal.h"

#include <new>

namespace {

void unlink(ist__callback *callback) {
  *callback->link = callback->next;
  if (callback->next) callback->next->link = callback->link;
}

void collected(const v8::WeakCallbackInfo<ist__callback> &info) {
  ist__callback *callback = info.GetParameter();
  callback->function.Reset();
  unlink(callback);
  ist_isolate *isolate = callback->isolate;
  callback->next = isolate->dead_callbacks;
  isolate->dead_callbacks = callback;
}

void finish(ist__callback *callback) {
  if (callback->finalize) callback->finalize(callback->env);
  delete callback;
}

void invoke(const v8::FunctionCallbackInfo<v8::Value> &info) {
  enum { STACK_ARGS = 8 };
  ist__callback *callback = static_cast<ist__callback *>(ist__compat::external_value(info.Data()));
  ist_isolate *isolate = callback->isolate;
  ist_context *context = callback->context;
  v8::Isolate *v8_isolate = isolate->v8;
  if (!ist__context_alive(context)) {
    v8_isolate->ThrowException(
        v8::Exception::Error(ist__text(v8_isolate, "the function's context is gone")));
    return;
  }
  uint32_t scope;
  if (ist_scope_open(isolate, &scope)) return;
  size_t argc = static_cast<size_t>(info.Length());
  ist_value fixed[STACK_ARGS];
  ist_value *argv = argc > STACK_ARGS ? new (std::nothrow) ist_value[argc] : fixed;
  bool made = argv != nullptr;
  ist_call call = {sizeof call, context, ist_undefined(), argc, argv};
  if (made) made = ist__value_from(isolate, info.This(), &call.receiver);
  for (size_t i = 0; made && i < argc; i++)
    made = ist__value_from(isolate, info[static_cast<int>(i)], &argv[i]);
  context->throwing = false;
  ist_value result = ist_undefined();
  ist_status status = made ? callback->fn(callback->env, &call, &result) : IST_ERR_MEMORY;
  if (argv != fixed) delete[] argv;

  v8::Local<v8::Value> value;
  bool thrown = context->throwing;
  context->throwing = false;
  if (status == IST_OK && !thrown) {
    if (ist__value_to(isolate, result, &value))
      info.GetReturnValue().Set(value);
    else
      status = IST_ERR_HANDLE;
  }
  ist_scope_close(isolate, scope);
  if (thrown) {
    value = context->thrown.Get(v8_isolate);
    context->thrown.Reset();
    v8_isolate->ThrowException(value);
  } else if (status == IST_ERR_TERMINATED) {
    /* V8 ends JavaScript at its next check, and a finally block could come first; running anything
     * makes the check now. */
    v8_isolate->TerminateExecution();
    v8::Local<v8::Script> check;
    if (v8::Script::Compile(v8_isolate->GetCurrentContext(), ist__text(v8_isolate, "0"))
            .ToLocal(&check))
      (void)check->Run(v8_isolate->GetCurrentContext()).IsEmpty();
  } else if (status != IST_OK) {
    v8_isolate->ThrowException(
        v8::Exception::Error(ist__text(v8_isolate, ist_status_text(status))));
  }
}

} // namespace

void ist__callbacks_reap(ist_isolate *isolate) {
  while (isolate->dead_callbacks) {
    ist__callback *callback = isolate->dead_callbacks;
    isolate->dead_callbacks = callback->next;
    finish(callback);
  }
}

void ist__callbacks_free(ist_isolate *isolate) {
  while (isolate->callbacks) {
    ist__callback *callback = isolate->callbacks;
    unlink(callback);
    callback->function.Reset();
    finish(callback);
  }
  ist__callbacks_reap(isolate);
}

ist_status ist_function_new(ist_context *context, const char *name, ist_function fn, void *env,
                            void (*finalize)(void *env), ist_value *result) {
  ist_status status = IST_OK;
  if (!context || !fn || !result)
    status = IST_ERR_ARGUMENT;
  else if (!ist__context_alive(context))
    status = IST_ERR_HANDLE;
  ist__callback *callback = status ? nullptr : new (std::nothrow) ist__callback;
  if (!status && !callback) status = IST_ERR_MEMORY;
  if (status) {
    if (finalize) finalize(env);
    return status;
  }
  ist__entry entry(context);
  ist_isolate *isolate = context->isolate;
  callback->isolate = isolate;
  callback->context = context;
  callback->fn = fn;
  callback->env = env;
  callback->finalize = finalize;
  callback->next = isolate->callbacks;
  callback->link = &isolate->callbacks;
  if (callback->next) callback->next->link = &callback->next;
  isolate->callbacks = callback;

  v8::Local<v8::Function> function;
  bool made =
      v8::Function::New(entry.context, invoke, ist__compat::external_new(isolate->v8, callback), 0,
                        v8::ConstructorBehavior::kThrow)
          .ToLocal(&function);
  if (made) {
    if (name) function->SetName(ist__text(isolate->v8, name));
    callback->function.Reset(isolate->v8, function);
    callback->function.SetWeak(callback, collected, v8::WeakCallbackType::kParameter);
    if (ist__value_from(isolate, function, result)) return IST_OK;
    return IST_ERR_MEMORY;
  }
  unlink(callback);
  finish(callback);
  return IST_ERR_MEMORY;
}

ist_status ist_function_call(ist_context *context, ist_value function, ist_value receiver,
                             size_t argc, const ist_value *argv, ist_value *result,
                             ist_error **error) {
  enum { STACK_ARGS = 8, MOST_ARGS = 65535 };
  if (error) *error = nullptr;
  if (!context || (argc && !argv) || argc > MOST_ARGS) return ist__fail(error, IST_ERR_ARGUMENT);
  if (!ist__context_alive(context)) return ist__fail(error, IST_ERR_HANDLE);
  ist__entry entry(context);
  ist_isolate *isolate = context->isolate;
  v8::Local<v8::Value> callee, self, fixed[STACK_ARGS];
  v8::Local<v8::Value> *args =
      argc > STACK_ARGS ? new (std::nothrow) v8::Local<v8::Value>[argc] : fixed;
  if (!args) return ist__fail(error, IST_ERR_MEMORY);
  ist_status status = IST_OK;
  if (!ist__value_to(isolate, function, &callee) || !ist__value_to(isolate, receiver, &self))
    status = IST_ERR_HANDLE;
  else if (!callee->IsFunction())
    status = IST_ERR_TYPE;
  for (size_t i = 0; !status && i < argc; i++)
    if (!ist__value_to(isolate, argv[i], &args[i])) status = IST_ERR_HANDLE;
  if (status) {
    ist__fail(error, status);
  } else {
    v8::Local<v8::Value> value;
    if (!callee.As<v8::Function>()
             ->Call(entry.context, self, static_cast<int>(argc), args)
             .ToLocal(&value))
      status = ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
    else if (result && !ist__value_from(isolate, value, result))
      status = ist__fail(error, IST_ERR_MEMORY);
  }
  if (args != fixed) delete[] args;
  return status;
}

ist_status ist_throw(ist_context *context, ist_value value) {
  if (!context) return IST_ERR_ARGUMENT;
  if (!ist__context_alive(context)) return IST_ERR_HANDLE;
  ist__isolate_entry entry(context->isolate);
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, value, &local)) return IST_ERR_HANDLE;
  context->thrown.Reset(context->isolate->v8, local);
  context->throwing = true;
  return IST_ERR_EXCEPTION;
}

ist_status ist_throw_again(ist_context *context, const ist_error *error) {
  if (!context || !error) return IST_ERR_ARGUMENT;
  if (!ist__context_alive(context)) return IST_ERR_HANDLE;
  if (error->status == IST_ERR_TERMINATED) return IST_ERR_TERMINATED;
  ist__entry entry(context);
  context->thrown.Reset(context->isolate->v8, ist__error_to_js(context, error));
  context->throwing = true;
  return IST_ERR_EXCEPTION;
}

ist_status ist_throw_error(ist_context *context, const char *name, const char *message) {
  if (!context || !message) return IST_ERR_ARGUMENT;
  if (!ist__context_alive(context)) return IST_ERR_HANDLE;
  ist__entry entry(context);
  ist_error error = {};
  error.status = IST_ERR_ARGUMENT;
  error.name = name;
  error.message = message;
  context->thrown.Reset(context->isolate->v8, ist__error_to_js(context, &error));
  context->throwing = true;
  return IST_ERR_EXCEPTION;
}
