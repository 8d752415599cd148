# Installs BUILD into a directory, moves that, and builds and runs CONSUMER with what is there: by
# CMake's package with the shared and the static library, and by pkg-config.

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE log ERROR_VARIABLE log)
  if(failed)
    message(FATAL_ERROR "${ARGN}\n${log}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first)
file(RENAME ${WORK}/first ${WORK}/moved)

run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/build -G ${GENERATOR} -DCMAKE_C_COMPILER=${COMPILER}
    -DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN} -DCMAKE_PREFIX_PATH=${WORK}/moved -DWANTED=${VERSION})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${RUN} ${WORK}/build/with_contexture)
run(${RUN} ${WORK}/build/with_contexture_static)

# A version that isn't compatible is refused.
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/refused -G ${GENERATOR}
          -DCMAKE_C_COMPILER=${COMPILER} -DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN}
          -DCMAKE_PREFIX_PATH=${WORK}/moved -DWANTED=99.0
  RESULT_VARIABLE failed OUTPUT_VARIABLE log ERROR_VARIABLE log)
if(NOT failed OR NOT log MATCHES "compatible with requested version")
  message(FATAL_ERROR "version 99.0 should have been refused:\n${log}")
endif()

if(PKG_CONFIG)
  file(GLOB_RECURSE pc ${WORK}/moved/*/contexture.pc)
  get_filename_component(directory ${pc} DIRECTORY)
  set(ENV{PKG_CONFIG_PATH} ${directory})
  execute_process(
    COMMAND ${PKG_CONFIG} --cflags --libs contexture
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  run(${PKG_CONFIG} --exact-version=${VERSION} contexture)
  run(${COMPILER} -std=c11 ${CONSUMER}/main.c ${flags} -o ${WORK}/by_pkg_config)
  get_filename_component(libraries ${directory} DIRECTORY)
  run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${libraries} DYLD_LIBRARY_PATH=${libraries}
      ${RUN} ${WORK}/by_pkg_config)
endif()

# Where the manual could be made, it has a page for every function of the header.
file(GLOB pages ${WORK}/moved/share/man/man3/*.3)
list(LENGTH pages count)
message(STATUS "${count} pages of the manual")
file(REMOVE_RECURSE ${WORK})
