package io.contexture.hamt;

import io.contexture.Backend;
import io.contexture.internal.Engines;
import io.contexture.internal.ffm.NativeHamt;
import io.contexture.internal.mirror.Hamt;
import java.util.ArrayList;
import java.util.List;

/** The one place that knows which implementations of the persistent map there are to test. */
public final class HamtImplementations {
  private HamtImplementations() {}

  /**
   * Every implementation that can run in this process.
   *
   * @throws AssertionError if the build has made the native one, but it can't be used: no test is
   *     left out unnoticed
   */
  public static List<HamtImplementation> all() {
    List<HamtImplementation> all = new ArrayList<>();
    all.add(new HamtImplementation("java", Engines.emptyHamt(Backend.JAVA), Hamt.rawEmpty()));
    if (Backend.NATIVE.isAvailable()) {
      all.add(
          new HamtImplementation(
              "native", Engines.emptyHamt(Backend.NATIVE), NativeHamt.rawEmpty()));
    } else if ("false".equals(System.getProperty("contexture.native.absent"))) {
      throw new AssertionError("no native maps to test: " + Backend.NATIVE.unavailableReason());
    }
    return all;
  }
}
