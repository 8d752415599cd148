package io.contexture.internal;

/**
 * What the snapshots of both backends' shared maps have in common: they are read where they are,
 * and for anything else converted, once, to an ordinary map of their backend.
 */
public abstract class AbstractSharedSnapshot extends AbstractLongHamt {
  /** For subclasses. */
  protected AbstractSharedSnapshot() {}

  /** An ordinary map with the same entries: the same one each time, but for races. */
  protected abstract AbstractLongHamt convert();

  @Override
  public final AbstractLongHamt put(long key, long value) {
    return find(key, ~value) == value ? this : convert().put(key, value);
  }

  @Override
  public final AbstractLongHamt remove(long key) {
    return containsKey(key) ? convert().remove(key) : this;
  }

  @Override
  protected final AbstractLongHamt merge(AbstractLongHamt over) {
    return convert().putAll(over);
  }

  /** Never: the nodes are shared. */
  @Override
  public final boolean replaceUnshared(long key, long value) {
    return false;
  }

  @Override
  public Cursor cursor() {
    return convert().cursor();
  }

  @Override
  public final String dump() {
    return convert().dump();
  }
}
