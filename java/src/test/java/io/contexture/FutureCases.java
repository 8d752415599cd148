package io.contexture;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Stages run in the context in which they were attached (T1). */
abstract class FutureCases {
  private static final ContextVar<String> X = ContextVar.of("x");
  private static final ContextVar<Object> HELD = ContextVar.of("held");

  private static String readAndChange() {
    String seen = X.getOrElse("nothing");
    X.set("changed by a stage");
    return seen;
  }

  // ---------------------------------------------------------------- every method of every stage

  /** All methods of {@link CompletionStage} that attach a stage, found by reflection. */
  static List<Method> attaching() {
    List<Method> methods =
        Stream.of(CompletionStage.class.getMethods())
            .filter(m -> m.getReturnType() == CompletionStage.class)
            .toList();
    assertEquals(42, methods.size(), "all are known: " + methods);
    return methods;
  }

  /** A functional object for a parameter, which adds to {@code seen} what it sees. */
  private static Object lambda(Class<?> type, Method method, List<String> seen) {
    Object result =
        method.getName().contains("ompose") ? CompletableFuture.completedFuture("r") : "r";
    if (type == Function.class) {
      return (Function<Object, Object>)
          a -> {
            seen.add(readAndChange());
            return result;
          };
    } else if (type == BiFunction.class) {
      return (BiFunction<Object, Object, Object>)
          (a, b) -> {
            seen.add(readAndChange());
            return result;
          };
    } else if (type == Consumer.class) {
      return (Consumer<Object>) a -> seen.add(readAndChange());
    } else if (type == BiConsumer.class) {
      return (BiConsumer<Object, Object>) (a, b) -> seen.add(readAndChange());
    }
    assertEquals(Runnable.class, type);
    return (Runnable) () -> seen.add(readAndChange());
  }

