/* The inspector: V8's side of the Chrome DevTools protocol, over a transport of the embedder's.
 * An isolate has one V8 inspector, made at its first use, which the embedder's sessions and the
 * REPL share: two would take the debugger from each other. Whatever is freed while it is in use (a
 * session within its own message, an inspector within a pause) is silent at once, and goes when
 * nothing of it is on the stack any more. */
#include "inspector.h"
#include "limits.h"

#include <cJSON.h>
#include <stddef.h>
#include <time.h>

#include <memory>
#include <new>

using v8_inspector::StringBuffer;
using v8_inspector::StringView;

namespace {

ist__pool<ist_inspector> inspectors;
ist__pool<ist_session> sessions;

/* ---- Text ---- */

StringView view_of(const char *text) {
  return StringView(reinterpret_cast<const uint8_t *>(text), strlen(text));
}

bool is_ascii(const char *text, size_t length) {
  unsigned char bits = 0;
  for (size_t i = 0; i < length; i++) bits |= static_cast<unsigned char>(text[i]);
  return bits < 0x80;
}

/* UTF-8 for V8. Where it is not plain ASCII, `units` is to be freed. False when memory is out, or
 * the text is longer than a string can be. */
bool view_utf8(v8::Isolate *isolate, const char *text, size_t length, StringView *view,
               uint16_t **units) {
  *units = nullptr;
  if (is_ascii(text, length)) {
    *view = StringView(reinterpret_cast<const uint8_t *>(text), length);
    return true;
  }
  v8::Local<v8::String> string;
  if (!ist__string(isolate, text, length).ToLocal(&string)) return false;
  size_t count = static_cast<size_t>(string->Length());
  *units = static_cast<uint16_t *>(ist__malloc(count * sizeof **units));
  if (!*units) return false;
  ist__compat::write_two_byte(isolate, string, *units, 0, static_cast<uint32_t>(count));
  *view = StringView(*units, count);
  return true;
}

/* UTF-8 of what V8 says, freed by the caller; lone surrogates become U+FFFD. */
char *utf8_of(StringView view, size_t *length) {
  size_t count = view.length();
  /* A unit takes three bytes at most, and a pair four. */
  char *text = static_cast<char *>(ist__malloc(count * (view.is8Bit() ? 2 : 3) + 1));
  if (!text) return nullptr;
  auto *to = reinterpret_cast<unsigned char *>(text);
  for (size_t i = 0; i < count; i++) {
    uint32_t c = view.is8Bit() ? view.characters8()[i] : view.characters16()[i];
    if (c >= 0xd800 && c < 0xe000) {
      uint32_t next = i + 1 < count ? view.characters16()[i + 1] : 0;
      bool pair = c < 0xdc00 && next >= 0xdc00 && next < 0xe000;
      c = pair ? 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00) : 0xfffd;
      i += pair;
    }
    if (c < 0x80) {
      *to++ = static_cast<unsigned char>(c);
      continue;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = static_cast<unsigned char>(leads[more] | (c >> (6 * more)));
    while (more--) *to++ = static_cast<unsigned char>(0x80 | ((c >> (6 * more)) & 0x3f));
  }
  *to = 0;
  *length = static_cast<size_t>(to - reinterpret_cast<unsigned char *>(text));
  return text;
}

enum message_kind { MALFORMED, ENABLE, DISABLE, PAUSE, OTHER };

/* What a message is about that is also to be known here. */
message_kind kind_of(const char *json, size_t length) {
  const char *end = nullptr;
  cJSON *parsed = cJSON_ParseWithLengthOpts(json, length, &end, false);
  bool ok = parsed && cJSON_IsObject(parsed);
  for (; ok && end < json + length; end++) ok = strchr(" \t\r\n", *end) != nullptr && *end;
  message_kind kind = ok ? OTHER : MALFORMED;
  const cJSON *method = ok ? cJSON_GetObjectItemCaseSensitive(parsed, "method") : nullptr;
  if (cJSON_IsString(method)) {
    if (!strcmp(method->valuestring, "Debugger.enable")) kind = ENABLE;
    if (!strcmp(method->valuestring, "Debugger.disable")) kind = DISABLE;
    if (!strcmp(method->valuestring, "Debugger.pause")) kind = PAUSE;
  }
  cJSON_Delete(parsed);
  return kind;
}

} // namespace

/* ---- V8's inspector ---- */

ist__inspection::ist__inspection(ist_isolate *owner) : isolate(owner) {
  v8 = v8_inspector::V8Inspector::create(owner->v8, this);
}

