/* Every difference between the versions of V8 that we build against (10.2 on) lives here and
 * nowhere else: a file under runtime/v8 calls ist__compat functions where the API has changed, and
 * V8 itself everywhere else. Nothing here decides anything; each function does on every version
 * what its name says. */
#ifndef IST_V8_COMPAT_H
#define IST_V8_COMPAT_H

#include <v8.h>

#include <v8-fast-api-calls.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <vector>

#if V8_MAJOR_VERSION < 10 || (V8_MAJOR_VERSION == 10 && V8_MINOR_VERSION < 2)
#error "Isthmus needs V8 10.2 or later"
#endif

namespace ist__compat {

/* asm.js runs as the JavaScript that it is: V8 ends the process when it is to write a snapshot of
 * asm.js in its other form. Resizable buffers are behind a flag until V8 11, and `assert { type }`
 * of imports until `with` takes its place. V8 10 adds up all bytes of a snapshot for each isolate;
 * its own lie in the library, and ours have a hash (snapshot.cc). From V8 13 on a loop that was
 * unrolled may not look whether it is to end. */
#if V8_MAJOR_VERSION < 11
constexpr char flags[] = "--harmony-rab-gsab --harmony-import-assertions --no-validate-asm "
                         "--no-verify-snapshot-checksum";
#elif V8_MAJOR_VERSION < 12
constexpr char flags[] = "--harmony-import-assertions --no-validate-asm";
#elif V8_MAJOR_VERSION < 13
constexpr char flags[] = "--no-validate-asm";
#else
constexpr char flags[] = "--no-validate-asm --no-turboshaft-loop-unrolling";
#endif

/* --- Locks. A v8::Locker may be destroyed by another thread than the one that made it when nothing
 * of V8's is on that thread's stack: V8 looks at the lock's owner, not at who gives it back, and
 * its mutex is one of pthread_mutex_init's default kind, of which glibc and musl let another thread
 * unlock it. V8 with assertions refuses, and V8 13 may have mutexes of another kind. */
#if defined(__linux__) && !defined(V8_ENABLE_CHECKS) && V8_MAJOR_VERSION < 13
constexpr bool lock_rests = true;
#else
constexpr bool lock_rests = false;
#endif

/* --- Internal fields and Externals: V8 14 wants a type tag. */
#if V8_MAJOR_VERSION >= 14
#define IST_COMPAT_TAG , 0
#else
#define IST_COMPAT_TAG
#endif

inline void set_pointer(v8::Local<v8::Object> object, int index, void *pointer) {
  object->SetAlignedPointerInInternalField(index, pointer IST_COMPAT_TAG);
}

inline void *get_pointer(v8::Local<v8::Object> object, int index) {
  return object->GetAlignedPointerFromInternalField(index IST_COMPAT_TAG);
}

inline void set_context_pointer(v8::Local<v8::Context> context, int index, void *pointer) {
  context->SetAlignedPointerInEmbedderData(index, pointer IST_COMPAT_TAG);
}

inline void *get_context_pointer(v8::Local<v8::Context> context, int index) {
  return context->GetAlignedPointerFromEmbedderData(index IST_COMPAT_TAG);
}

inline v8::Local<v8::External> external_new(v8::Isolate *isolate, void *pointer) {
  return v8::External::New(isolate, pointer IST_COMPAT_TAG);
}

inline void *external_value(v8::Local<v8::Value> external) {
#if V8_MAJOR_VERSION >= 14
  return external.As<v8::External>()->Value(0);
#else
  return external.As<v8::External>()->Value();
#endif
}

/* The holder of an accessor's property. */
template <class T> inline v8::Local<v8::Object> holder(const v8::PropertyCallbackInfo<T> &info) {
#if V8_MAJOR_VERSION >= 13
  return info.HolderV2();
#else
  return info.Holder();
#endif
}

/* Whether a field was set to a pointer. */
inline bool field_set(v8::Local<v8::Object> object, int index) {
  auto field = object->GetInternalField(index);
#if V8_MAJOR_VERSION >= 12
  return !(field->IsValue() && field.As<v8::Value>()->IsUndefined());
#else
  return !field->IsUndefined();
#endif
}

/* A property that looks like one with a value and is answered by callbacks. */
inline void set_native_property(v8::Local<v8::Template> made_from, v8::Local<v8::Name> name,
                                v8::AccessorNameGetterCallback get,
                                v8::AccessorNameSetterCallback set, v8::Local<v8::Value> data,
                                v8::PropertyAttribute attributes) {
  made_from->SetNativeDataProperty(name, get, set, data, attributes);
}

/* The global object behind the one that programs see. */
inline v8::Local<v8::Value> inner_global(v8::Local<v8::Context> context) {
#if V8_MAJOR_VERSION >= 13
  return context->Global()->GetPrototypeV2();
#else
  return context->Global()->GetPrototype();
#endif
}

/* Whether exceptions of query interceptors are lost while an object's keys are listed. */
#if V8_MAJOR_VERSION >= 13
constexpr bool filter_forgets = false;
#else
constexpr bool filter_forgets = true;
#endif

/* --- Interceptors: from V8 12 on they say whether they answered. */
#if V8_MAJOR_VERSION >= 12
using intercepted = v8::Intercepted;
using setter_info = v8::PropertyCallbackInfo<void>;
#define IST_INTERCEPTED return v8::Intercepted::kYes
#define IST_NOT_INTERCEPTED return v8::Intercepted::kNo
#define IST_INTERCEPTED_SET(info, value) return v8::Intercepted::kYes
#else
using intercepted = void;
using setter_info = v8::PropertyCallbackInfo<v8::Value>;
#define IST_INTERCEPTED return
#define IST_NOT_INTERCEPTED return
#define IST_INTERCEPTED_SET(info, value)                                                           \
  do {                                                                                             \
    (info).GetReturnValue().Set(value);                                                            \
    return;                                                                                        \
  } while (0)
#endif

/* --- Strings. */

inline size_t utf8_length(v8::Isolate *isolate, v8::Local<v8::String> string) {
#if V8_MAJOR_VERSION >= 13
  return string->Utf8LengthV2(isolate);
#else
  return static_cast<size_t>(string->Utf8Length(isolate));
#endif
}

/* Writes at most `capacity` bytes, whole characters, no NUL; lone surrogates become U+FFFD. `read`,
 * where given, is how many UTF-16 units were used up. */
inline size_t write_utf8(v8::Isolate *isolate, v8::Local<v8::String> string, char *to,
                         size_t capacity, size_t *read = nullptr) {
#if V8_MAJOR_VERSION >= 13
  return string->WriteUtf8V2(isolate, to, capacity, v8::String::WriteFlags::kReplaceInvalidUtf8,
                             read);
#else
  int units = 0;
  int bounded = capacity > INT32_MAX ? INT32_MAX : static_cast<int>(capacity);
  int written =
      string->WriteUtf8(isolate, to, bounded, &units,
                        v8::String::NO_NULL_TERMINATION | v8::String::REPLACE_INVALID_UTF8);
  if (read) *read = static_cast<size_t>(units);
  return static_cast<size_t>(written);
#endif
}

inline void write_one_byte(v8::Isolate *isolate, v8::Local<v8::String> string, uint8_t *to,
                           uint32_t offset, uint32_t length) {
#if V8_MAJOR_VERSION >= 13
  string->WriteOneByteV2(isolate, offset, length, to);
#else
  string->WriteOneByte(isolate, to, static_cast<int>(offset), static_cast<int>(length),
                       v8::String::NO_NULL_TERMINATION);
#endif
}

inline void write_two_byte(v8::Isolate *isolate, v8::Local<v8::String> string, uint16_t *to,
                           uint32_t offset, uint32_t length) {
#if V8_MAJOR_VERSION >= 13
  string->WriteV2(isolate, offset, length, to);
#else
  string->Write(isolate, to, static_cast<int>(offset), static_cast<int>(length),
                v8::String::NO_NULL_TERMINATION);
#endif
}

/* Makes one piece of a string of several, so that reading it by parts takes no longer than at once.
 */
inline void flatten(v8::Isolate *isolate, v8::Local<v8::String> string) {
#if V8_MAJOR_VERSION >= 13
  (void)isolate;
  (void)string;
#else
  uint16_t first;
  string->Write(isolate, &first, 0, 1,
                v8::String::NO_NULL_TERMINATION | v8::String::HINT_MANY_WRITES_EXPECTED);
#endif
}

/* --- Scripts and modules. */

inline v8::ScriptOrigin origin(v8::Isolate *isolate, v8::Local<v8::Value> name, bool module,
                               int line = 0, int column = 0) {
#if V8_MAJOR_VERSION >= 12
  (void)isolate;
  return v8::ScriptOrigin(name, line, column, false, -1, v8::Local<v8::Value>(), false, false,
                          module);
#else
  return v8::ScriptOrigin(isolate, name, line, column, false, -1, v8::Local<v8::Value>(), false,
                          false, module);
#endif
}

inline v8::MaybeLocal<v8::Function>
compile_function(v8::Local<v8::Context> context, v8::ScriptCompiler::Source *source, size_t count,
                 v8::Local<v8::String> *parameters, v8::ScriptCompiler::CompileOptions options) {
#if V8_MAJOR_VERSION >= 11
  return v8::ScriptCompiler::CompileFunction(context, source, count, parameters, 0, nullptr,
                                             options);
#else
  return v8::ScriptCompiler::CompileFunctionInContext(context, source, count, parameters, 0,
                                                      nullptr, options);
#endif
}

inline v8::Local<v8::Module> synthetic_module(v8::Isolate *isolate, v8::Local<v8::String> name,
                                              const std::vector<v8::Local<v8::String>> &exports,
                                              v8::Module::SyntheticModuleEvaluationSteps steps) {
#if V8_MAJOR_VERSION >= 12
  return v8::Module::CreateSyntheticModule(
      isolate, name, v8::MemorySpan<const v8::Local<v8::String>>(exports.data(), exports.size()),
      steps);
#else
  return v8::Module::CreateSyntheticModule(isolate, name, exports, steps);
#endif
}

inline v8::Local<v8::FixedArray> import_attributes(v8::Local<v8::ModuleRequest> request) {
#if V8_MAJOR_VERSION >= 12
  return request->GetImportAttributes();
#else
  return request->GetImportAssertions();
#endif
}

inline v8::Local<v8::Data> fixed_array_get(v8::Local<v8::Context> context,
                                           v8::Local<v8::FixedArray> array, int index) {
#if V8_MAJOR_VERSION >= 14
  (void)context;
  return array->Get(index);
#else
  return array->Get(context, index);
#endif
}

/* --- Buffers. */

inline bool detach(v8::Local<v8::ArrayBuffer> buffer) {
#if V8_MAJOR_VERSION >= 11
  return buffer->Detach(v8::Local<v8::Value>()).FromMaybe(false);
#else
  buffer->Detach();
  return true;
#endif
}

/* --- Numbers. */

/* Whether a value is one of V8's small integers, which V8's own inline functions tell without a
 * call. */
inline bool is_small_integer(v8::Local<v8::Value> value, int32_t *number) {
  v8::internal::Address tagged = *reinterpret_cast<const v8::internal::Address *>(*value);
  if ((tagged & v8::internal::kSmiTagMask) != v8::internal::kSmiTag) return false;
  *number = v8::internal::Internals::SmiValue(tagged);
  return true;
}

/* --- Objects. */

/* Whether an object is what `{}` and `new Class` make: neither an array nor any other built-in, nor
 * made by a template. As cheap as the above. */
inline bool is_plain_object(v8::Local<v8::Object> object) {
  v8::internal::Address tagged = *reinterpret_cast<const v8::internal::Address *>(*object);
  return v8::internal::Internals::GetInstanceType(tagged) == v8::internal::Internals::kJSObjectType;
}

/* --- The inspector. */

template <class Inspector, class Channel>
inline auto inspector_connect(Inspector *inspector, int group, Channel *channel) {
#if V8_MAJOR_VERSION >= 11
  return inspector->connect(group, channel, {}, Inspector::kFullyTrusted);
#else
  return inspector->connect(group, channel, {});
#endif
}

/* A strong global reference as a local one, without a new handle: it is good as long as the
 * reference stays as it is. */
template <class T> inline v8::Local<T> borrowed(v8::Isolate *isolate, const v8::Global<T> &global) {
#ifdef V8_ENABLE_DIRECT_HANDLE
  return global.Get(isolate);
#else
  (void)isolate;
  static_assert(sizeof(v8::Local<T>) == sizeof global, "both are one pointer");
  v8::Local<T> local;
  memcpy(static_cast<void *>(&local), static_cast<const void *>(&global), sizeof local);
  return local;
#endif
}

/* The instance type of an object on V8's heap (not a small integer), which V8's own inline
 * functions read too. */
inline int instance_type(v8::Local<v8::Value> value) {
  return v8::internal::Internals::GetInstanceType(
      *reinterpret_cast<const v8::internal::Address *>(*value));
}

/* The pointer in field 0 of an object that an object template made. */
inline void *get_own_pointer(v8::Local<v8::Value> object) {
#if V8_MAJOR_VERSION < 11 && !defined(V8_ENABLE_CHECKS) && !defined(V8_COMPRESS_POINTERS)
  /* As V8's own inline function, without its question whether the object has such a field. */
  v8::internal::Address tagged = *reinterpret_cast<const v8::internal::Address *>(*object);
  return reinterpret_cast<void *>(v8::internal::Internals::ReadRawField<v8::internal::Address>(
      tagged, v8::internal::Internals::kJSObjectHeaderSize));
#else
  return get_pointer(object.As<v8::Object>(), 0);
#endif
}

/* --- Snapshots. */

/* V8's table of the strings of one character, which is filled as scripts use them. All isolates of
 * a process share V8's constants, which a snapshot names by the order in which V8 came upon them
 * while it wrote; in another order than that of V8's own snapshot, isolates that start beside
 * others take one for another. Some of these strings are constants and the table comes early in
 * that order, so that it is to be written as it was at first. V8 11 has it among the constants
 * itself. */
class single_characters {
public:
#if V8_MAJOR_VERSION < 11 && !defined(V8_COMPRESS_POINTERS)
  /* In a new context, which is entered; false when there is no such table. */
  bool remember(v8::Local<v8::Context> context) {
    v8::Isolate *isolate = context->GetIsolate();
    v8::Local<v8::Script> script;
    v8::Local<v8::Value> sample;
    if (!v8::Script::Compile(context, v8::String::NewFromUtf8Literal(isolate, "'xyz'[2]"))
             .ToLocal(&script) ||
        !script->Run(context).ToLocal(&sample))
      return false;
    const address *elements = find(isolate, address_of(sample));
    if (!elements) return false;
    for (int i = 0; i < COUNT; i++)
      filled_[i] = i != SAMPLE && elements[i] != address_of(v8::Undefined(isolate));
    sample_.Reset(isolate, sample);
    return true;
  }