  /** Attaches a stage to {@code stage} by {@code method}. */
  private static CompletionStage<?> attach(
      CompletionStage<String> stage,
      Method method,
      CompletionStage<String> other,
      Executor executor,
      List<String> seen) {
    Object[] arguments =
        Arrays.stream(method.getParameterTypes())
            .map(
                type -> {
                  if (type == Executor.class) {
                    return executor;
                  }
                  return type == CompletionStage.class ? other : lambda(type, method, seen);
                })
            .toArray();
    try {
      return (CompletionStage<?>) method.invoke(stage, arguments);
    } catch (InvocationTargetException e) {
      throw new AssertionError(method.toString(), e.getCause());
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  private static void complete(Method method, CompletableFuture<String> future) {
    if (method.getName().startsWith("exceptionally")) {
      future.completeExceptionally(new IOException("mine"));
    } else {
      future.complete("value");
    }
  }

  @ParameterizedTest
  @MethodSource("attaching")
  void t1EveryStageRunsInTheContextInWhichItWasAttached(Method method) throws Exception {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (boolean minimal : new boolean[] {false, true}) {
        for (boolean completeBefore : new boolean[] {false, true}) {
          ContextFuture<String> future = new ContextFuture<>();
          CompletionStage<String> stage = minimal ? future.minimalCompletionStage() : future;
          // Never completes if either will do, so that it is the future that counts.
          CompletionStage<String> other =
              method.getName().contains("Either")
                  ? new CompletableFuture<>()
                  : CompletableFuture.completedFuture("other");
          if (completeBefore) {
            complete(method, future);
          }
          List<String> seen = java.util.Collections.synchronizedList(new ArrayList<>());
          X.set("attached");
          CompletionStage<?> result = attach(stage, method, other, executor, seen);
          X.set("again");
          CompletionStage<?> second = result.thenRun(() -> seen.add(readAndChange()));
          X.set("later");
          if (!completeBefore) {
            ThreadKind.VIRTUAL.run(
                () -> {
                  X.set("completer's");
                  complete(method, future);
                  assertEquals("completer's", X.get());
                });
          }
          second.toCompletableFuture().get(Await.LIMIT_SECONDS, SECONDS);
          assertEquals(List.of("attached", "again"), seen, minimal + ", " + completeBefore);
          assertEquals("later", X.get());
          assertEquals(minimal, !(result instanceof CompletableFuture), "of the same kind");
          assertEquals(minimal, !(second instanceof CompletableFuture), "of the same kind");
        }
      }
    }
  }

  @Test
  void everyMethodOfAStageIsOverridden() throws Exception {
    for (Class<?> type : List.of(ContextFuture.class, ContextStage.class)) {
      for (Method method : attaching()) {
        assertSame(
            type,
            type.getMethod(method.getName(), method.getParameterTypes()).getDeclaringClass(),
            method.toString());
      }
    }
    List<String> hidden = new ArrayList<>();
    for (Method method : CompletableFuture.class.getDeclaredMethods()) {
      if (Modifier.isStatic(method.getModifiers())
          && Modifier.isPublic(method.getModifiers())
          && CompletionStage.class.isAssignableFrom(method.getReturnType())) {
        assertSame(
            ContextFuture.class,
            ContextFuture.class
                .getMethod(method.getName(), method.getParameterTypes())
                .getDeclaringClass(),
            method.toString());
        hidden.add(method.getName());
      }
    }
    assertEquals(10, hidden.size(), hidden.toString());
  }

  // ---------------------------------------------------------------------------------- sources

  @ParameterizedTest
  @EnumSource
  void t1SuppliersRunInTheContextInWhichTheyWereHandedIn(ThreadKind kind) throws Exception {
    try (ExecutorService executor = Executors.newFixedThreadPool(1, kind::unstarted)) {
      X.set("then");
      List<CompletableFuture<String>> futures = new ArrayList<>();
      futures.add(ContextFuture.supplyAsync(FutureCases::readAndChange, executor));
      futures.add(ContextFuture.supplyAsync(FutureCases::readAndChange));
      futures.add(new ContextFuture<String>().completeAsync(FutureCases::readAndChange, executor));
      futures.add(new ContextFuture<String>().completeAsync(FutureCases::readAndChange));
      futures.add(
          ContextFuture.supplyAsync(
              FutureCases::readAndChange, ContextExecutors.propagating(executor)));
      AtomicReference<String> first = new AtomicReference<>();
      AtomicReference<String> second = new AtomicReference<>();
      futures.add(
          ContextFuture.runAsync(() -> first.set(readAndChange()), executor)
              .thenApply(nothing -> first.get()));
      futures.add(
          ContextFuture.runAsync(() -> second.set(readAndChange()))
              .thenApply(nothing -> second.get()));
      X.set("now");
      for (CompletableFuture<String> future : futures) {
        assertEquals("then", future.get(Await.LIMIT_SECONDS, SECONDS));
        assertEquals("now", future.thenApply(value -> X.get()).get(Await.LIMIT_SECONDS, SECONDS));
        assertInstanceOf(ContextFuture.class, future);
      }
    }
  }

  @Test
  void t1ReadyMadeFuturesPropagateToo() throws Exception {
    X.set("then");
    List<CompletionStage<?>> stages =
        List.of(
            ContextFuture.completedFuture("v"),
            ContextFuture.failedFuture(new IOException("mine")),
            ContextFuture.completedStage("v"),
            ContextFuture.failedStage(new IOException("mine")),
            ContextFuture.allOf(),
            ContextFuture.allOf(new CompletableFuture<>(), ContextFuture.completedFuture("v")),
            ContextFuture.anyOf(new CompletableFuture<>(), CompletableFuture.completedFuture("v")),
            new ContextFuture<>().copy(),
            new ContextFuture<>().newIncompleteFuture(),
            new ContextFuture<>().minimalCompletionStage().toCompletableFuture());
    for (CompletionStage<?> stage : stages) {
      X.set("attached");
      CompletableFuture<String> seen =
          stage.handle((value, thrown) -> readAndChange()).toCompletableFuture();
      X.set("later");
      if (stage instanceof CompletableFuture<?> future) {
        assertInstanceOf(ContextFuture.class, future);
        future.complete(null);
      }
      assertEquals("attached", seen.get(Await.LIMIT_SECONDS, SECONDS));
    }
    assertEquals("v", ContextFuture.anyOf(CompletableFuture.completedFuture("v")).get());
    assertEquals("v", ContextFuture.completedStage("v").toCompletableFuture().get());
    assertThrows(
        CompletionException.class,
        () -> ContextFuture.failedStage(new IOException("mine")).toCompletableFuture().join());
  }

  // ---------------------------------------------------------------------------------- interop

  @Test
  void t1APlainFutureCanBeMadeToPropagate() throws Exception {
    CompletableFuture<String> plain = new CompletableFuture<>();
    CompletableFuture<String> future = ContextFuture.propagating(plain);
    assertSame(future, ContextFuture.propagating(future));
    assertSame(future, ContextFuture.propagating((CompletionStage<String>) future));
    X.set("attached");
    CompletableFuture<String> seen = future.thenApply(value -> value + ", " + readAndChange());
    X.set("later");
    ThreadKind.PLATFORM.run(() -> plain.complete("value"));
    assertEquals("value, attached", seen.get(Await.LIMIT_SECONDS, SECONDS));
    assertEquals("value", future.getNow("?"));
  }

  @Test
  void t1AnyStageCanBeMadeToPropagate() throws Exception {
    CompletableFuture<String> plain = new CompletableFuture<>();
    CompletionStage<?> foreign =
        (CompletionStage<?>)
            Proxy.newProxyInstance(
                FutureCases.class.getClassLoader(),
                new Class<?>[] {CompletionStage.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("toCompletableFuture")) {
                    throw new UnsupportedOperationException();
                  }
                  return method.invoke(plain, arguments);
                });
    X.set("attached");
    CompletableFuture<String> seen =
        ContextFuture.propagating(foreign).thenApply(value -> value + ", " + readAndChange());
    X.set("later");
    plain.complete("value");
    assertEquals("value, attached", seen.get(Await.LIMIT_SECONDS, SECONDS));
  }

