package io.contexture;

import io.contexture.internal.EcLinks;
import io.contexture.internal.Engines;
import io.contexture.internal.Mark;
import io.contexture.internal.Root;
import io.contexture.internal.ThreadState;
import io.contexture.internal.ThreadStates;
import io.contexture.internal.VarCache;
import io.contexture.internal.VarRef;
import java.util.NoSuchElementException;
import java.util.Objects;

/**
 * A {@link ContextVar} of 64-bit values that never boxes. On the native backend the value itself
 * lies in the native map, where C code called from Java can read it.
 *
 * <p>Identity, weakness, thread-safety and cost are those of {@link ContextVar}.
 */
public final class LongContextVar {
  private final VarRef ref;

  /** {@link VarRef#tag}, one load nearer. */
  private final long tag;

  private final long defaultValue;
  private final boolean hasDefault;

  private LongContextVar(String name, long defaultValue, boolean hasDefault) {
    Objects.requireNonNull(name, "name");
    this.ref = new VarRef(this, Engines.engine().reserve(1), name, true);
    this.tag = ref.tag;
    this.defaultValue = defaultValue;
    this.hasDefault = hasDefault;
  }

  /**
   * A new variable without a default.
   *
   * @param name what messages call it; needn't be unique
   * @return a new variable
   * @throws IllegalStateException if a backend was forced that can't run here; the message tells
   *     why
   */
  public static LongContextVar of(String name) {
    return new LongContextVar(name, 0, false);
  }

  /**
   * A new variable that {@link #get} gives {@code value} for where it isn't bound.
   *
   * @param name what messages call it; needn't be unique
   * @param value the default
   * @return a new variable
   * @throws IllegalStateException if a backend was forced that can't run here; the message tells
   *     why
   */
  public static LongContextVar withDefault(String name, long value) {
    return new LongContextVar(name, value, true);
  }

  /**
   * The name it was made with.
   *
   * @return the name
   */
  public String name() {
    return ref.name;
  }

  /**
   * The value in the current context, else the process-wide one, else the default. O(1) when
   * cached.
   *
   * @return the value, or the default
   * @throws NoSuchElementException if there is neither; the message names the variable
   */
  public long get() {
    long key = VarCache.key(tag);
    VarCache.Line line = VarCache.line(key);
    return line.key == key && line.value == Mark.LONG ? line.word : slowGet();
  }

  private long slowGet() {
    ThreadState state = ThreadStates.currentForLookup();
    if (state == null) {
      Root visited = EcLinks.visitedRootOf(ref);
      if (visited != null) {
        return visited.lookupLong(ref, 0);
      }
    } else if (state.find(ref, this) == Mark.LONG) {
      return state.foundWord();
    }
    return hasDefault ? ref.lookupBase(defaultValue) : globalOrThrow();
  }

  private long globalOrThrow() {
    while (ref.isInBase()) {
      long value = ref.lookupBase(0);
      if (value != 0 || ref.lookupBase(1) == 0) { // else it has just been deleted or changed
        return value;
      }
    }
    throw ref.noValue();
  }

  /**
   * The value in the current context, else the process-wide one, else {@code other}; the default is
   * not consulted. O(1) when cached.
   *
   * @param other what to return where the variable isn't bound
   * @return the value, or {@code other}
   */
  public long getOrElse(long other) {
    long key = VarCache.key(tag);
    VarCache.Line line = VarCache.line(key);
    return line.key == key && line.value == Mark.LONG ? line.word : slowGetOrElse(other);
  }

  private long slowGetOrElse(long other) {
    ThreadState state = ThreadStates.currentForLookup();
    if (state == null) {
      Root visited = EcLinks.visitedRootOf(ref);
      return visited == null ? ref.lookupBase(other) : visited.lookupLong(ref, 0);
    }
    return state.find(ref, this) == Mark.LONG ? state.foundWord() : ref.lookupBase(other);
  }

  /**
   * Whether the variable has a value somewhere in the current context, or a process-wide one.
   *
   * @return whether it has a value
   */
  public boolean isBound() {
    ThreadState state = ThreadStates.currentForLookup();
    boolean found =
        state == null ? EcLinks.visitedRootOf(ref) != null : state.find(ref, this) == Mark.LONG;
    return found || ref.isInBase();
  }

  /**
   * Gives the variable a value in the topmost logical context of this thread; see {@link
   * ContextVar#set}.
   *
   * @param value the value
   * @throws OutOfMemoryError if there is no room, also in native memory; nothing has changed then
   */
  public void set(long value) {
    ThreadState.setCurrentLong(ref, this, value);
  }

  /**
   * Removes the variable from the topmost logical context; see {@link ContextVar#delete}.
   *
   * @throws NoSuchElementException if that logical context doesn't hold it; nothing has changed
   *     then
   */
  public void delete() {
    ThreadStates.current().deleteOrThrow(ref);
  }

  /**
   * Sets the variable as {@link #set} does, until the returned binding is closed.
   *
   * @param value the value
   * @return what undoes the setting
   */
  public Binding bind(long value) {
    return VarBinding.bindLong(this, ref, value);
  }

  /**
   * Gives the variable a process-wide value, which every thread sees where its own stack has none;
   * see {@link ContextVar#setGlobal}.
   *
   * @param value the value
   * @throws OutOfMemoryError if there is no room, also in native memory; nothing has changed then
   */
  public void setGlobal(long value) {
    ref.setBase(this, value);
  }

  /**
   * Removes the process-wide value, so that the default shows through again where a stack has none.
   * Thread-safe; of several threads that delete one value one succeeds.
   *
   * @throws NoSuchElementException if there is none; nothing has changed then
   */
  public void deleteGlobal() {
    if (!ref.deleteBase()) {
      throw ref.noGlobalValue();
    }
  }

  /** Its key in every map, and its name in C. */
  long id() {
    return ref.id;
  }

  /** {@code LongContextVar[name]}. */
  @Override
  public String toString() {
    return "LongContextVar[" + ref.name + "]";
  }
}
