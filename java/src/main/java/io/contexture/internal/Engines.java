package io.contexture.internal;

import io.contexture.Backend;
import io.contexture.Contexture;
import io.contexture.internal.ffm.NativeEngine;
import io.contexture.internal.load.NativeLibrary;
import io.contexture.internal.mirror.MirrorEngine;
import org.jspecify.annotations.Nullable;

/**
 * Which engine runs in this process: decides once, on first use, and tells why.
 *
 * <p>The system property {@value #BACKEND_PROPERTY} is read once. Where it demands what can't be
 * had, every use fails with the same message: there is no static initializer that could fail in its
 * place, once with the reason and then without. The Java engine is made, and chosen by {@code
 * java}, without touching anything native.
 *
 * <p>Thread-safe. Once decided, {@link #engine()} costs one load.
 */
public final class Engines {
  /** The system property that chooses the backend: {@code auto}, {@code native} or {@code java}. */
  public static final String BACKEND_PROPERTY = "contexture.backend";

  private static final String AUTO = "auto";
  private static final String NATIVE = "native";
  private static final String JAVA = "java";

  /** The default engine, once it has been chosen and could be. */
  private static volatile @Nullable Engine chosen;

  private static volatile @Nullable Engine javaEngine;
  private static volatile @Nullable NativeAttempt nativeAttempt;

  /** The value of the property at first use; guarded by the class, as are all changes above. */
  private static @Nullable String demand;

  private Engines() {}

  /**
   * What became of the native engine.
   *
   * @param engine the engine, or null if it can't be had
   * @param library what it runs on; null along with the engine
   * @param reason why it can't be had, or the empty string
   */
  private record NativeAttempt(
      @Nullable Engine engine, NativeLibrary.@Nullable Loaded library, String reason) {}

  /**
   * The engine that this process uses where nobody asked for a certain one.
   *
   * @throws IllegalStateException if {@value #BACKEND_PROPERTY} is {@code native} and the native
   *     backend can't be used; the message says why
   * @throws IllegalArgumentException if the property has another value than the legal three
   */
  public static Engine engine() {
    Engine engine = chosen;
    return engine != null ? engine : choose();
  }

  /**
   * The engine of {@code backend}, whatever the property says.
   *
   * @throws IllegalStateException if it can't be used; the message says why
   */
  public static Engine engine(Backend backend) {
    return switch (backend) {
      case JAVA -> {
        Engine engine = javaEngine;
        yield engine != null ? engine : makeJavaEngine();
      }
      case NATIVE -> {
        NativeAttempt attempt = nativeAttempt();
        if (attempt.engine == null) {
          throw new IllegalStateException("the native backend can't be used: " + attempt.reason);
        }
        yield attempt.engine;
      }
    };
  }

  /**
   * The empty map of the default engine.
   *
   * @throws IllegalStateException as {@link #engine()}
   * @throws IllegalArgumentException as {@link #engine()}
   */
  public static AbstractLongHamt emptyHamt() {
    return engine().emptyMap();
  }

  /**
   * The empty map of {@code backend}.
   *
   * @throws IllegalStateException if that can't be used; the message says why
   */
  public static AbstractLongHamt emptyHamt(Backend backend) {
    return engine(backend).emptyMap();
  }

  /**
   * A new shared map of the default engine.
   *
   * @throws IllegalStateException as {@link #engine()}
   * @throws IllegalArgumentException as {@link #engine()}
   */
  public static AbstractConcurrentLongHamt newSharedHamt() {
    return engine().newSharedMap();
  }

  /**
   * A new shared map of {@code backend}.
   *
   * @throws IllegalStateException if that can't be used; the message says why
   */
  public static AbstractConcurrentLongHamt newSharedHamt(Backend backend) {
    return engine(backend).newSharedMap();
  }

