/*
 * faults.h - makes allocations inside the library's calls fail, one after the other, in any test.
 *
 * A test is built twice. As NAME it runs once, on the library's objects. As NAME_faults it runs on
 * the same sources compiled with faulty.h, in rounds: in round n the n-th allocation of every call
 * under ATTEMPT is refused, be it of the C library's memory or of a test's cx_space, and n grows
 * until a round had nothing left to refuse. A call that was refused something must either do
 * without it, or
 *
 *   - return CX_NO_MEMORY (for memory) or CX_NEED_SPACE (for space),
 *   - leave every space that the test owns where it was, and
 *   - have changed nothing else: it is made again at once, with nothing refused, and the rest of
 *     the test must not be able to tell.
 *
 * So a case needs no code of its own for this. At the end of every round, all that the library
 * allocated since the round began must have been freed.
 */
#ifndef CX_FAULTS_H
#define CX_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef CX_FAULTS

/* The status of a call that may allocate. The call is written out twice, and made twice if it was
 * refused something. CHECK_STATUS has it built in. */
#define ATTEMPT(call)                                                                              \
  ((faults_arm(), faults_survived((call), #call, __FILE__, __LINE__)) ? faults_status()            \
                                                                      : faults_again(call))

/* The same for a call that returns a pointer, NULL when it was refused memory. */
#define ATTEMPT_POINTER(call)                                                                      \
  ((faults_arm(), faults_survived_pointer(call)) ? faults_pointer() : faults_again_pointer(call))

/* From here on counts this thread's allocations, and refuses the one that is due. The arguments of
 * a call may be calls under ATTEMPT themselves: the counting begins anew after each. */
void faults_arm(void);

/* Refuses nothing any more. Whether the call is done: it was refused nothing, or did without it. If
 * it says that it failed, checks that it said so rightly and left the spaces alone. */
bool faults_survived(int32_t status, const char *call, const char *file, int line);
bool faults_survived_pointer(void *pointer);

/* What the call returned that survived; and what it returned when made again. */
int32_t faults_status(void);
void *faults_pointer(void);
int32_t faults_again(int32_t status);
void *faults_again_pointer(void *pointer);

/* Runs the case once with nothing refused and then in rounds; ends the process if it leaks. */
void faults_run_case(void (*run)(void));

/* Tells which allocation is being refused, if any; for the message of a check that fails. */
void faults_tell(void);

/* That the test owns this memory, so that a cx_space which lies in it can be looked at after a
 * call; and that it doesn't any more. Any thread. */
void faults_own(const uint8_t *start, uint64_t bytes);
void faults_disown(const uint8_t *start);

#else

#define ATTEMPT(call) (call)
#define ATTEMPT_POINTER(call) (call)

static inline void faults_run_case(void (*run)(void)) {
  run();
}

static inline void faults_tell(void) {
}

static inline void faults_own(const uint8_t *start, uint64_t bytes) {
  (void)start;
  (void)bytes;
}

static inline void faults_disown(const uint8_t *start) {
  (void)start;
}

#endif

#endif
