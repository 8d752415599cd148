package io.contexture.internal.mirror;

import java.util.HexFormat;

/**
 * Writes the canonical text of a map, as {@code docs/dump-format.md} has it. Twin of {@code
 * native/src/dump.c}.
 */
final class Dump {
  private static final HexFormat HEX = HexFormat.of();

  private final StringBuilder text = new StringBuilder();

  private Dump() {}

  static String of(Hamt map) {
    Dump dump = new Dump();
    HamtNode root = map.root;
    dump.text.append(root == null ? "flat " : "tree ").append(map.size());
    dump.text.append(map.raw ? " raw\n" : "\n");
    if (root != null) {
      dump.node(root, 1);
    } else {
      for (int i = 0; i < map.keys.length; i++) {
        dump.indent(1).entry(map.keys[i], map.values[i]);
      }
    }
    return dump.text.toString();
  }

  private void node(HamtNode node, int depth) {
    indent(depth);
    text.append("node data=").append(HEX.toHexDigits(node.data));
    text.append(" nodes=").append(HEX.toHexDigits(node.nodes)).append('\n');
    int e = 0;
    int c = 0;
    for (int todo = node.data | node.nodes; todo != 0; todo &= todo - 1) {
      int index = Integer.numberOfTrailingZeros(todo);
      indent(depth + 1);
      text.append((char) ('0' + index / 10)).append((char) ('0' + index % 10));
      if ((node.data & Integer.lowestOneBit(todo)) != 0) {
        text.append(' ');
        entry(node.entries[e], node.entries[e + 1]);
        e += 2;
        continue;
      }
      text.append('\n');
      HamtNode child = node.children[c++];
      if (child.isCollision()) {
        collision(child, depth + 2);
      } else {
        node(child, depth + 2);
      }
    }
  }

  private void collision(HamtNode node, int depth) {
    indent(depth).text.append("collision ").append(node.size).append('\n');
    for (int i = 0; i < node.entries.length; i += 2) {
      indent(depth + 1).entry(node.entries[i], node.entries[i + 1]);
    }
  }

  private void entry(long key, long value) {
    text.append(HEX.toHexDigits(key)).append(' ').append(HEX.toHexDigits(value)).append('\n');
  }

  private Dump indent(int depth) {
    text.repeat(' ', 2 * depth);
    return this;
  }
}
