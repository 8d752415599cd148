package io.contexture;

import io.contexture.internal.EcLink;
import io.contexture.internal.EcLinks;
import io.contexture.internal.Mark;
import io.contexture.internal.Root;
import io.contexture.internal.StackProbe;
import io.contexture.internal.ThreadState;
import io.contexture.internal.ThreadStates;
import io.contexture.internal.VarRef;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An immutable snapshot of a thread's whole stack of logical contexts, to run code in later or
 * elsewhere.
 *
 * <pre>{@code
 * ExecutionContext here = ExecutionContext.capture();
 * executor.execute(here.wrap(() -> audit(TENANT.get())));
 * }</pre>
 *
 * <p>Each run starts from the same: code that runs in it gets a fresh logical context on top, so
 * that what it sets is seen by itself and is gone afterwards. A snapshot may be run any number of
 * times, by any number of threads at once. It keeps the values that it has alive, but no variable.
 */
public final class ExecutionContext {
  /** Stack that the end of a visit may take up, in frames. */
  private static final int STACK_NEEDED = 32;

  private static final ExecutionContext EMPTY = new ExecutionContext(null, null);

  /** The contents of the topmost logical context; null if it was empty. */
  private final @Nullable Root top;

  /** The chain under it. */
  private final @Nullable EcLink below;

  /** Both as one chain, made when first run. Any winner of a race will do. */
  private @Nullable EcLink chain;

  private ExecutionContext(@Nullable Root top, @Nullable EcLink below) {
    this.top = top;
    this.below = below;
  }

  private static ExecutionContext of(@Nullable EcLink chain) {
    if (chain == null) {
      return EMPTY;
    }
    Object before = chain.snapshot;
    if (before != null) {
      return (ExecutionContext) before;
    }
    ExecutionContext snapshot = new ExecutionContext(null, chain);
    chain.snapshot = snapshot;
    return snapshot;
  }

  /**
   * The current thread's context as it is now. Look-ups in the snapshot give what the thread sees
   * at this moment; later changes on either side are unseen by the other. O(1) whatever the depth
   * and the number of variables; allocates one object of 24 bytes, or nothing if nothing was
   * changed since the last capture.
   *
   * @return the snapshot
   */
  public static ExecutionContext capture() {
    ThreadState state = ThreadStates.currentUnlessVisiting();
    if (state == null) {
      return of(ThreadStates.visitedChain());
    }
    Object before = state.capturedBefore();
    if (before != null) {
      return (ExecutionContext) before;
    }
    Root top = state.captureTop();
    EcLink below = state.capturedBelow();
    if (top == null && below == null) {
      return EMPTY;
    }
    ExecutionContext snapshot = new ExecutionContext(top, below);
    state.captured(snapshot);
    return snapshot;
  }

  /**
   * The context of a new thread: no variable has a value.
   *
   * @return the empty context
   */
  public static ExecutionContext empty() {
    return EMPTY;
  }

  /**
   * Makes this context current under a fresh empty logical context, runs {@code body} and restores
   * what was current, also when the body throws. O(1).
   *
   * @param body what to run
   */
  public void run(Runnable body) {
    Objects.requireNonNull(body, "body");
    run(body, false);
  }

  /** As {@link #run}, on a thread that was made for it and does nothing else. */
  void runForLife(Runnable body) {
    run(body, true);
  }

  private void run(Runnable body, boolean forLife) {
    ThreadState state = ThreadStates.currentUnlessNew();
    if (state == null) {
      this.<@Nullable Object, RuntimeException>visit(body, null, forLife);
    } else {
      state.runInEc(chain(state), body, null);
    }
  }

  private <R extends @Nullable Object, X extends Throwable> R visit(
      @Nullable Runnable body, ScopedValue.@Nullable CallableOp<? extends R, X> op, boolean forLife)
      throws X {
    StackProbe.require(STACK_NEEDED);
    return ThreadStates.<R, X>visit(chain(null), body, op, forLife);
  }

  /**
   * As {@link #run}, for something that returns a value or throws.
   *
   * @param body what to call
   * @param <R> the type of the result
   * @param <X> what the body may throw
   * @return what the body returns
   * @throws X what the body throws
   */
  public <R extends @Nullable Object, X extends Throwable> R call(
      ScopedValue.CallableOp<? extends R, X> body) throws X {
    Objects.requireNonNull(body, "body");
    ThreadState state = ThreadStates.currentUnlessNew();
    return state == null
        ? this.<R, X>visit(null, body, false)
        : state.<R, X>runInEc(chain(state), null, body);
  }

  /**
   * A task that runs {@code task} in this context, each time from the same start.
   *
   * @param task what to run
   * @return the wrapped task
   */
  public Runnable wrap(Runnable task) {
    return Wrapped.of(this, task);
  }

