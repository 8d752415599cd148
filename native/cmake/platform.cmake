# Sets CX_PLATFORM to the name of the platform that the compiler compiles for, e.g.
# linux-x86_64-musl.

function(cx_find_platform)
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
  set(object ${CMAKE_BINARY_DIR}/CMakeFiles/platform.bin)
  try_compile(
    compiled ${CMAKE_BINARY_DIR} SOURCES ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/platform.c
    COPY_FILE ${object} OUTPUT_VARIABLE log)
  if(NOT compiled)
    message(FATAL_ERROR "The C compiler doesn't work:\n${log}")
  endif()
  file(STRINGS ${object} name REGEX "cx_platform\\[[^]]+\\]" LIMIT_COUNT 1)
  string(REGEX REPLACE ".*cx_platform\\[([^]]+)\\].*" "\\1" name "${name}")
  set(CX_PLATFORM ${name} PARENT_SCOPE)
endfunction()
cx_find_platform()
