package io.contexture.internal.mirror;

import io.contexture.internal.AbstractConcurrentLongHamt;
import io.contexture.internal.AbstractLongHamt;
import io.contexture.internal.EcLink;
import io.contexture.internal.Engine;
import io.contexture.internal.Root;
import io.contexture.internal.ThreadState;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The Java backend: the mirror of the C core, in the Java heap. Twin of {@code runtime.c}. */
public final class MirrorEngine extends Engine {
  /** Numbers are refused from here on, so that no race of reservations can wrap the counter. */
  private static final long LIMIT = -(1L << 32);

  private final AtomicLong next;

  /** An engine whose counter starts at 1. */
  public MirrorEngine() {
    this(1);
  }

  /** An engine whose counter starts, unsigned, at {@code first}; for tests of its end. */
  public MirrorEngine(long first) {
    next = new AtomicLong(first);
    if (first == 1) {
      reserve(1); // ThreadState.EMPTY_VERSION
    }
  }

  @Override
  public AbstractLongHamt emptyMap() {
    return Hamt.EMPTY;
  }

  @Override
  public AbstractConcurrentLongHamt newSharedMap() {
    return new SharedHamt();
  }

  @Override
  protected AbstractConcurrentLongHamt newBase() {
    return newSharedMap();
  }

  @Override
  public long reserve(long count) {
    long first = next.getAndAdd(count);
    if (Long.compareUnsigned(first, LIMIT) >= 0) {
      next.getAndAdd(-count);
      throw new IllegalStateException(
          "the 64-bit counter of ids and versions is exhausted; restart the process");
    }
    return first;
  }

  @Override
  public ThreadState newThreadState(Thread thread) {
    return new MirrorThreadState(this, thread, reserve(1));
  }

  @Override
  protected EcLink newLink(Root root, @Nullable EcLink below, long stamp) {
    return new EcLink(root, below, stamp);
  }
}
