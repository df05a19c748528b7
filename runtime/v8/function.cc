/* Functions across the border: JavaScript functions that call back into C, calls from C, and what
 * callbacks throw. A callback's record dies after V8 has collected the function; its finalizer then
 * runs at the next safe place, never inside the collector. */
#include "template.h"
#include "value.h"

namespace {

void collected(const v8::WeakCallbackInfo<ist__callback> &info) {
  ist__callback *callback = info.GetParameter();
  callback->function.Reset();
  ist__chain_drop(callback);
  ist__finalizer_owe(callback->isolate, callback->finalizer);
  delete callback;
}

/* A function's own context is known; one that was made from a template runs in V8's. */
template <bool of_template> void invoke(const v8::FunctionCallbackInfo<v8::Value> &info) {
  enum { STACK_ARGS = 8 };
  ist__callback *callback =
      static_cast<ist__callback *>(of_template ? ist__compat::external_value(info.Data())
                                               : ist__compat::get_own_pointer(info.Data()));
  ist_isolate *isolate = callback->isolate;
  if (!ist__callback_room(isolate)) return;
  ist_context *context = callback->context;
  if (of_template) context = ist__context_of(isolate->v8->GetCurrentContext());
  if (!ist__context_alive(context) || (!of_template && context->serial != callback->serial)) {
    isolate->v8->ThrowException(
        v8::Exception::Error(ist__text(isolate->v8, "the function's context is gone")));
    return;
  }
  ist_status status = IST_ERR_MEMORY;
  v8::Local<v8::Value> value, thrown;
  ist__busy busy(context);
  {
    ist__outward outward(isolate);
    size_t argc = static_cast<size_t>(info.Length());
    ist_value fixed[STACK_ARGS];
    ist_value *argv = fixed;
    if (argc > STACK_ARGS) argv = static_cast<ist_value *>(ist__malloc(argc * sizeof *argv));
    ist_call call = {sizeof call, context, ist_undefined(), argc, argv, ist_undefined()};
    bool made = argv;
    /* A plain call has the global object as `this`; that is not worth a handle. */
    if (made && context->global != info.This())
      made = ist__value_from(isolate, info.This(), &call.receiver);
    if (made && info.IsConstructCall())
      made = ist__value_from(isolate, info.NewTarget(), &call.new_target);
    for (size_t i = 0; made && i < argc; i++)
      made = ist__value_from(isolate, info[static_cast<int>(i)], &argv[i]);
    ist_value result = ist_undefined();
    if (made) status = callback->fn(callback->env, &call, &result);
    if (argv != fixed) ist__free(argv);
    if (!outward.thrown.IsEmpty()) {
      thrown = outward.thrown.Get(isolate->v8);
    } else if (status == IST_OK) {
      switch (result.type) {
      case IST_UNDEFINED: return;
      case IST_INT32: info.GetReturnValue().Set(result.as.int32); return;
      case IST_DOUBLE: info.GetReturnValue().Set(result.as.number); return;
      default:
        if (ist__value_to(isolate, result, &value)) {
          info.GetReturnValue().Set(value);
          return;
        }
        status = IST_ERR_HANDLE;
      }
    }
  }
  ist__callback_throw(isolate, thrown, status);
}

} // namespace

bool ist__callback_room(ist_isolate *isolate) {
  constexpr uintptr_t reserve = 128 * 1024;
  uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (here > ist__stack_limit() + reserve && here > isolate->stack_end) return true;
  isolate->v8->ThrowException(
      v8::Exception::RangeError(ist__text(isolate->v8, "Maximum call stack size exceeded")));
  return false;
}

void ist__template_invoke(const v8::FunctionCallbackInfo<v8::Value> &info) {
  invoke<true>(info);
}

void ist__callback_throw(ist_isolate *isolate, v8::Local<v8::Value> thrown, ist_status status) {
  v8::Isolate *v8_isolate = isolate->v8;
  bool ends = status == IST_ERR_TERMINATED || ist__ran(isolate);
  if (!thrown.IsEmpty() && !ends) {
    v8_isolate->ThrowException(thrown);
  } else if (ends) {
    /* V8 ends JavaScript at its next check, and a finally block could come first; running anything
     * makes the check now. */
    v8_isolate->TerminateExecution();
    v8::Local<v8::Script> check;
    if (v8::Script::Compile(v8_isolate->GetCurrentContext(), ist__text(v8_isolate, "0"))
            .ToLocal(&check))
      (void)check->Run(v8_isolate->GetCurrentContext()).IsEmpty();
  } else {
    v8_isolate->ThrowException(
        v8::Exception::Error(ist__text(v8_isolate, ist_status_text(status))));
  }
}

v8::MaybeLocal<v8::Object> ist__pointer_object(v8::Local<v8::Context> context, void *pointer) {
  v8::Isolate *v8_isolate = context->GetIsolate();
  ist_isolate *isolate = static_cast<ist_isolate *>(v8_isolate->GetData(IST_ISOLATE_SLOT));
  if (isolate->pointer_object.IsEmpty()) {
    v8::Local<v8::ObjectTemplate> made = v8::ObjectTemplate::New(v8_isolate);
    made->SetInternalFieldCount(1);
    isolate->pointer_object.Reset(v8_isolate, made);
  }
  v8::Local<v8::Object> object;
  if (!isolate->pointer_object.Get(v8_isolate)->NewInstance(context).ToLocal(&object))
    return v8::MaybeLocal<v8::Object>();
  ist__compat::set_pointer(object, 0, pointer);
  return object;
}

