package io.contexture.internal;

import io.contexture.internal.ffm.NativeThreadState;
import io.contexture.internal.mirror.MirrorThreadState;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The record of one thread: its unique id, its stack of logical contexts and its lookup cache.
 *
 * <pre>
 *   top      the topmost LC, or null: an empty one that hasn't been needed yet
 *   below    the chain under it, immutable
 *   frames   what each enter has saved, innermost last
 *   version  names this state of the stack
 *   cache    (variable version, stack version) -> value
 * </pre>
 *
 * <h2>Versions</h2>
 *
 * <p>A cached value is right while the variable's version and the stack's version are what they
 * were when it was cached (C2). Both are numbers of one 64-bit counter and never reused, so a stack
 * version also names the thread state. The rules that keep this true:
 *
 * <ul>
 *   <li>Over a chain under an empty LC the version is the chain's {@link EcLink#stamp}: that can't
 *       change, and running a snapshot again finds the cache as it was.
 *   <li>Entering an empty LC on the current stack keeps the version: every lookup is as before.
 *   <li>Entering a non-empty LC takes a new version, or the one it had when it was left, if the
 *       same state enters it over the same chain: only the top of a stack can change, so it is as
 *       it was.
 *   <li>The first {@code set} in an empty LC takes a new version.
 *   <li>Further {@code set}s keep the version: they replace the cache entry of their own variable,
 *       and those of the others are as right as before.
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
 * <p>Only the owner thread touches a state, except that a purge clears cached values from outside
 * (any {@code null} among them reads as "not cached").
 */
public abstract sealed class ThreadState permits MirrorThreadState, NativeThreadState {
  /** The version of the empty stack, in every thread; the first number an engine reserves. */
  public static final long EMPTY_VERSION = 1;

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
  private final String threadName;
  private final WeakReference<Thread> thread;
  private final Engine engine;

  /** See the class comment. Subclasses read these to publish them to a native record. */
  protected @Nullable Lc top;

  protected @Nullable EcLink below;
  protected long version = EMPTY_VERSION;

  /** The lookup cache; replaced as a whole when it grows. */
  private VarCache.Line[] cache = VarCache.NONE;

  /** The lines filled since the outermost operation began, linked; see C3. */
  private VarCache.@Nullable Line filledInside;

  /** The word beside a {@link Mark#LONG} that {@link #search} has just returned. */
  protected long foundWord;

  /** Whether {@link #sync} is owed. */
  protected boolean recordStale;

  /**
   * Counts captures, so that a pop knows whether the LC it uncovers has been captured meanwhile.
   */
  private long captures;

