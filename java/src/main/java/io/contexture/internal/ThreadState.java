package io.contexture.internal;

import io.contexture.internal.ffm.NativeThreadState;
import io.contexture.internal.mirror.MirrorThreadState;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The record of one thread: its unique id, its stack of logical contexts and its lookup cache.
 *
 * <pre>
 *   top      the topmost LC, or null: an empty one that hasn't been needed yet
 *   below    the chain under it, immutable
 *   frames   what each enter has saved, innermost last; elsewhere than in the body of a generator
 *            that is in local variables of the methods that run something
 *   version  names this state of the stack
 *   lines    what look-ups have found; see {@link VarCache}
 * </pre>
 *
 * <h2>Versions</h2>
 *
 * <p>A value that this thread has cached is right while the stack's version is what it was when the
 * value was found (C2). Versions are numbers of one 64-bit counter and never reused, so one also
 * names the thread state. Before the version of the current stack becomes another, every line of
 * the cache that is valid is made invalid; a look-up makes it valid again once its version is the
 * current one. The rules that keep this true:
 *
 * <ul>
 *   <li>Over a chain under an empty LC the version is the chain's {@link EcLink#stamp}, unless the
 *       next rule keeps another: that can't change, and running a snapshot again finds the cache as
 *       it was.
 *   <li>Entering an empty LC on the current stack keeps the version: every lookup is as before. So
 *       does running a snapshot of the current stack.
 *   <li>Entering a non-empty LC takes a new version, or the one it had when it was left, if the
 *       same state enters it over the same chain: only the top of a stack can change, so it is as
 *       it was.
 *   <li>The first {@code set} in an empty LC takes a new version. Only its own variable is looked
 *       up differently from then on, so lines of others stay valid.
 *   <li>Further {@code set}s, and {@code delete}s, keep the version: they write through to the line
 *       of their own variable, or empty it, and those of the others are as right as before.
 *   <li>Leaving restores the version that was current before entering.
 * </ul>
 *
 * <h2>Failing in the middle</h2>
 *
 * <p>Every operation first does all that can fail (allocation, interlock, counters) and then
 * changes fields by plain stores without a call in between, so that neither OutOfMemoryError nor
 * StackOverflowError leaves it half done. What the native backend must copy to its record is
 * flagged stale before and copied after; the next use copies what such an error has prevented.
 *
 * <p>Only the owner thread touches a state, and of a generator's body, while that has not the turn,
 * the thread that has it; except that a purge clears cached values from outside (any {@code null}
 * among them reads as "not cached").
 */
public abstract sealed class ThreadState permits MirrorThreadState, NativeThreadState {
  /** The version of the empty stack, in every thread; the first number an engine reserves. */
  public static final long EMPTY_VERSION = 1;

  /** The version of no stack. */
  private static final long NO_VERSION = -1;

  /** The number of versions reserved at a time. */
  private static final long VERSION_BLOCK = 4096;

  // What a thread that has entered and cached nothing has: shared, and never written but with null.
  private static final Lc[] NO_TOPS = {};
  private static final EcLink[] NO_BELOWS = {};
  private static final long[] NO_NUMBERS = {};
  private static final boolean[] NO_OVERS = {};

  /** Never reused; differs from every other state's, in this process and backend. */
  public final long uniqueId;

  final long threadId;

  /** The key of this state in the registry of {@link ThreadStates}. */
  final ThreadStates.Id id;

  private final String threadName;
  private final WeakReference<Thread> thread;
  private final Engine engine;

  /** See the class comment. Subclasses read these to publish them to a native record. */
  protected @Nullable Lc top;

  protected @Nullable EcLink below;
  protected long version = EMPTY_VERSION;

  /** The cache, a line to a variable; the array is replaced when it grows, the lines stay. */
  private VarCache.@Nullable Line[] lines = VarCache.NO_LINES;

  /**
   * Where valid lines are: bit p % 64 is set if one is in place p, and may be if none is. Not a
   * list, since a store of a number costs less than one of a reference.
   */
  private long validPlaces;

  /** Likewise where the lines are that the outermost operation empties when it ends; see C3. */
  private long filledPlaces;

  /** The word beside a {@link Mark#LONG} that {@link #search} has just returned. */
  protected long foundWord;

  /** Whether {@link #sync} is owed. */
  protected boolean recordStale;

  /** Whether C code may look at the record at any time, so that {@link #sync} mustn't wait. */
  protected boolean exposed;

  /**
   * Counts captures, so that a pop knows whether the LC it uncovers has been captured meanwhile.
   */
  private long captures;

  private int depth;

  /**
   * An LC that was written in place and has not been captured, covered by a link, lent to a
   * generator or left since: nothing is derived from its contents, and a {@code set} of a variable
   * that it binds need only store the value. Null if there is none, and then so is {@link
   * #writablePairs}, and only then. It is forgotten wherever a change of the LC has to be counted
   * ({@link Lc#changes}), so the first change after that isn't made in this way.
   */
  private @Nullable Lc writable;

  /** The first pairs of its root; see {@link Root#ownPairs}. */
  private @Nullable Object @Nullable [] writablePairs;

  /** The topmost LC of before the last outermost operation; null in the body of a generator. */
  private @Nullable Lc outermost;

  /** Whether this is the state of a generator's body, which alone has frames. */
  private boolean inBody;

  private @Nullable Lc[] frameTop = NO_TOPS;
  private @Nullable EcLink[] frameBelow = NO_BELOWS;
  private long[] frameVersion = NO_NUMBERS;
  private long[] frameCaptures = NO_NUMBERS;

