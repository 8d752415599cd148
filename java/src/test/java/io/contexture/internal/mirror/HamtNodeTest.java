package io.contexture.internal.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.hamt.Keys;
import io.contexture.hamt.Seeds;
import java.util.Random;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

/** What can't be seen from outside: the invariants of nodes, and which ones are shared. */
class HamtNodeTest {
  /** Checks the subtree and returns how many entries it has. */
  private static int checkNode(Object node, int level, int[] path) {
    if (node instanceof long[] leaf) {
      return checkLeaf(leaf, level, path);
    }
    assertTrue(level < HamtNode.LEVELS, "a directory below the last level");
    Object[] directory = (Object[]) node;
    assertEquals(HamtNode.CHILDREN, directory.length);
    int size = 0;
    for (int slot = 0; slot < HamtNode.CHILDREN; slot++) {
      path[level] = slot;
      size += checkNode(directory[slot], level + 1, path);
    }
    assertTrue(size > HamtNode.LEAF_LIMIT, "a directory of what fits a leaf");
    return size;
  }

  private static int checkLeaf(long[] leaf, int level, int[] path) {
    int count = HamtNode.count(leaf);
    assertTrue(count <= HamtNode.LEAF_LIMIT);
    assertEquals(1 + 2 * count, leaf.length);
    long slots = 0;
    for (int i = 0; i < count; i++) {
      long spread = HamtNode.spreadAt(leaf, i);
      int leafSlot = HamtNode.leafSlot(spread, level);
      assertEquals(i, HamtNode.indexIn(leaf, spread, leafSlot));
      slots |= 1L << leafSlot;
      for (int l = 0; l < level; l++) {
        assertEquals(path[l], HamtNode.slot(spread, l), "an entry off its path");
      }
      if (i > 0) {
        assertEquals(1, Bits.before(HamtNode.spreadAt(leaf, i - 1), spread), "out of order");
      }
    }
    assertEquals(slots, leaf[0]);
    return count;
  }

  private static void checkTags(long[] block, int tags, int count, IntToLongFunction tag) {
    for (int i = 0; i < 8 * tags; i++) {
      long expected = i < count ? tag.applyAsLong(i) : 0;
      assertEquals(expected, block[i >>> 3] >>> (i << 3) & 0xff);
    }
  }

  private static void check(Hamt map) {
    long[] values = map.values;
    if (values == null) {
      assertTrue(map.size() > Hamt.FLAT_LIMIT);
      assertEquals(map.size(), checkNode(map.block, 0, new int[HamtNode.LEVELS]));
      return;
    }
    assertTrue(map.size() <= Hamt.FLAT_LIMIT);
    assertEquals(map.size(), values.length);
    long[] block = (long[]) map.block;
    int tags = Tags.words(values.length);
    assertEquals(tags + values.length, block.length);
    checkTags(block, tags, values.length, i -> Bits.tagOfKey(map.keyAt(i)));
    for (int i = 1; i < values.length; i++) {
      assertTrue(Long.compareUnsigned(map.keyAt(i - 1), map.keyAt(i)) < 0);
    }
  }

  private static Object[] rootOf(Hamt map) {
    return assertInstanceOf(Object[].class, map.block, "a flat map");
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
    int changed = HamtNode.slot(Bits.mix(key), 0);
    for (int slot = 0; slot < HamtNode.CHILDREN; slot++) {
      if (slot == changed) {
        assertNotSame(rootOf(map)[slot], rootOf(next)[slot]);
      } else {
        assertSame(rootOf(map)[slot], rootOf(next)[slot]);
      }
    }
  }

  @Test
  void mergeSharesWhatOnlyOneSideChanged() {
    Hamt map = filled(2000);
    long left = Keys.withHash(3 << 1);
    long right = Keys.withHash(13 << 1);
    Hamt one = map.put(left, 1);
    Hamt other = map.put(right, 2);
    Object[] union = rootOf((Hamt) one.putAll(other));
    for (int slot = 0; slot < HamtNode.CHILDREN; slot++) {
      Object expected = (slot == 13 ? rootOf(other) : rootOf(one))[slot];
      assertSame(expected, union[slot]);
    }
  }

  @Test
  void mergeCountsWhatOnlyTheSmallerSideHas() {
    Seeds.run(
        50,
        random -> {
          Hamt common = filled(100 + random.nextInt(400));
          Hamt one = withRandom(common, random);
          Hamt other = withRandom(random.nextBoolean() ? common : Hamt.EMPTY, random);
          check((Hamt) one.putAll(other));
          check((Hamt) other.putAll(one));
        });
  }

  private static Hamt withRandom(Hamt map, Random random) {
    Hamt more = map;
    for (int n = random.nextInt(300); n > 0; n--) {
      more = more.put(random.nextInt(1000), n);
    }
    return more;
  }

  /** Entries that collide in their tags, so that only the words themselves tell them apart. */
  @Test
  void findsAmongEqualTags() {
    Hamt map = Hamt.EMPTY;
    for (long i = 0; i < 40; i++) {
      map = map.put(Keys.withHash(i), i);
      check(map);
    }
    for (long i = 0; i < 40; i++) {
      assertEquals(i, map.find(Keys.withHash(i), -1));
    }
    for (long i = 40; i < 400; i++) {
      assertEquals(-1, map.find(Keys.withHash(i), -1));
    }
    long inverse = 0xf1de83e19937733dL; // of the odd number that tags of keys are made with
    Hamt flat = Hamt.EMPTY;
    for (long i = 0; i < 20; i++) {
      flat = flat.put(i * inverse, i);
      check(flat);
    }
    for (long i = 0; i < 40; i++) {
      assertEquals(i < 20 ? i : -1, flat.find(i * inverse, -1));
    }
  }

  @Test
  void flatMapsShareKeysButNeverValues() {
    Hamt map = Hamt.EMPTY.put(1, 1).put(2, 2);
    Hamt next = map.put(1, 3);
    assertSame(map.block, next.block);
    assertNotSame(map.values, next.values);
  }

  private static Hamt filled(int size) {
    Hamt map = Hamt.EMPTY;
    for (long key = 0; key < size; key++) {
      map = map.put(key, key);
    }
    return map;
  }
}
