/* templates.h: templates whose functions, accessors and interceptors Go answers, and the internal
 * fields of what is made of them. Keys are in args[0] of a frame. */
#ifndef ISTHMUS_GO_TEMPLATES_H
#define ISTHMUS_GO_TEMPLATES_H

#include "bridge.h"

/* `id` 0: no function. Otherwise Go is told to forget it when it fails or is over, as below. */
int32_t igo_template_function(ist_isolate *isolate, const ist_function_options *options,
                              uint64_t number, uint64_t id, bool texts, ist_template **result);

/* args[1] is the value; or the other template is. */
int32_t igo_template_set(ist_isolate *isolate, ist_template *tmpl, uintptr_t frame,
                         ist_template *other, uint32_t flags);

int32_t igo_template_set_accessor(ist_isolate *isolate, ist_template *tmpl, uintptr_t frame,
                                  uint64_t number, uint64_t id, bool writable, uint32_t flags);

/* Which members of an ist_handler Go answers. */
#define IGO_HANDLES_GET 1u
#define IGO_HANDLES_SET 2u
#define IGO_HANDLES_QUERY 4u
#define IGO_HANDLES_REMOVE 8u
#define IGO_HANDLES_ENUMERATE 16u
int32_t igo_template_set_handler(ist_template *tmpl, bool indexed, uint64_t number, uint64_t id,
                                 uint32_t members, bool no_symbols, bool only_missing);

int32_t igo_template_set_call(ist_template *tmpl, uint64_t number, uint64_t id, bool texts);

/* An object, or the function, of a template. */
int32_t igo_template_make(uintptr_t context, ist_template *tmpl, bool function, uintptr_t frame);

/* How many internal fields the frame's subject has; and the value of one, undefined at first. To
 * JavaScript these are nothing. args[0] is the value. */
uint32_t igo_field_count(ist_isolate *isolate, uintptr_t frame);
int32_t igo_field_get(uintptr_t context, uintptr_t frame, uint32_t index);
int32_t igo_field_set(uintptr_t context, uintptr_t frame, uint32_t index);

/* A value that stands for what Go numbers `id`, and back; 0: it stands for nothing of Go's. */
int32_t igo_external_new(uintptr_t context, uint64_t number, uint64_t id, uintptr_t frame);
uint64_t igo_external_read(ist_isolate *isolate, uintptr_t frame);

#endif
