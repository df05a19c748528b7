/* bridge_watch.c: the thread that lets Python look at its signals while the main thread is long in
 * JavaScript. It sleeps while nothing happens. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "bridge_internal.h"

static _Atomic bool stopped;
uint32_t ipy__process;

/* While the main thread is long in JavaScript, Python is asked whether a signal has come. */
static struct {
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  pthread_t main;
  _Atomic uint64_t turn; /* odd while the main thread is in an ipy__operation */
  ipy_isolate *_Atomic inside;
  _Atomic bool asleep;
  _Atomic bool asked;
  bool started;
  uint32_t process; /* where its thread runs */
} watch = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void look(void *env, ist_isolate *isolate) {
  (void)env;
  ipy_isolate *core = atomic_load(&watch.inside);
  if (atomic_load(&stopped) || !core || core->isolate != isolate ||
      !pthread_equal(pthread_self(), watch.main))
    return;
  if (ipy_on_look(core->key)) ist_isolate_terminate(isolate);
}

static void looked(void *env) {
  (void)env;
  atomic_store(&watch.asked, false);
}

static void *watching(void *env) {
  (void)env;
  uint64_t last = 0;
  int quiet = 0;
  for (;;) {
    pthread_mutex_lock(&watch.mutex);
    if (quiet > 20) {
      atomic_store(&watch.asleep, true);
      while (atomic_load(&watch.asleep)) pthread_cond_wait(&watch.wake, &watch.mutex);
      quiet = 0;
    }
    pthread_mutex_unlock(&watch.mutex);
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    uint64_t turn = atomic_load(&watch.turn);
    if (turn != last) {
      last = turn;
      quiet = 0;
      continue;
    }
    if (!(turn & 1)) {
      quiet++;
      continue;
    }
    pthread_mutex_lock(&watch.mutex);
    ipy_isolate *core = atomic_load(&watch.inside);
    if (core && atomic_load(&watch.turn) == turn && !atomic_load(&stopped) &&
        !atomic_exchange(&watch.asked, true) &&
        ist_isolate_interrupt(core->isolate, look, NULL, looked))
      atomic_store(&watch.asked, false);
    pthread_mutex_unlock(&watch.mutex);
  }
  return NULL;
}

static void start_thread(void) {
  pthread_t thread;
  atomic_store(&watch.asleep, false);
  watch.process = ipy__process;
  if (!pthread_create(&thread, NULL, watching, NULL)) pthread_detach(thread);
}

/* In a process made by fork, whose one thread is the one that called it: the watch's thread is not
 * there, and may have had the mutex. */
static void forked(void) {
  ipy__process++;
  pthread_mutex_init(&watch.mutex, NULL);
  pthread_cond_init(&watch.wake, NULL);
  watch.main = pthread_self();
  atomic_store(&watch.asleep, false);
}

void ipy_start(uintptr_t main) {
  if (watch.started) return;
  watch.main = (pthread_t)main;
  watch.started = true;
  pthread_atfork(NULL, NULL, forked);
  start_thread();
}

void ipy__watch_again(void) {
  if (!watch.started || watch.process == ipy__process) return;
  atomic_store(&watch.inside, NULL);
  atomic_store(&watch.turn, 0);
  atomic_store(&watch.asked, false);
  start_thread();
}

void ipy_warm(void) {
  int64_t none = 0;
  (void)ipy_on_look(0);
  ipy_on_release(0, &none, 1);
}

void ipy_stop(void) {
  atomic_store(&stopped, true);
}

bool ipy__stopped(void) {
  return atomic_load_explicit(&stopped, memory_order_relaxed);
}

void ipy__watch_begin(ipy_isolate *core, ipy_hold *hold) {
  hold->watched = watch.started && pthread_equal(pthread_self(), watch.main);
  if (!hold->watched) return;
  hold->previous = atomic_load_explicit(&watch.inside, memory_order_relaxed);
  atomic_store_explicit(&watch.inside, core, memory_order_relaxed);
  uint64_t turn = atomic_load_explicit(&watch.turn, memory_order_relaxed);
  atomic_store_explicit(&watch.turn, turn + (turn & 1 ? 2 : 1), memory_order_release);
  if (!atomic_load_explicit(&watch.asleep, memory_order_relaxed)) return;
  pthread_mutex_lock(&watch.mutex);
  atomic_store(&watch.asleep, false);
  pthread_cond_signal(&watch.wake);
  pthread_mutex_unlock(&watch.mutex);
}

void ipy__watch_end(ipy_hold *hold) {
  if (!hold->watched) return;
  atomic_store_explicit(&watch.inside, hold->previous, memory_order_relaxed);
  uint64_t turn = atomic_load_explicit(&watch.turn, memory_order_relaxed);
  atomic_store_explicit(&watch.turn, turn + (hold->previous ? 2 : 1), memory_order_release);
}

void ipy__watch_pass(void) {
  pthread_mutex_lock(&watch.mutex);
  pthread_mutex_unlock(&watch.mutex);
}
