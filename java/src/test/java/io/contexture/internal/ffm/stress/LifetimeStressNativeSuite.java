package io.contexture.internal.ffm.stress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Await;
import io.contexture.internal.ffm.ForkedJvm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The short form of {@link LifetimeStress}: some seconds under each of several collectors and
 * compilers, and the controls, which have to be caught.
 */
class LifetimeStressNativeSuite {
  private static final long SECONDS = Long.getLong("contexture.stress.seconds", 8);

  /** What is to be caught seldom takes more than a tenth of that. */
  private static final String LONG = " -Dseconds=" + 120 * Await.PATIENCE;

  private static ForkedJvm.Outcome stress(String options) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("-Xmx48m"));
    all.addAll(List.of(options.split(" ")));
    return new ForkedJvm(all.toArray(String[]::new)).run(LifetimeStress.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:+UseG1GC",
        "-XX:+UseZGC",
        "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dcontexture.native.limit=32000000",
        "-XX:+UseG1GC -Xcomp -XX:CompileCommand=compileonly,io.contexture.*::*",
        "-XX:+UseParallelGC -XX:+UnlockDiagnosticVMOptions -XX:+StressGCM -XX:+StressLCM"
            + " -XX:+StressIGVN",
      })
  void nothingIsReadAfterItsDeathAndNothingIsLeftBehind(String options)
      throws IOException, InterruptedException {
    ForkedJvm.Outcome outcome = stress(options + " -Dseconds=" + SECONDS);
    assertEquals(LifetimeStress.OK, outcome.exit(), outcome::output);
    assertTrue(outcome.output().contains("all is well"), outcome::output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:+UseG1GC", "-XX:+UseZGC"})
  void readerThatKeepsAddressesOnlyIsCaught(String options)
      throws IOException, InterruptedException {
    ForkedJvm.Outcome outcome = stress(options + " -Dworkloads=forgetful" + LONG);
    assertTrue(
        outcome.output().contains("it read poison where a map was") || crashed(outcome),
        outcome::output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:+UseG1GC", "-XX:+UseZGC"})
  void readerWhoseMapTheCompilerForgetsIsCaught(String options)
      throws IOException, InterruptedException {
    ForkedJvm.Outcome outcome =
        stress(options + " -Dworkloads=unguarded -Dplatform=1 -Dvirtual=0" + LONG);
    assertTrue(outcome.exit() == LifetimeStress.CAUGHT || crashed(outcome), outcome::output);
  }

  /** Whether C code met the poison before Java did: where it comes while C reads a map. */
  private static boolean crashed(ForkedJvm.Outcome outcome) {
    return outcome.output().contains("# C  [libcontexture")
        && outcome.output().contains("dbdbdbdb");
  }
}
