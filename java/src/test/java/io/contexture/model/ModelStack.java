package io.contexture.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The stack of a thread or of a generator's body in the naive model: lists of hash maps. It shares
 * nothing, folds nothing and caches nothing; a snapshot is a copy of everything.
 */
public final class ModelStack {
  /** What was entered over one base: the resumer's stack, or the copies that a snapshot has. */
  private static final class Segment {
    final List<Map<Object, Object>> base;
    final List<ModelLc> pushed = new ArrayList<>();

    Segment(List<Map<Object, Object>> base) {
      this.base = base;
    }
  }

  /** An immutable copy of a stack's maps, topmost first. */
  public static final class Snapshot {
    private final List<Map<Object, Object>> maps;

    private Snapshot(List<Map<Object, Object>> maps) {
      this.maps = maps;
    }

    /** The snapshot of an empty stack. */
    public static Snapshot empty() {
      return new Snapshot(List.of());
    }

    /** V2 in this snapshot: a list of the one value found, or of none. */
    public Found lookup(Object variable) {
      return find(maps, variable);
    }

    /** S8. */
    public Set<Object> vars() {
      Set<Object> vars = new HashSet<>();
      maps.forEach(map -> vars.addAll(map.keySet()));
      return vars;
    }
  }

  /**
   * The outcome of a look-up.
   *
   * @param bound whether there is a value
   * @param value the value, which may be {@code null}
   */
  public record Found(boolean bound, Object value) {
    /** No value. */
    public static final Found NONE = new Found(false, null);
  }

  private final List<Segment> segments = new ArrayList<>();

  /** What a transparent body has bound in its resumers' contexts, and whether it still counts. */
  private record Guest(ModelLc lc, Object binding) {}

  private final List<Guest> guests = new ArrayList<>();

  /** Whose stack the lowest segment lies on: the present resumer's; none for a thread. */
  private ModelStack resumer;

  private ModelStack() {}

  /** S1: the stack of a new thread, with the logical context that its first set will make. */
  public static ModelStack ofThread() {
    ModelStack stack = ofTransparentGenerator();
    stack.segments.getFirst().pushed.add(new ModelLc());
    return stack;
  }

  /** G1: the stack of a generator that owns {@code lc}. */
  public static ModelStack ofGenerator(ModelLc lc) {
    ModelStack stack = ofTransparentGenerator();
    stack.segments.getFirst().pushed.add(lc);
    return stack;
  }

  /** G5: the stack of a transparent generator. */
  public static ModelStack ofTransparentGenerator() {
    ModelStack stack = new ModelStack();
    stack.segments.add(new Segment(List.of()));
    return stack;
  }

  /** G7: from now on this stack lies on that of {@code by}. */
  public void resumeOver(ModelStack by) {
    resumer = by;
  }

  /** The maps of the whole stack themselves, topmost first. */
  private List<Map<Object, Object>> maps() {
    List<Map<Object, Object>> maps = new ArrayList<>();
    Segment segment = segments.getLast();
    for (ModelLc lc : segment.pushed.reversed()) {
      maps.add(lc.values);
    }
    maps.addAll(segment.base);
    if (segments.size() == 1 && resumer != null) {
      maps.addAll(resumer.maps());
    }
    return maps;
  }

  private static Found find(List<Map<Object, Object>> maps, Object variable) {
    for (Map<Object, Object> map : maps) {
      if (map.containsKey(variable)) {
        return new Found(true, map.get(variable));
      }
    }
    return Found.NONE;
  }

  /** V2. */
  public Found lookup(Object variable) {
    return find(maps(), variable);
  }

  /** The topmost logical context: that of the resumer where a transparent body has entered none. */
  public ModelLc topmost() {
    Segment segment = segments.getLast();
    return segment.pushed.isEmpty() ? resumer.topmost() : segment.pushed.getLast();
  }

  /** V2 in the topmost logical context only. */
  public Found lookupTopmost(Object variable) {
    return find(List.of(topmost().values), variable);
  }

  /** V4. */
  public void set(Object variable, Object value) {
    topmost().values.put(variable, value);
  }

  /** V5; false if the topmost logical context doesn't hold it. */
  public boolean delete(Object variable) {
    boolean held = topmost().values.containsKey(variable);
    topmost().values.remove(variable);
    return held;
  }

  /** V6: a binding was made in the topmost logical context. */
  public void bind(Object binding) {
    ModelLc lc = topmost();
    lc.bindings.add(binding);
    if (segments.getLast().pushed.isEmpty()) {
      guests.add(new Guest(lc, binding));
    }
  }

  /** The body has ended, so that nobody can close what it has left open elsewhere. */
  public void end() {
    guests.forEach(guest -> guest.lc.bindings.remove(guest.binding));
  }

  /** S3. */
  public void push(ModelLc lc) {
    segments.getLast().pushed.add(lc);
    lc.entered = true;
  }

  /** Undoes {@link #push}. */
  public void pop() {
    segments.getLast().pushed.removeLast().entered = false;
  }

  /** S6. */
  public void enter(Snapshot snapshot) {
    Segment segment = new Segment(snapshot.maps);
    segment.pushed.add(new ModelLc());
    segments.add(segment);
  }

  /** Undoes {@link #enter}. */
  public void leave() {
    segments.removeLast();
  }

  /** S5. */
  public Snapshot capture() {
    List<Map<Object, Object>> copies = new ArrayList<>();
    maps().forEach(map -> copies.add(new HashMap<>(map)));
    return new Snapshot(copies);
  }
}