  /** Whether the frame was entered by pushing on the current stack, not by replacing it. */
  private boolean[] frameOver = NO_OVERS;

  private long nextVersion;
  private long versionEnd;

  /** A state with an empty stack. */
  protected ThreadState(Engine engine, Thread thread, long uniqueId) {
    this.engine = engine;
    this.uniqueId = uniqueId;
    this.thread = new WeakReference<>(thread);
    this.threadId = thread.threadId();
    this.id = new ThreadStates.Id(threadId);
    this.threadName = thread.getName();
  }

  // ------------------------------------------------------------------------- what backends do

  /**
   * Looks a variable up on the whole stack, without any cache: the object as {@link Mark#mask} has
   * it, {@link Mark#ABSENT}, or {@link Mark#LONG} with the value in {@link #foundWord}.
   */
  protected abstract Object search(VarRef ref);

  /** As {@link #search(VarRef)}, in one root. */
  protected final Object search(Root root, VarRef ref) {
    if (!ref.isLong) {
      return Mark.mask(root.lookup(ref));
    }
    if (!root.containsLong(ref)) {
      return Mark.ABSENT;
    }
    foundWord = root.lookupLong(ref, 0);
    return Mark.LONG;
  }

  /** Copies top, below and version to where the backend needs them; clears {@link #recordStale}. */
  protected abstract void sync();

  /** The canonical text of the stack; equal on all backends after equal operations. */
  public abstract String dump();

  // ------------------------------------------------------------------------------ variables

  /**
   * Finds a variable in the current thread, as {@link #find} does, where the line of its cell
   * doesn't answer. Most often that is the line to fill again, and leads to the state.
   */
  public static Object findCurrent(VarRef ref, Object variable) {
    long key = VarCache.key(ref.tag);
    VarCache.Line line = VarCache.line(key);
    ThreadState state = line.state;
    if (line.key == ~key && state != null) {
      return state.findAgain(line, key, ref, variable);
    }
    state = ThreadStates.currentForLookup();
    return state == null ? EcLinks.findVisited(ref, variable) : state.find(ref, variable);
  }

  /** As {@link #find}, for a variable whose line isn't valid but in its cell. */
  private Object findAgain(VarCache.Line line, long key, VarRef ref, Object variable) {
    Object found = line.value;
    if (found != null && line.stackVersion == version) {
      foundWord = line.word;
    } else {
      found = search(ref);
      fill(line, ref, found, foundWord);
      ref.keepAlive(variable);
    }
    validPlaces |= 1L << VarCache.place(ref.tag, lines);
    line.key = key;
    return found;
  }

  /**
   * Finds a variable on the whole stack, or among the lines of this state, and sees to it that the
   * next look-up hits. Never throws for want of a cache.
   *
   * @param variable the variable of {@code ref}; here and below it is named so that it lives until
   *     its value is in its places: a purge might be over otherwise
   * @return the value as {@link Mark#mask} has it, {@link Mark#ABSENT}, or {@link Mark#LONG} with
   *     the value in {@link #foundWord}
   */
  public final Object find(VarRef ref, Object variable) {
    VarCache.Line line = line(ref);
    if (line != null && (line.key >= 0 || line.stackVersion == version)) {
      Object value = line.value;
      if (value != null) {
        foundWord = line.word;
        validate(line, ref);
        return value;
      }
    }
    Object found = search(ref);
    if (line == null) {
      line = newLine(ref);
    }
    if (line != null) {
      renew(line, ref, found, foundWord);
    }
    ref.keepAlive(variable);
    return found;
  }

  /** The word beside a {@link Mark#LONG} that {@link #find} has just returned. */
  public final long foundWord() {
    return foundWord;
  }

  /** This thread's line for a variable, valid or not; null if there is none. */
  private VarCache.@Nullable Line line(VarRef ref) {
    VarCache.@Nullable Line[] all = lines;
    VarCache.Line line = all[VarCache.place(ref.tag, all)];
    long key = ref.tag ^ threadId;
    return line != null && (line.key == key || line.key == ~key) ? line : null;
  }

  /** A line for a variable that has none; null if there can't be one. */
  private VarCache.@Nullable Line newLine(VarRef ref) {
    long tag = ref.tag;
    if (!VarCache.isCacheable(tag, threadId)) {
      return null;
    }
    VarCache.@Nullable Line[] all = VarCache.withRoomFor(lines, tag, tag ^ threadId, version);
    if (all == VarCache.NO_LINES) {
      return null;
    }
    if (all != lines) {
      int before = lines.length; // half as many: what was in place p is there, or at p + before
      if (before < Long.SIZE) {
        validPlaces |= validPlaces << before;
        filledPlaces |= filledPlaces << before;
      }
      lines = all;
    }
    int place = VarCache.place(tag, lines);
    long key = tag ^ threadId;
    VarCache.Line line = lines[place];
    if (line != null) { // another variable's: it stays in its place, valid if it was
      forget(line);
      line.state = this;
      line.key = line.key < 0 ? ~key : key;
      return line;
    }
    try {
      line = new VarCache.Line(this, ~key);
      lines[place] = line;
      return line;
    } catch (OutOfMemoryError e) {
      return null;
    }
  }

  /** Puts what was found under the current version into a line, and makes that valid. */
  private void renew(VarCache.Line line, VarRef ref, Object masked, long word) {
    fill(line, ref, masked, word);
    validate(line, ref);
  }