  /**
   * The backend of {@link #engine()}.
   *
   * @throws IllegalStateException as {@link #engine()}
   * @throws IllegalArgumentException as {@link #engine()}
   */
  public static Backend backend() {
    return engine() instanceof MirrorEngine ? Backend.JAVA : Backend.NATIVE;
  }

  /** Why the native backend can't be used, or the empty string if it can. Tries to load it. */
  public static String nativeUnavailableReason() {
    return nativeAttempt().reason;
  }

  /** One paragraph: what runs, from which file, and why the other backend doesn't. */
  public static synchronized String status() {
    String name = "Contexture " + Contexture.version();
    Engine engine;
    try {
      engine = engine();
    } catch (IllegalStateException | IllegalArgumentException e) {
      return name + " can't run: " + e.getMessage() + ".";
    }
    String demanded = demand();
    if (engine instanceof MirrorEngine) {
      return demanded.equals(JAVA)
          ? name
              + " runs on the Java backend, because "
              + BACKEND_PROPERTY
              + " is java; the native backend isn't used for the same reason."
          : name
              + " runs on the Java backend, because the native backend can't be used: "
              + nativeAttempt().reason
              + ".";
    }
    NativeLibrary.Loaded library = nativeAttempt().library;
    if (library == null) {
      throw new AssertionError("a native engine without a library");
    }
    StringBuilder text =
        new StringBuilder(name)
            .append(" runs on the native backend, from ")
            .append(library.path())
            .append(" (")
            .append(library.origin())
            .append("), build ")
            .append(library.buildId())
            .append("; the Java backend isn't used, because ")
            .append(BACKEND_PROPERTY)
            .append(" is ")
            .append(demanded)
            .append(demanded.equals(AUTO) ? " and prefers the native one." : ".");
    if (!library.passedOver().isEmpty()) {
      text.append(" Passed over: ").append(String.join("; ", library.passedOver())).append(".");
    }
    return text.toString();
  }

  private static synchronized Engine choose() {
    String demanded = demand();
    Engine engine =
        switch (demanded) {
          case JAVA -> engine(Backend.JAVA);
          case AUTO -> {
            Engine preferred = nativeAttempt().engine;
            yield preferred != null ? preferred : engine(Backend.JAVA);
          }
          case NATIVE -> {
            NativeAttempt attempt = nativeAttempt();
            if (attempt.engine == null) {
              throw new IllegalStateException(
                  BACKEND_PROPERTY
                      + " is native, but the native backend can't be used: "
                      + attempt.reason);
            }
            yield attempt.engine;
          }
          default ->
              throw new IllegalArgumentException(
                  "the system property "
                      + BACKEND_PROPERTY
                      + " is \""
                      + demanded
                      + "\"; it must be auto, native or java");
        };
    chosen = engine;
    return engine;
  }

  private static String demand() {
    String value = demand;
    if (value == null) {
      value = System.getProperty(BACKEND_PROPERTY, AUTO);
      demand = value;
    }
    return value;
  }

  private static synchronized Engine makeJavaEngine() {
    Engine engine = javaEngine;
    if (engine == null) {
      engine = new MirrorEngine();
      javaEngine = engine;
    }
    return engine;
  }

  private static NativeAttempt nativeAttempt() {
    NativeAttempt attempt = nativeAttempt;
    return attempt != null ? attempt : attemptNative();
  }

  private static synchronized NativeAttempt attemptNative() {
    NativeAttempt attempt = nativeAttempt;
    if (attempt == null) {
      attempt =
          switch (NativeLibrary.load()) {
            case NativeLibrary.Unavailable none -> new NativeAttempt(null, null, none.reason());
            case NativeLibrary.Loaded library -> start(library);
          };
      nativeAttempt = attempt;
    }
    return attempt;
  }

  private static NativeAttempt start(NativeLibrary.Loaded library) {
    try {
      return new NativeAttempt(NativeEngine.create(), library, "");
    } catch (RuntimeException | Error e) {
      return new NativeAttempt(
          null, null, library.path() + " is loaded, but its engine doesn't start: " + e);
    }
  }
}
