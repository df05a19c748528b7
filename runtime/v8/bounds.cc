/* Built-ins that V8 ends the process in when their result would be an array of more than 2^27
 * elements, whatever the heap limit says. In the contexts of isolates with a heap limit they refuse
 * strings that could come to that. What stands in for a built-in looks like it: its name, its
 * length, its text, its errors. What programs can reach past it is listed in docs/limits.md. */
#include "limits.h"

namespace {

/* V8 doubles the array of what was found while it replaces; the others know sooner. */
enum { MOST_SPLIT = 1 << 26, MOST_REPLACED = 1 << 25, MOST_PARSED = 1 << 27, MOST_ARGUMENTS = 8 };

/* Calls the built-in that is the data, unless the string that it is about is too long. */
template <int most, bool of_argument>
void bounded(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  /* V8 gives functions like this one an object for whatever they are called on. */
  v8::Local<v8::Value> self = info.This();
  if (self->IsStringObject())
    self = self.As<v8::StringObject>()->ValueOf();
  else if (!of_argument && self->StrictEquals(context->Global()))
    self = v8::Undefined(isolate);
  v8::Local<v8::Value> about = of_argument ? info[0] : self;
  if (about->IsString() && about.As<v8::String>()->Length() > most) {
    isolate->ThrowException(v8::Exception::RangeError(ist__text(isolate, "Invalid string length")));
    return;
  }
  /* None of them looks at more. */
  int count = info.Length() < MOST_ARGUMENTS ? info.Length() : MOST_ARGUMENTS;
  v8::Local<v8::Value> arguments[MOST_ARGUMENTS], result;
  for (int i = 0; i < count; i++) arguments[i] = info[i];
  if (info.Data().As<v8::Function>()->Call(context, self, count, arguments).ToLocal(&result))
    info.GetReturnValue().Set(result);
}

const struct {
  const char *holder;
  bool prototype;
  const char *name;
  int length;
  v8::FunctionCallback callback;
} built_ins[] = {
    {"String", true, "split", 2, bounded<MOST_SPLIT, false>},
    {"String", true, "match", 1, bounded<MOST_SPLIT, false>},
    {"String", true, "replace", 2, bounded<MOST_REPLACED, false>},
    {"String", true, "replaceAll", 2, bounded<MOST_REPLACED, false>},
    {"JSON", false, "parse", 2, bounded<MOST_PARSED, true>},
};

v8::MaybeLocal<v8::Object> member(v8::Local<v8::Context> context, v8::Local<v8::Object> of,
                                  const char *name) {
  v8::Local<v8::Value> value;
  if (!ist__peek(context, of, ist__text(context->GetIsolate(), name)).ToLocal(&value) ||
      !value->IsObject())
    return v8::MaybeLocal<v8::Object>();
  return value.As<v8::Object>();
}

} // namespace

void ist__bounds_install(v8::Local<v8::Context> context) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::Context::Scope context_scope(context);
  v8::TryCatch quiet(isolate);
  for (const auto &built_in : built_ins) {
    v8::Local<v8::Object> holder, original;
    v8::Local<v8::Function> function;
    v8::Local<v8::String> name = ist__text(isolate, built_in.name);
    if (!member(context, context->Global(), built_in.holder).ToLocal(&holder) ||
        (built_in.prototype && !member(context, holder, "prototype").ToLocal(&holder)) ||
        !member(context, holder, built_in.name).ToLocal(&original) ||
        !v8::Function::New(context, built_in.callback, original, built_in.length,
                           v8::ConstructorBehavior::kThrow)
             .ToLocal(&function))
      continue;
    function->SetName(name);
    ist__ignore(holder->DefineOwnProperty(context, name, function, v8::DontEnum));
  }
}