  void restore(v8::Isolate *isolate) {
    address *elements = find(isolate, address_of(sample_.Get(isolate)));
    sample_.Reset();
    for (int i = 0; elements && i < COUNT; i++)
      if (!filled_[i]) elements[i] = address_of(v8::Undefined(isolate));
  }

private:
  using address = v8::internal::Address;
  enum { ROOTS = 800, COUNT = 256, SAMPLE = 'z', WORD = sizeof(address) };

  static address address_of(v8::Local<v8::Value> value) {
    return *reinterpret_cast<const address *>(*value);
  }

  static address word(address object, int index) {
    return v8::internal::Internals::ReadRawField<address>(object, index * WORD);
  }

  /* Among the isolate's roots: an array of V8's own has a map, a length, and its elements. */
  static address *find(v8::Isolate *isolate, address sample) {
    const address *roots = reinterpret_cast<const address *>(
        reinterpret_cast<address>(isolate) + v8::internal::Internals::kIsolateRootsOffset);
    for (int i = 0; i < ROOTS; i++)
      if ((roots[i] & v8::internal::kHeapObjectTagMask) == v8::internal::kHeapObjectTag &&
          word(roots[i], 1) == static_cast<address>(COUNT) << 32 &&
          word(roots[i], 2 + SAMPLE) == sample)
        return reinterpret_cast<address *>(roots[i] - v8::internal::kHeapObjectTag) + 2;
    return nullptr;
  }

