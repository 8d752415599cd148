package io.contexture;

import io.contexture.internal.Engines;

/**
 * What runs in this process, and why.
 *
 * <p>The backend is chosen on first use of the library and stays. Two system properties, read at
 * that moment, have a say:
 *
 * <table class="striped">
 *   <caption>System properties</caption>
 *   <thead>
 *     <tr><th scope="col">Property</th><th scope="col">Value</th><th scope="col">Effect</th></tr>
 *   </thead>
 *   <tbody>
 *     <tr><th scope="row" rowspan="3">{@code contexture.backend}</th>
 *       <td>{@code auto}, or not set</td>
 *       <td>{@link Backend#NATIVE} where it can be used, else {@link Backend#JAVA}; never fails and
 *         never causes a warning</td></tr>
 *     <tr><td>{@code native}</td>
 *       <td>{@link Backend#NATIVE}; where it can't be, everything fails with the reason</td></tr>
 *     <tr><td>{@code java}</td>
 *       <td>{@link Backend#JAVA}; the native library isn't looked for</td></tr>
 *     <tr><th scope="row">{@code contexture.library.path}</th>
 *       <td>a file</td>
 *       <td>the library to load, and no other; without it, the directories of {@code
 *         java.library.path} come first, then what the jar brings along. A file with a manifest ({@code
 *         .properties}) beside it is compared with that; without one, only its structure is
 *         checked, so name no file that you don't trust</td></tr>
 *   </tbody>
 * </table>
 *
 * <p>All methods are thread-safe.
 */
public final class Contexture {
  private static final String VERSION = "0.1.0";

  private Contexture() {}

  /**
   * Which backend runs in this process.
   *
   * @return the backend of everything that wasn't made for a certain one
   * @throws IllegalStateException if {@code contexture.backend} is {@code native} and that can't be
   *     used; the message says why
   * @throws IllegalArgumentException if {@code contexture.backend} has none of its legal values
   */
  public static Backend backend() {
    return Engines.backend();
  }

  /**
   * Which backend runs, from which file and build, and why the other doesn't; or why none can.
   * Never throws.
   *
   * @return one paragraph, for logs and bug reports
   */
  public static String status() {
    return Engines.status();
  }

  /**
   * The version of this library.
   *
   * @return for example {@code 0.1.0}
   */
  public static String version() {
    return VERSION;
  }
}
