/*
 * plugin_api.h - what the plugins here use of QEMU's interface for TCG plugins.
 *
 * Declared here because Debian ships no header of it; see QEMU's documentation, "QEMU TCG Plugins".
 * QEMU itself provides the functions, when it loads a plugin. It refuses plugins of a version of
 * the interface that it doesn't know, by the variable that CX_PLUGIN defines.
 *
 * CX_QEMU_PLUGIN_API is that version: the oldest that has what is used here in the form of the QEMU
 * that is to load the plugin (CMakeLists.txt finds out). Of what is used here,
 *   1  is what QEMU had before 9.0;
 *   2  is the same; QEMU 9.0 and later take nothing older;
 *   3  copies an instruction where 2 pointed to it: QEMU 9.1;
 *   7  gives callbacks data of their own, in place of the plugin's number: QEMU 11.1.
 */
#ifndef CX_QEMU_PLUGIN_API_H
#define CX_QEMU_PLUGIN_API_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if CX_QEMU_PLUGIN_API != 1 && CX_QEMU_PLUGIN_API != 2 && CX_QEMU_PLUGIN_API != 3 &&               \
    CX_QEMU_PLUGIN_API != 7
#error "CX_QEMU_PLUGIN_API is none of 1, 2, 3 and 7"
#endif

#define CX_PLUGIN_EXPORT __attribute__((visibility("default")))

/* Stands once in every plugin. */
#define CX_PLUGIN CX_PLUGIN_EXPORT int qemu_plugin_version = CX_QEMU_PLUGIN_API

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

/* The parameters of a callback that is registered for the whole plugin, and the arguments of its
 * registration, from those that all versions have. */
#define CX_UNUSED __attribute__((unused))
#if CX_QEMU_PLUGIN_API < 7
#define CX_PARAMETERS(...) CX_UNUSED qemu_plugin_id_t cx_id, __VA_ARGS__
#define CX_REGISTRATION(...) __VA_ARGS__
#else
#define CX_PARAMETERS(...) __VA_ARGS__, CX_UNUSED void *cx_data
#define CX_REGISTRATION(...) __VA_ARGS__, NULL
#endif

typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(CX_PARAMETERS(struct qemu_plugin_tb *tb));
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu, void *data);
typedef void (*qemu_plugin_vcpu_syscall_cb_t)(CX_PARAMETERS(
    unsigned int vcpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
    uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8));

#if CX_QEMU_PLUGIN_API < 7
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t cb);
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_syscall_cb_t cb);
#else
void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t cb, void *data);
void qemu_plugin_register_vcpu_syscall_cb(
    qemu_plugin_id_t id, qemu_plugin_vcpu_syscall_cb_t cb, void *data);
#endif

/* Calls back when a block is translated. */
static inline void cx_on_translation(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t cb) {
  qemu_plugin_register_vcpu_tb_trans_cb(CX_REGISTRATION(id, cb));
}

/* Calls back before a system call. */
static inline void cx_on_system_call(qemu_plugin_id_t id, qemu_plugin_vcpu_syscall_cb_t cb) {
  qemu_plugin_register_vcpu_syscall_cb(CX_REGISTRATION(id, cb));
}

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
#if CX_QEMU_PLUGIN_API < 3
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
#else
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *code, size_t length);
#endif

/* Copies at most `length` bytes of an instruction to `code`. Returns how many. */
static inline size_t cx_insn_data(
    const struct qemu_plugin_insn *insn, uint8_t *code, size_t length) {
#if CX_QEMU_PLUGIN_API < 3
  size_t size = qemu_plugin_insn_size(insn);
  size_t copied = size < length ? size : length;
  memcpy(code, qemu_plugin_insn_data(insn), copied);
  return copied;
#else
  return qemu_plugin_insn_data(insn, code, length);
#endif
}

/* Calls back each time before a block, or an instruction, is executed. */
void qemu_plugin_register_vcpu_tb_exec_cb(
    struct qemu_plugin_tb *tb, qemu_plugin_vcpu_udata_cb_t cb, enum qemu_plugin_cb_flags flags,
    void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(
    struct qemu_plugin_insn *insn, qemu_plugin_vcpu_udata_cb_t cb, enum qemu_plugin_cb_flags flags,
    void *data);

/* Every plugin has it: QEMU calls it first. Not 0: the plugin can't be used. */
CX_PLUGIN_EXPORT int qemu_plugin_install(
    qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

#endif
