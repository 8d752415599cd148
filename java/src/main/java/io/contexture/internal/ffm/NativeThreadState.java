package io.contexture.internal.ffm;

import io.contexture.internal.AbstractLongHamt;
import io.contexture.internal.EcLink;
import io.contexture.internal.Engine;
import io.contexture.internal.Engines;
import io.contexture.internal.Mark;
import io.contexture.internal.Root;
import io.contexture.internal.StackProbe;
import io.contexture.internal.ThreadState;
import io.contexture.internal.VarRef;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A thread state with a record in native memory, a {@code cx_record}, which C searches and reads.
 *
 * <p>A hit is answered by the cache that both backends have in the Java heap, and never crosses
 * into C. A miss first looks through the pairs of the topmost roots while those are small, in the
 * Java heap; what that doesn't settle is one critical downcall, {@code cx_record_find}, which walks
 * the whole chain; it tells how far down it found the variable, and Java takes the object from that
 * root. The record has no cache of its own: C code that looks a variable up walks, too.
 *
 * <p><b>Synchronizing.</b> The record is brought up to date before C looks at it, and after each
 * change while C code may look at any time because the record is lent; otherwise a change of the
 * stack costs the record nothing.
 *
 * <p><b>Lifetime.</b> The record lies in a slab that this object keeps. The maps and links that the
 * record points to are kept by the fields {@link #top} and {@link #below}, which are written before
 * the record is; where it is behind those, its addresses may be of what is gone, and nobody reads
 * them before it is brought up to date. While it is lent C may read it even then, so what it shows
 * is kept by fields of their own until it shows something else. While the thread runs, the registry
 * of states refers to this object, so all of it is reachable in the heap, whatever the compiler
 * does with local variables.
 */
public final class NativeThreadState extends ThreadState {
  /** The record, a cache line of its own, and the word that C writes a value to. */
  private static final long WORD = CxLayout.THREAD_SIZE;

  private static final long BYTES = Math.max(WORD + Long.BYTES, CxLayout.LINE);

  /** The number of roots to look through before C is asked: what a downcall takes anyway. */
  private static final int SCANNED_ROOTS = 4;

  private final Slab slab;
  private final long record;

  /** More frames than it takes to write the record. */
  private static final int STACK_NEEDED = 64;

  /** How many handles are lent. */
  private int lent;

  /** The map and the chain that the record shows, while it is lent. */
  private @Nullable AbstractLongHamt shownMap;

  private @Nullable EcLink shownBelow;

  NativeThreadState(Engine engine, Thread thread, long uniqueId) {
    super(engine, thread, uniqueId);
    SlabPool.Block block = SlabPool.newBlock(BYTES, CxLayout.LINE);
    slab = block.slab();
    record = block.addr();
    Cx.putLong(record + CxLayout.THREAD_UNIQUE_ID, uniqueId);
    sync();
  }

  @Override
  protected Object search(VarRef ref) {
    Root root = topRoot();
    EcLink link = below;
    for (int hop = 0; hop < SCANNED_ROOTS; hop++) {
      if (root != null) {
        if (!root.hasFewPairs()) {
          return searchRecord(ref);
        }
        Object value = search(root, ref);
        if (value != Mark.ABSENT) {
          return value;
        }
      }
      if (link == null) {
        return Mark.ABSENT;
      }
      root = link.root();
      link = link.below();
    }
    return searchRecord(ref);
  }

  private Object searchRecord(VarRef ref) {
    if (recordStale) {
      // A map that is behind has nothing to add: its root has few pairs, which have been looked at.
      Root topmost = topRoot();
      boolean behind = topmost != null && topmost.isMapBehind(); // another thread may end that
      sync(behind ? null : topmost);
      recordStale = behind;
    }
    long hops = Cx.threadFind(record, ref.id, 0, record + WORD);
    if (hops < 0) {
      return Mark.ABSENT;
    }
    long word = Cx.getLong(record + WORD);
    slab.use(word);
    if (ref.isLong) {
      foundWord = word;
      return Mark.LONG;
    }
    Root root = topRoot();
    EcLink link = below;
    for (long hop = hops; hop > 0; hop--) {
      root = Objects.requireNonNull(link).root();
      link = link.below();
    }
    return Mark.mask(Objects.requireNonNull(root).valueAt(word, ref));
  }

  @Override
  protected void sync() {
    sync(topRoot());
    recordStale = false;
  }

  private void sync(@Nullable Root root) {
    @Nullable EcLink link = below;
    AbstractLongHamt map = root == null ? null : root.map();
    final long topmost = map == null ? 0 : ((NativeHamt) map).address();
    final long lower = link == null ? 0 : link.address;
    if (exposed) {
      StackProbe.require(STACK_NEEDED); // all of the record or nothing
    }
    Cx.putLong(record + CxLayout.THREAD_TOP, topmost);
    Cx.putLong(record + CxLayout.THREAD_BELOW, lower);
    Cx.putLong(record + CxLayout.THREAD_STACK_VERSION, version);
    if (exposed) {
      shownMap = map;
      shownBelow = link;
    }
  }

  /** Whether the record has yet to be brought up to date; for tests. */
  boolean isRecordStale() {
    return recordStale;
  }

  /**
   * Whether the record shows what is kept for it, and nothing else; for tests, while it is lent.
   */
  boolean showsWhatItKeeps() {
    AbstractLongHamt map = shownMap;
    EcLink link = shownBelow;
    return Cx.getLong(record + CxLayout.THREAD_TOP)
            == (map == null ? 0 : ((NativeHamt) map).address())
        && Cx.getLong(record + CxLayout.THREAD_BELOW) == (link == null ? 0 : link.address);
  }

  /**
   * A {@code cx_thread} that shows this state, for C code that this thread calls; to be {@linkplain
   * #takeBack taken back}.
   *
   * @param virtual whether the thread is a virtual one, which C can't recognize
   * @throws OutOfMemoryError when native memory is exhausted
   */
  public long lend(boolean virtual) {
    show();
    int status =
        Cx.threadLend(
            ((NativeEngine) Engines.engine()).runtime(), record, virtual ? 1 : 0, record + WORD);
    if (status != Cx.OK) {
      throw NativeEngine.failure(status);
    }
    long handle = Cx.getLong(record + WORD);
    slab.use(handle);
    Root root = topRoot();
    shownMap = root == null ? null : root.map();
    shownBelow = below;
    lent++;
    exposed = true;
    return handle;
  }

  /** Makes the record show the stack as it is, should an error have prevented that before. */
  public void show() {
    if (recordStale) {
      sync();
    }
  }

  /** Ends the life of a handle that {@link #lend} gave. */
  public void takeBack(long handle) {
    lent--;
    exposed = lent > 0;
    if (!exposed) {
      shownMap = null;
      shownBelow = null;
    }
    int status = Cx.lentFree(handle);
    if (status != Cx.OK) {
      throw NativeEngine.failure(status);
    }
  }

  /**
   * The address of a function of the library.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public static MemorySegment function(String name) {
    if (!CxLayout.functions().contains(name)) {
      throw new IllegalArgumentException(
          "contexture.h has no function '" + name + "'; name one as it is declared there");
    }
    return Cx.function(name);
  }

  @Override
  public String dump() {
    if (recordStale) {
      sync();
    }
    long length = Cx.threadDump(record, 0, 0);
    long buffer = NativeMemory.allocate(length + 1);
    try {
      slab.use(Cx.threadDump(record, buffer, length + 1));
      return Cx.getAscii(buffer, (int) length);
    } finally {
      NativeMemory.free(buffer, length + 1);
    }
  }
}
