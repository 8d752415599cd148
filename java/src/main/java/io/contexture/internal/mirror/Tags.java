package io.contexture.internal.mirror;

/**
 * Blocks of distinct words that start with a tag for each of them, by which one is found without a
 * branch that depends on where it is.
 *
 * <pre>
 *   [ tags, 8 in each word, from its lowest byte on; 0 in what is left | words | ... ]
 * </pre>
 *
 * <p>Two of up to 32 words have the same tag now and then. Then the words themselves tell, one
 * after the other.
 */
final class Tags {
  private Tags() {}

  /** How many words the tags of {@code count} words take. */
  static int words(int count) {
    return (count + 7) >>> 3;
  }

  /** The index of {@code word}, whose tag is {@code tag}, among {@code count} words; or -1. */
  static int indexOf(long[] block, int count, long word, long tag) {
    int tags = words(count);
    long wanted = Bits.eightTimes(tag);
    int bit = Long.SIZE * tags;
    for (int w = tags - 1; w >= 0; w--) {
      long matches = Bits.matches(block[w], wanted);
      bit = matches != 0 ? w * Long.SIZE + Long.numberOfTrailingZeros(matches) : bit;
    }
    int i = bit >>> 3;
    return i >= count ? -1 : block[tags + i] == word ? i : scan(block, tags, i + 1, count, word);
  }

  /** As {@link #indexOf}, from the index {@code from} on, by the words. */
  static int scan(long[] block, int tags, int from, int count, long word) {
    for (int i = from; i < count; i++) {
      if (block[tags + i] == word) {
        return i;
      }
    }
    return -1;
  }

  /** Writes the tags of a block with one more word, at {@code i}. */
  static void copyInserting(long[] from, int fromTags, long[] to, int toTags, int i, long tag) {
    int w = i >>> 3;
    System.arraycopy(from, 0, to, 0, w);
    int shift = i << 3;
    long below = (1L << shift) - 1;
    long word = w < fromTags ? from[w] : 0;
    to[w] = (word & below) | (tag << shift) | ((word & ~below) << 8);
    for (w++; w < toTags; w++) {
      long carry = word >>> 56;
      word = w < fromTags ? from[w] : 0;
      to[w] = (word << 8) | carry;
    }
  }

  /** Writes the tags of a block without the word at {@code i}. */
  static void copyWithout(long[] from, int fromTags, long[] to, int toTags, int i) {
    int w = i >>> 3;
    System.arraycopy(from, 0, to, 0, w);
    long below = (1L << (i << 3)) - 1;
    for (; w < toTags; w++, below = 0) {
      long carry = w + 1 < fromTags ? from[w + 1] << 56 : 0;
      to[w] = (from[w] & below) | ((from[w] >>> 8) & ~below) | carry;
    }
  }
}