void ist__callbacks_free(ist_isolate *isolate) {
  while (isolate->callbacks) {
    ist__callback *callback = isolate->callbacks;
    ist__chain_drop(callback);
    callback->function.Reset();
    ist__finalizer_owe(isolate, callback->finalizer);
    delete callback;
  }
}

ist_status ist_function_new(ist_context *context, const char *name, ist_function fn, void *env,
                            ist_finalizer finalize, ist_value *result) {
  ist_status status = fn && result ? IST_OK : IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (!status) status = gate.status;
  if (status) {
    if (finalize) finalize(env);
    return status;
  }
  ist_isolate *isolate = context->isolate;
  ist__finalizer *finalizer = finalize ? ist__finalizer_new(finalize, env) : nullptr;
  if (finalize && !finalizer) return IST_ERR_MEMORY;
  ist__callback *callback = new (std::nothrow) ist__callback;
  if (!callback) {
    ist__finalizer_owe(isolate, finalizer);
    return IST_ERR_MEMORY;
  }
  ist__entry entry(context);
  callback->isolate = isolate;
  callback->context = context;
  callback->serial = context->serial;
  callback->fn = fn;
  callback->env = env;
  callback->finalizer = finalizer;
  ist__chain_add(&isolate->callbacks, callback);

  v8::Local<v8::Object> data;
  v8::Local<v8::Function> function;
  bool made =
      ist__pointer_object(entry.context, callback).ToLocal(&data) &&
      v8::Function::New(entry.context, invoke<false>, data, 0, v8::ConstructorBehavior::kThrow)
          .ToLocal(&function);
  if (made) {
    if (name) function->SetName(ist__text(isolate->v8, name));
    callback->function.Reset(isolate->v8, function);
    callback->function.SetWeak(callback, collected, v8::WeakCallbackType::kParameter);
    if (ist__value_from(isolate, function, result)) return IST_OK;
    return IST_ERR_MEMORY;
  }
  ist__chain_drop(callback);
  ist__finalizer_owe(isolate, callback->finalizer);
  delete callback;
  return IST_ERR_MEMORY;
}

namespace {

/* Calls a function, or calls it as `new` does. */
template <bool construct>
ist_status call(ist_context *context, ist_value function, ist_value receiver, size_t argc,
                const ist_value *argv, ist_value *result, ist_error **error) {
  enum { STACK_ARGS = 8, MOST_ARGS = 65535 };
  if (error) *error = nullptr;
  if ((argc && !argv) || argc > MOST_ARGS) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist_isolate *isolate = context->isolate;
  ist__call_entry entry(context);
  v8::Local<v8::Value> callee, self, fixed[STACK_ARGS];
  v8::Local<v8::Value> *args = fixed;
  if (argc > STACK_ARGS)
    args = static_cast<v8::Local<v8::Value> *>(ist__calloc(argc, sizeof *args));
  if (!args) return ist__fail(error, IST_ERR_MEMORY);
  ist_status status = IST_OK;
  if (!ist__value_borrow(isolate, function, &callee) ||
      !ist__value_borrow(isolate, receiver, &self))
    status = IST_ERR_HANDLE;
  else if (function.type != IST_FUNCTION)
    status = IST_ERR_TYPE;
  for (size_t i = 0; !status && i < argc; i++)
    if (!ist__value_borrow(isolate, argv[i], &args[i])) status = IST_ERR_HANDLE;
  if (status) {
    ist__fail(error, status);
  } else {
    v8::Local<v8::Value> value;
    int count = static_cast<int>(argc);
    v8::MaybeLocal<v8::Value> given =
        construct ? callee.As<v8::Object>()->CallAsConstructor(entry.context, count, args)
                  : callee.As<v8::Function>()->Call(entry.context, self, count, args);
    if (!given.IsEmpty()) entry.jobs.run();
    if (!given.ToLocal(&value))
      status = ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
    else if (ist__ended(isolate, entry.catcher))
      status = ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
    else if (result && !ist__value_from(isolate, value, result))
      status = ist__fail(error, IST_ERR_MEMORY);
  }
  if (args != fixed) ist__free(args);
  return ist__settled(context, status);
}

} // namespace

ist_status ist_function_call(ist_context *context, ist_value function, ist_value receiver,
                             size_t argc, const ist_value *argv, ist_value *result,
                             ist_error **error) {
  return call<false>(context, function, receiver, argc, argv, result, error);
}

ist_status ist_function_construct(ist_context *context, ist_value function, size_t argc,
                                  const ist_value *argv, ist_value *result, ist_error **error) {
  return call<true>(context, function, ist_undefined(), argc, argv, result, error);
}

ist_status ist_throw(ist_context *context, ist_value value) {
  if (!context) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  v8::HandleScope scope(context->isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, value, &local)) return IST_ERR_HANDLE;
  return ist__throw_later(context->isolate, local);
}

ist_status ist_throw_again(ist_context *context, const ist_error *error) {
  if (!context || !error) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  if (error->status == IST_ERR_TERMINATED) return IST_ERR_TERMINATED;
  if (ist__ran(context->isolate)) return ist__ran(context->isolate);
  ist__entry entry(context);
  return ist__throw_later(context->isolate, ist__error_to_js(context, error));
}

ist_status ist_throw_error(ist_context *context, const char *name, const char *message) {
  if (!context || !message) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  ist_error error = {};
  error.status = IST_ERR_ARGUMENT;
  error.name = name;
  error.message = message;
  return ist__throw_later(context->isolate, ist__error_to_js(context, &error));
}
