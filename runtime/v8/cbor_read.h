/* The reader of CBOR: cbor_read.cc takes the tree apart, cbor_make.cc makes the values that tags
 * stand for. Nothing of the program's is run; nothing is allocated for a length that the bytes left
 * cannot fill. */
#ifndef IST_V8_CBOR_READ_H
#define IST_V8_CBOR_READ_H

#include "cbor.h"

/* One head of CBOR, with the bytes of a string. */
struct ist__cbor_token {
  enum kind {
    UINT,
    NEGATIVE, /* -1 - number */
    BYTES,
    TEXT,
    BYTES_OPEN, /* the same in pieces, up to CLOSE */
    TEXT_OPEN,
    ARRAY,
    MAP,
    ARRAY_OPEN,
    MAP_OPEN,
    TAG,
    FLOAT,
    BOOL,
    NONE,
    UNDEFINED,
    CLOSE
  } kind;
  uint64_t number;
  double real;
  const unsigned char *data; /* its length is `number` */
};

/* The shared values (tag 28) that the next item is: `count` of them from `first` on. */
struct ist__cbor_shares {
  uint32_t first, count;
};

/* What is left of an array or a map. */
struct ist__cbor_rest {
  bool open; /* up to CLOSE; else `count` items */
  uint64_t count;
};

class ist__cbor_reader {
public:
  ist__cbor_reader(ist_context *owner, v8::Local<v8::Context> context, const uint8_t *bytes,
                   size_t length, ist__cbor_limits limits)
      : owner_(owner->isolate), isolate_(owner->isolate->v8), context_(context), bytes_(bytes),
        length_(length), limits_(limits) {}
  ~ist__cbor_reader();

  /* The one item that the bytes are. */
  bool read(v8::Local<v8::Value> *result);

  /* IST_OK after a failure: JavaScript has thrown. */
  ist_status status = IST_OK;
  char message[160] = "";

private:
  using token = ist__cbor_token;
  using shares = ist__cbor_shares;
  using rest = ist__cbor_rest;
  using value = v8::Local<v8::Value>;

  bool fail(ist_status why, size_t at, const char *text);
  bool malformed(size_t at, const char *text) { return fail(IST_ERR_FORMAT, at, text); }
  bool memory();
  bool charge(size_t bytes);

  bool next(token *to);
  bool more(rest *of, bool *there);
  bool item(value *result, shares as);
  bool item_of(const token &from, size_t at, value *result, shares as);
  bool expect(enum token::kind kind, enum token::kind open, const char *text, token *to,
              unsigned char **joined);
  bool join(const token &from, unsigned char **joined, size_t *length);
  bool enter(size_t at);
  void bind(shares as, value made);

  bool text(const unsigned char *data, size_t length, size_t at, value *result);
  bool key(const token &from, size_t at, value *result);
  bool array(rest of, value *result, shares as);
  bool hole(const token &from);
  bool map(rest of, value *result, shares as);
  bool map_into(v8::Local<v8::Map> into, rest of);
  bool object_into(v8::Local<v8::Object> into, rest of);
  bool all_text(rest of, bool *result);
  bool skip(uint32_t depth);

  bool tagged(uint64_t tag, size_t at, value *result, shares as);
  bool shared(value *result, shares as);
  bool reference(size_t at, value *result);
  bool tabled(size_t at, value *result);
  bool bigint(bool negative, size_t at, value *result);
  bool bigint_of(bool negative, const unsigned char *data, size_t length, size_t at, value *result);
  bool date(uint64_t tag, size_t at, value *result);
  bool set(value *result, shares as);
  bool tagged_map(value *result, shares as);
  bool wtf8(size_t at, value *result);
  bool regexp(uint64_t tag, size_t at, value *result);
  bool typed_array(uint64_t tag, size_t at, value *result);
  bool buffer_of(const token &from, size_t at, v8::Local<v8::ArrayBuffer> *result);
  bool object(value *result, shares as);
  bool error(rest *of, value *result, shares as);
  bool sparse(rest *of, value *result, shares as);

  ist_isolate *owner_;
  v8::Isolate *isolate_;
  v8::Local<v8::Context> context_;
  const uint8_t *bytes_;
  size_t length_, at_ = 0;
  ist__cbor_limits limits_;
  uint32_t depth_ = 0, tags_ = 0;
  size_t made_ = 0, looked_ = 0; /* bytes of what was made, and when the heap was looked at */
  size_t skipped_ = 0;

  struct share {
    v8::Global<v8::Value> is;
  };
  ist__list<share> shares_;

  /* Names that were read lately. */
  enum { KEY_SLOTS = 128, LONGEST_KEY = 40 };
  struct known {
    v8::Global<v8::Value> name;
    const unsigned char *data;
    size_t length;
  } keys_[KEY_SLOTS];
};

#endif
