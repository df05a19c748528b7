/* Frames: making the call, telling whether it failed, and calls that nobody but the runtime asks
 * for.
 *
 * errno belongs to the call: it is zeroed right before and read right after, with nothing between
 * that could set it. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

size_t ist__result_size(const ist__function *function) {
  size_t size = function->result.type->size;
  return size < 16 ? 16 : size;
}

void ist__frame_call(ist__frame *frame) {
  const ist__function *function = frame->function;
  void (*address)(void);
  memcpy(&address, &function->address, sizeof address);
  if (!function->captures_errno) {
    ist__signature_call(function->abi, address, frame->result, frame->args);
    return;
  }
  errno = 0;
  ist__signature_call(function->abi, address, frame->result, frame->args);
  frame->error = errno;
}

/* ---- failures ---- */

static bool bundle_values(const ist__frame *frame, ist__value *values, ist__fault *fault) {
  const ist__function *function = frame->function;
  for (size_t i = 0; i < function->throws->param_count; i++) {
    if (!ist__expr_eval(function->throw_args[i], frame, &values[i], fault)) return false;
  }
  return true;
}

static bool is_excepted(const ist__frame *frame, const ist__value *values, bool *excepted,
                        ist__fault *fault) {
  const ist__function *function = frame->function;
  ist__value code, one;
  *excepted = false;
  if (function->except_count == 0 || !function->throws->code) return true;
  if (!ist__expr_eval_values(function->throws->code, frame, values, &code, fault)) return false;
  for (size_t i = 0; i < function->except_count; i++) {
    if (!ist__expr_eval(function->except[i], frame, &one, fault)) return false;
    if (one.kind == IST__V_INT && code.kind == IST__V_INT && one.i == code.i) *excepted = true;
  }
  return true;
}

bool ist__frame_failed(const ist__frame *frame, bool *failed, ist__fault *fault) {
  const ist__bundle *bundle = frame->function->throws;
  *failed = false;
  if (!bundle || (!bundle->fail && !bundle->ok)) return true;
  ist__value values[bundle->param_count + 1], verdict;
  if (!bundle_values(frame, values, fault)) return false;
  const ist__expr *test = bundle->fail ? bundle->fail : bundle->ok;
  if (!ist__expr_eval_values(test, frame, values, &verdict, fault)) return false;
  if (ist__value_true(verdict) != (bundle->fail != NULL)) return true;
  bool excepted;
  if (!is_excepted(frame, values, &excepted, fault)) return false;
  *failed = !excepted;
  return true;
}

static char *utf8_from_latin1(const unsigned char *text) {
  size_t length = strlen((const char *)text);
  char *copy = ist__malloc(2 * length + 1), *at = copy;
  if (!copy) return NULL;
  for (; *text; text++) {
    if (*text < 0x80) {
      *at++ = (char)*text;
    } else {
      *at++ = (char)(0xC0 | *text >> 6);
      *at++ = (char)(0x80 | (*text & 0x3F));
    }
  }
  *at = 0;
  return copy;
}

static char *utf8_from_utf16(const unsigned char *text) {
  size_t length = 0;
  while (text[2 * length] | text[2 * length + 1]) length++;
  char *copy = ist__malloc(3 * length + 1), *at = copy;
  if (!copy) return NULL;
  for (size_t i = 0; i < length; i++) {
    uint16_t unit, next = 0;
    memcpy(&unit, text + 2 * i, sizeof unit);
    memcpy(&next, text + 2 * i + 2, sizeof next);
    uint32_t point = unit;
    if (unit >= 0xD800 && unit < 0xDC00 && next >= 0xDC00 && next < 0xE000) {
      point = 0x10000 + ((uint32_t)(unit - 0xD800) << 10) + (uint32_t)(next - 0xDC00);
      i++;
    } else if (unit >= 0xD800 && unit < 0xE000) {
      point = 0xFFFD;
    }
    if (point < 0x80) {
      *at++ = (char)point;
      continue;
    }
    if (point < 0x800) {
      *at++ = (char)(0xC0 | point >> 6);
    } else {
      if (point < 0x10000) {
        *at++ = (char)(0xE0 | point >> 12);
      } else {
        *at++ = (char)(0xF0 | point >> 18);
        *at++ = (char)(0x80 | (point >> 12 & 0x3F));
      }
      *at++ = (char)(0x80 | (point >> 6 & 0x3F));
    }
    *at++ = (char)(0x80 | (point & 0x3F));
  }
  *at = 0;
  return copy;
}

