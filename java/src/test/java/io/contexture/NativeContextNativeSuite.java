package io.contexture;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** C code that Java calls sees the same context; the C code is {@code src/test/c}. */
class NativeContextNativeSuite {
  private static final int READ_ONLY = -12;
  private static final int STALE = -5;
  private static final int WRONG_THREAD = -10;
  private static final int TOPMOST = 1;

  private static final LongContextVar VAR = LongContextVar.of("var");

  private static MethodHandle readValue;
  private static MethodHandle writeValue;
  private static MethodHandle readTwice;
  @TempDir static Path directory;

  @BeforeAll
  static void compile() throws IOException, InterruptedException {
    Path library = directory.resolve("reader.so");
    Path log = directory.resolve("cc.log");
    String source = "src/test/c/context_reader.c";
    Process compiler =
        new ProcessBuilder(
                "cc",
                "-std=c11",
                "-Wall",
                "-Werror",
                "-shared",
                "-fPIC",
                "-I../native/include",
                "-o",
                library.toString(),
                source)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertEquals(0, compiler.waitFor(), () -> "cc " + source + ": " + log);
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    Linker linker = Linker.nativeLinker();
    readValue =
        linker.downcallHandle(
            symbols.findOrThrow("read_value"),
            FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_LONG));
    writeValue =
        linker.downcallHandle(
            symbols.findOrThrow("write_value"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS));
    readTwice =
        linker.downcallHandle(
            symbols.findOrThrow("read_twice"),
            FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));
  }

  /** What C sees: the value, -1 if there is none. */
  private static long seenByC() {
    return NativeContext.lend(context -> seenByC(context, 0));
  }

  private static long seenByC(NativeContext context, int flags) {
    try {
      return (long)
          readValue.invokeExact(
              context.function("cx_var_lookup"),
              context.thread(),
              context.variable(VAR),
              flags,
              -1L);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private static <T> T on(boolean virtual, Callable<T> body) throws Exception {
    FutureTask<T> task = new FutureTask<>(body);
    Thread thread = virtual ? Thread.ofVirtual().start(task) : Thread.ofPlatform().start(task);
    T result = task.get(Await.LIMIT_SECONDS, TimeUnit.SECONDS);
    assertTrue(thread.join(Duration.ofSeconds(Await.LIMIT_SECONDS)));
    return result;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void seesWhatTheThreadHasSet(boolean virtual) throws Exception {
    on(
        virtual,
        () -> {
          assertEquals(-1, seenByC());
          VAR.set(5);
          assertEquals(5, seenByC());
          try (Binding b = VAR.bind(6)) {
            assertEquals(6, seenByC());
          }
          assertEquals(5, seenByC());
          VAR.delete();
          assertEquals(-1, seenByC());
          return null;
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void seesTheLogicalContextThatIsEntered(boolean virtual) throws Exception {
    on(
        virtual,
        () -> {
          VAR.set(1);
          LogicalContext lc = new LogicalContext();
          NativeContext.lend(
              context -> {
                lc.run(
                    () -> {
                      assertEquals(1, seenByC(context, 0));
                      assertEquals(-1, seenByC(context, TOPMOST));
                      VAR.set(2);
                      assertEquals(2, seenByC(context, 0));
                      assertEquals(2, seenByC(context, TOPMOST));
                    });
                assertEquals(1, seenByC(context, 0));
                return null;
              });
          return null;
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void seesACapturedContextOnAnotherThread(boolean virtual) throws Exception {
    VAR.set(17);
    ExecutionContext here = ExecutionContext.capture();
    VAR.set(18);
    assertEquals(-1, (long) on(virtual, NativeContextNativeSuite::seenByC));
    Callable<Long> wrapped = here.wrap((Callable<Long>) NativeContextNativeSuite::seenByC);
    assertEquals(17, (long) on(virtual, wrapped));
    assertEquals(18, seenByC());
    VAR.delete();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void seesAGeneratorsOwnValueAndItsResumers(boolean virtual) throws Exception {
    on(
        virtual,
        () -> {
          VAR.set(100);
          try (Generator<Long> own =
                  Generator.of(
                      out -> {
                        VAR.set(1);
                        for (; ; ) {
                          out.yield(seenByC());
                          VAR.set(VAR.get() + 1);
                        }
                      });
              Generator<Long> seeThrough =
                  Generator.of(
                      out -> {
                        for (; ; ) {
                          out.yield(seenByC());
                        }
                      })) {
            for (long i = 1; i <= 50; i++) {
              assertEquals(i, (long) own.next());
              assertEquals(100 + i - 1, (long) seeThrough.next());
              assertEquals(100 + i - 1, seenByC());
              VAR.set(100 + i);
            }
          }
          return null;
        });
  }

  @Test
  void seesDeepChainsAndLargeContexts() {
    LongContextVar[] others = new LongContextVar[200];
    new LogicalContext()
        .run(
            () -> {
              VAR.set(7);
              for (int i = 0; i < others.length; i++) {
                others[i] = LongContextVar.of("other" + i);
                others[i].set(i);
              }
              nested(100, () -> assertEquals(7, seenByC()));
            });
  }

  private static void nested(int depth, Runnable body) {
    if (depth == 0) {
      body.run();
    } else {
      new LogicalContext()
          .run(
              () -> {
                LongContextVar.of("deep").set(depth);
                nested(depth - 1, body);
              });
    }
  }

  @Test
  void seesWhatAnUpcallChanges() throws Throwable {
    new LogicalContext()
        .call(
            () -> {
              VAR.set(1);
              try (Arena arena = Arena.ofConfined()) {
                MemorySegment between =
                    Linker.nativeLinker()
                        .upcallStub(
                            MethodHandles.lookup()
                                .findStatic(
                                    NativeContextNativeSuite.class,
                                    "setTo41",
                                    MethodType.methodType(void.class)),
                            FunctionDescriptor.ofVoid(),
                            arena);
                long sum =
                    NativeContext.<Long, Throwable>lend(
                        context ->
                            (long)
                                readTwice.invokeExact(
                                    context.function("cx_var_lookup"),
                                    context.thread(),
                                    context.variable(VAR),
                                    between));
                assertEquals(1 + 41, sum);
              }
              return null;
            });
  }

  static void setTo41() {
    VAR.set(41);
  }

  @Test
  void changesNothing() throws Throwable {
    int status =
        NativeContext.<Integer, Throwable>lend(
            context ->
                (int)
                    writeValue.invokeExact(
                        context.function("cx_var_set"), context.thread(), context.variable(VAR)));
    assertEquals(READ_ONLY, status);
    assertEquals(-1, seenByC());
  }

  @Test
  void handleIsStaleOnceTheLoanHasEnded() throws Throwable {
    long[] kept = new long[1];
    MemorySegment[] lookup = new MemorySegment[1];
    NativeContext.lend(
        context -> {
          kept[0] = context.thread();
          lookup[0] = context.function("cx_var_lookup");
          return null;
        });
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment var = arena.allocateFrom(JAVA_LONG, 1, 1);
      assertEquals(STALE, (long) readValue.invokeExact(lookup[0], kept[0], var, 0, -1L));
    }
  }

  @Test
  void handleOfAPlatformThreadIsRefusedOnAnother() throws Exception {
    NativeContext.<Void, Exception>lend(
        context -> {
          long handle = context.thread();
          MemorySegment lookup = context.function("cx_var_lookup");
          long status =
              on(
                  false,
                  () -> {
                    try (Arena arena = Arena.ofConfined()) {
                      MemorySegment var = arena.allocateFrom(JAVA_LONG, 1, 1);
                      return (long) readValue.invokeExact(lookup, handle, var, 0, -1L);
                    } catch (Throwable t) {
                      throw new AssertionError(t);
                    }
                  });
          assertEquals(WRONG_THREAD, status);
          return null;
        });
  }

  @Test
  void misuseIsRefusedAndTheNextLoanWorks() throws Exception {
    NativeContext[] kept = new NativeContext[1];
    NativeContext.lend(
        context -> {
          kept[0] = context;
          assertThrows(IllegalArgumentException.class, () -> context.function("cx_no_such"));
          return null;
        });
    assertThrows(IllegalStateException.class, kept[0]::thread);
    assertThrows(IllegalStateException.class, () -> kept[0].variable(VAR));
    NativeContext.<Void, Exception>lend(
        context -> {
          IllegalStateException refused =
              on(true, () -> assertThrows(IllegalStateException.class, context::thread));
          assertTrue(refused.getMessage().contains("call NativeContext.lend there"));
          return null;
        });
    assertEquals(-1, seenByC());
    RuntimeException thrown = new RuntimeException("by the body");
    assertEquals(
        thrown,
        assertThrows(
            RuntimeException.class,
            () ->
                NativeContext.lend(
                    context -> {
                      throw thrown;
                    })));
    assertEquals(-1, seenByC());
  }

  /** Virtual threads that move between carriers while their contexts are lent. */
  @Test
  void manyVirtualThreadsSeeTheirOwnContexts() throws Exception {
    List<Future<?>> tasks = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int n = 0; n < 200; n++) {
        long value = n;
        tasks.add(
            executor.submit(
                () -> {
                  VAR.set(value);
                  NativeContext.lend(
                      context -> {
                        for (int i = 0; i < 20; i++) {
                          assertEquals(value, seenByC(context, 0));
                          Thread.yield();
                        }
                        return null;
                      });
                  return null;
                }));
      }
    }
    for (Future<?> task : tasks) {
      task.get(Await.LIMIT_SECONDS, TimeUnit.SECONDS);
    }
  }
}
