/*
 * fence_plugin.c - a QEMU plugin that keeps a store-release of AArch64 before a later load-acquire.
 *
 * The architecture orders STLR before a later LDAR, and sequentially consistent code rests on it.
 * QEMU on a host with store buffers, such as x86-64, doesn't (QEMU issue 4872), so that it lets
 * fail what can't fail on real hardware. Here a full fence of the host stands before every
 * load-acquire, plain or exclusive. Orders that AArch64 doesn't promise, and x86-64 keeps, stay
 * kept.
 *
 *   qemu-aarch64 -plugin libfence_plugin.so PROGRAM
 */
#include <string.h>

#include "plugin_api.h"

CX_PLUGIN;

/* The group of exclusive and ordered loads and stores, with the bits that say "load" and "acquire":
 * LDAR, LDAXR, LDAXP and their narrow kin; CASA and CASPA too, which do no harm. */
#define LOAD_ACQUIRE_MASK 0x3f408000u
#define LOAD_ACQUIRE 0x08408000u

static void fence(unsigned int vcpu, void *data) {
  (void)vcpu;
  (void)data;
  __sync_synchronize();
}

static void translated(CX_PARAMETERS(struct qemu_plugin_tb *tb)) {
  size_t count = qemu_plugin_tb_n_insns(tb);
  for (size_t i = 0; i < count; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    uint8_t code[sizeof(uint32_t)];
    uint32_t word;
    if (cx_insn_data(insn, code, sizeof code) != sizeof word) {
      continue;
    }
    memcpy(&word, code, sizeof word);
    if ((word & LOAD_ACQUIRE_MASK) == LOAD_ACQUIRE) {
      qemu_plugin_register_vcpu_insn_exec_cb(insn, fence, QEMU_PLUGIN_CB_NO_REGS, NULL);
    }
  }
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  (void)argc;
  (void)argv;
  if (strcmp(info->target_name, "aarch64") != 0) {
    return -1;
  }
  cx_on_translation(id, translated);
  return 0;
}
