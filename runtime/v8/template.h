/* What the files of templates share: the parts that a template of isthmus.h is a reference to, the
 * callbacks that they hold, and the lists that end with the isolate. A part lives as long as a
 * reference to it or another template that uses it; a callback as long as V8 can call it, which is
 * as long as the External that V8 was given for it. */
#ifndef IST_V8_TEMPLATE_H
#define IST_V8_TEMPLATE_H

#include "internal.h"

struct ist__family;
struct ist__part;

/* How deep templates may be within each other: V8 makes objects from them by recursion. And how
 * many fields an object may have. */
enum { IST_TEMPLATE_DEPTH = 256, IST__FIELDS_MAX = 64 };

/* How many of V8's internal fields so many of ours take. */
int ist__fields_in_v8(uint32_t count);

/* What C answers for a template: a call, an accessor or an interceptor. */
struct ist__responder : ist__callback {
  v8::Global<v8::External> anchor; /* weak */
  ist_getter get;
  ist_setter set;
  v8::Global<v8::Name> name; /* of an accessor that is made of functions */
  ist_handler handler;
  bool indexed;
};

/* A property that a template gives to what is made from it. */
struct ist__member : ist__allocated {
  v8::Global<v8::Name> name;
  int hash;
  v8::Global<v8::Data> value; /* empty for an accessor */
  v8::PropertyAttribute attributes;
  ist__part *from; /* the template that the value is made from, or NULL */
  ist__member *next;
};

enum ist__part_kind : uint8_t {
  IST__PART_NONE,
  IST__PART_FUNCTION,
  IST__PART_OBJECT,
  IST__PART_PROTOTYPE,
  IST__PART_INSTANCE
};

/* One template of V8's. */
struct ist__part {
  ist__family *family;
  ist__part_kind kind;
  bool frozen;
  uint32_t height; /* when frozen: how many templates deep */
  uint32_t mark;   /* the last search that was here */
  v8::Global<v8::Template> v8;
  ist__member *members, **last_member;
  uint32_t fields;
  ist__responder *named, *indexed, *call;
};

/* A function template with those of its prototype and its instances, or an object template. */
struct ist__family : ist__allocated {
  ist_isolate *isolate;
  uint32_t references; /* by ist_template records, and by other families */
  ist__part main, prototype, instance;
  ist__family *parent;
  bool no_construct;
  ist__family *next, **link; /* among its isolate's */
};

/* The embedder's reference to a part. */
struct ist_template : ist__record {
  ist_isolate *isolate; /* stays when the reference is given up */
  ist__part *part;
  ist_template *next, **link;
};

/* A value that stands for a pointer of the embedder's. */
struct ist__external : ist__allocated {
  ist_isolate *isolate;
  void *env;
  const void *tag;
  ist__finalizer *finalizer;
  v8::Global<v8::External> value; /* weak */
  ist__external *next, **link;
};

/* What an isolate has of them. */
struct ist__templates : ist__allocated {
  ist_template *records;
  ist__family *families;
  ist__callback *responders;
  ist__external *externals;
  uint32_t mark;
  bool global; /* a global object was made from a template */
};

/* Made at its first use; NULL when memory is out. */
ist__templates *ist__isolate_templates(ist_isolate *isolate);
/* Frees all of them, and owes their finalizers. After the contexts are freed. */
void ist__templates_free(ist_isolate *isolate);

/* The V8 template for a context's global object, which cannot be changed from now on. */
ist_status ist__template_global(ist_isolate *isolate, ist_template *given,
                                v8::Local<v8::ObjectTemplate> *result);

/* Passes the gate for a template. */
struct ist__template_gate {
  explicit ist__template_gate(ist_template *tmpl,
                              ist__gate::spent_isolates spent = ist__gate::REFUSED)
      : isolate(isolate_of(tmpl)), gate(isolate, spent), status(gate.status) {
    if (tmpl && !isolate)
      status = ist__forked() ? IST_ERR_FORKED : IST_ERR_HANDLE;
    else if (!status && (!tmpl->live.load(std::memory_order_relaxed) || tmpl->isolate != isolate))
      status = IST_ERR_HANDLE;
  }

private:
  /* NULL for a template that was freed: whoever has the isolate's record now need not ever leave
   * it. */
  static ist_isolate *isolate_of(ist_template *tmpl) {
    return tmpl && tmpl->live.load(std::memory_order_acquire) ? tmpl->isolate : nullptr;
  }
  ist_isolate *isolate;

public:
  ist__gate gate;
  ist_status status;
};

/* The V8 attributes for IST_PROP_* flags, and back. */
inline v8::PropertyAttribute ist__attributes(uint32_t flags) {
  return static_cast<v8::PropertyAttribute>((flags & IST_PROP_WRITABLE ? 0 : v8::ReadOnly) |
                                            (flags & IST_PROP_ENUMERABLE ? 0 : v8::DontEnum) |
                                            (flags & IST_PROP_CONFIGURABLE ? 0 : v8::DontDelete));
}

/* A responder with its External; takes over `env` with its finalizer, also when it fails. NULL when
 * memory is out. */
ist__responder *ist__responder_new(ist_isolate *isolate, void *env, ist_finalizer finalize);

/* Remembers a property's name, so that V8 is not given it twice. IST_ERR_STATE when it is taken. */
ist_status ist__part_add(ist__part *part, v8::Local<v8::Name> name, v8::Local<v8::Data> value,
                         v8::PropertyAttribute attributes, ist__part *from);

/* A name as V8 wants it. */
ist_status ist__template_name(ist_isolate *isolate, const char *name, v8::Local<v8::Name> *result);
ist_status ist__template_key(ist_isolate *isolate, ist_value key, v8::Local<v8::Name> *result);

/* Gives V8 what answers for a part's objects: its own, or the parent's. */
void ist__part_set_handler(ist__part *part, ist__responder *responder);
void ist__part_set_call(ist__part *part, ist__responder *responder);

/* ---- In function.cc ---- */

/* Answers a call of a function that was made from a template; the data is a responder's External.
 */
void ist__template_invoke(const v8::FunctionCallbackInfo<v8::Value> &info);

/* Whether the stack has room for a callback; JavaScript sees a RangeError when it has not. V8 looks
 * only where JavaScript is called, and C may come back here without any. */
bool ist__callback_room(ist_isolate *isolate);

/* Makes JavaScript see what a callback that failed has said. */
void ist__callback_throw(ist_isolate *isolate, v8::Local<v8::Value> thrown, ist_status status);

#endif
