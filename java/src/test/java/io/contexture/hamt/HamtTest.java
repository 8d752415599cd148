package io.contexture.hamt;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Backend;
import io.contexture.Contexture;
import io.contexture.internal.AbstractLongHamt;
import io.contexture.internal.mirror.Hamt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The persistent map, on every implementation. Twin of {@code native/test/hamt_test.c}. */
class HamtTest {
  private static final int FLAT_LIMIT = 32;

  /** Sizes on both sides of every boundary of shape and of the blocks that iterations copy. */
  private static final int[] SIZES = {0, 1, 2, 31, 32, 33, 34, 63, 64, 65, 128, 200, 1000};

  private static AbstractLongHamt put(AbstractLongHamt map, LongStream keys) {
    AbstractLongHamt result = map;
    for (long key : keys.toArray()) {
      result = result.put(key, key * 3 + 1);
    }
    return result;
  }

  private static void check(Map<Long, Long> expected, AbstractLongHamt actual) {
    assertEquals(expected.size(), actual.size());
    assertEquals(expected.isEmpty(), actual.isEmpty());
    expected.forEach(
        (key, value) -> {
          assertEquals(value, actual.get(key, ~value));
          assertTrue(actual.containsKey(key));
        });
    Map<Long, Long> seen = new TreeMap<>();
    actual.forEach((key, value) -> assertNull(seen.put(key, value), "seen twice"));
    assertEquals(new TreeMap<>(expected), seen);
  }

  private static List<Map.Entry<Long, Long>> entriesOf(AbstractLongHamt map) {
    List<Map.Entry<Long, Long>> entries = new ArrayList<>();
    map.forEach((key, value) -> entries.add(Map.entry(key, value)));
    return entries;
  }

  // ------------------------------------------------------------------------------ one by one --

  @EveryHamt
  void emptyMapHasNothing(HamtImplementation hamt) {
    for (AbstractLongHamt map : hamt.empties()) {
      assertEquals(0, map.size());
      assertTrue(map.isEmpty());
      assertEquals(7, map.get(0, 7));
      assertFalse(map.containsKey(0));
      assertSame(map, map.remove(0));
      assertEquals("{}", map.toString());
      map.forEach((key, value) -> assertEquals(0, 1, "an entry in an hamt.empty() map"));
    }
  }

  @EveryHamt
  void extremeKeysAndValuesAreLegal(HamtImplementation hamt) {
    long[] words = {0, 1, -1, 2, -2, Long.MAX_VALUE, Long.MIN_VALUE, 15, 16, -16, -17};
    for (AbstractLongHamt start : hamt.empties()) {
      for (long filler : new long[] {0, 40}) {
        AbstractLongHamt base = put(start, LongStream.range(1000, 1000 + filler));
        AbstractLongHamt map = base;
        Map<Long, Long> model = new TreeMap<>();
        base.forEach(model::put);
        for (int i = 0; i < words.length; i++) {
          map = map.put(words[i], words[words.length - 1 - i]);
          model.put(words[i], words[words.length - 1 - i]);
          check(model, map);
        }
        for (long word : words) {
          map = map.remove(word);
          assertFalse(map.containsKey(word));
        }
        assertEquals(base.dump(), map.dump());
      }
    }
  }

