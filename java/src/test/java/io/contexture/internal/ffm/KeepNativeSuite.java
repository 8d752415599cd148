package io.contexture.internal.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Await;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a keep keeps alive, and for how long. */
class KeepNativeSuite {
  private static final Duration PATIENCE = Duration.ofSeconds(Await.LIMIT_SECONDS);

  @BeforeAll
  static void load() {
    FfmHooks.load();
  }

  /** Makes a keep of slabs, to which nothing else refers then, and looks what becomes of them. */
  private static void checkKeepsAll(int count, Function<List<Slab>, Keep> maker) {
    List<WeakReference<Slab>> refs = new ArrayList<>();
    Keep keep = make(count, maker, refs);
    // A slab of no use to anybody tells that the collector has looked at them all.
    WeakReference<Slab> control = new WeakReference<>(Slab.withRoomFor(64));
    assertTrue(FfmHooks.collectUntil(() -> control.refersTo(null), PATIENCE));
    for (int i = 0; i < count; i++) {
      assertTrue(!refs.get(i).refersTo(null), "slab " + i + " died before its keep");
    }
    keep.use(0);
    keep.use(-1);
    keep = null;
    assertTrue(
        FfmHooks.collectUntil(() -> refs.stream().allMatch(ref -> ref.refersTo(null)), PATIENCE),
        "a slab outlived its keep");
  }

  private static Keep make(
      int count, Function<List<Slab>, Keep> maker, List<WeakReference<Slab>> refs) {
    List<Slab> slabs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      slabs.add(Slab.withRoomFor(64));
      refs.add(new WeakReference<>(slabs.get(i)));
    }
    return maker.apply(slabs);
  }

  @Test
  void keepOfOneSlab() {
    checkKeepsAll(1, s -> s.get(0).sole);
  }

  @Test
  void keepOfOlderSlabs() {
    checkKeepsAll(3, s -> s.get(0).sole.with(s.get(1)).with(s.get(2)));
  }

  @Test
  void unionKeepsBothSides() {
    checkKeepsAll(5, s -> chain(s, 0, 1).with(chain(s, 2, 3), s.get(4)));
  }

  @Test
  void unionInTheNewestSlabOfOneSideKeepsBothSides() {
    checkKeepsAll(4, s -> chain(s, 0, 1).with(chain(s, 2, 3), s.get(3)));
    checkKeepsAll(4, s -> chain(s, 0, 1).with(chain(s, 2, 3), s.get(1)));
  }

  @Test
  void unionOverAUnionInItsSlabKeepsAll() {
    checkKeepsAll(
        4,
        s -> {
          Keep union = s.get(0).sole.with(s.get(1).sole, s.get(2));
          return s.get(3).sole.with(union, s.get(2));
        });
  }

  @Test
  void unionWithASlabThatIsKeptAnywayAddsNothing() {
    Slab a = Slab.withRoomFor(64);
    Slab b = Slab.withRoomFor(64);
    assertEquals(a.bytes + b.bytes, a.sole.with(b.sole, b).bytes);
  }

  @Test
  void slabsThatTakeTurnsAreCountedOnce() {
    Slab a = Slab.withRoomFor(64);
    Slab b = Slab.withRoomFor(64);
    Keep keep = a.sole.with(b);
    assertSame(keep, keep.with(a).with(b).with(a));
    assertEquals(a.bytes + b.bytes, keep.bytes);
  }

  @Test
  void copyIsDueOnlyAboveTheLimit() {
    Slab slab = Slab.withRoomFor(1 << 20);
    Keep keep = Keep.ofCopy(slab, 1 << 20);
    for (int i = 0; i < 10_000; i++) {
      assertTrue(!keep.isCopyDue());
    }
    // Past one and a half times the limit it is certain.
    Keep wasteful = keep.with(Slab.withRoomFor(5 << 19));
    for (int i = 0; i < 10_000; i++) {
      assertTrue(wasteful.isCopyDue());
    }
    assertTrue(wasteful.isWasteful(1 << 20));
    assertTrue(!wasteful.isWasteful(wasteful.bytes));
    assertTrue(!wasteful.after(wasteful.bytes).isCopyDue());
  }

  private static Keep chain(List<Slab> slabs, int first, int second) {
    return slabs.get(first).sole.with(slabs.get(second));
  }
}