  bool filled_[COUNT];
  v8::Global<v8::Value> sample_;
#else
  bool remember(v8::Local<v8::Context>) {
    return true;
  }
  void restore(v8::Isolate *) {}
#endif
};

/* The part of a snapshot that holds V8's constants; empty where it is not known where that is. */
inline const char *constants(const v8::StartupData &data, size_t *length) {
  *length = 0;
#if V8_MAJOR_VERSION < 11
  /* Where that part begins, and the next one, stands behind the version. */
  enum { AT = 76 };
  uint32_t begin, end;
  if (static_cast<size_t>(data.raw_size) < AT + sizeof begin + sizeof end) return data.data;
  memcpy(&begin, data.data + AT, sizeof begin);
  memcpy(&end, data.data + AT + sizeof begin, sizeof end);
  if (begin > end || end > static_cast<size_t>(data.raw_size)) return data.data;
  *length = end - begin;
  return data.data + begin;
#else
  return data.data;
#endif
}

/* --- Arrays. */

/* Copies an array of at most `most` elements out when it holds nothing but numbers in a row,
 * without holes, and reading it has no effects; false when that is not so. */
inline bool copy_numbers(v8::Local<v8::Array> array, double *to, uint32_t most) {
  return v8::TryToCopyAndConvertArrayToCppBuffer<v8::CTypeInfoBuilder<double>::Build().GetId(),
                                                 double>(array, to, most);
}

/* --- Private properties. */

inline v8::Local<v8::Private> private_symbol(v8::Isolate *isolate, const char *name) {
  return v8::Private::ForApi(
      isolate,
      v8::String::NewFromUtf8(isolate, name, v8::NewStringType::kInternalized).ToLocalChecked());
}

/* --- What is told of memory that is out has changed: nothing of it is looked at. */
template <void (*fn)(), class... Told> void on_out_of_memory(Told...) {
  fn();
}

template <void (*fn)()> void set_out_of_memory(v8::Isolate *isolate) {
  isolate->SetOOMErrorHandler(on_out_of_memory<fn>);
}

} // namespace ist__compat

#endif