  /** The same for a line that is still to be made valid, if it isn't. Plain stores, null first. */
  private void fill(VarCache.Line line, VarRef ref, Object masked, long word) {
    line.value = null;
    line.stackVersion = version;
    line.word = word;
    listFilled(ref, masked);
    line.value = masked;
  }

  /**
   * Sees to it that a value is out of the cache after the outermost operation (C3), unless the LC
   * that this was begun in holds it anyway.
   */
  private void listFilled(VarRef ref, Object masked) {
    if (depth > 0 && !(masked instanceof Mark)) {
      Lc lc = outermost;
      Root root = lc == null ? null : lc.root;
      if (root == null || !root.hasFewPairs() || root.lookup(ref) != masked) {
        filledPlaces |= 1L << VarCache.place(ref.tag, lines);
      }
    }
  }

  private void validate(VarCache.Line line, VarRef ref) {
    long key = ref.tag ^ threadId;
    if (line.key != key) {
      validPlaces |= 1L << VarCache.place(ref.tag, lines);
      line.key = key;
    }
    VarCache.install(line, key);
  }

  /** Makes every line invalid: the version of the stack changes. No call, no allocation. */
  private void invalidateLines() {
    VarCache.@Nullable Line[] all = lines;
    int p = 0;
    for (long places = validPlaces; places != 0; places >>>= 1, p++) {
      for (int q = p; (places & 1) != 0 && q < all.length; q += Long.SIZE) {
        VarCache.Line line = all[q];
        if (line != null && line.key >= 0) {
          line.key = ~line.key;
        }
      }
    }
    validPlaces = 0;
  }

  /** The topmost LC's object for an object variable, null included, or {@link Mark#ABSENT}. */
  public final @Nullable Object lookupTopmost(VarRef ref) {
    Lc lc = top;
    return lc == null ? Mark.ABSENT : lc.lookup(ref);
  }

  /** Whether the topmost LC binds the variable. */
  public final boolean isBoundTopmost(VarRef ref) {
    Lc lc = top;
    return lc != null && lc.contains(ref);
  }

  /** The topmost LC's word for a long variable that is bound there. */
  public final long lookupTopmostLong(VarRef ref) {
    Lc lc = top;
    Root root = lc == null ? null : lc.root;
    return root == null ? 0 : root.lookupLong(ref, 0);
  }

  /** V4 for an object variable, in the current thread. */
  public static void setCurrent(VarRef ref, Object variable, @Nullable Object value) {
    long key = VarCache.key(ref.tag);
    VarCache.Line line = VarCache.line(key);
    ThreadState state = line.state;
    if (line.key != key || state == null || !state.replace(line, ref, variable, value)) {
      ThreadStates.current().set(ref, variable, value);
    }
  }

  /** V4 for a long variable, in the current thread. */
  public static void setCurrentLong(VarRef ref, Object variable, long word) {
    long key = VarCache.key(ref.tag);
    VarCache.Line line = VarCache.line(key);
    ThreadState state = line.state;
    if (line.key != key || state == null || !state.replaceWord(line, ref, word)) {
      ThreadStates.current().setLong(ref, variable, word);
    }
  }

  /**
   * V4 where the LC is {@link #writable} and the variable has a place among its first pairs; unless
   * it would be the only one bound there, which takes a new version.
   *
   * @param line the variable's, which is valid
   * @return false, with nothing changed, if it isn't so
   */
  private boolean replace(VarCache.Line line, VarRef ref, Object variable, @Nullable Object value) {
    int i = placeInWritable(line, ref);
    if (i < 0) {
      return false;
    }
    Object[] pairs = Objects.requireNonNull(writablePairs);
    if (pairs[i + 1] == Mark.ABSENT) {
      if (exposed
          || !Objects.requireNonNull(Objects.requireNonNull(writable).root).countOneMore()) {
        return false;
      }
      recordStale = true;
    }
    // Plain stores only, see the class comment.
    pairs[i + 1] = value;
    line.stackVersion = version;
    line.value = value == null ? Mark.NULL : value;
    try {
      ref.keepAlive(variable);
    } catch (StackOverflowError atTheEnd) {
      // Nothing is left to do.
    }
    return true;
  }

  /**
   * Where the pair of an object variable is among {@link #writablePairs}, if those are the topmost
   * LC's and the line needn't be listed first (C3); else a negative number.
   */
  private int placeInWritable(VarCache.Line line, VarRef ref) {
    Object[] pairs = writablePairs;
    if (pairs == null
        || writable != top
        || (depth != 0 && (filledPlaces >>> VarCache.place(ref.tag, lines) & 1) == 0)) {
      return -1;
    }
    int i = (int) line.word << 1;
    return i >= 0 && i < pairs.length && pairs[i] == ref ? i : -1;
  }

  /** V4 where a long variable is bound in the LC that is {@link #writable}. As above otherwise. */
  private boolean replaceWord(VarCache.Line line, VarRef ref, long word) {
    Lc lc = writable;
    Root root = lc == null || lc != top || exposed ? null : lc.ownRoot();
    if (root == null || !root.replaceOwnWord(ref, word)) {
      return false;
    }
    recordStale = true;
    line.stackVersion = version;
    line.word = word;
    line.value = Mark.LONG;
    return true;
  }

  /** V4 for an object variable. */
  public final void set(VarRef ref, Object variable, @Nullable Object value) {
    VarCache.Line line = line(ref);
    if ((line == null || line.key < 0 || !replace(line, ref, variable, value))
        && !setInPlace(ref, variable, line, value, 0)) {
      write(ref, variable, line, value, 0);
    }
  }

