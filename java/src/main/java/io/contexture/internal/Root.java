package io.contexture.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The contents of a logical context: a map from variable ids to words, and the Java objects that
 * the words of object variables stand for.
 *
 * <pre>
 *   map     id of an object variable -> slot          id of a long variable -> the value itself
 *   chunks  [ [ref, value, ref, value, ...], [...], ... ]     slot s is pair s % 32 of chunk s / 32
 *           (the value is Mark.ABSENT where an object variable has been unbound)
 * </pre>
 *
 * <p>The map may lie in native memory, where C code reads it; the objects stay in the Java heap,
 * where the collector sees every path from a context to its values. A value that refers back to the
 * context that holds it is therefore plain garbage once nobody else refers to either: no handle
 * table, no root.
 *
 * <p><b>Few variables.</b> Most logical contexts bind a few variables. While there are at most
 * {@value #FEW_PAIRS} pairs, and until C is to see the root at any time, the pairs lead: they alone
 * tell what is bound ({@link Mark#LONG} stands for the word of the same slot in {@link #words}), a
 * look-up goes through them, and the map is brought up to date when a link is made. Binding and
 * unbinding then cost no more than a few stores. Afterwards the map leads and is never behind.
 *
 * <p><b>Writing.</b> A root that is on one thread's stack only is changed in place by that thread;
 * an ordinary {@code set} then stores one reference. Once a snapshot shares it, it is frozen: the
 * next write works on a {@link #copy}, which shares the map and the chunks and copies a chunk when
 * it first writes to it. A slot belongs to the variable it was first given to, for as long as the
 * chunk array lives, so that a purge may clear the values of dead variables from any thread, and a
 * racing reader can tell by the {@link VarRef} that it found the right pair.
 *
 * <p><b>Reading.</b> Any thread may look up in any root, racing with the owner. {@link #map} is
 * volatile and written last, so what a map names, the chunks read after it hold. A pair's value is
 * written before its {@link VarRef}, which is released, and the first pairs tell by themselves
 * whether they are bound; a variable that is not among them is bound only if the map says so.
 */
public final class Root {
  private static final long NO_SLOT = -1;
  private static final int NOT_FEW = -1;
  private static final int CHUNK_SHIFT = 5;
  private static final int CHUNK_PAIRS = 1 << CHUNK_SHIFT;
  private static final int FIRST_PAIRS = 4;
  private static final int FEW_PAIRS = 8;
  private static final long[] NO_WORDS = {};
  private static final VarHandle PAIR = MethodHandles.arrayElementVarHandle(Object[].class);
  private static final VarHandle BEHIND;

  static {
    try {
      BEHIND = MethodHandles.lookup().findVarHandle(Root.class, "behind", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private volatile AbstractLongHamt map;

  /** Whether {@link #map} has yet to be brought up to date. */
  private volatile boolean behind;

  private @Nullable Object[][] chunks;
  private int used;

  /** How often variables have got other slots; differs between roots of one context that do. */
  private int compactions;

  /** The values of long variables by slot, while the pairs lead; owned as chunk 0 is. */
  private long @Nullable [] words = NO_WORDS;

  /**
   * The number of pairs that are bound, while the pairs lead: {@link ThreadState}, where it writes
   * to {@link #ownPairs}, has it counted first and then stores, without a call in between.
   */
  private int bound;

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
    behind = shared.behind; // before the map: another thread may be bringing that up to date
    map = shared.map;
    chunks = shared.chunks.clone();
    used = shared.used;
    words = shared.words;
    bound = shared.bound;
    compactions = shared.compactions;
    Roots.register(this);
    scrubIfPurgedSince(epoch);
  }

  /** A root with the same contents that may be written, while this one is frozen. */
  Root copy() {
    return new Root(this);
  }

  /**
   * The map from ids to words, brought up to date. Owner, or any thread if the root is frozen: then
   * all of them get the same.
   *
   * @throws OutOfMemoryError if there is no room for it; nothing has changed then
   */
  public AbstractLongHamt map() {
    return behind ? bringUpToDate() : map;
  }

  /** Whether {@link #map} would have to be made first, because the pairs lead. */
  public boolean isMapBehind() {
    return behind;
  }

  /** Locked, because a link refers to the memory of the map and only this root keeps that alive. */
  private synchronized AbstractLongHamt bringUpToDate() {
    AbstractLongHamt old = map;
    if (!behind) {
      return old;
    }
    AbstractLongHamt next = old;
    Object[] pairs = chunks[0];
    for (int slot = 0; slot < used; slot++) {
      VarRef ref = (VarRef) Objects.requireNonNull(pairs[slot << 1]);
      Object value = pairs[(slot << 1) + 1];
      if (value != Mark.ABSENT) {
        next = next.put(ref.id, ref.isLong ? Objects.requireNonNull(words)[slot] : slot);
      } else if (next.containsKey(ref.id)) {
        next = next.remove(ref.id);
      }
    }
    if (next != old) {
      mapOwned = true;
      map = next;
    }
    behind = false;
    return next;
  }

  /** Lets the map lead from now on. Owner, unshared. */
  private void letMapLead() {
    if (words != null) {
      map();
      VarHandle.releaseFence(); // see containsLong
      words = null;
    }
  }

  /** The map, as {@link #map()} has it, not to be written in place any more. Owner. */
  AbstractLongHamt keepMap() {
    AbstractLongHamt kept = map();
    mapOwned = false;
    return kept;
  }

  /** Whether {@code other} is the map, and up to date. */
  boolean isMap(@Nullable AbstractLongHamt other) {
    return !behind && map == other;
  }

  boolean isEmpty() {
    return words == null ? map.isEmpty() : bound == 0;
  }

  /** Whether the pairs lead, and do so still when the variable is bound. Owner. */
  boolean hasRoomAmongFew(VarRef ref) {
    return words != null && (used < FEW_PAIRS || ownPlaceAmongFew(chunks[0], ref) >= 0);
  }

  /** Whether {@link #lookup} needn't ask the map, whatever it is asked for. Owner, or frozen. */
  public boolean hasFewPairs() {
    return used <= FEW_PAIRS;
  }

  /** The object bound to {@code ref}, {@code null} included, or {@link Mark#ABSENT}. Any thread. */
  public @Nullable Object lookup(VarRef ref) {
    AbstractLongHamt names = map;
    Object[] pairs = chunks[0];
    int i = placeAmongFew(pairs, ref);
    if (i >= 0) {
      return pairs[i + 1];
    }
    if (pairs.length <= FEW_PAIRS << 1) {
      return Mark.ABSENT;
    }
    long slot = names.find(ref.id, NO_SLOT);
    return slot == NO_SLOT ? Mark.ABSENT : valueAt(slot, ref);
  }

  /**
   * Where the pair of a variable is if it is among the first few, or a negative number. Any thread.
   */
  private static int placeAmongFew(@Nullable Object[] pairs, VarRef ref) {
    int i = ownPlaceAmongFew(pairs, ref);
    VarHandle.loadLoadFence(); // see class comment
    return i;
  }

  /** The same for the owner, who sees what it has written. */
  private static int ownPlaceAmongFew(@Nullable Object[] pairs, VarRef ref) {
    int end = Math.min(pairs.length, FEW_PAIRS << 1);
    for (int i = 0; i < end; i += 2) {
      Object other = pairs[i];
      if (other == ref) {
        return i;
      }
      if (other == null) {
        break;
      }
    }
    return -1;
  }

  /** Whether a long variable is bound here. Any thread. */
  public boolean containsLong(VarRef ref) {
    if (words != null) {
      Object[] pairs = chunks[0];
      int i = placeAmongFew(pairs, ref);
      return i >= 0 && pairs[i + 1] == Mark.LONG;
    }
    VarHandle.loadLoadFence(); // the map before the words were dropped
    return map.containsKey(ref.id);
  }

  /** The word bound to a long variable, or {@code absent}. Any thread. */
  public long lookupLong(VarRef ref, long absent) {
    long[] all = words;
    if (all != null) {
      Object[] pairs = chunks[0];
      int i = placeAmongFew(pairs, ref);
      // A reader that races with the owner may have got an array of before the variable was bound.
      return i >= 0 && pairs[i + 1] == Mark.LONG && i >>> 1 < all.length ? all[i >>> 1] : absent;
    }
    VarHandle.loadLoadFence(); // as above
    return map.find(ref.id, absent);
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
    return ref.isLong ? containsLong(ref) : lookup(ref) != Mark.ABSENT;
  }

  /**
   * Binds an object variable. Owner, unshared. Returns its slot.
   *
   * @param eagerly whether the map must be up to date afterwards
   */
  long set(VarRef ref, @Nullable Object value, boolean eagerly) {
    int few = eagerly ? NOT_FEW : setAmongFew(ref, value, 0);
    if (few != NOT_FEW) {
      return few;
    }
    letMapLead();
    long slot = map.find(ref.id, NO_SLOT);
    if (slot != NO_SLOT) {
      ownChunk((int) (slot >>> CHUNK_SHIFT))[(((int) slot & (CHUNK_PAIRS - 1)) << 1) + 1] = value;
      return slot;
    }
    return insert(ref, value, 0);
  }

  /** Binds a variable if the pairs lead and go on to do so; returns its slot, or NOT_FEW. */
  private int setAmongFew(VarRef ref, @Nullable Object value, long word) {
    if (words == null) {
      return NOT_FEW;
    }
    int slot = slotFor(ref);
    if (slot >= FEW_PAIRS) {
      return NOT_FEW;
    }
    int i = slot << 1;
    Object[] chunk = roomFor(slot);
    if (ref.isLong && words.length == 0) {
      words = new long[FEW_PAIRS];
    }
    boolean wasBound = slot < used && chunk[i + 1] != Mark.ABSENT;
    // Nothing below can fail.
    if (!behind && (ref.isLong || !wasBound)) {
      behind = true;
    }
    if (ref.isLong) {
      words[slot] = word;
    }
    chunk[i + 1] = value;
    if (slot == used) {
      PAIR.setRelease(chunk, i, (Object) ref);
      used = slot + 1;
    }
    if (!wasBound) {
      bound++;
    }
    return slot;
  }

  /**
   * Whether an object variable is bound in {@code slot}, which may be any number, and the slot may
   * be written.
   */
  private boolean isReplaceable(long slot, VarRef ref) {
    Object[][] all = chunks;
    long c = slot >>> CHUNK_SHIFT;
    if (c >= Math.min(all.length, Long.SIZE) || (ownedChunks & (1L << c)) == 0) {
      return false;
    }
    Object[] chunk = all[(int) c];
    int i = ((int) slot & (CHUNK_PAIRS - 1)) << 1;
    return i < chunk.length && chunk[i] == ref && chunk[i + 1] != Mark.ABSENT;
  }

  /**
   * The slot of a variable if that can be written without making room first: the variable is bound
   * there and an object variable, or the pairs lead. Else a negative number. Owner, unshared.
   *
   * @param hint where an object variable may be, or a negative number
   */
  int ownSlot(VarRef ref, long hint) {
    if (hint >= 0 && isReplaceable(hint, ref)) {
      return (int) hint;
    }
    if (words == null || (ownedChunks & 1) == 0) {
      return -1;
    }
    return ownPlaceAmongFew(chunks[0], ref) >> 1;
  }

  /**
   * Binds a variable in the slot that {@link #ownSlot} gave for it; for a long one {@code value} is
   * {@link Mark#LONG}. No allocation, nothing that could fail half-way.
   */
  void setOwn(int slot, @Nullable Object value, long word) {
    int i = (slot & (CHUNK_PAIRS - 1)) << 1;
    Object[] chunk = chunks[slot >>> CHUNK_SHIFT];
    long[] all = words;
    if (all != null) {
      boolean wasBound = chunk[i + 1] != Mark.ABSENT;
      if (value == Mark.LONG) {
        all[slot] = word;
      }
      if (!behind && (value == Mark.LONG || !wasBound)) {
        behind = true;
      }
      if (!wasBound) {
        bound++;
      }
    }
    chunk[i + 1] = value;
  }

  /**
   * Replaces the word of a long variable that is bound here, if the pairs lead and can be written.
   *
   * @return false, with nothing changed, if it isn't bound or they don't
   */
  boolean replaceOwnWord(VarRef ref, long word) {
    long[] all = words;
    if (all == null || (ownedChunks & 1) == 0) {
      return false;
    }
    Object[] pairs = chunks[0];
    int i = ownPlaceAmongFew(pairs, ref);
    if (i < 0 || pairs[i + 1] != Mark.LONG) {
      return false;
    }
    boolean alreadyBehind = (boolean) BEHIND.get(this); // nobody else makes it true
    all[i >> 1] = word;
    if (!alreadyBehind) {
      behind = true;
    }
    return true;
  }

  /**
   * Counts a variable that the owner is about to bind among the first pairs, by storing its value.
   *
   * @return false, with nothing changed, if the pairs don't lead, or nothing is bound yet
   */
  boolean countOneMore() {
    if (words == null || bound == 0) {
      return false;
    }
    if (!behind) {
      behind = true;
    }
    bound++;
    return true;
  }

  /**
   * Stops counting a variable that the owner is about to unbind among the first pairs.
   *
   * @return false, with nothing changed, if the pairs don't lead
   */
  boolean countOneLess() {
    if (words == null) {
      return false;
    }
    if (!behind) {
      behind = true;
    }
    bound--;
    return true;
  }

  /** Whether the slot that {@link #ownSlot} gave without a hint binds its variable. */
  boolean isBoundAt(int slot) {
    return chunks[0][(slot << 1) + 1] != Mark.ABSENT;
  }

  /** Unbinds what {@link #isBoundAt} that slot. No allocation, nothing that could fail half-way. */
  void removeOwn(int slot) {
    Object[] pairs = chunks[0];
    countOneLess();
    pairs[(slot << 1) + 1] = Mark.ABSENT;
  }

  /** The first pairs, if they can be written, else null: slot s is at 2 s. */
  @Nullable Object @Nullable [] ownPairs() {
    return (ownedChunks & 1) == 0 ? null : chunks[0];
  }

  /**
   * Binds a long variable. Owner, unshared. Returns the word.
   *
   * @param eagerly whether the map must be up to date afterwards
   */
  long setLong(VarRef ref, long word, boolean eagerly) {
    if (!eagerly && setAmongFew(ref, Mark.LONG, word) != NOT_FEW) {
      return word;
    }
    letMapLead();
    AbstractLongHamt old = map;
    if (!old.containsKey(ref.id)) {
      insert(ref, null, word);
    } else if (!mapOwned || !old.replaceUnshared(ref.id, word)) {
      AbstractLongHamt next = old.put(ref.id, word);
      if (next != old) {
        map = next;
        mapOwned = true;
      }
    }
    return word;
  }

  /**
   * Unbinds a variable that is bound here. Owner, unshared.
   *
   * @param eagerly whether the map must be up to date afterwards
   */
  void remove(VarRef ref, boolean eagerly) {
    if (words != null && !eagerly) {
      Object[] chunk = ownChunk(0);
      int slot = slotFor(ref);
      countOneLess();
      chunk[(slot << 1) + 1] = Mark.ABSENT;
      return;
    }
    letMapLead();
    AbstractLongHamt old = map;
    long slot = ref.isLong ? NO_SLOT : old.find(ref.id, NO_SLOT);
    AbstractLongHamt next = old.remove(ref.id);
    Object[] chunk = slot == NO_SLOT ? null : ownChunk((int) (slot >>> CHUNK_SHIFT));
    // Nothing below can fail.
    map = next;
    mapOwned = true;
    if (chunk != null) {
      chunk[(((int) slot & (CHUNK_PAIRS - 1)) << 1) + 1] = Mark.ABSENT;
    }
  }

  /**
   * Makes {@code before} the map, which differs from it in what it has of the variable, and binds
   * no object variable to another slot. Owner, unshared.
   */
  void putBack(VarRef ref, AbstractLongHamt before) {
    letMapLead();
    long slot = ref.isLong ? NO_SLOT : map.find(ref.id, NO_SLOT);
    Object[] chunk = slot == NO_SLOT ? null : ownChunk((int) (slot >>> CHUNK_SHIFT));
    // Nothing below can fail.
    map = before;
    mapOwned = false;
    if (chunk != null && before.find(ref.id, NO_SLOT) == NO_SLOT) {
      chunk[(((int) slot & (CHUNK_PAIRS - 1)) << 1) + 1] = Mark.ABSENT;
    }
  }

  private long insert(VarRef ref, @Nullable Object value, long word) {
    int slot = slotFor(ref);
    Object[] chunk = roomFor(slot);
    AbstractLongHamt next = map.put(ref.id, ref.isLong ? word : slot);
    // Nothing below can fail. The pair is in place before the map names it.
    int i = (slot & (CHUNK_PAIRS - 1)) << 1;
    chunk[i + 1] = value;
    PAIR.setRelease(chunk, i, (Object) ref);
    used = Math.max(used, slot + 1);
    mapOwned = true;
    map = next;
    return slot;
  }

  /**
   * The slot that was the variable's before, if it is among the first few, which look-ups go by, or
   * among the last ones; else a new one.
   */
  private int slotFor(VarRef ref) {
    int few = ownPlaceAmongFew(chunks[0], ref);
    if (few >= 0) {
      return few >>> 1;
    }
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
      VarHandle.releaseFence(); // the chunk, before it can be found
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
      Object value = from[i + 1];
      to[i + 1] = value instanceof Mark || !ref.isDead() ? value : null;
    }
    long[] ownWords = c == 0 && words != null && words.length != 0 ? words.clone() : words;
    VarHandle.releaseFence(); // what is in them, before they can be found
    words = ownWords;
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
        if (ref != null && ref.isDead() && !(chunk[i + 1] instanceof Mark)) {
          chunk[i + 1] = null;
        }
      }
    }
  }

  /** Calls {@code action} with every variable that is alive and bound here. Any thread. */
  void forEachLive(Consumer<VarRef> action) {
    for (Object[] chunk : chunks) {
      for (int i = 0; i < chunk.length; i += 2) {
        VarRef ref = (VarRef) chunk[i];
        if (ref != null && !ref.isDead() && contains(ref)) {
          action.accept(ref);
        }
      }
    }
  }

  /**
   * Whether binding {@code ref} should go to a {@link #compacted} root: it needs a new slot, the
   * slots have reached a power of two, so that the count is paid for by the insertions since the
   * last one, and at least a quarter of them, or half of few, serves no live binding.
   */
  boolean isWastefulFor(VarRef ref) {
    if (used < FIRST_PAIRS
        || Integer.bitCount(used) != 1
        || contains(ref)
        || slotFor(ref) != used) {
      return false;
    }
    int[] live = new int[1];
    forEachLive(bound -> live[0]++);
    return live[0] <= (used <= FEW_PAIRS ? used >>> 1 : used - (used >>> 2));
  }

  /** A new root with the live bindings of this one. */
  Root compacted(AbstractLongHamt emptyMap) {
    Root to = new Root(emptyMap);
    to.compactions = compactions + 1;
    to.addAllMissing(this);
    return to;
  }

  /** Tells whether slots are the same in two roots of one context, one after the other. */
  int compactions() {
    return compactions;
  }

  /** Adds every live binding of {@code from} whose variable isn't bound here. Owner, unshared. */
  void addAllMissing(Root from) {
    final long epoch = Roots.epoch();
    from.forEachLive(
        ref -> {
          if (!contains(ref)) {
            if (ref.isLong) {
              setLong(ref, from.lookupLong(ref, 0), false);
            } else {
              set(ref, from.lookup(ref), false);
            }
          }
        });
    scrubIfPurgedSince(epoch);
  }
}
