package io.contexture;

import io.contexture.internal.Lc;
import io.contexture.internal.Mark;
import io.contexture.internal.ThreadState;
import io.contexture.internal.ThreadStates;
import io.contexture.internal.VarRef;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A mapping of variables to values that code can be run in: what the code sets goes here and is
 * here again the next time.
 *
 * <p>A logical context can be on at most one thread's stack, once, at a time. It may be entered by
 * different threads one after the other. The look-ups of this class may be called by any thread at
 * any time; racing with the thread that has it entered, they give a value that was there at some
 * moment.
 */
public final class LogicalContext {
  private final Lc lc = new Lc();

  /** An empty logical context. */
  public LogicalContext() {}

  /**
   * Pushes this logical context on the thread's stack, runs {@code body} and pops it, also when the
   * body throws. What the body changes stays here. O(1).
   *
   * @param body what to run
   * @throws IllegalStateException if this logical context is entered already, by this thread or by
   *     another, which the message names; nothing has changed and the holder is undisturbed
   */
  public void run(Runnable body) {
    Objects.requireNonNull(body, "body");
    ThreadStates.current().runInLc(lc, body, null);
  }

  /**
   * As {@link #run}, for something that returns a value or throws.
   *
   * @param body what to call
   * @param <R> the type of the result
   * @param <X> what the body may throw
   * @return what the body returns
   * @throws X what the body throws
   * @throws IllegalStateException as {@link #run}
   */
  public <R extends @Nullable Object, X extends Throwable> R call(
      ScopedValue.CallableOp<? extends R, X> body) throws X {
    Objects.requireNonNull(body, "body");
    ThreadState state = ThreadStates.current();
    return state.<R, X>runInLc(lc, null, body);
  }

  /**
   * The value that {@code variable} has in this logical context, or {@code null} if none. O(log n).
   *
   * @param variable the variable
   * @param <T> the type of its values
   * @return the value, or {@code null}
   */
  public <T extends @Nullable Object> @Nullable T lookup(ContextVar<T> variable) {
    Objects.requireNonNull(variable, "variable");
    return value(lc.lookup(variable.ref()));
  }

  /**
   * Whether {@code variable} has a value, {@code null} included, in this logical context. O(log n).
   *
   * @param variable the variable
   * @return whether it has a value
   */
  public boolean contains(ContextVar<?> variable) {
    Objects.requireNonNull(variable, "variable");
    return lc.contains(variable.ref());
  }

  /**
   * Number of variables of either kind that have a value here, so it may be more than {@link #vars}
   * lists. O(n).
   *
   * @return the number of variables
   */
  public int size() {
    Set<VarRef> refs = new LinkedHashSet<>(); // a variable may have had several slots
    lc.forEachLive(refs::add);
    return refs.size();
  }

  /**
   * The variables that have a value here, without those of type {@link LongContextVar}; an
   * unmodifiable copy. O(n).
   *
   * @return the variables, in no particular order
   */
  public Set<ContextVar<?>> vars() {
    return collect(lc::forEachLive);
  }

  /**
   * Whether a living thread has this logical context on its stack. O(1).
   *
   * @return whether it is entered
   */
  public boolean isEntered() {
    return lc.isEntered();
  }

  /** The names of the variables that have a value here, never the values. */
  @Override
  public String toString() {
    return "LogicalContext" + names(lc::forEachLive);
  }

  /** Undoes the marks of an internal look-up. */
  @SuppressWarnings("unchecked")
  static <T extends @Nullable Object> @Nullable T value(@Nullable Object found) {
    return found instanceof Mark ? null : (T) found;
  }

  /** The object variables among those that {@code source} gives, each once. */
  static Set<ContextVar<?>> collect(Consumer<Consumer<VarRef>> source) {
    Set<ContextVar<?>> vars = new LinkedHashSet<>();
    source.accept(
        ref -> {
          if (ref.get() instanceof ContextVar<?> variable) {
            vars.add(variable);
          }
        });
    return java.util.Collections.unmodifiableSet(vars);
  }

  /** The names of the variables that {@code source} gives, sorted, in brackets. */
  static String names(Consumer<Consumer<VarRef>> source) {
    Set<VarRef> refs = new LinkedHashSet<>();
    source.accept(refs::add);
    return refs.stream().map(ref -> ref.name).sorted().toList().toString();
  }
}
