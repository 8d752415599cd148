/*
 * main.c - a program of somebody else's: exits with 0 if the library that it was built with works.
 */
#include <contexture.h>

int main(void) {
  cx_runtime *runtime;
  cx_var var;
  cx_thread thread;
  cx_ec ec;
  cx_frame frame;
  uint64_t value = 0;
  int failed = cx_abi_version() != CX_ABI_VERSION || cx_runtime_new(&runtime) != CX_OK ||
               cx_var_new(runtime, &var) != CX_OK || cx_thread_new(runtime, &thread) != CX_OK ||
               cx_var_set(thread, &var, 28) != CX_OK || cx_ec_get(thread, &ec) != CX_OK ||
               cx_var_set(thread, &var, 6) != CX_OK || cx_ec_set(thread, ec, &frame) != CX_OK ||
               cx_var_lookup(thread, &var, 0, &value) != CX_OK || value != 28 ||
               cx_ec_restore(thread, frame) != CX_OK ||
               cx_var_lookup(thread, &var, 0, &value) != CX_OK || value != 6 ||
               cx_runtime_free(runtime) != CX_OK;
  return failed;
}
