# Builds libcontexture for the jar, for every platform that there is a compiler for; run by the Maven
# build.
#
#   cmake -DSOURCE=<repository> -DBUILD=<directory> -DOUTPUT=<directory> -DOUTCOME=<file>
#         -DWANTED=<auto|required|all> -P native.cmake
#
# Afterwards OUTPUT holds <os>-<arch>[-<libc>]/ with the library and a .properties file that
# describes it, for the host and for each of the platforms below whose compiler is installed; and
# libraries.txt, which lists them. OUTCOME is a Java properties file. cx.problem, if it is there,
# says in one clause why there is no library for the host, or, where WANTED is "all", for one of the
# others; then OUTPUT is gone. Otherwise cx.left.out, if it is there, says which of the others are
# missing, and why. Never fails itself: the jar runs without libraries.

cmake_minimum_required(VERSION 3.20)

# What "all" means; every one of them but the host's own takes a cross compiler.
set(ALL linux-aarch64-glibc linux-x86_64-glibc linux-x86_64-musl)
# Toolchain file, in native/cmake; the program it needs; the Debian packages that have it.
set(TOOLCHAINS
    "linux-musl|musl-gcc|musl-tools"
    "linux-aarch64-glibc|aarch64-linux-gnu-gcc|gcc-aarch64-linux-gnu and libc6-dev-arm64-cross")

# Configures and builds in BUILD/<name>. Sets platform, or problem to a clause that says what is wrong.
function(build name)
  set(directory ${BUILD}/${name})
  set(log ${directory}/build.log)
  file(MAKE_DIRECTORY ${directory})
  unset(platform PARENT_SCOPE)
  unset(problem PARENT_SCOPE)

  # A build directory keeps the generator it was made with.
  set(generator)
  find_program(NINJA ninja)
  if(NINJA AND NOT EXISTS ${directory}/CMakeCache.txt)
    set(generator -G Ninja)
  endif()
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${directory} ${generator} -DCX_BUILD_TESTS=OFF
            -DCX_WERROR=OFF -DCX_SONAME=OFF -DCMAKE_BUILD_TYPE=Release ${ARGN}
    RESULT_VARIABLE failed
    OUTPUT_FILE ${log}
    ERROR_FILE ${log})
  if(failed)
    file(READ ${log} text)
    # What was found half must not be remembered.
    file(REMOVE ${directory}/CMakeCache.txt)
    if(text MATCHES "No CMAKE_C_COMPILER could be found|unable to find a build program")
      set(problem "no C compiler/CMake found" PARENT_SCOPE)
    else()
      set(problem "CMake could not configure libcontexture (see ${log})" PARENT_SCOPE)
    endif()
    return()
  endif()
  execute_process(
    COMMAND ${CMAKE_COMMAND} --build ${directory} --target contexture --parallel 2
    RESULT_VARIABLE failed
    OUTPUT_FILE ${log}
    ERROR_FILE ${log})
  if(failed)
    set(problem "libcontexture does not compile (see ${log})" PARENT_SCOPE)
    return()
  endif()
  file(STRINGS ${directory}/platform.txt name LIMIT_COUNT 1)
  if(name MATCHES "unknown")
    set(problem "the compiler's target, ${name}, is not known" PARENT_SCOPE)
    return()
  endif()
  set(platform ${name} PARENT_SCOPE)
endfunction()

# Puts what BUILD/<name> has into OUTPUT/<platform>, and its line into the list.
function(bundle name platform)
  set(directory ${BUILD}/${name})
  file(GLOB library ${directory}/libcontexture.so ${directory}/libcontexture.dylib
       ${directory}/contexture.dll)
  get_filename_component(file ${library} NAME)
  get_filename_component(stem ${library} NAME_WE)
  file(SIZE ${library} length)
  file(SHA256 ${library} digest)
  file(STRINGS ${directory}/build-id.txt id LIMIT_COUNT 1)
  file(COPY ${library} DESTINATION ${OUTPUT}/${platform})
  file(WRITE ${OUTPUT}/${platform}/${stem}.properties
       "file=${file}\nlength=${length}\nsha256=${digest}\nbuild.id=${id}\n")
  set(lines ${lines} "${platform}/${file} ${length} ${digest} ${id}\n" PARENT_SCOPE)
  set(bundled ${bundled} ${platform} PARENT_SCOPE)
endfunction()

function(give_up problem)
  file(REMOVE_RECURSE ${OUTPUT})
  file(WRITE ${OUTCOME} "cx.problem=${problem}\n")
endfunction()

function(main)
  set(bundled "")
  set(lines "")
  set(left_out "")
  build(host)
  if(problem)
    give_up("${problem}")
    return()
  endif()
  set(host ${platform})
  bundle(host ${host})
  if(host MATCHES "^linux-")
    foreach(line IN LISTS TOOLCHAINS)
      string(REGEX MATCH "^(.*)\\|(.*)\\|(.*)$" matched "${line}")
      set(name ${CMAKE_MATCH_1})
      set(program ${CMAKE_MATCH_2})
      set(packages ${CMAKE_MATCH_3})
      if(host MATCHES "^${name}$|-musl$")
        continue() # the host's own; and musl's compilers don't compile for another library
      endif()
      find_program(FOUND_${program} ${program})
      if(NOT FOUND_${program})
        list(APPEND left_out "${name} (no ${program}: Debian has it in ${packages})")
        continue()
      endif()
      build(${name} -DCMAKE_TOOLCHAIN_FILE=${SOURCE}/native/cmake/${name}.cmake)
      if(problem)
        list(APPEND left_out "${name} (${problem})")
      elseif(NOT platform IN_LIST bundled)
        bundle(${name} ${platform})
      endif()
    endforeach()
  endif()

  list(JOIN left_out ", " reasons)
  set(missing ${ALL})
  list(REMOVE_ITEM missing ${bundled})
  if(missing AND WANTED STREQUAL "all")
    list(JOIN missing ", " missing)
    if(NOT reasons)
      set(reasons "nothing else, so build on Linux on x86-64")
    endif()
    give_up("there is no library for ${missing}; left out on this host: ${reasons}")
    return()
  endif()

  # What an earlier build has left.
  file(GLOB directories RELATIVE ${OUTPUT} ${OUTPUT}/*)
  foreach(directory IN LISTS directories)
    if(NOT directory IN_LIST bundled AND NOT directory STREQUAL "libraries.txt")
      file(REMOVE_RECURSE ${OUTPUT}/${directory})
    endif()
  endforeach()
  list(SORT lines)
  string(REPLACE ";" "" lines "${lines}")
  file(WRITE ${OUTPUT}/libraries.txt "# file, length in bytes, SHA-256, build id\n${lines}")
  set(outcome "")
  if(left_out)
    list(SORT bundled)
    list(JOIN bundled ", " bundled)
    set(outcome "cx.left.out=the jar has libcontexture for ${bundled} only; left out: ${reasons}\n")
  endif()
  file(WRITE ${OUTCOME} "${outcome}")
endfunction()

main()
