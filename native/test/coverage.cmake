# Runs the tests of BUILD, which was configured with CX_COVERAGE, and reports how much of the
# library's sources they reach. Fails where that is less than LEAST percent of the branches.
#
#   cmake -DBUILD=... -DSOURCE=... -DPROGRAMS=... -DPROFDATA=... -DCOV=... -DLEAST=... -P coverage.cmake

set(profiles ${BUILD}/profiles)
file(REMOVE_RECURSE ${profiles})
set(ENV{LLVM_PROFILE_FILE} ${profiles}/%p-%m.profraw)
# The manual's pages and the example aren't built for this.
execute_process(
  COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${BUILD} --output-on-failure --no-tests=error -j 2
          --exclude-regex "^(manual|decimal_example)$" COMMAND_ERROR_IS_FATAL ANY)

file(GLOB raw ${profiles}/*.profraw)
execute_process(
  COMMAND ${PROFDATA} merge -o ${BUILD}/tests.profdata ${raw} COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE ${profiles})

string(REPLACE "," ";" PROGRAMS "${PROGRAMS}")
list(POP_FRONT PROGRAMS first)
list(TRANSFORM PROGRAMS PREPEND -object=)
set(what ${first} ${PROGRAMS} -instr-profile=${BUILD}/tests.profdata
    -ignore-filename-regex=/native/test/ ${SOURCE}/native/src)
execute_process(
  COMMAND ${COV} show -show-branches=count ${what}
  OUTPUT_FILE ${BUILD}/coverage.txt COMMAND_ERROR_IS_FATAL ANY)
execute_process(
  COMMAND ${COV} report -show-branch-summary -show-region-summary=false ${what}
  OUTPUT_VARIABLE report COMMAND_ERROR_IS_FATAL ANY)
message("${report}")

# The last column of the last line.
if(NOT report MATCHES "\nTOTAL [^\n]* ([0-9]+)\\.[0-9]+%\n")
  message(FATAL_ERROR "no total in the report")
endif()
if(CMAKE_MATCH_1 LESS LEAST)
  message(FATAL_ERROR "fewer than ${LEAST} % of the branches of native/src are taken: "
                      "${BUILD}/coverage.txt shows which aren't")
endif()
message("At least ${LEAST} % of the branches of native/src are taken; line by line: ${BUILD}/coverage.txt")
