// Everything here differs from what prove-wrong.idl says of it.
#include <stddef.h>

typedef unsigned long word;
typedef struct store store;
typedef int *number_pointer;
typedef int (*curve)(double);

struct sizes {
  char a;
  long b;
};
struct types {
  unsigned a;
  const char *b;
  int c[3];
  int d : 3;
  int e;
  enum { X } f;
};
struct bits {
  int a : 3;
  int b : 5;
  unsigned c : 4;
};
enum paper { A4, A5 = 8 };
enum sign { S0, S1 = -1 };

#define LIMIT 11
#define NEGATIVE 0xFFFFFFFFu
#define HALF 0.25
#define NAME "other"
#define POINTER ((void *)0)

unsigned long result(int a);
int parameter(unsigned long a);
int constness(char *a);
int too_many(int a);
#define a_macro(x) (x)
extern int a_variable;
int callback_type(int (*f)(long));
store *handles(int *a);
