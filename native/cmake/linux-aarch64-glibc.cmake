# Toolchain: Linux on AArch64, on any host, with Debian's gcc-aarch64-linux-gnu and
# libc6-dev-arm64-cross. Programs run under qemu-aarch64 (Debian's qemu-user), where it is there and
# the host is of another architecture; QEMU_CPU in the environment chooses the core.

if(CMAKE_HOST_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL "aarch64")
  return() # natively, with whatever compiler there is
endif()
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
find_program(CX_QEMU_AARCH64 qemu-aarch64)
if(CX_QEMU_AARCH64)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${CX_QEMU_AARCH64} -L /usr/aarch64-linux-gnu)
endif()
