package io.contexture.internal.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.contexture.hamt.Keys;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The mix and the slot arithmetic. */
class BitsTest {
  /** Computed outside this code, from the definition; the mix is frozen. */
  @Test
  void mixIsFrozen() {
    assertEquals(0L, Bits.mix(0));
    assertEquals(MIX_OF_1, Bits.mix(1));
    assertEquals(MIX_OF_2, Bits.mix(2));
    assertEquals(MIX_OF_MINUS_1, Bits.mix(-1));
    assertEquals(MIX_OF_MIN, Bits.mix(Long.MIN_VALUE));
  }

  private static final long MIX_OF_1 = 0x5692161d100b05e5L;
  private static final long MIX_OF_2 = 0xdbd238973a2b148aL;
  private static final long MIX_OF_MINUS_1 = 0xb4d055fcf2cbbd7bL;
  private static final long MIX_OF_MIN = 0x25c26ea579cea98aL;

  @Test
  void mixIsBijective() {
    Random random = new Random(5);
    for (int i = 0; i < 10_000; i++) {
      long word = random.nextLong();
      assertEquals(word, Keys.withHash(Bits.mix(word)));
      assertEquals(word, Bits.mix(Keys.withHash(word)));
    }
  }

  @Test
  void rawHashDropsFourBits() {
    long key = 0xfedcba9876543210L;
    assertEquals(0x0fedcba987654321L, Bits.hash(Bits.spread(key, true), true));
    assertEquals(Bits.mix(key), Bits.hash(Bits.spread(key, false), false));
  }

  @Test
  void spreadGivesTheKeyBack() {
    Random random = new Random(6);
    for (int i = 0; i < 10_000; i++) {
      long key = random.nextLong() >> random.nextInt(64);
      assertEquals(key, Bits.unspread(Bits.spread(key, false), false));
      assertEquals(key, Bits.unspread(Bits.spread(key, true), true));
    }
  }

  @Test
  void placeTurnsTheGroupsRound() {
    assertEquals(0b00001_00010_00100_01000, Bits.place(0b01000_00100_00010_00001L));
    assertEquals(0b11111_00000_00000_00000, Bits.place(~0L << 20 | 31));
    assertEquals(0xf, Bits.wholePlace(0xfL << 60));
    assertEquals(0b10000L << 59, Bits.wholePlace(0b10000));
  }

  /** Both decide by the lowest group of five bits that differs. */
  @Test
  void ordersAgree() {
    Random random = new Random(7);
    for (int i = 0; i < 100_000; i++) {
      long one = random.nextLong();
      long other = one ^ random.nextLong() << random.nextInt(64);
      int order = Long.compareUnsigned(Bits.wholePlace(one), Bits.wholePlace(other));
      assertEquals(order < 0 ? 1 : 0, Bits.before(one, other));
      assertEquals(order > 0 ? 1 : 0, Bits.before(other, one));
      for (int shift = 0; one != other && shift <= 60; shift += 5) {
        long a = one >>> shift & 31;
        long b = other >>> shift & 31;
        if (a != b) {
          assertEquals(a < b ? 1 : 0, Bits.before(one, other));
          break;
        }
      }
    }
  }

  @Test
  void matchesMarkEqualTagsOnly() {
    Random random = new Random(8);
    for (int i = 0; i < 100_000; i++) {
      int used = random.nextInt(9);
      long tags = 0;
      long expected = 0;
      long wanted = random.nextInt(4) << 5 | 0x80;
      for (int lane = 0; lane < used; lane++) {
        long tag = random.nextInt(4) << 5 | 0x80;
        tags |= tag << 8 * lane;
        expected |= tag == wanted ? 0x80L << 8 * lane : 0;
      }
      assertEquals(expected, Bits.matches(tags, Bits.eightTimes(wanted)));
    }
  }
}
