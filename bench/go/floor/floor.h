/* The functions of floor.c, each called through cgo once for each round, or calling Go so often. */
void floor_nop(void);
double floor_add(double a, double b);
void floor_calling(long rounds);
void floor_copy(void *to, const void *of, unsigned long size);
