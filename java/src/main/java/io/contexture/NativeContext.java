package io.contexture;

import io.contexture.internal.StackProbe;
import io.contexture.internal.ThreadStates;
import io.contexture.internal.ffm.NativeThreadState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * The context of the current thread, lent to C code for the duration of a call.
 *
 * <p>C code that a Java program calls through the Foreign Function and Memory API sees the same
 * values of {@link LongContextVar}s as the Java code around it: in generators, in logical contexts,
 * in captured contexts, on platform and on virtual threads. It gets what every function of {@code
 * contexture.h} that looks at a context takes, a {@code cx_thread} and a {@code const cx_var *}, so
 * it needn't know whether Java or C called it:
 *
 * <pre>{@code
 * // int64_t divide(cx_thread thread, const cx_var *precision, ...)
 * NativeContext.lend(context ->
 *     (long) divide.invokeExact(context.thread(), context.variable(PRECISION), ...));
 * }</pre>
 *
 * <p>C code may look variables up and change nothing: calls that would are answered {@code
 * CX_READ_ONLY}. Once the body has ended, the {@code cx_thread} is stale and calls with it are
 * answered {@code CX_STALE}; the memory of the variables is gone, so C code mustn't keep pointers
 * to them. Changes that Java code makes meanwhile, up-calls included, are seen by the next look-up
 * in C.
 *
 * <p>There may be several copies of {@code libcontexture} in a process, and only the one that runs
 * this backend knows its handles; another answers {@code CX_BAD_HANDLE}. C code that is linked with
 * an installed libcontexture uses the same copy if that file is the one named by {@code
 * contexture.library.path}; otherwise pass it the {@linkplain #function functions} that it needs.
 *
 * <p>Works on {@link Backend#NATIVE} only: the contexts of the Java backend are objects. An
 * instance is for the thread that called {@link #lend}, until that returns. Lending takes some
 * hundred nanoseconds.
 */
public final class NativeContext {
  /** More frames than lending and taking back need. */
  private static final int STACK_NEEDED = 128;

  private final Thread owner = Thread.currentThread();
  private final NativeThreadState state;
  private final Arena arena;
  private final long handle;
  private boolean ended;

  private NativeContext(NativeThreadState state, Arena arena) {
    this.state = state;
    this.arena = arena;
    this.handle = state.lend(owner.isVirtual());
  }

  /**
   * What is done with a lent context.
   *
   * @param <R> the type of the result
   * @param <X> what it may throw
   */
  @FunctionalInterface
  public interface Use<R, X extends Throwable> {
    /**
     * Calls C code.
     *
     * @param context the context, until this returns
     * @return the result
     * @throws X whatever it throws
     */
    R with(NativeContext context) throws X;
  }

  /**
   * Lends the context of the current thread while {@code use} runs.
   *
   * @param use what to do with it
   * @param <R> the type of the result
   * @param <X> what it may throw
   * @return what {@code use} returned
   * @throws X what {@code use} threw
   * @throws IllegalStateException on the Java backend
   * @throws OutOfMemoryError if there is no native memory; {@code use} hasn't been called then
   */
  public static <R, X extends Throwable> R lend(Use<? extends R, X> use) throws X {
    Objects.requireNonNull(use, "use");
    if (!(ThreadStates.current() instanceof NativeThreadState state)) {
      throw new IllegalStateException(
          "the context of this thread can't be lent to C: the Java backend keeps contexts in the"
              + " Java heap; run with -Dcontexture.backend=native, and see Contexture.status() for"
              + " why the native backend isn't used");
    }
    StackProbe.require(STACK_NEEDED); // what is lent is taken back
    try (Arena arena = Arena.ofConfined()) {
      NativeContext context = new NativeContext(state, arena);
      try {
        return use.with(context);
      } finally {
        context.ended = true;
        state.takeBack(context.handle);
      }
    }
  }

  /**
   * The {@code cx_thread} of the current thread. Get it anew for every call into C, rather than
   * keep it: this makes sure that C sees the context as it is now.
   *
   * @return the handle, a {@code uint64_t} in C
   * @throws IllegalStateException after {@link #lend} has returned, or on another thread
   */
  public long thread() {
    check();
    state.show();
    return handle;
  }

  /**
   * A {@code cx_var} that stands for {@code variable}, as C functions take it.
   *
   * @param variable a variable
   * @return its address, valid until {@link #lend} returns
   * @throws IllegalStateException after {@link #lend} has returned, or on another thread
   */
  public MemorySegment variable(LongContextVar variable) {
    Objects.requireNonNull(variable, "variable");
    check();
    return arena.allocateFrom(ValueLayout.JAVA_LONG, variable.id(), variable.id()).asReadOnly();
  }

  /**
   * A function of the {@code libcontexture} that runs this backend.
   *
   * @param name a name from {@code contexture.h}, for example {@code cx_var_lookup}
   * @return its address, to be passed to C code as a pointer to a function
   * @throws IllegalArgumentException if there is no such function
   * @throws IllegalStateException after {@link #lend} has returned, or on another thread
   */
  public MemorySegment function(String name) {
    Objects.requireNonNull(name, "name");
    check();
    return NativeThreadState.function(name);
  }

  private void check() {
    if (Thread.currentThread() != owner) {
      throw new IllegalStateException(
          "this context was lent on "
              + owner
              + " and can't be used on another thread; call NativeContext.lend there");
    }
    if (ended) {
      throw new IllegalStateException(
          "this context was lent until NativeContext.lend returned, which it has; call it again");
    }
  }
}
