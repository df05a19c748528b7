/* The records behind inspectors and sessions, for inspector.cc and repl.cc: the only two files that
 * include V8's inspector. */
#ifndef IST_V8_INSPECTOR_H
#define IST_V8_INSPECTOR_H

#include "internal.h"

#include <v8-inspector.h>

#include <memory>

/* The one V8 inspector of an isolate. */
struct ist__inspection final : v8_inspector::V8InspectorClient, ist__allocated {
  /* All contexts are in one group, so that a session sees each of them. */
  enum { group = 1 };

  explicit ist__inspection(ist_isolate *owner);

  v8::Local<v8::Context> ensureDefaultContextInGroup(int) override;
  void runMessageLoopOnPause(int) override;
  void quitMessageLoopOnPause() override;
  void runIfWaitingForDebugger(int) override;
  double currentTimeMS() override;

  void reap();
  /* Asks for a pause, or asks again. False when memory is out. */
  bool want_pause(const char *reason);
  void forget_pause();

  ist_isolate *isolate;
  std::unique_ptr<v8_inspector::V8Inspector> v8;
  ist_inspector *open = nullptr;
  ist_session *closing = nullptr; /* freed, and still on the stack */
  uint32_t pauses = 0;            /* how many hooks are on the stack */
  uint32_t sending = 0;
  bool quit_told = false; /* to the innermost of them */
  /* Why a pause was asked for that has not come yet, or NULL. */
  char *wanted = nullptr;
};

struct ist_inspector : ist__record {
  ist_isolate *isolate; /* stays when the inspector is freed */
  ist_inspector_options options;
  ist__finalizer *finalizer;
  ist_session *sessions;
};

struct ist_session : ist__record {
  ist_isolate *isolate; /* stays when the session is freed */
  ist_inspector *inspector;
  v8_inspector::V8InspectorSession *v8;
  v8_inspector::V8Inspector::Channel *channel;
  void (*send)(void *env, const char *json, size_t length);
  void *env;
  ist__finalizer *finalizer;
  uint32_t dispatching; /* how many messages are on the stack */
  bool debugging;       /* it has enabled Debugger */
  bool lost;            /* a message could not be told */
  ist_session *next, **link;
};

#endif
