/* Libraries in start-up snapshots. Functions and classes of a library point to its records by
 * Externals; V8 writes such a pointer as its place in a table of external references, and reads it
 * back through the table of the isolate that starts. So the same records are made for the same
 * libraries in the same order, before the isolate has a heap, and the templates that belong to them
 * come out of the snapshot. Native objects cannot be written; whoever builds a snapshot asks
 * beforehand whether one is alive. */
#include "bridge_internal.h"

#include <stdio.h>

namespace {

/* The libraries in the order in which they were added; `index` counts from 0. */
ist__lib *lib_at(ist__bridge *bridge, uint32_t index) {
  ist__lib *lib = bridge->libs;
  while (lib && lib->index != index) lib = lib->next;
  return lib;
}

void list(ist__bridge *bridge, ist__references *to) {
  ist__library_callbacks(to);
  ist__struct_callbacks(to);
  ist__array_callbacks(to);
  ist__error_callbacks(to);
  for (uint32_t i = 0; i < bridge->lib_count; i++) {
    ist__lib *lib = lib_at(bridge, i);
    const ist__library *library = lib->library;
    to->add(lib);
    for (size_t j = 0; j < library->function_count + library->type_count; j++)
      to->add(&lib->plans[j]);
    for (size_t j = 0; j < library->type_count; j++) {
      to->add(&lib->classes[j]);
      if (!lib->classes[j].type) continue;
      for (size_t field = 0; field < library->types[j]->field_count; field++)
        to->add(&lib->classes[j].accessors[field]);
    }
  }
}

/* What a value is in messages. */
const char *label_of(const ist__wrap *wrap, char *text, size_t size) {
  const ist__type *type = wrap->type;
  if (type->kind == IST__ARRAY)
    snprintf(text, size, "a StructArray");
  else
    snprintf(text, size, "%.80s.%.80s", type->library->name, type->name);
  return text;
}

} // namespace

bool ist__bridge_add(ist__bridge *bridge, ist__library *library) {
  for (ist__lib *lib = bridge->libs; lib; lib = lib->next)
    if (lib->library == library) return false;
  ist__lib *lib = ist__lib_add(bridge, library);
  if (!lib) return false;
  lib->narrowed = !lib->all_safe;
  return true;
}

intptr_t *ist__bridge_references(ist__bridge *bridge) {
  ist__references counted(nullptr);
  list(bridge, &counted);
  intptr_t *made = static_cast<intptr_t *>(ist__calloc(counted.count + 1, sizeof *made));
  if (!made) return nullptr;
  ist__references filled(made);
  list(bridge, &filled);
  return made;
}

bool ist__bridge_alive(ist__bridge *bridge, char *text, size_t size) {
  for (const ist__wrap *wrap = bridge->wraps; wrap; wrap = wrap->next) {
    if (wrap->object.IsEmpty()) continue;
    label_of(wrap, text, size);
    return true;
  }
  if (bridge->targets) {
    snprintf(text, size, "a function that a library may call");
    return true;
  }
  return false;
}

void ist__bridge_save(ist__bridge *bridge, v8::SnapshotCreator *creator,
                      v8::Local<v8::Context> context) {
  v8::Isolate *isolate = bridge->isolate;
  creator->AddData(ist__array_shape(bridge));
  for (uint32_t i = 0; i < bridge->lib_count; i++) {
    ist__lib *lib = lib_at(bridge, i);
    const ist__library *library = lib->library;
    for (size_t j = 0; j < library->type_count; j++)
      if (lib->classes[j].type) creator->AddData(lib->classes[j].shape.Get(isolate));
    for (size_t j = 0; j < library->bundle_count; j++)
      creator->AddData(ist__error_shape(lib, &library->bundles[j]));
  }
  const v8::Global<v8::Function> *getters[] = {&bridge->array_length, &bridge->view_length,
                                               &bridge->resizable};
  for (const v8::Global<v8::Function> *getter : getters)
    if (!getter->IsEmpty()) creator->AddData(context, getter->Get(isolate));
}

bool ist__bridge_restore(ist__bridge *bridge) {
  v8::Isolate *isolate = bridge->isolate;
  v8::HandleScope scope(isolate);
  isolate->SetData(IST_BRIDGE_ISOLATE_SLOT, bridge);
  size_t index = 0;
  v8::Local<v8::FunctionTemplate> shape;
  if (!isolate->GetDataFromSnapshotOnce<v8::FunctionTemplate>(index++).ToLocal(&shape))
    return false;
  bridge->array_shape.Reset(isolate, shape);
  for (uint32_t i = 0; i < bridge->lib_count; i++) {
    ist__lib *lib = lib_at(bridge, i);
    const ist__library *library = lib->library;
    for (size_t j = 0; j < library->type_count; j++) {
      ist__class *of = &lib->classes[j];
      if (!of->type) continue;
      if (!isolate->GetDataFromSnapshotOnce<v8::FunctionTemplate>(index++).ToLocal(&shape))
        return false;
      of->shape.Reset(isolate, shape);
      for (size_t field = 0; field < of->type->field_count; field++)
        of->names[field].Reset(isolate, ist__text_of(isolate, of->type->fields[field].name));
    }
    for (size_t j = 0; j < library->bundle_count; j++) {
      if (!isolate->GetDataFromSnapshotOnce<v8::FunctionTemplate>(index++).ToLocal(&shape))
        return false;
      lib->errors[library->bundles[j].index].Reset(isolate, shape);
    }
  }
  return true;
}

void ist__bridge_restore_context(ist__bridge *bridge, v8::Local<v8::Context> context) {
  if (!bridge->array_length.IsEmpty()) return;
  v8::Isolate *isolate = bridge->isolate;
  v8::Global<v8::Function> *getters[] = {&bridge->array_length, &bridge->view_length,
                                         &bridge->resizable};
  v8::Local<v8::Function> getter;
  for (size_t i = 0; i < 3; i++)
    if (context->GetDataFromSnapshotOnce<v8::Function>(i).ToLocal(&getter))
      getters[i]->Reset(isolate, getter);
}
