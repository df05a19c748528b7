/* What isolates know of snapshots: the bytes that one was started from, and the isolate in which
 * one is built. */
#ifndef IST_V8_SNAPSHOT_H
#define IST_V8_SNAPSHOT_H

#include "internal.h"

#include "ffi.h"

/* A snapshot's bytes, shared by the snapshot and the isolates that were started from it. */
struct ist__blob : ist__allocated {
  std::atomic<uint32_t> references{0};
  v8::StartupData data = {nullptr, 0};
  ist__library **libraries = nullptr;
  size_t library_count = 0;
};

/* An isolate that is to become a snapshot. */
struct ist__creator {
  ist__library **libraries = nullptr;
  size_t library_count = 0;
  bool keep = false;    /* all has gone well: V8 writes it at the isolate's end */
  bool refused = false; /* it was found to hold what cannot be written */
  v8::StartupData result = {nullptr, 0};
  alignas(v8::SnapshotCreator) unsigned char room[sizeof(v8::SnapshotCreator)];

  v8::SnapshotCreator *get() { return reinterpret_cast<v8::SnapshotCreator *>(room); }
};

/* isolate.cc: an isolate, in which a snapshot is built when there is a creator. */
ist_status ist__isolate_make(const ist_isolate_options *options, ist__creator *creator,
                             ist_isolate **result);

/* Whether it was not freed. */
bool ist__snapshot_usable(ist_snapshot *snapshot);

/* For an isolate that has no heap yet: makes the libraries' records, and what V8 starts from. False
 * when memory is out. */
bool ist__snapshot_prepare(ist_isolate *isolate, ist_snapshot *snapshot, ist__creator *creator,
                           v8::Isolate::CreateParams *params);

/* In place of V8's own start of an isolate, and of its end, where it is written. */
void ist__creator_begin(ist_isolate *isolate);
void ist__creator_end(ist_isolate *isolate);

/* Once V8 is done with the isolate. */
void ist__snapshot_leave(ist_isolate *isolate);

/* snapshot_builtins.cc: makes the list of an ordinary context's built-ins, before an isolate is
 * entered; hides from a context's scripts what cannot be written; and, when they have run, makes
 * room for what V8 will add. `what` is in the way, or ""; freed by ist_free. */
ist_status ist__builtins_list();
ist_status ist__builtins_watch(ist_context *context, ist_value *check);
ist_status ist__builtins_check(ist_context *context, ist_value check, char **what);

#endif
