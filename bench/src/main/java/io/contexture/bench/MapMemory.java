package io.contexture.bench;

import io.contexture.Contexture;
import java.util.List;
import java.util.Locale;

/**
 * What a map of a million entries takes, per entry: in the Java heap, by what collections leave
 * there with and without it, and outside, by what the native backend says. Goals: 40 bytes in Java,
 * 24 native. Keys and values of the peers, which are boxed, aren't counted.
 */
public final class MapMemory {
  private static final int SIZE = 1 << 20;

  private MapMemory() {}

  /**
   * Prints a line for each kind.
   *
   * @param args the kinds, or nothing for all
   */
  public static void main(String[] args) {
    String ours = Contexture.backend().name().toLowerCase(Locale.ROOT);
    for (String kind : args.length > 0 ? List.of(args) : MapPeer.ALL) {
      MapPeer peer = MapPeer.of(kind, SIZE);
      long before = heapInUse();
      Object map = peer.build();
      long heap = heapInUse() - before;
      System.out.printf(
          Locale.ROOT,
          "%-12s %6.1f B/entry in the heap, %5.1f outside%n",
          kind.equals("longHamt") ? kind + " " + ours : kind,
          (double) heap / SIZE,
          (double) peer.bytesOutside(map) / SIZE);
    }
  }

  private static long heapInUse() {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
