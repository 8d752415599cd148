package io.grpc;

/**
 * Opens gRPC's persistent map, the one behind its {@code Context}, to the benchmarks: it is private
 * to its package. It finds keys by identity.
 */
public final class GrpcTrie {
  /** The empty map. */
  public static final GrpcTrie EMPTY = new GrpcTrie(null);

  private final PersistentHashArrayMappedTrie.Node<Long, Long> root;

  private GrpcTrie(PersistentHashArrayMappedTrie.Node<Long, Long> root) {
    this.root = root;
  }

  /** The value under {@code key}, or {@code null}. */
  public Long get(Long key) {
    return PersistentHashArrayMappedTrie.get(root, key);
  }

  /** This map with {@code key} bound to {@code value}. */
  public GrpcTrie put(Long key, Long value) {
    return new GrpcTrie(PersistentHashArrayMappedTrie.put(root, key, value));
  }
}
