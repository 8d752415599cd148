package io.contexture;

import io.contexture.internal.Engines;

/**
 * The two implementations of everything in this library. They give equal results.
 *
 * <p>Which one runs is decided once per process; {@link Contexture} tells.
 */
public enum Backend {
  /**
   * The C core, called through {@link java.lang.foreign}. It needs a build of {@code libcontexture}
   * for this platform, bundled or installed, and native access: {@code
   * --enable-native-access=io.contexture}, or {@code ALL-UNNAMED} from the class path.
   */
  NATIVE,

  /** Java only: runs wherever Java 25 does. */
  JAVA;

  /**
   * Whether this backend can be used in this process. Never throws, prints nothing. Thread-safe.
   *
   * <p>For {@link #NATIVE}, the first call loads the library, some tens of milliseconds, whichever
   * backend runs by default; later calls return the same.
   *
   * @return true for {@link #JAVA}; for {@link #NATIVE}, whether it is loaded and sound
   */
  public boolean isAvailable() {
    return unavailableReason().isEmpty();
  }

  /**
   * Why this backend can't be used. Never throws, prints nothing. Thread-safe; costs what {@link
   * #isAvailable} costs.
   *
   * @return one sentence without a full stop, or the empty string if {@link #isAvailable}
   */
  public String unavailableReason() {
    return switch (this) {
      case NATIVE -> Engines.nativeUnavailableReason();
      case JAVA -> "";
    };
  }
}
