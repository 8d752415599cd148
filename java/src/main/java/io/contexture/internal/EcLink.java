package io.contexture.internal;

import org.jspecify.annotations.Nullable;

/**
 * One link of an immutable chain of roots, topmost first: the lower part of a stack, or a snapshot.
 * {@code null} is the empty chain.
 *
 * <p>A chain has at most {@link #MAX_LINKS} links: what would be one more is folded with all below
 * it into one root (S7). Folding happens where links are made, so a capture is O(1) at any depth,
 * and a look-up that misses the cache walks a bounded chain even on a stack of a thousand contexts.
 */
public final class EcLink {
  /** The longest chain; equal to {@code CX_EC_MAX_LINKS}. */
  public static final int MAX_LINKS = 32;

  /** The topmost contents; never empty, never changed while this link is in use. */
  final Root root;

  final @Nullable EcLink below;

  /** This link and all below it. */
  final int links;

  /**
   * Names these contents for ever. It is the stack version of every thread that has this chain
   * under an empty LC: the chain can't change, so one name serves all.
   */
  final long stamp;

  /** Where the {@code cx_link} of this link is, 0 on the Java backend. */
  public final long address;

  /** Keeps the memory at {@link #address} alive. */
  @SuppressWarnings({"unused", "UnusedVariable"}) // nobody but the collector looks at it
  private final @Nullable Object keeper;

  /** Likewise, the map to which that refers: the root's as it was when this was made. */
  @SuppressWarnings({"unused", "UnusedVariable"}) // as above
  private final @Nullable AbstractLongHamt map;

  /** The {@code ExecutionContext} that is this chain; filled on demand, any winner will do. */
  public @Nullable Object snapshot;

  /** A link over {@code below} without a twin in C. */
  public EcLink(Root root, @Nullable EcLink below, long stamp) {
    this(root, below, stamp, 0, null, null);
  }

  /** A link over {@code below} with a twin at {@code address}, and what that needs. */
  public EcLink(
      Root root,
      @Nullable EcLink below,
      long stamp,
      long address,
      @Nullable Object keeper,
      @Nullable AbstractLongHamt map) {
    this.root = root;
    this.below = below;
    this.links = below == null ? 1 : below.links + 1;
    this.stamp = stamp;
    this.address = address;
    this.keeper = keeper;
    this.map = map;
  }

  /** The contents of this link's own logical context. */
  public Root root() {
    return root;
  }

  /** The chain under this link. */
  public @Nullable EcLink below() {
    return below;
  }

  /** The chain {@code root} over {@code below}, folded where it would get too long. */
  static EcLink over(Engine engine, Root root, @Nullable EcLink below, long stamp) {
    if (below == null || below.links < MAX_LINKS) {
      return engine.newLink(root, below, stamp);
    }
    Root folded = engine.newRoot();
    folded.addAllMissing(root);
    for (EcLink link = below; link != null; link = link.below) {
      folded.addAllMissing(link.root);
    }
    return engine.newLink(folded, null, stamp);
  }
}
