# Compares the symbols LIBRARY exports with the functions HEADER declares.

file(READ ${HEADER} text)
string(REGEX REPLACE "/\\*[^*]*\\*+([^/*][^*]*\\*+)*/" "" text "${text}")
string(REGEX MATCHALL "\nCX_API [^(;]*\\(" declarations "${text}")
set(declared "")
foreach(declaration IN LISTS declarations)
  string(REGEX REPLACE ".*[ *](cx_[a-z0-9_]+)\\($" "\\1" name "${declaration}")
  list(APPEND declared ${name})
endforeach()

execute_process(
  COMMAND ${NM} -D --defined-only ${LIBRARY}
  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" lines "${symbols}")
set(exported "")
foreach(line IN LISTS lines)
  string(REGEX REPLACE "^.* " "" name "${line}")
  list(APPEND exported ${name})
endforeach()

list(SORT declared)
list(SORT exported)
list(LENGTH declared count)
if(count EQUAL 0 OR NOT "${declared}" STREQUAL "${exported}")
  message(FATAL_ERROR "declared: ${declared}\nexported: ${exported}")
endif()
message(STATUS "${count} functions")