  /**
   * A task that calls {@code task} in this context, each time from the same start.
   *
   * @param task what to call
   * @param <V> the type of the result
   * @return the wrapped task
   */
  public <V extends @Nullable Object> Callable<V> wrap(Callable<V> task) {
    return Wrapped.of(this, task);
  }

  /**
   * A supplier that calls {@code supplier} in this context.
   *
   * @param supplier what to call
   * @param <V> the type of the result
   * @return the wrapped supplier
   */
  public <V extends @Nullable Object> Supplier<V> wrapSupplier(Supplier<V> supplier) {
    Objects.requireNonNull(supplier, "supplier");
    return () -> this.<V, RuntimeException>call(supplier::get);
  }

  /**
   * A consumer that calls {@code consumer} in this context.
   *
   * @param consumer what to call
   * @param <A> the type of the argument
   * @return the wrapped consumer
   */
  public <A extends @Nullable Object> Consumer<A> wrapConsumer(Consumer<A> consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return argument -> run(() -> consumer.accept(argument));
  }

  /**
   * A function that calls {@code function} in this context.
   *
   * @param function what to call
   * @param <A> the type of the argument
   * @param <V> the type of the result
   * @return the wrapped function
   */
  public <A extends @Nullable Object, V extends @Nullable Object> Function<A, V> wrapFunction(
      Function<A, V> function) {
    Objects.requireNonNull(function, "function");
    return argument -> this.<V, RuntimeException>call(() -> function.apply(argument));
  }

  /**
   * A consumer of two arguments that calls {@code consumer} in this context.
   *
   * @param consumer what to call
   * @param <A> the type of the first argument
   * @param <B> the type of the second argument
   * @return the wrapped consumer
   */
  public <A extends @Nullable Object, B extends @Nullable Object> BiConsumer<A, B> wrapBiConsumer(
      BiConsumer<A, B> consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return (first, second) -> run(() -> consumer.accept(first, second));
  }

  /**
   * A function of two arguments that calls {@code function} in this context.
   *
   * @param function what to call
   * @param <A> the type of the first argument
   * @param <B> the type of the second argument
   * @param <V> the type of the result
   * @return the wrapped function
   */
  public <A extends @Nullable Object, B extends @Nullable Object, V extends @Nullable Object>
      BiFunction<A, B, V> wrapBiFunction(BiFunction<A, B, V> function) {
    Objects.requireNonNull(function, "function");
    return (first, second) -> this.<V, RuntimeException>call(() -> function.apply(first, second));
  }

  /**
   * The value that {@code variable} has for code that runs in this context, or {@code null} if
   * none; a {@linkplain ContextVar#setGlobal process-wide value} is one, the default is not
   * consulted. O(depth).
   *
   * @param variable the variable
   * @param <T> the type of its values
   * @return the value, or {@code null}
   */
  public <T extends @Nullable Object> @Nullable T lookup(ContextVar<T> variable) {
    Objects.requireNonNull(variable, "variable");
    Object found = EcLinks.lookup(top, below, variable.ref());
    return LogicalContext.value(found == Mark.ABSENT ? variable.global() : found);
  }

  /**
   * Whether {@code variable} has a value, {@code null} included, in this context itself. O(depth).
   *
   * @param variable the variable
   * @return whether it has a value
   */
  public boolean contains(ContextVar<?> variable) {
    Objects.requireNonNull(variable, "variable");
    return EcLinks.lookup(top, below, variable.ref()) != Mark.ABSENT;
  }

  /**
   * The variables that have a value somewhere in this context, each once, without those of type
   * {@link LongContextVar}; an unmodifiable copy.
   *
   * @return the variables, in no particular order
   */
  public Set<ContextVar<?>> vars() {
    return LogicalContext.collect(this::forEachLive);
  }

  /**
   * Number of logical contexts with values in this snapshot. Long stacks are folded, so that this
   * is bounded; it is for diagnosis and tells nothing about look-ups.
   *
   * @return the number of logical contexts
   */
  public int depth() {
    return EcLinks.links(below) + (top == null ? 0 : 1);
  }

  /** The names of the variables that have a value, never the values. */
  @Override
  public String toString() {
    return "ExecutionContext" + LogicalContext.names(this::forEachLive);
  }

  private void forEachLive(Consumer<VarRef> action) {
    EcLinks.forEachLive(top, below, action);
  }

  /** This as one chain, made by {@code state} if there is one. */
  private @Nullable EcLink chain(@Nullable ThreadState state) {
    Root contents = top;
    if (contents == null) {
      return below;
    }
    EcLink made = chain;
    if (made == null) {
      made =
          state == null
              ? ThreadStates.linkOf(contents, below)
              : state.linkOfSnapshot(contents, below);
      chain = made;
    }
    return made;
  }
}
