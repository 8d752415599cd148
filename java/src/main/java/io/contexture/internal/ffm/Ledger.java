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
 * <p>Thread-safe. An addition or removal costs one operation on a concurrent hash set.
 */
@SuppressWarnings("restricted") // The loader asks for native access before it lets anyone in here.
final class Ledger {
  /**
   * Addresses are rotated by so much in the set, as neighboring slabs differ in no lower bits: they
   * would gather in few bins, which then become trees, whose locks a {@link StackOverflowError} at
   * the wrong place leaves locked for good.
   */
  private static final int TURN = 13;

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
  private final Set<Long> addresses = ConcurrentHashMap.newKeySet();

  private Ledger(String function) {
    this.function = function;
  }

  /** Notes that the loader owns what is at {@code addr}. */
  void add(long addr) {
    addresses.add(Long.rotateRight(addr, TURN));
  }

  /** Notes that what is at {@code addr} is about to be given back. */
  void remove(long addr) {
    addresses.remove(Long.rotateRight(addr, TURN));
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
