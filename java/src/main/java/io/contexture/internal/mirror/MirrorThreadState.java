package io.contexture.internal.mirror;

import io.contexture.internal.EcLink;
import io.contexture.internal.Engine;
import io.contexture.internal.Mark;
import io.contexture.internal.Root;
import io.contexture.internal.ThreadState;
import io.contexture.internal.VarRef;
import org.jspecify.annotations.Nullable;

/**
 * A thread state whose cache is in the Java heap. Twin of {@code thread_state.c} and {@code
 * var_cache.c}.
 *
 * <pre>
 *   cacheVersions   [ variable version, stack version, variable version, stack version, ... ]
 *   cacheWords      [ word, word, ... ]              of long variables
 *   cacheValues     [ masked object, ... ]           null: nothing cached here
 * </pre>
 */
public final class MirrorThreadState extends ThreadState {
  private static final int FIRST_CACHE = 8;
  private static final int LARGEST_CACHE = 1024;
  private static final long[] NO_VERSIONS = new long[2];
  private static final long[] NO_WORDS = new long[1];

  private long[] cacheVersions = NO_VERSIONS;
  private long[] cacheWords = NO_WORDS;
  private long foundWord;

  MirrorThreadState(Engine engine, Thread thread, long uniqueId) {
    super(engine, thread, uniqueId);
  }

  @Override
  public @Nullable Object cached(long varVersion) {
    Object[] values = cacheValues;
    int i = (int) varVersion & (values.length - 1);
    long[] versions = cacheVersions;
    return versions[2 * i] == varVersion && versions[2 * i + 1] == version ? values[i] : null;
  }

  @Override
  public long cachedWord(long varVersion) {
    return cacheWords[cacheIndex(varVersion)];
  }

  @Override
  public Object find(VarRef ref, long varVersion) {
    Object found = Mark.ABSENT;
    Root root = topRoot();
    EcLink link = below;
    while (true) {
      if (root != null) {
        if (!ref.isLong) {
          Object value = root.lookup(ref);
          if (value != Mark.ABSENT) {
            found = value == null ? Mark.NULL : value;
            break;
          }
        } else if (root.map().containsKey(ref.id)) {
          foundWord = root.map().find(ref.id, 0);
          found = Mark.LONG;
          break;
        }
      }
      if (link == null) {
        break;
      }
      root = link.root();
      link = link.below();
    }
    makeRoomFor(varVersion);
    cacheSet(varVersion, found, foundWord);
    return found;
  }

  @Override
  public long foundWord() {
    return foundWord;
  }

  @Override
  protected void cacheSet(long varVersion, Object masked, long word) {
    long[] versions = cacheVersions;
    if (versions != NO_VERSIONS) {
      int i = cacheIndex(varVersion);
      versions[2 * i] = varVersion;
      versions[2 * i + 1] = version;
      cacheWords[i] = word;
      cacheValues[i] = masked;
      cacheFilled = true;
    }
  }

  /** Doubles the cache when two variables of the present stack version want one entry. */
  private void makeRoomFor(long varVersion) {
    int size = cacheVersions == NO_VERSIONS ? 0 : cacheValues.length;
    int i = cacheIndex(varVersion);
    boolean conflict = cacheVersions[2 * i + 1] == version && cacheVersions[2 * i] != varVersion;
    if (size == 0 || (conflict && size < LARGEST_CACHE && cacheValues[i] != null)) {
      int n = size == 0 ? FIRST_CACHE : 2 * size;
      Object[] values = new Object[n];
      long[] versions = new long[2 * n];
      long[] words = new long[n];
      cacheVersions = versions;
      cacheWords = words;
      cacheValues = values;
    }
  }

  @Override
  protected boolean isCurrent(int index) {
    return cacheVersions[2 * index + 1] == version;
  }

  @Override
  protected void sync() {
    recordStale = false;
  }

  @Override
  protected void free() {}

  @Override
  public String dump() {
    StringBuilder text = new StringBuilder("top\n");
    Root root = topRoot();
    indent(text, root == null ? Hamt.EMPTY.dump() : root.map().dump(), "  ");
    return dumpChain(text, below).toString();
  }

  /** Appends the canonical text of a chain; twin of {@code cx_ec_dump}. */
  static StringBuilder dumpChain(StringBuilder text, @Nullable EcLink chain) {
    int links = 0;
    for (EcLink link = chain; link != null; link = link.below()) {
      links++;
    }
    text.append("ec ").append(links).append('\n');
    int i = 0;
    for (EcLink link = chain; link != null; link = link.below()) {
      text.append("  link ").append(i++).append('\n');
      indent(text, link.root().map().dump(), "    ");
    }
    return text;
  }

  private static void indent(StringBuilder text, String block, String by) {
    block.lines().forEach(line -> text.append(by).append(line).append('\n'));
  }
}