  private int depth;
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
    this.threadName = thread.getName();
  }

  // ------------------------------------------------------------------------- what backends do

  /**
   * Looks a variable up on the whole stack, without any cache: the object as {@link Mark#mask} has
   * it, {@link Mark#ABSENT}, or {@link Mark#LONG} with the value in {@link #foundWord}.
   */
  protected abstract Object search(VarRef ref);

  /** Copies top, below and version to where the backend needs them; clears {@link #recordStale}. */
  protected abstract void sync();

  /** The canonical text of the stack; equal on all backends after equal operations. */
  public abstract String dump();

  // ------------------------------------------------------------------------------ variables

  /**
   * The hit: the object cached for a variable in the current state of the stack, as {@link
   * Mark#mask} has it, {@link Mark#ABSENT}, {@link Mark#LONG}, or null if nothing is cached.
   */
  public final @Nullable Object cached(long varVersion) {
    VarCache.Line line = line(varVersion);
    return line.varVersion == varVersion && line.stackVersion == version ? line.value : null;
  }

  /** The word beside a {@link Mark#LONG} that {@link #cached} has just returned. */
  public final long cachedWord(long varVersion) {
    return line(varVersion).word;
  }

  /** The miss: finds a variable on the whole stack and caches what {@link #cached} then returns. */
  public final Object find(VarRef ref, long varVersion) {
    VarCache.Line[] lines = VarCache.withRoomFor(cache, varVersion, version);
    if (lines != cache) {
      cache = lines;
      filledInside = null;
    }
    Object variable = ref.get();
    Object found = search(ref);
    fill(varVersion, found, foundWord);
    ref.keepAlive(variable);
    return found;
  }

  /** The word beside a {@link Mark#LONG} that {@link #find} has just returned. */
  public final long foundWord() {
    return foundWord;
  }

  private VarCache.Line line(long varVersion) {
    VarCache.Line[] lines = cache;
    return lines[(int) varVersion & (lines.length - 1)];
  }

  /** Caches a value under the current version, if there is a cache. Plain stores, null first. */
  private void fill(long varVersion, Object masked, long word) {
    if (cache != VarCache.NONE) {
      VarCache.Line line = line(varVersion);
      line.value = null;
      line.varVersion = varVersion;
      line.stackVersion = version;
      line.word = word;
      line.value = masked;
      if (depth > 0 && !line.listed) {
        line.listed = true;
        line.next = filledInside;
        filledInside = line;
      }
    }
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

  /** V4 for an object variable. */
  public final void set(VarRef ref, long varVersion, @Nullable Object value) {
    write(ref, varVersion, value, 0);
  }

  /** V4 for a long variable. */
  public final void setLong(VarRef ref, long varVersion, long word) {
    write(ref, varVersion, null, word);
  }

  private void write(VarRef ref, long varVersion, @Nullable Object value, long word) {
    final Object variable = ref.get();
    Lc lc = top;
    if (lc == null) {
      lc = new Lc();
    }
    Root before = lc.root;
    final boolean wasEmpty = before == null || before.isEmpty();
    final long v = wasEmpty ? takeVersion() : version;
    final Root root = rootForWriting(lc, before, ref);
    forgetCached(varVersion);
    lc.forgetDerived();
    final boolean owed = recordStale;
    recordStale = true;
    final boolean moved = ref.isLong ? root.setLong(ref, word) : root.set(ref, value);
    // The value is in place. Now plain stores only, see the class comment.
    if (root != before) {
      lc.root = root;
      lc.shared = false;
    }
    top = lc;
    version = v;
    recordStale = owed || moved || root != before;
    try {
      if (recordStale) {
        sync();
      }
      fill(varVersion, ref.isLong ? Mark.LONG : Mark.mask(value), word);
      ref.keepAlive(variable);
    } catch (StackOverflowError leftForLater) {
      // The record is flagged stale and the cache entry is empty: the next use makes up for it.
    }
  }

  /**
   * V5: unbinds a variable in the topmost LC.
   *
   * @return false, with nothing changed, if it isn't bound there
   */
  public final boolean delete(VarRef ref, long varVersion) {
    Lc lc = top;
    Root before = lc == null ? null : lc.root;
    if (lc == null || before == null || !before.contains(ref)) {
      return false;
    }
    final Root root = rootForWriting(lc, before, ref);
    forgetCached(varVersion);
    lc.forgetDerived();
    recordStale = true;
    root.remove(ref);
    // As in write.
    if (root != before) {
      lc.root = root;
      lc.shared = false;
    }
    try {
      sync();
    } catch (StackOverflowError leftForLater) {
      // As in write.
    }
    return true;
  }

  /** V5 with its error. */
  public final void deleteOrThrow(VarRef ref, long varVersion) {
    if (!delete(ref, varVersion)) {
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

  private void forgetCached(long varVersion) {
    line(varVersion).value = null;
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

  /** Checks that a binding may be closed now (V6), changing nothing. */
  public final void checkBindingIsInnermost(ThreadState owner, Lc lc, int place, VarRef ref) {
    if (owner != this || top != lc) {
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
   * {@code ec} in its place. Of the current stack this keeps nothing in local variables: the body
   * may be that of a generator, which must not hold what its resumer had while it is suspended, and
   * may go on over another.
   */
  @SuppressWarnings("NullAway") // a Runnable has no result, and nobody looks at it
  private <R extends @Nullable Object, X extends Throwable> R execute(
      @Nullable Lc lc,
      @Nullable EcLink ec,
      @Nullable Runnable body,
      ScopedValue.@Nullable CallableOp<? extends R, X> op)
      throws X {
    final int d = depth;
    push(lc, ec);
    // As at the end of push, so in the finally up to sync() plain stores only.
    try {
      sync();
      if (body != null) {
        body.run();
        return null;
      }
      return java.util.Objects.requireNonNull(op).call();
    } finally {
      if (lc != null) {
        lc.link = null;
        lc.linkBelow = null;
        lc.captured = null;
        EcLink base = below;
        lc.lastOwner = uniqueId;
        lc.lastStamp = base == null ? EMPTY_VERSION : base.stamp;
        lc.lastVersion = version;
      }
      Lc uncovered = frameTop[d];
      top = uncovered;
      below = frameBelow[d];
      version = frameVersion[d];
      if (frameCaptures[d] != captures) {
        if (lc == null) {
          captures = frameCaptures[d];
          if (capturesAtAttach > captures) { // the body has yielded in between
            capturesAtAttach = captures;
          }
        } else if (uncovered != null) {
          uncovered.shared = true;
        }
      }
      frameTop[d] = null;
      frameBelow[d] = null;
      depth = d;
      recordStale = true;
      if (lc != null) {
        lc.holder = null;
      }
      try {
        sync();
        if (d == 0 && filledInside != null) {
          VarCache.clearStale(filledInside, version); // C3
          filledInside = null;
        }
      } catch (StackOverflowError leftForLater) {
        // As in write; and stale entries are dropped after the next operation.
      }
    }
  }

  /** Enters {@code lc} over the current stack, or else {@code ec} in its place. */
  private void push(@Nullable Lc lc, @Nullable EcLink ec) {
    final int d = depth;
    if (d == frameTop.length) {
      growFrames();
    }
    final EcLink base;
    long entered;
    if (lc == null) {
      base = ec;
      entered = stampOf(ec);
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
        }
        known = true;
      } finally {
        if (!known) {
          lc.holder = null;
        }
      }
    }
    // From here on plain stores only.
    frameTop[d] = top;
    frameBelow[d] = below;
    frameVersion[d] = version;
    frameCaptures[d] = captures;
    frameOver[d] = lc != null;
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
      link = EcLink.over(engine, java.util.Objects.requireNonNull(lc.root), below, takeVersion());
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

  /** The link of a snapshot's top over its lower part. */
  public final EcLink linkOf(Root root, @Nullable EcLink chain) {
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
      }
    }
    if (resumption.lent != null && resumption.lent.changes != resumption.lentChanges) {
      version = takeVersion();
      recordStale = true;
      sync();
    }
  }

  /**
   * Called on the body's thread at the start and after each yield: puts the body's stack, as far as
   * it was pushed on the resumer's, over the stack of the present resumer.
   *
   * @param own the generator's LC, or null if it is transparent
   */
  public final void attach(@Nullable Lc own, Resumption resumption) {
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
   * Called on the body's thread before each yield and at its end: takes the resumer's stack away
   * from under the body's, so that a suspended generator holds nothing of it.
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
    VarCache.clear(cache);
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
          chain = linkOf(java.util.Objects.requireNonNull(covered.root), chain);
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
    sync();
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

  /** Clears every cached value; called by a purge, on any thread, racing with the owner. */
  final void clearCache() {
    VarCache.clear(cache);
  }

  /**
   * Lets go of the stack and the cache, once the thread is gone: a logical context that the thread
   * never left goes on to name this state as its holder.
   */
  final void forgetStack() {
    gone = true;
    top = null;
    below = null;
    depth = 0;
    frameTop = NO_TOPS;
    frameBelow = NO_BELOWS;
    clearCache();
  }
}
