package io.contexture.preview;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Backend;
import io.contexture.ContextExecutors;
import io.contexture.ContextVar;
import io.contexture.Contexture;
import io.contexture.ExecutionContext;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.FailedException;
import java.util.concurrent.StructuredTaskScope.Joiner;
import java.util.concurrent.StructuredTaskScope.Subtask;
import java.util.concurrent.StructuredTaskScope.TimeoutException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@link StructuredTaskScope} with a thread factory of {@link ContextExecutors}: a fork runs in the
 * context in which it was forked (T1, T4). A preview API of JDK 25, hence a source set of its own.
 */
class StructuredConcurrencyTest {
  private static final ContextVar<String> X = ContextVar.of("x");

  /** What makes the threads of forks. */
  enum Forks {
    VIRTUAL(Thread.ofVirtual().factory()),
    PLATFORM(Thread.ofPlatform().daemon().factory());

    final ThreadFactory bare;
    final ThreadFactory factory;

    Forks(ThreadFactory bare) {
      this.bare = bare;
      this.factory = ContextExecutors.threadFactory(bare);
    }

    <T, R> StructuredTaskScope<T, R> open(Joiner<? super T, ? extends R> joiner) {
      return StructuredTaskScope.open(joiner, config -> config.withThreadFactory(factory));
    }
  }

  private static String readAndChange() {
    String seen = X.getOrElse("nothing");
    X.set("changed by a fork");
    return seen;
  }

  @BeforeEach
  void theBackendUnderTestIsTheOneThatRuns() {
    assertEquals(
        System.getProperty("contexture.backend").toUpperCase(Locale.ROOT),
        Contexture.backend().name());
    assertTrue(Backend.valueOf(Contexture.backend().name()).isAvailable());
    X.set("nothing yet");
  }

  @AfterEach
  void forget() {
    X.delete();
  }

  @ParameterizedTest
  @EnumSource
  void t1EachForkRunsInTheContextOfItsMoment(Forks forks) throws Exception {
    try (var scope = forks.open(Joiner.<String>awaitAllSuccessfulOrThrow())) {
      X.set("first");
      Subtask<String> first = scope.fork(StructuredConcurrencyTest::readAndChange);
      X.set("second");
      Subtask<String> second = scope.fork(StructuredConcurrencyTest::readAndChange);
      X.set("later");
      scope.join();
      assertEquals("first", first.get());
      assertEquals("second", second.get());
      assertEquals("later", X.get());
    }
  }

  @ParameterizedTest
  @EnumSource
  void t1ResultsOfManyForksDoNotMix(Forks forks) throws Exception {
    try (var scope = forks.open(Joiner.<String>allSuccessfulOrThrow())) {
      for (int i = 0; i < 200; i++) {
        X.set("fork " + i);
        scope.fork(StructuredConcurrencyTest::readAndChange);
      }
      List<String> seen = scope.join().map(Subtask::get).toList();
      assertEquals(IntStream.range(0, 200).mapToObj(i -> "fork " + i).toList(), seen);
    }
  }

  @ParameterizedTest
  @EnumSource
  void t1ScopesWithinForksCarryOn(Forks forks) throws Exception {
    X.set("outer");
    try (var scope = forks.open(Joiner.<String>allSuccessfulOrThrow())) {
      for (int i = 0; i < 3; i++) {
        int number = i;
        scope.fork(
            () -> {
              X.set(X.get() + ", fork " + number);
              try (var inner = forks.open(Joiner.<String>anySuccessfulResultOrThrow())) {
                inner.fork(StructuredConcurrencyTest::readAndChange);
                inner.fork(StructuredConcurrencyTest::readAndChange);
                return inner.join() + "/" + X.get();
              }
            });
      }
      assertEquals(
          List.of(
              "outer, fork 0/outer, fork 0",
              "outer, fork 1/outer, fork 1",
              "outer, fork 2/outer, fork 2"),
          scope.join().map(Subtask::get).toList());
    }
    assertEquals("outer", X.get());
  }

  @ParameterizedTest
  @EnumSource
  void aForkThatFailsCancelsTheOthers(Forks forks) throws Exception {
    IOException thrown = new IOException("mine");
    X.set("request");
    AtomicReference<String> interrupted = new AtomicReference<>();
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch unwound = new CountDownLatch(1);
    try (var scope = forks.open(Joiner.<String>awaitAllSuccessfulOrThrow())) {
      Subtask<String> other =
          scope.fork(
              () -> {
                waiting.countDown();
                try {
                  new CountDownLatch(1).await();
                  return "not interrupted";
                } finally {
                  interrupted.set(readAndChange());
                  unwound.countDown();
                }
              });
      scope.fork(
          () -> {
            waiting.await();
            X.set("of the failure");
            throw thrown;
          });
      FailedException failed = assertThrows(FailedException.class, scope::join);
      assertSame(thrown, failed.getCause());
      assertTrue(scope.isCancelled());
      assertTrue(unwound.await(30, SECONDS));
      assertEquals("request", interrupted.get(), "its own context, to the end");
      assertEquals(Subtask.State.UNAVAILABLE, other.state());
    }
    assertEquals("request", X.get());
  }

  @ParameterizedTest
  @EnumSource
  void aTimeoutCancelsAndLeavesTheOwnerAsItWas(Forks forks) throws Exception {
    X.set("request");
    AtomicReference<String> seen = new AtomicReference<>();
    try (var scope =
        StructuredTaskScope.open(
            Joiner.<String>awaitAllSuccessfulOrThrow(),
            config -> config.withThreadFactory(forks.factory).withTimeout(Duration.ofMillis(50)))) {
      scope.fork(
          () -> {
            try {
              new CountDownLatch(1).await();
              return "not interrupted";
            } finally {
              seen.set(readAndChange());
            }
          });
      assertThrows(TimeoutException.class, scope::join);
    } // close waits for the fork
    // A fork that was cancelled before it began hasn't seen anything.
    assertTrue(seen.get() == null || seen.get().equals("request"), seen.get());
    assertEquals("request", X.get());
  }

  @ParameterizedTest
  @EnumSource
  void t4DetachedForksStartEmpty(Forks forks) throws Exception {
    X.set("request");
    for (ThreadFactory bare : List.of(forks.bare, forks.factory)) {
      try (var scope =
          StructuredTaskScope.open(
              Joiner.<String>allSuccessfulOrThrow(),
              config -> config.withThreadFactory(ContextExecutors.detachedThreadFactory(bare)))) {
        scope.fork(StructuredConcurrencyTest::readAndChange);
        assertEquals(List.of("nothing"), scope.join().map(Subtask::get).toList());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void s6AScopeWithinARunInASnapshotSeesTheSnapshot(Forks forks) throws Exception {
    X.set("then");
    ExecutionContext then = ExecutionContext.capture();
    X.set("now");
    Stream<Subtask<String>> result =
        then.<Stream<Subtask<String>>, Exception>call(
            () -> {
              try (var scope = forks.open(Joiner.<String>allSuccessfulOrThrow())) {
                scope.fork(StructuredConcurrencyTest::readAndChange);
                return scope.join();
              }
            });
    assertEquals(List.of("then"), result.map(Subtask::get).toList());
    assertEquals("now", X.get());
  }

  @Test
  void withoutAFactoryOfThisLibraryForksStartEmpty() throws Exception {
    X.set("request");
    try (var scope = StructuredTaskScope.open(Joiner.<Boolean>allSuccessfulOrThrow())) {
      scope.fork(X::isBound);
      assertFalse(scope.join().toList().getFirst().get());
    }
  }
}
