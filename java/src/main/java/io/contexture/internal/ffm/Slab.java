package io.contexture.internal.ffm;

import io.contexture.internal.Reaper;
import java.lang.ref.PhantomReference;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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

  static {
    rehearse();
  }

  /** Where the memory begins. Also the address of the slab's cx_space. 0 if there is no memory. */
  final long addr;

  /** Size of the memory, header included. */
  final long bytes;

  /** Keeps this slab alone: right for every block that points nowhere else. */
  final Keep sole;

  /**
   * With what takes Java heap first, and the memory last: so there is no memory without an owner,
   * even where the heap ends. There is {@linkplain NativeMemory#requireStack stack} enough.
   */
  private Slab(long bytes) {
    this.bytes = bytes;
    this.sole = new Keep(this);
    Phantom phantom = new Phantom(this, bytes);
    PHANTOMS.add(phantom);
    this.addr = phantom.allocate();
  }

  /**
   * A new slab with room for {@code bytes} bytes of blocks.
   *
   * @throws OutOfMemoryError when native memory is exhausted
   * @throws StackOverflowError if there might not be stack enough; nothing has changed then
   */
  static Slab withRoomFor(long bytes) {
    Slab slab = attempt(bytes);
    if (slab.addr == 0) {
      throw NativeMemory.exhausted(slab.bytes);
    }
    return slab;
  }

  /** As {@link #withRoomFor}, or {@code null} when native memory is exhausted. */
  static @Nullable Slab tryWithRoomFor(long bytes) {
    Slab slab = attempt(bytes);
    return slab.addr == 0 ? null : slab;
  }

  /** A new slab, perhaps one without memory, for nobody then. */
  private static Slab attempt(long bytes) {
    Reaper.poke(); // what is dead makes room, and whoever makes slabs will want them freed
    NativeMemory.requireStack();
    return new Slab(FreeBlocks.sizeFor(bytes + HEADER_BYTES));
  }

  /**
   * Makes a slab and frees it. What the JVM links when code runs for the first time takes Java
   * heap; so it is done while nothing has to be freed to make room.
   */
  private static void rehearse() {
    @Nullable Phantom phantom = null;
    try {
      NativeMemory.requireStack();
      long least = FreeBlocks.sizeFor(HEADER_BYTES);
      phantom = new Phantom(null, least);
      // From C, and kept; then what was kept, which goes back.
      boolean made = true;
      for (int times = 0; made && times < 2; times++) {
        PHANTOMS.add(phantom);
        made = phantom.allocate() != 0;
        phantom.reap();
        FreeBlocks.release(times * least);
      }
    } catch (VirtualMachineError | LinkageError | IllegalStateException laterThen) {
      // Whoever wants the first slab sees what is wrong.
      if (phantom != null) {
        phantom.enqueue();
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

  /** Number of slabs that have memory, followed by its bytes; for tests. */
  static long[] owned() {
    long[] owned = new long[2];
    for (Phantom phantom : PHANTOMS) {
      if (phantom.addr != 0) {
        owned[0]++;
        owned[1] += phantom.bytes;
      }
    }
    return owned;
  }

  /** Frees the memory once the slab is dead. */
  private static final class Phantom extends PhantomReference<Object> implements Reaper.Reapable {
    private final long bytes;

    /** Where the memory is, from when it has been allocated until it has been freed; else 0. */
    private long addr;

    /** Counts the slabs with memory; 0 for one that hasn't been counted, or not any more. */
    private long number;

    /** Of no slab, it is nothing that the collector finds. */
    Phantom(@Nullable Slab slab, long bytes) {
      super(slab, Reaper.QUEUE);
      this.bytes = bytes;
    }

    /** Takes the memory, once, and returns where it is; 0 if there is none. */
    long allocate() {
      addr = NativeMemory.allocateSlabOrZero(bytes);
      if (addr != 0) {
        number = NativeMemory.slabMade();
        Cx.putLong(addr + NEXT, addr + HEADER_BYTES);
        Cx.putLong(addr + END, addr + bytes);
      }
      return addr;
    }

    /** Repeated after an {@link OutOfMemoryError}, it does what is left. */
    @Override
    public void reap() {
      if (addr != 0) {
        NativeMemory.freeSlab(addr, bytes);
        addr = 0;
      }
      if (number != 0) {
        NativeMemory.slabFreed(number);
        number = 0;
      }
      PHANTOMS.remove(this);
    }
  }
}
