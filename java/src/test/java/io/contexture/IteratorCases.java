package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hand-written iterators and spliterators with a context of their own (G6: G1 to G3, and G7). */
abstract class IteratorCases {
  private final ContextVar<Integer> x = ContextVar.of("x");
  private final ContextVar<String> y = ContextVar.of("y");

  /** Counts in x, and gives what it sees. */
  private final class Counting implements Iterator<String> {
    private final int end;

    Counting(int end) {
      this.end = end;
    }

    @Override
    public boolean hasNext() {
      return x.getOrElse(0) < end;
    }

    @Override
    public String next() {
      if (!hasNext()) {
        throw new NoSuchElementException("counted to the end");
      }
      x.set(x.getOrElse(0) + 1);
      return x.get() + y.getOrElse("");
    }

    @Override
    public void remove() {
      x.set(x.get() - 1);
    }
  }

  @Test
  void g6g1WhatTheIteratorSetsStaysInItAndIsUnseenOutside() {
    x.set(0);
    Iterator<String> iterator = ContextIterator.over(new Counting(3));
    List<String> elements = new ArrayList<>();
    while (iterator.hasNext()) {
      elements.add(iterator.next());
      assertEquals(0, x.get());
      assertNull(y.lookup());
    }
    assertEquals(List.of("1", "2", "3"), elements);
    assertEquals(
        "counted to the end",
        assertThrows(NoSuchElementException.class, iterator::next).getMessage());
    iterator.remove();
    assertTrue(iterator.hasNext());
    assertEquals(0, x.get());
  }

  @Test
  void g6g2WhatTheCallerChangesIsSeenUnlessTheIteratorHasSetIt() {
    Iterator<String> iterator = ContextIterator.over(new Counting(3));
    assertEquals("1", iterator.next());
    y.set("a");
    assertEquals("2a", iterator.next());
    y.set("b");
    x.set(-100);
    assertEquals("3b", iterator.next(), "x is the iterator's own");
  }

  @Test
  void g6g3IteratorsOfIteratorsDoNotMix() {
    class Outer implements Iterator<String> {
      private final Iterator<String> inner = ContextIterator.over(new Counting(20));

      @Override
      public boolean hasNext() {
        return inner.hasNext();
      }

      @Override
      public String next() {
        x.set(x.getOrElse(0) + 10);
        y.set("/" + x.get());
        return inner.next();
      }
    }
    Iterator<String> outer = ContextIterator.over(new Outer());
    y.set("caller's");
    // The inner one starts from the outer's 10 at its first step, and then has its own.
    assertEquals("11/10", outer.next());
    assertEquals("12/20", outer.next());
    assertNull(x.lookup());
    assertEquals("caller's", y.get());
    Iterator<String> again = ContextIterator.over(new Counting(2));
    Iterator<String> mapped =
        ContextIterator.over(StreamSupport.stream(spliterator(again), false).iterator());
    assertEquals("1caller's", mapped.next());
    assertEquals("2caller's", mapped.next());
    assertFalse(mapped.hasNext());
    assertNull(x.lookup());
  }

