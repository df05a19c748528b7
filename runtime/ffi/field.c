/* Fields of structs and unions: what the descriptor says of each, which member of a union is there,
 * and what the fields are set to that the language does not see.
 *
 * A tag is a field that says which of the members that share memory may be read; nothing here
 * follows a pointer before the tag was asked. */
#include "json.h"

#include <errno.h>
#include <stdlib.h>

/* ---- reading ---- */

static int64_t read_number(ist__reader *r, const cJSON *json) {
  const char *text = cJSON_GetStringValue(json);
  char *end = NULL;
  int64_t value = 0;
  if (text) {
    errno = 0;
    value = *text == '-' ? strtoll(text, &end, 10) : (int64_t)strtoull(text, &end, 10);
  }
  if (!text || !*text || *end || errno) ist__read_fail(r, "a tag's value is no integer");
  return value;
}

static void read_when(ist__reader *r, const cJSON *json, size_t count, ist__field *field) {
  field->tag = ist__read_index(r, json, "field", count);
  if (field->tag < 0) ist__read_fail(r, "when: no tag");
  size_t total;
  const cJSON *item = ist__read_list(r, json, "values", &total);
  ist__variant *variants = ist__read_alloc(r, total, sizeof *variants);
  field->variants = variants;
  for (; variants && item && !r->failed; item = item->next)
    variants[field->variant_count++] = (ist__variant){read_number(r, item), -1};
}

static void read_as(ist__reader *r, const cJSON *json, size_t count, ist__field *field) {
  field->tag = ist__read_index(r, json, "field", count);
  if (field->tag < 0) ist__read_fail(r, "as: no tag");
  size_t total;
  const cJSON *item = ist__read_list(r, json, "cases", &total);
  ist__variant *variants = ist__read_alloc(r, total, sizeof *variants);
  field->variants = variants;
  field->is_variant = true;
  for (; variants && item && !r->failed; item = item->next) {
    int64_t value = read_number(r, ist__read_member(r, item, "value"));
    int32_t member = ist__read_index(r, item, "member", INT32_MAX);
    if (member < 0) ist__read_fail(r, "as: no member");
    variants[field->variant_count++] = (ist__variant){value, member};
  }
}

static void read_use(ist__reader *r, const cJSON *json, size_t count, ist__field *field) {
  ist__param *use = ist__read_alloc(r, 1, sizeof *use);
  if (!use) return;
  use->name = field->name;
  use->type = field->type;
  use->arg = use->of = use->within = use->parent = -1;
  use->null = ist__read_bool(r, json, "null");
  use->data = ist__read_index(r, json, "data", count);
  use->destroy = ist__read_index(r, json, "destroy", count);
  ist__read_scope(r, json, use);
  field->use = use;
}

void ist__read_fields(ist__reader *r, const cJSON *json, ist__type *type) {
  size_t count;
  const cJSON *item = ist__read_list(r, json, "fields", &count);
  type->fields = ist__read_alloc(r, count, sizeof *type->fields);
  for (size_t i = 0; type->fields && i < count && !r->failed; i++, item = item->next) {
    ist__field *field = &type->fields[i];
    field->name = ist__read_text(r, item, "name", true);
    field->type = ist__read_type(r, item, "type");
    field->offset = ist__read_count(r, item, "offset", INT32_MAX, 0);
    field->bit_offset = (uint32_t)ist__read_count(r, item, "bit_offset", INT32_MAX, 0);
    field->bit_width = (uint32_t)ist__read_count(r, item, "bit_width", 64, 0);
    field->len = ist__read_index(r, item, "len", count);
    field->text = ist__read_encoding(r, item, "text");
    field->readonly = ist__read_bool(r, item, "readonly");
    field->group = ist__read_index(r, item, "union", INT32_MAX);
    field->tag = -1;
    const cJSON *when = ist__read_member(r, item, "when"), *as = ist__read_member(r, item, "as");
    const cJSON *use = ist__read_member(r, item, "callback");
    if (when && as) ist__read_fail(r, "both when and as");
    if (when) read_when(r, when, count, field);
    if (as) read_as(r, as, count, field);
    if (use) read_use(r, use, count, field);
    if (field->bit_width) field->offset = 0;
  }
  if (!r->failed) type->field_count = count;
}

