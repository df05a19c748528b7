/* The records behind pools and batches while they rest. */
#include "pool.h"

enum { REST = 1024 };

void *ist__record_take(ist__records *records, size_t size, bool *fresh) {
  pthread_mutex_lock(&records->lock);
  ist__resting *oldest = records->count > REST ? records->first : NULL;
  if (oldest) {
    records->first = oldest->next;
    records->count--;
  }
  pthread_mutex_unlock(&records->lock);
  *fresh = !oldest;
  return oldest ? oldest : ist__calloc(1, size);
}

void ist__record_put(ist__records *records, ist__resting *record) {
  record->next = NULL;
  pthread_mutex_lock(&records->lock);
  if (records->count++)
    records->last->next = record;
  else
    records->first = record;
  records->last = record;
  pthread_mutex_unlock(&records->lock);
}
