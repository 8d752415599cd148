# Toolchain: Linux with musl, on a host that is Linux on the same architecture, with Debian's
# musl-tools. What it builds runs on the host: the package brings musl's dynamic linker.

set(CMAKE_C_COMPILER musl-gcc)