/* Fixed values and `on_throw`, which may call functions: when those have parameters. */
void ist__read_field_exprs(ist__reader *r, const cJSON *json, ist__type *type) {
  static const ist__expr_scope literal = {0};
  size_t count;
  const cJSON *item = ist__read_list(r, json, "fields", &count);
  for (size_t i = 0; i < type->field_count && !r->failed; i++, item = item->next) {
    ist__field *field = &type->fields[i];
    ist__value value;
    field->value = ist__read_expr(r, item, "value", &literal);
    if (field->value &&
        (field->type->kind != IST__INT || field->bit_width ||
         !ist__expr_eval(field->value, NULL, &value, NULL) || value.kind != IST__V_INT))
      ist__read_fail(r, "%s: a fixed field that has no value", field->name);
    if (field->value) type->prepared = true;
    if (!field->use || r->failed) continue;
    ist__read_param_exprs(r, ist__read_member(r, item, "callback"), &literal, field->use);
    type->functions = true;
  }
}

/* ---- what must go together ---- */

static const char *check_tag(const ist__type *type, const ist__field *field) {
  const ist__field *tag = &type->fields[field->tag];
  if (tag == field ||
      (tag->type->kind != IST__INT && tag->type->kind != IST__ENUM && tag->type->kind != IST__BOOL))
    return "a tag that is no integer";
  if (!field->is_variant) return NULL;
  if (field->type->kind != IST__STRUCT || !field->type->is_union || field->bit_width)
    return "as on what is no union";
  for (size_t i = 0; i < field->variant_count; i++) {
    int32_t member = field->variants[i].member;
    if (member < 0 || (size_t)member >= field->type->field_count) return "as: no such member";
    if (field->type->fields[member].bit_width) return "as: a bit-field";
  }
  return NULL;
}

static const char *check_use(const ist__type *type, const ist__field *field) {
  const ist__param *use = field->use;
  if (field->type->kind != IST__CALLBACK || type->kind != IST__STRUCT || type->is_union)
    return "a callback that is none";
  if (field->type->type_param_count) return "a callback with type parameters in a struct";
  const int32_t companions[] = {use->data, use->destroy};
  for (int i = 0; i < 2; i++) {
    if (companions[i] >= 0 && type->fields[companions[i]].type->kind != IST__POINTER)
      return "a companion that is no pointer";
  }
  if (use->destroy >= 0 && (use->data < 0 || use->scope != IST__SCOPE_FOREVER))
    return "a destroy notice without user data, or of a scope that ends otherwise";
  return NULL;
}

const char *ist__field_check(const ist__type *type, const ist__field *field) {
  const char *what = field->tag >= 0 ? check_tag(type, field) : NULL;
  if (!what && field->use) what = check_use(type, field);
  return what;
}

/* ---- unions ---- */

static int64_t tag_load(const ist__type *type, const ist__field *field, const void *base) {
  const ist__field *tag = &type->fields[field->tag];
  if (tag->bit_width) return (int64_t)ist__bits_load(tag, base);
  return (int64_t)ist__scalar_load(tag->type, (const unsigned char *)base + tag->offset).i;
}

bool ist__field_there(const ist__type *type, const ist__field *field, const void *base,
                      const ist__field **member) {
  *member = NULL;
  if (field->tag < 0) return true;
  int64_t value = tag_load(type, field, base);
  for (size_t i = 0; i < field->variant_count; i++) {
    if (field->variants[i].value != value) continue;
    if (field->is_variant) *member = &field->type->fields[field->variants[i].member];
    return true;
  }
  return false;
}

/* ---- what the language does not see ---- */

void ist__type_prepare(const ist__type *type, void *base) {
  if (!type->prepared) return;
  if (type->kind == IST__ARRAY) {
    for (size_t i = 0; i < type->count; i++)
      ist__type_prepare(type->to, (unsigned char *)base + i * type->to->size);
    return;
  }
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *field = &type->fields[i];
    unsigned char *at = (unsigned char *)base + field->offset;
    if (field->value)
      ist__scalar_store(field->type, at, ist__expr_literal(field->value));
    else if (!field->bit_width && !type->is_union && field->group < 0)
      ist__type_prepare(field->type, at);
  }
}

/* Whether a type, or what it contains, has fixed fields or functions: types contain no cycles, but
 * the table may name them in any order. */
static bool spread(ist__type *type) {
  bool changed = false;
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__type *of = type->fields[i].type;
    if (of->kind != IST__STRUCT && of->kind != IST__ARRAY) continue;
    changed |= (of->prepared && !type->prepared) || (of->functions && !type->functions);
    type->prepared |= of->prepared;
    type->functions |= of->functions;
  }
  if (type->kind == IST__ARRAY) {
    changed |= (type->to->prepared && !type->prepared) || (type->to->functions && !type->functions);
    type->prepared |= type->to->prepared;
    type->functions |= type->to->functions;
  }
  return changed;
}

void ist__types_spread(ist__library *library) {
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < library->type_count; i++) changed |= spread(library->types[i]);
  }
}
