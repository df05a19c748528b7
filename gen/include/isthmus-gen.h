/* The interface compiler alone, as libisthmus-gen: for programs that call C libraries by their
 * interface files without JavaScript, and for build tools. It needs cJSON and the C library; V8 is
 * not loaded.
 *
 * What is given away (IST_GEN_OWN) belongs to the caller and is freed by ist_gen_free; every other
 * pointer is borrowed for the length of the call. Texts are UTF-8 and end with a NUL. Nothing is
 * kept between calls, so any thread may be in any of them, and no input makes one hang or abort.
 *
 * Each function that can fail answers with a status. On IST_GEN_OK the result is set and the
 * message NULL; otherwise the result is NULL and the message says what is wrong in English, for
 * people, or is NULL where there is no memory for it. A caller that wants no message passes NULL
 * for `message`. */
#ifndef ISTHMUS_GEN_H
#define ISTHMUS_GEN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef IST_GEN_API
#define IST_GEN_API __attribute__((visibility("default")))
#endif

/* Marks what the caller has to free. */
#define IST_GEN_OWN

/* Grows with the functions below; what was there stays as it was. */
#define IST_GEN_ABI_VERSION 1

typedef enum {
  IST_GEN_OK = 0,
  IST_GEN_NOT_FOUND = 1, /* no such interface file */
  IST_GEN_INTERFACE = 2, /* it has errors, or cannot be read */
  IST_GEN_ARGUMENT = 3,  /* a pointer that must be there is NULL, or a name is none of a library */
  IST_GEN_MEMORY = 4,
} ist_gen_status;

/* The version of the ABI that the library was built with. Never fails. Since 0.1. */
IST_GEN_API uint32_t ist_gen_abi_version(void);

/* The release as text, such as "0.1.0"; static. Never fails. Since 0.1. */
IST_GEN_API const char *ist_gen_version(void);

/* The path, without symbolic links, of the interface file that describes the library `name`
 * ("zlib"): the first NAME.idl in `folders` (ends with NULL, and may be NULL), then in the folder
 * of the installed ones, which is found by where this library lies. IST_GEN_NOT_FOUND names the
 * folders; IST_GEN_ARGUMENT for what is a path. Since 0.1. */
IST_GEN_API ist_gen_status ist_gen_find(const char *name, const char *const *folders,
                                        IST_GEN_OWN char **path, IST_GEN_OWN char **message);

/* The descriptor, as JSON, of an interface file by its path, or of the text of one: `length` bytes,
 * which messages call `file` ("interface" when it is NULL) and whose relative paths start from
 * there. Imports are looked up beside the file, in `folders` (ends with NULL, and may be NULL), and
 * in the folder of the installed ones. It is laid out for the machine that this library runs on.
 * IST_GEN_NOT_FOUND when nothing is at the path, IST_GEN_INTERFACE with all that is wrong, a line
 * with FILE:LINE:COLUMN for each error. Since 0.1. */
IST_GEN_API ist_gen_status ist_gen_descriptor_file(const char *path, const char *const *folders,
                                                   IST_GEN_OWN char **json,
                                                   IST_GEN_OWN char **message);
IST_GEN_API ist_gen_status ist_gen_descriptor_text(const char *file, const char *text,
                                                   size_t length, const char *const *folders,
                                                   IST_GEN_OWN char **json,
                                                   IST_GEN_OWN char **message);

/* The same two, giving C declarations for the ABI mode of Python's cffi (docs/descriptor.md). Since
 * 0.1. */
IST_GEN_API ist_gen_status ist_gen_cdef_file(const char *path, const char *const *folders,
                                             IST_GEN_OWN char **cdef, IST_GEN_OWN char **message);
IST_GEN_API ist_gen_status ist_gen_cdef_text(const char *file, const char *text, size_t length,
                                             const char *const *folders, IST_GEN_OWN char **cdef,
                                             IST_GEN_OWN char **message);

/* Frees what a function here gave away; NULL is fine. Since 0.1. */
IST_GEN_API void ist_gen_free(IST_GEN_OWN char *text);

#ifdef __cplusplus
}
#endif
#endif