  /** V4 for a long variable. */
  public final void setLong(VarRef ref, Object variable, long word) {
    VarCache.Line line = line(ref);
    if ((line == null || line.key < 0 || !replaceWord(line, ref, word))
        && !setInPlace(ref, variable, line, null, word)) {
      write(ref, variable, line, null, word);
    }
  }

  /**
   * V4 where the topmost LC has a place for the variable that may be written, whether bound or not.
   *
   * @return false, with nothing changed, if it hasn't
   */
  private boolean setInPlace(
      VarRef ref,
      Object variable,
      VarCache.@Nullable Line seen,
      @Nullable Object value,
      long word) {
    Lc lc = top;
    Root root = lc == null || lc.shared ? null : lc.root;
    if (lc == null || root == null || exposed) {
      return false;
    }
    int slot = root.ownSlot(ref, seen == null || ref.isLong ? -1 : seen.word);
    if (slot < 0) {
      return false;
    }
    final long v = root.isEmpty() ? takeVersion() : version;
    final Object masked = ref.isLong ? Mark.LONG : Mark.mask(value);
    if (seen != null) {
      seen.value = null;
    }
    lc.forgetDerived();
    recordStale = true;
    root.setOwn(slot, ref.isLong ? Mark.LONG : value, word);
    // The value is in place. Now plain stores only, see the class comment.
    version = v;
    try {
      VarCache.Line line = seen == null ? newLine(ref) : seen;
      if (line != null) {
        renew(line, ref, masked, ref.isLong ? word : slot);
      }
      Object[] pairs = root.ownPairs();
      writable = pairs == null ? null : lc;
      writablePairs = pairs;
      ref.keepAlive(variable);
    } catch (StackOverflowError leftForLater) {
      // As in write.
    }
    return true;
  }

  /** V4 where it takes more; {@code seen} is the variable's line, if it has one. */
  private void write(
      VarRef ref,
      Object variable,
      VarCache.@Nullable Line seen,
      @Nullable Object value,
      long word) {
    Lc lc = top;
    if (lc == null) {
      lc = new Lc();
    }
    Root before = lc.root;
    final boolean wasEmpty = before == null || before.isEmpty();
    final long v = wasEmpty ? takeVersion() : version;
    final Root root = rootForWriting(lc, before, ref);
    beginChange(lc, seen);
    final long inLine =
        ref.isLong ? root.setLong(ref, word, exposed) : root.set(ref, value, exposed);
    // The value is in place. Now plain stores only, see the class comment.
    if (root != before) {
      lc.root = root;
      lc.shared = false;
    }
    top = lc;
    version = v;
    try {
      syncIfExposed();
      VarCache.Line line = seen;
      if (line == null) {
        line = newLine(ref);
      }
      if (line != null) {
        renew(line, ref, ref.isLong ? Mark.LONG : Mark.mask(value), inLine);
      }
      ref.keepAlive(variable);
    } catch (StackOverflowError leftForLater) {
      // The record is flagged stale and the line has no value: the next use makes up for it.
    }
  }

  /**
   * V5: unbinds a variable in the topmost LC.
   *
   * @return false, with nothing changed, if it isn't bound there
   */
  public final boolean delete(VarRef ref) {
    Lc lc = top;
    Root before = lc == null ? null : lc.root;
    if (lc == null || before == null) {
      return false;
    }
    VarCache.Line line = line(ref);
    if (line != null && line.key >= 0 && !exposed && !ref.isLong) {
      int i = placeInWritable(line, ref);
      Object[] pairs = writablePairs;
      if (i >= 0 && pairs != null && pairs[i + 1] != Mark.ABSENT && before.countOneLess()) {
        // As in replace.
        pairs[i + 1] = Mark.ABSENT;
        line.value = null;
        line.stackVersion = NO_VERSION;
        recordStale = true;
        return true;
      }
    }
    int own = lc.shared || exposed ? -1 : before.ownSlot(ref, -1);
    if (own >= 0) {
      boolean isBound = before.isBoundAt(own);
      if (isBound) {
        forget(line);
        lc.forgetDerived();
        recordStale = true;
        before.removeOwn(own);
      }
      return isBound;
    }
    if (!before.contains(ref)) {
      return false;
    }
    final Root root = rootForWriting(lc, before, ref);
    beginChange(lc, line);
    root.remove(ref, exposed);
    replaced(lc, before, root);
    return true;
  }

  /** Ends a removal. As in write. */
  private void replaced(Lc lc, Root before, Root root) {
    if (root != before) {
      lc.root = root;
      lc.shared = false;
    }
    try {
      syncIfExposed();
    } catch (StackOverflowError leftForLater) {
      // As in write.
    }
  }

  /** V5 with its error. */
  public final void deleteOrThrow(VarRef ref) {
    if (!delete(ref)) {
      throw new NoSuchElementException(
          "context variable '"
              + ref.name
              + "' isn't set in the topmost logical context, so there is nothing to delete;"
              + " a value set further down can only be deleted there");
    }
  }

  private Root rootForWriting(Lc lc, @Nullable Root root, VarRef ref) {
    if (root == null) {
      return engine.newRoot();
    }
    if (root.isWastefulFor(ref)) {
      return root.compacted(engine.emptyMap());
    }
    return lc.shared ? root.copy() : root;
  }

