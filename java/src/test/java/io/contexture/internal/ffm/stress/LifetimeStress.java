package io.contexture.internal.ffm.stress;

import io.contexture.Await;
import io.contexture.internal.Reaper;
import io.contexture.internal.ffm.FfmHooks;
import io.contexture.internal.ffm.NativeMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Runs {@link Workload}s on platform and virtual threads in a small heap, with freed memory
 * poisoned, and then looks whether all that was made is gone.
 *
 * <p>It fails if anything read differs from its model, if the JVM crashes, or if, after everything
 * was dropped, one slab, one byte of native memory or one value stays behind.
 *
 * <pre>
 *   java -Xmx48m -XX:+UseZGC --enable-native-access=ALL-UNNAMED
 *       -cp target/classes:target/test-classes [-Dminutes=60]
 *       io.contexture.internal.ffm.stress.LifetimeStress
 *
 *   -Dminutes=M   -Dseconds=S      how long to run; 10 seconds if neither is given
 *   -Dworkloads=churn,dying        which ones; by default all but the controls
 *   -Dworkloads=forgetful          a control, which has to end with exit code 3
 *   -Dworkloads=unguarded          another, which shows what the compiler does
 *   -Dplatform=P  -Dvirtual=V      threads for each workload, 1 and 3 by default
 *   -Dseed=N                       repeats the random choices, though not the interleaving
 * </pre>
 *
 * <p>Exit codes: 0 all is well; 1 a read was wrong or something is left behind; 2 it can't run; 3 a
 * control was caught reading freed memory.
 */
public final class LifetimeStress {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int UNUSABLE = 2;
  static final int CAUGHT = 3;

  private static final Duration PATIENCE = Duration.ofSeconds(60 * Await.PATIENCE);

  /** Every workload by its name. A new one is added here. */
  private static final Map<String, Supplier<Workload>> WORKLOADS = new LinkedHashMap<>();

  /** Broken on purpose: run only when asked for. */
  private static final List<String> CONTROLS = List.of("forgetful", "unguarded");

  static {
    WORKLOADS.put("churn", MapChurn::new);
    WORKLOADS.put("exchange", MapExchange::new);
    WORKLOADS.put("cycles", MapCycles::new);
    WORKLOADS.put("dying", DyingMaps::new);
    WORKLOADS.put("contexts", ContextChurn::new);
    WORKLOADS.put("forgetful", ForgetfulReader::new);
    WORKLOADS.put("unguarded", UnguardedReader::new);
  }

  private final List<Workload> workloads;
  private final SplittableRandom seeds;
  private final Map<String, LongAdder> operations = new LinkedHashMap<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile boolean stopped;

  private LifetimeStress(List<Workload> workloads, long seed) {
    this.workloads = workloads;
    this.seeds = new SplittableRandom(seed);
    workloads.forEach(workload -> operations.put(workload.name(), new LongAdder()));
  }

  /** The command; see the class comment. */
  public static void main(String[] args) throws InterruptedException {
    if (System.getProperty(NativeMemory.POISON_PROPERTY) == null) {
      System.setProperty(NativeMemory.POISON_PROPERTY, "true");
    }
    List<Workload> chosen = new ArrayList<>();
    String names = System.getProperty("workloads", "");
    for (Map.Entry<String, Supplier<Workload>> entry : WORKLOADS.entrySet()) {
      boolean listed = List.of(names.split(",")).contains(entry.getKey());
      if (names.isEmpty() ? !CONTROLS.contains(entry.getKey()) : listed) {
        chosen.add(entry.getValue().get());
      }
    }
    if (chosen.isEmpty()) {
      System.err.println("no workload is called " + names + "; there are " + WORKLOADS.keySet());
      System.exit(UNUSABLE);
    }
    try {
      FfmHooks.load();
    } catch (AssertionError unavailable) {
      System.err.println(unavailable.getMessage());
      System.exit(UNUSABLE);
    }
    long seed = Long.getLong("seed", System.nanoTime());
    Duration time = Duration.ofSeconds(Long.getLong("seconds", Long.getLong("minutes", 0) * 60));
    System.out.println("seed " + seed);
    System.exit(
        new LifetimeStress(chosen, seed).run(time.isZero() ? Duration.ofSeconds(10) : time));
  }

