package io.contexture;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What {@link ContextFuture#minimalCompletionStage} gives: the stages of a future that nobody else
 * can get at, and nothing but stages.
 *
 * @param <T> the type of the result
 */
final class ContextStage<T extends @Nullable Object> implements CompletionStage<T> {
  private final CompletableFuture<T> future;

  ContextStage(CompletableFuture<T> future) {
    this.future = future;
  }

  private static <U extends @Nullable Object> CompletionStage<U> minimal(
      CompletableFuture<U> future) {
    return new ContextStage<>(future);
  }

  /** A future of its own, so that completing it leaves this stage as it is. */
  @Override
  public CompletableFuture<T> toCompletableFuture() {
    return future.copy();
  }

  @Override
  public String toString() {
    return "ContextStage[" + future + "]";
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> thenApply(
      Function<? super T, ? extends U> function) {
    return minimal(future.thenApply(function));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> thenApplyAsync(
      Function<? super T, ? extends U> function) {
    return minimal(future.thenApplyAsync(function));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> thenApplyAsync(
      Function<? super T, ? extends U> function, Executor executor) {
    return minimal(future.thenApplyAsync(function, executor));
  }

  @Override
  public CompletionStage<Void> thenAccept(Consumer<? super T> consumer) {
    return minimal(future.thenAccept(consumer));
  }

  @Override
  public CompletionStage<Void> thenAcceptAsync(Consumer<? super T> consumer) {
    return minimal(future.thenAcceptAsync(consumer));
  }

  @Override
  public CompletionStage<Void> thenAcceptAsync(Consumer<? super T> consumer, Executor executor) {
    return minimal(future.thenAcceptAsync(consumer, executor));
  }

  @Override
  public CompletionStage<Void> thenRun(Runnable task) {
    return minimal(future.thenRun(task));
  }

  @Override
  public CompletionStage<Void> thenRunAsync(Runnable task) {
    return minimal(future.thenRunAsync(task));
  }

  @Override
  public CompletionStage<Void> thenRunAsync(Runnable task, Executor executor) {
    return minimal(future.thenRunAsync(task, executor));
  }

  @Override
  public <U extends @Nullable Object, V extends @Nullable Object> CompletionStage<V> thenCombine(
      CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> function) {
    return minimal(future.thenCombine(other, function));
  }

  @Override
  public <U extends @Nullable Object, V extends @Nullable Object>
      CompletionStage<V> thenCombineAsync(
          CompletionStage<? extends U> other,
          BiFunction<? super T, ? super U, ? extends V> function) {
    return minimal(future.thenCombineAsync(other, function));
  }

  @Override
  public <U extends @Nullable Object, V extends @Nullable Object>
      CompletionStage<V> thenCombineAsync(
          CompletionStage<? extends U> other,
          BiFunction<? super T, ? super U, ? extends V> function,
          Executor executor) {
    return minimal(future.thenCombineAsync(other, function, executor));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<Void> thenAcceptBoth(
      CompletionStage<? extends U> other, BiConsumer<? super T, ? super U> consumer) {
    return minimal(future.thenAcceptBoth(other, consumer));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<Void> thenAcceptBothAsync(
      CompletionStage<? extends U> other, BiConsumer<? super T, ? super U> consumer) {
    return minimal(future.thenAcceptBothAsync(other, consumer));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<Void> thenAcceptBothAsync(
      CompletionStage<? extends U> other,
      BiConsumer<? super T, ? super U> consumer,
      Executor executor) {
    return minimal(future.thenAcceptBothAsync(other, consumer, executor));
  }

  @Override
  public CompletionStage<Void> runAfterBoth(CompletionStage<?> other, Runnable task) {
    return minimal(future.runAfterBoth(other, task));
  }

  @Override
  public CompletionStage<Void> runAfterBothAsync(CompletionStage<?> other, Runnable task) {
    return minimal(future.runAfterBothAsync(other, task));
  }

  @Override
  public CompletionStage<Void> runAfterBothAsync(
      CompletionStage<?> other, Runnable task, Executor executor) {
    return minimal(future.runAfterBothAsync(other, task, executor));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> applyToEither(
      CompletionStage<? extends T> other, Function<? super T, U> function) {
    return minimal(future.applyToEither(other, function));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> applyToEitherAsync(
      CompletionStage<? extends T> other, Function<? super T, U> function) {
    return minimal(future.applyToEitherAsync(other, function));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> applyToEitherAsync(
      CompletionStage<? extends T> other, Function<? super T, U> function, Executor executor) {
    return minimal(future.applyToEitherAsync(other, function, executor));
  }

  @Override
  public CompletionStage<Void> acceptEither(
      CompletionStage<? extends T> other, Consumer<? super T> consumer) {
    return minimal(future.acceptEither(other, consumer));
  }

  @Override
  public CompletionStage<Void> acceptEitherAsync(
      CompletionStage<? extends T> other, Consumer<? super T> consumer) {
    return minimal(future.acceptEitherAsync(other, consumer));
  }

  @Override
  public CompletionStage<Void> acceptEitherAsync(
      CompletionStage<? extends T> other, Consumer<? super T> consumer, Executor executor) {
    return minimal(future.acceptEitherAsync(other, consumer, executor));
  }

  @Override
  public CompletionStage<Void> runAfterEither(CompletionStage<?> other, Runnable task) {
    return minimal(future.runAfterEither(other, task));
  }

  @Override
  public CompletionStage<Void> runAfterEitherAsync(CompletionStage<?> other, Runnable task) {
    return minimal(future.runAfterEitherAsync(other, task));
  }

  @Override
  public CompletionStage<Void> runAfterEitherAsync(
      CompletionStage<?> other, Runnable task, Executor executor) {
    return minimal(future.runAfterEitherAsync(other, task, executor));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> thenCompose(
      Function<? super T, ? extends CompletionStage<U>> function) {
    return minimal(future.thenCompose(function));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> thenComposeAsync(
      Function<? super T, ? extends CompletionStage<U>> function) {
    return minimal(future.thenComposeAsync(function));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> thenComposeAsync(
      Function<? super T, ? extends CompletionStage<U>> function, Executor executor) {
    return minimal(future.thenComposeAsync(function, executor));
  }

  @Override
  public CompletionStage<T> whenComplete(BiConsumer<? super T, ? super Throwable> consumer) {
    return minimal(future.whenComplete(consumer));
  }

  @Override
  public CompletionStage<T> whenCompleteAsync(BiConsumer<? super T, ? super Throwable> consumer) {
    return minimal(future.whenCompleteAsync(consumer));
  }

  @Override
  public CompletionStage<T> whenCompleteAsync(
      BiConsumer<? super T, ? super Throwable> consumer, Executor executor) {
    return minimal(future.whenCompleteAsync(consumer, executor));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> handle(
      BiFunction<? super T, Throwable, ? extends U> function) {
    return minimal(future.handle(function));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> handleAsync(
      BiFunction<? super T, Throwable, ? extends U> function) {
    return minimal(future.handleAsync(function));
  }

  @Override
  public <U extends @Nullable Object> CompletionStage<U> handleAsync(
      BiFunction<? super T, Throwable, ? extends U> function, Executor executor) {
    return minimal(future.handleAsync(function, executor));
  }

  @Override
  public CompletionStage<T> exceptionally(Function<Throwable, ? extends T> function) {
    return minimal(future.exceptionally(function));
  }

  @Override
  public CompletionStage<T> exceptionallyAsync(Function<Throwable, ? extends T> function) {
    return minimal(future.exceptionallyAsync(function));
  }

  @Override
  public CompletionStage<T> exceptionallyAsync(
      Function<Throwable, ? extends T> function, Executor executor) {
    return minimal(future.exceptionallyAsync(function, executor));
  }

  @Override
  public CompletionStage<T> exceptionallyCompose(
      Function<Throwable, ? extends CompletionStage<T>> function) {
    return minimal(future.exceptionallyCompose(function));
  }

  @Override
  public CompletionStage<T> exceptionallyComposeAsync(
      Function<Throwable, ? extends CompletionStage<T>> function) {
    return minimal(future.exceptionallyComposeAsync(function));
  }

  @Override
  public CompletionStage<T> exceptionallyComposeAsync(
      Function<Throwable, ? extends CompletionStage<T>> function, Executor executor) {
    return minimal(future.exceptionallyComposeAsync(function, executor));
  }
}
