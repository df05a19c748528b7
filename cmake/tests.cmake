# Declares the tests, one ctest each, by where their files lie:
#   tests/gen/NAME.c  tests/ffi/NAME.c  tests/api/NAME.c   a cmocka program on gen, on ffi_core, on libisthmus.so
#   tests/genlib/NAME.c       a cmocka program on libisthmus-gen.so
#   tests/fixture/*.c         libfixture.so, the library that the others call
#   tests/js/NAME.test.mjs    run by tests/run-js.sh BUILD FILE
#   tests/ANY/run.sh          run with BUILD
#   tests/go                  also run with the race detector, and against an installed prefix (go/…)
#   tests/gengo               packages in Go that gen writes, compiled and used (go/libraries)
#   tests/python              also run on each other Python at hand, and once installed as a newcomer would (python/…)
#   tests/fuzz/NAME.c         a libFuzzer program, run for ISTHMUS_FUZZ_SECONDS (60); needs clang
set(tests "${CMAKE_SOURCE_DIR}/tests")
set(tests_bin "${CMAKE_BINARY_DIR}/tests")

set(slower 1)
set(test_environment "")
if(ISTHMUS_SANITIZE)
  set(slower 3)
  set(supp "${CMAKE_SOURCE_DIR}/cmake")
  list(APPEND test_environment
    "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0:allocator_may_return_null=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "LSAN_OPTIONS=suppressions=${supp}/lsan.supp:print_suppressions=0"
    "TSAN_OPTIONS=suppressions=${supp}/tsan.supp:halt_on_error=1:second_deadlock_stack=1:allocator_may_return_null=1"
    "ISTHMUS_SANITIZE=${ISTHMUS_SANITIZE}")
endif()

function(isthmus_test name seconds)
  math(EXPR limit "${seconds} * ${slower}")
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${limit} ENVIRONMENT "${test_environment}"
    SKIP_RETURN_CODE 77)
endfunction()

file(GLOB fixture_sources CONFIGURE_DEPENDS "${tests}/fixture/*.c")
if(fixture_sources)
  add_library(fixture SHARED ${fixture_sources})
  set_target_properties(fixture PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${tests_bin}" C_VISIBILITY_PRESET default)
  target_include_directories(fixture PUBLIC "${tests}/fixture")
  target_link_libraries(fixture PRIVATE Threads::Threads m)
  # Tests pass every number that an int holds; what the fixture adds up may wrap.
  target_compile_options(fixture PRIVATE -fwrapv)
endif()

pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)
function(isthmus_c_tests room)
  file(GLOB sources CONFIGURE_DEPENDS "${tests}/${room}/*.c")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    set(target test-${room}-${name})
    add_executable(${target} "${source}")
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${tests_bin}"
      INSTALL_RPATH "$ORIGIN/..;${CMAKE_INSTALL_RPATH}")
    target_link_libraries(${target} PRIVATE ${ARGN} PkgConfig::CMOCKA)
    target_compile_definitions(${target} PRIVATE IST_TEST_DIR="${tests}" IST_TEST_IDL_DIR="${CMAKE_SOURCE_DIR}/idl"
      IST_TEST_FIXTURE="${tests_bin}/libfixture.so")
    if(TARGET fixture)
      target_include_directories(${target} PRIVATE "${tests}/fixture")
      add_dependencies(${target} fixture)
    endif()
    isthmus_test(${room}/${name} 400 ${target})
  endforeach()
endfunction()
if(CMOCKA_FOUND)
  isthmus_c_tests(gen gen)
  isthmus_c_tests(genlib libisthmus-gen)
  isthmus_c_tests(ffi ffi_core gen)
  isthmus_c_tests(api libisthmus)
else()
  message(STATUS "cmocka is not there: the tests in C are left out")
endif()

