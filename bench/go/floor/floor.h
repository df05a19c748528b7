/* The functions of floor.c, called through cgo: once for each round, or once for all, to loop in C.
 */
void floor_nop(void);
double floor_add(double a, double b);
void floor_calling(long rounds);
void floor_copy(void *to, const void *of, unsigned long size);
unsigned long floor_bound(long rounds);
unsigned long floor_crc32(long rounds, const void *bytes, unsigned length);