  /** Makes a line one that answers no look-up, whatever the state of the stack. */
  private static void forget(VarCache.@Nullable Line line) {
    if (line != null) {
      line.value = null;
      line.stackVersion = NO_VERSION;
    }
  }

  /** Forgets what an LC's contents, and the variable's line, are about to be no more. */
  private void beginChange(Lc lc, VarCache.@Nullable Line line) {
    forget(line);
    forgetWritable();
    lc.forgetDerived();
    recordStale = true;
  }

  private void forgetWritable() {
    writable = null;
    writablePairs = null;
  }

  private void syncIfExposed() {
    if (exposed && recordStale) {
      sync();
    }
  }

  private long takeVersion() {
    long v = nextVersion;
    if (v == versionEnd) {
      v = engine.reserve(VERSION_BLOCK);
      versionEnd = v + VERSION_BLOCK;
    }
    nextVersion = v + 1;
    return v;
  }

  // ------------------------------------------------------------------------------- bindings

  /** The LC that a binding made now belongs to: the topmost, made if there is none. */
  public final Lc topForBinding() {
    Lc lc = top;
    if (lc == null) {
      lc = new Lc();
      top = lc;
    }
    return lc;
  }

  /**
   * The map of the topmost LC, if to undo a binding of the variable that is made now would take a
   * change of it, hence memory; kept from changes, so that {@link #putBack} can do without.
   *
   * @throws OutOfMemoryError if there is none now; nothing has changed
   */
  public final @Nullable AbstractLongHamt mapToPutBack(VarRef ref) {
    Lc lc = top;
    Root root = lc == null ? null : lc.root;
    if (lc == null || root == null || (!exposed && root.hasRoomAmongFew(ref))) {
      return null;
    }
    if (root.isWastefulFor(ref)) { // else to bind would compact it, after its map was kept
      Root compacted = root.compacted(engine.emptyMap());
      beginChange(lc, null);
      replaced(lc, root, compacted);
      root = compacted;
    }
    compactionsAtKept = root.compactions();
    return !exposed && root.hasRoomAmongFew(ref) ? null : root.keepMap();
  }

  /** {@link Root#compactions} when {@link #mapToPutBack} last kept a map. */
  private int compactionsAtKept;

  /**
   * The map of the topmost LC once the binding is made, likewise; null if that has compacted it all
   * the same, as more variables may have died meanwhile: its slots are others then.
   */
  public final @Nullable AbstractLongHamt keptMap() {
    Root root = topRoot();
    return root == null || root.compactions() != compactionsAtKept ? null : root.keepMap();
  }

  /**
   * Undoes what was changed between the two, if the map of the topmost LC is still what it was
   * after that: the word of a long variable, or whether the variable is bound. Takes no native
   * memory.
   *
   * @return false, with nothing changed, if it isn't
   */
  public final boolean putBack(
      VarRef ref, @Nullable AbstractLongHamt after, AbstractLongHamt before) {
    Lc lc = top;
    Root current = lc == null ? null : lc.root;
    if (lc == null || current == null || after == before || !current.isMap(after)) {
      return false;
    }
    Root root = lc.shared ? current.copy() : current;
    beginChange(lc, line(ref));
    root.putBack(ref, before);
    replaced(lc, current, root);
    return true;
  }

  /** Checks that a binding may be closed now (V6), changing nothing. */
  public final void checkBindingIsInnermost(ThreadState owner, Lc lc, int place, VarRef ref) {
    // Not another state: a virtual thread may have had one for a visit, and has its own now.
    if (owner.threadId != threadId || top != lc) {
      throw new IllegalStateException(
          "binding of context variable '"
              + ref.name
              + "' closed on another thread, or while another logical context is topmost, than it"
              + " was made in; close it where it was made, after leaving what was entered since");
    }
    if (lc.bindings != place) {
      lc.forgetGoneGuests();
    }
    if (lc.bindings != place) {
      throw new IllegalStateException(
          "binding of context variable '"
              + ref.name
              + "' closed out of order: "
              + (lc.bindings - place)
              + " later binding(s) of the same logical context are open; close those first, or use"
              + " try-with-resources; close a transparent generator that has left one open");
    }
  }

  /** What a binding made in {@code lc} is to be listed with there, or null if it needn't be. */
  public final Lc.@Nullable Guest guestIn(Lc lc) {
    return lc == lent ? new Lc.Guest(this) : null;
  }

  /**
   * Whether {@code owner}, which made a binding in {@code lc}, is this state, unwinds the body of a
   * transparent generator that was dropped, and {@code lc} was its resumer's: there is nothing to
   * close then, and nobody whose context it could be.
   */
  public final boolean isUnwoundWithout(ThreadState owner, Lc lc) {
    if (owner != this || !gone) {
      return false;
    }
    for (int level = 0; level <= depth; level++) {
      if (levelTop(level) == lc) {
        return false;
      }
    }
    return true;
  }

  /** Whether nobody is left who could close what was bound in this state. Any thread. */
  final boolean isGone() {
    return gone || isThreadDead();
  }

  // ---------------------------------------------------------------------------------- stack

  /**
   * S3, S4: runs one of {@code body} and {@code op} with {@code lc} pushed on the current stack.
   */
  public final <R extends @Nullable Object, X extends Throwable> R runInLc(
      Lc lc, @Nullable Runnable body, ScopedValue.@Nullable CallableOp<? extends R, X> op)
      throws X {
    return execute(lc, null, body, op);
  }

