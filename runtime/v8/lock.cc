/* The lock of an isolate, which every call from C holds: whose turn it is, and what V8 is told of
 * that. V8 frees what it keeps for a thread when its lock is given back and makes it anew at the
 * next turn, which costs more than the rest of a call. So a thread that has two turns in a row
 * keeps V8's lock from then on while the isolate rests; whoever comes next gives it back in that
 * thread's place, with the isolate's lock held and nothing of V8's on any stack.
 *
 * Threads come and go: V8's lock is never kept in the name of a thread whose number somebody else
 * could get, nothing is left behind in an isolate by a thread that has ended, and no thread waits
 * for an isolate when it ends. */
#include "limits.h"

/* There when ThreadSanitizer is in the process, which takes whoever has locked a mutex last for the
 * one that holds it. */
extern "C" __attribute__((weak)) void __tsan_init();

namespace {

/* Whether V8's lock may be kept between turns. */
bool may_rest() {
  return ist__compat::lock_rests && !__tsan_init;
}

v8::HandleScope *handle_scope_of(ist_isolate *isolate) {
  return reinterpret_cast<v8::HandleScope *>(isolate->handle_scope);
}

v8::Locker *locker_of(ist_isolate *isolate) {
  return reinterpret_cast<v8::Locker *>(isolate->locker);
}

void give_back(ist_isolate *isolate) {
  isolate->resting = 0;
  locker_of(isolate)->~Locker();
}

/* ---- Threads ---- */

/* Of this thread, and of no other one ever; 0 once the thread is ending. ist__thread() is that of
 * an earlier thread at times. */
thread_local uint64_t own_number;
thread_local bool ending;

uint64_t thread_number() {
  static std::atomic<uint64_t> last{0};
  if (ending) return 0;
  if (!own_number) own_number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return own_number;
}

/* The isolates in which a thread had its latest turns, and in which V8 keeps something for it. It
 * is bounded so that a thread of many isolates ends as fast as others; what falls out of it is
 * dropped as at the thread's end. */
class visits {
public:
  ~visits() {
    ending = true;
    for (place &at : places_)
      if (at.isolate) ist__isolate_visit(at.isolate, at.id, drop);
  }

  void add(ist_isolate *isolate) {
    for (const place &at : places_)
      if (at.isolate == isolate && at.id == isolate->id) return;
    place *oldest = &places_[next_++ % PLACES];
    if (oldest->isolate) ist__isolate_visit(oldest->isolate, oldest->id, drop);
    *oldest = {isolate, isolate->id};
  }

private:
  enum { PLACES = 32 };
  struct place {
    ist_isolate *isolate;
    uint32_t id;
  };

  /* V8 has a lock of its own about what it keeps for threads, so that this one need not wait until
   * the isolate is free. A profiler looks at it whenever it likes. */
  static void drop(ist_isolate *isolate) {
    if (isolate->owner.load(std::memory_order_relaxed) == ist__thread()) return;
    if (isolate->lock.try_lock()) {
      if (isolate->resting == own_number) give_back(isolate);
      isolate->lock.unlock();
    }
    if (!isolate->sampled.load(std::memory_order_acquire))
      isolate->v8->DiscardThreadSpecificMetadata();
  }

