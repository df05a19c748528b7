/* What V8 alone costs: the rows of the embed suite, written against V8's own interface as its
 * embedder's guide shows, in one entered isolate and context. */
#include "measure.h"

#include <libplatform/libplatform.h>
#include <string.h>
#include <v8.h>

#include <memory>
#include <vector>

namespace {

v8::Isolate::CreateParams params;

struct place {
  v8::Isolate *isolate;
  v8::Local<v8::Context> context;
  v8::Local<v8::Value> undefined;
  v8::Local<v8::Function> call_0, call_2, calling;
  v8::Local<v8::Object> object;
  v8::Local<v8::String> key, text;
  v8::Local<v8::Array> array;
  std::vector<char> bytes;
  std::vector<double> numbers;
};

void add(const v8::FunctionCallbackInfo<v8::Value> &info) {
  info.GetReturnValue().Set(info[0].As<v8::Number>()->Value() + info[1].As<v8::Number>()->Value());
}

v8::Local<v8::Value> run(place &at, const char *source) {
  v8::Local<v8::String> text = v8::String::NewFromUtf8(at.isolate, source).ToLocalChecked();
  return v8::Script::Compile(at.context, text).ToLocalChecked()->Run(at.context).ToLocalChecked();
}

template <class F> void row(const char *name, const char *unit, long rounds, F round) {
  measure(
      name, unit, rounds,
      [](void *env, long count) {
        for (long i = 0; i < count; i++) (*static_cast<F *>(env))(i);
      },
      &round);
}

void rows(place &at) {
  v8::Isolate *isolate = at.isolate;
  row("call_0", "ns", CALLS, [&](long) {
    v8::HandleScope scope(isolate);
    (void)at.call_0->Call(at.context, at.undefined, 0, nullptr).ToLocalChecked();
  });
  row("call_2", "ns", CALLS, [&](long i) {
    v8::HandleScope scope(isolate);
    v8::Local<v8::Value> args[] = {v8::Number::New(isolate, static_cast<double>(i)),
                                   v8::Number::New(isolate, 2.5)};
    at.numbers[0] = at.call_2->Call(at.context, at.undefined, 2, args)
                        .ToLocalChecked()
                        .As<v8::Number>()
                        ->Value();
  });
  measure(
      "callback_2", "ns", CALLS,
      [](void *env, long rounds) {
        place *of = static_cast<place *>(env);
        v8::HandleScope scope(of->isolate);
        v8::Local<v8::Value> args[] = {v8::Number::New(of->isolate, static_cast<double>(rounds))};
        (void)of->calling->Call(of->context, of->undefined, 1, args).ToLocalChecked();
      },
      &at);
  row("property_get", "ns", CALLS, [&](long) {
    v8::HandleScope scope(isolate);
    at.numbers[0] = at.object->Get(at.context, at.key).ToLocalChecked().As<v8::Number>()->Value();
  });
  row("string_1m_in", "us", STRINGS, [&](long) {
    v8::HandleScope scope(isolate);
    (void)v8::String::NewFromUtf8(isolate, at.bytes.data(), v8::NewStringType::kNormal,
                                  STRING_LENGTH)
        .ToLocalChecked();
  });
  row("string_1m_out", "us", STRINGS, [&](long) {
    at.text->WriteOneByte(isolate, reinterpret_cast<uint8_t *>(at.bytes.data()), 0, STRING_LENGTH);
  });
  row("numbers_10k_out", "us", ARRAYS, [&](long) {
    v8::HandleScope scope(isolate);
    for (uint32_t i = 0; i < NUMBERS; i++)
      at.numbers[i] = at.array->Get(at.context, i).ToLocalChecked().As<v8::Number>()->Value();
  });
  row("numbers_10k_in", "us", ARRAYS, [&](long) {
    v8::HandleScope scope(isolate);
    std::vector<v8::Local<v8::Value>> elements(NUMBERS);
    for (int i = 0; i < NUMBERS; i++) elements[i] = v8::Number::New(isolate, i + 0.5);
    (void)v8::Array::New(isolate, elements.data(), NUMBERS);
  });
  row("new_context", "us", CONTEXTS, [&](long) {
    v8::HandleScope scope(isolate);
    (void)v8::Context::New(isolate);
  });
}

void context_memory(v8::Isolate *isolate) {
  if (!measure_wants("context_memory")) return;
  std::vector<v8::Global<v8::Context>> contexts(MANY_CONTEXTS);
  double before = measure_resident();
  for (v8::Global<v8::Context> &context : contexts) {
    v8::HandleScope scope(isolate);
    context.Reset(isolate, v8::Context::New(isolate));
  }
  measure_print("context_memory", "kB", (measure_resident() - before) / MANY_CONTEXTS / 1000);
}

void isolate_memory() {
  if (!measure_wants("isolate_memory")) return;
  std::vector<v8::Isolate *> isolates(MANY_ISOLATES);
  double before = measure_resident();
  for (v8::Isolate *&isolate : isolates) isolate = v8::Isolate::New(params);
  measure_print("isolate_memory", "kB", (measure_resident() - before) / MANY_ISOLATES / 1000);
  for (v8::Isolate *isolate : isolates) isolate->Dispose();
}

} // namespace

