package io.contexture.bench;

import io.contexture.Contexture;
import java.util.Locale;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The backend that a benchmark is to run on. A parameter can't choose it, as the choice is one of
 * the process: {@code Main} passes the parameter and the system property together, and this checks
 * them. For what measures a peer it passes {@code none}, as either will do.
 */
@State(Scope.Thread)
public abstract class OnBackend {
  /** The name of the backend, in lower case. */
  @Param({"native", "java"})
  public String backend;

  /** Fails unless this process runs {@link #backend}. */
  @Setup
  public void checkBackend() {
    String running = Contexture.backend().name().toLowerCase(Locale.ROOT);
    if (!backend.equals("none") && !running.equals(backend)) {
      throw new IllegalStateException(
          "runs on "
              + running
              + ": pass -Dcontexture.backend="
              + backend
              + " to the fork, as Main does; "
              + Contexture.status());
    }
  }
}
