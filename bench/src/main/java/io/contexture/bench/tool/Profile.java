package io.contexture.bench.tool;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.runner.options.TimeValue;

/** How much is run, and for how long. */
enum Profile {
  /** Everything, once, for a few milliseconds: shows that it runs, measures nothing. */
  SMOKE(1, 0, 1, 1),
  /** What shows the most, in some minutes. */
  QUICK(1, 2, 3, 200),
  /** Everything; more than an hour, unless a filter chooses. */
  FULL(3, 3, 5, 300);

  /** Seconds that a fork takes besides its iterations, to begin with. */
  private static final double OVERHEAD = 0.9;

  final int forks;
  final int warmups;
  final int measurements;
  final TimeValue each;

  Profile(int forks, int warmups, int measurements, int millis) {
    this.forks = forks;
    this.warmups = warmups;
    this.measurements = measurements;
    this.each = TimeValue.milliseconds(millis);
  }

  /** What one fork takes, about. */
  double secondsPerFork() {
    return OVERHEAD + (warmups + measurements) * each.convertTo(TimeUnit.MILLISECONDS) / 1e3;
  }

  static Profile named(String name) {
    for (Profile profile : values()) {
      if (profile.toString().equals(name)) {
        return profile;
      }
    }
    throw new UsageException("no profile " + name + ": there are smoke, quick and full");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