v8::Local<v8::Context> ist__inspection::ensureDefaultContextInGroup(int) {
  /* The first one that was made; new ones stand before it. */
  ist_context *first = nullptr;
  for (ist_context *context = isolate->contexts; context; context = context->next)
    if (context->inspected) first = context;
  return first ? first->context.Get(isolate->v8) : v8::Local<v8::Context>();
}

bool ist__inspection::want_pause(const char *reason) {
  char *copy = ist__strdup(reason);
  StringView view;
  uint16_t *units = nullptr;
  v8::HandleScope scope(isolate->v8);
  if (!copy || !view_utf8(isolate->v8, reason, strlen(reason), &view, &units)) {
    ist__free(copy);
    return false;
  }
  bool again = wanted != nullptr, asked = false;
  for (ist_session *session = open->sessions; session; session = session->next) {
    if (!session->debugging) continue;
    /* Without this, it would only note another reason for the pause it has forgotten. */
    if (again) session->v8->cancelPauseOnNextStatement();
    session->v8->schedulePauseOnNextStatement(view, view_of("{}"));
    asked = true;
  }
  ist__free(units);
  /* `reason` may be the one that is wanted already. */
  forget_pause();
  if (asked)
    wanted = copy;
  else
    ist__free(copy);
  return true;
}

void ist__inspection_locked(ist__inspection *inspection) {
  if (inspection->wanted && inspection->open) (void)inspection->want_pause(inspection->wanted);
}

void ist__inspection::forget_pause() {
  ist__free(wanted);
  wanted = nullptr;
}

void ist__inspection::runMessageLoopOnPause(int) {
  forget_pause();
  reap();
  ist_inspector *inspector = open;
  if (!inspector || !inspector->options.pause || !inspector->sessions) return;
  bool outer_quit = quit_told;
  quit_told = false;
  pauses++;
  {
    ist__outward outward(isolate);
    inspector->options.pause(inspector->options.env, inspector);
  }
  pauses--;
  quit_told = outer_quit;
}

void ist__inspection::quitMessageLoopOnPause() {
  if (!open || !pauses || quit_told) return;
  quit_told = true;
  if (!open->options.quit) return;
  ist__outward outward(isolate);
  open->options.quit(open->options.env, open);
}

void ist__inspection::runIfWaitingForDebugger(int) {
  if (!open || !open->options.ready) return;
  ist__outward outward(isolate);
  open->options.ready(open->options.env, open);
}

double ist__inspection::currentTimeMS() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/* Sessions that were freed while V8 was in them. */
void ist__inspection::reap() {
  for (ist_session **link = &closing; *link;) {
    ist_session *session = *link;
    if (session->dispatching || sending) {
      link = &session->next;
      continue;
    }
    *link = session->next;
    session->next = nullptr;
    delete session->v8;
    session->v8 = nullptr;
    delete session->channel;
    session->channel = nullptr;
    ist__finalizer_owe(isolate, session->finalizer);
    session->finalizer = nullptr;
    session->inspector = nullptr;
    sessions.put(session);
  }
}