static char *utf8_from(const void *text, ist__encoding encoding) {
  if (!text) return NULL;
  if (encoding == IST__LATIN1) return utf8_from_latin1(text);
  if (encoding == IST__UTF16) return utf8_from_utf16(text);
  return ist__strdup(text);
}

/* Where a message comes from tells how it is encoded. */
static ist__encoding encoding_of(const ist__expr *expr) {
  const ist__type *type = expr->kind == IST__E_CALL ? expr->function->result.type : expr->type;
  return type && type->kind == IST__STRING ? type->encoding : IST__UTF8;
}

/* The text that C itself gave for this very call says more than the library's last message. */
static char *error_text(const ist__frame *frame) {
  const ist__function *function = frame->function;
  for (size_t i = 0; i < function->param_count; i++) {
    const ist__param *param = &function->params[i];
    if (!param->error_text || param->role != IST__CELL) continue;
    const void *cell, *text;
    memcpy(&cell, frame->args[i], sizeof cell);
    if (!cell) continue;
    memcpy(&text, cell, sizeof text);
    const ist__type *element = param->type->to;
    if (text)
      return utf8_from(text, element->kind == IST__STRING ? element->encoding : param->text);
  }
  return NULL;
}

void ist__frame_failure(const ist__frame *frame, bool *has_code, ist__value *code, char **message) {
  const ist__bundle *bundle = frame->function->throws;
  *has_code = false;
  *message = error_text(frame);
  if (!bundle) return;
  ist__value values[bundle->param_count + 1], text, ignored;
  if (!bundle_values(frame, values, NULL)) return;
  if (bundle->code) *has_code = ist__expr_eval_values(bundle->code, frame, values, code, NULL);
  if (bundle->message && !*message &&
      ist__expr_eval_values(bundle->message, frame, values, &text, NULL) &&
      text.kind == IST__V_POINTER) {
    *message = utf8_from(text.p, encoding_of(bundle->message));
  }
  if (bundle->cleanup) ist__expr_eval_values(bundle->cleanup, frame, values, &ignored, NULL);
}

/* ---- calls that the runtime makes itself ---- */

static bool has_own_value(const ist__param *param) {
  return param->value || param->fallback || param->role == IST__DATA || param->role == IST__DESTROY;
}

const ist__param *ist__function_target(const ist__function *function) {
  if (function->self >= 0) return &function->params[function->self];
  for (size_t i = 0; i < function->param_count; i++) {
    ist__kind kind = function->params[i].type->kind;
    bool address = kind == IST__REF || kind == IST__POINTER || kind == IST__STRING;
    if (address && !has_own_value(&function->params[i])) return &function->params[i];
  }
  return NULL;
}

bool ist__param_own_value(const ist__param *param, const ist__frame *frame, int depth,
                          ist__value *out, ist__fault *fault) {
  const ist__expr *expr = param->value ? param->value : param->fallback;
  *out = (ist__value){.kind = IST__V_INT};
  if (expr) return ist__expr_eval_nested(expr, frame, depth, out, fault);
  if (param->type->kind == IST__FLOAT) out->kind = IST__V_FLOAT;
  return true;
}

void ist__free_with(const ist__function *function, void *address) {
  const ist__param *target = function->address ? ist__function_target(function) : NULL;
  if (!target) return;
  size_t count = function->param_count, largest = 16;
  for (size_t i = 0; i < count; i++) {
    if (function->params[i].type->size > largest)
      largest = (function->params[i].type->size + 15) & ~(size_t)15;
  }
  unsigned char *room = ist__calloc(count + 1, largest);
  void *result = ist__calloc(1, ist__result_size(function));
  void *args[count + 1];
  if (room && result) {
    ist__frame frame = {.function = function, .args = args, .result = result};
    for (size_t i = 0; i < count; i++) args[i] = room + largest * i;
    memcpy(room + largest * target->index, &address, sizeof address);
    for (size_t i = 0; i < count; i++) {
      const ist__param *param = &function->params[i];
      ist__value value;
      if (param == target || !ist__type_is_scalar(param->type)) continue;
      if (!ist__param_own_value(param, &frame, 0, &value, NULL)) continue;
      if (ist__value_convert(&value, param->type, "", NULL))
        ist__scalar_store(param->type, args[i], value);
    }
    ist__frame_call(&frame);
  }
  ist__free(room);
  ist__free(result);
}