  /** S6: runs one of {@code body} and {@code op} with {@code ec} current under a fresh LC. */
  public final <R extends @Nullable Object, X extends Throwable> R runInEc(
      @Nullable EcLink ec,
      @Nullable Runnable body,
      ScopedValue.@Nullable CallableOp<? extends R, X> op)
      throws X {
    return execute(null, ec, body, op);
  }

  /**
   * Runs one of {@code body} and {@code op} with {@code lc} over the current stack, or else with
   * {@code ec} in its place.
   *
   * <p>What was current is saved in local variables, but for the body of a generator in frames: it
   * mustn't hold what its resumer had while it is suspended, and may go on over another.
   */
  @SuppressWarnings("NullAway") // a Runnable has no result, and nobody looks at it
  private <R extends @Nullable Object, X extends Throwable> R execute(
      @Nullable Lc lc,
      @Nullable EcLink ec,
      @Nullable Runnable body,
      ScopedValue.@Nullable CallableOp<? extends R, X> op)
      throws X {
    final int d = depth;
    final boolean framed = inBody;
    final Lc topBefore = framed ? null : top;
    final EcLink belowBefore = framed ? null : below;
    final long versionBefore = version;
    final long capturesBefore = captures;
    push(lc, ec);
    // As at the end of push, so in the finally plain stores only, but for the last of it.
    try {
      if (exposed) {
        sync();
      }
      if (body != null) {
        body.run();
        return null;
      }
      return Objects.requireNonNull(op).call();
    } finally {
      if (lc != null) {
        if (lc.link != null) {
          lc.link = null;
          lc.linkBelow = null;
        }
        if (lc.captured != null) {
          lc.captured = null;
        }
        EcLink beneath = below;
        lc.lastOwner = uniqueId;
        lc.lastStamp = beneath == null ? EMPTY_VERSION : beneath.stamp;
        lc.lastVersion = version;
      }
      Lc uncovered = topBefore;
      EcLink uncoveredBelow = belowBefore;
      long restored = versionBefore;
      long capturesAtEntry = capturesBefore;
      if (framed) {
        uncovered = frameTop[d];
        uncoveredBelow = frameBelow[d];
        restored = frameVersion[d];
        capturesAtEntry = frameCaptures[d];
        frameTop[d] = null;
        frameBelow[d] = null;
      }
      top = uncovered;
      if (below != uncoveredBelow) {
        below = uncoveredBelow;
      }
      if (version != restored || restored == 0) { // 0: a body that unwinds without its stack
        version = restored;
        // As invalidateLines, but without a call.
        VarCache.@Nullable Line[] all = lines;
        int p = 0;
        for (long places = validPlaces; places != 0; places >>>= 1, p++) {
          for (int q = p; (places & 1) != 0 && q < all.length; q += Long.SIZE) {
            VarCache.Line line = all[q];
            if (line != null && line.key >= 0) {
              line.key = ~line.key;
            }
          }
        }
        validPlaces = 0;
      }
      if (captures != capturesAtEntry) {
        if (lc == null) {
          captures = capturesAtEntry;
          if (capturesAtAttach > captures) { // the body has yielded in between
            capturesAtAttach = captures;
          }
        } else if (uncovered != null) {
          uncovered.shared = true;
          writable = null;
          writablePairs = null;
        }
      }
      if (writablePairs != null
          && writable != uncovered) { // nothing of an LC that was left stays behind
        writable = null;
        writablePairs = null;
      }
      depth = d;
      recordStale = true;
      if (d == 0) { // C3
        VarCache.@Nullable Line[] all = lines;
        int p = 0;
        for (long places = filledPlaces; places != 0; places >>>= 1, p++) {
          for (int q = p; (places & 1) != 0 && q < all.length; q += Long.SIZE) {
            VarCache.Line line = all[q];
            if (line != null && line.stackVersion != version && line.value != null) {
              line.value = null;
            }
          }
        }
        filledPlaces = 0;
      }
      if (lc != null) {
        try {
          lc.release();
        } catch (StackOverflowError withoutCall) {
          lc.holder = null;
        }
      }
      if (exposed) {
        try {
          sync();
        } catch (StackOverflowError leftForLater) {
          // As in write.
        }
      }
    }
  }

  /** Enters {@code lc} over the current stack, or else {@code ec} in its place. */
  private void push(@Nullable Lc lc, @Nullable EcLink ec) {
    final int d = depth;
    final boolean framed = inBody;
    if (framed && d == frameTop.length) {
      growFrames();
    }
    final EcLink base;
    long entered;
    if (lc == null) {
      base = ec;
      entered = isCurrent(ec) ? version : stampOf(ec);
      if (entered != version) {
        invalidateLines();
      }
    } else {
      base = cover();
      entered = version;
      lc.acquire(this);
      // Only now that the LC is ours it holds still. An empty one changes no lookup, so neither
      // does it change the version (see the class comment).
      boolean known = false;
      try {
        if (!lc.isEmpty()) {
          entered = versionOver(lc, base);
          if (entered != version) {
            invalidateLines();
          }
        }
        known = true;
      } finally {
        if (!known) {
          lc.holder = null;
        }
      }
    }
    // From here on plain stores only.
    if (framed) {
      frameTop[d] = top;
      frameBelow[d] = below;
      frameVersion[d] = version;
      frameCaptures[d] = captures;
      frameOver[d] = lc != null;
    } else if (d == 0 && outermost != top) {
      outermost = top;
    }
    depth = d + 1;
    top = lc;
    below = base;
    version = entered;
    recordStale = true;
  }

