/* What V8 can tell of memory and time: snapshots of the heap and records of where time goes, both
 * written piece by piece in the forms that Chrome DevTools opens. Neither is ever held as a whole
 * text in memory. What V8 gathered is dropped when the writing ends, however it ends. */
#include "internal.h"

#include <v8-profiler.h>

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include <new>

/* ---- Writing ---- */

namespace {

/* Collects small writes into pieces; after a refusal nothing more is written. */
class output {
public:
  output(ist_isolate *isolate, ist_writer write, void *env)
      : isolate_(isolate), write_(write), env_(env) {}

  bool refused() const { return refused_; }

  void put(const char *bytes, size_t length) {
    while (length && !refused_) {
      size_t part = sizeof buffer_ - used_;
      if (part > length) part = length;
      memcpy(buffer_ + used_, bytes, part);
      used_ += part;
      bytes += part;
      length -= part;
      if (used_ == sizeof buffer_) flush();
    }
  }

  void print(const char *format, ...) __attribute__((format(printf, 2, 3))) {
    char text[160];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put(text, static_cast<size_t>(length));
  }

  /* A JSON string. What is not well-formed UTF-8, such as V8's form of a lone surrogate, becomes
   * U+FFFD. */
  void quote(const char *text) {
    put("\"", 1);
    for (const char *at = text; *at;) {
      unsigned char byte = static_cast<unsigned char>(*at);
      size_t length = sequence(reinterpret_cast<const unsigned char *>(at));
      if (byte == '"' || byte == '\\')
        print("\\%c", byte);
      else if (byte < 0x20 || byte == 0x7f)
        print("\\u%04x", byte);
      else if (length)
        put(at, length);
      else
        put("\\ufffd", 6);
      at += length ? length : 1;
    }
    put("\"", 1);
  }

  void flush() {
    if (!used_ || refused_) return;
    ist__outward outward(isolate_);
    refused_ = !write_(env_, buffer_, used_);
    used_ = 0;
  }

private:
  /* The bytes of the character at `text`, or 0 when it is malformed. */
  static size_t sequence(const unsigned char *text) {
    unsigned char first = text[0];
    if (first < 0x80) return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return 0;
    for (size_t i = 1; i < length; i++)
      if ((text[i] & 0xc0) != 0x80) return 0;
    bool odd = (first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
               (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f);
    return odd ? 0 : length;
  }

  ist_isolate *isolate_;
  ist_writer write_;
  void *env_;
  size_t used_ = 0;
  bool refused_ = false;
  char buffer_[16384];
};

} // namespace

/* ---- The heap ---- */

namespace {

class heap_stream final : public v8::OutputStream {
public:
  heap_stream(ist_isolate *isolate, ist_writer write, void *env)
      : isolate_(isolate), write_(write), env_(env) {}
  bool complete = false;