  @Test
  void failuresPassAsTheyAre() {
    IOException thrown = new IOException("mine");
    CompletableFuture<String> plain = new CompletableFuture<>();
    CompletableFuture<String> future = ContextFuture.propagating(plain);
    plain.completeExceptionally(thrown);
    assertSame(thrown, assertThrows(ExecutionException.class, future::get).getCause());
    assertSame(thrown, future.exceptionNow());
    AtomicReference<Throwable> seen = new AtomicReference<>();
    future.exceptionally(
        t -> {
          seen.set(t);
          return "";
        });
    assertSame(thrown, seen.get(), "not wrapped");
    IllegalStateException inStage = new IllegalStateException("mine");
    CompletableFuture<String> failed =
        ContextFuture.completedFuture("v")
            .thenApply(
                value -> {
                  throw inStage;
                });
    assertSame(inStage, assertThrows(CompletionException.class, failed::join).getCause());
  }

  @Test
  void cancellationPassesToWhatAFutureStandsFor() {
    CompletableFuture<String> plain = new CompletableFuture<>();
    CompletableFuture<String> future = ContextFuture.propagating(plain);
    CompletableFuture<String> stage = future.thenApply(value -> value);
    assertTrue(future.cancel(true));
    assertTrue(plain.isCancelled());
    assertTrue(future.isCancelled());
    assertFalse(stage.isCancelled(), "as with plain futures");
    assertInstanceOf(
        CancellationException.class,
        assertThrows(CompletionException.class, stage::join).getCause());
    CompletableFuture<String> other = new CompletableFuture<>();
    CompletableFuture<String> cancelledWithIt = ContextFuture.propagating(other);
    other.cancel(false);
    assertTrue(cancelledWithIt.isCancelled());
    CompletableFuture<String> source = new CompletableFuture<>();
    CompletableFuture<String> completed = ContextFuture.propagating(source);
    assertTrue(completed.complete("mine"));
    assertFalse(source.isDone());
    assertFalse(completed.cancel(true));
  }