  private static <T> Spliterator<T> spliterator(Iterator<T> iterator) {
    return Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED);
  }

  @Test
  void g6ActionsRunInTheCallersContext() {
    x.set(0);
    List<Integer> seen = new ArrayList<>();
    ContextIterator.over(new Counting(2)).forEachRemaining(element -> seen.add(x.get()));
    ContextIterator.over(spliterator(new Counting(2)))
        .forEachRemaining(
            element -> {
              seen.add(x.get());
              x.set(x.get() - 5);
            });
    assertEquals(List.of(0, 0, 0, -5), seen);
    assertEquals(-10, x.get());
  }

  @ParameterizedTest
  @EnumSource
  void g6g7ThreadsMayTakeTurns(ThreadKind kind) throws Exception {
    Iterator<String> iterator = ContextIterator.over(new Counting(3));
    y.set("a");
    assertEquals("1a", iterator.next());
    assertEquals("2", kind.call(iterator::next));
    assertEquals("3a", iterator.next());
  }

  @ParameterizedTest
  @EnumSource
  void g6s4TwoThreadsAtOnceAreRefused(ThreadKind kind) throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Iterator<String> iterator =
        ContextIterator.over(
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                return true;
              }

              @Override
              public String next() {
                inside.countDown();
                Await.latch(release);
                return "undisturbed";
              }
            });
    ThreadKind.Running running = kind.start(() -> assertEquals("undisturbed", iterator.next()));
    Await.latch(inside);
    String message = assertThrows(IllegalStateException.class, iterator::hasNext).getMessage();
    assertTrue(message.contains("#" + running.thread().threadId()), message);
    release.countDown();
    running.join();
    assertTrue(iterator.hasNext());
  }

  @Test
  void g6ReEntryIsRefusedAndExceptionsPop() {
    List<Iterator<String>> self = new ArrayList<>();
    self.add(
        ContextIterator.over(
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                return self.get(0).hasNext();
              }

              @Override
              public String next() {
                x.set(1);
                throw new IllegalArgumentException("mine");
              }
            }));
    assertThrows(IllegalStateException.class, self.get(0)::hasNext);
    assertThrows(IllegalArgumentException.class, self.get(0)::next);
    assertNull(x.lookup());
    assertThrows(UnsupportedOperationException.class, self.get(0)::remove);
  }

  // ---------------------------------------------------------------------------- spliterators

  /** Counts in x from one number to another; halves. */
  private final class Range implements Spliterator<String> {
    private final int from;
    private final int to;
    private int start;

    Range(int from, int to) {
      this.from = from;
      this.to = to;
      this.start = from;
    }

    @Override
    public boolean tryAdvance(Consumer<? super String> action) {
      int next = x.getOrElse(start);
      if (next == to) {
        return false;
      }
      x.set(next + 1);
      action.accept(next + y.getOrElse(""));
      return true;
    }

    @Override
    public Spliterator<String> trySplit() {
      int middle = (start + to) >>> 1;
      if (middle == start || x.isBound()) {
        return null;
      }
      Range prefix = new Range(start, middle);
      start = middle;
      y.set("!");
      return prefix;
    }

    @Override
    public long estimateSize() {
      return to - x.getOrElse(start);
    }

    @Override
    public int characteristics() {
      return ORDERED | SIZED | SUBSIZED | SORTED;
    }

    @Override
    public Comparator<? super String> getComparator() {
      return Comparator.comparing(String::length);
    }

    @Override
    public String toString() {
      return from + ".." + to;
    }
  }

  @Test
  void g6SpliteratorsHaveAContextToo() {
    y.set("a");
    Spliterator<String> spliterator = ContextIterator.over(new Range(0, 3));
    assertSame(spliterator, ContextIterator.over(spliterator));
    List<String> elements = new ArrayList<>();
    Consumer<String> action =
        element -> {
          assertFalse(x.isBound(), "the action isn't the spliterator's code");
          elements.add(element);
        };
    assertEquals(3, spliterator.estimateSize());
    assertTrue(spliterator.tryAdvance(action));
    assertEquals(2, spliterator.getExactSizeIfKnown());
    y.set("b");
    assertTrue(spliterator.tryAdvance(action));
    spliterator.forEachRemaining(action);
    assertFalse(spliterator.tryAdvance(action));
    assertEquals(List.of("0a", "1b", "2b"), elements);
    assertFalse(x.isBound());
    assertTrue(spliterator.hasCharacteristics(Spliterator.SUBSIZED));
    assertEquals(0, spliterator.getComparator().compare("ab", "cd"));
  }

  @Test
  void g6WhatIsSplitOffHasAContextOfItsOwn() {
    Spliterator<String> rest = ContextIterator.over(new Range(0, 8));
    Spliterator<String> prefix = rest.trySplit();
    assertFalse(y.isBound());
    List<String> elements = new ArrayList<>();
    prefix.tryAdvance(elements::add);
    rest.tryAdvance(elements::add);
    prefix.tryAdvance(elements::add);
    rest.tryAdvance(elements::add);
    assertEquals(List.of("0", "4!", "1", "5!"), elements);
    assertNull(rest.trySplit());
  }

  @Test
  void g6StreamsOfSpliteratorsWork() {
    List<String> expected = List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    assertEquals(
        expected,
        StreamSupport.stream(ContextIterator.over(new Range(0, 10)), false)
            .filter(element -> !x.isBound())
            .collect(Collectors.toList()));
    Spliterator<String> plain = ContextIterator.over(List.copyOf(expected).spliterator());
    assertEquals(expected, StreamSupport.stream(plain, true).collect(Collectors.toList()));
  }

  @Test
  void anElementIsNotKept() {
    Spliterator<Object> spliterator =
        ContextIterator.over(List.<Object>of(new Object(), "last").spliterator());
    List<java.lang.ref.WeakReference<Object>> seen = new ArrayList<>();
    Iterator<Object> fresh =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return true;
          }

          @Override
          public Object next() {
            return new byte[100];
          }
        };
    Spliterator<Object> endless = ContextIterator.over(spliterator(fresh));
    assertTrue(endless.tryAdvance(e -> seen.add(new java.lang.ref.WeakReference<>(e))));
    Await.collected("the element", seen.get(0));
    assertTrue(spliterator.tryAdvance(e -> {}));
    assertTrue(endless.tryAdvance(e -> {}));
  }

  @Test
  void nullsAreRefusedByName() {
    assertEquals(
        "iterator",
        assertThrows(
                NullPointerException.class, () -> ContextIterator.over((Iterator<String>) null))
            .getMessage());
    assertEquals(
        "spliterator",
        assertThrows(
                NullPointerException.class, () -> ContextIterator.over((Spliterator<String>) null))
            .getMessage());
    assertEquals(
        "action",
        assertThrows(
                NullPointerException.class,
                () -> ContextIterator.over(new Range(0, 1)).tryAdvance(null))
            .getMessage());
  }
}
