# Toolchain: Linux on x86-64 with musl, on a host that is Linux on x86-64, with Debian's musl-tools.
# What it builds runs on the host: the package brings musl's dynamic linker.

set(CMAKE_C_COMPILER musl-gcc)
