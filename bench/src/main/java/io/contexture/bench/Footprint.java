package io.contexture.bench;

import io.contexture.Backend;
import io.contexture.ContextExecutors;
import io.contexture.ContextVar;
import io.contexture.Contexture;
import io.contexture.ExecutionContext;
import io.contexture.LogicalContext;
import io.contexture.LongContextVar;
import io.contexture.internal.ffm.NativeMemory;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * How much memory does a thing take? Makes many of them in a fresh JVM and divides what a
 * collection leaves behind: bytes in the Java heap, and those that the native backend has asked for
 * outside. What is measured of a thread is what it takes more than one that has no context, without
 * its stack: the same frames take some hundred bytes more or less as methods get compiled.
 */
public final class Footprint {
  /** The methods of this, which aren't JMH's, and the values of their parameters. */
  public static final Map<String, Map<String, List<String>>> METHODS = new LinkedHashMap<>();

  private static final int MANY = 10_000;
  private static final int WARMUPS = 3;
  private static final int MOST_READ = 32;
  private static final long PAUSE_NANOS = 5_000_000;
  private static final int MAP_SIZE = 1 << 20;

  static {
    Map<String, List<String>> read = Map.of("read", List.of("0", "1", "8", "32"));
    METHODS.put("virtualThread", read);
    METHODS.put("virtualThreadOfThreadLocals", read);
    METHODS.put("virtualThreadOfInheritableThreadLocals", read);
    METHODS.put("virtualThreadOfScopedValues", read);
    METHODS.put("contextVar", Map.of());
    METHODS.put("longContextVar", Map.of());
    METHODS.put("threadLocal", Map.of());
    METHODS.put("scopedValue", Map.of());
    METHODS.put("logicalContext", Map.of("variables", List.of("0", "1", "8")));
    METHODS.put("snapshot", Map.of());
    METHODS.put("mapEntry", Map.of("map", MapPeer.ALL));
  }

  private Footprint() {}

  /**
   * Prints the bytes of one thing in the heap, and those outside.
   *
   * @param args one of {@link #METHODS}, then its parameter
   * @throws InterruptedException if it is interrupted
   */
  public static void main(String[] args) throws InterruptedException {
    print(System.out, List.of(args));
  }

  /**
   * Prints the same elsewhere.
   *
   * @param out where
   * @param args as above
   * @throws InterruptedException if it is interrupted
   */
  public static void print(PrintStream out, List<String> args) throws InterruptedException {
    double[] bytes = measure(args.getFirst(), args.size() > 1 ? args.get(1) : "");
    out.println(bytes[0] + " " + bytes[1]);
  }

  private static double[] measure(String what, String parameter) throws InterruptedException {
    if (what.equals("mapEntry")) {
      MapPeer peer = MapPeer.of(parameter, MAP_SIZE);
      return bytesEach(MAP_SIZE, peer::build);
    }
    if (what.startsWith("virtualThread")) {
      return threads(what, Integer.parseInt(parameter));
    }
    Object[] things = new Object[MANY];
    IntFunction<?> maker = maker(what, parameter);
    maker.apply(0); // what exists once only
    return bytesEach(
        MANY,
        () -> {
          for (int i = 0; i < MANY; i++) {
            things[i] = maker.apply(i);
          }
          return things;
        });
  }

  private static IntFunction<?> maker(String what, String parameter) {
    return switch (what) {
      case "contextVar" -> i -> ContextVar.of("v");
      case "longContextVar" -> i -> LongContextVar.of("v");
      case "threadLocal" -> i -> new ThreadLocal<>();
      case "scopedValue" -> i -> ScopedValue.newInstance();
      case "logicalContext" -> {
        List<ContextVar<Integer>> variables = variables(Integer.parseInt(parameter));
        yield i -> {
          LogicalContext made = new LogicalContext();
          made.run(() -> variables.forEach(v -> v.set(0)));
          return made;
        };
      }
      case "snapshot" -> {
        ContextVar<Integer> variable = variables(1).getFirst();
        yield i -> {
          variable.set(i & 1); // so that each snapshot has contents of its own
          return ExecutionContext.capture();
        };
      }
      default -> throw new IllegalArgumentException(what);
    };
  }

