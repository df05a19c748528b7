// The interface compiler as a library: IDL text goes in, a descriptor (docs/descriptor.md),
// declarations for Python's cffi, a Go package or a proof against the C headers comes out. The
// command line and the runtime's loader see nothing else of gen/.
//
// The compiler never aborts on its input, keeps no state between calls and may run on several
// threads at once. Text that it gives away was allocated with malloc and is freed by ist__gen_free.
#ifndef IST__GEN_H
#define IST__GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  IST__GEN_HOST = 0, // the machine that the compiler itself was built for
  IST__GEN_X86_64,   // System V x86-64
  IST__GEN_AARCH64,  // AAPCS64
} ist__gen_target;

typedef enum { IST__DIAG_ERROR, IST__DIAG_WARNING, IST__DIAG_NOTE } ist__diag_severity;

// One diagnostic. All texts belong to the compiler and live only during the callback. `line` and
// `column` count from 1, `column` and `length` in bytes; `line` 0 means that no place is known.
// `source` is the text of the line without its newline, or NULL.
typedef struct {
  ist__diag_severity severity;
  const char *file;
  int line;
  int column;
  int length;
  const char *message;
  const char *source;
} ist__diag;

typedef void (*ist__diag_fn)(void *env, const ist__diag *diag);

// Every member may be left zero.
typedef struct {
  const char *file; // how diagnostics call the source, "<memory>" by default; imports that
                    // name a file are looked up beside it
  const char *const *import_dirs; // where imports are looked up next
  size_t import_dir_count;
  ist__gen_target target;
  ist__diag_fn diag; // silent when NULL
  void *diag_env;
} ist__gen_options;

// Compiles `text` (`len` bytes, no NUL needed) and gives the descriptor as JSON text with a final
// newline. Returns the number of errors reported; 0 is success, and only then is *json_out set.
int ist__gen_descriptor(const char *text, size_t len, const ist__gen_options *options,
                        char **json_out);

// The same with the text read from `path`; `options->file` is ignored.
int ist__gen_descriptor_file(const char *path, const ist__gen_options *options, char **json_out);

// What cffi makes of declarations: in API mode a C compiler reads the library's headers beside
// them, in ABI mode they are all that is known of the library.
typedef enum { IST__GEN_CFFI_API, IST__GEN_CFFI_ABI } ist__gen_cffi;

// The same two, giving C declarations that cffi's `cdef` takes.
int ist__gen_cdef(const char *text, size_t len, ist__gen_cffi mode, const ist__gen_options *options,
                  char **cdef_out);
int ist__gen_cdef_file(const char *path, ist__gen_cffi mode, const ist__gen_options *options,
                       char **cdef_out);

// A Go package that calls the library through cgo, as the text of its one file. `folder` is where
// the file will be, NULL the current folder: from there it names what lies beside the interface
// file.
int ist__gen_go(const char *text, size_t len, const ist__gen_options *options, char **go_out);
int ist__gen_go_file(const char *path, const char *folder, const ist__gen_options *options,
                     char **go_out);

// Proves the interface file at `path` against the C headers that it names, with the C compiler
// ($CC, or cc) and pkg-config. Only the host's target can be proven. Returns the number of errors
// reported; when that is 0, *summary_out (if not NULL) is a text such as
//   zlib.idl: proven against <zlib.h>: 24 functions, 1 struct (14 fields), 31 constants
// with a final newline.
int ist__gen_prove(const char *path, const ist__gen_options *options, char **summary_out);

void ist__gen_free(char *text);

// A diagnostic callback that prints in the form of gcc and clang, with the source line and a caret:
// set `diag` to ist__diag_print and `diag_env` to an ist__diag_printer.
typedef struct {
  FILE *out;   // stderr when NULL
  bool colour; // ANSI colours
} ist__diag_printer;

void ist__diag_print(void *printer, const ist__diag *diag);

// A diagnostic callback that keeps what it is given: `diag` is ist__diag_collect and `diag_env` an
// ist__diag_report, all zero. The place is that of the first error.
typedef struct {
  char *text;
  size_t length;
  char *file, *source; // NULL: unknown
  int line, column, width;
} ist__diag_report;

void ist__diag_collect(void *report, const ist__diag *diag);
// "LABEL: the interface file has 2 errors:" and they, as ist__gen_free takes it; NULL: no memory.
char *ist__diag_message(const ist__diag_report *report, const char *label, int errors);
void ist__diag_report_free(ist__diag_report *report);

// Whether this can be the name of a library, as "zlib" is and a path is not.
bool ist__gen_is_name(const char *name);
// The real path of the first NAME.idl in `dirs` (ends with NULL), or NULL and a message, which may
// be NULL too: no memory.
char *ist__gen_find(const char *name, const char *const *dirs, char **message);
// The folder of the installed interface files, by where the file `beside` (may be NULL) is, or else
// `otherwise`. NULL: no memory.
char *ist__gen_installed_dir(const char *beside, const char *otherwise);

#ifdef __cplusplus
}
#endif
#endif
