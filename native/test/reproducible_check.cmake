# Builds the library of SOURCE twice, from two copies in directories of different names and
# lengths, and compares the bytes.

file(REMOVE_RECURSE ${WORK})
set(digests "")
foreach(place IN ITEMS a another/place)
  set(copy ${WORK}/${place})
  file(COPY ${SOURCE}/CMakeLists.txt ${SOURCE}/native DESTINATION ${copy})
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${copy} -B ${copy}/out -G ${GENERATOR} -DCX_BUILD_TESTS=OFF
            -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=${COMPILER}
            -DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  execute_process(
    COMMAND ${CMAKE_COMMAND} --build ${copy}/out
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(SHA256 ${copy}/out/${LIBRARY} digest)
  list(APPEND digests ${digest})
endforeach()
file(REMOVE_RECURSE ${WORK})
list(REMOVE_DUPLICATES digests)
list(LENGTH digests count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "two builds, two libraries: ${digests}")
endif()