  private static List<ContextVar<Integer>> variables(int n) {
    List<ContextVar<Integer>> made = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      made.add(ContextVar.of("object " + i));
    }
    return made;
  }

  // -------------------------------------------------------------------------------- threads

  private static double[] threads(String what, int read) throws InterruptedException {
    List<ContextVar<Integer>> variables = variables(MOST_READ);
    List<ThreadLocal<Integer>> locals = new ArrayList<>();
    List<InheritableThreadLocal<Integer>> inheritables = new ArrayList<>();
    ScopedValue.Carrier carrier = ScopedValue.where(ScopedValue.newInstance(), 0);
    List<ScopedValue<Integer>> scoped = new ArrayList<>();
    for (int i = 0; i < MOST_READ; i++) {
      locals.add(new ThreadLocal<>());
      inheritables.add(new InheritableThreadLocal<>());
      scoped.add(ScopedValue.newInstance());
      carrier = carrier.where(scoped.get(i), i);
      if (what.equals("virtualThread")) {
        variables.get(i).set(i);
      }
    }
    ScopedValue.Carrier bound = carrier;
    ThreadFactory bare = Thread.ofVirtual().inheritInheritableThreadLocals(false).factory();
    ThreadFactory factory =
        switch (what) {
          case "virtualThread" -> ContextExecutors.threadFactory(bare);
          case "virtualThreadOfInheritableThreadLocals" -> Thread.ofVirtual().factory();
          case "virtualThreadOfScopedValues" -> task -> bare.newThread(() -> bound.run(task));
          default -> bare;
        };
    Runnable reader =
        () -> {
          for (int i = 0; i < read; i++) {
            switch (what) {
              case "virtualThread" -> variables.get(i).get();
              case "virtualThreadOfThreadLocals" -> locals.get(i).set(0);
              case "virtualThreadOfInheritableThreadLocals" -> inheritables.get(i).get();
              default -> scoped.get(i).get();
            }
          }
        };
    Runnable nothing = () -> {};
    // Frames of compiled code take less room on the stack of a waiting thread than interpreted
    // ones.
    for (int i = 0; i < WARMUPS; i++) {
      park(bare, nothing);
      park(factory, reader);
    }
    double[] before = park(bare, nothing);
    if (what.equals("virtualThreadOfInheritableThreadLocals")) {
      inheritables.subList(0, read).forEach(local -> local.set(0));
      for (int i = 0; i < WARMUPS; i++) {
        park(factory, reader);
      }
    }
    double[] after = park(factory, reader);
    return new double[] {after[0] - before[0], after[1] - before[1]};
  }

  /** Bytes per thread, in the heap and outside, of threads that have run a task and wait. */
  private static double[] park(ThreadFactory factory, Runnable task) throws InterruptedException {
    CountDownLatch end = new CountDownLatch(1);
    final long heap = heapInUse() - stacksInUse();
    final long outside = outsideInUse();
    List<Thread> threads = start(factory, task, end, MANY);
    double[] each = {
      (double) (heapInUse() - stacksInUse() - heap) / MANY,
      (double) (outsideInUse() - outside) / MANY
    };
    end.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    return each;
  }

  private static List<Thread> start(ThreadFactory factory, Runnable task, CountDownLatch end, int n)
      throws InterruptedException {
    CountDownLatch running = new CountDownLatch(n);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      Thread thread =
          factory.newThread(
              () -> {
                task.run();
                running.countDown();
                await(end);
              });
      thread.start();
      threads.add(thread);
    }
    running.await();
    for (Thread thread : threads) {
      while (thread.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
    }
    return threads;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  // ---------------------------------------------------------------------------------- bytes

  private static double[] bytesEach(int things, Supplier<Object> making) {
    long heap = heapInUse();
    long outside = outsideInUse();
    Object made = making.get();
    double[] each = {
      (double) (heapInUse() - heap) / things, (double) (outsideInUse() - outside) / things
    };
    Reference.reachabilityFence(made);
    return each;
  }

  /** What is left once collecting, and letting go of what was collected, frees nothing more. */
  private static long heapInUse() {
    Runtime runtime = Runtime.getRuntime();
    long least = Long.MAX_VALUE;
    for (int unchanged = 0; unchanged < 3; unchanged++) {
      System.gc();
      LockSupport.parkNanos(PAUSE_NANOS); // other threads look after what was collected
      long now = runtime.totalMemory() - runtime.freeMemory();
      if (now < least - MANY) {
        unchanged = 0;
      }
      least = Math.min(least, now);
    }
    return least;
  }

  /** The part of the heap that the stacks of waiting virtual threads take up. */
  private static long stacksInUse() {
    try {
      Object histogram =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "gcClassHistogram",
                  new Object[] {null},
                  new String[] {String[].class.getName()});
      return histogram
          .toString()
          .lines()
          .map(line -> line.trim().split("\\s+"))
          .filter(fields -> fields.length > 3 && fields[3].equals("jdk.internal.vm.StackChunk"))
          .mapToLong(fields -> Long.parseLong(fields[2]))
          .sum();
    } catch (JMException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long outsideInUse() {
    return Contexture.backend() == Backend.NATIVE ? NativeMemory.bytesInUse() : 0;
  }
}
