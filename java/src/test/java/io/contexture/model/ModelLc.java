package io.contexture.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A logical context of the naive model: a hash map, whether it is entered, its open bindings. */
public final class ModelLc {
  /** Variable to value, {@code null} included; a variable is whatever the test uses as one. */
  public final Map<Object, Object> values = new HashMap<>();

  /** S4: whether it is on a stack, that of a suspended generator included. */
  public boolean entered;

  /** The bindings made in this context and not closed yet, innermost last. */
  public final List<Object> bindings = new ArrayList<>();
}
