package io.contexture.internal;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Questions about the contents of a snapshot: a topmost root, if any, over a chain. Any thread. */
public final class EcLinks {
  private EcLinks() {}

  /** V2: the topmost object found, {@code null} included, or {@link Mark#ABSENT}. */
  public static @Nullable Object lookup(@Nullable Root top, @Nullable EcLink below, VarRef ref) {
    Object found = top == null ? Mark.ABSENT : top.lookup(ref);
    for (EcLink link = below; found == Mark.ABSENT && link != null; link = link.below) {
      found = link.root.lookup(ref);
    }
    return found;
  }

  /**
   * V2 for an object variable, in what the current thread sees if it has no state: masked, as
   * {@link ThreadState#find} has it.
   */
  public static Object findVisited(VarRef ref, Object variable) {
    EcLink chain = ThreadStates.visitedChain();
    if (chain == null) {
      return Mark.ABSENT;
    }
    Object found = Mark.mask(lookup(null, chain, ref));
    ref.keepAlive(variable);
    return found;
  }

  /** The same for a long variable: the contents that have the topmost one, or null if none has. */
  public static @Nullable Root visitedRootOf(VarRef ref) {
    EcLink link = ThreadStates.visitedChain();
    while (link != null && !link.root.containsLong(ref)) {
      link = link.below;
    }
    return link == null ? null : link.root;
  }

  /** Calls {@code action} with each live bound variable, topmost first, repeats included. */
  public static void forEachLive(
      @Nullable Root top, @Nullable EcLink below, Consumer<VarRef> action) {
    if (top != null) {
      top.forEachLive(action);
    }
    for (EcLink link = below; link != null; link = link.below) {
      link.root.forEachLive(action);
    }
  }

  /** The number of links of a chain. */
  public static int links(@Nullable EcLink chain) {
    return chain == null ? 0 : chain.links;
  }
}