  @EveryHamt
  void absentIsToldFromEveryValue(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      for (int size : SIZES) {
        AbstractLongHamt map = start;
        for (long key = 1; key <= size; key++) {
          map = map.put(key, key & 1); // the two values that containsKey itself asks for
        }
        for (long key = 1; key <= size; key++) {
          assertTrue(map.containsKey(key));
        }
        assertFalse(map.containsKey(0));
        assertFalse(map.containsKey(size + 1));
        assertEquals(0, map.get(0, 0));
        assertEquals(1, map.get(0, 1));
      }
    }
  }

  @EveryHamt
  void equalBindingReturnsTheSameMap(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      for (int size : SIZES) {
        AbstractLongHamt map = put(start, LongStream.range(0, size));
        for (long key = 0; key < size; key++) {
          assertSame(map, map.put(key, key * 3 + 1));
        }
      }
    }
  }

  @EveryHamt
  void removeOfAnAbsentKeyReturnsTheSameMap(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      for (int size : SIZES) {
        AbstractLongHamt map = put(start, LongStream.range(0, size).map(i -> 2 * i));
        for (long key = 1; key < 2 * size + 40; key += 2) {
          assertSame(map, map.remove(key));
        }
      }
    }
  }

  @EveryHamt
  void olderMapsStayAsTheyWere(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      List<AbstractLongHamt> maps = new ArrayList<>(List.of(start));
      List<String> dumps = new ArrayList<>(List.of(start.dump()));
      Random random = new Random(1);
      for (int i = 0; i < 300; i++) {
        AbstractLongHamt last = maps.getLast();
        long key = random.nextInt(80);
        AbstractLongHamt next =
            switch (random.nextInt(6)) {
              case 0, 1 -> last.remove(key);
              case 2 -> last.putAll(maps.get(random.nextInt(maps.size())));
              default -> last.put(key, i);
            };
        maps.add(next);
        dumps.add(next.dump());
      }
      for (int i = 0; i < maps.size(); i++) {
        assertEquals(dumps.get(i), maps.get(i).dump());
      }
    }
  }

  // ----------------------------------------------------------------------------------- shape --

  @EveryHamt
  void thirtyThreeEntriesMakeATreeAndThirtyTwoAFlatMap(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      AbstractLongHamt map = start;
      for (int size = 1; size <= 40; size++) {
        map = map.put(size * 7L, size);
        String kind = size <= FLAT_LIMIT ? "flat " : "tree ";
        assertTrue(map.dump().startsWith(kind + size), map.dump());
      }
      for (int size = 39; size >= 0; size--) {
        map = map.remove((size + 1) * 7L);
        String kind = size <= FLAT_LIMIT ? "flat " : "tree ";
        assertTrue(map.dump().startsWith(kind + size), map.dump());
      }
      assertEquals(start.dump(), map.dump());
    }
  }

  @EveryHamt
  void insertionOrderDoesNotChangeTheDump(HamtImplementation hamt) {
    Seeds.run(
        40,
        random -> {
          for (AbstractLongHamt start : hamt.empties()) {
            int size = 1 + random.nextInt(150);
            List<Long> keys = new ArrayList<>();
            random.longs(size).map(key -> clustered(random, key)).distinct().forEach(keys::add);
            List<Long> strays = new ArrayList<>();
            random.longs(60).map(key -> clustered(random, key)).forEach(strays::add);
            strays.removeAll(keys);

            String expected = null;
            for (int history = 0; history < 6; history++) {
              Collections.shuffle(keys, random);
              AbstractLongHamt map = start;
              for (int i = 0; i < keys.size(); i++) {
                if (history > 0 && i < strays.size()) {
                  map = map.put(strays.get(i), -1);
                }
                map = map.put(keys.get(i), i % 3);
              }
              for (long key : keys) {
                map = map.put(key, key);
              }
              for (long key : strays) {
                map = map.remove(key);
              }
              expected = expected == null ? map.dump() : expected;
              assertEquals(expected, map.dump());
            }
          }
        });
  }

  /** Thins a random key out, so that raw maps get deep, collide, or both. */
  private static long clustered(Random random, long key) {
    return switch (random.nextInt(4)) {
      case 0 -> key & 0xff;
      case 1 -> key & 0xf00000000000000fL;
      case 2 -> key & 0x1f000001fL;
      default -> key;
    };
  }

  @EveryHamt
  void deepestTreeHoldsKeysThatShareSixtyBits(HamtImplementation hamt) {
    // 16 hashes that differ in their highest 4 bits only, and enough others for a trie.
    long[] deep =
        LongStream.range(0, 16).map(i -> Keys.withHash(i << 60 | 0x123456789abcdefL)).toArray();
    AbstractLongHamt base =
        put(hamt.empty(), LongStream.range(0, FLAT_LIMIT + 1).map(i -> Keys.withHash(~i)));
    AbstractLongHamt map = put(base, Arrays.stream(deep));
    assertEquals(13, levels(map));
    for (long key : deep) {
      assertEquals(key * 3 + 1, map.get(key, 0));
    }
    assertFalse(map.containsKey(Keys.withHash(0x23456789abcdefL)));

    // Two of them need the last level; one of them is pulled up all the way.
    for (int i = 15; i > 1; i--) {
      map = map.remove(deep[i]);
      assertEquals(13, levels(map));
    }
    map = map.remove(deep[1]);
    assertEquals(levels(base.put(deep[0], 0)), levels(map));
    assertEquals(base.dump(), map.remove(deep[0]).dump());
  }

  /** How deep the nodes of a dump nest: a node is indented by 4 more than its parent. */
  private static int levels(AbstractLongHamt map) {
    return map.dump()
        .lines()
        .filter(line -> line.contains("node data="))
        .mapToInt(line -> (line.indexOf("node") + 2) / 4)
        .max()
        .orElse(0);
  }

  @EveryHamt
  void collidingKeysAreToldApart(HamtImplementation hamt) {
    // Keys that differ in their lowest 4 bits only have one hash in a raw map.
    AbstractLongHamt base = put(hamt.rawEmpty(), LongStream.range(1, 40).map(i -> i << 4));
    AbstractLongHamt map = base;
    long[] colliding = {0x70000000000003L, 0x7000000000000fL, 0x70000000000000L, 0x70000000000008L};
    for (int i = 0; i < colliding.length; i++) {
      map = map.put(colliding[i], i);
      assertEquals(i > 0, map.dump().contains("collision " + (i + 1) + "\n"), map.dump());
    }
    for (int i = 0; i < colliding.length; i++) {
      assertEquals(i, map.get(colliding[i], -1));
    }
    assertEquals(-1, map.get(0x70000000000001L, -1));
    assertSame(map, map.remove(0x70000000000001L));
    assertSame(map, map.put(colliding[2], 2));
    assertEquals(9, map.put(colliding[2], 9).get(colliding[2], -1));
    assertEquals(2, map.get(colliding[2], -1));

    for (int i = colliding.length - 1; i >= 0; i--) {
      map = map.remove(colliding[i]);
      assertEquals(i > 1, map.dump().contains("collision " + i + "\n"), map.dump());
    }
    assertEquals(base.dump(), map.dump());
  }

  @EveryHamt
  void loneEntryIsPulledUp(HamtImplementation hamt) {
    AbstractLongHamt others = put(hamt.empty(), LongStream.range(1, 41));
    long hash = 0x123456789abcdef0L;
    AbstractLongHamt alone = others.put(Keys.withHash(hash), 1);
    for (int level = 0; level <= 12; level++) {
      long parting = keyPartingAt(hash, level);
      AbstractLongHamt both = alone.put(parting, 2);
      assertEquals(alone.dump(), both.remove(parting).dump());
      AbstractLongHamt other = others.put(parting, 2);
      assertEquals(other.dump(), both.remove(Keys.withHash(hash)).dump());
    }
  }

  /** A key whose path leaves that of {@code hash} on {@code level} and not before. */
  private static long keyPartingAt(long hash, int level) {
    return Keys.withHash(hash ^ 1L << 5 * level);
  }

  @EveryHamt
  void collisionGrowsToSixteenAndShrinksToNone(HamtImplementation hamt) {
    List<AbstractLongHamt> steps = new ArrayList<>();
    steps.add(put(hamt.rawEmpty(), LongStream.range(0, 33).map(i -> 0x100 + 0x10 * i)));
    for (int i = 0; i < 16; i++) {
      steps.add(steps.getLast().put(15 - i, i));
    }
    AbstractLongHamt map = steps.getLast();
    assertTrue(map.dump().contains("collision 16\n"), map.dump());
    for (int i = 16; i > 0; i--) {
      for (int key = 0; key < 16; key++) {
        assertEquals(key >= 16 - i, map.containsKey(key));
      }
      map = map.remove(16 - i);
      assertEquals(steps.get(i - 1).dump(), map.dump());
    }
  }

  // ------------------------------------------------------------------------------------ merge --

  @EveryHamt
  void mergePrefersTheOtherMapsValues(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      for (int n : SIZES) {
        for (int m : new int[] {1, 20, 33, 100}) {
          AbstractLongHamt base = start;
          AbstractLongHamt over = start;
          Map<Long, Long> model = new TreeMap<>();
          for (long key = 0; key < n; key++) {
            base = base.put(key, 1);
            model.put(key, 1L);
          }
          for (long key = n / 2; key < n / 2 + m; key++) {
            over = over.put(key, 2);
            model.put(key, 2L);
          }
          AbstractLongHamt union = base.putAll(over);
          check(model, union);
          AbstractLongHamt oneByOne = start;
          for (Map.Entry<Long, Long> entry : model.entrySet()) {
            oneByOne = oneByOne.put(entry.getKey(), entry.getValue());
          }
          assertEquals(oneByOne.dump(), union.dump());
        }
      }
    }
  }

  @EveryHamt
  void mergeReturnsAnArgumentWhereThatIsTheAnswer(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      for (int size : SIZES) {
        AbstractLongHamt map = put(start, LongStream.range(0, size));
        AbstractLongHamt equal = put(start, LongStream.range(0, size).map(i -> size - 1 - i));
        AbstractLongHamt part = put(start, LongStream.range(size / 3, size));
        assertSame(map, map.putAll(map));
        AbstractLongHamt either = map.putAll(equal);
        assertTrue(either == map || either == equal, "a third map with the same contents");
        assertSame(map, map.putAll(start));
        assertSame(map, start.putAll(map));
        assertSame(map, map.putAll(part));
        if (part.size() < map.size()) {
          assertSame(map, part.putAll(map));
        }
        AbstractLongHamt other = start;
        for (long key = 0; key <= size; key++) {
          other = other.put(key, -9);
        }
        assertSame(other, map.putAll(other));
      }
    }
  }

  @EveryHamt
  void randomMergesAgreeWithPuts(HamtImplementation hamt) {
    Seeds.run(
        60,
        random -> {
          long[] pool = random.longs(60).map(key -> clustered(random, key)).toArray();
          for (AbstractLongHamt start : hamt.empties()) {
            AbstractLongHamt base = start;
            AbstractLongHamt over = start;
            for (int i = random.nextInt(100); i > 0; i--) {
              base = base.put(pool[random.nextInt(pool.length)], random.nextInt(2));
            }
            for (int i = random.nextInt(100); i > 0; i--) {
              over = over.put(pool[random.nextInt(pool.length)], random.nextInt(2));
            }
            AbstractLongHamt expected = base;
            for (Map.Entry<Long, Long> entry : entriesOf(over)) {
              expected = expected.put(entry.getKey(), entry.getValue());
            }
            assertEquals(expected.dump(), base.putAll(over).dump());
          }
        });
  }

  @EveryHamt
  void mergeAcrossKindsPutsEachEntry(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      AbstractLongHamt own = put(start, LongStream.range(0, 50));
      AbstractLongHamt naive = NaiveHamt.EMPTY;
      for (long key = 25; key < 175; key++) {
        naive = naive.put(key, -key);
      }
      AbstractLongHamt expected = own;
      for (long key = 25; key < 175; key++) {
        expected = expected.put(key, -key);
      }
      assertEquals(expected.dump(), own.putAll(naive).dump());
      assertEquals(start.putAll(naive), naive);
      assertSame(start.getClass(), start.putAll(naive).getClass());
    }
    // A raw map and an ordinary one are of two kinds, too: the result places keys as the receiver.
    AbstractLongHamt ordinary = put(hamt.empty(), LongStream.range(0, 60));
    AbstractLongHamt rawMap = put(hamt.rawEmpty(), LongStream.range(30, 90));
    assertEquals(put(hamt.empty(), LongStream.range(0, 90)).dump(), ordinary.putAll(rawMap).dump());
    assertEquals(
        put(hamt.rawEmpty(), LongStream.range(0, 90)).dump(), rawMap.putAll(ordinary).dump());
  }

  // ------------------------------------------------------------------------------- iteration --

  private static final Pattern ENTRY = Pattern.compile("([0-9a-f]{16}) ([0-9a-f]{16})$");

  @EveryHamt
  void iterationGoesInDumpOrder(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      for (int size : SIZES) {
        AbstractLongHamt map = put(start, new Random(size).longs(size).map(key -> key & ~0xff0L));
        List<Map.Entry<Long, Long>> inDump = new ArrayList<>();
        map.dump()
            .lines()
            .forEach(
                line -> {
                  Matcher entry = ENTRY.matcher(line);
                  if (entry.find()) {
                    inDump.add(
                        Map.entry(
                            Long.parseUnsignedLong(entry.group(1), 16),
                            Long.parseUnsignedLong(entry.group(2), 16)));
                  }
                });
        assertEquals(map.size(), inDump.size());
        assertEquals(inDump, entriesOf(map));
        assertEquals(inDump, List.copyOf(map.asMap().entrySet()));
      }
    }
  }

  @EveryHamt
  void iterationInPiecesOfAnySize(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      for (int size : SIZES) {
        AbstractLongHamt map = put(start, LongStream.range(0, size));
        List<Map.Entry<Long, Long>> expected = entriesOf(map);
        for (int piece : new int[] {1, 2, 7, 32, 1001}) {
          long[] keys = new long[piece];
          long[] values = new long[piece];
          List<Map.Entry<Long, Long>> seen = new ArrayList<>();
          AbstractLongHamt.Cursor cursor = map.cursor();
          int n;
          do {
            n = cursor.next(keys, values);
            for (int i = 0; i < n; i++) {
              seen.add(Map.entry(keys[i], values[i]));
            }
          } while (n == piece);
          assertEquals(expected, seen);
          assertEquals(0, cursor.next(keys, values));
        }
      }
    }
  }

  @EveryHamt
  void actionsExceptionEndsTheIteration(HamtImplementation hamt) {
    for (int size : new int[] {10, 100}) {
      AbstractLongHamt map = put(hamt.empty(), LongStream.range(0, size));
      int[] calls = new int[1];
      ArithmeticException thrown =
          assertThrows(
              ArithmeticException.class,
              () ->
                  map.forEach(
                      (key, value) -> {
                        if (++calls[0] == 5) {
                          throw new ArithmeticException("five");
                        }
                      }));
      assertEquals("five", thrown.getMessage());
      assertEquals(5, calls[0]);
    }
  }

  // -------------------------------------------------------------------------------- in place --

  @EveryHamt
  void replaceInPlaceIsForFlatMapsOnly(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      assertFalse(start.replaceUnshared(0, 1));
      for (int size : new int[] {1, 2, 31, 32}) {
        AbstractLongHamt older = put(start, LongStream.range(0, size - 1));
        String before = older.dump();
        AbstractLongHamt map = older.put(size - 1, 77);
        assertTrue(map.replaceUnshared(0, -5));
        assertEquals(-5, map.get(0, 0));
        String changed = map.dump();
        assertFalse(map.replaceUnshared(size, -6));
        assertEquals(changed, map.dump());
        assertEquals(before, older.dump());
      }
      AbstractLongHamt trie = put(start, LongStream.range(0, 33));
      String before = trie.dump();
      assertFalse(trie.replaceUnshared(0, -5));
      assertEquals(before, trie.dump());
    }
  }

  @EveryHamt
  void replaceInPlaceLeavesTheMapAloneThatItCameFrom(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      AbstractLongHamt older = put(start, LongStream.range(0, 20));
      final String before = older.dump();
      assertTrue(older.put(3, -1).replaceUnshared(4, -2));
      assertTrue(older.remove(3).replaceUnshared(4, -2));
      assertTrue(older.putAll(start.put(100, 0)).replaceUnshared(4, -2));
      assertEquals(before, older.dump());

      AbstractLongHamt trie = put(start, LongStream.range(0, 33));
      AbstractLongHamt shrunk = trie.remove(32);
      assertTrue(shrunk.replaceUnshared(4, -2));
      assertEquals(13, trie.get(4, 0));
    }
  }

  // -------------------------------------------------------------------------- java.lang.Object --

  @EveryHamt
  void equalContentsAreEqualWhateverTheKind(HamtImplementation hamt) {
    for (int size : SIZES) {
      List<AbstractLongHamt> equal = new ArrayList<>();
      for (HamtImplementation implementation : HamtImplementations.all()) {
        equal.add(put(implementation.empty(), LongStream.range(0, size)));
        equal.add(put(implementation.empty(), LongStream.range(0, size).map(i -> size - 1 - i)));
        equal.add(put(implementation.rawEmpty(), LongStream.range(0, size)));
      }
      equal.add(put(hamt.empty(), LongStream.range(0, size)));
      equal.add(put(NaiveHamt.EMPTY, LongStream.range(0, size)));
      for (AbstractLongHamt one : equal) {
        for (AbstractLongHamt other : equal) {
          assertEquals(one, other);
          assertEquals(one.hashCode(), other.hashCode());
        }
        assertEquals(new TreeMap<>(one.asMap()).hashCode(), one.hashCode());
      }
    }
  }

  @EveryHamt
  void mapsThatShareSubtreesAreComparedToTheEnd(HamtImplementation hamt) {
    for (AbstractLongHamt start : hamt.empties()) {
      for (int size : SIZES) {
        AbstractLongHamt map = put(start, LongStream.range(0, size));
        for (long key = 0; key < size; key += 9) {
          AbstractLongHamt changed = map.put(key, -1);
          assertNotEquals(map, changed);
          assertEquals(map, changed.put(key, key * 3 + 1));
        }
      }
    }
  }

  @EveryHamt
  void differentContentsAreNotEqual(HamtImplementation hamt) {
    for (int size : SIZES) {
      AbstractLongHamt map = put(hamt.empty(), LongStream.range(0, size));
      AbstractLongHamt more = map.put(size, 0);
      AbstractLongHamt otherValue = more.put(size, 1);
      AbstractLongHamt otherKey = map.put(size + 1, 0);
      AbstractLongHamt naive = NaiveHamt.EMPTY.putAll(more);
      assertAll(
          () -> assertNotEquals(map, more),
          () -> assertNotEquals(more, map),
          () -> assertNotEquals(more, otherValue),
          () -> assertNotEquals(more, otherKey),
          () -> assertNotEquals(otherValue, naive),
          () -> assertNotEquals(naive, otherKey),
          () -> assertNotEquals(map, map.asMap()),
          () -> assertFalse(map.equals(null)));
    }
  }

  @EveryHamt
  void textListsTheEntries(HamtImplementation hamt) {
    assertEquals("{1=-1, 2=5, -1=0}", hamt.empty().put(2, 5).put(-1, 0).put(1, -1).toString());
    AbstractLongHamt map = put(hamt.empty(), LongStream.range(0, 100));
    assertEquals(map.asMap().toString(), map.toString());
  }

  @Test
  void emptyMapIsThatOfTheBackendAskedFor() {
    for (Backend backend : Backend.values()) {
      if (backend.isAvailable()) {
        assertSame(LongHamt.empty(backend), LongHamt.empty(backend));
        assertTrue(LongHamt.empty(backend).isEmpty());
      }
    }
    assertSame(LongHamt.empty(Contexture.backend()), LongHamt.empty());
    assertInstanceOf(Hamt.class, LongHamt.empty(Backend.JAVA));
    assertEquals(
        "backend",
        assertThrows(NullPointerException.class, () -> LongHamt.empty(null)).getMessage());
  }

  @EveryHamt
  void nullArgumentsAreNamed(HamtImplementation hamt) {
    assertEquals(
        "other",
        assertThrows(NullPointerException.class, () -> hamt.empty().putAll(null)).getMessage());
    assertEquals(
        "action",
        assertThrows(NullPointerException.class, () -> hamt.empty().forEach(null)).getMessage());
    AbstractLongHamt map = put(hamt.empty(), LongStream.range(0, 50));
    assertEquals(
        "action", assertThrows(NullPointerException.class, () -> map.forEach(null)).getMessage());
  }

  // ---------------------------------------------------------------------------------- random --

  @EveryHamt
  void randomProgramsAgreeWithASortedMap(HamtImplementation hamt) {
    Seeds.run(100, random -> runRandomProgram(hamt.empty(), random));
  }

  @EveryHamt
  void randomProgramsAgreeWhenKeysCollide(HamtImplementation hamt) {
    Seeds.run(100, random -> runRandomProgram(hamt.rawEmpty(), random));
  }

  private static void runRandomProgram(AbstractLongHamt start, Random random) {
    long[] pool = random.longs(1 + random.nextInt(200)).map(k -> clustered(random, k)).toArray();
    AbstractLongHamt map = start;
    TreeMap<Long, Long> model = new TreeMap<>();
    AbstractLongHamt saved = map;
    TreeMap<Long, Long> savedModel = new TreeMap<>();
    int inserts = 2 + random.nextInt(7);
    for (int step = 0; step < 400; step++) {
      long key = pool[random.nextInt(pool.length)];
      int choice = random.nextInt(200);
      if (choice == 0) {
        saved = map;
        savedModel = new TreeMap<>(model);
      } else if (choice == 1) {
        map = map.putAll(saved);
        model.putAll(savedModel);
      } else if (choice == 2) {
        map = saved.putAll(map);
        TreeMap<Long, Long> unionModel = new TreeMap<>(savedModel);
        unionModel.putAll(model);
        model = unionModel;
      } else if (choice % 10 < inserts) {
        long value = random.nextInt(3);
        map = map.put(key, value);
        model.put(key, value);
      } else {
        map = map.remove(key);
        model.remove(key);
      }
      assertEquals(model.size(), map.size());
      assertEquals(model.getOrDefault(key, -1L), map.get(key, -1));
      if (step % 20 == 0) {
        check(model, map);
      }
    }
    check(model, map);
    check(savedModel, saved);
  }

  @EveryHamt
  void hundredThousandEntries(HamtImplementation hamt) {
    AbstractLongHamt map = hamt.empty();
    for (long key = 0; key < 100_000; key++) {
      map = map.put(key * key, key);
    }
    assertEquals(100_000, map.size());
    for (long key = 0; key < 100_000; key++) {
      assertEquals(key, map.get(key * key, -1));
    }
    for (long key = 0; key < 100_000; key += 2) {
      map = map.remove(key * key);
    }
    assertEquals(50_000, map.size());
    for (long key = 0; key < 100_000; key++) {
      assertEquals(key % 2 == 0 ? -1 : key, map.get(key * key, -1));
    }
  }
}
