package io.contexture.internal;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The contents of a logical context: a map from variable ids to words, and the Java objects that
 * the words of object variables stand for.
 *
 * <pre>
 *   map     id of an object variable -> slot          id of a long variable -> the value itself
 *   chunks  [ [ref, value, ref, value, ...], [...], ... ]     slot s is pair s % 32 of chunk s / 32
 * </pre>
 *
 * <p>The map may lie in native memory, where C code reads it; the objects stay in the Java heap,
 * where the collector sees every path from a context to its values. A value that refers back to the
 * context that holds it is therefore plain garbage once nobody else refers to either: no handle
 * table, no root.
 *
 * <p><b>Writing.</b> A root that is on one thread's stack only is changed in place by that thread;
 * an ordinary {@code set} then stores one reference. Once a snapshot shares it, it is frozen: the
 * next write works on a {@link #copy}, which shares the map and the chunks and copies a chunk when
 * it first writes to it. A slot belongs to the variable it was first given to, for as long as the
 * chunk array lives, so that a purge may clear the values of dead variables from any thread, and a
 * racing reader can tell by the {@link VarRef} that it found the right pair.
 *
 * <p><b>Reading.</b> Any thread may look up in any root, racing with the owner: {@link #map} is
 * volatile and written last, so what a map names, the chunks read after it hold.
 */
public final class Root {
  private static final long NO_SLOT = -1;
  private static final int CHUNK_SHIFT = 5;
  private static final int CHUNK_PAIRS = 1 << CHUNK_SHIFT;
  private static final int FIRST_PAIRS = 4;

  private volatile AbstractLongHamt map;
  private @Nullable Object[][] chunks;
  private int used;

  /** Bit c: chunk c is this root's own. Chunks from 64 on are copied at every write. */
  private long ownedChunks;

  /** Whether no other root has {@link #map}, so that a flat one may be written in place. */
  private boolean mapOwned;

  /** An empty root over {@code emptyMap}'s backend. */
  Root(AbstractLongHamt emptyMap) {
    map = emptyMap;
    chunks = new Object[][] {new Object[2 * FIRST_PAIRS]};
    ownedChunks = 1;
    Roots.register(this);
  }

  private Root(Root shared) {
    final long epoch = Roots.epoch();
    map = shared.map;
    chunks = shared.chunks.clone();
    used = shared.used;
    Roots.register(this);
    scrubIfPurgedSince(epoch);
  }

  /** A root with the same contents that may be written, while this one is frozen. */
  Root copy() {
    return new Root(this);
  }

  /** The map from ids to words. */
  public AbstractLongHamt map() {
    return map;
  }

  boolean isEmpty() {
    return map.isEmpty();
  }

  /** The object bound to {@code ref}, {@code null} included, or {@link Mark#ABSENT}. Any thread. */
  public @Nullable Object lookup(VarRef ref) {
    long slot = map.find(ref.id, NO_SLOT);
    return slot == NO_SLOT ? Mark.ABSENT : valueAt(slot, ref);
  }

  /** The object in {@code slot}, which {@link #map} gave for {@code ref}. Any thread. */
  public @Nullable Object valueAt(long slot, VarRef ref) {
    Object[][] all = chunks;
    int c = (int) (slot >>> CHUNK_SHIFT);
    int i = ((int) slot & (CHUNK_PAIRS - 1)) << 1;
    if (c < all.length) {
      Object[] chunk = all[c];
      if (i < chunk.length && chunk[i] == ref) {
        return chunk[i + 1];
      }
    }
    return Mark.ABSENT; // only a foreign reader that raced with the owner gets here
  }

  /** Whether {@code ref} is bound here. Any thread. */
  boolean contains(VarRef ref) {
    return map.containsKey(ref.id);
  }

  /** The word bound to {@code ref}, or {@code absent}. Any thread. */
  long lookupLong(VarRef ref, long absent) {
    return map.find(ref.id, absent);
  }

  /** Binds an object variable. Owner, unshared. Returns whether the map changed. */
  boolean set(VarRef ref, @Nullable Object value) {
    long slot = map.find(ref.id, NO_SLOT);
    if (slot != NO_SLOT) {
      ownChunk((int) (slot >>> CHUNK_SHIFT))[(((int) slot & (CHUNK_PAIRS - 1)) << 1) + 1] = value;
      return false;
    }
    insert(ref, value, 0);
    return true;
  }

  /** Binds a long variable. Owner, unshared. Returns whether the map changed. */
  boolean setLong(VarRef ref, long word) {
    AbstractLongHamt old = map;
    if (!old.containsKey(ref.id)) {
      insert(ref, null, word);
      return true;
    }
    if (mapOwned && old.replaceUnshared(ref.id, word)) {
      return false;
    }
    AbstractLongHamt next = old.put(ref.id, word);
    if (next == old) {
      return false;
    }
    map = next;
    mapOwned = true;
    return true;
  }

  /** Unbinds a variable that is bound here. Owner, unshared. */
  void remove(VarRef ref) {
    AbstractLongHamt old = map;
    long slot = ref.isLong ? NO_SLOT : old.find(ref.id, NO_SLOT);
    AbstractLongHamt next = old.remove(ref.id);
    Object[] chunk = slot == NO_SLOT ? null : ownChunk((int) (slot >>> CHUNK_SHIFT));
    // Nothing below can fail.
    map = next;
    mapOwned = true;
    if (chunk != null) {
      chunk[(((int) slot & (CHUNK_PAIRS - 1)) << 1) + 1] = null;
    }
  }

  private void insert(VarRef ref, @Nullable Object value, long word) {
    int slot = slotFor(ref);
    Object[] chunk = roomFor(slot);
    AbstractLongHamt next = map.put(ref.id, ref.isLong ? word : slot);
    // Nothing below can fail. The pair is in place before the map names it.
    int i = (slot & (CHUNK_PAIRS - 1)) << 1;
    chunk[i] = ref;
    chunk[i + 1] = value;
    used = Math.max(used, slot + 1);
    mapOwned = true;
    map = next;
  }

  /** The slot that was the variable's before, if it is among the last ones, else a new one. */
  private int slotFor(VarRef ref) {
    int last = used - 1;
    if (last >= 0) {
      int c = last >>> CHUNK_SHIFT;
      Object[] chunk = chunks[c];
      for (int pair = last & (CHUNK_PAIRS - 1); pair >= 0; pair--) {
        if (chunk[pair << 1] == ref) {
          return (c << CHUNK_SHIFT) + pair;
        }
      }
    }
    if (used == Integer.MAX_VALUE) {
      throw new IllegalStateException(
          "a logical context holds 2^31 - 1 variables; use fewer variables or several contexts");
    }
    return used;
  }

  /** An own chunk with room for {@code slot}. */
  private Object[] roomFor(int slot) {
    int c = slot >>> CHUNK_SHIFT;
    int pair = slot & (CHUNK_PAIRS - 1);
    if (c == chunks.length) {
      Object[][] more = java.util.Arrays.copyOf(chunks, c + 1);
      more[c] = new Object[2 * CHUNK_PAIRS];
      chunks = more;
      if (c < Long.SIZE) {
        ownedChunks |= 1L << c;
      }
      return more[c];
    }
    int pairs = chunks[c].length >>> 1;
    return pair < pairs ? ownChunk(c) : copyChunk(c, Math.min(CHUNK_PAIRS, pairs << 1));
  }

  private Object[] ownChunk(int c) {
    return c < Long.SIZE && (ownedChunks & (1L << c)) != 0
        ? chunks[c]
        : copyChunk(c, chunks[c].length >>> 1);
  }

  /**
   * Replaces chunk {@code c} by an own copy; the protocol with a purge is told at {@link Roots}.
   */
  private Object[] copyChunk(int c, int pairs) {
    final long epoch = Roots.epoch();
    Object[] from = chunks[c];
    Object[] to = new Object[2 * pairs];
    for (int i = 0; i < from.length; i += 2) {
      VarRef ref = (VarRef) from[i];
      if (ref == null) {
        break;
      }
      to[i] = ref;
      to[i + 1] = ref.isDead() ? null : from[i + 1];
    }
    chunks[c] = to;
    if (c < Long.SIZE) {
      ownedChunks |= 1L << c;
    }
    scrubIfPurgedSince(epoch);
    return to;
  }

  private void scrubIfPurgedSince(long epoch) {
    if (Roots.purgedSince(epoch)) {
      scrub();
    }
  }

  /** Drops the values of dead variables. Any thread, at any time. */
  void scrub() {
    for (Object[] chunk : chunks) {
      for (int i = 0; i < chunk.length; i += 2) {
        VarRef ref = (VarRef) chunk[i];
        if (ref != null && ref.isDead()) {
          chunk[i + 1] = null;
        }
      }
    }
  }

  /** Calls {@code action} with every variable that is alive and bound here. Any thread. */
  void forEachLive(Consumer<VarRef> action) {
    AbstractLongHamt names = map;
    for (Object[] chunk : chunks) {
      for (int i = 0; i < chunk.length; i += 2) {
        VarRef ref = (VarRef) chunk[i];
        if (ref != null && !ref.isDead() && names.containsKey(ref.id)) {
          action.accept(ref);
        }
      }
    }
  }

  /**
   * Whether binding {@code ref} should go to a {@link #compacted} root: it needs a new slot, the
   * slots have reached a power of two, so that the count is paid for by the insertions since the
   * last one, and at least a quarter of them serves no live binding.
   */
  boolean isWastefulFor(VarRef ref) {
    if (used < FIRST_PAIRS
        || Integer.bitCount(used) != 1
        || map.containsKey(ref.id)
        || slotFor(ref) != used) {
      return false;
    }
    int[] live = new int[1];
    forEachLive(bound -> live[0]++);
    return live[0] <= used - (used >>> 2);
  }

  /** A new root with the live bindings of this one. */
  Root compacted(AbstractLongHamt emptyMap) {
    Root to = new Root(emptyMap);
    to.addAllMissing(this);
    return to;
  }

  /** Adds every live binding of {@code from} whose variable isn't bound here. Owner, unshared. */
  void addAllMissing(Root from) {
    final long epoch = Roots.epoch();
    from.forEachLive(
        ref -> {
          if (!map.containsKey(ref.id)) {
            if (ref.isLong) {
              insert(ref, null, from.map.find(ref.id, 0));
            } else {
              insert(ref, from.lookup(ref), 0);
            }
          }
        });
    scrubIfPurgedSince(epoch);
  }
}
