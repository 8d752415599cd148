package io.contexture.internal.ffm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.contexture.internal.load.NativeLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What this class loader owns in native memory, so that it is given back when the loader goes. A
 * ledger to each kind of thing that one function of C gives back.
 *
 * <p>As long as the loader lives, each thing is freed when its owner asks for that. But when an
 * application is undeployed, whatever would free what is still in use (phantom references, the
 * reaper, code) dies together with the loader. Only what belongs to the JDK outlives it. So the
 * clean-up here is made of JDK objects alone, loops of method handles over sets of addresses that
 * call C, and it hangs on an automatic arena, which the JDK's own cleaner watches and which only
 * this class refers to. It runs once nothing of this loader can run any more. The library is
 * unloaded with the loader, but for a {@linkplain NativeLibrary#mapping second mapping}, which the
 * clean-up uses and then gives back, too.
 *
 * <p>Where that mapping couldn't be had, what is in use when the loader goes stays allocated.
 *
 * <p>Thread-safe. An addition or removal costs one operation on a concurrent hash set. Callers see
 * to it that there is stack enough for that.
 */
@SuppressWarnings("restricted") // The loader asks for native access before it lets anyone in here.
final class Ledger {
  /**
   * Addresses are rotated by so much in the set, as neighboring slabs differ in no lower bits: they
   * would gather in few bins, which then become trees, whose locks a {@link StackOverflowError} at
   * the wrong place leaves locked for good.
   */
  private static final int TURN = 13;

  /**
   * More often than a method handle is called before the JVM makes a version of it that is faster
   * to call.
   */
  private static final int REHEARSALS = 200;

  static {
    // Making those versions takes Java heap, and stack: so it's done while nothing has to go.
    for (int i = 0; i < REHEARSALS; i++) {
      Cx.memoryFree(0);
      Cx.sharedSnapshotFree(0);
      Cx.sharedBytes(0);
      Cx.sharedFree(0);
    }
  }

  /** Series of snapshots of shared maps, by their first. */
  static final Ledger SNAPSHOTS = new Ledger("cx_shared_snapshot_free");

  /** Shared maps, but for base layers. */
  static final Ledger MAPS = new Ledger("cx_shared_free");

  /** Runtimes, each with its handles and its base layer. */
  static final Ledger RUNTIMES = new Ledger("cx_runtime_free");

  /** Blocks of {@code cx_memory_alloc}. */
  static final Ledger BLOCKS = new Ledger("cx_memory_free");

  /** What the arena belongs to; unreachable as soon as this class is. */
  @SuppressWarnings({"unused", "UnusedVariable"}) // nobody but the collector looks at it
  private static final @Nullable MemorySegment ANCHOR =
      anchor(List.of(SNAPSHOTS, MAPS, RUNTIMES, BLOCKS)); // a map is in use while it has snapshots

  private final String function;

  /** Rotated addresses, each a {@link Long}. */
  private final Set<Object> addresses = ConcurrentHashMap.newKeySet();

  /** For the next removal, unless another has it at this moment. */
  private final AtomicReference<@Nullable Key> spare = new AtomicReference<>(new Key());

  /**
   * Finds a number in the set, now this one and then another. So a removal, which is what makes
   * room, takes no Java heap. Is never in the set.
   */
  private static final class Key {
    long number;

    /** The set asks the one that it is given, not the one that it has. */
    @Override
    public boolean equals(@Nullable Object member) {
      return member instanceof Long that && that == number;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(number);
    }
  }

  private Ledger(String function) {
    this.function = function;
  }

  /**
   * Notes that the loader owns what is at {@code addr}.
   *
   * @throws OutOfMemoryError if there is no Java heap for that; nothing has been noted then
   */
  void add(long addr) {
    Long number = Long.rotateRight(addr, TURN);
    try {
      addresses.add(number);
    } catch (OutOfMemoryError e) {
      if (!addresses.contains(number)) {
        throw e;
      } // or else it is there, and the set was about to grow
    }
  }

  /**
   * Notes that what is at {@code addr} is about to be given back. Takes Java heap only where other
   * threads do the same at the same time, or while the set grows.
   *
   * @throws OutOfMemoryError if there is none; nothing has changed then
   */
  void remove(long addr) {
    Key key = spare.getAndSet(null);
    if (key == null) {
      key = new Key();
    }
    key.number = Long.rotateRight(addr, TURN);
    try {
      addresses.remove(key);
    } catch (OutOfMemoryError e) {
      if (addresses.contains(key)) {
        throw e;
      } // or else it is gone, and the set was about to count that
    } finally {
      spare.set(key);
    }
  }

  /** How many things the loader owns; for tests, counted one by one. */
  int size() {
    int size = 0;
    for (Object _ : addresses) {
      size++;
    }
    return size;
  }

  private static @Nullable MemorySegment anchor(List<Ledger> inOrder) {
    NativeLibrary.Mapping library = NativeLibrary.mapping();
    return library == null
        ? null
        : MemorySegment.NULL.reinterpret(1, Arena.ofAuto(), givingBack(inOrder, library));
  }

  @SuppressWarnings("unchecked") // a Consumer of anything
  private static Consumer<MemorySegment> givingBack(
      List<Ledger> inOrder, NativeLibrary.Mapping library) {
    try {
      MethodHandle all =
          MethodHandles.publicLookup()
              .findVirtual(Arena.class, "close", MethodType.methodType(void.class))
              .bindTo(library.arena());
      for (Ledger ledger : inOrder.reversed()) {
        all = MethodHandles.foldArguments(all, ledger.givingBackEach(library));
      }
      return MethodHandleProxies.asInterfaceInstance(
          Consumer.class, MethodHandles.dropArguments(all, 0, Object.class));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** A loop over the addresses that are there by then. */
  private MethodHandle givingBackEach(NativeLibrary.Mapping library)
      throws ReflectiveOperationException {
    MethodHandle back =
        MethodHandles.publicLookup()
            .findStatic(
                Long.class, "rotateLeft", MethodType.methodType(long.class, long.class, int.class));
    MethodHandle each =
        MethodHandles.filterArguments(
                Linker.nativeLinker()
                    .downcallHandle(
                        library.functions().findOrThrow(function),
                        FunctionDescriptor.ofVoid(JAVA_LONG)), // a status would help nobody
                0,
                MethodHandles.insertArguments(back, 1, TURN))
            .asType(MethodType.methodType(void.class, Object.class));
    MethodHandle iterator =
        MethodHandles.publicLookup()
            .findVirtual(Set.class, "iterator", MethodType.methodType(Iterator.class))
            .bindTo(addresses);
    return MethodHandles.iteratedLoop(iterator, null, each);
  }
}
