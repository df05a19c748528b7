/* What the files of the bridge share: the records behind JavaScript's objects, the state of one
 * call, and the conversions. bridge_library.cc makes templates, bridge_call.cc runs calls,
 * bridge_lower.cc and bridge_lift.cc convert, bridge_buffer.cc knows typed arrays,
 * bridge_struct.cc, bridge_array.cc and bridge_pin.cc memory, bridge_handle.cc lives,
 * bridge_closure.cc callbacks, and bridge_error.cc messages.
 *
 * A wrapper is known by its brand (the second internal field holds the address of a variable of
 * ours), never by its prototype. A conversion that fails has thrown; one that succeeds has not. */
#ifndef IST_V8_BRIDGE_INTERNAL_H
#define IST_V8_BRIDGE_INTERNAL_H

#include "alloc.h"
#include "v8_compat.h"

#include "bridge.h"
#include "ffi.h"

#include <atomic>
#include <memory>
#include <new>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { IST_BRIDGE_ISOLATE_SLOT = 1, IST_BRIDGE_CONTEXT_SLOT = 33 };

/* The internal fields of a wrapper: its record, the brand, and the wrapper whose memory it shows a
 * part of. */
enum { IST_FIELD_WRAP, IST_FIELD_BRAND, IST_FIELD_CONTAINER, IST_FIELD_COUNT };

struct ist__lib;
struct ist__class;
struct ist__call;

/* ---- records ---- */

/* A pointer field that JavaScript has set: what it points to stays alive and is checked before each
 * call. */
struct ist__pin : ist__allocated {
  ist__pin *next;
  const ist__field *field;
  const ist__field *length; /* of a `len` field: the field that counts it */
  uint8_t *base;            /* the struct that the field is in, which may be a nested one */
  std::shared_ptr<v8::BackingStore> store; /* of a `len` field */
  uint8_t *start;
  size_t bytes;
  char *text;        /* of a string field: our copy */
  ist__owner *owner; /* of a ref field */
};

/* Pins whose object was collected before its memory is gone: a destructor may still follow them. */
struct ist__orphan : ist__allocated {
  ist__orphan *next;
  ist__pin *pins;
  const ist__owner *owner;
  const ist__type *type;
  const void *address;
};

/* Behind each struct, handle, nested view and array view. It dies with its object. */
struct ist__wrap : ist__allocated {
  ist__bridge *bridge;
  const ist__type *type; /* struct, handle, or array */
  ist__owner *owner;     /* of a view: its container's. NULL: never constructed */
  uint8_t *address;
  bool view;
  bool frozen; /* a view through what is read-only */
  /* A view of what a tag selects: it ends when the tag says otherwise. */
  const ist__type *guard_type;
  const ist__field *guard, *guard_member;
  const uint8_t *guard_base;
  v8::Global<v8::Object> object; /* weak */
  ist__pin *pins;
  bool checking;    /* inside ist__pins_check */
  int64_t reported; /* bytes told to the collector */
  ist__wrap *next, **link;
};

/* A JavaScript function that C can call, behind an ist__closure. Bound to an object, it is held by
 * that object's wrapper and weak here, so that a function that names its object keeps nothing
 * alive. */
struct ist__target : ist__allocated {
  ist__bridge *bridge;
  v8::Global<v8::Function> function;
  v8::Global<v8::Map> holder; /* weak: the wrapper's functions, by number */
  uint32_t number;
  v8::Global<v8::Context> context;
  char *text; /* the last string result, which C may still read */
  ist__target *next, **link;
};

/* An ended function that a wrapper still holds. */
struct ist__stale : ist__allocated {
  ist__stale *next;
  v8::Global<v8::Map> holder;
  uint32_t number;
};

struct ist__accessor {
  ist__class *owner;
  const ist__field *field;
};

/* A struct or handle type in one isolate. */
struct ist__class {
  ist__bridge *bridge;
  ist__lib *lib;
  const ist__type *type;
  v8::Global<v8::FunctionTemplate> shape;
  ist__accessor *accessors;
  v8::Global<v8::Name> *names; /* the fields', internalized */
  char *label;                 /* "zlib.Point" */
};

