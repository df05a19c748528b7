/* The judge's program and how its runs are timed, the same for every side of the judge suite. A run
 * is one program, never seen before, from its text to its number; every number is compared with
 * what it must be. Rows are printed as `ROW<tab>WHO<tab>name<tab>unit<tab>number`. */
#ifndef JUDGE_H
#define JUDGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What stands before and behind the input in the program's text; a function that takes the input
 * ends with a `return`. */
#define JUDGE_HEAD "const f=(a,b,c)=>{return a.reduce((c,acc)=>acc+c,b)+c.length;}; result=f("
#define JUDGE_TAIL "); result"

enum { JUDGE_NUMBERS = 25, JUDGE_LETTERS = 16, JUDGE_TENANTS = 1000 };

/* One input: 10 to 25 integers, an integer and a short string, of which no two are the same in a
 * process; the program's text around it; the input alone as JSON; and what it must give. */
typedef struct judge_program {
  int32_t a[JUDGE_NUMBERS];
  size_t count;
  int32_t b;
  char c[JUDGE_LETTERS];
  size_t letters;
  int32_t expected;
  char text[512];
  size_t length;
  char json[384];
  size_t json_length;
} judge_program;

void judge_make(judge_program *program, uint64_t number);

/* One way to run programs. `begin` makes what one thread needs, on that thread; `run` runs `count`
 * programs, each of which gives what is expected or ends the process (judge_expect). */
typedef struct judge_way {
  const char *name;
  long count; /* how many runs are timed at a time: some tens of milliseconds of them */
  void *(*begin)(const void *env);
  void (*run)(void *place, const judge_program *programs, long count);
  void (*end)(void *place);
  const void *env;
} judge_way;

void judge_expect(const judge_program *program, double number);

void judge_print(const char *who, const char *name, const char *unit, double number);

/* Microseconds from the start to the end of `count` runs on each of so many threads (1 or 2),
 * divided by all the runs: the median of several timings. */
double judge_time(const judge_way *way, int threads);

/* How many times as much two threads do as one in the same time: of `way`, and of a plain loop that
 * no two threads share anything in; the ratio of the second to the first, timed in turn, as a
 * median. It is 1 when the way scales as well as the machine does. */
double judge_scaling(const judge_way *way);

/* Seconds, from some start. */
double judge_now(void);

/* Bytes of the process that are resident. */
double judge_resident(void);

#ifdef __cplusplus
}
#endif
#endif
