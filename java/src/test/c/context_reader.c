/*
 * context_reader.c - C code as a Java program might call it: looks a variable up in the context that
 * it is lent. NativeContextNativeSuite compiles it.
 */
#include "contexture.h"

typedef int32_t lookup_function(cx_thread, const cx_var *, uint32_t, uint64_t *);
typedef int32_t set_function(cx_thread, const cx_var *, uint64_t);

/* The value, or `absent`, or the status if that is an error. */
int64_t read_value(
    lookup_function *lookup, cx_thread thread, const cx_var *var, uint32_t flags, int64_t absent) {
  uint64_t value = (uint64_t)absent;
  int32_t status = lookup(thread, var, flags, &value);
  return status < 0 ? status : (int64_t)value;
}

/* What becomes of an attempt to change it. */
int32_t write_value(set_function *set, cx_thread thread, const cx_var *var) {
  return set(thread, var, 1);
}

/* Looks up, calls back, looks up again; the sum of both. */
int64_t read_twice(
    lookup_function *lookup, cx_thread thread, const cx_var *var, void (*between)(void)) {
  int64_t first = read_value(lookup, thread, var, 0, -1);
  between();
  return first + read_value(lookup, thread, var, 0, -1);
}
