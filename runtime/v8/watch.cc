/* The watchdog: one thread for the process, which looks at the time limits of isolates when they
 * are due. It sleeps until the earliest look that it knows of, and is woken only for one that is
 * earlier. It keeps nothing alive, touches V8 only to end JavaScript, and is simply not there in a
 * child made by fork, where nothing of V8 runs. */
#include "limits.h"

#include <signal.h>

namespace {

/* All of it under `mutex`, but for `wakes_at`, which is read without. Nothing here is ever
 * destroyed: the thread runs on while the process ends. */
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t sooner;
bool running;
ist_isolate *watched;
std::atomic<uint64_t> wakes_at{0};

void *watch(void *) {
  pthread_mutex_lock(&mutex);
  for (;;) {
    /* Whoever sets a time from here on finds that the watchdog would sleep for ever, waits for the
     * mutex and says so; and what was set before is seen below. */
    wakes_at.store(UINT64_MAX);
    uint64_t now = ist__now(), next = UINT64_MAX;
    for (ist_isolate *isolate = watched; isolate; isolate = isolate->next_watched) {
      uint64_t at = isolate->look_at.load();
      if (at && at <= now) at = ist__limits_look(isolate, now);
      if (at && at < next) next = at;
    }
    if (next <= now) continue;
    wakes_at.store(next);
    if (next == UINT64_MAX) {
      pthread_cond_wait(&sooner, &mutex);
    } else {
      timespec until = {static_cast<time_t>(next / 1000000000u),
                        static_cast<long>(next % 1000000000u)};
      pthread_cond_timedwait(&sooner, &mutex, &until);
    }
  }
  return nullptr;
}

/* Under `mutex`. Signals are for the embedder's threads. */
bool start() {
  pthread_condattr_t monotonic;
  if (pthread_condattr_init(&monotonic)) return false;
  bool made = !pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) &&
              !pthread_cond_init(&sooner, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (!made) return false;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes)) return false;
  sigset_t all, before;
  sigfillset(&all);
  pthread_t thread;
  made = !pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) &&
         !pthread_sigmask(SIG_SETMASK, &all, &before);
  if (made) {
    made = !pthread_create(&thread, &attributes, watch, nullptr);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  pthread_attr_destroy(&attributes);
  return made;
}

} // namespace

bool ist__watch(ist_isolate *isolate) {
  pthread_mutex_lock(&mutex);
  if (!running) running = start();
  if (running && !isolate->watched) {
    isolate->watched = true;
    isolate->next_watched = watched;
    isolate->watched_link = &watched;
    if (watched) watched->watched_link = &isolate->next_watched;
    watched = isolate;
  }
  bool ok = running;
  pthread_mutex_unlock(&mutex);
  return ok;
}

void ist__watch_end(ist_isolate *isolate) {
  if (!isolate->watched) return;
  pthread_mutex_lock(&mutex);
  *isolate->watched_link = isolate->next_watched;
  if (isolate->next_watched) isolate->next_watched->watched_link = isolate->watched_link;
  isolate->next_watched = nullptr;
  isolate->watched_link = nullptr;
  isolate->watched = false;
  pthread_mutex_unlock(&mutex);
}

void ist__watch_at(uint64_t at) {
  if (at >= wakes_at.load()) return;
  pthread_mutex_lock(&mutex);
  if (at < wakes_at.load(std::memory_order_relaxed)) {
    wakes_at.store(at, std::memory_order_relaxed);
    pthread_cond_signal(&sooner);
  }
  pthread_mutex_unlock(&mutex);
}
