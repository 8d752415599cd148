package io.contexture;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A {@link CompletableFuture} whose every dependent stage runs in the context in which it was
 * attached, whoever completes it.
 *
 * <pre>{@code
 * CompletableFuture<Reply> reply = ContextFuture.propagating(client.sendAsync(request));
 * reply.thenAccept(r -> audit(TENANT.get(), r));    // the tenant of this thread, now
 * }</pre>
 *
 * <p>With a plain {@code CompletableFuture} a stage runs in the context of whoever completes the
 * future or, if it is complete already, attaches the stage: which one is a matter of timing. Here
 * each stage captures the context when it is attached and runs as by {@link ExecutionContext#run},
 * under a fresh logical context, also if it runs at once on the attaching thread. So do the stages
 * of its result, which is such a future again, that of {@link #copy} and {@link
 * #minimalCompletionStage} included.
 *
 * <p>Together with other futures:
 *
 * <ul>
 *   <li>{@link #propagating(CompletableFuture)} makes such a future of any; the other way there is
 *       nothing to do, as this is a {@code CompletableFuture}.
 *   <li>In a stage of two futures, as of {@link #thenCombine}, it counts whose method was called.
 *   <li>What {@link #thenCompose} is given may return any stage.
 * </ul>
 *
 * <p>An executor made by {@link ContextExecutors} is used as if it were not: the stage brings its
 * context along. In everything else (who runs a stage, exceptions, cancellation, timeouts, the
 * default executor) it is a {@code CompletableFuture}. A stage that waits keeps the values of its
 * context alive; a timeout doesn't. Attaching a stage costs a capture (O(1)) and one object more.
 *
 * @param <T> the type of the result
 */
public final class ContextFuture<T extends @Nullable Object> extends CompletableFuture<T> {
  /** The default executor, if it isn't that of {@code CompletableFuture}. */
  private final @Nullable Executor executor;

  /** What this future stands for, and is cancelled with it. */
  private final @Nullable CompletableFuture<?> original;

  /** A future that somebody is going to complete. */
  public ContextFuture() {
    this(null, null);
  }

  private ContextFuture(@Nullable Executor executor, @Nullable CompletableFuture<?> original) {
    this.executor = executor;
    this.original = original;
  }

  // -------------------------------------------------------------------------------- sources

  /**
   * A future that completes as {@code future} does and stands for it: cancelling the one cancels
   * the other. Completing it otherwise leaves {@code future} as it is. Has the default executor of
   * {@code future}.
   *
   * @param future any future
   * @param <U> the type of the result
   * @return {@code future} itself if its stages run in their contexts already
   */
  @SuppressWarnings("FutureReturnValueIgnored") // the relay doesn't fail
  public static <U extends @Nullable Object> CompletableFuture<U> propagating(
      CompletableFuture<U> future) {
    Objects.requireNonNull(future, "future");
    if (future instanceof ContextFuture) {
      return future;
    }
    ContextFuture<U> result = new ContextFuture<>(future.defaultExecutor(), future);
    future.whenComplete(result::relay);
    return result;
  }

  /**
   * A future that completes as {@code stage} does.
   *
   * @param stage any stage
   * @param <U> the type of the result
   * @return the future; {@code stage} itself if that is one whose stages run in their contexts
   */
  public static <U extends @Nullable Object> CompletableFuture<U> propagating(
      CompletionStage<U> stage) {
    Objects.requireNonNull(stage, "stage");
    if (stage instanceof CompletableFuture<U> future) {
      return propagating(future);
    }
    ContextFuture<U> result = new ContextFuture<>();
    stage.whenComplete(result::relay);
    return result;
  }

  private void relay(T value, @Nullable Throwable thrown) {
    if (thrown == null) {
      complete(value);
    } else {
      completeExceptionally(thrown);
    }
  }

  /**
   * A future of what {@code supplier} returns, run in the present context by the default executor.
   *
   * @param supplier what to run
   * @param <U> the type of the result
   * @return the future
   */
  public static <U extends @Nullable Object> CompletableFuture<U> supplyAsync(
      Supplier<U> supplier) {
    return new ContextFuture<U>().completeAsync(supplier);
  }

  /**
   * A future of what {@code supplier} returns, run in the present context by {@code executor}.
   *
   * @param supplier what to run
   * @param executor what runs it
   * @param <U> the type of the result
   * @return the future
   */
  public static <U extends @Nullable Object> CompletableFuture<U> supplyAsync(
      Supplier<U> supplier, Executor executor) {
    return new ContextFuture<U>().completeAsync(supplier, executor);
  }

  /**
   * A future of the end of {@code task}, run in the present context by the default executor.
   *
   * @param task what to run
   * @return the future
   */
  public static CompletableFuture<Void> runAsync(Runnable task) {
    return new ContextFuture<Void>().completeAsync(asSupplier(task));
  }

  /**
   * A future of the end of {@code task}, run in the present context by {@code executor}.
   *
   * @param task what to run
   * @param executor what runs it
   * @return the future
   */
  public static CompletableFuture<Void> runAsync(Runnable task, Executor executor) {
    return new ContextFuture<Void>().completeAsync(asSupplier(task), executor);
  }

  @SuppressWarnings("NullAway") // that is the value of a Void
  private static Supplier<Void> asSupplier(Runnable task) {
    Objects.requireNonNull(task, "task");
    return () -> {
      task.run();
      return null;
    };
  }

  /**
   * A future that is complete.
   *
   * @param value its value
   * @param <U> the type of the value
   * @return the future
   */
  public static <U extends @Nullable Object> CompletableFuture<U> completedFuture(U value) {
    ContextFuture<U> result = new ContextFuture<>();
    result.complete(value);
    return result;
  }

  /**
   * A future that has failed.
   *
   * @param thrown why
   * @param <U> the type of the value that it hasn't
   * @return the future
   */
  public static <U extends @Nullable Object> CompletableFuture<U> failedFuture(Throwable thrown) {
    Objects.requireNonNull(thrown, "thrown");
    ContextFuture<U> result = new ContextFuture<>();
    result.completeExceptionally(thrown);
    return result;
  }

  /**
   * A stage that is complete; see {@link #minimalCompletionStage}.
   *
   * @param value its value
   * @param <U> the type of the value
   * @return the stage
   */
  public static <U extends @Nullable Object> CompletionStage<U> completedStage(U value) {
    return completedFuture(value).minimalCompletionStage();
  }

  /**
   * A stage that has failed; see {@link #minimalCompletionStage}.
   *
   * @param thrown why
   * @param <U> the type of the value that it hasn't
   * @return the stage
   */
  public static <U extends @Nullable Object> CompletionStage<U> failedStage(Throwable thrown) {
    return ContextFuture.<U>failedFuture(thrown).minimalCompletionStage();
  }

  /**
   * A future that completes when all of {@code futures}, of any kind, have.
   *
   * @param futures the futures
   * @return the future
   */
  public static CompletableFuture<Void> allOf(CompletableFuture<?>... futures) {
    return propagating(CompletableFuture.allOf(futures));
  }

  /**
   * A future that completes as the first of {@code futures}, of any kind, does.
   *
   * @param futures the futures
   * @return the future
   */
  public static CompletableFuture<Object> anyOf(CompletableFuture<?>... futures) {
    return propagating(CompletableFuture.anyOf(futures));
  }

  // ----------------------------------------------------------------------------- this future

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> newIncompleteFuture() {
    return new ContextFuture<>(executor, null);
  }

  @Override
  public Executor defaultExecutor() {
    Executor mine = executor;
    return mine == null ? super.defaultExecutor() : mine;
  }

  /**
   * Cancels this future and, if it {@linkplain #propagating(CompletableFuture) stands for another},
   * that one.
   */
  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    CompletableFuture<?> other = original;
    if (other != null) {
      other.cancel(mayInterruptIfRunning);
    }
    return super.cancel(mayInterruptIfRunning);
  }

  /**
   * A stage that completes as this future does and can't be completed otherwise; its stages run in
   * their contexts, and are such stages again.
   */
  @Override
  public CompletionStage<T> minimalCompletionStage() {
    return new ContextStage<>(copy());
  }

  @Override
  public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier, Executor executor) {
    return super.completeAsync(here().wrapSupplier(supplier), bare(executor));
  }

  @Override
  public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier) {
    return completeAsync(supplier, defaultExecutor());
  }

  @Override
  public CompletableFuture<T> orTimeout(long timeout, TimeUnit unit) {
    // Attaches a stage that cancels the timer: it must not keep a context.
    ExecutionContext.empty().run(() -> super.orTimeout(timeout, unit));
    return this;
  }

  @Override
  public CompletableFuture<T> completeOnTimeout(T value, long timeout, TimeUnit unit) {
    ExecutionContext.empty().run(() -> super.completeOnTimeout(value, timeout, unit));
    return this;
  }

  // --------------------------------------------------------------------------------- stages

  private static ExecutionContext here() {
    return ExecutionContext.capture();
  }

  /** {@code executor} without a context: each stage has its own. */
  private static Executor bare(Executor executor) {
    Objects.requireNonNull(executor, "executor");
    return executor instanceof ContextExecutor<?> wrapped ? wrapped.delegate : executor;
  }

  private static <S> S nonNull(S other) {
    return Objects.requireNonNull(other, "other");
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> thenApply(
      Function<? super T, ? extends U> function) {
    return super.thenApply(here().wrapFunction(function));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> thenApplyAsync(
      Function<? super T, ? extends U> function) {
    return super.thenApplyAsync(here().wrapFunction(function));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> thenApplyAsync(
      Function<? super T, ? extends U> function, Executor executor) {
    return super.thenApplyAsync(here().wrapFunction(function), bare(executor));
  }

  @Override
  public CompletableFuture<Void> thenAccept(Consumer<? super T> consumer) {
    return super.thenAccept(here().wrapConsumer(consumer));
  }

  @Override
  public CompletableFuture<Void> thenAcceptAsync(Consumer<? super T> consumer) {
    return super.thenAcceptAsync(here().wrapConsumer(consumer));
  }

  @Override
  public CompletableFuture<Void> thenAcceptAsync(Consumer<? super T> consumer, Executor executor) {
    return super.thenAcceptAsync(here().wrapConsumer(consumer), bare(executor));
  }

  @Override
  public CompletableFuture<Void> thenRun(Runnable task) {
    return super.thenRun(here().wrap(task));
  }

  @Override
  public CompletableFuture<Void> thenRunAsync(Runnable task) {
    return super.thenRunAsync(here().wrap(task));
  }

  @Override
  public CompletableFuture<Void> thenRunAsync(Runnable task, Executor executor) {
    return super.thenRunAsync(here().wrap(task), bare(executor));
  }

  @Override
  public <U extends @Nullable Object, V extends @Nullable Object> CompletableFuture<V> thenCombine(
      CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> function) {
    return super.thenCombine(nonNull(other), here().wrapBiFunction(function));
  }

  @Override
  public <U extends @Nullable Object, V extends @Nullable Object>
      CompletableFuture<V> thenCombineAsync(
          CompletionStage<? extends U> other,
          BiFunction<? super T, ? super U, ? extends V> function) {
    return super.thenCombineAsync(nonNull(other), here().wrapBiFunction(function));
  }

  @Override
  public <U extends @Nullable Object, V extends @Nullable Object>
      CompletableFuture<V> thenCombineAsync(
          CompletionStage<? extends U> other,
          BiFunction<? super T, ? super U, ? extends V> function,
          Executor executor) {
    return super.thenCombineAsync(nonNull(other), here().wrapBiFunction(function), bare(executor));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<Void> thenAcceptBoth(
      CompletionStage<? extends U> other, BiConsumer<? super T, ? super U> consumer) {
    return super.thenAcceptBoth(nonNull(other), here().wrapBiConsumer(consumer));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<Void> thenAcceptBothAsync(
      CompletionStage<? extends U> other, BiConsumer<? super T, ? super U> consumer) {
    return super.thenAcceptBothAsync(nonNull(other), here().wrapBiConsumer(consumer));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<Void> thenAcceptBothAsync(
      CompletionStage<? extends U> other,
      BiConsumer<? super T, ? super U> consumer,
      Executor executor) {
    return super.thenAcceptBothAsync(
        nonNull(other), here().wrapBiConsumer(consumer), bare(executor));
  }

  @Override
  public CompletableFuture<Void> runAfterBoth(CompletionStage<?> other, Runnable task) {
    return super.runAfterBoth(nonNull(other), here().wrap(task));
  }

  @Override
  public CompletableFuture<Void> runAfterBothAsync(CompletionStage<?> other, Runnable task) {
    return super.runAfterBothAsync(nonNull(other), here().wrap(task));
  }

  @Override
  public CompletableFuture<Void> runAfterBothAsync(
      CompletionStage<?> other, Runnable task, Executor executor) {
    return super.runAfterBothAsync(nonNull(other), here().wrap(task), bare(executor));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> applyToEither(
      CompletionStage<? extends T> other, Function<? super T, U> function) {
    return super.applyToEither(nonNull(other), here().wrapFunction(function));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> applyToEitherAsync(
      CompletionStage<? extends T> other, Function<? super T, U> function) {
    return super.applyToEitherAsync(nonNull(other), here().wrapFunction(function));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> applyToEitherAsync(
      CompletionStage<? extends T> other, Function<? super T, U> function, Executor executor) {
    return super.applyToEitherAsync(nonNull(other), here().wrapFunction(function), bare(executor));
  }

  @Override
  public CompletableFuture<Void> acceptEither(
      CompletionStage<? extends T> other, Consumer<? super T> consumer) {
    return super.acceptEither(nonNull(other), here().wrapConsumer(consumer));
  }

  @Override
  public CompletableFuture<Void> acceptEitherAsync(
      CompletionStage<? extends T> other, Consumer<? super T> consumer) {
    return super.acceptEitherAsync(nonNull(other), here().wrapConsumer(consumer));
  }

  @Override
  public CompletableFuture<Void> acceptEitherAsync(
      CompletionStage<? extends T> other, Consumer<? super T> consumer, Executor executor) {
    return super.acceptEitherAsync(nonNull(other), here().wrapConsumer(consumer), bare(executor));
  }

  @Override
  public CompletableFuture<Void> runAfterEither(CompletionStage<?> other, Runnable task) {
    return super.runAfterEither(nonNull(other), here().wrap(task));
  }

  @Override
  public CompletableFuture<Void> runAfterEitherAsync(CompletionStage<?> other, Runnable task) {
    return super.runAfterEitherAsync(nonNull(other), here().wrap(task));
  }

  @Override
  public CompletableFuture<Void> runAfterEitherAsync(
      CompletionStage<?> other, Runnable task, Executor executor) {
    return super.runAfterEitherAsync(nonNull(other), here().wrap(task), bare(executor));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> thenCompose(
      Function<? super T, ? extends CompletionStage<U>> function) {
    return super.thenCompose(here().wrapFunction(function));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> thenComposeAsync(
      Function<? super T, ? extends CompletionStage<U>> function) {
    return super.thenComposeAsync(here().wrapFunction(function));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> thenComposeAsync(
      Function<? super T, ? extends CompletionStage<U>> function, Executor executor) {
    return super.thenComposeAsync(here().wrapFunction(function), bare(executor));
  }

  @Override
  public CompletableFuture<T> whenComplete(BiConsumer<? super T, ? super Throwable> consumer) {
    return super.whenComplete(here().wrapBiConsumer(consumer));
  }

  @Override
  public CompletableFuture<T> whenCompleteAsync(BiConsumer<? super T, ? super Throwable> consumer) {
    return super.whenCompleteAsync(here().wrapBiConsumer(consumer));
  }

  @Override
  public CompletableFuture<T> whenCompleteAsync(
      BiConsumer<? super T, ? super Throwable> consumer, Executor executor) {
    return super.whenCompleteAsync(here().wrapBiConsumer(consumer), bare(executor));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> handle(
      BiFunction<? super T, Throwable, ? extends U> function) {
    return super.handle(here().wrapBiFunction(function));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> handleAsync(
      BiFunction<? super T, Throwable, ? extends U> function) {
    return super.handleAsync(here().wrapBiFunction(function));
  }

  @Override
  public <U extends @Nullable Object> CompletableFuture<U> handleAsync(
      BiFunction<? super T, Throwable, ? extends U> function, Executor executor) {
    return super.handleAsync(here().wrapBiFunction(function), bare(executor));
  }

  @Override
  public CompletableFuture<T> exceptionally(Function<Throwable, ? extends T> function) {
    return super.exceptionally(here().wrapFunction(function));
  }

  @Override
  public CompletableFuture<T> exceptionallyAsync(Function<Throwable, ? extends T> function) {
    return super.exceptionallyAsync(here().wrapFunction(function));
  }

  @Override
  public CompletableFuture<T> exceptionallyAsync(
      Function<Throwable, ? extends T> function, Executor executor) {
    return super.exceptionallyAsync(here().wrapFunction(function), bare(executor));
  }

  @Override
  public CompletableFuture<T> exceptionallyCompose(
      Function<Throwable, ? extends CompletionStage<T>> function) {
    return super.exceptionallyCompose(here().wrapFunction(function));
  }

  @Override
  public CompletableFuture<T> exceptionallyComposeAsync(
      Function<Throwable, ? extends CompletionStage<T>> function) {
    return super.exceptionallyComposeAsync(here().wrapFunction(function));
  }

  @Override
  public CompletableFuture<T> exceptionallyComposeAsync(
      Function<Throwable, ? extends CompletionStage<T>> function, Executor executor) {
    return super.exceptionallyComposeAsync(here().wrapFunction(function), bare(executor));
  }
}
