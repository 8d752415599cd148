/**
 * Execution contexts: context-local state that stays right when execution is out of order.
 *
 * <p>{@link io.contexture} has variables, contexts and generators; {@link io.contexture.hamt} has
 * the persistent map below them, usable alone. Grant {@code --enable-native-access=io.contexture}
 * to let the library use its native core; without it, everything runs in Java.
 */
module io.contexture {
  requires static org.jspecify;

  exports io.contexture;
  exports io.contexture.hamt;
}
