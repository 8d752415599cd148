package io.contexture.internal.load;

import io.contexture.ContextVar;
import io.contexture.LogicalContext;

/**
 * Looks a variable up that is bound, when the Java heap is full and the thread doesn't find its
 * state where it mostly does, as another thread has taken that place.
 */
public final class FullHeapMain {
  private static final ContextVar<String> VARIABLE = ContextVar.of("variable");
  private static final ContextVar<String> OTHER = ContextVar.of("other");
  private static final int ROUNDS = 4;
  private static final int PLACES = 4096;

  private static final class Node {
    final Node next;
    final Object[] ballast;

    Node(Node next, int size) {
      this.next = next;
      ballast = new Object[size];
    }
  }

  private static Node heap;
  private static Object kept;

  private FullHeapMain() {}

  /** Takes nothing. */
  public static void main(String[] args) throws Exception {
    int full = 0;
    int wrong = 0;
    VARIABLE.set("bound");
    for (int round = 0; round <= ROUNDS; round++) {
      // Entering this has made the line of the variable invalid.
      String[] found = new String[2];
      boolean[] wasFull = new boolean[1];
      boolean warm = round == 0;
      LogicalContext inner = new LogicalContext();
      inner.run(() -> OTHER.set("set"));
      Thread taker = placeTaker(Thread.currentThread().threadId());
      inner.run(
          () -> {
            taker.start();
            join(taker);
            if (!warm) {
              fill();
            }
            wasFull[0] = isFull();
            found[0] = VARIABLE.getOrElse("nothing");
            heap = null;
            found[1] = VARIABLE.getOrElse("nothing");
          });
      full += wasFull[0] ? 1 : 0;
      wrong += "bound".equals(found[0]) && "bound".equals(found[1]) ? 0 : 1;
    }
    System.out.println("full=" + full);
    System.out.println("wrong=" + wrong);
  }

  /** A thread whose state takes the place of that of the thread with the id {@code mine}. */
  private static Thread placeTaker(long mine) {
    Thread taker;
    do {
      taker = Thread.ofPlatform().unstarted(() -> VARIABLE.set("of another thread"));
    } while ((taker.threadId() - mine) % PLACES != 0);
    return taker;
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void fill() {
    for (int size = 1 << 16; size >= 0; size = size == 0 ? -1 : size / 4) {
      try {
        while (true) {
          heap = new Node(heap, size);
        }
      } catch (OutOfMemoryError full) {
        // Now smaller ones.
      }
    }
  }

  private static boolean isFull() {
    try {
      kept = new Object[1];
      return false;
    } catch (OutOfMemoryError e) {
      return true;
    }
  }
}
