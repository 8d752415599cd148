package io.contexture.hamt;

/** An action on one entry of a map of 64-bit keys to 64-bit values, without boxing. */
@FunctionalInterface
public interface LongBinaryConsumer {
  /**
   * Performs the action on one entry.
   *
   * @param key the entry's key
   * @param value the entry's value
   */
  void accept(long key, long value);
}