/* One function in one isolate. */
struct ist__plan {
  ist__bridge *bridge;
  ist__lib *lib;
  const ist__function *function;
  bool simple;        /* scalars in, a scalar out, and nothing else can happen */
  bool options;       /* some output can be given by the caller */
  bool may_call_back; /* C may enter JavaScript */
  bool disposer;      /* Symbol.dispose: a second time is nothing */
  /* Which parameters there are: what there is none of costs nothing. */
  bool has_lengths, has_fixed, has_bounds, has_buffers, has_takes, has_error_text, has_hidden,
      has_omitted;
};

struct ist__lib {
  ist__bridge *bridge;
  ist__library *library;
  uint32_t index;
  ist__plan *plans; /* one for each function, then one disposer for each type */
  ist__class *classes;
  v8::Global<v8::FunctionTemplate> *errors;
  bool calls_back;       /* some callback outlives its call */
  bool all_safe;         /* no function is unsafe */
  bool narrowed;         /* some context was granted less than everything */
  const ist__type *seal; /* the callback that runs and lets nothing in, or NULL */
  ist__lib *next;
};

struct ist__bridge : ist__allocated {
  v8::Isolate *isolate;
  pthread_t thread;
  ist__bridge_hooks hooks;
  ist__domain *domain;
  int last_errno;
  ist__lib *libs;
  uint32_t lib_count;
  ist__call *top; /* the innermost call */
  ist__wrap *wraps;
  ist__orphan *orphans;
  ist__target *targets;
  uint32_t target_count; /* ever made */
  ist__stale *stale;
  int64_t unreported;           /* bytes that the collector has not been told of yet */
  std::atomic<bool> collecting; /* inside a weak callback: nothing may be woken */
  std::atomic<bool> forgotten;  /* something waits for a drain; set from any thread */
  bool draining;
  bool ending; /* inside ist__bridge_free: JavaScript is over */
  v8::Global<v8::FunctionTemplate> array_shape;
  /* Getters, captured with the first library: where V8's interface does not tell what they do. */
  v8::Global<v8::Function> resizable, array_length, view_length;
};

/* ---- errors ---- */

/* A place inside a value: `name`, or `[index]`. */
struct ist__place {
  const ist__place *up;
  const char *name; /* NULL: an index */
  size_t index;
};

/* Where something is said to be wrong. */
struct ist__site {
  ist__bridge *bridge;
  const ist__library *library;
  const char *label; /* "zlib.crc32" */
  const ist__place *place;
  const ist__wrap *view = nullptr; /* an array: the label is where it lies in its struct */
  const char *about = nullptr;     /* what of the place: "the result" */
  bool member = false; /* the place is written as a member of the label: "zlib.Point.x" */
};

enum ist__error_kind { IST_TYPE_ERROR, IST_RANGE_ERROR, IST_PLAIN_ERROR };

