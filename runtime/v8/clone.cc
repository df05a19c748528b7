/* structuredClone, by V8's own serializer. What belongs to a native library does not clone; what
 * the standard calls a DataCloneError is made by runtime/js. Buffers that move are detached only
 * after everything was written and read: a clone that fails takes nothing. */
#include "internal.h"

#include <stdlib.h>

#include <memory>
#include <vector>

namespace {

void throw_clone_error(v8::Isolate *isolate, v8::Local<v8::String> message) {
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::Value> args[] = {message};
  v8::Local<v8::Value> error;
  if (!ist__context_call_registered(context, "makeDataCloneError", 1, args).ToLocal(&error))
    error = v8::Exception::Error(message);
  isolate->ThrowException(error);
}

class write_delegate final : public v8::ValueSerializer::Delegate {
public:
  explicit write_delegate(v8::Isolate *isolate) : isolate_(isolate) {}
  void ThrowDataCloneError(v8::Local<v8::String> message) override {
    throw_clone_error(isolate_, message);
  }
  v8::Maybe<bool> WriteHostObject(v8::Isolate *isolate, v8::Local<v8::Object> object) override {
    v8::String::Utf8Value name(isolate, object->GetConstructorName());
    char text[256] = "a native object could not be cloned";
    if (*name && **name) {
      strncpy(text, *name, 200);
      strcat(text, " object could not be cloned.");
    }
    throw_clone_error(
        isolate, ist__string(isolate, text, strlen(text)).FromMaybe(v8::String::Empty(isolate)));
    /* The exception that is pending tells V8. */
    return v8::Just(false);
  }
  v8::Maybe<uint32_t> GetSharedArrayBufferId(v8::Isolate *,
                                             v8::Local<v8::SharedArrayBuffer> buffer) override {
    /* V8 calls with handles that end before the reading begins: the memory is what stays. */
    shared.push_back(buffer->GetBackingStore());
    return v8::Just(static_cast<uint32_t>(shared.size() - 1));
  }
  v8::Maybe<uint32_t> GetWasmModuleTransferId(v8::Isolate *,
                                              v8::Local<v8::WasmModuleObject> module) override {
    modules.push_back(module->GetCompiledModule());
    return v8::Just(static_cast<uint32_t>(modules.size() - 1));
  }
  std::vector<std::shared_ptr<v8::BackingStore>> shared;
  std::vector<v8::CompiledWasmModule> modules;

private:
  v8::Isolate *isolate_;
};

class read_delegate final : public v8::ValueDeserializer::Delegate {
public:
  explicit read_delegate(const write_delegate &written) : written_(written) {}
  v8::MaybeLocal<v8::SharedArrayBuffer> GetSharedArrayBufferFromId(v8::Isolate *isolate,
                                                                   uint32_t id) override {
    if (id >= written_.shared.size()) return v8::MaybeLocal<v8::SharedArrayBuffer>();
    return v8::SharedArrayBuffer::New(isolate, written_.shared[id]);
  }
  v8::MaybeLocal<v8::WasmModuleObject> GetWasmModuleFromId(v8::Isolate *isolate,
                                                           uint32_t id) override {
    if (id >= written_.modules.size()) return v8::MaybeLocal<v8::WasmModuleObject>();
    return v8::WasmModuleObject::FromCompiledModule(isolate, written_.modules[id]);
  }

private:
  const write_delegate &written_;
};

/* The buffers of a transfer list; false with a pending exception. */
bool transfer_list(v8::Isolate *isolate, v8::Local<v8::Context> context, v8::Local<v8::Value> list,
                   std::vector<v8::Local<v8::ArrayBuffer>> *buffers) {
  if (!list->IsArray()) return true;
  v8::Local<v8::Array> array = list.As<v8::Array>();
  for (uint32_t i = 0; i < array->Length(); i++) {
    v8::Local<v8::Value> item;
    if (!array->Get(context, i).ToLocal(&item)) return false;
    const char *refusal = nullptr;
    if (!item->IsArrayBuffer())
      refusal = "Value at the transfer list's index is not transferable.";
    else if (!item.As<v8::ArrayBuffer>()->IsDetachable())
      refusal = "An ArrayBuffer in the transfer list cannot be detached.";
    for (const auto &earlier : *buffers)
      if (earlier == item) refusal = "An ArrayBuffer appears twice in the transfer list.";
    if (refusal) {
      throw_clone_error(isolate, ist__text(isolate, refusal));
      return false;
    }
    buffers->push_back(item.As<v8::ArrayBuffer>());
  }
  return true;
}

} // namespace

void ist__native_clone(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  std::vector<v8::Local<v8::ArrayBuffer>> buffers;
  if (!transfer_list(isolate, context, info[1], &buffers)) return;

  write_delegate writer_delegate(isolate);
  v8::ValueSerializer writer(isolate, &writer_delegate);
  writer.WriteHeader();
  for (size_t i = 0; i < buffers.size(); i++)
    writer.TransferArrayBuffer(static_cast<uint32_t>(i), buffers[i]);
  if (writer.WriteValue(context, info[0]).IsNothing()) return;
  std::pair<uint8_t *, size_t> bytes = writer.Release();

  read_delegate reader_delegate(writer_delegate);
  v8::ValueDeserializer reader(isolate, bytes.first, bytes.second, &reader_delegate);
  for (size_t i = 0; i < buffers.size(); i++) {
    reader.TransferArrayBuffer(static_cast<uint32_t>(i),
                               v8::ArrayBuffer::New(isolate, buffers[i]->GetBackingStore()));
  }
  v8::Local<v8::Value> result;
  bool whole;
  {
    /* What V8 writes but does not read, such as views of resizable buffers, it names badly. */
    v8::TryCatch guard(isolate);
    whole = !reader.ReadHeader(context).IsNothing() && reader.ReadValue(context).ToLocal(&result);
  }
  free(bytes.first);
  if (!whole) {
    if (!isolate->IsExecutionTerminating()) {
      throw_clone_error(isolate,
                        ist__text(isolate, "A resizable buffer's view could not be cloned."));
    }
    return;
  }
  for (const auto &buffer : buffers)
    if (!ist__compat::detach(buffer)) return;
  info.GetReturnValue().Set(result);
}
