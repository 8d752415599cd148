package io.contexture.internal.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.hamt.Keys;
import io.contexture.hamt.Seeds;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What can't be seen from outside: the invariants of nodes, and which ones are shared. */
class HamtNodeTest {
  /** Checks the subtree and returns how many entries it has. */
  private static int checkNode(HamtNode node, int level, long prefix, boolean raw) {
    assertEquals(0, node.data & node.nodes, "a slot holds an entry and a child");
    int size = node.entries.length / 2;
    if (node.isCollision()) {
      assertEquals(Bits.LAST_LEVEL + 1, level, "a collision above the last level");
      for (int i = 0; i < node.entries.length; i += 2) {
        assertEquals(prefix, Bits.hash(node.entries[i], raw));
        if (i > 0) {
          assertTrue(Long.compareUnsigned(node.entries[i - 2], node.entries[i]) < 0);
        }
      }
    } else {
      assertTrue(level <= Bits.LAST_LEVEL, "a node below the last level");
      assertEquals(2 * Integer.bitCount(node.data), node.entries.length);
      assertEquals(Integer.bitCount(node.nodes), node.children.length);
      int shift = Bits.SLOT_BITS * level;
      int e = 0;
      int c = 0;
      for (long slot = 0; slot < 32; slot++) {
        long path = prefix | slot << shift;
        if ((node.data >>> slot & 1) != 0) {
          long hash = Bits.hash(node.entries[2 * e++], raw);
          long known = level == Bits.LAST_LEVEL ? -1 : (1L << (shift + Bits.SLOT_BITS)) - 1;
          assertEquals(path, hash & known, "an entry off its path");
        } else if ((node.nodes >>> slot & 1) != 0) {
          size += checkNode(node.children[c++], level + 1, path, raw);
        }
      }
    }
    assertEquals(size, node.size);
    assertTrue(size > 1, "a lone entry below a slot");
    return size;
  }

  private static void check(Hamt map) {
    if (map.root == null) {
      assertTrue(map.size() <= Hamt.FLAT_LIMIT);
      assertEquals(map.keys.length, map.values.length);
      for (int i = 1; i < map.keys.length; i++) {
        assertTrue(Long.compareUnsigned(map.keys[i - 1], map.keys[i]) < 0);
      }
    } else {
      assertTrue(map.size() > Hamt.FLAT_LIMIT);
      checkNode(map.root, 0, 0, map.raw);
    }
  }

  private static HamtNode rootOf(Hamt map) {
    assertNotNull(map.root, "a flat map");
    return map.root;
  }

  @Test
  void invariantsHoldAfterEveryOperation() {
    Seeds.run(
        100,
        random -> {
          Hamt map = random.nextBoolean() ? Hamt.EMPTY : Hamt.rawEmpty();
          Hamt saved = map;
          long[] pool = keys(random, 30 + random.nextInt(60));
          for (int step = 0; step < 300; step++) {
            long key = pool[random.nextInt(pool.length)];
            switch (random.nextInt(16)) {
              case 0 -> saved = map;
              case 1 -> map = (Hamt) map.putAll(saved);
              case 2, 3, 4, 5 -> map = map.remove(key);
              default -> map = map.put(key, step);
            }
            check(map);
          }
        });
  }

  /** Keys that share paths, in ordinary maps and in raw ones. */
  private static long[] keys(Random random, int count) {
    long[] keys = new long[count];
    for (int i = 0; i < count; i++) {
      long word = random.nextLong();
      keys[i] =
          switch (random.nextInt(4)) {
            case 0 -> Keys.withHash(word & 0xf000000000000003L);
            case 1 -> Keys.withHash(word & 0x3ff);
            case 2 -> word & 0xc00000000000000fL;
            default -> word;
          };
    }
    return keys;
  }

  @Test
  void putCopiesOnePathOnly() {
    Hamt map = filled(2000);
    long key = 123_456;
    Hamt next = map.put(key, 0);
    int slot = Bits.slotSet(Bits.mix(key));
    int changed = Bits.rank(rootOf(map).nodes, slot);
    for (int c = 0; c < 32; c++) {
      HamtNode before = rootOf(map).children[c];
      HamtNode after = rootOf(next).children[c];
      if (c == changed) {
        assertNotSame(before, after);
      } else {
        assertSame(before, after);
      }
    }
  }

  @Test
  void mergeSharesWhatOnlyOneSideChanged() {
    Hamt map = filled(2000);
    long left = Keys.withHash(0x3e0 | 3); // slot 3 of the root
    long right = Keys.withHash(0x3e0 | 17);
    Hamt one = map.put(left, 1);
    Hamt other = map.put(right, 2);
    HamtNode union = rootOf((Hamt) one.putAll(other));
    for (int c = 0; c < 32; c++) {
      HamtNode expected = (c == 17 ? rootOf(other) : rootOf(one)).children[c];
      assertSame(expected, union.children[c]);
    }
  }

  @Test
  void flatMapsShareKeysButNeverValues() {
    Hamt map = Hamt.EMPTY.put(1, 1).put(2, 2);
    Hamt next = map.put(1, 3);
    assertSame(map.keys, next.keys);
    assertNotSame(map.values, next.values);
  }

  private static Hamt filled(int size) {
    Hamt map = Hamt.EMPTY;
    for (long key = 0; key < size; key++) {
      map = map.put(key, key);
    }
    assertEquals(-1, rootOf(map).nodes, "every slot of the root holds a child");
    return map;
  }
}
