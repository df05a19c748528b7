/* Counts words: a list of words in order of appearance, looked through from its start. */
#include "tally.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  char *text;
  unsigned count;
} word;

struct tally {
  size_t limit, used;
  word *words;
};

const char *tally_version(void) {
  return "1.0";
}

const char *tally_message(int code) {
  static const char *const texts[] = {"no error", "out of memory", "no room for another word"};
  return code >= 0 && code < 3 ? texts[code] : NULL;
}

tally *tally_new(size_t limit) {
  tally *t = calloc(1, sizeof *t);
  if (t) t->limit = limit;
  return t;
}

void tally_free(tally *t) {
  for (size_t i = 0; i < t->used; i++) free(t->words[i].text);
  free(t->words);
  free(t);
}

static word *find(const tally *t, const char *text, size_t length) {
  for (size_t i = 0; i < t->used; i++) {
    word *w = &t->words[i];
    if (strncmp(w->text, text, length) == 0 && w->text[length] == '\0') return w;
  }
  return NULL;
}

static int add_one(tally *t, const char *text, size_t length) {
  word *w = find(t, text, length);
  if (w) {
    w->count++;
    return TALLY_OK;
  }
  if (t->used == t->limit) return TALLY_FULL;
  word *grown = realloc(t->words, (t->used + 1) * sizeof *grown);
  if (!grown) return TALLY_NO_MEMORY;
  t->words = grown;
  char *copy = strndup(text, length);
  if (!copy) return TALLY_NO_MEMORY;
  t->words[t->used++] = (word){copy, 1};
  return TALLY_OK;
}

int tally_add(tally *t, const char *text, size_t length) {
  size_t start = 0;
  for (size_t i = 0; i <= length; i++) {
    if (i < length && !isspace((unsigned char)text[i]) && text[i] != '\0') continue;
    int code = i > start ? add_one(t, text + start, i - start) : TALLY_OK;
    if (code != TALLY_OK) return code;
    start = i + 1;
  }
  return TALLY_OK;
}

unsigned tally_count(const tally *t, const char *text) {
  word *w = find(t, text, strlen(text));
  return w ? w->count : 0;
}

void tally_measure(const tally *t, tally_stats *stats) {
  uint64_t words = 0, letters = 0;
  for (size_t i = 0; i < t->used; i++) {
    words += t->words[i].count;
    letters += (uint64_t)t->words[i].count * strlen(t->words[i].text);
  }
  *stats = (tally_stats){words, (uint32_t)t->used, words ? (double)letters / (double)words : 0};
}

size_t tally_counts(const tally *t, uint32_t *counts, size_t capacity) {
  size_t n = t->used < capacity ? t->used : capacity;
  for (size_t i = 0; i < n; i++) counts[i] = t->words[i].count;
  return n;
}

char *tally_join(const tally *t) {
  size_t size = 1;
  for (size_t i = 0; i < t->used; i++) size += strlen(t->words[i].text) + 1;
  char *all = calloc(1, size), *end = all;
  for (size_t i = 0; all && i < t->used; i++) {
    if (i) *end++ = ' ';
    end = stpcpy(end, t->words[i].text);
  }
  return all;
}

int tally_each(const tally *t, int (*visit)(const char *word, unsigned count, void *data),
               void *data) {
  int answer = 0;
  for (size_t i = 0; i < t->used && answer == 0; i++) {
    answer = visit(t->words[i].text, t->words[i].count, data);
  }
  return answer;
}
