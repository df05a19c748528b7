/* What V8 alone takes to judge: a program in a fresh context, and in an isolate of its own, written
 * against V8's own interface as its embedder's guide shows. With an argument, what tenants keep. */
#include "judge.h"

#include <libplatform/libplatform.h>
#include <stdio.h>
#include <stdlib.h>
#include <v8.h>

#include <memory>
#include <vector>

namespace {

v8::Isolate::CreateParams params;

double eval(v8::Isolate *isolate, v8::Local<v8::Context> context, const judge_program &program) {
  v8::Local<v8::String> text =
      v8::String::NewFromUtf8(isolate, program.text, v8::NewStringType::kNormal,
                              static_cast<int>(program.length))
          .ToLocalChecked();
  v8::ScriptOrigin origin(isolate, v8::String::NewFromUtf8Literal(isolate, "judge.js"));
  return v8::Script::Compile(context, text, &origin)
      .ToLocalChecked()
      ->Run(context)
      .ToLocalChecked()
      .As<v8::Number>()
      ->Value();
}

double run_fresh(v8::Isolate *isolate, const judge_program &program) {
  v8::HandleScope scope(isolate);
  v8::Local<v8::Context> context = v8::Context::New(isolate);
  v8::Context::Scope context_scope(context);
  return eval(isolate, context, program);
}

void *isolate_begin(const void *) {
  v8::Isolate *isolate = v8::Isolate::New(params);
  isolate->Enter();
  return isolate;
}

void isolate_end(void *place) {
  v8::Isolate *isolate = static_cast<v8::Isolate *>(place);
  isolate->Exit();
  isolate->Dispose();
}

void contexts(void *place, const judge_program *programs, long count) {
  for (long i = 0; i < count; i++)
    judge_expect(&programs[i], run_fresh(static_cast<v8::Isolate *>(place), programs[i]));
}

void isolates(void *, const judge_program *programs, long count) {
  for (long i = 0; i < count; i++) {
    v8::Isolate *isolate = v8::Isolate::New(params);
    {
      v8::Isolate::Scope isolate_scope(isolate);
      judge_expect(&programs[i], run_fresh(isolate, programs[i]));
    }
    isolate->Dispose();
  }
}

/* What `count` tenants keep resident, each with an isolate and a context in which it ran. */
void tenants(int count) {
  struct tenant {
    v8::Isolate *isolate;
    v8::Global<v8::Context> context;
  };
  std::vector<tenant> all(static_cast<size_t>(count));
  judge_program program;
  double before = judge_resident();
  uint64_t number = 0;
  for (tenant &at : all) {
    at.isolate = v8::Isolate::New(params);
    v8::Isolate::Scope isolate_scope(at.isolate);
    v8::HandleScope scope(at.isolate);
    v8::Local<v8::Context> context = v8::Context::New(at.isolate);
    v8::Context::Scope context_scope(context);
    judge_make(&program, number++);
    judge_expect(&program, eval(at.isolate, context, program));
    at.context.Reset(at.isolate, context);
  }
  judge_print("floor", "tenants_isolate", "kB", (judge_resident() - before) / count / 1000);
  for (tenant &at : all) {
    at.context.Reset();
    at.isolate->Dispose();
  }
}

} // namespace

int main(int argc, char **) {
  std::unique_ptr<v8::Platform> platform = v8::platform::NewDefaultPlatform();
  v8::V8::InitializePlatform(platform.get());
  v8::V8::Initialize();
  params.array_buffer_allocator = v8::ArrayBuffer::Allocator::NewDefaultAllocator();
  if (argc > 1) {
    tenants(JUDGE_TENANTS);
    return 0;
  }
  const judge_way fresh_context = {"context", 300, isolate_begin, contexts, isolate_end, nullptr};
  const judge_way fresh_isolate = {"isolate", 30, nullptr, isolates, nullptr, nullptr};
  for (int threads = 1; threads <= 2; threads++) {
    char name[64];
    double context = judge_time(&fresh_context, threads);
    for (const char *rung : {"context", "compartment", "shared", "known"}) {
      snprintf(name, sizeof name, threads > 1 ? "%s_2" : "%s", rung);
      judge_print("floor", name, "us", context);
    }
    judge_print("floor_isolate", threads > 1 ? "isolate_2" : "isolate", "us",
                judge_time(&fresh_isolate, threads));
  }
  v8::V8::Dispose();
  v8::V8::DisposePlatform();
  return 0;
}
