package io.contexture.internal.ffm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.contexture.internal.ffm.generated.contexture_h;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The functions of {@code libcontexture} as static methods, and raw memory: the one place where
 * Java calls into C.
 *
 * <p>Every address is a {@code long}; 0 is {@code NULL}. The handles are linked from the generated
 * addresses and descriptors, with pointers turned into 64-bit integers, which every supported ABI
 * passes alike. What is short, touches its arguments only and neither allocates nor blocks is
 * linked as {@linkplain Linker.Option#critical critical} (no thread transition, about half the
 * overhead); the rest are ordinary downcalls. {@code contexture.h} says what each function does.
 *
 * <p>Nothing here checks an address: a wrong one ends the process. Who calls keeps the memory alive
 * for the duration of the call.
 *
 * <p>Initializing this class takes a loaded library with all functions of {@link
 * CxLayout#functions} and native access for this module: only {@code internal.load} may be the
 * first to touch it. Any thread, where the C function may be called by any thread.
 */
@SuppressWarnings("restricted") // The loader asks for native access before it lets anyone in here.
public final class Cx {
  /** {@code CX_OK}: done. */
  public static final int OK = 0;

  /** {@code CX_ABSENT}: well-formed question, answer "not there". */
  public static final int ABSENT = 1;

  /** {@code CX_NEED_SPACE}: the space is too small; nothing was changed. */
  public static final int NEED_SPACE = -1;

  /** {@code CX_NO_MEMORY}: the allocator of the C library refused. */
  public static final int NO_MEMORY = -2;

  /** {@code CX_EXHAUSTED}: a 64-bit counter is near its end. */
  public static final int EXHAUSTED = -3;

  /** {@code CX_INVALID}: an argument is NULL, misaligned or out of range. */
  public static final int INVALID = -4;

  /** {@code CX_STALE}: the thread state has no unique id: never made, or torn down. */
  public static final int STALE = -5;

  /** {@code CX_ENTERED}: the logical context is on a stack already. */
  public static final int ENTERED = -6;

  /** {@code CX_TOO_LARGE}: more entries than a map can hold. */
  public static final int TOO_LARGE = -7;

  /** {@code CX_IN_USE}: readers, snapshots or calls of the shared map are left. */
  public static final int IN_USE = -8;

  private static final Linker LINKER = Linker.nativeLinker();

  // Critical: bounded time, no allocation, no lock.
  private static final MethodHandle HAMT_FIND =
      critical(contexture_h.cx_hamt_find$address(), contexture_h.cx_hamt_find$descriptor());
  private static final MethodHandle HAMT_GET =
      critical(contexture_h.cx_hamt_get$address(), contexture_h.cx_hamt_get$descriptor());
  private static final MethodHandle HAMT_SIZE =
      critical(contexture_h.cx_hamt_size$address(), contexture_h.cx_hamt_size$descriptor());
  private static final MethodHandle HAMT_ASSOC =
      critical(contexture_h.cx_hamt_assoc$address(), contexture_h.cx_hamt_assoc$descriptor());
  private static final MethodHandle HAMT_DISSOC =
      critical(contexture_h.cx_hamt_dissoc$address(), contexture_h.cx_hamt_dissoc$descriptor());
  private static final MethodHandle HAMT_ASSOC_BOUND =
      critical(
          contexture_h.cx_hamt_assoc_bound$address(),
          contexture_h.cx_hamt_assoc_bound$descriptor());
  private static final MethodHandle HAMT_REPLACE_UNSHARED =
      critical(
          contexture_h.cx_hamt_replace_unshared$address(),
          contexture_h.cx_hamt_replace_unshared$descriptor());
  private static final MethodHandle HAMT_ITERATE =
      critical(contexture_h.cx_hamt_iterate$address(), contexture_h.cx_hamt_iterate$descriptor());
  private static final MethodHandle RUNTIME_RESERVE =
      critical(
          contexture_h.cx_runtime_reserve$address(), contexture_h.cx_runtime_reserve$descriptor());
  private static final MethodHandle EC_NEW =
      critical(contexture_h.cx_link_new$address(), contexture_h.cx_link_new$descriptor());
  private static final MethodHandle EC_FIND =
      critical(contexture_h.cx_link_find$address(), contexture_h.cx_link_find$descriptor());
  private static final MethodHandle THREAD_FIND =
      critical(contexture_h.cx_record_find$address(), contexture_h.cx_record_find$descriptor());
  private static final MethodHandle SHARED_FIND =
      critical(contexture_h.cx_shared_find$address(), contexture_h.cx_shared_find$descriptor());
  private static final MethodHandle SHARED_GET =
      critical(contexture_h.cx_shared_get$address(), contexture_h.cx_shared_get$descriptor());
  private static final MethodHandle SHARED_SNAPSHOT_FIND =
      critical(
          contexture_h.cx_shared_snapshot_find$address(),
          contexture_h.cx_shared_snapshot_find$descriptor());
  private static final MethodHandle SHARED_SNAPSHOT_GET =
      critical(
          contexture_h.cx_shared_snapshot_get$address(),
          contexture_h.cx_shared_snapshot_get$descriptor());
  private static final MethodHandle SHARED_BYTES =
      critical(contexture_h.cx_shared_bytes$address(), contexture_h.cx_shared_bytes$descriptor());
  private static final MethodHandle SHARED_RETIRED =
      critical(
          contexture_h.cx_shared_retired$address(), contexture_h.cx_shared_retired$descriptor());

  // Ordinary: allocates, or takes time in the size of its arguments, or is rare.
  private static final MethodHandle ABI_VERSION =
      ordinary(contexture_h.cx_abi_version$address(), contexture_h.cx_abi_version$descriptor());
  private static final MethodHandle VERSION =
      ordinary(contexture_h.cx_version$address(), contexture_h.cx_version$descriptor());
  private static final MethodHandle BUILD_ID =
      ordinary(contexture_h.cx_build_id$address(), contexture_h.cx_build_id$descriptor());
  private static final MethodHandle LAYOUT =
      ordinary(contexture_h.cx_layout$address(), contexture_h.cx_layout$descriptor());
  private static final MethodHandle STRERROR =
      ordinary(contexture_h.cx_strerror$address(), contexture_h.cx_strerror$descriptor());
  private static final MethodHandle MEMORY_ALLOC =
      ordinary(contexture_h.cx_memory_alloc$address(), contexture_h.cx_memory_alloc$descriptor());
  private static final MethodHandle MEMORY_FREE =
      ordinary(contexture_h.cx_memory_free$address(), contexture_h.cx_memory_free$descriptor());
  private static final MethodHandle HAMT_MERGE =
      ordinary(contexture_h.cx_hamt_merge$address(), contexture_h.cx_hamt_merge$descriptor());
  private static final MethodHandle HAMT_MERGE_BOUND =
      ordinary(
          contexture_h.cx_hamt_merge_bound$address(),
          contexture_h.cx_hamt_merge_bound$descriptor());
  private static final MethodHandle HAMT_COPY =
      ordinary(contexture_h.cx_hamt_copy$address(), contexture_h.cx_hamt_copy$descriptor());
  private static final MethodHandle HAMT_BYTES =
      ordinary(contexture_h.cx_hamt_bytes$address(), contexture_h.cx_hamt_bytes$descriptor());
  private static final MethodHandle HAMT_DUMP =
      ordinary(contexture_h.cx_hamt_dump$address(), contexture_h.cx_hamt_dump$descriptor());
  private static final MethodHandle TEST_HAMT_RAW =
      ordinary(contexture_h.cx_test_hamt_raw$address(), contexture_h.cx_test_hamt_raw$descriptor());
  private static final MethodHandle RUNTIME_NEW =
      ordinary(contexture_h.cx_runtime_new$address(), contexture_h.cx_runtime_new$descriptor());
  private static final MethodHandle RUNTIME_GLOBALS =
      ordinary(
          contexture_h.cx_runtime_globals$address(), contexture_h.cx_runtime_globals$descriptor());
  private static final MethodHandle RUNTIME_FREE =
      ordinary(contexture_h.cx_runtime_free$address(), contexture_h.cx_runtime_free$descriptor());
  private static final MethodHandle EC_SQUASH =
      ordinary(contexture_h.cx_link_squash$address(), contexture_h.cx_link_squash$descriptor());
  private static final MethodHandle EC_DUMP =
      ordinary(contexture_h.cx_link_dump$address(), contexture_h.cx_link_dump$descriptor());
  private static final MethodHandle THREAD_NEW =
      ordinary(contexture_h.cx_record_new$address(), contexture_h.cx_record_new$descriptor());
  private static final MethodHandle THREAD_FREE =
      ordinary(contexture_h.cx_record_free$address(), contexture_h.cx_record_free$descriptor());
  private static final MethodHandle THREAD_LEND =
      ordinary(contexture_h.cx_thread_lend$address(), contexture_h.cx_thread_lend$descriptor());
  private static final MethodHandle LENT_FREE =
      ordinary(contexture_h.cx_thread_free$address(), contexture_h.cx_thread_free$descriptor());
  private static final MethodHandle THREAD_SET_CACHE =
      ordinary(
          contexture_h.cx_record_set_cache$address(),
          contexture_h.cx_record_set_cache$descriptor());
  private static final MethodHandle THREAD_NEXT_VERSION =
      ordinary(
          contexture_h.cx_record_next_version$address(),
          contexture_h.cx_record_next_version$descriptor());
  private static final MethodHandle THREAD_DUMP =
      ordinary(contexture_h.cx_record_dump$address(), contexture_h.cx_record_dump$descriptor());
  private static final MethodHandle SHARED_NEW =
      ordinary(contexture_h.cx_shared_new$address(), contexture_h.cx_shared_new$descriptor());
  private static final MethodHandle SHARED_FREE =
      ordinary(contexture_h.cx_shared_free$address(), contexture_h.cx_shared_free$descriptor());
  private static final MethodHandle SHARED_PUT =
      ordinary(contexture_h.cx_shared_put$address(), contexture_h.cx_shared_put$descriptor());
  private static final MethodHandle SHARED_PUT_IF_ABSENT =
      ordinary(
          contexture_h.cx_shared_put_if_absent$address(),
          contexture_h.cx_shared_put_if_absent$descriptor());
  private static final MethodHandle SHARED_REMOVE =
      ordinary(contexture_h.cx_shared_remove$address(), contexture_h.cx_shared_remove$descriptor());
  private static final MethodHandle SHARED_COMPARE_AND_SET =
      ordinary(
          contexture_h.cx_shared_compare_and_set$address(),
          contexture_h.cx_shared_compare_and_set$descriptor());
  private static final MethodHandle SHARED_CLEAR =
      ordinary(contexture_h.cx_shared_clear$address(), contexture_h.cx_shared_clear$descriptor());
  private static final MethodHandle SHARED_SIZE =
      ordinary(contexture_h.cx_shared_size$address(), contexture_h.cx_shared_size$descriptor());
  private static final MethodHandle SHARED_SNAPSHOT_SERIES =
      ordinary(
          contexture_h.cx_shared_snapshot_series$address(),
          contexture_h.cx_shared_snapshot_series$descriptor());
  private static final MethodHandle SHARED_SNAPSHOT_NEXT =
      ordinary(
          contexture_h.cx_shared_snapshot_next$address(),
          contexture_h.cx_shared_snapshot_next$descriptor());
  private static final MethodHandle SHARED_SNAPSHOT_FREE =
      ordinary(
          contexture_h.cx_shared_snapshot_free$address(),
          contexture_h.cx_shared_snapshot_free$descriptor());
  private static final MethodHandle SHARED_SNAPSHOT_SIZE =
      ordinary(
          contexture_h.cx_shared_snapshot_size$address(),
          contexture_h.cx_shared_snapshot_size$descriptor());
  private static final MethodHandle SHARED_SNAPSHOT_ITERATE =
      ordinary(
          contexture_h.cx_shared_snapshot_iterate$address(),
          contexture_h.cx_shared_snapshot_iterate$descriptor());
  private static final MethodHandle SHARED_SNAPSHOT_HAMT_BYTES =
      ordinary(
          contexture_h.cx_shared_snapshot_hamt_bytes$address(),
          contexture_h.cx_shared_snapshot_hamt_bytes$descriptor());
  private static final MethodHandle SHARED_SNAPSHOT_TO_HAMT =
      ordinary(
          contexture_h.cx_shared_snapshot_to_hamt$address(),
          contexture_h.cx_shared_snapshot_to_hamt$descriptor());
  private static final MethodHandle SHARED_TRIM =
      ordinary(contexture_h.cx_shared_trim$address(), contexture_h.cx_shared_trim$descriptor());

  /**
   * The whole address space. Read and written with unaligned layouts only: the alignment check of
   * the others costs more than the access.
   */
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private Cx() {}

  // ------------------------------------------------------------------------------ raw memory

  /** The 64-bit word at {@code address}. */
  public static long getLong(long address) {
    return MEMORY.get(JAVA_LONG_UNALIGNED, address);
  }

  /** Writes the 64-bit word at {@code address}. */
  public static void putLong(long address, long value) {
    MEMORY.set(JAVA_LONG_UNALIGNED, address, value);
  }

  /** The 32-bit word at {@code address}. */
  public static int getInt(long address) {
    return MEMORY.get(JAVA_INT_UNALIGNED, address);
  }

  /** Writes the 32-bit word at {@code address}. */
  public static void putInt(long address, int value) {
    MEMORY.set(JAVA_INT_UNALIGNED, address, value);
  }

  /** Copies {@code count} 64-bit words from {@code address} to the start of {@code target}. */
  public static void getLongs(long address, long[] target, int count) {
    MemorySegment.copy(MEMORY, JAVA_LONG_UNALIGNED, address, target, 0, count);
  }

  /** Sets {@code bytes} bytes from {@code address} on to {@code value}. */
  public static void fill(long address, long bytes, byte value) {
    MEMORY.asSlice(address, bytes).fill(value);
  }

  /** The NUL-terminated text at {@code address}, which is not 0. */
  public static String getString(long address) {
    return MEMORY.getString(address);
  }

  /** The text of {@code bytes} ASCII characters at {@code address}. */
  public static String getAscii(long address, int bytes) {
    byte[] copy = new byte[bytes];
    MemorySegment.copy(MEMORY, JAVA_BYTE, address, copy, 0, bytes);
    return new String(copy, StandardCharsets.US_ASCII);
  }

  // ------------------------------------------------------------------------- introspection

  /** {@code cx_abi_version}: the ABI version of the library. */
  public static int abiVersion() {
    try {
      return (int) ABI_VERSION.invokeExact();
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_version}: the semantic version of the library. */
  public static String version() {
    try {
      return getString((long) VERSION.invokeExact());
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_build_id}: the digest that names this build of the library. */
  public static String buildId() {
    try {
      return getString((long) BUILD_ID.invokeExact());
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_layout}: a size, an offset or a limit, or -1 for an unknown field. */
  public static long layout(int field) {
    try {
      return (long) LAYOUT.invokeExact(field);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_strerror}: what a status means, in words. */
  public static String statusText(int status) {
    try {
      return getString((long) STRERROR.invokeExact(status));
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  // -------------------------------------------------------------------------------- memory

  /** {@code cx_memory_alloc}: zeroed memory at a 64-byte boundary, or 0. */
  public static long memoryAlloc(long bytes) {
    try {
      return (long) MEMORY_ALLOC.invokeExact(bytes);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_memory_free}; 0 is a no-op. */
  public static void memoryFree(long memory) {
    try {
      MEMORY_FREE.invokeExact(memory);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  // ---------------------------------------------------------------------------------- maps

  /** {@code cx_hamt_find}: the value under {@code key}, or {@code absent}. Critical. */
  public static long hamtFind(long map, long key, long absent) {
    try {
      return (long) HAMT_FIND.invokeExact(map, key, absent);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_hamt_get}: {@link #OK} with the value written to {@code value}, unless that is 0, or
   * {@link #ABSENT}. Critical.
   */
  public static int hamtGet(long map, long key, long value) {
    try {
      return (int) HAMT_GET.invokeExact(map, key, value);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_hamt_size}: the number of entries. Critical. */
  public static long hamtSize(long map) {
    try {
      return (long) HAMT_SIZE.invokeExact(map);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_hamt_assoc}: a status; writes the new map's address to {@code out}. Critical. */
  public static int hamtAssoc(long map, long key, long value, long space, long out) {
    try {
      return (int) HAMT_ASSOC.invokeExact(map, key, value, space, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_hamt_dissoc}: a status; writes the new map's address to {@code out}. Critical. */
  public static int hamtDissoc(long map, long key, long space, long out) {
    try {
      return (int) HAMT_DISSOC.invokeExact(map, key, space, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_hamt_assoc_bound}: bytes that one assoc or dissoc can take at most. Critical. */
  public static long hamtAssocBound(long map) {
    try {
      return (long) HAMT_ASSOC_BOUND.invokeExact(map);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_hamt_replace_unshared}: {@link #OK} if replaced in place, else {@link #ABSENT}.
   * Critical.
   */
  public static int hamtReplaceUnshared(long map, long key, long value) {
    try {
      return (int) HAMT_REPLACE_UNSHARED.invokeExact(map, key, value);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_hamt_merge}: a status; writes the union's address to {@code out}. */
  public static int hamtMerge(long base, long over, long space, long out) {
    try {
      return (int) HAMT_MERGE.invokeExact(base, over, space, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_hamt_merge_bound}: bytes that merging the two can take at most. */
  public static long hamtMergeBound(long base, long over) {
    try {
      return (long) HAMT_MERGE_BOUND.invokeExact(base, over);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_hamt_copy}: a status; writes the copy's address to {@code out}. */
  public static int hamtCopy(long map, long space, long out) {
    try {
      return (int) HAMT_COPY.invokeExact(map, space, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_hamt_bytes}: bytes of all blocks of the map. O(nodes). */
  public static long hamtBytes(long map) {
    try {
      return (long) HAMT_BYTES.invokeExact(map);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_hamt_iterate}: how many further entries were copied, 0 at the end, or {@link
   * #INVALID}. Critical, so {@code capacity} has to be small.
   */
  public static long hamtIterate(long map, long cursor, long keys, long values, long capacity) {
    try {
      return (long) HAMT_ITERATE.invokeExact(map, cursor, keys, values, capacity);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_hamt_dump}: the length of the canonical text, of which what fits was written. */
  public static long hamtDump(long map, long buffer, long capacity) {
    try {
      return (long) HAMT_DUMP.invokeExact(map, buffer, capacity);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_test_hamt_raw}: a status; writes an empty map that hashes with the test hook. */
  public static int testHamtRaw(long space, long out) {
    try {
      return (int) TEST_HAMT_RAW.invokeExact(space, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  // ---------------------------------------------------------------------------- shared maps

  /** {@code cx_shared_new}: a status; writes the new map's address to {@code out}. */
  public static int sharedNew(long out) {
    try {
      return (int) SHARED_NEW.invokeExact(out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_free}: a status, {@link #IN_USE} while snapshots are left; 0 is a no-op. */
  public static int sharedFree(long map) {
    try {
      return (int) SHARED_FREE.invokeExact(map);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_find}: the value under {@code key}, or {@code absent}. Critical. */
  public static long sharedFind(long map, long reader, long key, long absent) {
    try {
      return (long) SHARED_FIND.invokeExact(map, reader, key, absent);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_shared_get}: {@link #OK} with the value written to {@code value}, unless that is 0,
   * or {@link #ABSENT}. Critical.
   */
  public static int sharedGet(long map, long reader, long key, long value) {
    try {
      return (int) SHARED_GET.invokeExact(map, reader, key, value);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_shared_put}: {@link #ABSENT} if the key is new, {@link #OK} with the value before in
   * {@code previous}, unless that is 0, or an error.
   */
  public static int sharedPut(long map, long reader, long key, long value, long previous) {
    try {
      return (int) SHARED_PUT.invokeExact(map, reader, key, value, previous);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_shared_put_if_absent}: {@link #ABSENT} if it was stored, {@link #OK} if the key was
   * there, or an error.
   */
  public static int sharedPutIfAbsent(long map, long reader, long key, long value, long present) {
    try {
      return (int) SHARED_PUT_IF_ABSENT.invokeExact(map, reader, key, value, present);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_remove}: {@link #OK} if the key was there, {@link #ABSENT}, or an error. */
  public static int sharedRemove(long map, long reader, long key, long previous) {
    try {
      return (int) SHARED_REMOVE.invokeExact(map, reader, key, previous);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_shared_compare_and_set}: {@link #OK} if set, {@link #ABSENT} if the value is another
   * one or there is none, or an error.
   */
  public static int sharedCompareAndSet(
      long map, long reader, long key, long expected, long value) {
    try {
      return (int) SHARED_COMPARE_AND_SET.invokeExact(map, reader, key, expected, value);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_clear}: a status. */
  public static int sharedClear(long map, long reader) {
    try {
      return (int) SHARED_CLEAR.invokeExact(map, reader);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_size}: a status; writes the number of entries to {@code size}. */
  public static int sharedSize(long map, long reader, long size) {
    try {
      return (int) SHARED_SIZE.invokeExact(map, reader, size);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_snapshot_series}: the address of the first snapshot, or a status. */
  public static long sharedSnapshotSeries(long map, long reader, long room) {
    try {
      return (long) SHARED_SNAPSHOT_SERIES.invokeExact(map, reader, room);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_snapshot_next}: the address of another snapshot of a series, or a status. */
  public static long sharedSnapshotNext(long first, long reader) {
    try {
      return (long) SHARED_SNAPSHOT_NEXT.invokeExact(first, reader);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_snapshot_free}, of a whole series; 0 is a no-op. */
  public static void sharedSnapshotFree(long snapshot) {
    try {
      SHARED_SNAPSHOT_FREE.invokeExact(snapshot);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_snapshot_find}: the value under {@code key}, or {@code absent}. Critical. */
  public static long sharedSnapshotFind(long snapshot, long key, long absent) {
    try {
      return (long) SHARED_SNAPSHOT_FIND.invokeExact(snapshot, key, absent);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_shared_snapshot_get}: {@link #OK} with the value written to {@code value}, unless
   * that is 0, or {@link #ABSENT}. Critical.
   */
  public static int sharedSnapshotGet(long snapshot, long key, long value) {
    try {
      return (int) SHARED_SNAPSHOT_GET.invokeExact(snapshot, key, value);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_snapshot_size}: the number of entries. O(n) at first. */
  public static long sharedSnapshotSize(long snapshot) {
    try {
      return (long) SHARED_SNAPSHOT_SIZE.invokeExact(snapshot);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_snapshot_iterate}: the number of entries, or an error. */
  public static long sharedSnapshotIterate(
      long snapshot, long cursor, long keys, long values, long capacity) {
    try {
      return (long) SHARED_SNAPSHOT_ITERATE.invokeExact(snapshot, cursor, keys, values, capacity);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_shared_snapshot_hamt_bytes}: the space that {@link #sharedSnapshotToHamt} takes, or
   * an error.
   */
  public static long sharedSnapshotHamtBytes(long snapshot) {
    try {
      return (long) SHARED_SNAPSHOT_HAMT_BYTES.invokeExact(snapshot);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_shared_snapshot_to_hamt}: a status; writes the address of an immutable map to {@code
   * out}.
   */
  public static int sharedSnapshotToHamt(long snapshot, long space, long out) {
    try {
      return (int) SHARED_SNAPSHOT_TO_HAMT.invokeExact(snapshot, space, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_trim}: a status. */
  public static int sharedTrim(long map) {
    try {
      return (int) SHARED_TRIM.invokeExact(map);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_shared_retired}: nodes that wait to be freed. Critical. */
  public static long sharedRetired(long map) {
    try {
      return (long) SHARED_RETIRED.invokeExact(map);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_shared_bytes}: bytes of all nodes, those that wait to be freed included. Critical.
   */
  public static long sharedBytes(long map) {
    try {
      return (long) SHARED_BYTES.invokeExact(map);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  // ------------------------------------------------------------------------------- runtime

  /** {@code cx_runtime_new}: a status; writes the new runtime's address to {@code out}. */
  public static int runtimeNew(long out) {
    try {
      return (int) RUNTIME_NEW.invokeExact(out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_runtime_free}: a status; 0 is a no-op. */
  public static int runtimeFree(long runtime) {
    try {
      return (int) RUNTIME_FREE.invokeExact(runtime);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_runtime_globals}: a status; writes the address of the base layer's {@code cx_shared},
   * which belongs to the runtime, to {@code out}.
   */
  public static int runtimeGlobals(long runtime, long out) {
    try {
      return (int) RUNTIME_GLOBALS.invokeExact(runtime, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_runtime_reserve}: a status; writes the first reserved number to {@code first}.
   * Critical.
   */
  public static int runtimeReserve(long runtime, long count, long first) {
    try {
      return (int) RUNTIME_RESERVE.invokeExact(runtime, count, first);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  // -------------------------------------------------------------------------------- chains

  /**
   * {@code cx_link_new}: a status; writes the new link's address to {@code out}. Critical, so a
   * chain that is due for folding is better squashed by an ordinary call first.
   */
  public static int ecNew(long map, long below, long space, long out) {
    try {
      return (int) EC_NEW.invokeExact(map, below, space, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_link_find}: {@link #OK} with the value written to {@code value}, unless that is 0, or
   * {@link #ABSENT}. Critical.
   */
  public static int ecFind(long ec, long id, long value) {
    try {
      return (int) EC_FIND.invokeExact(ec, id, value);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_link_squash}: a status; writes the address of one map for the whole chain to {@code
   * out}.
   */
  public static int ecSquash(long ec, long space, long out) {
    try {
      return (int) EC_SQUASH.invokeExact(ec, space, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_link_dump}: the length of the canonical text, of which what fits was written. */
  public static long ecDump(long ec, long buffer, long capacity) {
    try {
      return (long) EC_DUMP.invokeExact(ec, buffer, capacity);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  // ------------------------------------------------------------------------------- threads

  /** {@code cx_record_new}: a status; writes the new state's address to {@code out}. */
  public static int threadNew(long runtime, long out) {
    try {
      return (int) THREAD_NEW.invokeExact(runtime, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_record_free}; 0 is a no-op. */
  public static void threadFree(long thread) {
    try {
      THREAD_FREE.invokeExact(thread);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_thread_lend}: a status; writes a handle that shows the record to {@code out}. */
  public static int threadLend(long runtime, long record, int anyThread, long out) {
    try {
      return (int) THREAD_LEND.invokeExact(runtime, record, anyThread, out);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_thread_free}, for what {@link #threadLend} wrote: a status. */
  public static int lentFree(long handle) {
    try {
      return (int) LENT_FREE.invokeExact(handle);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** The address of a function that {@link CxLayout#functions} names. */
  public static MemorySegment function(String name) {
    return SymbolLookup.loaderLookup().findOrThrow(name);
  }

  /** {@code cx_record_set_cache}: a status. */
  public static int threadSetCache(long thread, long entries) {
    try {
      return (int) THREAD_SET_CACHE.invokeExact(thread, entries);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_record_next_version}: a new stack version, or 0 when the counter is exhausted. */
  public static long threadNextVersion(long runtime, long thread) {
    try {
      return (long) THREAD_NEXT_VERSION.invokeExact(runtime, thread);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /**
   * {@code cx_record_find}: where the variable was found: 0 the topmost context, k the k-th link
   * below, -1 nowhere; the value is written to {@code word}, unless that is 0. Critical.
   */
  public static long threadFind(long thread, long id, long varVersion, long word) {
    try {
      return (long) THREAD_FIND.invokeExact(thread, id, varVersion, word);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /** {@code cx_record_dump}: the length of the canonical text, of which what fits was written. */
  public static long threadDump(long thread, long buffer, long capacity) {
    try {
      return (long) THREAD_DUMP.invokeExact(thread, buffer, capacity);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  // --------------------------------------------------------------------------------- linking

  private static MethodHandle critical(MemorySegment function, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(function, words(descriptor), Linker.Option.critical(false));
  }

  private static MethodHandle ordinary(MemorySegment function, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(function, words(descriptor));
  }

  /** {@code descriptor} with 64-bit integers in place of pointers. */
  private static FunctionDescriptor words(FunctionDescriptor descriptor) {
    // Loops rather than streams: this is most of what happens when the library is loaded.
    MemoryLayout[] arguments = descriptor.argumentLayouts().toArray(new MemoryLayout[0]);
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = word(arguments[i]);
    }
    Optional<MemoryLayout> result = descriptor.returnLayout();
    return result.isPresent()
        ? FunctionDescriptor.of(word(result.get()), arguments)
        : FunctionDescriptor.ofVoid(arguments);
  }

  private static MemoryLayout word(MemoryLayout layout) {
    return layout instanceof AddressLayout ? JAVA_LONG : layout;
  }

  /** What a handle threw, for the caller to throw on; handles declare no checked exception. */
  private static RuntimeException thrown(Throwable thrown) {
    return switch (thrown) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> throw new AssertionError(thrown);
    };
  }
}