/* Throw "LABEL: PLACE: TEXT" and give false. */
bool ist__throw(const ist__site &site, ist__error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "…: expected WHAT, got VALUE". */
bool ist__throw_expected(const ist__site &site, ist__error_kind kind, const char *expected,
                         v8::Local<v8::Value> got);
/* What a value is, in a few words, without running user code. */
void ist__got(v8::Isolate *isolate, v8::Local<v8::Value> value, char *text, size_t size);
/* What a type takes: "an integer from 0 to 255". */
void ist__expected(const ist__type *type, bool null, char *text, size_t size);
bool ist__throw_type(const ist__site &site, ist__error_kind kind, const ist__type *type, bool null,
                     v8::Local<v8::Value> got);
/* Throws the error class of a bundle. */
void ist__throw_bundle(const ist__site &site, ist__lib *lib, const ist__bundle *bundle,
                       bool has_code, const ist__value *code, const char *message);
v8::Local<v8::FunctionTemplate> ist__error_shape(ist__lib *lib, const ist__bundle *bundle);
v8::MaybeLocal<v8::Function> ist__error_class(v8::Local<v8::Context> context, ist__lib *lib,
                                              const ist__bundle *bundle);
/* The name nearest to `name`, or NULL. */
const char *ist__nearest(const char *name, const char *(*candidate)(const void *env, size_t index),
                         const void *env, size_t count);
/* "a Point", "an Item". */
const char *ist__article(const char *name);

inline v8::Local<v8::String> ist__text_of(v8::Isolate *isolate, const char *text) {
  return v8::String::NewFromUtf8(isolate, text, v8::NewStringType::kInternalized).ToLocalChecked();
}

/* ---- one call ---- */

/* Memory that lives as long as a call: the first bytes on the stack. */
struct ist__scratch {
  struct chunk {
    chunk *next;
  };
  char *at, *end;
  chunk *chunks;
  alignas(16) char room[1536];

  ist__scratch() : at(room), end(room + sizeof room), chunks(nullptr) {}
  ~ist__scratch() {
    while (chunks) {
      chunk *next = chunks->next;
      ist__free(chunks);
      chunks = next;
    }
  }
  ist__scratch(const ist__scratch &) = delete;
  ist__scratch &operator=(const ist__scratch &) = delete;

  size_t left() const { return static_cast<size_t>(end - at); }
  /* NULL when memory is out. Aligned for everything. */
  void *take(size_t size) {
    size = (size + 15) & ~static_cast<size_t>(15);
    if (size <= left()) {
      void *result = at;
      at += size;
      return result;
    }
    return take_chunk(size);
  }
  void *take_zeroed(size_t size, size_t align = 16) {
    size_t more = align > 16 ? align : 0;
    auto *result = static_cast<char *>(size < SIZE_MAX / 2 ? take(size + more) : nullptr);
    if (!result) return nullptr;
    if (more) result += (align - reinterpret_cast<uintptr_t>(result) % align) % align;
    return memset(result, 0, size);
  }
  template <class T> T *make() {
    void *memory = take(sizeof(T));
    return memory ? new (memory) T() : nullptr;
  }

private:
  void *take_chunk(size_t size) {
    if (size > SIZE_MAX / 2) return nullptr;
    size_t room_for = size < 8192 ? 8192 : size;
    auto *fresh = static_cast<char *>(ist__malloc(room_for + 16));
    if (!fresh) return nullptr;
    auto *header = reinterpret_cast<chunk *>(fresh);
    header->next = chunks;
    chunks = header;
    if (room_for > size) {
      at = fresh + 16 + size;
      end = fresh + 16 + room_for;
    }
    return fresh + 16;
  }
};

/* A conversion that phase 1 has left to phase 2: nothing may run between its check and the call. */
struct ist__deferred {
  ist__deferred *next;
  v8::Local<v8::Value> value;
  const ist__type
      *type; /* ref: store the address; struct: copy the memory; pointer: a `len` field */
  void *to;
  void *length_to; /* of a `len` field: where its count goes */
  const ist__type *length_type;
  const ist__place *place;
  bool null;
  bool whole;          /* a literal whose fields are all set now: its lengths can be checked */
  bool back;           /* struct: its bytes go back to the instance after the call */
  const ist__type *of; /* callback: the struct that it is stored in, its field, and its memory */
  const ist__field *field;
  uint8_t *base;
};

/* A function in a struct that was passed. */
struct ist__stored {
  ist__stored *next;
  const ist__field *field;
  const uint8_t *base;
  ist__closure *closure; /* NULL: null was given */
  ist__target *target;
};

/* Bytes that go back to a typed array after the call, and a backing store that the call holds. */
struct ist__held {
  ist__held *next;
  std::shared_ptr<v8::BackingStore> store;
  uint8_t *copy; /* NULL: nothing to copy back */
  v8::Local<v8::ArrayBuffer> buffer;
  size_t offset, bytes;
};

struct ist__entered {
  ist__entered *next;
  ist__owner *owner;
};

/* Native memory that a function of the library frees when the outputs have been read. */
struct ist__release {
  ist__release *next;
  const ist__function *free;
  void *address;
};

/* One parameter between the phases. The result has one too, behind the last. */
struct ist__argument {
  v8::Local<v8::Value> value; /* what JavaScript gave; empty: nothing, or the default */
  v8::Local<v8::Value> into;  /* what the caller wants filled */
  uint8_t *data;              /* buffer: where its elements are; cell: the element */
  size_t count;               /* buffer: its elements */
  size_t bytes;               /* buffer, string: how many there are */
  size_t unit;                /* bytes of an element of the typed array given for a `void` buffer */
  ist__owner *owner;          /* ref: the record of what C gets; afterwards, of what C gave */
  ist__wrap *wrap;
  ist__closure *closure;
  ist__target *target;
  uint8_t *memory;  /* malloc'ed for an output, until it is adopted */
  bool absent;      /* NULL */
  bool from_string; /* text that was a JavaScript string */
  bool done;        /* converted already */
  bool fresh;       /* `owner` is a new record, which has no object yet */
};

struct ist__call {
  ist__bridge *bridge;
  v8::Isolate *isolate;
  v8::Local<v8::Context> context;
  const ist__plan *plan;
  const ist__function *function;
  const char *label; /* for messages: of `new`, the class's */
  ist__frame frame;
  ist__argument *arguments;
  ist__call *outer;
  ist__deferred *deferred, **deferred_end;
  ist__held *held;
  ist__entered *entered;
  ist__release *releases;
  ist__stored *stored;
  ist__owner *parent;             /* self, or the first handle */
  v8::Local<v8::Object> receiver; /* of `new`: becomes the object of the class's first output */
  bool called;                    /* C has been entered */
  bool failed;                    /* its error bundle says so */
  bool threw;                     /* a callback threw: no more JavaScript in this call */
  bool terminated;
  v8::Global<v8::Value> exception;
  ist__scratch arena;

  ist__call(const ist__plan *plan, v8::Local<v8::Context> context);
  ~ist__call();
  ist__call(const ist__call &) = delete;
  ist__call &operator=(const ist__call &) = delete;

  ist__site site(const ist__place *place = nullptr) const {
    return {bridge, function->library, label, place};
  }
};

inline ist__argument *ist__argument_of(ist__call *call, const ist__param *param) {
  const ist__function *function = call->function;
  return &call->arguments[param == &function->result ? function->param_count : param->index];
}

enum { IST_SIMPLE_PARAMS = 16 };

/* The callbacks behind functions, methods, statics and classes. */
void ist__call_general(const v8::FunctionCallbackInfo<v8::Value> &info);
void ist__call_simple(const v8::FunctionCallbackInfo<v8::Value> &info);
void ist__call_construct(const v8::FunctionCallbackInfo<v8::Value> &info);

/* ---- JavaScript to C ---- */

/* Whether a value can be a plain bag of properties: a struct's fields, or options. */
bool ist__is_literal(v8::Local<v8::Value> value);

/* An int, bool, float or enum. */
bool ist__lower_scalar(const ist__site &site, const ist__type *type, v8::Local<v8::Value> value,
                       void *to);
/* A field of single bits, of the struct at `base`. */
bool ist__lower_bits(const ist__site &site, const ist__field *field, v8::Local<v8::Value> value,
                     uint8_t *base);

/* A string in the arena, with its terminator. `counted`: NUL may be inside. `units`: without the
 * terminator. */
bool ist__lower_text(ist__call *call, const ist__site &site, ist__encoding encoding,
                     v8::Local<v8::String> string, bool counted, uint8_t **data, size_t *units);

/* A struct's memory from an instance or an object literal. With a call, what must wait for phase 2
 * is deferred; without one (assignments, constructors), `target` is the wrapper whose memory it is,
 * and nothing waits. */
bool ist__lower_struct(ist__call *call, const ist__site &site, const ist__type *type,
                       v8::Local<v8::Value> value, uint8_t *to, ist__wrap *target);
bool ist__lower_array(ist__call *call, const ist__site &site, const ist__type *type,
                      v8::Local<v8::Value> value, uint8_t *to, ist__wrap *target);

bool ist__lower_phase1(ist__call *call, const ist__param *param, v8::Local<v8::Value> value);
bool ist__lower_deferred(ist__call *call);
/* Marks a record as in use until C has returned. */
bool ist__call_enter(ist__call *call, const ist__site &site, ist__owner *owner);
/* The record behind a ref of phase 2; enters it. `value` null gives no owner. */
bool ist__lower_ref(ist__call *call, const ist__site &site, const ist__type *to,
                    v8::Local<v8::Value> value, bool null, void **address, ist__wrap **wrap);

/* A fixed value or a default; an integer may stand for a pointer (SQLITE_TRANSIENT). */
void ist__store_value(const ist__type *type, void *to, ist__value value);

/* ---- buffers ---- */

size_t ist__element_size(const ist__type *of);
/* "a Uint8Array" */
const char *ist__array_name(const ist__type *of, ist__encoding text);
bool ist__is_scalar(const ist__type *type);
/* Whether a view of an array in a struct can serve as a buffer of these elements. */
bool ist__array_fits(const ist__type *of, const ist__wrap *view);

struct ist__span {
  uint8_t *data;
  size_t bytes;
  v8::Local<v8::ArrayBuffer> buffer;
  size_t offset;
};
/* The bytes behind a view or ArrayBuffer that fits the element type. */
bool ist__buffer_span(const ist__site &site, const ist__type *of, ist__encoding text,
                      v8::Local<v8::Value> value, bool writable, bool null, ist__span *span);
bool ist__buffer_lower(ist__call *call, const ist__param *param);    /* phase 2, in and inout */
bool ist__buffer_allocate(ist__call *call, const ist__param *param); /* phase 2, out */
bool ist__buffer_check(ist__call *call, const ist__param *param); /* counts that are expressions */
bool ist__buffer_lengths(ist__call *call, const ist__param *param); /* a vanished length */
/* Whether the bytes may go away while JavaScript runs. */
bool ist__buffer_resizable(ist__bridge *bridge, v8::Local<v8::ArrayBuffer> buffer);
/* How long a view of a resizable buffer is now. */
size_t ist__buffer_view_length(ist__bridge *bridge, v8::Local<v8::ArrayBufferView> view);
bool ist__is_zero(const void *data, size_t size);
v8::MaybeLocal<v8::Value> ist__buffer_lift(ist__call *call, const ist__param *param);
/* A new typed array of `count` elements; adopts `memory` (malloc'ed). */
v8::MaybeLocal<v8::Value> ist__array_adopt(const ist__site &site, const ist__type *of,
                                           uint8_t *memory, size_t count);
v8::MaybeLocal<v8::Value> ist__array_copy(const ist__site &site, const ist__type *of,
                                          const void *data, size_t count);
v8::Local<v8::Value> ist__array_over(v8::Local<v8::ArrayBuffer> buffer, const ist__type *of,
                                     size_t offset, size_t count);
/* Counts and capacities: a non-negative integer that fits memory. */
bool ist__size_of_value(const ist__value &value, size_t *out);

/* ---- C to JavaScript ---- */

v8::MaybeLocal<v8::Value> ist__lift_scalar(const ist__site &site, const ist__type *type,
                                           const void *from);
v8::MaybeLocal<v8::String> ist__lift_text(const ist__site &site, ist__encoding encoding,
                                          const void *data, size_t units);
size_t ist__text_length(ist__encoding encoding, const void *data);
size_t ist__text_bounded(ist__encoding encoding, const void *data, size_t most);
/* Takes records for what C gave, before anything can throw. */
void ist__lift_adopt(ist__call *call, const ist__param *param);
/* A record for an address that C still owns: the live one, or a new one bound as `param` says. */
ist__owner *ist__lift_borrow(ist__call *call, const ist__param *param, const ist__type *ref,
                             void *address, bool *fresh);
/* NULL where a value was due: null, or an error. */
v8::MaybeLocal<v8::Value> ist__lift_missing(ist__call *call, const ist__param *param);
v8::MaybeLocal<v8::Value> ist__lift_output(ist__call *call, const ist__param *param);

/* ---- structs and handles ---- */

ist__lib *ist__lib_find(ist__bridge *bridge, ist__library *library);
inline ist__class *ist__class_of(ist__bridge *bridge, const ist__type *type) {
  return &ist__lib_find(bridge, type->library)->classes[type->index];
}

/* The records of a library, without its templates: those come from a snapshot. */
ist__lib *ist__lib_add(ist__bridge *bridge, ist__library *library);

/* ---- snapshots ---- */

/* The addresses that a snapshot's heap may hold, in an order that only the libraries decide. */
class ist__references {
public:
  /* Without room it counts. */
  explicit ist__references(intptr_t *room) : count(0), room_(room) {}
  template <class T> void add(T *address) {
    if (room_) room_[count] = reinterpret_cast<intptr_t>(address);
    count++;
  }
  size_t count;

private:
  intptr_t *room_;
};
void ist__library_callbacks(ist__references *to);
void ist__struct_callbacks(ist__references *to);
void ist__array_callbacks(ist__references *to);
void ist__error_callbacks(ist__references *to);

/* The record behind a wrapper of ours, or NULL. */
ist__wrap *ist__wrap_of(v8::Local<v8::Value> value);
/* Gives an object its record; false when memory is out. */
ist__wrap *ist__wrap_attach(ist__bridge *bridge, v8::Local<v8::Object> object,
                            const ist__type *type, ist__owner *owner);
/* The object of a live record: the one that there is, or a new one. */
v8::MaybeLocal<v8::Object> ist__wrap_owner(ist__bridge *bridge, v8::Local<v8::Context> context,
                                           ist__owner *owner);
/* A new object keeps those alive that its record needs: what it was made of, and what it is lent
 * by. */
void ist__wrap_hold(ist__call *call, const ist__param *param, v8::Local<v8::Object> object);
/* An object that shows a part of another's memory. */
v8::MaybeLocal<v8::Object> ist__wrap_view(ist__bridge *bridge, v8::Local<v8::Context> context,
                                          const ist__type *type, v8::Local<v8::Object> container,
                                          ist__wrap *of, uint8_t *address);
/* A new struct instance with a copy of the bytes. */
v8::MaybeLocal<v8::Object> ist__struct_copy(const ist__site &site, v8::Local<v8::Context> context,
                                            const ist__type *type, const void *from);
bool ist__wrap_live(const ist__site &site, const ist__wrap *wrap);
/* Of a live one: whether what it shows is still there. */
bool ist__wrap_there(const ist__wrap *wrap);
/* Throws: what a tag does not select is not there. */
bool ist__throw_absent(const ist__site &site, const ist__type *type, const ist__field *field,
                       const uint8_t *base);
/* Live, and its memory may be written. */
bool ist__wrap_writable(const ist__site &site, const ist__wrap *wrap);
/* The live record of an address, or a new borrowed one (`fresh`), for a ref of this type. */
ist__owner *ist__borrow(ist__bridge *bridge, const ist__type *ref, void *address, bool *fresh);
void ist__wrap_free(ist__wrap *wrap);
void ist__wraps_free(ist__bridge *bridge);
void ist__orphans_free(ist__bridge *bridge);
void ist__bridge_report_memory(ist__bridge *bridge, int64_t bytes);

/* The record of the whole that a view is a part of. */
ist__wrap *ist__wrap_root(ist__wrap *wrap);
/* The field that counts the elements of a `len` field, and its value. */
const ist__field *ist__length_field(const ist__type *type, const ist__field *field);
__int128 ist__length_load(const ist__field *length, const uint8_t *base);
void ist__length_store(const ist__field *length, uint8_t *base, size_t count);
/* Whether the count that JavaScript has just stored fits what the pointer beside it leads to. */
bool ist__length_allowed(const ist__site &site, ist__wrap *wrap, const ist__field *field,
                         __int128 before);
v8::MaybeLocal<v8::Value> ist__pin_object(const ist__site &site, ist__wrap *wrap, const uint8_t *at,
                                          const void *address, bool *pinned);
/* A part of a wrapper's memory as a value. */
v8::MaybeLocal<v8::Value> ist__part_get(const ist__site &site, ist__wrap *wrap,
                                        v8::Local<v8::Object> object, const ist__type *type,
                                        uint8_t *at);
/* Checks what pointer fields point to. */
bool ist__pins_check(ist__call *call, const ist__site &site, ist__wrap *wrap);
/* Whether each counted pointer that is null has no elements. */
bool ist__lengths_check(const ist__site &site, const ist__type *type, const uint8_t *base);
/* Whether memory of the type holds pointers, nested structs and arrays included. */
bool ist__holds_pointers(const ist__type *type);
/* Whether `value` may stand in a `len` field of `type`; stores pointer and count, and pins. */
bool ist__pin_buffer(const ist__site &site, ist__wrap *wrap, const ist__type *type,
                     const ist__field *field, uint8_t *base, v8::Local<v8::Value> value);
bool ist__pin_text(const ist__site &site, ist__wrap *wrap, const ist__field *field, uint8_t *base,
                   v8::Local<v8::Value> value);
bool ist__pin_ref(const ist__site &site, ist__wrap *wrap, const ist__field *field, uint8_t *base,
                  v8::Local<v8::Value> value);

v8::MaybeLocal<v8::Value> ist__field_get(const ist__site &site, ist__wrap *wrap,
                                         v8::Local<v8::Object> object, const ist__field *field);
bool ist__field_set(const ist__site &site, ist__wrap *wrap, const ist__field *field,
                    v8::Local<v8::Value> value);
void ist__struct_members(ist__class *owner, v8::Local<v8::FunctionTemplate> shape);
void ist__struct_construct(const v8::FunctionCallbackInfo<v8::Value> &info);
v8::Local<v8::FunctionTemplate> ist__array_shape(ist__bridge *bridge);
/* Plain objects and arrays. `json`: BigInts become strings. */
v8::MaybeLocal<v8::Value> ist__plain(const ist__site &site, const ist__type *type,
                                     const uint8_t *from, bool json);
/* Where a view lies: "zlib.Style.pattern[0]". */
void ist__view_path(const ist__wrap *view, char *text, size_t size);
v8::MaybeLocal<v8::Value> ist__plain_struct(const ist__site &site, const ist__type *type,
                                            const uint8_t *from, bool json);

/* ---- grants ---- */

/* A set of tags in its one form; `text` is NULL when memory is out. */
struct ist__grant {
  char *text = nullptr;
  ~ist__grant() { ist__free(text); }
};
/* False with `fault`: no function has one of the tags. */
bool ist__grant_read(const ist__library *library, const char *const *tags, ist__grant *grant,
                     ist__fault *fault);
bool ist__granted(const char *text, const ist__function *function);
/* The grants of a context, in the table of the exports that it has. */
v8::Local<v8::Map> ist__known_exports(v8::Local<v8::Context> context);
bool ist__grant_record(v8::Local<v8::Context> context, v8::Local<v8::Map> known,
                       const ist__lib *lib, const char *text);
bool ist__grant_same(v8::Local<v8::Context> context, v8::Local<v8::Map> known, const ist__lib *lib,
                     const char *text);
bool ist__grant_has(v8::Local<v8::Context> context, v8::Local<v8::Map> known, const ist__lib *lib,
                    const ist__function *function);
/* Takes the methods and statics that were not granted from a class of one context. */
bool ist__grant_class(v8::Local<v8::Context> context, const char *text, const ist__type *type,
                      v8::Local<v8::Object> made, v8::Local<v8::Object> prototype);

/* ---- callbacks ---- */

bool ist__closure_lower(ist__call *call, const ist__param *param);
/* A function for a field of a struct in the making; phase 2. */
bool ist__closure_store(ist__call *call, const ist__site &site, const ist__deferred *later);
void ist__closures_settle(ist__call *call, bool failed);
void ist__closure_call(void *env, ist__closure *closure, void *result, void **args);
void ist__closure_ended(void *env, void *target);
void ist__targets_free(ist__bridge *bridge);
/* Lets wrappers go of functions that have ended. */
void ist__targets_release(ist__bridge *bridge);

#endif