namespace {

ist__inspection *inspection_of(ist_isolate *isolate) {
  /* Its sessions may start profilers. */
  ist__sampling_begins(isolate);
  if (!isolate->inspection) isolate->inspection = new (std::nothrow) ist__inspection(isolate);
  return isolate->inspection;
}

/* ---- The console ---- */

/* Calls V8's own console, which tells the sessions, and then the one that the program had. */
void call_both(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::Object> both = info.Data().As<v8::Object>();
  enum { STACK_ARGS = 16 };
  v8::Local<v8::Value> fixed[STACK_ARGS], *args = fixed, first, second, result;
  if (info.Length() > STACK_ARGS) {
    args = static_cast<v8::Local<v8::Value> *>(
        ist__calloc(static_cast<size_t>(info.Length()), sizeof *args));
    if (!args) return;
  }
  for (int i = 0; i < info.Length(); i++) args[i] = info[i];
  if (both->Get(context, 0).ToLocal(&first) && both->Get(context, 1).ToLocal(&second)) {
    {
      /* What ends JavaScript goes on past a catcher by itself. */
      v8::TryCatch catcher(isolate);
      (void)first.As<v8::Function>()->Call(context, info.This(), info.Length(), args).IsEmpty();
    }
    if (second.As<v8::Function>()->Call(context, info.This(), info.Length(), args).ToLocal(&result))
      info.GetReturnValue().Set(result);
  }
  if (args != fixed) ist__free(args);
}

v8::Local<v8::Object> object_at(v8::Local<v8::Context> context, v8::Local<v8::Object> object,
                                const char *name) {
  v8::Local<v8::Value> value;
  if (object->Get(context, ist__text(context->GetIsolate(), name)).ToLocal(&value) &&
      value->IsObject())
    return value.As<v8::Object>();
  return v8::Local<v8::Object>();
}

/* A console that is not V8's, such as runtime/js's, would leave the sessions without messages. */
void join_consoles(v8::Local<v8::Context> context) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::Local<v8::Object> ours = object_at(context, context->Global(), "console");
  v8::Local<v8::Object> theirs = object_at(context, context->GetExtrasBindingObject(), "console");
  v8::Local<v8::Array> names;
  if (ours.IsEmpty() || theirs.IsEmpty() || ours == theirs ||
      !theirs->GetOwnPropertyNames(context).ToLocal(&names))
    return;
  for (uint32_t i = 0; i < names->Length(); i++) {
    v8::Local<v8::Value> name, pair[2];
    v8::Local<v8::Function> joined;
    if (!names->Get(context, i).ToLocal(&name) || !name->IsString() ||
        !theirs->Get(context, name).ToLocal(&pair[0]) || !pair[0]->IsFunction() ||
        !ours->Get(context, name).ToLocal(&pair[1]) || !pair[1]->IsFunction() ||
        pair[0] == pair[1] ||
        !v8::Function::New(context, call_both, v8::Array::New(isolate, pair, 2), 0,
                           v8::ConstructorBehavior::kThrow)
             .ToLocal(&joined))
      continue;
    joined->SetName(name.As<v8::String>());
    (void)ist__define_value(context, ours, name.As<v8::String>(), joined, v8::None);
  }
}

/* ---- Contexts ---- */

void show(ist__inspection *inspection, ist_context *context, const char *name) {
  v8::Local<v8::Context> entered = context->context.Get(context->isolate->v8);
  StringView view;
  uint16_t *units;
  if (!view_utf8(context->isolate->v8, name, strlen(name), &view, &units)) view = view_of("");
  inspection->v8->contextCreated(
      v8_inspector::V8ContextInfo(entered, ist__inspection::group, view));
  ist__free(units);
  context->inspected = true;
}

} // namespace

ist__inspection *ist__inspection_of(ist_context *context) {
  ist__inspection *inspection = inspection_of(context->isolate);
  if (inspection && !context->inspected)
    show(inspection, context, context->name ? context->name : "isthmus");
  return inspection;
}

void ist__inspection_uncaught(ist_context *context, const ist_error *error, ist_value promise) {
  if (!ist__context_alive(context) || !context->inspected) return;
  v8::Isolate *isolate = context->isolate->v8;
  v8::HandleScope scope(isolate);
  v8::Local<v8::Context> entered = context->context.Get(isolate);
  v8::Local<v8::Value> value;
  v8_inspector::V8Inspector *inspector = context->isolate->inspection->v8.get();
  if (!ist__value_to(context->isolate, error->value, &value)) value = v8::Undefined(isolate);
  v8::Local<v8::StackTrace> trace = v8::Exception::GetStackTrace(value);
  const char *texts[] = {error->message ? error->message : "", error->file ? error->file : ""};
  StringView views[2];
  uint16_t *units[2];
  for (int i = 0; i < 2; i++)
    if (!view_utf8(isolate, texts[i], strlen(texts[i]), &views[i], &units[i]))
      views[i] = view_of("");
  const char *kind = promise.type == IST_UNDEFINED ? "Uncaught" : "Uncaught (in promise)";
  inspector->exceptionThrown(
      entered, view_of(kind), value, views[0], views[1], static_cast<unsigned>(error->line),
      static_cast<unsigned>(error->column), inspector->createStackTrace(trace), 0);
  for (uint16_t *unit : units) ist__free(unit);
}

bool ist__inspection_sends(const ist_isolate *isolate) {
  return isolate->inspection && isolate->inspection->sending;
}

void ist__inspection_forget(ist_context *context) {
  if (!context->inspected) return;
  context->inspected = false;
  context->isolate->inspection->v8->contextDestroyed(context->context.Get(context->isolate->v8));
}

void ist__inspection_close(ist_isolate *isolate) {
  if (isolate->inspection) ist_inspector_free(isolate->inspection->open);
}

