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
    assertEquals(0x0fedcba987654321L, Bits.hash(0xfedcba9876543210L, true));
    assertEquals(Bits.mix(0xfedcba9876543210L), Bits.hash(0xfedcba9876543210L, false));
  }

  @Test
  void slotSetUsesTheLowestFiveBits() {
    for (int slot = 0; slot < 32; slot++) {
      assertEquals(1 << slot, Bits.slotSet(slot));
      assertEquals(1 << slot, Bits.slotSet(0xabcdef0123456700L & ~31L | slot));
    }
  }

  @Test
  void rankCountsTheMembersBelow() {
    assertEquals(0, Bits.rank(-1, 1));
    assertEquals(31, Bits.rank(-1, 1 << 31));
    assertEquals(2, Bits.rank(0b1011_0100, 0b0010_0000));
    assertEquals(0, Bits.rank(0, 1 << 31));
  }
}
