/* What prove-union.idl is proven against. */
#include <stdint.h>
typedef union {
  int32_t i;
  float f;
} number;
union wide {
  double d;
  uint64_t u;
  char c[12];
};
struct value {
  int type;
  union {
    int i;
    double d;
  } as;
  union {
    long l;
    short s;
  };
  struct {
    int x, y;
  };
};
struct options {
  unsigned long size;
  void *env;
  int (*get)(void *env, int x);
};
int use(struct value v, const struct options *o, number n, union wide *w);
