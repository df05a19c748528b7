/* Counts words. A small library that docs/idl.md describes to JavaScript, function by function. */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdint.h>

#define TALLY_OK 0
#define TALLY_NO_MEMORY 1
#define TALLY_FULL 2

typedef struct tally tally;

typedef struct {
  uint64_t words;
  uint32_t distinct;
  double mean_length;
} tally_stats;

/* The version of the library, a static text. */
const char *tally_version(void);

/* What a code means, a static text, or NULL for a code that does not exist. */
const char *tally_message(int code);

/* A tally of at most `limit` different words, to be freed with tally_free, or NULL when there is no
 * memory. */
tally *tally_new(size_t limit);
void tally_free(tally *t);

/* Counts the words among the `length` bytes of `text`. */
int tally_add(tally *t, const char *text, size_t length);

/* How often a word was counted. */
unsigned tally_count(const tally *t, const char *word);

/* Writes the figures of the whole to `*stats`. */
void tally_measure(const tally *t, tally_stats *stats);

/* Writes how often each word was counted, in order of appearance, to `counts`, which has room for
 * `capacity` of them, and returns how many it wrote. */
size_t tally_counts(const tally *t, uint32_t *counts, size_t capacity);

/* All words with a space between them, to be freed with free(). */
char *tally_join(const tally *t);

/* Calls `visit` for each word, until it returns something other than 0, which is then the result.
 */
int tally_each(const tally *t, int (*visit)(const char *word, unsigned count, void *data),
               void *data);

#endif
