package io.contexture.internal.mirror;

import io.contexture.internal.EcLink;
import io.contexture.internal.Engine;
import io.contexture.internal.Mark;
import io.contexture.internal.Root;
import io.contexture.internal.ThreadState;
import io.contexture.internal.VarRef;
import org.jspecify.annotations.Nullable;

/** A thread state that searches and lives in the Java heap only. Twin of {@code thread_state.c}. */
public final class MirrorThreadState extends ThreadState {
  MirrorThreadState(Engine engine, Thread thread, long uniqueId) {
    super(engine, thread, uniqueId);
  }

  @Override
  protected Object search(VarRef ref) {
    Root root = topRoot();
    for (EcLink link = below; ; link = link.below()) {
      if (root != null) {
        Object value = search(root, ref);
        if (value != Mark.ABSENT) {
          return value;
        }
      }
      if (link == null) {
        return Mark.ABSENT;
      }
      root = link.root();
    }
  }

  @Override
  protected void sync() {
    recordStale = false;
  }

  @Override
  public String dump() {
    StringBuilder text = new StringBuilder("top\n");
    Root root = topRoot();
    indent(text, root == null ? Hamt.EMPTY.dump() : root.map().dump(), "  ");
    return dumpChain(text, below).toString();
  }

  /** Appends the canonical text of a chain; twin of {@code cx_link_dump}. */
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
