/*
 * context_fuzz.c - runs the input as a program over variables, logical contexts and snapshots on
 * two threads, one with a small cache and one without, and compares every lookup with a naive
 * model: a stack of arrays, copied whole, with no cache, no sharing and no folding.
 */
#define FIXTURE_BYTES (UINT64_C(1) << 17)

#include "fixture.h"
#include "input.h"

#define VARS FIXTURE_VARS
#define LCS 4
#define SNAPSHOTS 4
#define DEPTH 40
#define THREADS 2

/* What one LC binds. */
struct bindings {
  bool bound[VARS];
  uint64_t values[VARS];
};

/* A stack of LCs, topmost last. */
struct stack {
  int depth;
  struct bindings lcs[DEPTH];
};

struct naive_frame {
  struct stack saved;
  int lc; /* which was entered, or -1 */
};

struct side {
  cx_record *thread;
  cx_saved frames[DEPTH];
  int frame_count;
  struct stack stack;
  struct naive_frame naive_frames[DEPTH];
};

struct machine {
  struct fixture fixture;
  struct side sides[THREADS];
  cx_cell *lcs[LCS];
  struct bindings naive_lcs[LCS];
  bool entered[LCS];
  const cx_link *snapshots[SNAPSHOTS];
  struct stack naive_snapshots[SNAPSHOTS];
};

static struct bindings *topmost(struct stack *stack) {
  return &stack->lcs[stack->depth - 1];
}

static void naive_push(struct stack *stack, const struct bindings *lc) {
  stack->lcs[stack->depth++] = *lc;
}

static void check_lookup(struct machine *machine, struct side *side, int var) {
  uint64_t expected = 12345;
  for (int i = side->stack.depth; i > 0; i--) {
    if (side->stack.lcs[i - 1].bound[var]) {
      expected = side->stack.lcs[i - 1].values[var];
      break;
    }
  }
  CHECK_EQUAL(expected, look(&machine->fixture, var, 12345));
  const struct bindings *top = topmost(&side->stack);
  uint64_t value = 0;
  CHECK_STATUS(
      top->bound[var] ? CX_OK : CX_ABSENT,
      cx_record_lookup_topmost(side->thread, &machine->fixture.vars[var], &value));
  CHECK_EQUAL(top->bound[var] ? top->values[var] : 0, value);
}

static bool has_room(const struct side *side, const struct stack *below) {
  return side->frame_count < DEPTH && below->depth < DEPTH - 1;
}

/* Makes `below` plus the LC current, and saves what was. */
static void naive_enter(
    struct side *side, const struct stack *below, const struct bindings *lc, int which) {
  struct naive_frame *frame = &side->naive_frames[side->frame_count];
  frame->saved = side->stack;
  frame->lc = which;
  if (below != &side->stack) {
    side->stack = *below;
  }
  naive_push(&side->stack, lc);
  side->frame_count++;
}

static void enter_snapshot(struct machine *machine, struct side *side, int which) {
  static const struct bindings empty;
  if (has_room(side, &machine->naive_snapshots[which])) {
    side->frames[side->frame_count] = enter_ec(&machine->fixture, machine->snapshots[which]);
    naive_enter(side, &machine->naive_snapshots[which], &empty, -1);
  }
}

static void enter_context(struct machine *machine, struct side *side, int which) {
  struct fixture *f = &machine->fixture;
  if (!has_room(side, &side->stack)) {
    return;
  }
  cx_saved frame;
  int32_t status = cx_record_push(
      f->runtime, side->thread, capture(f), machine->lcs[which], &frame);
  CHECK_STATUS(machine->entered[which] ? CX_ENTERED : CX_OK, status);
  if (status == CX_OK) {
    side->frames[side->frame_count] = frame;
    naive_enter(side, &side->stack, &machine->naive_lcs[which], which);
    machine->entered[which] = true;
  }
}

static void leave_last(struct machine *machine, struct side *side) {
  if (side->frame_count == 0) {
    return;
  }
  side->frame_count--;
  leave(&machine->fixture, &side->frames[side->frame_count]);
  const struct naive_frame *frame = &side->naive_frames[side->frame_count];
  if (frame->lc >= 0) {
    machine->naive_lcs[frame->lc] = *topmost(&side->stack);
    machine->entered[frame->lc] = false;
  }
  side->stack = frame->saved;
}

static void run_operation(struct machine *machine, struct input *input) {
  struct fixture *f = &machine->fixture;
  uint8_t operation = input_byte(input);
  uint8_t operand = input_byte(input);
  struct side *side = &machine->sides[operation >> 7];
  f->thread = side->thread;
  int var = operand % VARS;
  switch (operation % 8) {
  case 0:
    enter_context(machine, side, operand % LCS);
    break;
  case 1:
    enter_snapshot(machine, side, operand % SNAPSHOTS);
    break;
  case 2:
    leave_last(machine, side);
    break;
  case 3:
    machine->snapshots[operand % SNAPSHOTS] = capture(f);
    machine->naive_snapshots[operand % SNAPSHOTS] = side->stack;
    break;
  case 4:
  case 5:
    set(f, var, operation);
    topmost(&side->stack)->bound[var] = true;
    topmost(&side->stack)->values[var] = operation;
    break;
  case 6: {
    CHECK_STATUS(topmost(&side->stack)->bound[var] ? CX_OK : CX_ABSENT, unset(f, var));
    topmost(&side->stack)->bound[var] = false;
    break;
  }
  default:
    if (operation & 64) {
      CHECK_STATUS(CX_OK, cx_var_touch(f->runtime, &f->vars[var]));
    }
  }
  check_lookup(machine, side, var);
  check_lookup(machine, side, operand / VARS % VARS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct machine machine;
  memset(machine.naive_lcs, 0, sizeof machine.naive_lcs);
  memset(machine.entered, 0, sizeof machine.entered);
  for (int i = 0; i < SNAPSHOTS; i++) {
    machine.snapshots[i] = NULL;
    machine.naive_snapshots[i].depth = 0;
  }
  struct fixture *f = &machine.fixture;
  *f = fixture_new(4);
  cx_record *first = f->thread;
  machine.sides[0].thread = first;
  CHECK_STATUS(CX_OK, cx_record_new(f->runtime, &machine.sides[1].thread));
  for (int i = 0; i < THREADS; i++) {
    machine.sides[i].frame_count = 0;
    machine.sides[i].stack.depth = 1;
    machine.sides[i].stack.lcs[0] = (struct bindings){0};
  }
  for (int i = 0; i < LCS; i++) {
    machine.lcs[i] = new_lc(f);
  }
  struct input input = {data, data + size};
  while (input_more(&input) && f->arena.space.end - f->arena.space.next > 1 << 15) {
    run_operation(&machine, &input);
  }
  for (int i = 0; i < THREADS; i++) {
    f->thread = machine.sides[i].thread;
    while (machine.sides[i].frame_count > 0) {
      leave_last(&machine, &machine.sides[i]);
      for (int var = 0; var < VARS; var++) {
        check_lookup(&machine, &machine.sides[i], var);
      }
    }
  }
  cx_record_free(machine.sides[1].thread);
  f->thread = first;
  fixture_free(f);
  return 0;
}
