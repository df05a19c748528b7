# Finds V8 and defines the target V8::V8.
#
# The order is V8_ROOT (variable or environment), pkg-config's `v8`, libnode unpacked in .deps/, libnode of the system.
# A V8_ROOT is a prefix: headers in include/, include/node/ or include/nodejs/deps/v8/include/, and a library named
# node, v8 or v8_monolith in lib/ or beside it. V8_DEFINITIONS names the macros that such a V8 was built with and
# that change its interface (V8_COMPRESS_POINTERS, for one).

if(NOT V8_ROOT AND DEFINED ENV{V8_ROOT})
  set(V8_ROOT "$ENV{V8_ROOT}")
endif()
set(V8_ROOT_USED "${V8_ROOT}" CACHE INTERNAL "The V8_ROOT that this tree was configured with")
set(V8_DEFINITIONS "" CACHE STRING "Macros that V8 was built with")

set(V8_LINK "")
if(NOT V8_ROOT)
  pkg_check_modules(V8_PC QUIET v8)
endif()

if(V8_ROOT)
  set(v8_prefixes "${V8_ROOT}")
  set(v8_default NO_DEFAULT_PATH)
elseif(NOT V8_PC_FOUND)
  set(v8_prefixes "${ISTHMUS_DEPS_PREFIX}" /usr)
  set(v8_default NO_DEFAULT_PATH)
endif()

if(V8_PC_FOUND)
  find_path(V8_INCLUDE_DIR v8.h HINTS ${V8_PC_INCLUDE_DIRS})
  set(V8_LIBRARY "${V8_PC_LINK_LIBRARIES}" CACHE STRING "V8's libraries")
else()
  find_path(V8_INCLUDE_DIR v8.h PATHS ${v8_prefixes} ${v8_default}
    PATH_SUFFIXES include/nodejs/deps/v8/include include/node include)
  find_library(V8_LIBRARY NAMES node v8 v8_monolith PATHS ${v8_prefixes} ${v8_default}
    PATH_SUFFIXES lib "lib/${CMAKE_LIBRARY_ARCHITECTURE}" obj)
endif()

if(V8_INCLUDE_DIR)
  file(STRINGS "${V8_INCLUDE_DIR}/v8-version.h" v8_lines REGEX "define V8_(MAJOR|MINOR|BUILD)_")
  string(REGEX REPLACE "[^0-9;]*V8[^ ]* ([0-9]+)" "\\1" v8_numbers "${v8_lines}")
  string(REPLACE ";" "." V8_VERSION "${v8_numbers}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(V8 REQUIRED_VARS V8_LIBRARY V8_INCLUDE_DIR VERSION_VAR V8_VERSION)

if(V8_FOUND AND NOT TARGET V8::V8)
  add_library(V8::V8 INTERFACE IMPORTED)
  set_target_properties(V8::V8 PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${V8_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${V8_LIBRARY}"
    INTERFACE_COMPILE_DEFINITIONS "${V8_DEFINITIONS}")
endif()