  @Test
  void t1PlainAndPropagatingFuturesMix() throws Exception {
    ContextFuture<String> future = new ContextFuture<>();
    CompletableFuture<String> plain = new CompletableFuture<>();
    X.set("attached");
    CompletableFuture<String> seen =
        future
            .thenCombine(plain, (a, b) -> a + b + ", " + readAndChange())
            .thenCompose(value -> CompletableFuture.supplyAsync(() -> value))
            .thenApply(value -> value + ", " + readAndChange());
    CompletableFuture<String> composed = plain.thenCompose(value -> future);
    CompletableFuture<Void> all = CompletableFuture.allOf(plain, future);
    X.set("later");
    ThreadKind.VIRTUAL.run(
        () -> {
          plain.complete("b");
          future.complete("a");
        });
    assertEquals("ab, attached, attached", seen.get(Await.LIMIT_SECONDS, SECONDS));
    assertEquals("a", composed.get(Await.LIMIT_SECONDS, SECONDS));
    all.get(Await.LIMIT_SECONDS, SECONDS);
    assertSame(future, future.toCompletableFuture());
  }

  // ------------------------------------------------------------------------------- executors

  @Test
  void stagesHaveTheDefaultExecutorOfTheirFuture() throws Exception {
    assertSame(
        new CompletableFuture<>().defaultExecutor(), new ContextFuture<>().defaultExecutor());
    List<Runnable> handedIn = new ArrayList<>();
    class Special extends CompletableFuture<String> {
      @Override
      public Executor defaultExecutor() {
        return handedIn::add;
      }
    }
    Special special = new Special();
    CompletableFuture<String> future = ContextFuture.propagating(special);
    X.set("attached");
    CompletableFuture<String> seen =
        future.thenApply(value -> value).thenApplyAsync(value -> readAndChange());
    X.set("later");
    special.complete("v");
    assertFalse(seen.isDone());
    assertEquals(1, handedIn.size());
    handedIn.get(0).run();
    assertEquals("attached", seen.get());
    assertEquals("later", X.get());
  }

  @Test
  void anExecutorOfThisLibraryIsUsedBare() throws Exception {
    List<Runnable> handedIn = new ArrayList<>();
    Executor bare = handedIn::add;
    X.set("attached");
    for (Executor executor :
        List.of(ContextExecutors.propagating(bare), ContextExecutors.detached(bare))) {
      CompletableFuture<String> seen =
          ContextFuture.completedFuture("v").thenApplyAsync(value -> readAndChange(), executor);
      Runnable task = handedIn.removeLast();
      assertFalse(task instanceof Wrapped, "wrapped twice");
      task.run();
      assertEquals("attached", seen.get());
    }
  }

  // -------------------------------------------------------------------------------- timeouts

  @Test
  void t1StagesAfterATimeoutRunInTheirContext() throws Exception {
    X.set("attached");
    ContextFuture<String> late = new ContextFuture<>();
    assertSame(late, late.orTimeout(1, MILLISECONDS));
    CompletableFuture<String> seen =
        late.handle((value, thrown) -> thrown.getClass().getSimpleName() + ", " + readAndChange());
    ContextFuture<String> other = new ContextFuture<>();
    assertSame(other, other.completeOnTimeout("late", 1, MILLISECONDS));
    CompletableFuture<String> alsoSeen = other.thenApply(value -> value + ", " + readAndChange());
    X.set("later");
    assertEquals("TimeoutException, attached", seen.get(Await.LIMIT_SECONDS, SECONDS));
    assertEquals("late, attached", alsoSeen.get(Await.LIMIT_SECONDS, SECONDS));
    assertInstanceOf(
        TimeoutException.class, assertThrows(ExecutionException.class, late::get).getCause());
  }