  private void growFrames() {
    int n = Math.max(4, depth * 2);
    Lc[] tops = Arrays.copyOf(frameTop, n);
    EcLink[] belows = Arrays.copyOf(frameBelow, n);
    long[] versions = Arrays.copyOf(frameVersion, n);
    long[] marks = Arrays.copyOf(frameCaptures, n);
    boolean[] overs = Arrays.copyOf(frameOver, n);
    frameTop = tops;
    frameBelow = belows;
    frameVersion = versions;
    frameCaptures = marks;
    frameOver = overs;
  }

  /**
   * Whether a chain is what the whole current stack is as a chain, so that look-ups are the same.
   */
  private boolean isCurrent(@Nullable EcLink chain) {
    Lc lc = top;
    return chain != null && lc != null && lc.link == chain && lc.linkBelow == below;
  }

  private static long stampOf(@Nullable EcLink chain) {
    return chain == null ? EMPTY_VERSION : chain.stamp;
  }

  /** The version of the stack that has the non-empty {@code lc} over {@code base}. */
  private long versionOver(Lc lc, @Nullable EcLink base) {
    long stamp = stampOf(base);
    return lc.lastOwner == uniqueId && lc.lastStamp == stamp ? lc.lastVersion : takeVersion();
  }

  /** The chain of the whole current stack, as something pushed on it would have it below. */
  public final @Nullable EcLink cover() {
    Lc lc = top;
    if (lc == null || lc.isEmpty()) {
      return below;
    }
    EcLink link = lc.link;
    if (link == null || lc.linkBelow != below) {
      link = EcLink.over(engine, Objects.requireNonNull(lc.root), below, takeVersion());
      forgetWritable();
      lc.linkBelow = below;
      lc.link = link;
    }
    return link;
  }

  // -------------------------------------------------------------------------------- capture

  /**
   * The snapshot last captured of this very stack, if it is unchanged since; see {@link #captured}.
   */
  public final @Nullable Object capturedBefore() {
    captures++;
    Lc lc = top;
    if (lc == null || lc.isEmpty()) {
      EcLink chain = below;
      return chain == null ? null : chain.snapshot;
    }
    return lc.captured;
  }

  /** The contents on top of {@link #capturedBelow}, or null if the topmost LC is empty. */
  public final @Nullable Root captureTop() {
    Lc lc = top;
    if (lc == null || lc.isEmpty()) {
      return null;
    }
    forgetWritable();
    lc.shared = true;
    return lc.root;
  }

  /** The chain under the topmost LC. */
  public final @Nullable EcLink capturedBelow() {
    return below;
  }

  /** Remembers the snapshot made of the two above, for {@link #capturedBefore}. */
  public final void captured(Object snapshot) {
    Lc lc = top;
    if (lc != null && !lc.isEmpty()) {
      lc.captured = snapshot;
    } else if (below != null) {
      below.snapshot = snapshot;
    }
  }

  /**
   * The link of a snapshot's top over its lower part: the {@link #cover} of the current stack where
   * that is what was captured, so that running the snapshot here is known to change no look-up.
   */
  public final EcLink linkOfSnapshot(Root root, @Nullable EcLink chain) {
    Lc lc = top;
    EcLink link = lc != null && lc.root == root && below == chain ? cover() : null;
    return link != null ? link : linkOf(root, chain);
  }

  private EcLink linkOf(Root root, @Nullable EcLink chain) {
    return EcLink.over(engine, root, chain, takeVersion());
  }

  // ------------------------------------------------------------------------------ generators

  /**
   * What a generator's body needs of its resumer for one resumption: the chain under its own LC,
   * or, for a transparent generator, the resumer's topmost LC and what is under that.
   */
  public static final class Resumption {
    final @Nullable EcLink base;
    final @Nullable Lc lent;
    final boolean abandoned;
    private final long lentChanges;

    Resumption(@Nullable EcLink base, @Nullable Lc lent, boolean abandoned) {
      this.base = base;
      this.lent = lent;
      this.abandoned = abandoned;
      this.lentChanges = lent == null ? 0 : lent.changes;
    }
  }

  /** Called by the resumer, before the body goes on. */
  public final Resumption beginResumption(boolean transparent) {
    forgetWritable(); // the body may write to the same LC
    return transparent
        ? new Resumption(below, topForBinding(), false)
        : new Resumption(cover(), null, false);
  }

  /** What the body of a generator gets that is unwound without a resumer: an empty stack. */
  public static Resumption emptyResumption(boolean transparent) {
    return new Resumption(null, transparent ? new Lc() : null, true);
  }

  /** Called by the resumer, once the body has yielded. */
  public final void endResumption(Resumption resumption, boolean capturedInside) {
    Lc lc = top;
    if (capturedInside) {
      captures++;
      if (lc != null) {
        lc.shared = true;
        forgetWritable();
      }
    }
    if (resumption.lent != null && resumption.lent.changes != resumption.lentChanges) {
      long v = takeVersion();
      invalidateLines();
      if (depth == 0) { // C3: no operation ends here that would do it
        VarCache.clear(lines);
      }
      version = v;
      recordStale = true;
      syncIfExposed();
    }
  }

