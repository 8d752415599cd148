package io.contexture.internal;

/**
 * The objects that stand in a cache or a result for something that is not a plain value. Compared
 * by identity; never handed to users.
 */
public enum Mark {
  /** No value was found. */
  ABSENT,
  /** The value found is {@code null}. */
  NULL,
  /** The value is the 64-bit word beside this mark. */
  LONG;

  /** {@code value} as it is kept in a cache, where Java's {@code null} means "nothing cached". */
  public static Object mask(@org.jspecify.annotations.Nullable Object value) {
    return value == null ? NULL : value;
  }
}
