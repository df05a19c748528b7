# Turns JavaScript sources into one C file of byte arrays: cmake -DOUT=FILE.c -DFILES=a.js;b.js -P embed.cmake
#
# The output depends on the sources' names and contents alone. Each array carries a NUL that its size leaves out, and the
# table ends with an entry whose name is NULL.

set(arrays "")
set(table "")
set(count 0)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" hex HEX)
  file(SIZE "${file}" size)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "\nstatic const unsigned char source_${count}[] = {\n${bytes}0x00};\n")
  string(APPEND table "    {\"${name}\", source_${count}, ${size}},\n")
  math(EXPR count "${count} + 1")
endforeach()

set(text "#include \"ist_js.h\"\n${arrays}
const struct ist__js_source ist__js_sources[] = {\n${table}    {NULL, NULL, 0},\n};\n")
file(WRITE "${OUT}" "${text}")
