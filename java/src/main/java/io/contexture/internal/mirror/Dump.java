package io.contexture.internal.mirror;

import java.util.HexFormat;

/**
 * Writes the canonical text of a map, as {@code docs/dump-format.md} has it: works the canonical
 * shape of a trie out from its entries, which lie in the order that the text has them in. Twin of
 * {@code native/src/dump.c}.
 */
final class Dump {
  private static final HexFormat HEX = HexFormat.of();

  private final StringBuilder text = new StringBuilder();
  private final boolean raw;
  private final HamtNode.Entries entries;

  private Dump(Hamt map) {
    raw = map.isRaw();
    entries = new HamtNode.Entries(map.values == null ? map.size() : 0);
  }

  static String of(Hamt map) {
    Dump dump = new Dump(map);
    long[] values = map.values;
    dump.text.append(values == null ? "tree " : "flat ").append(map.size());
    dump.text.append(map.isRaw() ? " raw\n" : "\n");
    if (values == null) {
      dump.entries.addAll(map.block);
      dump.node(0, map.size(), 0, 1);
    } else {
      for (int i = 0; i < values.length; i++) {
        dump.indent(1).entry(map.keyAt(i), values[i]);
      }
    }
    return dump.text.toString();
  }

  /** The node on {@code level} that holds the entries from one index up to another. */
  private void node(int from, int to, int level, int depth) {
    int data = 0;
    int nodes = 0;
    for (int i = from, end; i < to; i = end) {
      end = endOfSlot(i, to, level);
      if (end == i + 1) {
        data |= 1 << slot(i, level);
      } else {
        nodes |= 1 << slot(i, level);
      }
    }
    indent(depth);
    text.append("node data=").append(HEX.toHexDigits(data));
    text.append(" nodes=").append(HEX.toHexDigits(nodes)).append('\n');
    for (int i = from, end; i < to; i = end) {
      end = endOfSlot(i, to, level);
      int slot = slot(i, level);
      indent(depth + 1);
      text.append((char) ('0' + slot / 10)).append((char) ('0' + slot % 10));
      if (end == i + 1) {
        text.append(' ');
        entry(i);
      } else {
        text.append('\n');
        if (level == Bits.LAST_LEVEL) {
          collision(i, end, depth + 2);
        } else {
          node(i, end, level + 1, depth + 2);
        }
      }
    }
  }

  private void collision(int from, int to, int depth) {
    indent(depth).text.append("collision ").append(to - from).append('\n');
    for (int i = from; i < to; i++) {
      indent(depth + 1).entry(i);
    }
  }

  /** The slot on {@code level} that an entry is in. */
  private int slot(int i, int level) {
    return (int) (Bits.hash(entries.spreads[i], raw) >>> (Bits.SLOT_BITS * level)) & 31;
  }

  /**
   * The first index after {@code from} of an entry in another slot; {@code to} if there is none.
   */
  private int endOfSlot(int from, int to, int level) {
    int slot = slot(from, level);
    int end = from + 1;
    while (end < to && slot(end, level) == slot) {
      end++;
    }
    return end;
  }

  private void entry(int i) {
    entry(Bits.unspread(entries.spreads[i], raw), entries.values[i]);
  }

  private void entry(long key, long value) {
    text.append(HEX.toHexDigits(key)).append(' ').append(HEX.toHexDigits(value)).append('\n');
  }

  private Dump indent(int depth) {
    text.repeat(' ', 2 * depth);
    return this;
  }
}
