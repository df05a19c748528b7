/* The writer of CBOR: cbor_put.cc puts bytes, numbers, strings and names behind what was written,
 * and says what has no form; cbor_write.cc goes through the objects. */
#ifndef IST_V8_CBOR_WRITE_H
#define IST_V8_CBOR_WRITE_H

#include "cbor.h"

class ist__cbor_writer {
public:
  enum { KEY_SLOTS = 64, LONGEST_MESSAGE = 400, LONGEST_HEAD = 9 };

  /* Where in the tree the writer is; `key` is a name, `index` counts otherwise. */
  struct place {
    const place *up;
    const char *kind; /* nullptr: a property; else what `index` counts, such as "key" */
    v8::Local<v8::Value> key;
    uint64_t index;
  };

  ist__cbor_writer(ist_context *owner, v8::Local<v8::Context> context, ist__cbor_limits limits)
      : isolate_(owner->isolate->v8), context_(context), limits_(limits) {}
  ~ist__cbor_writer();

  bool write(v8::Local<v8::Value> value, const place *at);
  /* Puts the references in. */
  bool finish();
  uint8_t *take(size_t *length);
  /* Fills the caller's table. */
  bool give(ist_isolate *isolate);

  /* IST_OK after a failure: JavaScript has thrown. */
  ist_status status = IST_OK;
  char message[LONGEST_MESSAGE] = "";

private:
  /* An object that was written, or a value that the caller's table has, by identity. One that was
   * met too deep and then again may be both. */
  struct met {
    v8::Global<v8::Value> value;
    size_t at;      /* where its bytes begin; in the table: its index */
    uint32_t order; /* among the shared ones, once that is known */
    bool shared;
    bool tabled;   /* it is in the table */
    uint32_t next; /* with the same hash; 0 ends the list */
  };

  /* Something to be put between the bytes: a reference, or the mark of a shared value. */
  struct insertion {
    size_t at;
    uint32_t which; /* in `objects` */
    uint32_t sequence;
    bool reference;
  };
  static int in_order(const void *left, const void *right);

  bool fail(ist_status why, const char *text);
  bool refuse(const place *at, const char *what);
  unsigned char *room(size_t count);
  bool head(size_t (*encode)(size_t, unsigned char *, size_t), size_t number);
  bool tag(uint64_t number);
  bool bytes(const void *data, size_t length);
  bool text(const char *chars);
  bool simple(unsigned char byte) { return bytes(&byte, 1); }
  bool number(double value);
  bool string(v8::Local<v8::String> value);
  bool bigint(v8::Local<v8::BigInt> value);
  bool key(v8::Local<v8::Value> name);
  bool container(v8::Local<v8::Object> object, const place *at);
  bool properties(v8::Local<v8::Object> object, const place *at);
  bool array(v8::Local<v8::Object> object, uint64_t length, const place *at);
  bool sparse(v8::Local<v8::Array> object, v8::Local<v8::Array> indices, uint32_t count,
              const place *at);
  bool elements(v8::Local<v8::Array> object, const place *at);
  bool proxy(v8::Local<v8::Object> object, const place *at);
  bool map(v8::Local<v8::Map> value, const place *at);
  bool set(v8::Local<v8::Set> value, const place *at);
  bool error(v8::Local<v8::Object> value, const place *at);
  bool regexp(v8::Local<v8::RegExp> value);
  bool view(v8::Local<v8::ArrayBufferView> value);
  bool buffer(v8::Local<v8::ArrayBuffer> value);
  bool odd(v8::Local<v8::Object> object, const place *at);
  met *find(v8::Local<v8::Value> value, uint32_t hash, bool tabled);
  met *remember(v8::Local<v8::Value> value, uint32_t hash, bool tabled);
  bool repeat(met *entry);
  bool refer(v8::Local<v8::Value> value);
  bool rehash();

  v8::Isolate *isolate_;
  v8::Local<v8::Context> context_;
  ist__cbor_limits limits_;
  uint32_t depth_ = 0;

  unsigned char *out_ = nullptr;
  size_t length_ = 0, capacity_ = 0;

  ist__list<met> objects_;    /* the first is none */
  uint32_t *heads_ = nullptr; /* by hash */
  uint32_t head_mask_ = 0;
  ist__list<insertion> insertions_;
  size_t tabled_ = 0; /* how many are in the table */
  bool sharing_ = false;

  /* The bytes of names that were written lately. */
  struct known {
    v8::Global<v8::Value> name;
    size_t at, length;
  } keys_[KEY_SLOTS];
};

#endif