  @Test
  void aTimeoutKeepsNoContextAlive() {
    ContextFuture<String> future = new ContextFuture<>();
    Object value = new byte[100];
    HELD.set(value);
    future.orTimeout(1, DAYS).completeOnTimeout("late", 1, DAYS);
    WeakReference<Object> reference = new WeakReference<>(value);
    value = null;
    HELD.delete();
    Await.collected("the context of a timeout", reference);
    assertTrue(future.complete("in time"));
  }

  @Test
  void aStageThatHasRunKeepsNoContextAlive() {
    ContextFuture<String> future = new ContextFuture<>();
    Object value = new byte[100];
    HELD.set(value);
    CompletableFuture<String> stage = future.thenApply(v -> v);
    HELD.delete();
    WeakReference<Object> reference = new WeakReference<>(value);
    value = null;
    Await.collectGarbage();
    assertNotNull(reference.get(), "a stage that waits keeps its context");
    future.complete("v");
    Await.collected("the context of a stage", reference);
    assertEquals("v", stage.join());
  }

  // ------------------------------------------------------------------------- minimal stages

  @Test
  void minimalStagesCanOnlyBeStages() throws Exception {
    ContextFuture<String> future = new ContextFuture<>();
    CompletionStage<String> minimal = future.minimalCompletionStage();
    assertFalse(minimal instanceof CompletableFuture);
    CompletableFuture<String> own = minimal.toCompletableFuture();
    assertNotSame(future, own);
    assertTrue(own.complete("mine"));
    assertFalse(future.isDone());
    CompletableFuture<String> another = minimal.toCompletableFuture();
    future.complete("value");
    assertEquals("value", another.get(Await.LIMIT_SECONDS, SECONDS));
    assertEquals("mine", own.get());
    assertTrue(minimal.toString().startsWith("ContextStage["), minimal.toString());
  }

  // --------------------------------------------------------------------------------- threads

  @Test
  void t1ManyStagesOfManyRequestsDoNotMix() throws Exception {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
      List<CompletableFuture<?>> all = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        String request = "request " + i;
        X.set(request);
        Runnable check =
            () -> {
              String seen = readAndChange();
              if (!seen.equals(request)) {
                wrong.add(seen + " in " + request);
              }
            };
        CompletableFuture<Void> future = ContextFuture.runAsync(check, executor);
        all.add(
            future
                .thenRun(check)
                .thenRunAsync(check, executor)
                .runAfterBoth(future.thenRunAsync(check), check)
                .thenCompose(v -> ContextFuture.runAsync(check, executor))
                .whenComplete((v, t) -> check.run()));
      }
      CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new))
          .get(2 * Await.LIMIT_SECONDS, SECONDS);
      assertEquals(List.of(), List.copyOf(wrong));
    }
  }

  @Test
  void nullsAreRefusedByName() {
    ContextFuture<String> future = new ContextFuture<>();
    for (Map.Entry<String, org.junit.jupiter.api.function.Executable> entry :
        Map.<String, org.junit.jupiter.api.function.Executable>of(
                "future", () -> ContextFuture.propagating((CompletableFuture<String>) null),
                "stage", () -> ContextFuture.propagating((CompletionStage<String>) null),
                "supplier", () -> ContextFuture.supplyAsync(null),
                "task", () -> ContextFuture.runAsync(null),
                "thrown", () -> ContextFuture.failedFuture(null),
                "function", () -> future.thenApply(null),
                "consumer", () -> future.whenComplete(null),
                "executor", () -> future.thenRunAsync(() -> {}, null),
                "other", () -> future.runAfterBoth(null, () -> {}))
            .entrySet()) {
      assertEquals(
          entry.getKey(), assertThrows(NullPointerException.class, entry.getValue()).getMessage());
    }
    assertNull(future.getNow(null));
    assertEquals(0, future.getNumberOfDependents());
  }
}