  private int run(Duration time) throws InterruptedException {
    // What is made once and for all is made before the state to return to is taken.
    workloads.forEach(workload -> workload.newWorker(seeds.split()).step());
    workloads.forEach(Workload::dropShared);
    final State before = settled();

    List<Thread> threads = startWorkers();
    long deadline = System.nanoTime() + time.toNanos();
    while (failure.get() == null && System.nanoTime() - deadline < 0) {
      System.gc();
      Reaper.drain();
      LockSupport.parkNanos(20_000_000);
    }
    stopped = true;
    for (Thread thread : threads) {
      if (!thread.join(PATIENCE)) {
        failure.compareAndSet(null, new AssertionError(thread + " doesn't end"));
      }
    }
    threads.clear();
    workloads.forEach(Workload::dropShared);
    long peak = NativeMemory.bytesInUse();
    boolean settled =
        FfmHooks.collectUntil(() -> State.now().equals(before) && uncollected() == 0, PATIENCE);
    return report(before, peak, settled);
  }

  /** The state once several collections in a row have found nothing more to free. */
  private State settled() {
    State[] last = {State.now()};
    int[] unchanged = new int[1];
    FfmHooks.collectUntil(
        () -> {
          State now = State.now();
          boolean quiet = now.equals(last[0]) && now.slabs == now.phantoms && uncollected() == 0;
          unchanged[0] = quiet ? unchanged[0] + 1 : 0;
          last[0] = now;
          return unchanged[0] == 5;
        },
        PATIENCE);
    return last[0];
  }

  /** Starts every worker; their threads alone refer to them. */
  private List<Thread> startWorkers() {
    List<Thread> threads = new ArrayList<>();
    for (Workload workload : workloads) {
      int platform = Integer.getInteger("platform", 1);
      int virtual = Integer.getInteger("virtual", 3);
      LongAdder done = operations.get(workload.name());
      for (int i = 0; i < platform + virtual; i++) {
        Workload.Worker worker = workload.newWorker(seeds.split());
        Thread.Builder builder = i < platform ? Thread.ofPlatform() : Thread.ofVirtual();
        threads.add(builder.name(workload.name() + "-" + i).start(() -> work(worker, done)));
      }
    }
    return threads;
  }

  private void work(Workload.Worker worker, LongAdder done) {
    try {
      while (!stopped) {
        done.add(worker.step());
        Thread.yield();
      }
    } catch (Throwable thrown) {
      failure.compareAndSet(null, thrown);
      stopped = true;
    }
  }

  private long uncollected() {
    return workloads.stream().mapToLong(Workload::uncollected).sum();
  }

  private int report(State before, long peak, boolean settled) {
    operations.forEach(
        (name, done) -> System.out.printf("%-12s %,15d operations%n", name, done.sum()));
    System.out.printf(
        "%,d slabs freed; %,d bytes in use at the end of the work%n",
        NativeMemory.slabsFreed(), peak);
    Throwable thrown = failure.get();
    if (thrown instanceof StaleRead caught) {
      System.out.println("caught the control: it read " + caught.getMessage());
      return CAUGHT;
    }
    if (thrown != null) {
      System.out.println("FAILED");
      thrown.printStackTrace(System.out);
      return FAILED;
    }
    System.out.println("before " + before);
    System.out.println("after  " + State.now() + ", " + uncollected() + " values uncollected");
    System.out.println(settled ? "all is well" : "FAILED: something is left behind");
    return settled ? OK : FAILED;
  }

  /** What has to be as before in the end. */
  private record State(long bytes, long slabs, int phantoms) {
    static State now() {
      return new State(NativeMemory.bytesInUse(), NativeMemory.slabsLive(), FfmHooks.phantoms());
    }

    @Override
    public String toString() {
      return bytes + " bytes in use, " + slabs + " slabs, " + phantoms + " phantoms";
    }
  }
}
