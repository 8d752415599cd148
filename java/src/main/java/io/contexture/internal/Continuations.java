package io.contexture.internal;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's internal one-shot delimited continuations ({@code jdk.internal.vm.Continuation}), which
 * its virtual threads are made of. Found by reflection, so that nothing depends on them; they can
 * be used where the command line exports their package to this module.
 *
 * <p>Knows nothing of contexts. Thread-safe; what is made here is used by one thread at a time.
 */
public final class Continuations {
  private static final String PACKAGE = "jdk.internal.vm";

  private static final ScopedValue<Object> ANY = ScopedValue.newInstance();

  private static final @Nullable MethodHandle CREATE;
  private static final @Nullable MethodHandle RUN;
  private static final @Nullable MethodHandle YIELD;
  private static final @Nullable MethodHandle BINDINGS;
  private static final String REASON;

  static {
    MethodHandle create = null;
    MethodHandle run = null;
    MethodHandle yield = null;
    MethodHandle bindings = null;
    String reason = "";
    Module here = Continuations.class.getModule();
    if (Object.class.getModule().isExported(PACKAGE, here)) {
      try {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        Class<?> continuation = Class.forName(PACKAGE + ".Continuation");
        Class<?> scope = Class.forName(PACKAGE + ".ContinuationScope");
        Class<?> container = Class.forName(PACKAGE + ".ScopedValueContainer");
        Class<?> snapshot = Class.forName(PACKAGE + ".ScopedValueContainer$BindingsSnapshot");
        Object ours =
            lookup
                .findConstructor(scope, MethodType.methodType(void.class, String.class))
                .invoke("io.contexture");
        create =
            lookup
                .findConstructor(
                    continuation, MethodType.methodType(void.class, scope, Runnable.class))
                .bindTo(ours)
                .asType(MethodType.methodType(Object.class, Runnable.class));
        run =
            lookup
                .findVirtual(continuation, "run", MethodType.methodType(void.class))
                .asType(MethodType.methodType(void.class, Object.class));
        yield =
            lookup
                .findStatic(continuation, "yield", MethodType.methodType(boolean.class, scope))
                .bindTo(ours);
        bindings =
            MethodHandles.filterReturnValue(
                    lookup.findStatic(
                        container, "captureBindings", MethodType.methodType(snapshot)),
                    lookup.findVirtual(
                        snapshot, "scopedValueBindings", MethodType.methodType(Object.class)))
                .asType(MethodType.methodType(Object.class));
        create.invoke((Runnable) () -> {}); // fails where this JDK has none for the platform
      } catch (Throwable t) {
        create = null;
        reason = "this JDK's internal continuations can't be used: " + t;
      }
    } else {
      reason =
          "the JDK's internal continuations aren't exported: start the JVM with --add-exports"
              + " java.base/"
              + PACKAGE
              + "="
              + (here.isNamed() ? here.getName() : "ALL-UNNAMED");
    }
    boolean usable = create != null;
    CREATE = create;
    RUN = usable ? run : null;
    YIELD = usable ? yield : null;
    BINDINGS = usable ? bindings : null;
    REASON = reason;
  }

  private Continuations() {}

  /** Whether there are any. */
  public static boolean areAvailable() {
    return CREATE != null;
  }

  /** Why there aren't any, or the empty string. */
  public static String unavailableReason() {
    return REASON;
  }

  /** A continuation that will run {@code body}; only where they are available. */
  public static Object create(Runnable body) {
    try {
      return (Object) handle(CREATE).invokeExact(body);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  /** Begins or goes on with a continuation, on this thread, until it yields or ends. */
  public static void run(Object continuation) {
    try {
      handle(RUN).invokeExact(continuation);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  /**
   * Suspends the innermost continuation that runs on this thread.
   *
   * @throws IllegalStateException if that can't be, as there is a native frame among its frames
   */
  public static void yield() {
    try {
      boolean yielded = (boolean) handle(YIELD).invokeExact();
      if (!yielded) {
        throw new IllegalStateException("pinned");
      }
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  /** What scoped values are bound on this thread: the same object while they are. */
  public static Object scopedValueBindings() {
    Object bindings = rawBindings();
    if (bindings instanceof Class) { // a mark for "none ever": it becomes another with the first
      ScopedValue.where(ANY, ANY).run(() -> {});
      bindings = rawBindings();
    }
    return bindings;
  }

  private static Object rawBindings() {
    try {
      return (Object) handle(BINDINGS).invokeExact();
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  private static MethodHandle handle(@Nullable MethodHandle handle) {
    if (handle == null) {
      throw new IllegalStateException(REASON);
    }
    return handle;
  }

  private static RuntimeException rethrown(Throwable t) {
    if (t instanceof Error e) {
      throw e;
    }
    if (t instanceof RuntimeException e) {
      throw e;
    }
    throw new AssertionError(t);
  }
}
