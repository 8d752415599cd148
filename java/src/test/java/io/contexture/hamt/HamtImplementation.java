package io.contexture.hamt;

import io.contexture.internal.AbstractLongHamt;
import java.util.List;

/**
 * One implementation of the persistent map, for tests that run on all of them.
 *
 * @param name what a report calls it
 * @param empty its empty map
 * @param rawEmpty its empty map that places keys by {@code key >>> 4}, so that tests can choose
 *     paths
 */
public record HamtImplementation(String name, AbstractLongHamt empty, AbstractLongHamt rawEmpty) {
  /** Both of them. */
  List<AbstractLongHamt> empties() {
    return List.of(empty, rawEmpty);
  }

  @Override
  public String toString() {
    return name;
  }
}