  /**
   * Called by the resumer before the body gets the turn: puts the body's stack, as far as it was
   * pushed on the resumer's, over the stack of the present resumer.
   *
   * @param own the generator's LC, or null if it is transparent
   */
  public final void attach(@Nullable Lc own, Resumption resumption) {
    inBody = true;
    Lc level0 = own == null ? resumption.lent : own;
    if (resumption.abandoned) {
      gone = true;
    }
    if (own != null) {
      own.acquire(this);
    }
    boolean attached = false;
    try {
      rebase(level0, resumption.base, own == null);
      attached = true;
    } finally {
      if (!attached) { // out of memory: as before, but for versions that can't be restored
        detach(own);
        if (own != null) {
          own.lastOwner = 0;
        }
      }
    }
  }

  /**
   * Called by the resumer once it has the turn again: takes the resumer's stack away from under the
   * body's, so that a suspended generator holds nothing of it.
   *
   * @return whether anything was captured since {@link #attach}
   */
  public final boolean detach(@Nullable Lc own) {
    int floor = pushedOnResumer();
    boolean capturedInside = capturesAtAttach != captures;
    if (own != null && floor >= 0) {
      own.lastOwner = uniqueId;
      own.lastStamp = baseStamp;
      own.lastVersion = floor == 0 && depth == 0 ? version : frameVersion[0];
    }
    // What the body has looked up belongs to the resumer.
    VarCache.clear(lines);
    invalidateLines();
    for (int level = 0; level <= floor; level++) {
      setLevel(level, level == 0 && own == null ? null : levelTop(level), null, 0);
      Lc lc = levelTop(level);
      if (lc != null) {
        lc.link = null;
        lc.linkBelow = null;
        lc.captured = null;
        if (capturedInside) {
          lc.shared = true;
        }
      }
    }
    if (own != null) {
      own.holder = null;
    }
    lent = null;
    forgetWritable();
    recordStale = true;
    return capturedInside;
  }

  /** The topmost LC of the resumer of a transparent generator, while its body runs in this. */
  private @Nullable Lc lent;

  /** Whether this thread has ended, or unwinds the body of a generator that was dropped. */
  private volatile boolean gone;

  private long capturesAtAttach;
  private long baseStamp;

  /**
   * The highest level whose stack is pushed on the resumer's: all, or those under a replacement.
   */
  private int pushedOnResumer() {
    for (int level = 0; level < depth; level++) {
      if (!frameOver[level]) {
        return level;
      }
    }
    return depth;
  }

  private void rebase(@Nullable Lc level0, @Nullable EcLink base, boolean transparent) {
    int floor = pushedOnResumer();
    EcLink chain = base;
    Lc lc = level0;
    for (int level = 0; level <= floor; level++) {
      if (level > 0) {
        Lc covered = levelTop(level - 1);
        if (covered != null && !covered.isEmpty()) {
          chain = linkOf(Objects.requireNonNull(covered.root), chain);
          covered.link = chain;
          covered.linkBelow = levelBelow(level - 1);
        }
        lc = levelTop(level);
      }
      long v;
      if (lc == null || lc.isEmpty()) {
        v = stampOf(chain);
      } else if (level == 0 && !transparent) {
        v = versionOver(lc, chain);
      } else {
        v = takeVersion();
      }
      setLevel(level, lc, chain, v);
    }
    lent = transparent ? level0 : null;
    baseStamp = stampOf(base);
    capturesAtAttach = captures;
    recordStale = true;
    syncIfExposed();
  }

  private @Nullable Lc levelTop(int level) {
    return level == depth ? top : frameTop[level];
  }

  private @Nullable EcLink levelBelow(int level) {
    return level == depth ? below : frameBelow[level];
  }

  private void setLevel(int level, @Nullable Lc lc, @Nullable EcLink chain, long v) {
    if (level == depth) {
      top = lc;
      below = chain;
      version = v;
    } else {
      frameTop[level] = lc;
      frameBelow[level] = chain;
      frameVersion[level] = v;
    }
  }

  // -------------------------------------------------------------------------------- the thread

  /** Whether the thread has ended or was collected, so that it holds no LC any more. */
  final boolean isThreadDead() {
    Thread t = thread.get();
    return t == null || t.getState() == Thread.State.TERMINATED;
  }

  final String describeThread() {
    return "thread #" + threadId + (threadName.isEmpty() ? "" : " \"" + threadName + "\"");
  }

  /** The topmost LC's contents, for the backends. */
  protected final @Nullable Root topRoot() {
    Lc lc = top;
    return lc == null ? null : lc.root;
  }

  /** The number of valid lines; for tests. */
  final int validLines() {
    int n = 0;
    for (VarCache.Line line : lines) {
      if (line != null && line.key >= 0) {
        n++;
      }
    }
    return n;
  }

  /** Clears every cached value; called by a purge, on any thread, racing with the owner. */
  final void clearCache() {
    VarCache.clear(lines);
  }

  /**
   * Makes this new state that of a thread which is running in {@code chain} and has set nothing;
   * {@link #forgetStack} ends it with that run.
   */
  final void beginVisit(@Nullable EcLink chain) {
    below = chain;
    version = stampOf(chain);
    depth = 1;
    recordStale = true;
  }

  /**
   * Lets go of the stack and the cache, once the thread, or its visit of a snapshot, is gone: a
   * logical context that the thread never left goes on to name this state as its holder.
   */
  final void forgetStack() {
    gone = true;
    top = null;
    below = null;
    depth = 0;
    frameTop = NO_TOPS;
    frameBelow = NO_BELOWS;
    outermost = null;
    forgetWritable();
    for (VarCache.Line line : lines) {
      if (line != null) {
        VarCache.discard(line);
      }
    }
  }
}
