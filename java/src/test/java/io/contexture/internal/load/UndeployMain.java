package io.contexture.internal.load;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.contexture.Await;
import io.contexture.Effort;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;
import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * An application is undeployed while it has much native memory in use, in contexts that live as
 * long as it does; another one goes on. Tells how much the process has from the C library's
 * allocator.
 */
public final class UndeployMain {
  private static final long MAX_SECONDS = 60 * Await.PATIENCE;

  /** Entries of each of its maps. */
  static final int ENTRIES = Effort.of(800_000, 300_000);

  /** {@code struct mallinfo2} of glibc: ten {@code size_t}. */
  private static final MemoryLayout MALLINFO = MemoryLayout.sequenceLayout(10, JAVA_LONG);

  private static final long MAPPED = 4;
  private static final long ALLOCATED = 7;

  private UndeployMain() {}

  /** Takes the directory of the library's classes. */
  public static void main(String[] args) throws Throwable {
    URL[] classes = {Path.of(args[0]).toUri().toURL()};
    URLClassLoader staying = new URLClassLoader(classes, ClassLoader.getPlatformClassLoader());
    use(staying, 100);
    final long before = bytesAllocated();
    URLClassLoader going = new URLClassLoader(classes, ClassLoader.getPlatformClassLoader());
    use(going, ENTRIES);
    long live = bytesLive(going);
    System.out.println("live=" + live);
    WeakReference<ClassLoader> undeployed = new WeakReference<>(going);
    going.close();
    going = null;
    System.out.println("collected=" + await(() -> undeployed.refersTo(null)));
    // The rest is what the JVM itself has taken meanwhile.
    System.out.println("back=" + await(() -> bytesAllocated() - before < live / 8));
    System.out.println("kept=" + (bytesAllocated() - before));
    use(staying, 100);
    System.out.println("still=works");
  }

  /**
   * Sets a variable, which lives as long as its value, to a map with so many entries, and to a
   * shared one with a snapshot of half of it.
   */
  private static void use(ClassLoader loader, int entries) throws ReflectiveOperationException {
    Class<?> hamt = loader.loadClass("io.contexture.hamt.LongHamt");
    Method put = hamt.getMethod("put", long.class, long.class);
    Object map = hamt.getMethod("empty").invoke(null);
    for (long key = 0; key < entries; key++) {
      map = put.invoke(map, key, key + 1);
    }
    Class<?> concurrent = loader.loadClass("io.contexture.hamt.ConcurrentLongHamt");
    Method putShared = concurrent.getMethod("put", long.class, long.class);
    Object shared = concurrent.getMethod("create").invoke(null);
    Object snapshot = null;
    for (long key = 0; key < entries; key++) {
      putShared.invoke(shared, key, key + 1);
      if (key == entries / 2) {
        snapshot = concurrent.getMethod("snapshot").invoke(shared);
      }
    }
    Class<?> longs = loader.loadClass("io.contexture.LongContextVar");
    Object inBase = longs.getMethod("of", String.class).invoke(null, "w");
    longs.getMethod("setGlobal", long.class).invoke(inBase, 17);
    Class<?> type = loader.loadClass("io.contexture.ContextVar");
    Object variable = type.getMethod("of", String.class).invoke(null, "v");
    Object[] value = {variable, map, shared, snapshot, inBase};
    type.getMethod("set", Object.class).invoke(variable, (Object) value);
  }

  /** What the library in {@code loader} has in use, once the collector has found what is dead. */
  private static long bytesLive(ClassLoader loader) throws ReflectiveOperationException {
    Method bytesInUse =
        loader.loadClass("io.contexture.internal.ffm.NativeMemory").getMethod("bytesInUse");
    Method drain = loader.loadClass("io.contexture.internal.Reaper").getMethod("drain");
    long[] last = {-1, 0}; // bytes, and how often in a row
    await(
        () -> {
          try {
            drain.invoke(null);
            long now = (long) bytesInUse.invoke(null);
            last[1] = now == last[0] ? last[1] + 1 : 0;
            last[0] = now;
            return last[1] == 3;
          } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
          }
        });
    return last[0];
  }

  /** What the process has from the C library's allocator. */
  private static long bytesAllocated() {
    Linker linker = Linker.nativeLinker();
    MemorySegment function = linker.defaultLookup().find("mallinfo2").orElseThrow();
    FunctionDescriptor descriptor =
        FunctionDescriptor.of(MemoryLayout.structLayout(MALLINFO.withName("fields")));
    MethodHandle handle = linker.downcallHandle(function, descriptor);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = (MemorySegment) handle.invokeExact((SegmentAllocator) arena);
      return info.getAtIndex(JAVA_LONG, MAPPED) + info.getAtIndex(JAVA_LONG, ALLOCATED);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Collects garbage until {@code condition} holds; false if it doesn't within the limit. */
  private static boolean await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_SECONDS);
    while (System.nanoTime() < end) {
      System.gc();
      if (condition.getAsBoolean()) {
        return true;
      }
      LockSupport.parkNanos(50_000_000);
    }
    return false;
  }
}
