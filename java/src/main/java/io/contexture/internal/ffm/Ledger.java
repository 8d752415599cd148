package io.contexture.internal.ffm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The native blocks that this class loader owns, so that they are given back when it goes.
 *
 * <p>As long as the loader lives, {@link NativeMemory} frees each block when its owner asks for
 * that. But when an application is undeployed, whatever would free the blocks that are still in use
 * (phantom references, the reaper, code) dies together with the loader. Only what belongs to the
 * JDK outlives it. So the clean-up here is made of JDK objects alone, a loop of method handles over
 * a set of addresses that calls the C library's {@code free}, and it hangs on an automatic arena,
 * which the JDK's own cleaner watches and which only this class refers to. It runs once nothing of
 * this loader can run any more, and needs neither our classes nor {@code libcontexture}, which is
 * unloaded at the same time.
 *
 * <p>Where the C library can't be found by the JDK's linker, such blocks stay allocated.
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

  private static final Set<Long> BLOCKS = ConcurrentHashMap.newKeySet();

  /** What the arena belongs to; unreachable as soon as this class is. */
  @SuppressWarnings({"unused", "UnusedVariable"}) // nobody but the collector looks at it
  private static final MemorySegment ANCHOR =
      MemorySegment.NULL.reinterpret(1, Arena.ofAuto(), freeingAll(BLOCKS));

  private Ledger() {}

  /** Notes that the loader owns the block of {@code cx_memory_alloc} at {@code addr}. */
  static void add(long addr) {
    BLOCKS.add(Long.rotateRight(addr, TURN));
  }

  /** Notes that the block at {@code addr} is about to be freed. */
  static void remove(long addr) {
    BLOCKS.remove(Long.rotateRight(addr, TURN));
  }

  @SuppressWarnings("unchecked") // a Consumer of anything
  private static Consumer<MemorySegment> freeingAll(Set<Long> blocks) {
    Linker linker = Linker.nativeLinker();
    MemorySegment free = linker.defaultLookup().find("free").orElse(null);
    if (free == null) {
      return _ -> {};
    }
    try {
      MethodHandle back =
          MethodHandles.publicLookup()
              .findStatic(
                  Long.class,
                  "rotateLeft",
                  MethodType.methodType(long.class, long.class, int.class));
      MethodHandle each =
          MethodHandles.filterArguments(
                  linker.downcallHandle(free, FunctionDescriptor.ofVoid(JAVA_LONG)),
                  0,
                  MethodHandles.insertArguments(back, 1, TURN))
              .asType(MethodType.methodType(void.class, Object.class));
      MethodHandle all =
          MethodHandles.publicLookup()
              .findVirtual(Set.class, "iterator", MethodType.methodType(Iterator.class))
              .bindTo(blocks);
      MethodHandle loop = MethodHandles.iteratedLoop(all, null, each);
      return MethodHandleProxies.asInterfaceInstance(
          Consumer.class, MethodHandles.dropArguments(loop, 0, Object.class));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
