/* The functions of floor.c, for the compiler and for cffi alike. */
typedef double (*floor_function)(double a, double b);
double floor_one(void);
double floor_add(double a, double b);
double floor_call(floor_function add, long rounds);
unsigned long floor_bound(long rounds);
unsigned long floor_crc32(long rounds, const unsigned char *bytes, unsigned length);