  void EndOfStream() override { complete = true; }
  int GetChunkSize() override { return 65536; }
  WriteResult WriteAsciiChunk(char *data, int size) override {
    ist__outward outward(isolate_);
    return write_(env_, data, static_cast<size_t>(size)) ? kContinue : kAbort;
  }

private:
  ist_isolate *isolate_;
  ist_writer write_;
  void *env_;
};

/* Global objects appear by their contexts' names. */
class context_names final : public v8::HeapProfiler::ObjectNameResolver {
public:
  const char *GetName(v8::Local<v8::Object> global) override {
    v8::Local<v8::Context> context;
    if (!global->GetCreationContext().ToLocal(&context)) return "";
    ist_context *record = ist__context_of(context);
    return record && record->name ? record->name : "";
  }
};

} // namespace

ist_status ist_isolate_write_heap(ist_isolate *isolate, ist_writer write, void *env) {
  if (!write) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  context_names names;
  const v8::HeapSnapshot *snapshot =
      isolate->v8->GetHeapProfiler()->TakeHeapSnapshot(nullptr, &names);
  if (!snapshot) return IST_ERR_MEMORY;
  heap_stream stream(isolate, write, env);
  snapshot->Serialize(&stream, v8::HeapSnapshot::kJSON);
  const_cast<v8::HeapSnapshot *>(snapshot)->Delete();
  return stream.complete ? IST_OK : IST_ERR_IO;
}

/* ---- Time ---- */

struct ist__profile : ist__allocated {
  v8::CpuProfiler *profiler;
};

namespace {

v8::Local<v8::String> title(v8::Isolate *isolate) {
  return ist__text(isolate, "isthmus");
}

/* `"positionTicks":[…]`, the lines of a function that samples fell on. False when memory is out. */
bool write_ticks(output *to, const v8::CpuProfileNode *node) {
  unsigned count = node->GetHitLineCount();
  if (!count) return true;
  using tick = v8::CpuProfileNode::LineTick;
  tick *ticks = static_cast<tick *>(ist__calloc(count, sizeof *ticks));
  if (!ticks) return false;
  if (node->GetLineTicks(ticks, count)) {
    to->print(",\"positionTicks\":[");
    for (unsigned i = 0; i < count; i++)
      to->print("%s{\"line\":%d,\"ticks\":%u}", i ? "," : "", ticks[i].line, ticks[i].hit_count);
    to->print("]");
  }
  ist__free(ticks);
  return true;
}

/* A node and those below it; as deep as V8 looks into a stack, which is some hundred frames.
 * DevTools counts lines and columns from 0. */
bool write_nodes(output *to, const v8::CpuProfileNode *node) {
  to->print("%s{\"id\":%u,\"callFrame\":{\"functionName\":", node->GetParent() ? ",\n" : "",
            node->GetNodeId());
  to->quote(node->GetFunctionNameStr());
  to->print(",\"scriptId\":\"%d\",\"url\":", node->GetScriptId());
  to->quote(node->GetScriptResourceNameStr());
  to->print(",\"lineNumber\":%d,\"columnNumber\":%d},\"hitCount\":%u", node->GetLineNumber() - 1,
            node->GetColumnNumber() - 1, node->GetHitCount());
  int children = node->GetChildrenCount();
  if (children) to->print(",\"children\":[");
  for (int i = 0; i < children; i++)
    to->print("%s%u", i ? "," : "", node->GetChild(i)->GetNodeId());
  if (children) to->print("]");
  if (!write_ticks(to, node)) return false;
  to->print("}");
  for (int i = 0; i < children && !to->refused(); i++)
    if (!write_nodes(to, node->GetChild(i))) return false;
  return true;
}

bool write_profile(output *to, const v8::CpuProfile *profile) {
  to->print("{\"nodes\":[");
  if (!write_nodes(to, profile->GetTopDownRoot())) return false;
  to->print("],\n\"startTime\":%" PRId64 ",\"endTime\":%" PRId64 ",\n\"samples\":[",
            profile->GetStartTime(), profile->GetEndTime());
  int count = profile->GetSamplesCount();
  for (int i = 0; i < count && !to->refused(); i++)
    to->print("%s%u", i ? "," : "", profile->GetSample(i)->GetNodeId());
  to->print("],\n\"timeDeltas\":[");
  int64_t last = profile->GetStartTime();
  for (int i = 0; i < count && !to->refused(); i++) {
    int64_t now = profile->GetSampleTimestamp(i);
    to->print("%s%" PRId64, i ? "," : "", now - last);
    last = now;
  }
  to->print("]}\n");
  to->flush();
  return true;
}

} // namespace

void ist__sampling_begins(ist_isolate *isolate) {
  isolate->sampled.store(true, std::memory_order_release);
  /* The last signal that V8 sends to a thread may reach it when V8 has taken its handler away, and
   * would end the process. Threads of other languages than C may have no stack for a handler but
   * the one that they give the kernel for it, which V8's own handler uses, too. */
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction is;
    if (sigaction(SIGPROF, nullptr, &is) || is.sa_flags & SA_SIGINFO || is.sa_handler != SIG_DFL)
      return;
    is.sa_handler = [](int) {};
    is.sa_flags = SA_RESTART | SA_ONSTACK;
    (void)sigaction(SIGPROF, &is, nullptr);
  });
}

ist_status ist_profile_start(ist_isolate *isolate, uint32_t interval) {
  if (interval > INT32_MAX) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  if (isolate->profile) return IST_ERR_STATE;
  ist__profile *profile = new (std::nothrow) ist__profile;
  if (!profile) return IST_ERR_MEMORY;
  v8::HandleScope scope(isolate->v8);
  ist__sampling_begins(isolate);
  profile->profiler = v8::CpuProfiler::New(isolate->v8);
  profile->profiler->SetSamplingInterval(interval ? static_cast<int>(interval) : 1000);
  v8::CpuProfilingOptions options(v8::kLeafNodeLineNumbers);
  if (profile->profiler->StartProfiling(title(isolate->v8), options) !=
      v8::CpuProfilingStatus::kStarted) {
    profile->profiler->Dispose();
    delete profile;
    return IST_ERR_RESOURCE;
  }
  isolate->profile = profile;
  return IST_OK;
}

ist_status ist_profile_stop(ist_isolate *isolate, ist_writer write, void *env) {
  if (!write) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  if (!isolate->profile) return IST_ERR_STATE;
  v8::HandleScope scope(isolate->v8);
  v8::CpuProfiler *profiler = isolate->profile->profiler;
  delete isolate->profile;
  isolate->profile = nullptr;
  v8::CpuProfile *recorded = profiler->StopProfiling(title(isolate->v8));
  ist_status status = IST_ERR_MEMORY;
  if (recorded) {
    output *to = static_cast<output *>(ist__malloc(sizeof(output)));
    if (to) {
      ::new (static_cast<void *>(to)) output(isolate, write, env);
      bool complete = write_profile(to, recorded);
      status = !complete ? IST_ERR_MEMORY : to->refused() ? IST_ERR_IO : IST_OK;
      ist__free(to);
    }
    recorded->Delete();
  }
  profiler->Dispose();
  return status;
}

void ist__profile_free(ist_isolate *isolate) {
  if (!isolate->profile) return;
  v8::HandleScope scope(isolate->v8);
  v8::CpuProfiler *profiler = isolate->profile->profiler;
  delete isolate->profile;
  isolate->profile = nullptr;
  v8::CpuProfile *recorded = profiler->StopProfiling(title(isolate->v8));
  if (recorded) recorded->Delete();
  profiler->Dispose();
}
