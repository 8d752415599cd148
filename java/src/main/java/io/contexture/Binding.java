package io.contexture;

/**
 * A variable's value for the duration of a block: made by {@link ContextVar#bind} or {@link
 * LongContextVar#bind}, undone by {@link #close}.
 *
 * <pre>{@code
 * try (Binding b = TENANT.bind("acme")) {
 *   handle(request);
 * }
 * }</pre>
 *
 * <p>Belongs to the logical context that was topmost when it was made.
 */
public sealed interface Binding extends AutoCloseable permits VarBinding {
  /**
   * Puts the variable's entry in the topmost logical context back exactly as it was before the
   * binding: to the old value, or to being absent. Other variables are left alone. Closing a closed
   * binding does nothing. O(1).
   *
   * @throws IllegalStateException if a later binding of the same logical context is still open, if
   *     another logical context is topmost, or on another thread; nothing is changed and the
   *     binding stays open
   */
  @Override
  void close();
}
