package io.contexture.internal.ffm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Contexture;
import io.contexture.internal.ffm.generated.contexture_h;
import io.contexture.internal.load.NativeLibrary;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every handle of {@link Cx}, critical or not, against what {@code contexture.h} promises. */
class CxNativeSuite {
  private static final long BYTES = 64 << 10;
  private static final long OUT = 64;
  private static final long TEXT = 1024;
  private static final long SPACE = 8192;

  private long block;

  @BeforeAll
  static void load() {
    assertTrue(
        NativeLibrary.load() instanceof NativeLibrary.Loaded,
        () -> NativeLibrary.load().toString());
  }

  @BeforeEach
  void allocate() {
    block = Cx.memoryAlloc(BYTES);
    assertNotEquals(0, block);
    Cx.putLong(block + CxLayout.SPACE_NEXT, block + SPACE);
    Cx.putLong(block + CxLayout.SPACE_END, block + BYTES);
  }

  @AfterEach
  void free() {
    Cx.memoryFree(block);
  }

  private long out() {
    return Cx.getLong(block + OUT);
  }

  private long put(long map, long key, long value) {
    assertEquals(Cx.OK, Cx.hamtAssoc(map, key, value, block, block + OUT));
    return out();
  }

  @Test
  void memoryIsZeroedAndAligned() {
    long memory = Cx.memoryAlloc(1000);
    assertEquals(0, memory % 64);
    for (int i = 0; i < 1000; i += 8) {
      assertEquals(0, Cx.getLong(memory + i));
    }
    Cx.memoryFree(memory);
    Cx.memoryFree(0);
  }

  @Test
  void rawMemoryIsReadAndWrittenAtAnyAddress() {
    long at = block + TEXT + 3;
    Cx.putLong(at, 0x0102030405060708L);
    assertEquals(0x0102030405060708L, Cx.getLong(at));
    Cx.putInt(at + 1, -2);
    assertEquals(-2, Cx.getInt(at + 1));
    Cx.fill(at, 16, (byte) 'x');
    assertEquals("x".repeat(15), Cx.getAscii(at, 15));
    Cx.putLong(at + 16, 0);
    assertEquals("x".repeat(16), Cx.getString(at));
    long[] words = {1, 2, 3, 4};
    Cx.putLong(at, 10);
    Cx.putLong(at + 8, 20);
    Cx.getLongs(at, words, 2);
    assertArrayEquals(new long[] {10, 20, 3, 4}, words);
  }

  @Test
  void introduces() {
    assertEquals(CxLayout.ABI_VERSION, Cx.abiVersion());
    assertEquals(Contexture.version(), Cx.version());
    assertTrue(Cx.buildId().matches("[0-9a-f]{16,}"), Cx.buildId());
    for (CxLayout.Answer answer : CxLayout.answers()) {
      assertEquals(answer.expected(), Cx.layout(answer.field()), answer.name());
    }
    assertEquals(-1, Cx.layout(contexture_h.CX_LAYOUT_COUNT_()));
    assertEquals(-1, Cx.layout(-1));
  }

  @Test
  void statusesAreThoseOfTheHeader() {
    assertEquals(contexture_h.CX_OK(), Cx.OK);
    assertEquals(contexture_h.CX_ABSENT(), Cx.ABSENT);
    assertEquals(contexture_h.CX_NEED_SPACE(), Cx.NEED_SPACE);
    assertEquals(contexture_h.CX_NO_MEMORY(), Cx.NO_MEMORY);
    assertEquals(contexture_h.CX_EXHAUSTED(), Cx.EXHAUSTED);
    assertEquals(contexture_h.CX_INVALID(), Cx.INVALID);
    assertEquals(contexture_h.CX_STALE(), Cx.STALE);
    assertEquals(contexture_h.CX_ENTERED(), Cx.ENTERED);
    assertEquals(contexture_h.CX_TOO_LARGE(), Cx.TOO_LARGE);
  }

  @Test
  void everyStatusHasATextOfItsOwn() {
    List<String> texts =
        IntStream.rangeClosed(Cx.TOO_LARGE, Cx.ABSENT).mapToObj(Cx::statusText).toList();
    assertEquals(texts.size(), texts.stream().distinct().count(), texts.toString());
    assertTrue(texts.stream().noneMatch(String::isBlank), texts.toString());
    assertEquals("unknown status", Cx.statusText(12345));
    assertEquals("unknown status", Cx.statusText(Integer.MIN_VALUE));
  }