int main(int, char **argv) {
  measure_wanted = argv + 1;
  std::unique_ptr<v8::Platform> platform = v8::platform::NewDefaultPlatform();
  v8::V8::InitializePlatform(platform.get());
  v8::V8::Initialize();
  params.array_buffer_allocator = v8::ArrayBuffer::Allocator::NewDefaultAllocator();
  isolate_memory();
  row("new_isolate", "us", ISOLATES, [](long) { v8::Isolate::New(params)->Dispose(); });
  v8::Isolate *isolate = v8::Isolate::New(params);
  v8::Global<v8::Context> kept;
  v8::Global<v8::Function> function;
  {
    v8::Isolate::Scope isolate_scope(isolate);
    v8::HandleScope scope(isolate);
    context_memory(isolate);
    v8::Local<v8::ObjectTemplate> global = v8::ObjectTemplate::New(isolate);
    global->Set(isolate, "add", v8::FunctionTemplate::New(isolate, add));
    place at;
    at.isolate = isolate;
    at.context = v8::Context::New(isolate, nullptr, global);
    v8::Context::Scope context_scope(at.context);
    at.undefined = v8::Undefined(isolate);
    at.bytes.assign(STRING_LENGTH + 1, 'x');
    at.numbers.resize(NUMBERS);
    at.call_0 = run(at, "(() => 1)").As<v8::Function>();
    at.call_2 = run(at, "((a, b) => a + b)").As<v8::Function>();
    at.calling =
        run(at, "(n => { let s = 0; for (let i = 0; i < n; i++) s += add(i, 2.5); return s })")
            .As<v8::Function>();
    at.object = run(at, "({x: 1.5})").As<v8::Object>();
    at.key = v8::String::NewFromUtf8Literal(isolate, "x", v8::NewStringType::kInternalized);
    at.text = run(at, "globalThis.s = 'x'.repeat(1 << 20); s.charCodeAt(3); s").As<v8::String>();
    at.array = run(at, "Array.from({length: 10000}, (_, i) => i + 0.5)").As<v8::Array>();
    rows(at);
    kept.Reset(isolate, at.context);
    function.Reset(isolate, at.call_0);
  }
  /* With V8's lock, last: from then on every HandleScope looks at it. */
  row("call_0_alone", "ns", CALLS, [&](long) {
    v8::Locker locker(isolate);
    v8::Isolate::Scope isolate_scope(isolate);
    v8::HandleScope scope(isolate);
    v8::Local<v8::Context> context = kept.Get(isolate);
    v8::Context::Scope context_scope(context);
    (void)function.Get(isolate)->Call(context, v8::Undefined(isolate), 0, nullptr).ToLocalChecked();
  });
  kept.Reset();
  function.Reset();
  isolate->Dispose();
  v8::V8::Dispose();
  v8::V8::DisposePlatform();
  return 0;
}
