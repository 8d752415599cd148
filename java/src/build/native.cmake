# Builds libcontexture for the jar; run by the Maven build.
#
#   cmake -DSOURCE=<repository> -DBUILD=<directory> -DOUTPUT=<directory> -DOUTCOME=<file> -P native.cmake
#
# On success OUTPUT holds <os>-<arch>[-<libc>]/ with the library and a .properties file that
# describes it. OUTCOME is a Java properties file: empty on success, else cx.problem says in one
# clause what is wrong. Never fails itself: the jar runs without the library.

cmake_minimum_required(VERSION 3.20)

function(give_up problem)
  file(REMOVE_RECURSE ${OUTPUT})
  file(WRITE ${OUTCOME} "cx.problem=${problem}\n")
endfunction()

function(build)
  file(MAKE_DIRECTORY ${BUILD})
  set(log ${BUILD}/build.log)

  # A build directory keeps the generator it was made with.
  set(generator)
  find_program(NINJA ninja)
  if(NINJA AND NOT EXISTS ${BUILD}/CMakeCache.txt)
    set(generator -G Ninja)
  endif()
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} ${generator} -DCX_BUILD_TESTS=OFF
            -DCX_WERROR=OFF -DCX_SONAME=OFF -DCMAKE_BUILD_TYPE=Release
    RESULT_VARIABLE failed
    OUTPUT_FILE ${log}
    ERROR_FILE ${log})
  if(failed)
    file(READ ${log} text)
    # What was found half must not be remembered.
    file(REMOVE ${BUILD}/CMakeCache.txt)
    if(text MATCHES "No CMAKE_C_COMPILER could be found|unable to find a build program")
      give_up("no C compiler/CMake found")
    else()
      give_up("CMake could not configure libcontexture (see ${log})")
    endif()
    return()
  endif()
  execute_process(
    COMMAND ${CMAKE_COMMAND} --build ${BUILD} --target contexture --parallel 2
    RESULT_VARIABLE failed
    OUTPUT_FILE ${log}
    ERROR_FILE ${log})
  if(failed)
    give_up("libcontexture does not compile (see ${log})")
    return()
  endif()

  # The platform is the compiler's target, e.g. x86_64-linux-gnu, named as Platform.java names it.
  load_cache(${BUILD} READ_WITH_PREFIX cached_ CMAKE_C_COMPILER)
  execute_process(
    COMMAND ${cached_CMAKE_C_COMPILER} -dumpmachine
    OUTPUT_VARIABLE target
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REGEX REPLACE "-.*" "" arch "${target}")
  if(arch STREQUAL "arm64")
    set(arch aarch64)
  endif()
  if(target MATCHES "linux.*musl")
    set(platform linux-${arch}-musl)
  elseif(target MATCHES "linux")
    set(platform linux-${arch}-glibc)
  elseif(target MATCHES "darwin")
    set(platform macos-${arch})
  elseif(target MATCHES "mingw|windows")
    set(platform windows-${arch})
  else()
    give_up("the compiler's target '${target}' is not known")
    return()
  endif()

  file(GLOB library ${BUILD}/libcontexture.so ${BUILD}/libcontexture.dylib
       ${BUILD}/libcontexture.dll)
  get_filename_component(name ${library} NAME)
  get_filename_component(stem ${library} NAME_WE)
  file(SIZE ${library} length)
  file(SHA256 ${library} digest)
  set(description "file=${name}\nlength=${length}\nsha256=${digest}\n")
  if(EXISTS ${BUILD}/build-id.txt)
    file(STRINGS ${BUILD}/build-id.txt id LIMIT_COUNT 1)
    string(APPEND description "build.id=${id}\n")
  endif()
  file(COPY ${library} DESTINATION ${OUTPUT}/${platform})
  file(WRITE ${OUTPUT}/${platform}/${stem}.properties "${description}")
  file(WRITE ${OUTCOME} "")
endfunction()

build()
