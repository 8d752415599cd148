package io.contexture.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What contexts and the base layer know of a variable: its id, and the variable itself weakly (V7).
 *
 * <p>Contexts hold {@code VarRef}s and never variables. When the variable has been collected, this
 * reference arrives in the {@link Reaper}'s queue, and every context drops what it held for it.
 */
public final class VarRef extends WeakReference<Object> implements Reaper.Reapable {
  private static final VarHandle REAPED;

  static {
    try {
      REAPED = MethodHandles.lookup().findVarHandle(VarRef.class, "isReaped", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** The key of the variable in every map; never 0, never reused. */
  public final long id;

  /** The variable's name, for people. */
  public final String name;

  /** Whether the variable's value is the map's word itself rather than an object. */
  public final boolean isLong;

  /** Its name in the {@link VarCache}; reused once the variable has been purged. */
  public final long tag;

  /** The next of those that await a purge; see {@link Roots}. */
  @Nullable VarRef nextDead;

  /** Whether a purge has been asked for: once, as another variable may have the tag after it. */
  private boolean isReaped;

  /** A reference to {@code variable}, which has the given id and name. */
  public VarRef(Object variable, long id, String name, boolean isLong) {
    super(variable, Reaper.QUEUE);
    this.id = id;
    this.name = name;
    this.isLong = isLong;
    this.tag = VarCache.takeTag(this);
    keepAlive(variable); // the first call may fail, later ones don't
  }

  /** Those of {@link #inBase}: a reference that is itself garbage would never be enqueued. */
  private static final Set<VarRef> IN_BASE = ConcurrentHashMap.newKeySet();

  /**
   * Whether a long variable has ever had a value in the base layer, {@link Engine#base}; if not,
   * look-ups needn't go there.
   */
  private volatile boolean inBase;

  /** B2 for a long variable, which is {@code variable}. */
  public void setBase(Object variable, long word) {
    AbstractConcurrentLongHamt base = Engines.engine().base();
    if (!inBase) { // before the entry is made, so that the death of the variable finds it
      IN_BASE.add(this);
      inBase = true;
    }
    base.put(id, word);
    keepAlive(variable);
  }

  /** B3 for a long variable: false, with nothing changed, if it has no value in the base layer. */
  public boolean deleteBase() {
    return inBase && Engines.engine().base().remove(id);
  }

  /** Whether a long variable has a value in the base layer. */
  public boolean isInBase() {
    return inBase && Engines.engine().base().containsKey(id);
  }

  /** The value of a long variable in the base layer, or {@code absent}. */
  public long lookupBase(long absent) {
    return inBase ? Engines.engine().base().get(id, absent) : absent;
  }

  /** What a look-up that must find something throws. */
  public NoSuchElementException noValue() {
    return new NoSuchElementException(
        "context variable '"
            + name
            + "' has no value in this context and no default; set or bind it first, or use"
            + " getOrElse");
  }

  /** What the deletion of a value in the base layer throws if there is none. */
  public NoSuchElementException noGlobalValue() {
    return new NoSuchElementException(
        "context variable '"
            + name
            + "' has no process-wide value, so there is nothing to delete; a value set in a context"
            + " is deleted there, with delete()");
  }

  /** Whether the variable has been collected. */
  boolean isDead() {
    return refersTo(null);
  }

  /**
   * Called after a value of {@code variable} was stored in a context or cache: the variable must
   * not die before that store, or a purge might be over before there is anything to purge. The
   * opaque read keeps this access to the variable behind the store: the compiler moves nothing past
   * it, and what the processor does is no matter to the collector, which stops the thread.
   */
  void keepAlive(Object variable) {
    if ((boolean) REAPED.getOpaque(this) || !refersTo(variable)) {
      throw new AssertionError(); // a weak reference to a reachable object isn't cleared
    }
  }

  @Override
  public void reap() {
    if (!isReaped) {
      isReaped = true;
      Roots.requestPurge(this);
    }
    if (inBase) {
      Engines.engine().base().forget(id);
      IN_BASE.remove(this);
    }
  }
}
