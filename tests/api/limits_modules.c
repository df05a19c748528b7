/* Whoever ends JavaScript while modules begin: V8 lives, and the isolate with it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "api_test.h"

static _Atomic bool done;

static void *terminate_often(void *isolate) {
  unsigned random = 1;
  while (!atomic_load(&done)) {
    ist_isolate_terminate(isolate);
    random = random * 1103515245 + 12345;
    nanosleep(&(struct timespec){.tv_nsec = random % 400000}, NULL);
  }
  return NULL;
}

static void terminated_as_they_begin(void **state) {
  fixture *f = *state;
  pthread_t thread;
  int ended = 0, went_well = 0;
  const int rounds = getenv("ISTHMUS_SANITIZE") ? 2000 : 20000;
  atomic_store(&done, false);
  pthread_create(&thread, NULL, terminate_often, f->isolate);
  for (int i = 0; i < rounds; i++) {
    const char text[] = "export default 1; for (let i = 0; i < 300; i++);";
    ist_source source = {
        .size = sizeof source, .text = text, .length = sizeof text - 1, .file = "m.mjs"};
    ist_module *module;
    ist_value promise;
    ist_status status = ist_module_compile(f->context, &source, &module, NULL);
    if (status) continue;
    status = ist_module_instantiate(module, NULL);
    if (!status) status = ist_module_evaluate(module, &promise, NULL);
    if (status)
      ended++;
    else
      went_well++;
    ist_module_free(module);
  }
  atomic_store(&done, true);
  pthread_join(thread, NULL);
  assert_true(went_well > 0);
  assert_int_equal(eval(f, "1 + 1").as.int32, 2);
  printf("%d went well, %d were ended\n", went_well, ended);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(terminated_as_they_begin, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