  place places_[PLACES] = {};
  uint32_t next_ = 0;
};

thread_local visits visited;

/* ---- The stack ---- */

/* How near the end of this thread's stack JavaScript may come; V8 itself assumes that there is a
 * megabyte from where it is first entered. */
uintptr_t stack_limit() {
  static thread_local uintptr_t limit;
  if (limit) return limit;
  constexpr size_t reserve = 64 * 1024;
  pthread_attr_t attributes;
  void *lowest = nullptr;
  size_t size = 0;
  limit = 1;
  if (!pthread_getattr_np(pthread_self(), &attributes)) {
    if (!pthread_attr_getstack(&attributes, &lowest, &size))
      limit = reinterpret_cast<uintptr_t>(lowest) + reserve;
    pthread_attr_destroy(&attributes);
  }
  return limit;
}

/* `moved`: V8 takes the limit of another thread for this one's. */
void limit_stack(ist_isolate *isolate, bool moved) {
  constexpr size_t assumed = 984 * 1024;
  uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  size_t room = isolate->stack_limit ? isolate->stack_limit : assumed;
  uintptr_t wanted = here > room ? here - room : 0, lowest = stack_limit();
  if (wanted < lowest) wanted = lowest;
  if (!isolate->stack_limit && !moved && wanted > lowest) return;
  if (wanted == isolate->stack_end) return;
  isolate->v8->SetStackLimit(wanted);
  isolate->stack_end = wanted;
}

/* ---- Turns ---- */

/* Takes V8's lock for a thread that does not have it. */
void take(ist_isolate *isolate) {
  bool moved = isolate->resting != 0;
  if (moved) give_back(isolate);
  ::new (static_cast<void *>(isolate->locker)) v8::Locker(isolate->v8);
  isolate->stack_end = 0;
  if (isolate->turn) visited.add(isolate);
  limit_stack(isolate, moved);
  /* V8 forgets between two threads' turns that it was asked to look. */
  if (isolate->interrupts.load(std::memory_order_relaxed)) ist__isolate_look(isolate);
  if (isolate->terminating.load(std::memory_order_relaxed)) ist__limits_locked(isolate);
}

/* Ends a turn. What samples a thread's stack must find the isolate left, and so V8's lock free. */
void end_turn(ist_isolate *isolate) {
  uint64_t turn = isolate->turn;
  bool again = turn && isolate->last_turn == turn && may_rest() &&
               !isolate->sampled.load(std::memory_order_relaxed);
  isolate->last_turn = turn;
  isolate->owner.store(0, std::memory_order_relaxed);
  if (again)
    isolate->resting = turn;
  else
    give_back(isolate);
  /* Nobody comes back for what V8 keeps for a thread that ends. */
  if (!turn && !isolate->sampled.load(std::memory_order_relaxed))
    isolate->v8->DiscardThreadSpecificMetadata();
  isolate->lock.unlock();
}

/* The isolate that is current on this thread, when that is another one of ours. */
ist_isolate *current_other_than(const ist_isolate *isolate) {
  v8::Isolate *current = v8::Isolate::TryGetCurrent();
  if (!current || current == isolate->v8) return nullptr;
  return static_cast<ist_isolate *>(current->GetData(IST_ISOLATE_SLOT));
}

} // namespace

uintptr_t ist__stack_limit() {
  return stack_limit();
}

ist_status ist__isolate_lock(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  if (ist__forked()) return IST_ERR_FORKED;
  if (isolate->owner.load(std::memory_order_relaxed) != ist__thread()) {
    isolate->lock.lock();
    if (!isolate->live.load(std::memory_order_acquire)) {
      isolate->lock.unlock();
      return IST_ERR_HANDLE;
    }
    isolate->turn = thread_number();
    if (isolate->turn && isolate->resting == isolate->turn)
      limit_stack(isolate, false);
    else
      take(isolate);
    isolate->owner.store(ist__thread(), std::memory_order_relaxed);
  }
  ist_isolate *under = current_other_than(isolate);
  if (under) under->over++;
  isolate->v8->Enter();
  if (!isolate->depth++) {
    /* The outermost scope keeps a block of handles, which every call would take and give back
     * otherwise. */
    ::new (static_cast<void *>(isolate->handle_scope)) v8::HandleScope(isolate->v8);
    (void)v8::Integer::New(isolate->v8, 0);
    if (isolate->inspection) ist__inspection_locked(isolate->inspection);
  }
  return IST_OK;
}

void ist__isolate_unlock(ist_isolate *isolate) {
  if (isolate->finished) ist__finalizers_run(isolate);
  if (isolate->depth == 1) handle_scope_of(isolate)->~HandleScope();
  isolate->v8->Exit();
  ist_isolate *under = current_other_than(isolate);
  if (under) under->over--;
  if (!--isolate->depth) end_turn(isolate);
}

void ist__isolate_unlock_last(ist_isolate *isolate) {
  handle_scope_of(isolate)->~HandleScope();
  while (isolate->depth) {
    isolate->v8->Exit();
    isolate->depth--;
  }
  ist_isolate *under = current_other_than(isolate);
  if (under) under->over--;
  isolate->turn = isolate->last_turn = 0;
  end_turn(isolate);
}
