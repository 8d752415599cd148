package io.contexture.internal.ffm;

import io.contexture.internal.EcLink;
import io.contexture.internal.Engine;
import io.contexture.internal.Mark;
import io.contexture.internal.Root;
import io.contexture.internal.ThreadState;
import io.contexture.internal.VarRef;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A thread state whose record and cache are in native memory, where C code reads them too.
 *
 * <pre>
 *   record   cx_thread          unique_id, stack_version, top, below, cache, ...
 *   cache    cx_cache_entry[]   { variable version, stack version, word, hops }
 *   values   cacheValues[]      the Java object of each entry, in the Java heap
 * </pre>
 *
 * <p>A hit reads two words of native memory from Java and never crosses into C. A miss is one
 * critical downcall, {@code cx_thread_find}, which walks the whole chain and fills the entry; it
 * tells how far down it found the variable, and Java takes the object from that root.
 *
 * <p><b>Lifetime.</b> The record is freed when the thread is gone, so whoever runs here can read
 * it. The maps and links that the record points to are kept by this object's own fields: {@link
 * #top} and {@link #below} are written before the record is and the registry of states refers to
 * this object, so they are reachable in the heap, whatever the compiler does with local variables.
 */
public final class NativeThreadState extends ThreadState {
  private static final int FIRST_CACHE = 8;
  private static final int LARGEST_CACHE = 1024;
  private static final int ENTRY_SHIFT = 5;

  /** One empty entry, which no variable matches: the cache of a thread that has none yet. */
  private static final long NO_CACHE = NativeMemory.allocate(CxLayout.CACHE_ENTRY_SIZE);

  private final long record;

  /** Address of the cache, and its bytes less one entry: a mask for entry offsets. */
  private long cache = NO_CACHE;

  private long cacheMask;
  private long foundWord;

  NativeThreadState(Engine engine, Thread thread, long record) {
    super(engine, thread, Cx.getLong(record + CxLayout.THREAD_UNIQUE_ID));
    this.record = record;
    sync();
  }

  @Override
  public @Nullable Object cached(long varVersion) {
    long entry = cache + ((varVersion << ENTRY_SHIFT) & cacheMask);
    if (Cx.getLong(entry + CxLayout.CACHE_ENTRY_VAR_VERSION) == varVersion
        && Cx.getLong(entry + CxLayout.CACHE_ENTRY_STACK_VERSION) == version) {
      Object[] values = cacheValues;
      return values[(int) varVersion & (values.length - 1)];
    }
    return null;
  }

  @Override
  public long cachedWord(long varVersion) {
    return Cx.getLong(entry(cacheIndex(varVersion)) + CxLayout.CACHE_ENTRY_WORD);
  }

  @Override
  public Object find(VarRef ref, long varVersion) {
    makeRoomFor(varVersion);
    syncIfStale();
    int i = cacheIndex(varVersion);
    // Whatever interrupts us between C's part of the entry and ours: a null is never a hit.
    cacheValues[i] = null;
    long hops = Cx.threadFind(record, ref.id, varVersion, 0);
    Object found;
    if (hops < 0) {
      found = Mark.ABSENT;
    } else if (ref.isLong) {
      found = Mark.LONG;
    } else {
      Root root = topRoot();
      EcLink link = below;
      for (long hop = hops; hop > 0; hop--) {
        root = Objects.requireNonNull(link).root();
        link = link.below();
      }
      long slot = Cx.getLong(entry(i) + CxLayout.CACHE_ENTRY_WORD);
      Object value = Objects.requireNonNull(root).valueAt(slot, ref);
      found = value == null ? Mark.NULL : value;
    }
    cacheValues[i] = found;
    cacheFilled = true;
    foundWord = Cx.getLong(entry(i) + CxLayout.CACHE_ENTRY_WORD);
    return found;
  }

  @Override
  public long foundWord() {
    return foundWord;
  }

  @Override
  protected void cacheSet(long varVersion, Object masked, long word) {
    if (cacheValues.length >= FIRST_CACHE) {
      int i = cacheIndex(varVersion);
      long entry = entry(i);
      Cx.putLong(entry + CxLayout.CACHE_ENTRY_VAR_VERSION, varVersion);
      Cx.putLong(entry + CxLayout.CACHE_ENTRY_STACK_VERSION, version);
      Cx.putLong(entry + CxLayout.CACHE_ENTRY_WORD, word);
      Cx.putLong(entry + CxLayout.CACHE_ENTRY_HOPS, 0);
      cacheValues[i] = masked;
      cacheFilled = true;
    }
  }

  private long entry(int index) {
    return cache + ((long) index << ENTRY_SHIFT);
  }

  /** Doubles the cache when two variables of the present stack version want one entry. */
  private void makeRoomFor(long varVersion) {
    int size = cacheValues.length;
    int i = cacheIndex(varVersion);
    long entry = entry(i);
    if (size < FIRST_CACHE) {
      allocateCache(FIRST_CACHE);
    } else if (size < LARGEST_CACHE
        && cacheValues[i] != null
        && Cx.getLong(entry + CxLayout.CACHE_ENTRY_STACK_VERSION) == version
        && Cx.getLong(entry + CxLayout.CACHE_ENTRY_VAR_VERSION) != varVersion) {
      allocateCache(2 * size);
    }
  }

  private void allocateCache(int entries) {
    Object[] values = new Object[entries];
    final long newCache = NativeMemory.allocate((long) entries << ENTRY_SHIFT);
    final long oldCache = cache;
    final int oldEntries = cacheValues.length;
    cache = newCache;
    cacheMask = (long) (entries - 1) << ENTRY_SHIFT;
    cacheValues = values;
    recordStale = true;
    sync();
    if (oldCache != NO_CACHE) {
      NativeMemory.free(oldCache, (long) oldEntries << ENTRY_SHIFT);
    }
  }

  @Override
  protected boolean isCurrent(int index) {
    return Cx.getLong(entry(index) + CxLayout.CACHE_ENTRY_STACK_VERSION) == version;
  }

  private void syncIfStale() {
    if (recordStale) {
      sync();
    }
  }

  @Override
  protected void sync() {
    Root root = topRoot();
    EcLink link = below;
    Cx.putLong(
        record + CxLayout.THREAD_TOP, root == null ? 0 : ((NativeHamt) root.map()).address());
    Cx.putLong(record + CxLayout.THREAD_BELOW, link == null ? 0 : link.address);
    Cx.putLong(record + CxLayout.THREAD_STACK_VERSION, version);
    boolean hasCache = cache != NO_CACHE;
    Cx.putLong(record + CxLayout.THREAD_CACHE, hasCache ? cache : 0);
    Cx.putLong(record + CxLayout.THREAD_CACHE_MASK, cacheMask >>> ENTRY_SHIFT);
    recordStale = false;
  }

  @Override
  protected void free() {
    Cx.putLong(record + CxLayout.THREAD_CACHE, 0);
    Cx.threadFree(record);
    if (cache != NO_CACHE) {
      NativeMemory.free(cache, (long) cacheValues.length << ENTRY_SHIFT);
    }
  }

  @Override
  public String dump() {
    syncIfStale();
    long length = Cx.threadDump(record, 0, 0);
    long buffer = NativeMemory.allocate(length + 1);
    try {
      Cx.threadDump(record, buffer, length + 1);
      return Cx.getAscii(buffer, (int) length);
    } finally {
      NativeMemory.free(buffer, length + 1);
    }
  }
}