void ist__inspection_free(ist_isolate *isolate) {
  if (!isolate->inspection) return;
  isolate->inspection->reap();
  isolate->inspection->forget_pause();
  delete isolate->inspection;
  isolate->inspection = nullptr;
}

/* ---- The embedder's inspector ---- */

namespace {

/* The gate of a record that names its isolate. */
template <class T> ist_status check(const ist__gate &gate, const T *record) {
  if (gate.status) return gate.status;
  return record->live.load(std::memory_order_relaxed) ? IST_OK : IST_ERR_HANDLE;
}

template <class T> ist_isolate *isolate_of(const T *record) {
  return record ? record->isolate : nullptr;
}

} // namespace

ist_status ist_inspector_new(ist_isolate *isolate, const ist_inspector_options *given,
                             ist_inspector **result) {
  ist_inspector_options options = {};
  bool readable = given && given->size >= offsetof(ist_inspector_options, pause);
  if (readable)
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  ist_status status = result && (readable || !given) ? IST_OK : IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (!status) status = gate.status;
  ist_inspector *made = nullptr;
  ist__finalizer *finalizer = nullptr;
  if (!status) {
    v8::HandleScope scope(isolate->v8);
    ist__inspection *inspection = inspection_of(isolate);
    if (!inspection)
      status = IST_ERR_MEMORY;
    else if (inspection->open)
      status = IST_ERR_STATE;
    else if (!(made = inspectors.take()))
      status = IST_ERR_MEMORY;
  }
  if (status) {
    if (options.finalize) options.finalize(options.env);
    return status;
  }
  if (options.finalize && !(finalizer = ist__finalizer_new(options.finalize, options.env))) {
    inspectors.put(made);
    return IST_ERR_MEMORY;
  }
  made->isolate = isolate;
  made->options = options;
  made->finalizer = finalizer;
  made->sessions = nullptr;
  made->live.store(true, std::memory_order_release);
  isolate->inspection->open = made;
  *result = made;
  return IST_OK;
}

void ist_inspector_free(ist_inspector *inspector) {
  ist__gate gate(isolate_of(inspector), ist__gate::TAKEN);
  if (check(gate, inspector)) return;
  ist_isolate *isolate = inspector->isolate;
  ist__inspection *inspection = isolate->inspection;
  v8::HandleScope scope(isolate->v8);
  while (inspector->sessions) ist_session_free(inspector->sessions);
  inspection->quitMessageLoopOnPause();
  if (!inspection->pauses && !inspection->closing)
    for (ist_context *context = isolate->contexts; context; context = context->next)
      if (!context->repl) ist__inspection_forget(context);
  inspection->open = nullptr;
  inspection->forget_pause();
  ist__finalizer_owe(isolate, inspector->finalizer);
  inspector->finalizer = nullptr;
  inspectors.put(inspector);
}

ist_status ist_inspector_add_context(ist_inspector *inspector, ist_context *context,
                                     const char *name) {
  if (!inspector || !context) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate_of(inspector));
  ist_status status = check(gate, inspector);
  if (status) return status;
  if (!ist__context_alive(context) || context->isolate != inspector->isolate) return IST_ERR_HANDLE;
  if (context->inspected) return IST_OK;
  ist__entry entry(context);
  show(inspector->isolate->inspection, context, name ? name : context->name ? context->name : "");
  join_consoles(entry.context);
  return IST_OK;
}

ist_status ist_inspector_pause(ist_inspector *inspector, const char *reason) {
  if (!inspector) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate_of(inspector));
  ist_status status = check(gate, inspector);
  if (status) return status;
  ist__inspection *inspection = inspector->isolate->inspection;
  return inspection->want_pause(reason ? reason : "other") ? IST_OK : IST_ERR_MEMORY;
}

/* ---- Sessions ---- */

namespace {

/* What V8 says to one session. Nothing may run JavaScript within it: an event may come from the
 * middle of a compilation. */
class channel final : public v8_inspector::V8Inspector::Channel, public ist__allocated {
public:
  explicit channel(ist_session *session) : session_(session) {}

  void sendResponse(int, std::unique_ptr<StringBuffer> message) override {
    tell(message->string());
  }
  void sendNotification(std::unique_ptr<StringBuffer> message) override { tell(message->string()); }
  void flushProtocolNotifications() override {}

private:
  void tell(StringView message) {
    if (!session_->live.load(std::memory_order_relaxed)) return;
    ist_isolate *isolate = session_->isolate;
    size_t length;
    char *text = utf8_of(message, &length);
    ist__outward outward(isolate);
    if (!text) {
      session_->lost = true;
    } else {
      v8::Isolate::DisallowJavascriptExecutionScope none(
          isolate->v8, v8::Isolate::DisallowJavascriptExecutionScope::THROW_ON_FAILURE);
      isolate->inspection->sending++;
      session_->send(session_->env, text, length);
      isolate->inspection->sending--;
    }
    ist__free(text);
  }

