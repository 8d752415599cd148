/*
 * platform.c - names the platform that it is compiled for, as Platform.java does. platform.cmake
 * reads the name from the object file, so that it can be asked of any compiler.
 */
#if defined(__linux__)
#include <features.h>
#if defined(__ANDROID__)
#define LIBC "-bionic"
#elif defined(__UCLIBC__)
#define LIBC "-uclibc"
#elif defined(__GLIBC__)
#define LIBC "-glibc"
#else
#define LIBC "-musl" /* which has no macro of its own, on purpose */
#endif
#define OS "linux"
#elif defined(__APPLE__)
#define OS "macos"
#define LIBC ""
#elif defined(_WIN32)
#define OS "windows"
#define LIBC ""
#else
#define OS "unknown"
#define LIBC ""
#endif

#if defined(__x86_64__)
#define ARCH "x86_64"
#elif defined(__aarch64__)
#define ARCH "aarch64"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCH "ppc64le"
#elif defined(__s390x__)
#define ARCH "s390x"
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH "riscv64"
#elif defined(__loongarch64)
#define ARCH "loongarch64"
#else
#define ARCH "unknown"
#endif

extern const char cx_platform[];
const char cx_platform[] = "cx_platform[" OS "-" ARCH LIBC "]";
