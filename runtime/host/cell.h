/* Cells as processes, for the files that drive them (cell.c) and are them (cell_serve.c). What a
 * cell does, and how it ends, never harms the pool's process: no descriptor, zombie or memory is
 * left behind. */
#ifndef IST_HOST_CELL_H
#define IST_HOST_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "isthmus.h"
#include "cell_wire.h"

/* Sanitizers need what a cell gives up. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IST_CELL_SANITIZED 1
#endif

/* ---- Processes ---- */

/* The descriptor that a cell finds its socket at, and the code that it exits with when V8 has no
 * more memory. */
enum { IST_CELL_SOCKET = 3, IST_CELL_NO_MEMORY = 86 };

/* The command to start, by ist_pool_options.cell or where it is looked for: an absolute path, freed
 * by ist__free. IST_ERR_NOT_FOUND. */
ist_status ist__cell_find(const char *given, char **path, IST_OWN ist_error **error);

typedef struct ist__cell_process {
  pid_t pid;  /* 0: there is none */
  int handle; /* a pidfd, which stays this process's when its number is used again; -1: there is
                 none */
  int socket; /* does not block */
  int said;   /* what it writes to its standard error, which does not block; -1: goes to ours */
} ist__cell_process;

#define IST_CELL_NONE ((ist__cell_process){0, -1, -1, -1})

/* Starts the command as `NAME cell`, with a socket and nothing else of ours; the calling thread's
 * end is its end. It is a child of this process. */
ist_status ist__cell_spawn(const char *path, ist__cell_process *process, IST_OWN ist_error **error);

/* Kills a process that has not ended, also one whose number the embedder has given to another by
 * waiting for it. */
void ist__cell_kill(const ist__cell_process *process);

/* Kills a process, if it has not ended, and gives what waitpid says, or -1 when somebody else has
 * been told; closes its descriptors. What it said last is in `text`, of printable characters alone.
 */
int ist__cell_reap(ist__cell_process *process, char *text, size_t room);

/* ---- The cell's own side ---- */

/* Gives up what a cell does not need even to start: capabilities, cores, files that grow. For the
 * calling thread and those that it will start. */
void ist__cell_give_up(void);

/* Gives up the rest: new descriptors, memory beyond what the limits call for, and all system calls
 * but a few. All threads that there will be have been started. Whether the kernel has taken the
 * filter of system calls. */
bool ist__cell_lock_down(const ist__wire_setup *setup, uint64_t heap_limit);

#endif
