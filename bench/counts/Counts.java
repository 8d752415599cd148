import io.contexture.Backend;
import io.contexture.ContextVar;
import io.contexture.Contexture;
import io.contexture.ExecutionContext;
import io.contexture.LogicalContext;
import io.contexture.LongContextVar;
import io.contexture.hamt.ConcurrentLongHamt;
import io.contexture.hamt.LongHamt;
import io.contexture.internal.Reaper;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.file.Path;

/**
 * Runs each operation of the Java library between the marks of {@code native/qemu/count_plugin.c}; twin
 * of {@code counts.c}, which tells how.
 *
 * <p>Run it with {@code -Xbatch}, and with the backend to measure in {@code contexture.backend} and the
 * file of the C library in {@code contexture.library.path}.
 */
@SuppressWarnings("restricted")
final class Counts {
  private static final int MARK = 0x43585f4d;
  private static final long BEGIN = 1;
  private static final long END = 2;

  private static final int ROUNDS = 4096;

  /** Rounds of one call: few enough that what is called is compiled, and not only its loop. */
  private static final int CHUNK = 128;

  private static final int WARM_UP = 600 * CHUNK;

  /**
   * How often an operation is measured, by the difference of two numbers of rounds: what it executes
   * now and then depends on what the collector has found meanwhile.
   */
  private static final int MEASUREMENTS = 15;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle PRCTL =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("prctl"),
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG),
          // prctl is variadic, which some platforms pass in another way.
          Linker.Option.firstVariadicArg(1));

  // Constants, as the compiler wants handles that it is to call directly.
  private static final MethodHandle BLANK = blank();
  private static final MethodHandle BLANK_CRITICAL = blank(Linker.Option.critical(false));

  /** Keys that are in the map under test, in no order. */
  private static final long[] KEYS = new long[ROUNDS];

  private static final ContextVar<Integer> VAR = ContextVar.of("object");
  private static final LongContextVar LONG_VAR = LongContextVar.of("long");
  private static final int[] SIZES = {8, 1024, 32768};
  private static final Integer[] VALUES = {1001, 1002};

  /** Keep the compiler from leaving out what computes them. */
  private static volatile long sink;

  private static volatile Object objectSink;

  /** A value that no key of a shared map has yet. */
  private static long fresh = 32768;

  private static int number;

  /** {@code times} times an operation, in a loop of its own, so that it is compiled by itself. */
  private interface Operation {
    void run(int times) throws Throwable;
  }

  private Counts() {}

  /** A function of the library that takes nothing and returns a constant. */
  private static MethodHandle blank(Linker.Option... options) {
    Path library = Path.of(System.getProperty("contexture.library.path"));
    return LINKER.downcallHandle(
        SymbolLookup.libraryLookup(library, Arena.global()).findOrThrow("cx_abi_version"),
        FunctionDescriptor.of(ValueLayout.JAVA_INT),
        options);
  }

  private static void mark(long which, long number, long times) throws Throwable {
    int unused = (int) PRCTL.invokeExact(MARK, which, number, times);
  }

  private static void measure(String name, Operation operation) throws Throwable {
    measure(name, () -> {}, operation);
  }

  private static void measure(String name, Runnable before, Operation operation) throws Throwable {
    number++;
    System.out.println(number + " " + name);
    repeat(operation, WARM_UP);
    for (int n = 0; n < MEASUREMENTS; n++) {
      for (int times = 2 * ROUNDS; times <= 4 * ROUNDS; times += 2 * ROUNDS) {
        before.run();
        mark(BEGIN, 0, 0);
        repeat(operation, times);
        mark(END, number, times);
      }
    }
  }

  /**
   * Where native memory is taken, each measurement begins with what was taken before given back, so
   * that none of it is released during one. What a collection finds dead is enqueued by a thread of
   * the JVM's, which takes all of it before it looks for more: what the second collection has found
   * is enqueued after all that the first has.
   */
  private static void giveBack() {
    try {
      for (int n = 0; n < 2; n++) {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        Reference<Object> reference = new WeakReference<>(new Object(), queue);
        do {
          System.gc();
        } while (queue.remove(1000) == null);
        Reference.reachabilityFence(reference);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    Reaper.drain();
  }

  private static void repeat(Operation operation, int times) throws Throwable {
    for (int done = 0; done < times; done += CHUNK) {
      operation.run(CHUNK);
    }
  }

  /**
   * Takes the results of a round. Each operation ends with it, the loop too: so what it costs drops
   * out. It reads as well as writes, since the compiler may make one of the barriers of two writes.
   */
  private static void use(long value, Object object) {
    sink = sink + value;
    objectSink = object;
  }

  private static long key(int i) {
    return KEYS[i & ROUNDS - 1];
  }

  private static void choose(int size) {
    long mixed = 1;
    for (int i = 0; i < ROUNDS; i++) {
      mixed = mixed * 6364136223846793005L + 1442695040888963407L;
      KEYS[i] = Long.remainderUnsigned(mixed >>> 16, size) * 7 + 1;
    }
  }

  private static void downcalls() throws Throwable {
    measure(
        "downcall",
        times -> {
          for (int i = 0; i < times; i++) {
            use(key(i) + (int) BLANK.invokeExact(), VAR);
          }
        });
    measure(
        "downcall, critical",
        times -> {
          for (int i = 0; i < times; i++) {
            use(key(i) + (int) BLANK_CRITICAL.invokeExact(), VAR);
          }
        });
  }

  private static void hits() throws Throwable {
    measure(
        "get, hit",
        times -> {
          for (int i = 0; i < times; i++) {
            use(key(i), VAR.get());
          }
        });
    measure(
        "get a long, hit",
        times -> {
          for (int i = 0; i < times; i++) {
            use(key(i) + LONG_VAR.get(), VAR);
          }
        });
  }

  private static void contexts() throws Throwable {
    measure(
        "set",
        times -> {
          for (int i = 0; i < times; i++) {
            VAR.set(VALUES[i & 1]);
            use(key(i), VAR);
          }
        });
    measure(
        "set a long",
        times -> {
          for (int i = 0; i < times; i++) {
            LONG_VAR.set(i);
            use(key(i), VAR);
          }
        });
    ExecutionContext[] snapshots = new ExecutionContext[2];
    for (int i = 0; i < 2; i++) {
      VAR.set(VALUES[i]);
      snapshots[i] = ExecutionContext.capture();
    }
    VAR.set(VALUES[0]); // neither is of the stack as it is
    measure(
        "enter and leave a snapshot",
        times -> {
          for (int i = 0; i < times; i++) {
            snapshots[i & 1].run(() -> {});
            use(key(i), VAR);
          }
        });
    measure(
        "enter and leave a snapshot, with a miss",
        times -> {
          for (int i = 0; i < times; i++) {
            int round = i; // what is cached is the value in the other
            snapshots[i & 1].run(() -> use(key(round), VAR.get()));
          }
        });
    ExecutionContext snapshot = ExecutionContext.capture();
    measure(
        "enter and leave a snapshot of the stack as it is",
        times -> {
          for (int i = 0; i < times; i++) {
            snapshot.run(() -> {});
            use(key(i), VAR);
          }
        });
    LogicalContext generator = new LogicalContext();
    measure(
        "push and pop a logical context",
        times -> {
          for (int i = 0; i < times; i++) {
            generator.run(() -> {});
            use(key(i), VAR);
          }
        });
    measure(
        "capture",
        times -> {
          for (int i = 0; i < times; i++) {
            use(key(i), ExecutionContext.capture());
          }
        });
  }

  private static void maps(Backend backend, int size) throws Throwable {
    LongHamt built = LongHamt.empty(backend);
    choose(size);
    for (int i = 0; i < size; i++) {
      built = built.put(i * 7L + 1, i);
    }
    LongHamt map = built;
    String entries = ", " + size + " entries";
    measure(
        "map get" + entries,
        times -> {
          for (int i = 0; i < times; i++) {
            use(map.get(key(i), 0), map);
          }
        });
    measure(
        "map put" + entries,
        Counts::giveBack,
        times -> {
          for (int i = 0; i < times; i++) {
            use(i, map.put(key(i), -1 - i));
          }
        });
  }

  private static void sharedMaps(Backend backend, int size) throws Throwable {
    choose(size);
    String entries = ", " + size + " entries";
    try (ConcurrentLongHamt shared = ConcurrentLongHamt.create(backend)) {
      for (int i = 0; i < size; i++) {
        shared.put(i * 7L + 1, i);
      }
      measure(
          "shared map get" + entries,
          times -> {
            for (int i = 0; i < times; i++) {
              use(shared.get(key(i), 0), shared);
            }
          });
      measure(
          "shared map put" + entries,
          Counts::giveBack,
          times -> {
            for (int i = 0; i < times; i++) {
              use(shared.put(key(i), fresh++) ? 1 : 0, shared);
            }
          });
    }
  }

  /** Measures everything, or with the argument {@code hits} no more than the loop and the hits. */
  public static void main(String[] args) throws Throwable {
    choose(1);
    measure(
        "loop",
        times -> {
          for (int i = 0; i < times; i++) {
            use(key(i), VAR);
          }
        });
    VAR.set(VALUES[0]);
    LONG_VAR.set(1);
    hits();
    if (args.length > 0 && args[0].equals("hits")) {
      return;
    }
    downcalls();
    contexts();
    // Before the others, which leave the C library's allocator as the daemon happens to.
    for (int size : SIZES) {
      sharedMaps(Contexture.backend(), size);
    }
    for (int size : SIZES) {
      maps(Contexture.backend(), size);
    }
  }
}
