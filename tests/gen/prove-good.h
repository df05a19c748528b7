// What prove-good.idl says, with everything that a header may do to hide it.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned long word;
typedef struct store store;
typedef struct ticket_s *ticket;
typedef double (*curve)(double);

typedef struct {
  double x, y;
} Point;
struct mixed {
  const char *name;
  int cells[2][3];
  unsigned ready : 1, : 3;
  int level : 4;
  struct mixed *next;
  void (*hidden)(int);
  Point at;
  _Bool on : 1;
} __attribute__((packed, aligned(8)));

enum paper { A4, A5 = 7 };
typedef enum { OFF = -1, ON } power;
#define GROUP_ONE 1
#define GROUP_TWO 2u

#define LIMIT 10
#define LARGE 0xFFFFFFFFFFFFFFFFull
#define HALF 0.5
#define NAME "na\"me"
static const int VALUE = 3;

word count(const char *text, size_t n);
static inline int twice(int x) {
  return 2 * x;
}
int maximum(int a, int b);
#define maximum(a, b) ((a) > (b) ? (a) : (b))
int old_name(void);
#define new_name old_name
store *store_open(const char *path) __attribute__((malloc, nonnull));
int store_each(store *s, int (*visit)(int value, void *data), void *data);
double integrate(curve f, double from, double to);
Point middle(struct mixed m, enum paper p, power w);
int grouped(int g);
ticket ticket_take(int n);
void fill(int *restrict v, size_t n);
#ifndef FEATURE
#error "FEATURE is defined by the interface file"
#endif
