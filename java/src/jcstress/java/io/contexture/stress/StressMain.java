package io.contexture.stress;

import java.util.ArrayList;
import java.util.List;
import org.openjdk.jcstress.JCStress;
import org.openjdk.jcstress.Options;

/**
 * Runs the stress tests of this package on one backend: all that are sound have to pass, and each
 * broken twin has to be caught. The exit status tells.
 */
public final class StressMain {
  private static final List<Class<?>> BROKEN =
      List.of(
          SnapshotStress.Broken.class,
          CompareAndSetStress.Broken.class,
          ClearStress.Broken.class,
          PublishStress.Broken.class,
          InterlockStress.Broken.class);

  /** How often a twin is run before it counts as not caught. */
  private static final int ATTEMPTS = 5;

  private StressMain() {}

  /**
   * Runs them.
   *
   * @param args the directory for reports, the backend, and how many milliseconds and iterations
   *     each test gets
   * @throws Exception if jcstress can't run
   */
  public static void main(String[] args) throws Exception {
    List<String> problems = new ArrayList<>();
    if (!passes("\\.stress\\..*\\.Sound$", args)) {
      problems.add("a sound test failed on the " + args[1] + " backend");
    }
    for (Class<?> twin : BROKEN) {
      String filter = twin.getName().replace('$', '.').replace(".", "\\.") + "$";
      int attempts = 0;
      while (attempts < ATTEMPTS && passes(filter, args)) {
        attempts++;
      }
      if (attempts == ATTEMPTS) {
        problems.add(twin.getName() + " passed, though it is broken");
      }
    }
    System.out.println(problems.isEmpty() ? "stress tests as expected" : problems);
    System.exit(problems.isEmpty() ? 0 : 1);
  }

  private static boolean passes(String filter, String[] args) throws Exception {
    Options options =
        new Options(
            new String[] {
              "-t",
              filter,
              "-r",
              args[0],
              "-time",
              args[2],
              "-iters",
              args[3],
              "-f",
              "1",
              "-fsm",
              "1",
              "-sc",
              "false",
              "-af",
              "NONE",
              "-strideSize",
              "64",
              "-strideCount",
              "20",
              "-hs",
              "512",
              "-v",
              "-jvmArgs",
              "--enable-native-access=ALL-UNNAMED -Dcontexture.backend=" + args[1]
            });
    if (!options.parse()) {
      throw new IllegalArgumentException(String.join(" ", args));
    }
    JCStress run = new JCStress(options);
    if (run.getTests().isEmpty()) {
      throw new IllegalArgumentException("no test matches " + filter);
    }
    try {
      run.run();
      return true;
    } catch (AssertionError found) {
      return false; // it has been printed
    }
  }
}
