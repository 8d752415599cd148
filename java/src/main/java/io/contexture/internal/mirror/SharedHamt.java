package io.contexture.internal.mirror;

import io.contexture.internal.AbstractConcurrentLongHamt;
import io.contexture.internal.AbstractLongHamt;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The shared map in Java. Twin of {@code native/src/shared_hamt.c}.
 *
 * <pre>
 *   root ─► Root { gen 3, node }                    one pointer, compared and set
 *                           │
 *             SharedTable { gen 3 }                 of the map's generation: slots change in place
 *               │           │        │
 *            long[ ]   SharedTable  SharedPending { gen 3, old, next, state }
 *            a leaf       { gen 1 }                 a change that is under way
 *                       │       │
 *                     long[ ]  null                 frozen: shared with snapshots of generations 1, 2
 * </pre>
 *
 * <h2>Idea</h2>
 *
 * A map behind one compared-and-set pointer has snapshots for nothing, but every change must copy a
 * path, and of changes that collide all but one are thrown away. A table of slots that are compared
 * and set in place has neither problem, and no snapshots. Here both are had by <i>generations</i>.
 * The root has a generation; a table belongs to the one in which it was made. A table of the root's
 * generation is changed in place. A snapshot replaces the root by one of the next generation with
 * the same node: at that instant, every table is frozen. A change that finds a frozen table where
 * it wants to change a slot copies it, with the frozen ones above it, for the current generation.
 * Generations don't increase downwards, so what is frozen hangs in a slot of what isn't (the
 * <i>anchor</i>) or in the root, and the change installs there the copied path, its own leaf
 * included.
 *
 * <h2>A change</h2>
 *
 * <ol>
 *   <li>Read the root: generation <i>g</i>. Walk down to the leaf, make the new one. Nothing to do?
 *       Then this was a read.
 *   <li>Install a pending change of generation <i>g</i> in the anchor's slot in place of what was
 *       read there, by compare-and-set (label <b>O11</b> in docs/memory.md).
 *   <li><i>Decide</i>: read the root once more (<b>O10</b>). If it is of generation <i>g</i>,
 *       propose "done", else "undone"; the first proposal stands (<b>O12</b>). Whoever meets a
 *       pending change decides it before going on, so nobody waits for its owner.
 *   <li>Put what was decided in its place in the slot (<b>O11</b>). Done: return. Undone: start
 *       again.
 * </ol>
 *
 * Without an anchor, and where the whole map is one leaf, the root itself is compared and set, with
 * nothing to decide.
 *
 * <h2>Why this is linearizable</h2>
 *
 * Slots, root and states are volatile, so that there is one order of all accesses to them.
 *
 * <p>(a) <i>A table of the current generation is in the map.</i> It was linked when its generation
 * was current, and only a frozen table, or a whole root by {@link #clear} and {@link #close}, which
 * begin a new generation, is ever replaced.
 *
 * <p>(b) <i>What a frozen table stands for doesn't change.</i> Let the root leave generation
 * <i>g</i> at instant <i>&sigma;</i>. A change of generation <i>g</i> that is installed after
 * &sigma; is undone, as whoever decides it reads the root after it was installed. One that was
 * installed before &sigma; is decided by the first proposal, whoever reads it after &sigma; decides
 * it first, and all agree. So the slot stands for one thing from &sigma; on. The thing is fixed
 * even though the decision may come later than &sigma;.
 *
 * <p>(c) <i>A change that is done takes effect</i> when "done" is proposed or, if that comes after
 * &sigma;, immediately before &sigma;: the proposer had read the root before. Either way it is
 * after the installation, and before the next change of that slot is installed, since that needs
 * the decision. Whoever reads the slot after the installation waits for nothing, but returns
 * according to the decision; whoever read it before comes before.
 *
 * <p>(d) <i>A read takes effect at an instant of its own.</i> Its first step finds the current
 * root. Let it have reached a table that was in the map at some instant of the read. If the table
 * still is when its slot is read, what is found there is in the map at that instant. If it was
 * replaced meanwhile, by its copy or by a new root, it had been frozen before; by (b) its slot
 * stands for what it stood for at the instant of the replacement, when it still was in the map. So
 * each step has an instant not before the last one's; that of the last step is the read's.
 *
 * <p>(e) <i>Copies miss nothing.</i> A path is copied after the root was read with a generation
 * later than those of its tables; by (b) the slots stand for what they will always stand for.
 * Pending changes are copied as they are, and their decisions count for both. That the plain reads
 * of {@code clone} come after the read of the root takes a full fence: they are to see every change
 * whose proposer has read the former root.
 *
 * <p>(f) <i>A snapshot</i> takes effect when the root is replaced: by (b) and (c) it shows all
 * changes that took effect before and no other. If the root's table is frozen already, or is a
 * leaf, the contents can't have changed since and can't without another root: then reading the root
 * is all there is to do.
 *
 * <p>(g) <i>No ABA.</i> A pending change, and a root, is installed once and never again. What a
 * slot contains otherwise comes back only when a change is undone, and means the same as before.
 *
 * <h2>Progress</h2>
 *
 * A read takes one step per level, and at most one compare-and-set in each to decide: wait-free. A
 * change starts again when its compare-and-set fails, because another change got through, or when
 * it is undone, because a snapshot, a {@code clear} or {@code close} did: lock-free.
 *
 * <h2>What stays</h2>
 *
 * A table never becomes a leaf again and a leaf may be empty, as with {@link
 * java.util.concurrent.ConcurrentHashMap}; {@link #clear} drops all of it. An owner that never runs
 * again leaves one decided {@code SharedPending} behind, as does a copy made while a change was
 * pending, until the next change of that slot.
 */
public final class SharedHamt extends AbstractConcurrentLongHamt {
  /** What the root of a closed map contains. */
  private static final Object CLOSED = new Object();

  private static final VarHandle ROOT;

  static {
    try {
      ROOT =
          MethodHandles.lookup()
              .findVarHandle(SharedHamt.class, "root", Root.class)
              .withInvokeExactBehavior();
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /**
   * The contents between two snapshots.
   *
   * @param gen the generation: counts snapshots, {@link #clear} and {@link #close}; 64 bits don't
   *     wrap
   * @param node a leaf, a table, or {@link #CLOSED}
   */
  private record Root(long gen, Object node) {}

  private enum Change {
    PUT,
    PUT_IF_ABSENT,
    REMOVE,
    COMPARE_AND_SET
  }

  private volatile Root root = new Root(1, SharedLeaf.EMPTY);

  // ---------------------------------------------------------------------------------- look-up --

  @Override
  public long get(long key, long absent) {
    long[] leaf = leaf(key);
    if (leaf != null) {
      int i = SharedLeaf.indexOf(leaf, key);
      if (i >= 0) {
        return SharedLeaf.value(leaf, i);
      }
    }
    return absent;
  }

  @Override
  public boolean containsKey(long key) {
    long[] leaf = leaf(key);
    return leaf != null && SharedLeaf.indexOf(leaf, key) >= 0;
  }

  /** The leaf in which {@code key} is if it is there at all. */
  private long @Nullable [] leaf(long key) {
    Object node = root.node;
    long rest = Bits.mix(key);
    while (true) {
      if (node instanceof SharedTable table) {
        node = table.get(SharedTable.slot(rest));
        rest >>>= SharedTable.SLOT_BITS;
      } else if (node instanceof SharedPending pending) {
        node = settle(pending);
      } else if (node == CLOSED) {
        throw closed();
      } else {
        return (long[]) node;
      }
    }
  }

  /** What a slot with {@code pending} in it contains. Decides, if nobody has. */
  private @Nullable Object settle(SharedPending pending) {
    return pending.isDecided() ? pending.decided() : pending.decide(root.gen == pending.gen);
  }

  private @Nullable Object settled(@Nullable Object content) {
    return content instanceof SharedPending pending ? settle(pending) : content;
  }

  // ----------------------------------------------------------------------------------- change --

  @Override
  public boolean put(long key, long value) {
    return change(Change.PUT, key, 0, value);
  }

  @Override
  public boolean putIfAbsent(long key, long value) {
    return change(Change.PUT_IF_ABSENT, key, 0, value);
  }

  @Override
  public boolean remove(long key) {
    return change(Change.REMOVE, key, 0, 0);
  }

  @Override
  public boolean compareAndSet(long key, long expected, long value) {
    return change(Change.COMPARE_AND_SET, key, expected, value);
  }

  private boolean change(Change change, long key, long expected, long value) {
    long hash = Bits.mix(key);
    while (true) {
      Root now = root;
      if (now.node == CLOSED) {
        throw closed();
      }
      long gen = now.gen;

      // Walk to the leaf, and remember the lowest slot on the way that may be changed in place.
      SharedTable anchor = null;
      int anchorSlot = 0;
      Object anchorSeen = null;
      Object belowAnchor = now.node;
      long restBelowAnchor = hash;
      Object node = now.node;
      long rest = hash;
      int level = 0;
      while (node instanceof SharedTable table) {
        int slot = SharedTable.slot(rest);
        Object seen = table.get(slot);
        node = settled(seen);
        rest >>>= SharedTable.SLOT_BITS;
        level++;
        if (table.gen == gen) {
          anchor = table;
          anchorSlot = slot;
          anchorSeen = seen;
          belowAnchor = node;
          restBelowAnchor = rest;
        }
      }

      long[] leaf = node == null ? SharedLeaf.EMPTY : (long[]) node;
      int i = SharedLeaf.indexOf(leaf, key);
      boolean result;
      Object next;
      switch (change) {
        case PUT -> {
          result = i < 0;
          next = i < 0 || SharedLeaf.value(leaf, i) != value ? leaf : null;
        }
        case PUT_IF_ABSENT -> {
          result = i < 0;
          next = result ? leaf : null;
        }
        case REMOVE -> {
          result = i >= 0;
          next = result ? leaf : null;
        }
        default -> {
          result = i >= 0 && SharedLeaf.value(leaf, i) == expected;
          next = result && value != expected ? leaf : null;
        }
      }
      if (next == null) {
        return result; // it is so already, or may not be done
      }
      next =
          change == Change.REMOVE
              ? SharedLeaf.without(leaf, i)
              : i >= 0
                  ? SharedLeaf.replaced(leaf, i, value)
                  : SharedLeaf.with(leaf, key, value, level, gen);

      if (belowAnchor instanceof SharedTable frozen) {
        next = copyPath(frozen, restBelowAnchor, gen, next);
      }
      if (anchor == null
          ? replace(now, gen, next)
          : install(anchor, anchorSlot, anchorSeen, belowAnchor, next)) {
        return result;
      }
    }
  }

  /**
   * A copy, for the current generation, of a frozen table and of those below it on the path that
   * {@code rest} describes, with another leaf at its end. The root has been read with that
   * generation.
   */
  private SharedTable copyPath(SharedTable frozen, long rest, long gen, Object leaf) {
    VarHandle.fullFence(); // between that read and those of the copying, see (e)
    SharedTable top = frozen.copy(gen);
    SharedTable copy = top;
    while (true) {
      int slot = SharedTable.slot(rest);
      if (!(settled(copy.get(slot)) instanceof SharedTable below)) {
        copy.init(slot, leaf);
        return top;
      }
      SharedTable next = below.copy(gen);
      copy.init(slot, next);
      copy = next;
      rest >>>= SharedTable.SLOT_BITS;
    }
  }

  /** Steps 2 to 4 of a change: whether it is done. */
  private boolean install(
      SharedTable table, int slot, @Nullable Object seen, @Nullable Object old, Object next) {
    SharedPending pending = new SharedPending(table.gen, old, next);
    if (!table.compareAndSet(slot, seen, pending)) {
      return false;
    }
    Object content = settle(pending);
    table.compareAndSet(slot, pending, content);
    return content == next;
  }

  private boolean replace(Root seen, long gen, Object node) {
    return ROOT.compareAndSet(this, seen, new Root(gen, node));
  }

  // ------------------------------------------------------------------------------ whole map --

  @Override
  public AbstractLongHamt snapshot() {
    return new SharedSnapshot(freeze());
  }

  @Override
  public long size() {
    return SharedTable.count(freeze());
  }

  /** The contents of this moment: a leaf or a frozen table. */
  private Object freeze() {
    while (true) {
      Root now = root;
      if (now.node == CLOSED) {
        throw closed();
      }
      if (!(now.node instanceof SharedTable table)
          || table.gen != now.gen
          || replace(now, now.gen + 1, table)) {
        return now.node;
      }
    }
  }

  @Override
  public void clear() {
    while (true) {
      Root now = root;
      if (now.node == CLOSED) {
        throw closed();
      }
      if (replace(now, now.gen + 1, SharedLeaf.EMPTY)) {
        return;
      }
    }
  }

  @Override
  public void close() {
    while (true) {
      Root now = root;
      if (now.node == CLOSED || replace(now, now.gen + 1, CLOSED)) {
        return;
      }
    }
  }

  @Override
  protected boolean isClosed() {
    return root.node == CLOSED;
  }

  @Override
  protected String backend() {
    return "java";
  }
}
