package io.contexture.internal.ffm;

import io.contexture.internal.Reaper;
import java.lang.ref.PhantomReference;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A block of native memory that the collector owns: it is freed once no Java object refers to this
 * one any more.
 *
 * <pre>
 *   addr      0  next      the cx_space that C allocates from
 *             8  end
 *            16  out       where C writes a result
 *            24            scratch
 *            64  blocks    ...
 *   addr + bytes
 * </pre>
 *
 * <p>Whoever holds an address within a slab holds the slab too, mostly through a {@link Keep}, and
 * uses that reference <em>after</em> its last read of the memory, in a way that depends on what was
 * read ({@link #use}) or that the compiler may not move before the read (an atomic operation with
 * the slab as an operand). Holding a reference isn't enough by itself: the compiler forgets it
 * after its last use.
 *
 * <p>A slab refers to no Java object but its own {@link #sole}; so no value of a user is ever kept
 * alive by native memory.
 */
final class Slab {
  /** Size of an ordinary slab, as long as nothing speaks for another. */
  static final long USUAL_BYTES = 8 << 10;

  /** Where the blocks begin. */
  static final long HEADER_BYTES = 64;

  /** Room for blocks in an ordinary slab. */
  static final long USUAL_ROOM = USUAL_BYTES - HEADER_BYTES;

  private static final long NEXT = 0;
  private static final long END = 8;
  private static final long OUT = 16;

  /** What keeps the phantoms alive until their slabs are dead. */
  private static final Set<Phantom> PHANTOMS = ConcurrentHashMap.newKeySet();

  /** Where the memory begins. Also the address of the slab's cx_space. */
  final long addr;

  /** Size of the memory, header included. */
  final long bytes;

  /** Keeps this slab alone: right for every block that points nowhere else. */
  final Keep sole;

  private Slab(long addr, long bytes) {
    this.addr = addr;
    this.bytes = bytes;
    this.sole = new Keep(this);
  }

  /**
   * A new slab with room for {@code bytes} bytes of blocks.
   *
   * @throws OutOfMemoryError when native memory is exhausted
   */
  static Slab withRoomFor(long bytes) {
    Reaper.poke(); // what is dead makes room, and whoever makes slabs will want them freed
    long total = FreeBlocks.sizeFor(bytes + HEADER_BYTES);
    long addr = NativeMemory.allocateSlabOrZero(total);
    if (addr == 0) {
      throw NativeMemory.exhausted(total);
    }
    return own(addr, total);
  }

  /** As {@link #withRoomFor}, or {@code null} when native memory is exhausted. */
  static @Nullable Slab tryWithRoomFor(long bytes) {
    Reaper.poke();
    long total = FreeBlocks.sizeFor(bytes + HEADER_BYTES);
    long addr = NativeMemory.allocateSlabOrZero(total);
    return addr == 0 ? null : own(addr, total);
  }

  /** The slab that owns the memory from now on. If it can't be made, the memory is freed. */
  private static Slab own(long addr, long bytes) {
    Phantom phantom = null;
    boolean owned = false;
    try {
      Slab slab = new Slab(addr, bytes);
      phantom = new Phantom(slab);
      PHANTOMS.add(phantom);
      Cx.putLong(addr + NEXT, addr + HEADER_BYTES);
      Cx.putLong(addr + END, addr + bytes);
      owned = true;
      return slab;
    } finally {
      if (!owned) {
        if (phantom != null) {
          phantom.reap();
        } else {
          NativeMemory.freeSlab(addr, bytes);
        }
      }
    }
  }

  /** Where C shall write its result. */
  long outAddr() {
    return addr + OUT;
  }

  /** What C wrote to {@link #outAddr}. */
  long out() {
    long out = Cx.getLong(addr + OUT);
    use(out);
    return out;
  }

  /**
   * Takes {@code bytes} bytes, a multiple of 8, for a block of the caller's own: its address, or 0
   * if there is no room. What it contains is undefined. The caller has borrowed the slab.
   */
  long take(long bytes) {
    long next = Cx.getLong(addr + NEXT);
    if (bytes > Cx.getLong(addr + END) - next) {
      return 0;
    }
    Cx.putLong(addr + NEXT, next + bytes);
    return next;
  }

  /**
   * Keeps the slab alive until {@code read}, which came from its memory, has been read; as {@link
   * Keep#use}.
   */
  void use(long read) {
    sole.use(read);
  }

  /** Number of slabs that the collector hasn't been seen to find dead; for tests. */
  static int phantoms() {
    return PHANTOMS.size();
  }

  /** Frees the memory once the slab is dead. */
  private static final class Phantom extends PhantomReference<Object> implements Reaper.Reapable {
    private final long addr;
    private final long bytes;
    private final long number = NativeMemory.slabMade();
    private final AtomicBoolean freed = new AtomicBoolean();

    Phantom(Slab slab) {
      super(slab, Reaper.QUEUE);
      addr = slab.addr;
      bytes = slab.bytes;
    }

    @Override
    public void reap() {
      if (freed.compareAndSet(false, true)) {
        PHANTOMS.remove(this);
        NativeMemory.freeSlab(addr, bytes);
        NativeMemory.slabFreed(number);
      }
    }
  }
}
