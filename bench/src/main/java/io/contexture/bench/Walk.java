package io.contexture.bench;

import java.util.SplittableRandom;

/**
 * The order in which the mixed workloads go through their items: random, and laid out in an array
 * of the same length for any number of items, so that following it costs the same for all of them.
 */
final class Walk {
  static final int GETS = 10;
  static final int LENGTH = 1 << 13;

  private int at;

  /** The next place in the order. */
  int next() {
    return at++ & (LENGTH - 1);
  }

  /** Item numbers; each as often as any other, give or take one. */
  static int[] order(int items) {
    SplittableRandom random = new SplittableRandom(2017);
    int[] order = new int[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i % items;
    }
    return order;
  }
}