  @Test
  void mapsKeepAnyKeyAndValue() {
    long[] keys = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE};
    long map = 0;
    for (long key : keys) {
      map = put(map, key, ~key);
    }
    assertEquals(keys.length, Cx.hamtSize(map));
    for (long key : keys) {
      assertEquals(~key, Cx.hamtFind(map, key, 42));
      assertEquals(
          ~key,
          contexture_h.cx_hamt_find(MemorySegment.ofAddress(map), key, 42),
          "through the generated handle");
      Cx.putLong(block + TEXT, 7);
      assertEquals(Cx.OK, Cx.hamtGet(map, key, block + TEXT));
      assertEquals(~key, Cx.getLong(block + TEXT));
      assertEquals(Cx.OK, Cx.hamtGet(map, key, 0));
    }
    assertEquals(Long.MIN_VALUE, Cx.hamtFind(map, 5, Long.MIN_VALUE));
    assertEquals(Cx.ABSENT, Cx.hamtGet(map, 5, 0));
    assertEquals(Cx.OK, Cx.hamtDissoc(map, -1, block, block + OUT));
    assertEquals(42, Cx.hamtFind(out(), -1, 42));
    assertEquals(0, Cx.hamtFind(map, -1, 42), "the older map");
  }

  @Test
  void spaceRunsOutWithoutChangingAnything() {
    Cx.putLong(block + CxLayout.SPACE_END, block + SPACE);
    Cx.putLong(block + OUT, 11);
    assertEquals(Cx.NEED_SPACE, Cx.hamtAssoc(0, 1, 1, block, block + OUT));
    assertEquals(11, out());
    assertEquals(block + SPACE, Cx.getLong(block + CxLayout.SPACE_NEXT));
    assertTrue(Cx.hamtAssocBound(0) > 0);
  }

  @Test
  void replacesInPlaceWhatIsFlat() {
    long map = put(0, 1, 10);
    assertEquals(Cx.OK, Cx.hamtReplaceUnshared(map, 1, 11));
    assertEquals(11, Cx.hamtFind(map, 1, 0));
    assertEquals(Cx.ABSENT, Cx.hamtReplaceUnshared(map, 2, 11));
  }

  @Test
  void mergesAndCopies() {
    long base = put(put(0, 1, 10), 2, 20);
    long over = put(put(0, 2, 21), 3, 31);
    assertTrue(Cx.hamtMergeBound(base, over) >= 3 * 16);
    assertEquals(Cx.OK, Cx.hamtMerge(base, over, block, block + OUT));
    long both = out();
    assertEquals(3, Cx.hamtSize(both));
    assertEquals(10, Cx.hamtFind(both, 1, 0));
    assertEquals(21, Cx.hamtFind(both, 2, 0));
    assertEquals(31, Cx.hamtFind(both, 3, 0));
    long before = Cx.getLong(block + CxLayout.SPACE_NEXT);
    assertEquals(Cx.OK, Cx.hamtCopy(both, block, block + OUT));
    assertEquals(Cx.hamtBytes(both), Cx.getLong(block + CxLayout.SPACE_NEXT) - before);
    assertNotEquals(both, out());
    assertEquals(dump(both), dump(out()));
  }

  private String dump(long map) {
    long length = Cx.hamtDump(map, 0, 0);
    assertEquals(length, Cx.hamtDump(map, block + TEXT, SPACE - TEXT));
    String text = Cx.getAscii(block + TEXT, (int) length);
    assertEquals(text, Cx.getString(block + TEXT));
    return text;
  }

  @Test
  void dumpsWhatTheFormatSays() {
    assertEquals("flat 0\n", dump(0));
    assertEquals("flat 1\n  000000000000000a fffffffffffffff6\n", dump(put(0, 10, -10)));
    assertEquals(Cx.OK, Cx.testHamtRaw(block, block + OUT));
    assertEquals("flat 0 raw\n", dump(out()));
  }

  @Test
  void iteratesInBlocks() {
    long map = 0;
    for (long key = 0; key < 20; key++) {
      map = put(map, key, key * key);
    }
    long cursor = block + 256;
    Cx.fill(cursor, CxLayout.HAMT_CURSOR_SIZE, (byte) 0);
    long keys = block + TEXT;
    long values = keys + 8 * 8;
    long expected = 0;
    for (long count; (count = Cx.hamtIterate(map, cursor, keys, values, 8)) > 0; ) {
      for (long i = 0; i < count; i++, expected++) {
        assertEquals(expected, Cx.getLong(keys + 8 * i));
        assertEquals(expected * expected, Cx.getLong(values + 8 * i));
      }
    }
    assertEquals(20, expected);
    assertEquals(Cx.INVALID, Cx.hamtIterate(map, 0, keys, values, 8));
  }

  @Test
  void chainsAreSearchedTopmostFirst() {
    assertEquals(Cx.OK, Cx.ecNew(put(put(0, 1, 10), 2, 20), 0, block, block + OUT));
    long below = out();
    assertEquals(Cx.OK, Cx.ecNew(put(0, 1, 11), below, block, block + OUT));
    long ec = out();
    assertEquals(2, Cx.getLong(ec + CxLayout.EC_LINKS));
    assertEquals(below, Cx.getLong(ec + CxLayout.EC_BELOW));
    assertEquals(Cx.OK, Cx.ecFind(ec, 1, block + TEXT));
    assertEquals(11, Cx.getLong(block + TEXT));
    assertEquals(Cx.OK, Cx.ecFind(ec, 2, block + TEXT));
    assertEquals(20, Cx.getLong(block + TEXT));
    assertEquals(Cx.ABSENT, Cx.ecFind(ec, 3, block + TEXT));
    assertEquals(Cx.OK, Cx.ecSquash(ec, block, block + OUT));
    assertEquals(
        "flat 2\n  0000000000000001 000000000000000b\n  0000000000000002 0000000000000014\n",
        dump(out()));
    long length = Cx.ecDump(ec, block + TEXT, SPACE - TEXT);
    String text = Cx.getAscii(block + TEXT, (int) length);
    assertTrue(text.startsWith("ec 2\n  link 0\n    flat 1\n      0000000000000001 "), text);
  }

  @Test
  void threadsFindAndCache() {
    assertEquals(Cx.OK, Cx.runtimeNew(block + OUT));
    long runtime = out();
    assertEquals(Cx.OK, Cx.runtimeReserve(runtime, 10, block + OUT));
    long first = out();
    assertEquals(Cx.OK, Cx.threadNew(runtime, block + OUT));
    long thread = out();
    assertEquals(0, thread % 64);
    assertTrue(Cx.getLong(thread + CxLayout.THREAD_UNIQUE_ID) >= first + 10);
    assertEquals(Cx.OK, Cx.threadSetCache(thread, 8));
    assertEquals(7, Cx.getLong(thread + CxLayout.THREAD_CACHE_MASK));
    assertEquals(Cx.INVALID, Cx.threadSetCache(thread, 3));
    long version = Cx.threadNextVersion(runtime, thread);
    assertNotEquals(0, version);
    Cx.putLong(thread + CxLayout.THREAD_STACK_VERSION, version);
    Cx.putLong(thread + CxLayout.THREAD_TOP, put(0, 5, 55));

    assertEquals(0, Cx.threadFind(thread, 5, 21, block + TEXT));
    assertEquals(55, Cx.getLong(block + TEXT));
    assertEquals(-1, Cx.threadFind(thread, 6, 22, block + TEXT));
    assertEquals(55, Cx.getLong(block + TEXT), "untouched");
    long cache = Cx.getLong(thread + CxLayout.THREAD_CACHE);
    long hit = cache + (21 & 7) * CxLayout.CACHE_ENTRY_SIZE;
    assertEquals(21, Cx.getLong(hit + CxLayout.CACHE_ENTRY_VAR_VERSION));
    assertEquals(version, Cx.getLong(hit + CxLayout.CACHE_ENTRY_STACK_VERSION));
    assertEquals(55, Cx.getLong(hit + CxLayout.CACHE_ENTRY_WORD));
    assertEquals(0, Cx.getLong(hit + CxLayout.CACHE_ENTRY_HOPS));
    long miss = cache + (22 & 7) * CxLayout.CACHE_ENTRY_SIZE;
    assertEquals(-1, Cx.getLong(miss + CxLayout.CACHE_ENTRY_HOPS));

    long length = Cx.threadDump(thread, block + TEXT, SPACE - TEXT);
    String text = Cx.getAscii(block + TEXT, (int) length);
    assertTrue(text.startsWith("top\n  flat 1\n    0000000000000005 0000000000000037\n"), text);
    assertTrue(text.endsWith("ec 0\n"), text);
    Cx.putLong(thread + CxLayout.THREAD_TOP, 0);
    Cx.threadFree(thread);
    Cx.threadFree(0);
    assertEquals(Cx.OK, Cx.runtimeFree(runtime));
    assertEquals(Cx.OK, Cx.runtimeFree(0));
  }
}
