/*
 * plugin_api.h - what the plugins here use of QEMU's interface for TCG plugins, version 1.
 *
 * Declared here because Debian ships no header of it; see QEMU's documentation, "QEMU TCG Plugins".
 * QEMU itself provides the functions, when it loads a plugin. It refuses plugins of a version of
 * the interface that it doesn't know, by the variable that CX_PLUGIN defines.
 */
#ifndef CX_QEMU_PLUGIN_API_H
#define CX_QEMU_PLUGIN_API_H

#include <stddef.h>
#include <stdint.h>

#define CX_PLUGIN_EXPORT __attribute__((visibility("default")))

/* Stands once in every plugin. */
#define CX_PLUGIN CX_PLUGIN_EXPORT int qemu_plugin_version = 1

typedef uint64_t qemu_plugin_id_t;

/* The start of it; plugins here need no more. */
typedef struct {
  const char *target_name;
} qemu_info_t;

/* A block of guest instructions that is being translated, and one of its instructions. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;

/* What a callback does with the guest's registers. */
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu, void *data);
typedef void (*qemu_plugin_vcpu_syscall_cb_t)(
    qemu_plugin_id_t id, unsigned int vcpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3,
    uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8);

/* Calls back when a block is translated. */
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t cb);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
/* Calls back each time before a block, or an instruction, is executed. */
void qemu_plugin_register_vcpu_tb_exec_cb(
    struct qemu_plugin_tb *tb, qemu_plugin_vcpu_udata_cb_t cb, enum qemu_plugin_cb_flags flags,
    void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(
    struct qemu_plugin_insn *insn, qemu_plugin_vcpu_udata_cb_t cb, enum qemu_plugin_cb_flags flags,
    void *data);
/* Calls back before a system call. */
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_syscall_cb_t cb);

/* Every plugin has it: QEMU calls it first. Not 0: the plugin can't be used. */
CX_PLUGIN_EXPORT int qemu_plugin_install(
    qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

#endif
