package io.contexture.internal.ffm;

import io.contexture.internal.AbstractConcurrentLongHamt;
import io.contexture.internal.AbstractLongHamt;
import io.contexture.internal.EcLink;
import io.contexture.internal.Engine;
import io.contexture.internal.Root;
import io.contexture.internal.ThreadState;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The native backend: maps, chains, thread records and the counter of ids and versions are those of
 * {@code libcontexture}.
 */
public final class NativeEngine extends Engine {
  /** Of the {@code cx_runtime}; lives as long as the class loader. */
  private final long runtime;

  /** Where C writes a reserved number; guarded by this. */
  private final long out;

  private NativeEngine(long runtime, long out) {
    this.runtime = runtime;
    this.out = out;
  }

  /**
   * A new engine; the library has been loaded.
   *
   * @throws OutOfMemoryError when native memory is exhausted
   */
  public static NativeEngine create() {
    long out = NativeMemory.allocate(64);
    int status = Cx.runtimeNew(out);
    if (status != Cx.OK) {
      NativeMemory.free(out, 64);
      throw failure(status);
    }
    long runtime = Cx.getLong(out);
    Ledger.RUNTIMES.add(runtime);
    NativeEngine engine = new NativeEngine(runtime, out);
    long first = engine.reserve(1);
    if (first != ThreadState.EMPTY_VERSION) {
      throw new IllegalStateException("libcontexture counts from " + first + " instead of 1");
    }
    return engine;
  }

  @Override
  public AbstractLongHamt emptyMap() {
    return NativeHamt.EMPTY;
  }

  @Override
  public AbstractConcurrentLongHamt newSharedMap() {
    return NativeSharedHamt.create();
  }

  /** That of the runtime, so that C code finds the same values below a thread's stack. */
  @Override
  protected AbstractConcurrentLongHamt newBase() {
    return NativeSharedHamt.ofRuntime(runtime);
  }

  @Override
  public synchronized long reserve(long count) {
    int status = Cx.runtimeReserve(runtime, count, out);
    if (status != Cx.OK) {
      throw failure(status);
    }
    return Cx.getLong(out);
  }

  @Override
  public ThreadState newThreadState(Thread thread) {
    return new NativeThreadState(this, thread, reserve(1));
  }

  @Override
  protected EcLink newLink(Root root, @Nullable EcLink below, long stamp) {
    NativeHamt map = (NativeHamt) root.map();
    SlabPool.Block block = SlabPool.newEc(map.address(), below == null ? 0 : below.address);
    return new EcLink(root, below, stamp, block.addr(), Objects.requireNonNull(block.slab()), map);
  }

  /** The address of the {@code cx_runtime}. */
  long runtime() {
    return runtime;
  }

  static RuntimeException failure(int status) {
    if (status == Cx.NO_MEMORY) {
      throw new OutOfMemoryError("libcontexture: " + Cx.statusText(status));
    }
    return new IllegalStateException(
        status == Cx.EXHAUSTED
            ? "the 64-bit counter of ids and versions is exhausted; restart the process"
            : "libcontexture: " + Cx.statusText(status));
  }
}
