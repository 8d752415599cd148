/*
 * count_plugin.c - a QEMU plugin that counts the instructions a thread executes between two marks.
 *
 * A program marks a place by the system call prctl(0x43585f4d, mark, a, b), which fails everywhere,
 * here too, and does nothing else. Mark 1 begins a measurement of the calling thread, mark 2 ends
 * it and writes a line of six numbers to the file that the option out names: a, b, and how many
 * instructions were executed, how many atomic read-modify-writes among them (a pair of exclusive
 * load and store is one), how many barriers, and how many loads and stores with an order of their
 * own (acquire, release). Other threads don't count. An instruction that repeats itself, such as
 * REP MOVS of x86, counts once for each repetition.
 *
 *   qemu-aarch64 -plugin libcount_plugin.so,out=FILE PROGRAM
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin_api.h"

CX_PLUGIN;

#define MARK_OPTION 0x43585f4dU
#define MARK_BEGIN 1U
#define MARK_END 2U
#define PRCTL_AARCH64 167
#define PRCTL_X86_64 157

/* In bytes: x86-64 allows for no more. */
#define LONGEST_INSTRUCTION 15

enum kind { PLAIN, ATOMIC, BARRIER, ORDERED };

static int64_t prctl_number;
static enum kind (*kind_of)(const uint8_t *code, size_t length);
static int out = -1;

/* What this thread has executed: all instructions, and those of each other kind. A guest's thread
 * is a thread of the emulator. */
static _Thread_local uint64_t executed[ORDERED + 1];
static _Thread_local uint64_t begun_at[ORDERED + 1];

static void executes_block(unsigned int vcpu, void *instructions) {
  (void)vcpu;
  executed[PLAIN] += (uintptr_t)instructions;
}

static void executes(unsigned int vcpu, void *kind) {
  (void)vcpu;
  executed[(uintptr_t)kind]++;
}

static enum kind kind_on_aarch64(const uint8_t *code, size_t length) {
  uint32_t word = 0;
  if (length != sizeof word) {
    return PLAIN;
  }
  memcpy(&word, code, sizeof word);
  switch (word & 0xfffff0ff) {
  case 0xd503309f: /* DSB */
  case 0xd50330bf: /* DMB */
  case 0xd50330df: /* ISB */
    return BARRIER;
  default:
    break;
  }
  if ((word & 0x3f000000) == 0x08000000) {
    bool above = (word & 0x00800000) != 0;
    bool pair = (word & 0x00200000) != 0;
    bool load = (word & 0x00400000) != 0;
    if (above) {
      return pair ? ATOMIC /* CAS */ : ORDERED /* LDAR, STLR */;
    }
    if (pair && (word & 0x80000000) == 0) {
      return ATOMIC; /* CASP */
    }
    return load ? ATOMIC /* LDXR, LDXP */ : PLAIN /* the store of the pair */;
  }
  if ((word & 0x3ffffc00) == 0x38bfc000) {
    return ORDERED; /* LDAPR */
  }
  if ((word & 0x3f200c00) == 0x38200000) {
    return ATOMIC; /* LDADD and its kin, SWP */
  }
  return PLAIN;
}

static enum kind kind_on_x86_64(const uint8_t *code, size_t length) {
  size_t i = 0;
  bool lock = false;
  for (; i < length && strchr("\xf0\x66\xf2\xf3\x2e\x36\x3e\x26\x64\x65\x67", code[i]) != NULL &&
         code[i] != 0;
       i++) {
    lock = lock || code[i] == 0xf0;
  }
  i += i < length && (code[i] & 0xf0) == 0x40; /* REX */
  if (lock) {
    return ATOMIC;
  }
  if (i + 1 < length && (code[i] == 0x86 || code[i] == 0x87) && code[i + 1] < 0xc0) {
    return ATOMIC; /* XCHG with memory */
  }
  if (i + 2 < length && code[i] == 0x0f && code[i + 1] == 0xae && code[i + 2] >= 0xe8) {
    return BARRIER; /* LFENCE, MFENCE, SFENCE */
  }
  return PLAIN;
}

static void translated(CX_PARAMETERS(struct qemu_plugin_tb *tb)) {
  size_t count = qemu_plugin_tb_n_insns(tb);
  qemu_plugin_register_vcpu_tb_exec_cb(
      tb, executes_block, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)count);
  for (size_t i = 0; i < count; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    uint8_t code[LONGEST_INSTRUCTION];
    enum kind kind = kind_of(code, cx_insn_data(insn, code, sizeof code));
    if (kind != PLAIN) {
      qemu_plugin_register_vcpu_insn_exec_cb(
          insn, executes, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)kind);
    }
  }
}

static void calls(CX_PARAMETERS(
    unsigned int vcpu, int64_t number, uint64_t option, uint64_t mark, uint64_t a, uint64_t b,
    uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)) {
  (void)vcpu, (void)a5, (void)a6, (void)a7, (void)a8;
  if (number != prctl_number || option != MARK_OPTION) {
    return;
  }
  if (mark == MARK_BEGIN) {
    memcpy(begun_at, executed, sizeof begun_at);
  } else if (mark == MARK_END) {
    char line[160];
    int length = snprintf(line, sizeof line, "%" PRIu64 " %" PRIu64, a, b);
    for (int kind = PLAIN; kind <= ORDERED; kind++) {
      length += snprintf(
          line + length, sizeof line - (size_t)length, " %" PRIu64,
          executed[kind] - begun_at[kind]);
    }
    line[length++] = '\n';
    if (write(out, line, (size_t)length) != length) {
      _exit(125); /* nobody could tell that a line is missing */
    }
  }
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  if (strcmp(info->target_name, "aarch64") == 0) {
    prctl_number = PRCTL_AARCH64;
    kind_of = kind_on_aarch64;
  } else if (strcmp(info->target_name, "x86_64") == 0) {
    prctl_number = PRCTL_X86_64;
    kind_of = kind_on_x86_64;
  } else {
    return -1;
  }
  for (int i = 0; i < argc; i++) {
    if (strncmp(argv[i], "out=", 4) == 0) {
      out = open(argv[i] + 4, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    }
  }
  if (out < 0) {
    return -1;
  }
  cx_on_translation(id, translated);
  cx_on_system_call(id, calls);
  return 0;
}
