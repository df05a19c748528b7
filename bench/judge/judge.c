/* The judge's program, and timing on one and two threads. Threads are made once for a measurement
 * and meet before and after each timing, so that neither their start nor their warm-up counts. */
#include "judge.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TIMINGS = 7, SCALINGS = 9, THREADS = 2 };

double judge_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double judge_resident(void) {
  long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2) abort();
  fclose(file);
  return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

void judge_print(const char *who, const char *name, const char *unit, double number) {
  printf("ROW\t%s\t%s\t%s\t%.4f\n", who, name, unit, number);
  fflush(stdout);
}

void judge_expect(const judge_program *program, double number) {
  if (number == program->expected) return;
  fprintf(stderr, "judge: %s\ngave %g, not %d\n", program->text, number, (int)program->expected);
  exit(1);
}

void judge_make(judge_program *program, uint64_t number) {
  uint64_t state = number * 0x9e3779b97f4a7c15u + 1;
  program->count = 10 + number % 16;
  program->a[0] = (int32_t)(number & 0x3fffffff);
  for (size_t i = 1; i < program->count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    program->a[i] = (int32_t)(state >> 54);
  }
  program->b = (int32_t)(state >> 40 & 0xff);
  program->letters = state >> 33 & 15;
  memset(program->c, 'x', program->letters);
  program->c[program->letters] = 0;
  program->expected = program->b + (int32_t)program->letters;
  char input[320];
  int at = 0;
  for (size_t i = 0; i < program->count; i++) {
    program->expected += program->a[i];
    at += snprintf(input + at, sizeof input - (size_t)at, i ? ",%d" : "%d", (int)program->a[i]);
  }
  program->length = (size_t)snprintf(program->text, sizeof program->text,
                                     JUDGE_HEAD "[%s],%d,'%s'" JUDGE_TAIL ";", input,
                                     (int)program->b, program->c);
  program->json_length = (size_t)snprintf(program->json, sizeof program->json, "[[%s],%d,\"%s\"]",
                                          input, (int)program->b, program->c);
}

/* ---- Timing ---- */

/* A group of threads that all run one way. `working` of them run in a timing, the others wait. */
typedef struct group {
  const judge_way *way;
  int threads, working;
  pthread_t thread[THREADS];
  pthread_barrier_t ready, start, done;
  int joined;
  double began[THREADS], ended[THREADS];
} group;

static uint64_t last_number; /* of the programs that were made */
static pthread_mutex_t numbers = PTHREAD_MUTEX_INITIALIZER;

static void make_programs(judge_program *programs, long count) {
  pthread_mutex_lock(&numbers);
  uint64_t first = last_number;
  last_number += (uint64_t)count;
  pthread_mutex_unlock(&numbers);
  for (long i = 0; i < count; i++) judge_make(&programs[i], first + (uint64_t)i);
}

static void *work(void *env) {
  group *all = env;
  const judge_way *way = all->way;
  int self = __atomic_fetch_add(&all->joined, 1, __ATOMIC_RELAXED);
  judge_program *programs = malloc((size_t)way->count * sizeof *programs);
  if (!programs) abort();
  void *place = way->begin ? way->begin(way->env) : NULL;
  for (int warm = 0; warm < 2; warm++) {
    make_programs(programs, way->count);
    way->run(place, programs, way->count);
  }
  for (;;) {
    make_programs(programs, way->count);
    pthread_barrier_wait(&all->ready);
    pthread_barrier_wait(&all->start);
    if (!all->working) break;
    if (self < all->working) {
      all->began[self] = judge_now();
      way->run(place, programs, way->count);
      all->ended[self] = judge_now();
    }
    pthread_barrier_wait(&all->done);
  }
  if (way->end) way->end(place);
  free(programs);
  return NULL;
}

static void group_begin(group *all, const judge_way *way, int threads) {
  memset(all, 0, sizeof *all);
  all->way = way;
  all->threads = threads;
  pthread_barrier_init(&all->ready, NULL, (unsigned)threads + 1);
  pthread_barrier_init(&all->start, NULL, (unsigned)threads + 1);
  pthread_barrier_init(&all->done, NULL, (unsigned)threads + 1);
  for (int i = 0; i < threads; i++)
    if (pthread_create(&all->thread[i], NULL, work, all)) abort();
}

/* Seconds for the next runs on `working` threads, from the first that begins to the last that
 * ends. */
static double group_run(group *all, int working) {
  pthread_barrier_wait(&all->ready);
  all->working = working;
  pthread_barrier_wait(&all->start);
  pthread_barrier_wait(&all->done);
  double began = all->began[0], ended = all->ended[0];
  for (int i = 1; i < working; i++) {
    if (all->began[i] < began) began = all->began[i];
    if (all->ended[i] > ended) ended = all->ended[i];
  }
  return ended - began;
}

static void group_end(group *all) {
  pthread_barrier_wait(&all->ready);
  all->working = 0;
  pthread_barrier_wait(&all->start);
  for (int i = 0; i < all->threads; i++) pthread_join(all->thread[i], NULL);
  pthread_barrier_destroy(&all->ready);
  pthread_barrier_destroy(&all->start);
  pthread_barrier_destroy(&all->done);
}

static int compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static double median(double *numbers_of, size_t count) {
  qsort(numbers_of, count, sizeof *numbers_of, compare);
  return numbers_of[count / 2];
}

double judge_time(const judge_way *way, int threads) {
  double taken[TIMINGS];
  group all;
  group_begin(&all, way, threads);
  for (int i = 0; i < TIMINGS; i++)
    taken[i] = group_run(&all, threads) / (double)(way->count * threads) * 1e6;
  group_end(&all);
  return median(taken, TIMINGS);
}

/* A plain loop: each step needs the one before, and nothing is read or written but registers. */
static void spin(void *place, const judge_program *programs, long count) {
  (void)place, (void)programs;
  uint64_t state = 88172645463325252u;
  for (long i = 0; i < count * 20000; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
  }
  *(volatile uint64_t *)&state = state;
}

double judge_scaling(const judge_way *way) {
  static const judge_way spinner = {"spin", 1000, NULL, spin, NULL, NULL};
  double ratios[SCALINGS];
  group spinners, ours;
  group_begin(&spinners, &spinner, THREADS);
  group_begin(&ours, way, THREADS);
  for (int i = 0; i < SCALINGS; i++) {
    double spin_1 = group_run(&spinners, 1), ours_1 = group_run(&ours, 1);
    double spin_2 = group_run(&spinners, THREADS), ours_2 = group_run(&ours, THREADS);
    ratios[i] = (spin_1 / spin_2) / (ours_1 / ours_2);
  }
  group_end(&spinners);
  group_end(&ours);
  return median(ratios, SCALINGS);
}