  ist_session *session_;
};

} // namespace

ist_status ist_session_new(ist_inspector *inspector,
                           void (*send)(void *env, const char *json, size_t length), void *env,
                           ist_finalizer finalize, ist_session **result) {
  ist_status status = inspector && send && result ? IST_OK : IST_ERR_ARGUMENT;
  ist__gate gate(isolate_of(inspector));
  if (!status) status = check(gate, inspector);
  ist__inspection *inspection = status ? nullptr : inspector->isolate->inspection;
  if (inspection && inspection->sending) status = IST_ERR_STATE;
  ist_session *session = status ? nullptr : sessions.take();
  if (!status && !session) status = IST_ERR_MEMORY;
  channel *told = session ? new (std::nothrow) channel(session) : nullptr;
  if (session && !told) {
    sessions.put(session);
    status = IST_ERR_MEMORY;
  }
  if (status) {
    if (finalize) finalize(env);
    return status;
  }
  ist__finalizer *finalizer = finalize ? ist__finalizer_new(finalize, env) : nullptr;
  if (finalize && !finalizer) {
    delete told;
    sessions.put(session);
    return IST_ERR_MEMORY;
  }
  inspection->reap();
  v8::HandleScope scope(inspector->isolate->v8);
  session->isolate = inspector->isolate;
  session->inspector = inspector;
  session->channel = told;
  session->send = send;
  session->env = env;
  session->finalizer = finalizer;
  session->dispatching = 0;
  session->debugging = false;
  session->lost = false;
  session->live.store(true, std::memory_order_release);
  session->v8 =
      ist__compat::inspector_connect(inspection->v8.get(), ist__inspection::group,
                                     static_cast<v8_inspector::V8Inspector::Channel *>(told))
          .release();
  ist__chain_add(&inspector->sessions, session);
  *result = session;
  return IST_OK;
}

void ist_session_free(ist_session *session) {
  ist__gate gate(isolate_of(session), ist__gate::TAKEN);
  if (check(gate, session)) return;
  ist__inspection *inspection = session->isolate->inspection;
  v8::HandleScope scope(session->isolate->v8);
  session->live.store(false, std::memory_order_relaxed);
  ist__chain_drop(session);
  session->next = inspection->closing;
  session->link = nullptr;
  inspection->closing = session;
  if (session->dispatching || inspection->sending) {
    session->v8->setSkipAllPauses(true);
    if (!session->inspector->sessions) inspection->quitMessageLoopOnPause();
  }
  inspection->reap();
}

ist_status ist_session_dispatch(ist_session *session, const char *json, size_t length) {
  if (!session || !json) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate_of(session));
  ist_status status = check(gate, session);
  if (status) return status;
  ist_isolate *isolate = session->isolate;
  ist__inspection *inspection = isolate->inspection;
  if (inspection->sending) return IST_ERR_STATE;
  message_kind kind = kind_of(json, length);
  if (kind == MALFORMED) return IST_ERR_FORMAT;
  if (isolate->terminating.load(std::memory_order_relaxed) && !ist__called_out(isolate))
    ist__isolate_forget_termination(isolate);
  {
    v8::HandleScope scope(isolate->v8);
    v8::TryCatch catcher(isolate->v8);
    StringView view;
    uint16_t *units;
    if (!view_utf8(isolate->v8, json, length, &view, &units)) return IST_ERR_MEMORY;
    session->lost = false;
    session->dispatching++;
    session->v8->dispatchProtocolMessage(view);
    session->dispatching--;
    if (kind == ENABLE || kind == DISABLE) session->debugging = kind == ENABLE;
    if (kind == ENABLE) ist__limits_first(isolate);
    if (kind == PAUSE && session->debugging && !inspection->pauses && !inspection->wanted &&
        !ist__called_out(isolate))
      inspection->wanted = ist__strdup("other");
    if (session->lost) status = IST_ERR_MEMORY;
    ist__free(units);
  }
  inspection->reap();
  if (isolate->rejections && isolate->microtasks == IST_MICROTASKS_AUTO)
    ist__isolate_settle(isolate);
  return status;
}
