/* A program's debugger: a session for each client, on the isolate's thread. What clients say is
 * taken up in the middle of JavaScript (by an interrupt), while the event loop waits (by a posted
 * callback), and in a pause or before the start (by a condition), whichever comes first. A client
 * that leaves while the program is paused lets it go on. */
#include "debugger.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct event {
  event_kind kind;
  uint32_t client;
  char *text;
  size_t length;
  struct event *next;
} event;

typedef struct client {
  struct inspect *owner;
  uint32_t number;
  ist_session *session;
  struct client *next;
} client;

struct inspect {
  atomic_uint references; /* calls that were asked for and did not come yet are among them */
  ist_isolate *isolate;
  ist_inspector *inspector;
  server *server;
  client *clients;
  bool ready, resumed; /* only touched on the isolate's thread */

  pthread_mutex_t mutex; /* what follows */
  pthread_cond_t changed;
  event *events, **last_event;
};

static void release(void *env) {
  inspect *inspect = env;
  if (atomic_fetch_sub(&inspect->references, 1) > 1) return;
  pthread_mutex_destroy(&inspect->mutex);
  pthread_cond_destroy(&inspect->changed);
  free(inspect);
}

/* ---- On the isolate's thread ---- */

static void tell(void *env, const char *json, size_t length) {
  client *to = env;
  server_send(to->owner->server, to->number, json, length);
}

static client **find(inspect *inspect, uint32_t number) {
  client **link = &inspect->clients;
  while (*link && (*link)->number != number) link = &(*link)->next;
  return link;
}

static void handle(inspect *inspect, const event *event) {
  client **link = find(inspect, event->client), *found = *link;
  if (event->kind == CLIENT_CAME) {
    client *made = must_allocate(sizeof *made);
    *made = (client){.owner = inspect, .number = event->client, .next = inspect->clients};
    if (ist_session_new(inspect->inspector, tell, made, free, &made->session)) return;
    inspect->clients = made;
  } else if (found && event->kind == CLIENT_SAID) {
    /* What is no JSON deserves no answer. */
    (void)ist_session_dispatch(found->session, event->text, event->length);
  } else if (found) {
    *link = found->next;
    ist_session_free(found->session);
  }
}

/* Does what has come; with `until`, waits for more while that is false. A message may run
 * JavaScript that pauses, so that this runs within itself: each event is taken by itself. */
static void drain(inspect *inspect, const bool *until) {
  pthread_mutex_lock(&inspect->mutex);
  while (!until || !*until) {
    event *first = inspect->events;
    if (!first && !until) break;
    if (!first) {
      pthread_cond_wait(&inspect->changed, &inspect->mutex);
      continue;
    }
    inspect->events = first->next;
    if (!inspect->events) inspect->last_event = &inspect->events;
    pthread_mutex_unlock(&inspect->mutex);
    handle(inspect, first);
    free(first->text);
    free(first);
    pthread_mutex_lock(&inspect->mutex);
  }
  pthread_mutex_unlock(&inspect->mutex);
}

static void on_turn(void *env, ist_isolate *isolate) {
  (void)isolate;
  inspect *inspect = env;
  if (inspect->inspector) drain(inspect, NULL);
}

static void on_pause(void *env, ist_inspector *inspector) {
  (void)inspector;
  inspect *inspect = env;
  inspect->resumed = false;
  drain(inspect, &inspect->resumed);
}

static void on_quit(void *env, ist_inspector *inspector) {
  (void)inspector;
  inspect *inspect = env;
  inspect->resumed = true;
}

static void on_ready(void *env, ist_inspector *inspector) {
  (void)inspector;
  inspect *inspect = env;
  inspect->ready = true;
}

/* ---- On the server's thread ---- */

static void on_client(void *env, event_kind kind, uint32_t client, char *text, size_t length) {
  inspect *inspect = env;
  event *made = must_allocate(sizeof *made);
  *made = (event){.kind = kind, .client = client, .text = text, .length = length};
  pthread_mutex_lock(&inspect->mutex);
  bool first = !inspect->events;
  *inspect->last_event = made;
  inspect->last_event = &made->next;
  pthread_cond_broadcast(&inspect->changed);
  pthread_mutex_unlock(&inspect->mutex);
  if (!first) return;
  atomic_fetch_add(&inspect->references, 2);
  (void)ist_isolate_interrupt(inspect->isolate, on_turn, inspect, release);
  (void)ist_loop_post(inspect->isolate, on_turn, inspect, release);
}

/* ---- For the command ---- */

static inspect *inspect_open(ist_host *host, const inspect_settings *settings) {
  inspect *made = must_allocate(sizeof *made);
  ist_context *context = ist_host_context(host);
  made->isolate = ist_context_isolate(context);
  made->last_event = &made->events;
  atomic_store(&made->references, 1);
  pthread_mutex_init(&made->mutex, NULL);
  pthread_cond_init(&made->changed, NULL);
  ist_inspector_options options = {
      .size = sizeof options, .env = made, .pause = on_pause, .quit = on_quit, .ready = on_ready};
  ist_status status = ist_inspector_new(made->isolate, &options, &made->inspector);
  if (!status) status = ist_inspector_add_context(made->inspector, context, settings->title);
  if (status) fprintf(stderr, "isthmus: cannot inspect: %s\n", ist_status_text(status));
  if (!status) made->server = server_open(settings, on_client, made);
  if (made->server) return made;
  ist_inspector_free(made->inspector);
  release(made);
  return NULL;
}

static void inspect_wait(inspect *inspect) {
  drain(inspect, &inspect->ready);
  (void)ist_inspector_pause(inspect->inspector, "Break on start");
}

static void inspect_close(inspect *inspect) {
  server_close(inspect->server);
  ist_inspector *inspector = inspect->inspector;
  inspect->inspector = NULL;
  ist_inspector_free(inspector);
  while (inspect->events) {
    event *first = inspect->events;
    inspect->events = first->next;
    free(first->text);
    free(first);
  }
  release(inspect);
}

__attribute__((visibility("default"))) extern const inspect_table isthmus_inspect;
const inspect_table isthmus_inspect = {inspect_open, inspect_wait, inspect_close};
