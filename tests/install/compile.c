/* The smallest user of the compiler alone: prints where an interface file is, and the first line of
 * what cffi is told of it. */
#include <isthmus-gen.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  char *path, *cdef, *message;
  if (argc != 2) return 2;
  if (ist_gen_find(argv[1], NULL, &path, &message) != IST_GEN_OK ||
      ist_gen_cdef_file(path, NULL, &cdef, &message) != IST_GEN_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  printf("%s\n%.*s\n", path, (int)strcspn(cdef, "\n"), cdef);
  ist_gen_free(path);
  ist_gen_free(cdef);
  return 0;
}
