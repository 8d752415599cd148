package io.contexture.hamt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.testing.MapTestSuiteBuilder;
import com.google.common.collect.testing.SampleElements;
import com.google.common.collect.testing.TestMapGenerator;
import com.google.common.collect.testing.features.CollectionFeature;
import com.google.common.collect.testing.features.CollectionSize;
import com.google.common.collect.testing.features.MapFeature;
import io.contexture.internal.AbstractLongHamt;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.stream.Stream;
import junit.framework.TestCase;
import junit.framework.TestSuite;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * {@link LongHamt#asMap()}: Guava's conformance suite for maps, and sizes that it doesn't reach.
 */
class HamtMapViewTest {
  @TestFactory
  Stream<DynamicNode> guavaConformance() {
    return HamtImplementations.all().stream()
        .map(
            implementation ->
                conformance(
                    implementation.name(),
                    entries -> {
                      AbstractLongHamt map = implementation.empty();
                      for (Map.Entry<Long, Long> entry : entries.entrySet()) {
                        map = map.put(entry.getKey(), entry.getValue());
                      }
                      return map.asMap();
                    }));
  }

  /** Guava's suite for unmodifiable views that {@code factory} makes of given entries. */
  static DynamicNode conformance(String name, Function<Map<Long, Long>, Map<Long, Long>> factory) {
    return asDynamicNode(
        MapTestSuiteBuilder.using(new Generator(factory))
            .named(name)
            .withFeatures(
                CollectionSize.ANY, CollectionFeature.NONE, MapFeature.ALLOWS_ANY_NULL_QUERIES)
            .createTestSuite());
  }

  /** A JUnit 3 suite, which the Guava builder makes, as tests of this engine. */
  private static DynamicNode asDynamicNode(junit.framework.Test test) {
    return switch (test) {
      case TestSuite suite ->
          DynamicContainer.dynamicContainer(
              suite.getName(),
              Collections.list(suite.tests()).stream().map(HamtMapViewTest::asDynamicNode));
      case TestCase testCase -> DynamicTest.dynamicTest(testCase.getName(), testCase::runBare);
      default -> throw new IllegalArgumentException("neither suite nor case: " + test);
    };
  }

  private record Generator(Function<Map<Long, Long>, Map<Long, Long>> factory)
      implements TestMapGenerator<Long, Long> {
    @Override
    public Map<Long, Long> create(Object... elements) {
      Map<Long, Long> entries = new LinkedHashMap<>();
      for (Object element : elements) {
        Map.Entry<?, ?> entry = (Map.Entry<?, ?>) element;
        entries.put((Long) entry.getKey(), (Long) entry.getValue());
      }
      return factory.apply(entries);
    }

    /** The values are those that a look-up might take for "absent". */
    @Override
    public SampleElements<Map.Entry<Long, Long>> samples() {
      return new SampleElements<>(
          Map.entry(0L, 1L),
          Map.entry(-1L, 0L),
          Map.entry(Long.MIN_VALUE, -1L),
          Map.entry(Long.MAX_VALUE, Long.MIN_VALUE),
          Map.entry(7L, 7L));
    }

    @Override
    @SuppressWarnings({"unchecked", "rawtypes"}) // what the interface asks for
    public Map.Entry<Long, Long>[] createArray(int length) {
      return new Map.Entry[length];
    }

    @Override
    public Long[] createKeyArray(int length) {
      return new Long[length];
    }

    @Override
    public Long[] createValueArray(int length) {
      return new Long[length];
    }

    @Override
    public Iterable<Map.Entry<Long, Long>> order(java.util.List<Map.Entry<Long, Long>> entries) {
      return entries;
    }
  }

  @EveryHamt
  void everySizeAgreesWithHashMap(HamtImplementation implementation) {
    for (int size : new int[] {0, 1, 31, 32, 33, 64, 65, 96, 97, 1000}) {
      AbstractLongHamt map = implementation.empty();
      Map<Long, Long> model = new HashMap<>();
      for (long i = 0; i < size; i++) {
        map = map.put(i * i - 5, i & 3);
        model.put(i * i - 5, i & 3);
      }
      Map<Long, Long> view = map.asMap();
      assertEquals(model, view);
      assertEquals(view, model);
      assertEquals(model.hashCode(), view.hashCode());
      assertEquals(model.size(), view.size());
      assertEquals(model.keySet(), view.keySet());
      assertEquals(view.keySet(), model.keySet());
      assertEquals(model.entrySet(), view.entrySet());
      assertEquals(view.entrySet(), model.entrySet());
      assertEquals(size, view.values().stream().filter(value -> value < 4).count());
      for (long key = -6; key < size; key++) {
        assertEquals(model.get(key), view.get(key));
        assertEquals(model.containsKey(key), view.containsKey(key));
        assertEquals(model.getOrDefault(key, -9L), view.getOrDefault(key, -9L));
      }
    }
  }

  @EveryHamt
  void foreignObjectsAreNotFound(HamtImplementation implementation) {
    Map<Long, Long> view = implementation.empty().put(5, 6).asMap();
    assertNull(view.get("5"));
    assertNull(view.get(5));
    assertFalse(view.containsKey(5));
    assertFalse(view.containsValue(6));
    assertTrue(view.containsValue(6L));
    assertFalse(view.entrySet().contains(Map.entry(5, 6L)));
    assertFalse(view.entrySet().contains(Map.entry(5L, 6)));
    assertFalse(view.entrySet().contains(Map.entry(5L, 7L)));
    assertTrue(view.entrySet().contains(Map.entry(5L, 6L)));
  }

  @EveryHamt
  void exhaustedIteratorsThrow(HamtImplementation implementation) {
    for (int size : new int[] {0, 1, 32, 33, 64}) {
      AbstractLongHamt map = implementation.empty();
      for (long key = 0; key < size; key++) {
        map = map.put(key, key);
      }
      Iterator<Long> keys = map.asMap().keySet().iterator();
      for (int i = 0; i < size; i++) {
        keys.next(); // without hasNext
      }
      assertFalse(keys.hasNext());
      assertThrows(NoSuchElementException.class, keys::next);
      assertThrows(NoSuchElementException.class, keys::next);
    }
  }

  @EveryHamt
  void everyMutatorThrowsAlsoWhereItWouldChangeNothing(HamtImplementation implementation) {
    for (AbstractLongHamt map :
        new AbstractLongHamt[] {implementation.empty(), implementation.empty().put(1, 1)}) {
      Map<Long, Long> view = map.asMap();
      assertUnsupported(() -> view.put(1L, 1L));
      assertUnsupported(() -> view.remove(2L));
      assertUnsupported(() -> view.remove(2L, 2L));
      assertUnsupported(() -> view.putAll(Map.of()));
      assertUnsupported(view::clear);
      assertUnsupported(() -> view.putIfAbsent(1L, 1L));
      assertUnsupported(() -> view.computeIfAbsent(1L, key -> 1L));
      assertUnsupported(() -> view.computeIfPresent(2L, (key, value) -> 1L));
      assertUnsupported(() -> view.compute(2L, (key, value) -> null));
      assertUnsupported(() -> view.merge(1L, 1L, (one, other) -> one));
      assertUnsupported(() -> view.replace(2L, 1L));
      assertUnsupported(() -> view.replace(2L, 1L, 2L));
      assertUnsupported(() -> view.replaceAll((key, value) -> value));
      assertUnsupported(() -> view.keySet().remove(2L));
      assertUnsupported(() -> view.values().clear());
      assertUnsupported(() -> view.entrySet().removeIf(entry -> false));
      for (Map.Entry<Long, Long> entry : view.entrySet()) {
        assertUnsupported(() -> entry.setValue(2L));
      }
    }
  }

  private static void assertUnsupported(Runnable mutation) {
    assertThrows(UnsupportedOperationException.class, mutation::run);
  }
}