file(GLOB js_tests CONFIGURE_DEPENDS "${tests}/js/*.test.mjs")
foreach(file IN LISTS js_tests)
  get_filename_component(name "${file}" NAME)
  string(REGEX REPLACE "\\.test\\.mjs$" "" name "${name}")
  isthmus_test(js/${name} 600 bash "${tests}/run-js.sh" "${CMAKE_BINARY_DIR}" "${file}")
endforeach()

file(GLOB scripts CONFIGURE_DEPENDS "${tests}/*/run.sh")
foreach(file IN LISTS scripts)
  get_filename_component(name "${file}" DIRECTORY)
  get_filename_component(name "${name}" NAME)
  isthmus_test(${name} 600 bash "${file}" "${CMAKE_BINARY_DIR}")
endforeach()

# The Python package on the Pythons that are not python3; newly installed by pip from the checkout; and with all that it
# needs in the wheel, on a machine without it. A sanitizer sees nothing new there.
if(NOT ISTHMUS_SANITIZE)
  execute_process(COMMAND bash "${tests}/python/pythons.sh" --others OUTPUT_VARIABLE pythons)
  string(REGEX MATCHALL "[0-9.]+ [^\n]+" pythons "${pythons}")
  foreach(python IN LISTS pythons)
    string(REGEX REPLACE " .*" "" version "${python}")
    isthmus_test(python/${version} 600 bash "${tests}/python/run.sh" "${CMAKE_BINARY_DIR}" --python ${version})
  endforeach()
  isthmus_test(python/pip 600 bash "${tests}/python/pip.sh" "${CMAKE_BINARY_DIR}")
  isthmus_test(python/bundle 600 bash "${tests}/python/bundle.sh" "${CMAKE_BINARY_DIR}")
endif()

# The Go package under Go's own race detector, against an installed prefix, and every row of its benchmark.
if(NOT ISTHMUS_SANITIZE)
  isthmus_test(go/race 600 bash "${tests}/go/run.sh" "${CMAKE_BINARY_DIR}" -race)
  isthmus_test(go/prefix 600 bash "${tests}/go/prefix.sh" "${CMAKE_BINARY_DIR}")
  isthmus_test(go/libraries 600 bash "${tests}/gengo/libraries.sh" "${CMAKE_BINARY_DIR}")
  isthmus_test(go/libraries-race 900 bash "${tests}/gengo/libraries.sh" "${CMAKE_BINARY_DIR}" -race)
  set_tests_properties(go/libraries go/libraries-race PROPERTIES RESOURCE_LOCK gengo)
  isthmus_test(go/bench 600 bash "${tests}/go/bench.sh" "${CMAKE_BINARY_DIR}")
endif()

# The fuzz targets are another compiler's work: a build tree of their own, inside this one. Sanitizer builds leave them
# out, since they are sanitized already.
file(GLOB fuzz_sources CONFIGURE_DEPENDS "${tests}/fuzz/*.c")
find_program(CLANG clang)
if(fuzz_sources AND CLANG AND NOT ISTHMUS_SANITIZE)
  set(fuzz_build "${CMAKE_BINARY_DIR}/fuzz")
  add_custom_target(fuzz ALL
    COMMAND "${CMAKE_COMMAND}" -S "${CMAKE_SOURCE_DIR}" -B "${fuzz_build}" -G Ninja -DCMAKE_C_COMPILER=${CLANG}
      -DCMAKE_BUILD_TYPE=Sanitize -DISTHMUS_FUZZ_ONLY=ON --log-level=WARNING
    COMMAND "${CMAKE_COMMAND}" --build "${fuzz_build}"
    USES_TERMINAL COMMENT "Building the fuzz targets" VERBATIM)
  foreach(source IN LISTS fuzz_sources)
    get_filename_component(name "${source}" NAME_WE)
    isthmus_test(fuzz/${name} 3600 bash "${CMAKE_SOURCE_DIR}/cmake/fuzz.sh" "${fuzz_build}" ${name})
  endforeach()
elseif(fuzz_sources AND NOT ISTHMUS_SANITIZE)
  message(STATUS "clang is not there: the fuzz tests are left out")
endif()
