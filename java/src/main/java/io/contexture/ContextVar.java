package io.contexture;

import io.contexture.internal.Engines;
import io.contexture.internal.Mark;
import io.contexture.internal.ThreadState;
import io.contexture.internal.ThreadStates;
import io.contexture.internal.VarCache;
import io.contexture.internal.VarRef;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A context-local variable: its value is that of the current execution context.
 *
 * <pre>{@code
 * static final ContextVar<String> TENANT = ContextVar.withDefault("tenant", "none");
 * }</pre>
 *
 * <p>A variable is equal only to itself; its name serves people and may repeat. No context keeps a
 * variable alive: once it has been collected, its values are dropped from every context. Usually a
 * variable is a {@code static final} field; variables made and dropped by the thousand work too.
 *
 * <p>Where the current context has no value, the process-wide one of {@link #setGlobal}, if there
 * is one, takes its place in every look-up.
 *
 * <p>Thread-safe: all other methods work on the current thread's context and threads never see each
 * other's values. A look-up that hits the cache is O(1), allocates nothing and doesn't leave Java
 * on either backend; a miss walks a chain of bounded length.
 *
 * @param <T> the type of its values
 */
public final class ContextVar<T extends @Nullable Object> {
  private static final VarHandle GLOBAL;

  static {
    try {
      GLOBAL = MethodHandles.lookup().findVarHandle(ContextVar.class, "global", Object.class);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private final VarRef ref;

  /** {@link VarRef#tag}, one load nearer. */
  private final long tag;

  private final @Nullable T defaultValue;
  private final boolean hasDefault;

  /**
   * The process-wide value as {@link Mark#mask} has it, or null if there is none. It lies here and
   * nowhere else, so that nothing but the variable keeps it alive.
   */
  private volatile @Nullable Object global;

  private ContextVar(String name, @Nullable T defaultValue, boolean hasDefault) {
    Objects.requireNonNull(name, "name");
    this.ref = new VarRef(this, Engines.engine().reserve(1), name, false);
    this.tag = ref.tag;
    this.defaultValue = defaultValue;
    this.hasDefault = hasDefault;
  }

  /**
   * A new variable without a default.
   *
   * @param name what messages call it; needn't be unique
   * @param <T> the type of its values
   * @return a new variable
   * @throws IllegalStateException if a backend was forced that can't run here; the message tells
   *     why
   */
  public static <T extends @Nullable Object> ContextVar<T> of(String name) {
    return new ContextVar<>(name, null, false);
  }

  /**
   * A new variable that {@link #get} gives {@code value} for where it isn't bound. The default may
   * be {@code null}.
   *
   * @param name what messages call it; needn't be unique
   * @param value the default
   * @param <T> the type of its values
   * @return a new variable
   * @throws IllegalStateException if a backend was forced that can't run here; the message tells
   *     why
   */
  public static <T extends @Nullable Object> ContextVar<T> withDefault(String name, T value) {
    return new ContextVar<>(name, value, true);
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
   * The value in the current context, else the process-wide one, else {@code null}; the default is
   * not consulted. Never throws. O(1) when cached. {@link #isBound} tells a bound {@code null} from
   * no value.
   *
   * @return the value, or {@code null}
   */
  public @Nullable T lookup() {
    Object value = cachedOrFound();
    return value == Mark.ABSENT ? null : valueOf(value);
  }

  /**
   * The value in the current context, else the process-wide one, else the default. O(1) when
   * cached.
   *
   * @return the value, or the default
   * @throws NoSuchElementException if there is neither; the message names the variable
   */
  @SuppressWarnings("unchecked")
  public T get() {
    long key = VarCache.key(tag);
    VarCache.Line line = VarCache.line(key);
    Object value = line.value;
    return line.key == key && value != null && value != Mark.ABSENT && value != Mark.NULL
        ? (T) value
        : slowGet(line.key == key ? value : null);
  }

  /** Goes on after a look-up has found a mark in the cache, or nothing. */
  private T slowGet(@Nullable Object cached) {
    Object value = cached == null ? find() : cached;
    if (value == Mark.ABSENT) {
      value = global();
      if (value == Mark.ABSENT) {
        if (!hasDefault) {
          throw ref.noValue();
        }
        return unboundValue();
      }
    }
    return valueOf(value);
  }

  /**
   * The value in the current context, else the process-wide one, else {@code other}; the default is
   * not consulted. O(1) when cached.
   *
   * @param other what to return where the variable isn't bound; may be {@code null}
   * @return the value, or {@code other}
   */
  public T getOrElse(T other) {
    Object value = cachedOrFound();
    return value == Mark.ABSENT ? other : valueOf(value);
  }

  /**
   * The value in the topmost logical context only, or {@code null} if that has none. O(log n).
   *
   * @return the value there, or {@code null}
   */
  @SuppressWarnings("unchecked")
  public @Nullable T lookupTopmost() {
    ThreadState state = ThreadStates.currentForLookup();
    Object value = state == null ? Mark.ABSENT : state.lookupTopmost(ref);
    return value == Mark.ABSENT ? null : (T) value;
  }

  /**
   * Whether the variable has a value, {@code null} included, somewhere in the current context, or a
   * process-wide one.
   *
   * @return whether it has a value
   */
  public boolean isBound() {
    return cachedOrFound() != Mark.ABSENT;
  }

  /**
   * Gives the variable a value in the topmost logical context of this thread, making one if there
   * is none. What lies further down is untouched and shows through again where this logical context
   * doesn't reach. O(1) and without allocation if the variable has a value there and no snapshot
   * was taken since.
   *
   * @param value the value; {@code null} is one
   * @throws OutOfMemoryError if there is no room, also in native memory; nothing has changed then
   */
  public void set(T value) {
    ThreadState.setCurrent(ref, this, value);
  }

  /**
   * Removes the variable from the topmost logical context, so that a value further down shows
   * through again.
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
   * @param value the value; {@code null} is one
   * @return what undoes the setting
   */
  public Binding bind(T value) {
    return VarBinding.bind(this, ref, value);
  }

  /**
   * Runs {@code body} with the variable bound to {@code value}, in the current logical context:
   * other changes that the body makes stay.
   *
   * @param value the value; {@code null} is one
   * @param body what to run
   */
  public void runWith(T value, Runnable body) {
    Objects.requireNonNull(body, "body");
    try (Binding _ = bind(value)) {
      body.run();
    }
  }

  /**
   * As {@link #runWith}, for something that returns a value or throws.
   *
   * @param value the value; {@code null} is one
   * @param body what to call
   * @param <R> the type of the result
   * @param <X> what the body may throw
   * @return what the body returns
   * @throws X what the body throws
   */
  public <R extends @Nullable Object, X extends Throwable> R callWith(
      T value, ScopedValue.CallableOp<? extends R, X> body) throws X {
    Objects.requireNonNull(body, "body");
    try (Binding _ = bind(value)) {
      return body.call();
    }
  }

  /**
   * Gives the variable a process-wide value: every thread sees it where its own stack has none,
   * above the default, and no thread sees an older one once this call has returned. For settings
   * that are switched at run time, such as a log level.
   *
   * <p>The value is live and no part of snapshots: code that runs in one sees it, too, whenever the
   * snapshot was taken. {@link #set}, {@link #bind} and {@link #delete} leave it alone; {@link
   * #lookupTopmost}, {@link ExecutionContext#contains} and {@link ExecutionContext#vars}, which are
   * about the contents of contexts, don't tell of it. It is kept until {@link #deleteGlobal}, or
   * until the variable is collected. Thread-safe; O(1). Costs look-ups that find a value on the
   * stack nothing.
   *
   * @param value the value; {@code null} is one
   */
  public void setGlobal(T value) {
    global = Mark.mask(value);
  }

  /**
   * Removes the process-wide value, so that the default shows through again where a stack has none.
   * Thread-safe; of several threads that delete one value one succeeds.
   *
   * @throws NoSuchElementException if there is none; nothing has changed then
   */
  public void deleteGlobal() {
    if (GLOBAL.getAndSet(this, null) == null) {
      throw ref.noGlobalValue();
    }
  }

  /** {@code ContextVar[name]}. */
  @Override
  public String toString() {
    return "ContextVar[" + ref.name + "]";
  }

  VarRef ref() {
    return ref;
  }

  /** The process-wide value, masked, or {@link Mark#ABSENT}. */
  Object global() {
    Object value = global;
    return value != null ? value : Mark.ABSENT;
  }

  /** The cached value or the outcome of the whole look-up, base layer included; masked. */
  private Object cachedOrFound() {
    long key = VarCache.key(tag);
    VarCache.Line line = VarCache.line(key);
    Object value = line.value;
    if (line.key != key || value == null) {
      value = find();
    }
    return value == Mark.ABSENT ? global() : value;
  }

  /** The outcome of the look-up on the stack alone, which the cache didn't answer; masked. */
  private Object find() {
    return ThreadState.findCurrent(ref, this);
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // a bound null is a value of a nullable T
  private T valueOf(Object value) {
    return value == Mark.NULL ? null : (T) value;
  }

  @SuppressWarnings("NullAway") // a null default is a value of a nullable T
  private T unboundValue() {
    return defaultValue;
  }
}
